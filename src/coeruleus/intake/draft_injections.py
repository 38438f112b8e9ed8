"""Rows of injections.tsv and standards.tsv from chromatogram files: by names, headers and times of injection."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from coeruleus.experiment.fields import BLANK
from coeruleus.intake.guess import Guess
from coeruleus.intake.guess_times import Peak

NEW_RUN_AFTER, LONGEST_PAUSE = timedelta(hours=12), timedelta(hours=36)
Row = dict[str, str]
COLUMNS = (
    *("injection_id", "run", "file", "channel", "injected_at", "kind", "level", "subject_id", "sample_id"),
    *("start_min", "end_min", "injected_ul", "volume_in_file", "sample_name"),
)


@dataclass(frozen=True)
class Seen:
    """One chromatogram file: its place in dialysate/, its channels, the facts of its header, what names say."""

    file: str
    channels: tuple[str, ...]
    header: dict[str, str]
    guess: Guess
    group: str  # files of one folder belong together where no time is known
    peaks: tuple[Peak, ...] = ()  # of the instrument's own table


def in_order(files: list[Seen]) -> list[list[Seen]]:
    """The files as runs, each in order of injection.

    A run is one method on one day: a pause of more than 12 h, or of 5 times the usual interval (36 h at most),
    ends it. Files without a time are in the order of their names, as one run per folder and method.
    """
    groups: dict[tuple[str, str], list[Seen]] = {}
    for one in files:
        timed = "" if one.header.get("acquired") else f"untimed {one.group}"
        groups.setdefault((one.header.get("method", ""), timed), []).append(one)
    runs: list[list[Seen]] = []
    for (_, untimed), members in sorted(groups.items()):
        if untimed:
            runs.append(sorted(members, key=lambda each: natural(each.file)))
            continue
        members = sorted(members, key=lambda each: (each.header["acquired"], natural(each.file)))
        times = [datetime.fromisoformat(each.header["acquired"]) for each in members]
        gaps = [after - before for before, after in itertools.pairwise(times)]
        usual = sorted(gaps)[len(gaps) // 2] if gaps else NEW_RUN_AFTER
        limit = min(max(NEW_RUN_AFTER, 5 * usual), LONGEST_PAUSE)
        runs.append([members[0]])
        for one, gap in zip(members[1:], gaps, strict=True):
            if gap > limit:
                runs.append([])
            runs[-1].append(one)
    return sorted(runs, key=lambda run: (run[0].header.get("acquired", "~"), natural(run[0].file)))


def natural(name: str) -> list[tuple[float, str]]:
    """A key that puts s2 before s10, and 0.25 before 0.5."""
    parts = re.split(r"(\d+(?:\.\d+)?)", name.casefold())
    return [(float(part), "") if part[:1].isdigit() else (-1.0, part) for part in parts]


def draft_rows(
    runs: list[list[Seen]], first_number: int, taken_runs: set[str], interval_min: float | None, start_min: float | None
) -> list[Row]:
    """Rows of injections.tsv; blanks where neither name nor header says it.

    Collection times are proposed where `interval_min` and `start_min` (the start of sample 1) are known, from the
    numbers of the samples. Volumes of headers are given as injected_ul where all of a run's injections have one and
    the same, which changes no result; else they are only shown, as volume_in_file.
    """
    rows = []
    width = max(2, len(str(first_number + sum(map(len, runs)))))
    number = first_number
    for run in runs:
        name = _run_name(run, taken_runs)
        taken_runs.add(name)
        volumes = {one.header.get("injected_ul", "") for one in run}
        alike = len(volumes) == 1 and "" not in volumes
        for one in run:
            known = one.guess
            row = dict.fromkeys(COLUMNS, "n/a") | {
                "injection_id": f"inj{number:0{width}d}",
                "run": name,
                "file": one.file,
                "channel": BLANK if len(one.channels) > 1 else "n/a",
                "injected_at": one.header.get("acquired", "n/a"),
                "kind": known.kind or BLANK,
                "injected_ul": one.header["injected_ul"] if alike else "n/a",
                "volume_in_file": one.header.get("injected_ul", "n/a"),
                "sample_name": one.header.get("sample_name", "n/a").replace("\t", " "),
            }
            if known.kind in ("standard", "qc"):
                row["level"] = known.level or BLANK
            elif known.kind == "dialysate":
                row |= _dialysate(known, interval_min, start_min)
            rows.append(row)
            number += 1
    return rows


def _dialysate(known: Guess, interval_min: float | None, start_min: float | None) -> Row:
    row = {"subject_id": known.subject or BLANK, "start_min": BLANK, "end_min": BLANK}
    if known.subject and known.sample is not None:
        row["sample_id"] = f"{known.subject}_s{known.sample}"
    if interval_min is not None and start_min is not None and known.sample is not None:
        begin = start_min + (known.sample - 1) * interval_min
        row |= {"start_min": f"{begin:g}", "end_min": f"{begin + interval_min:g}"}
    return row


def _run_name(run: list[Seen], taken: set[str]) -> str:
    acquired = run[0].header.get("acquired", "")
    stem = acquired[:10] or re.sub(r"[^A-Za-z0-9._-]+", "_", run[0].group).strip("_.") or "run"
    names = [stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def standards_rows(files: list[Seen], taken: set[tuple[str, str]]) -> list[Row]:
    """Rows of standards.tsv for the levels of these files; blanks for what their names do not say."""
    levels = {one.guess.level: one.guess for one in files if one.guess.level and one.guess.kind in ("standard", "qc")}
    rows = []
    for level in sorted(levels, key=natural):
        one = levels[level]
        if not any(known == level for known, _ in taken):
            amount = BLANK if one.concentration is None else f"{one.concentration:g}"
            row = {"level": level, "analyte": one.analyte or BLANK, "concentration": amount, "unit": one.unit or "n/a"}
            rows.append(row)
    return rows


def settle_kinds(files: list[Seen]) -> list[Seen]:
    """A level named by two different concentrations or units in one folder would be a wrong standard: left open."""
    said: dict[str, set[tuple[float | None, str | None]]] = {}
    for one in files:
        if one.guess.level:
            said.setdefault(one.guess.level, set()).add((one.guess.concentration, one.guess.unit))
    doubtful = {level for level, values in said.items() if len(values) > 1}
    return [
        replace(one, guess=replace(one.guess, level=None, concentration=None)) if one.guess.level in doubtful else one
        for one in files
    ]
