"""What a run says of itself: how far it is and roughly how long it needs, and a line per experiment at its end."""

from __future__ import annotations

import csv
import logging
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


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def summary(results: Path) -> str:
    """One line for an experiment: what was processed, what was odd, where the report is."""
    if not (results / "provenance.json").is_file():
        return f"{results.name}: not finished; see the messages above and its logs"
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
