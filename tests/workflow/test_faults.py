"""What a night brings: killed jobs and runs, full disks, files that change, two runs at once, clocks that jump.

Each ends with the bytes of an undisturbed run, or with a named problem and then those bytes. COERULEUS_FULL=1 kills at
20 moments instead of 3.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from running import ROOT, bytes_of, snakemake
from test_trouble import SPIKES, write

KILLS = 20 if os.environ.get("COERULEUS_FULL") else 3
SEED = 9
BOTH = SPIKES | {
    "dialysate/concentrations.tsv": "subject_id\tstart_min\tend_min\tanalyte\tconcentration\n"
    + "".join(f"a\t{20 * n}\t{20 * n + 20}\tNE\t{1 + n % 3}\n" for n in range(-3, 5)),
}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("input") / "tiny", BOTH)


def run(folder: Path, directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return snakemake(folder, "--cores", "2", "--config", f"experiments={directory}", **environment)


def start(folder: Path, directory: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    with (folder / "out.txt").open("ab") as out:
        return subprocess.Popen(
            [*command, "--cores", "2", "--config", f"experiments={directory}"], stdout=out, stderr=out
        )


@pytest.fixture(scope="module")
def undisturbed(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], float]:
    """Every byte of the results, and how long the run took."""
    folder = tmp_path_factory.mktemp("undisturbed")
    begun = time.monotonic()
    done = run(folder, tiny)
    assert done.returncode == 0, done.stdout[-3000:]
    return bytes_of(folder / "results" / "tiny"), time.monotonic() - begun


def assert_same(folder: Path, expected: dict[str, bytes]) -> None:
    found = bytes_of(folder / "results" / "tiny")
    assert sorted(found) == sorted(expected)
    assert [name for name in expected if found[name] != expected[name]] == []


def until(process: subprocess.Popen[bytes], there: Callable[[], bool]) -> None:
    while process.poll() is None and not there():
        time.sleep(0.05)


def started(folder: Path) -> dict[int, str]:
    """The starter of jobs that run in a folder, and these; names by process, of jobs those of their rules."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (path / "cmdline").read_bytes().split(b"\0")
            if b"coeruleus.starter" in words and (path / "cwd").resolve() == folder:
                found[int(path.name)] = (path / "comm").read_text().strip()
    return found


def job_processes(folder: Path) -> list[int]:
    return [pid for pid, name in started(folder).items() if not name.startswith("python")]


@pytest.mark.parametrize("victim", ["run", "job", "starter"])
def test_killed_at_random_moments(
    tiny: Path, undisturbed: tuple[dict[str, bytes], float], tmp_path: Path, victim: str
) -> None:
    """So many kills that hit: a run that came to its end before one is begun anew."""
    expected, seconds = undisturbed
    random_moments = random.Random(f"{SEED} {victim}")
    hits = 0
    while hits < KILLS:
        process = start(tmp_path, tiny)
        deadline = time.monotonic() + random_moments.uniform(0, 1) * seconds
        until(process, lambda: time.monotonic() > deadline)  # noqa: B023
        if victim != "run":
            until(process, lambda: bool(job_processes(tmp_path)))
        jobs = job_processes(tmp_path)
        victims = {
            "run": [process.pid] if process.poll() is None else [],
            "job": random_moments.sample(sorted(jobs), min(1, len(jobs))),
            "starter": sorted(started(tmp_path).keys() - jobs),
        }
        for pid in victims[victim]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                hits += 1
        if process.wait(300) == 0:
            assert_same(tmp_path, expected)
            shutil.rmtree(tmp_path / "results")
    done = run(tmp_path, tiny)
    assert done.returncode == 0, done.stdout[-3000:]
    assert_same(tmp_path, expected)
    assert "Traceback" not in (tmp_path / "out.txt").read_text() + done.stdout


