"""A real Slurm without accounting: the same bytes as a local run, more memory for a job that had too little, and the
answer to a lost node."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local_slurm import LocalSlurm
from running import ROOT, bytes_of, snakemake

PROFILE = ("--workflow-profile", str(ROOT / "profiles" / "slurm"))
QUICK = ("--slurm-init-seconds-before-status-checks", "3", "--latency-wait", "10")


def on_slurm(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return snakemake(folder, *PROFILE, *QUICK, *arguments)


@pytest.fixture(scope="module")
def local(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Every byte that a run without a cluster leaves."""
    folder = tmp_path_factory.mktemp("local")
    done = snakemake(folder, "--cores", "2", "--config", f"experiments={inputs}")
    assert done.returncode == 0, done.stdout[-3000:]
    return bytes_of(folder / "results" / "small")


def test_slurm_gives_the_same_bytes_with_a_job_that_had_too_little_memory(
    slurm: LocalSlurm, inputs: Path, local: dict[str, bytes], tmp_path: Path
) -> None:
    """Peaks and their pages are given 60 MB, then ten times that: Slurm ends the first, the second does it."""
    amount = "mem_mb=60 + 600 * (attempt - 1)"
    little = ("--set-resources", f"quantify_run:{amount}", f"draw_chromatograms:{amount}")
    done = on_slurm(tmp_path, *little, "--config", f"experiments={inputs}")
    assert done.returncode == 0, done.stdout[-5000:]
    assert "Trying to restart job" in done.stdout
    assert "Error in rule quantify_run" in done.stdout
    assert "Traceback" not in done.stdout
    found = bytes_of(tmp_path / "results" / "small")
    assert [name for name in local if local[name] != found.get(name)] == []
    assert sorted(found) == sorted(local)
    jobs = re.findall(r"has been submitted with SLURM jobid (\d+)", done.stdout)
    assert len(jobs) == 4  # peaks twice, raw traces, and one group for all that follows


def test_a_job_that_never_has_enough_is_reported_and_others_go_on(
    slurm: LocalSlurm, inputs: Path, tmp_path: Path
) -> None:
    little = ("--set-resources", "quantify_run:mem_mb=60", "--retries", "1")
    done = on_slurm(tmp_path, *little, "--until", "quantify_run", "sort_recording", "--config", f"experiments={inputs}")
    assert done.returncode != 0
    assert done.stdout.count("stopped on the cluster: quantify_run: it was over its memory") == 2
    assert "Traceback" not in done.stdout
    assert (tmp_path / "results/.interim/small/sorted/rat02_recording/spikes.tsv").is_file()


@pytest.mark.slow
def test_a_job_over_its_time_is_tried_again_and_then_reported(slurm: LocalSlurm, inputs: Path, tmp_path: Path) -> None:
    """Slurm counts in minutes: a job that sleeps for ten is ended after one."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, time\nif 'SLURM_JOB_ID' in os.environ:\n    time.sleep(600)\n"
    )
    call = ("--set-resources", "quantify_run:runtime=1", "--retries", "1", "--until", "quantify_run")
    done = snakemake(tmp_path, *PROFILE, *QUICK, *call, "--config", f"experiments={inputs}", PYTHONPATH=str(tmp_path))
    assert done.returncode != 0
    assert done.stdout.count("stopped on the cluster: quantify_run: it was over its time limit") == 2


def begun(slurm: LocalSlurm, inputs: Path, folder: Path, out: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A run whose first job is at work, and the node on which it is."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    with out.open("w") as handle:
        run = subprocess.Popen(
            [*command, *PROFILE, *QUICK, "--config", f"experiments={inputs}"], stdout=handle, stderr=handle
        )
    node = None
    end = time.monotonic() + 300
    while node is None and run.poll() is None and time.monotonic() < end:
        time.sleep(1)
        node = next(iter(slurm.ask("squeue", "-h", "-t", "R", "-o", "%N").split()), None)
    assert node is not None, out.read_text()[-3000:]
    return run, node


@pytest.mark.slow
def test_jobs_of_a_killed_run_keep_the_next_from_their_results(
    slurm: LocalSlurm, inputs: Path, local: dict[str, bytes], tmp_path: Path
) -> None:
    run, _ = begun(slurm, inputs, tmp_path, tmp_path / "out.txt")
    run.kill()
    run.wait()
    again = on_slurm(tmp_path, "--config", f"experiments={inputs}")
    assert again.returncode != 0
    found = re.search(r"jobs of a run that was killed still work on these results .*: scancel ([\d ]+)", again.stdout)
    assert found, again.stdout[-3000:]
    slurm.ask("scancel", *found[1].split())
    end = time.monotonic() + 60
    while slurm.ask("squeue", "-h") and time.monotonic() < end:
        time.sleep(1)
    done = on_slurm(tmp_path, "--config", f"experiments={inputs}")
    assert done.returncode == 0, done.stdout[-5000:]
    results = bytes_of(tmp_path / "results" / "small")
    assert [name for name in local if local[name] != results.get(name)] == []


@pytest.mark.slow
def test_a_lost_node_costs_nothing(slurm: LocalSlurm, inputs: Path, local: dict[str, bytes], tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    run, lost = begun(slurm, inputs, tmp_path, out)
    time.sleep(3)
    slurm.lose_node(lost)
    time.sleep(30)
    slurm.start_node(lost)
    assert run.wait(500) == 0, out.read_text()[-5000:]
    found = bytes_of(tmp_path / "results" / "small")
    assert [name for name in local if local[name] != found.get(name)] == []
