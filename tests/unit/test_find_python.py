"""`make` takes a Python that the project runs on, and refuses others by name."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "workflow" / "find_python.sh"


def found(folder: Path, **versions: str) -> subprocess.CompletedProcess[str]:
    """Run the script where only these commands exist; each answers as a Python of that version."""
    for name, version in versions.items():
        file = folder / name.replace("_", ".")
        answer = "exit 1" if version == "broken" else f'case "$2" in *version_info*) echo {version};; esac'
        file.write_text(f"#!/bin/sh\n{answer}\n")
        file.chmod(0o755)
    (folder / "sed").symlink_to("/bin/sed")
    return subprocess.run(
        ["/bin/sh", str(SCRIPT)], capture_output=True, text=True, env={"PATH": str(folder)}, check=False
    )


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_a_good_python_is_taken(tmp_path: Path, version: str) -> None:
    done = found(tmp_path, python3=version)
    assert (done.returncode, done.stdout.strip()) == (0, "python3")


def test_the_first_good_one_is_taken(tmp_path: Path) -> None:
    assert found(tmp_path, python3="3.9", python3_12="3.12", python3_13="broken").stdout.strip() == "python3.12"


@pytest.mark.parametrize("version", ["3.10", "3.14", "2.7"])
def test_another_is_refused_by_name(tmp_path: Path, version: str) -> None:
    done = found(tmp_path, python3=version)
    assert done.returncode == 1
    assert f"python3 is {version}" in done.stderr
    assert "3.11, 3.12 or 3.13" in done.stderr


def test_none_at_all(tmp_path: Path) -> None:
    assert "found none" in found(tmp_path).stderr
