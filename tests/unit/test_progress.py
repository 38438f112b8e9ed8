"""What a run says of itself."""

import logging
from pathlib import Path

import pytest

from coeruleus.progress import Progress, Reasons, duration, summary


def test_time_left_follows_the_pace_so_far() -> None:
    now, said = [0.0], []
    progress = Progress(said.append, every=15.0, clock=lambda: now[0])
    for done in range(1, 5):
        now[0] += 10
        record = logging.makeLogRecord({"done": done, "total": 10})
        progress.handle(record)
    progress.handle(logging.makeLogRecord({"msg": "of something else"}))
    assert said == [
        "progress: 2 of 10 jobs done, about 80 s left",
        "progress: 4 of 10 jobs done, about 60 s left",
    ]


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 s"), (80, "80 s"), (120, "2 min"), (7200, "2.0 h")])
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_line_for_an_experiment(tmp_path: Path) -> None:
    results = tmp_path / "x"
    (results / "units").mkdir(parents=True)
    assert summary(results).startswith("x: not finished")
    (results / "provenance.json").write_text("{}")
    rows = "site_id\tunit_id\tstatus\ns\tu1\tok\ns\tu2\tfailed\nt\tu1\tok\n"
    (results / "units/units.tsv").write_text(rows)
    (results / "problems.tsv").write_text("stage\titem\tseverity\tmessage\na\tb\terror\tc\na\tb\twarning\tc\n")
    assert summary(results) == (f"x: 2 of 3 units with a sound number; 1 errors, 1 warnings; {results / 'report.html'}")
    assert "not finished" in summary(results, finished=False) and "of an earlier run" in summary(
        results, finished=False
    )


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "slurmstepd-n1: error: *** JOB 8 ON n1 CANCELLED AT 2026-11-22T01:20:53 DUE TO TIME LIMIT ***",
            "over its time",
        ),
        ("slurmstepd-n1: error: StepId=5.batch exceeded memory limit (135 > 62), being killed", "over its memory"),
        ("slurmstepd: error: Detected 1 oom_kill event in StepId=5.0", "over its memory"),
        ("stopped: Disk full: results/a. Make room", "Disk full"),
    ],
)
def test_why_a_cluster_ended_a_job(tmp_path: Path, written: str, said: str) -> None:
    log = tmp_path / ".snakemake" / "slurm_logs" / "8.log"
    log.parent.mkdir(parents=True)
    log.write_text(f"Building DAG of jobs...\n{written}\n{written}\n")
    own = tmp_path / "logs" / "quantify_run.log"
    own.parent.mkdir()
    own.write_text("stopped: said on the screen already\n")
    lines: list[str] = []
    group = {"job_error_info": [{"rule_name": "quantify_run"}], "aux_logs": [str(log)]}
    single = {"rule_name": "quantify_run", "log": [str(own), str(log), str(tmp_path / ".snakemake" / "gone.log")]}
    for about in (group, single):
        Reasons(lines.append).handle(logging.makeLogRecord({"levelno": logging.ERROR} | about))
    assert len(lines) == 2 and lines[0] == lines[1]
    assert lines[0].startswith("stopped on the cluster: quantify_run: ") and said in lines[0] and str(log) in lines[0]
