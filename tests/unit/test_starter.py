"""Jobs as forks of one process: their exit statuses, their modules, and what is left when something is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake.script import PythonScript

from coeruleus.starter import LOST, Starter, install

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="jobs are forks on Linux only")


@pytest.fixture(scope="module")
def starter() -> Starter:
    return Starter()


def script(folder: Path, text: str, name: str = "job") -> str:
    path = folder / f"tmp1.{name}.py"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 0),
        ("import sys; sys.exit(3)", 3),
        ("raise SystemExit", 0),
        ("1 / 0", 1),
        ("def broken(:", 1),
        ("import nothing_of_that_name", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137),
        ("import os; os._exit(7)", 7),
    ],
)
def test_the_status_is_that_of_a_python_of_its_own(starter: Starter, tmp_path: Path, text: str, status: int) -> None:
    assert starter.run(script(tmp_path, text)) == status


def test_a_job_is_a_script_of_its_own(starter: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name, arguments, folder, handlers at exit and the modules of the folder that Snakemake runs in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pandas.py").write_text("raise SystemExit(9)")  # what lies in the folder is nobody's module
    text = """
import atexit, os, sys
import pandas
atexit.register(lambda: print(__name__, sys.argv[0], os.getcwd(), sys.stdin.read() == "", file=open("said", "w")))
"""
    name = script(tmp_path, text)
    assert starter.run(name) == 0
    assert (tmp_path / "said").read_text().split() == ["__main__", name, str(tmp_path), "True"]


def test_modules_are_imported_once_and_jobs_change_nothing_of_each_other(starter: Starter, tmp_path: Path) -> None:
    text = """
import os, pathlib, decimal
before = getattr(decimal, "touched", "untouched")
decimal.touched = "touched"
with pathlib.Path("{}").open("a") as out:
    print(os.getppid(), id(decimal), before, file=out)
"""
    said = tmp_path / "said"
    for _ in range(2):
        assert starter.run(script(tmp_path, text.format(said))) == 0
    first, second = said.read_text().splitlines()
    assert first == second and first.endswith(" untouched")


def test_many_at_once(starter: Starter, tmp_path: Path) -> None:
    found: dict[int, int] = {}

    def run(number: int) -> None:
        text = f"import sys, time; time.sleep({(number * 7) % 5 / 20}); sys.exit({number})"
        found[number] = starter.run(script(tmp_path, text, f"job{number}"))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: number for number in range(20)}


def test_a_killed_starter_is_replaced_and_its_job_counts_as_failed(starter: Starter, tmp_path: Path) -> None:
    """Only when the job itself has ended: it may still write."""
    text = f"""
import os, signal, time
os.kill(os.getppid(), signal.SIGKILL)
time.sleep(0.5)
open({str(tmp_path / "end")!r}, "w")
"""
    assert starter.run(script(tmp_path, text)) == LOST
    assert (tmp_path / "end").exists()
    assert starter.run(script(tmp_path, "raise SystemExit(4)")) == 4


def test_the_starter_ends_with_the_process_that_asked(tmp_path: Path) -> None:
    said = tmp_path / "said"
    name = script(tmp_path, f"import os; print(os.getppid(), file=open({str(said)!r}, 'w'))")
    code = f"import os; from coeruleus.starter import Starter; Starter().run({name!r}); os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _lives(int(said.read_text())):
        time.sleep(0.05)
    assert not _lives(int(said.read_text()))


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_snakemake_starts_what_needs_another_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr(PythonScript, "execute_script", lambda _self, fname, edit=False: called.append(fname))
    install()
    installed = PythonScript.execute_script
    install()
    assert PythonScript.execute_script is installed
    nothing = dict.fromkeys(("conda_env", "env_modules", "container_img", "bench_record", "shadow_dir"))
    nothing |= {"resources": {"mem_mb": 100}}
    installed(SimpleNamespace(**(nothing | {"conda_env": "env.yaml"})), "other.py")
    assert called == ["other.py"]
    installed(SimpleNamespace(**(nothing | {"resources": {"tmpdir": str(tmp_path)}})), "scratch.py")
    assert called.pop() == "scratch.py"
    with pytest.raises(subprocess.CalledProcessError) as caught:
        installed(SimpleNamespace(**nothing), script(tmp_path, "raise SystemExit(3)"))
    assert caught.value.returncode == 3 and called == ["other.py"]
