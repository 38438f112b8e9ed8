"""What a run must know before it begins to write."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from snakemake_interface_common.exceptions import WorkflowError

from coeruleus.one_run import Submitted, claim, still_queued


def test_results_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file in their place")
    with pytest.raises(WorkflowError, match=r"Not a directory: .*results.*then run the same command again"):
        claim(tmp_path / "results" / ".interim")


def test_jobs_that_a_killed_run_left_on_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noted = tmp_path / "results" / ".interim" / ".submitted"
    noted.parent.mkdir(parents=True)
    assert still_queued(noted) == []
    handler = Submitted(noted)
    for message in ("Job a has been submitted with SLURM jobid 9 (log: x).", "else", "... SLURM jobid 12 (log: y)."):
        handler.handle(logging.makeLogRecord({"msg": message, "levelno": logging.INFO}))
    squeue = tmp_path / "bin" / "squeue"
    squeue.parent.mkdir()
    squeue.write_text("#!/bin/sh\necho 12\necho 13\necho 9\n")
    squeue.chmod(0o755)
    monkeypatch.setenv("PATH", f"{squeue.parent}:{os.environ['PATH']}")
    assert still_queued(noted) == ["9", "12"]
    code = f"from pathlib import Path; from coeruleus.one_run import claim; claim(Path({str(noted.parent)!r}))"
    refused = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert refused.returncode != 0 and "jobs of a run that was killed" in refused.stderr
    assert "scancel 9 12" in refused.stderr
    squeue.write_text("#!/bin/sh\necho Unable to contact the controller\nexit 1\n")
    with pytest.raises(WorkflowError, match="squeue does not answer"):
        still_queued(noted)
    squeue.write_text("#!/bin/sh\necho 13\n")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert not noted.exists()
    note = "import logging; noting.handle(logging.makeLogRecord({'msg': 'SLURM jobid 5', 'levelno': 20}))"
    there = f"assert Path({str(noted)!r}).read_text() == '5\\n'"
    run = f"{code.replace('; claim(', '; noting = claim(')}; {note}; {there}"
    assert subprocess.run([sys.executable, "-c", run], check=False).returncode == 0
    assert not noted.exists()  # it ended by itself
