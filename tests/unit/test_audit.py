"""The audit of what the locks install: known vulnerabilities end with 1, silence is said and no failure."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {"name": "x", "skip_reason": "not found"}
SOUND = {"name": "x", "version": "1", "vulns": []}
KNOWN = {"name": "y", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["2.1"]}]}


def audit(tmp_path: Path, first: str, then: str) -> subprocess.CompletedProcess[str]:
    """With an auditor that says `first` of one package and `then` of all."""
    auditor = tmp_path / "auditor.py"
    auditor.write_text(
        "import pathlib, sys\n"
        "pins = pathlib.Path(sys.argv[-1]).read_text().splitlines()\n"
        f"print({first!r} if len(pins) == 1 else {then!r})\n"
    )
    call = [sys.executable, str(ROOT / "workflow" / "audit.py"), sys.executable, str(auditor)]
    return subprocess.run(call, capture_output=True, text=True, check=False)


def of(*found: dict) -> str:
    return json.dumps({"dependencies": list(found), "fixes": []})


def test_a_known_vulnerability_fails_by_its_name(tmp_path: Path) -> None:
    done = audit(tmp_path, of(SOUND), of(SOUND, KNOWN, SKIPPED))
    assert done.returncode == 1
    assert done.stdout.startswith("y 2: CVE-1, mended in 2.1\naudit: 2 of ")


def test_sound_packages_pass(tmp_path: Path) -> None:
    done = audit(tmp_path, of(SOUND), of(SOUND, SOUND))
    assert done.returncode == 0
    assert "0 known vulnerabilities" in done.stdout


@pytest.mark.parametrize("first", [of(SKIPPED), "", "no route to host", "{}", of()])
def test_silence_is_said_and_no_failure(tmp_path: Path, first: str) -> None:
    done = audit(tmp_path, first, of(KNOWN))  # which is not asked for any more
    assert done.returncode == 0, done.stderr
    assert "was audited" in done.stdout


def test_an_auditor_that_is_not_there_is_no_failure() -> None:
    call = [sys.executable, str(ROOT / "workflow" / "audit.py"), "/nowhere/pip-audit"]
    assert subprocess.run(call, capture_output=True, check=False).returncode == 0
