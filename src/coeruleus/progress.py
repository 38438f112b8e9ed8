"""What a run says of itself: how far it is and roughly how long it needs, why a cluster ended a job, and a line per
experiment at its end."""

from __future__ import annotations

import csv
import logging
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path


class Progress(logging.Handler):
    """Listens to Snakemake's reports of progress; says done, all and the time left, at most every `every` seconds."""

    def __init__(self, say: Callable[[str], None], every: float = 15.0, clock: Callable[[], float] = time.monotonic):
        super().__init__(logging.INFO)
        self.say, self.every, self.clock = say, every, clock
        self.start = self.last = clock()
        self.first: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        done, total = getattr(record, "done", None), getattr(record, "total", None)
        if not isinstance(done, int) or not isinstance(total, int) or not total:
            return
        now = self.clock()
        self.first = done - 1 if self.first is None else self.first
        if now - self.last < self.every:
            return
        self.last = now
        left = (now - self.start) / max(done - self.first, 1) * (total - done)
        self.say(f"progress: {done} of {total} jobs done, about {duration(left)} left")


MORE = "--set-resources RULE:"
ENDED = (
    (re.compile(r"due to time limit", re.I), f"it was over its time limit ({MORE}runtime=MINUTES gives it more)"),
    (
        re.compile(r"memory limit|oom.?kill|out of memory", re.I),
        f"it was over its memory ({MORE}mem_mb=... gives more)",
    ),
    (re.compile(r"due to node failure", re.I), "its node was lost"),
    (re.compile(r"due to preemption", re.I), "it had to make way for other jobs of the cluster"),
)


class Reasons(logging.Handler):
    """Says why a cluster ended a job: Snakemake names only the log in which its executor keeps the reason."""

    def __init__(self, say: Callable[[str], None]):
        super().__init__(logging.ERROR)
        self.say = say

    def emit(self, record: logging.LogRecord) -> None:
        jobs = getattr(record, "job_error_info", None) or [vars(record)]
        rules = ", ".join(sorted({str(job.get("rule_name")) for job in jobs}))
        logs = [*(getattr(record, "aux_logs", None) or []), *(getattr(record, "log", None) or [])]
        for log in logs:
            if ".snakemake" in Path(log).parts:  # what a job prints on the screen of its node
                for reason in reasons(Path(log)):
                    self.say(f"stopped on the cluster: {rules}: {reason}; see {log}")


def reasons(log: Path) -> list[str]:
    """What Slurm, or our own scripts, wrote to the log of a job that ended early."""
    if not log.is_file():
        return []
    text = log.read_text("utf-8", errors="replace")
    slurm = "\n".join(re.findall(r"^(?:slurmstepd|srun).*: error: .*$", text, flags=re.MULTILINE))
    own = re.findall(r"^stopped: (.*)$", text, flags=re.MULTILINE)
    return list(dict.fromkeys([*(words for pattern, words in ENDED if pattern.search(slurm)), *own]))


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def summary(results: Path, finished: bool = True) -> str:
    """One line for an experiment: what was processed, what was odd, where the report is."""
    there = (results / "provenance.json").is_file()
    if not finished or not there:
        older = f"; what lies in {results} is of an earlier run, at least in part" if there else ""
        return f"{results.name}: not finished; see the messages above and its logs{older}"
    parts = []
    for name, word, key in (
        ("dialysate/concentrations", "injections", ("injection_id",)),
        ("release/release", "samples", ("session_id", "probe_id", "sample_id")),
        ("units/units", "units", ("site_id", "unit_id")),
    ):
        rows = _rows(results / f"{name}.tsv")
        if rows:
            sound = {tuple(row[part] for part in key) for row in rows if row["status"] == "ok"}
            every = {tuple(row[part] for part in key) for row in rows}
            parts.append(f"{len(sound)} of {len(every)} {word} with a sound number")
    problems = Counter(row["severity"] for row in _rows(results / "problems.tsv"))
    parts.append(f"{problems['error']} errors, {problems['warning']} warnings")
    return f"{results.name}: {'; '.join(parts)}; {results / 'report.html'}"


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