def test_jobs_end_with_a_killed_run(tiny: Path, tmp_path: Path) -> None:
    process = start(tmp_path, tiny)
    until(process, lambda: bool(job_processes(tmp_path)))
    time.sleep(3)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 30
    while job_processes(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert job_processes(tmp_path) == []


def test_two_runs_at_once_are_refused_clearly(
    tiny: Path, undisturbed: tuple[dict[str, bytes], float], tmp_path: Path
) -> None:
    first = start(tmp_path, tiny)
    until(first, lambda: (tmp_path / "results/.interim/.lock").is_file())
    second = run(tmp_path, tiny)
    assert second.returncode != 0
    assert "another run works on these results" in second.stdout
    assert f"process {first.pid}" in second.stdout
    assert "Traceback" not in second.stdout
    assert first.wait(300) == 0
    assert_same(tmp_path, undisturbed[0])


def test_an_input_that_changes_during_the_run_is_noticed(tiny: Path, tmp_path: Path) -> None:
    directory = tmp_path / "input" / "tiny"
    shutil.copytree(tiny, directory)
    spikes = directory / "ephys/s.tsv"
    process = start(tmp_path, directory)
    until(process, lambda: (tmp_path / "logs/tiny/measure_units.log").is_file())
    time.sleep(1)
    changed = spikes.read_text().replace("007\t1.000\n", "")
    spikes.write_text(changed)
    assert process.wait(300) != 0
    said = (tmp_path / "out.txt").read_text()
    assert "inputs of tiny changed while the run was going on (ephys/s.tsv)" in said
    assert "Traceback" not in said
    assert run(tmp_path, directory).returncode == 0
    clean = tmp_path / "clean"
    clean.mkdir()
    assert run(clean, directory).returncode == 0
    assert_same(tmp_path, bytes_of(clean / "results" / "tiny"))


def test_settings_that_change_during_the_run_are_noticed_even_if_they_change_back(tiny: Path, tmp_path: Path) -> None:
    """No job works with settings that the run was not planned with, so a return to the old ones leaves nothing odd."""
    directory = tmp_path / "input" / "tiny"
    shutil.copytree(tiny, directory)
    settings, other = directory / "experiment.yaml", tmp_path / "other.yaml"
    before = settings.read_text()
    other.write_text(before + "baseline: {samples: 2}\n")
    process = start(tmp_path, directory)
    until(process, lambda: (tmp_path / "results/.interim/.planned/tiny.json").is_file())
    other.replace(settings)
    assert process.wait(300) != 0
    said = (tmp_path / "out.txt").read_text()
    assert "inputs of tiny changed while the run was going on (experiment.yaml)" in said
    assert "tiny: not finished" in said and "Traceback" not in said
    settings.write_text(before)
    assert run(tmp_path, directory).returncode == 0
    clean = tmp_path / "clean"
    clean.mkdir()
    assert run(clean, directory).returncode == 0
    assert_same(tmp_path, bytes_of(clean / "results" / "tiny"))


def test_a_failure_is_not_hidden_by_older_results(tiny: Path, tmp_path: Path) -> None:
    directory = tmp_path / "input" / "tiny"
    shutil.copytree(tiny, directory)
    assert run(tmp_path, directory).returncode == 0
    spikes = directory / "ephys/s.tsv"
    spikes.write_text(spikes.read_text().replace("007\t1.000\n", ""))
    log = tmp_path / "logs/tiny/measure_units.log"
    log.unlink()
    log.mkdir()  # the job cannot begin
    done = run(tmp_path, directory)
    assert done.returncode != 0
    assert "tiny: not finished; see the messages above and its logs; what lies in results/tiny is of an" in done.stdout
    log.rmdir()
    done = run(tmp_path, directory)
    assert done.returncode == 0 and "tiny: not finished" not in done.stdout


def test_an_archive_gives_the_same_bytes_elsewhere(
    tiny: Path, undisturbed: tuple[dict[str, bytes], float], tmp_path: Path
) -> None:
    """Inputs and project packed, unpacked in another place, and run there; as docs/operations.md says."""
    project = tmp_path / "there" / "project"
    parts = ("Snakefile", "workflow", "config", "src")
    with tarfile.open(tmp_path / "archive.tar", "w") as archive:
        archive.add(tiny, f"inputs/{tiny.name}")
        for part in parts:
            archive.add(ROOT / part, f"project/{part}")
    with tarfile.open(tmp_path / "archive.tar") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.2 has none
        archive.extractall(tmp_path / "there")
    done = snakemake(
        tmp_path / "there", "--cores", "1", "--config", f"experiments=inputs/{tiny.name}",
        project=project, PYTHONPATH=str(project / "src"),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert_same(tmp_path / "there", undisturbed[0])  # provenance.json among them


@contextlib.contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"this machine lets nobody mount: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@as_root
@pytest.mark.parametrize("kilobytes", [40, 400])
def test_a_full_disk_is_named(
    tiny: Path, undisturbed: tuple[dict[str, bytes], float], tmp_path: Path, kilobytes: int
) -> None:
    (tmp_path / "results").mkdir()
    with mounted(tmp_path / "results", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs"):
        done = run(tmp_path, tiny)
        assert done.returncode != 0
        assert "The disk is full: make room" in done.stdout
        assert "Traceback" not in done.stdout
        subprocess.run(["mount", "-o", "remount,size=100m", str(tmp_path / "results")], check=True)
        again = run(tmp_path, tiny)
        assert again.returncode == 0, again.stdout[-3000:]
        assert_same(tmp_path, undisturbed[0])


@as_root
@pytest.mark.parametrize(("options", "words"), [("ro", "can only be read"), ("size=8k", "The disk is full: make room")])
def test_results_that_cannot_be_begun_are_named(tiny: Path, tmp_path: Path, options: str, words: str) -> None:
    (tmp_path / "results").mkdir()
    with mounted(tmp_path / "results", "-t", "tmpfs", "-o", options, "tmpfs"):
        with contextlib.suppress(OSError):
            (tmp_path / "results" / "full").write_bytes(bytes(20_000))
        done = run(tmp_path, tiny)
    assert done.returncode != 0
    assert words in done.stdout
    assert "Traceback" not in done.stdout and "one_run.py" not in done.stdout


@as_root
def test_read_only_input_is_enough(tiny: Path, undisturbed: tuple[dict[str, bytes], float], tmp_path: Path) -> None:
    directory = tmp_path / "input" / "tiny"
    directory.mkdir(parents=True)
    with mounted(directory, "--bind", "-o", "ro", str(tiny)):
        with pytest.raises(OSError):
            (directory / "x").touch()
        done = run(tmp_path, directory)
    assert done.returncode == 0, done.stdout[-3000:]
    assert_same(tmp_path, undisturbed[0])


def test_clocks_and_time_zones_change_nothing(
    tiny: Path, undisturbed: tuple[dict[str, bytes], float], tmp_path: Path
) -> None:
    """Half done in one zone by a clock that was a day ahead, finished in another by one that is right."""
    directory = tmp_path / "input" / "tiny"
    shutil.copytree(tiny, directory)
    call = ("--cores", "2", "--config", f"experiments={directory}")
    half = snakemake(tmp_path, *call, "--until", "test_responses", "compute_release", TZ="Pacific/Kiritimati")
    assert half.returncode == 0
    tomorrow = time.time() + 86400
    for path in [*sorted((tmp_path / "results").rglob("*"))[::2], directory / "ephys/s.tsv"]:
        os.utime(path, (tomorrow, tomorrow))
    done = run(tmp_path, directory, TZ="Pacific/Pago_Pago")
    assert done.returncode == 0, done.stdout[-3000:]
    assert_same(tmp_path, undisturbed[0])
