"""Checking chromatogram files: readable, whole, not flat or cut off at the top, alike within a run, in order."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.formats.chromatogram import Chromatogram, read_chromatogram
from coeruleus.formats.errors import FormatError
from coeruleus.intake.check_levels import check_levels
from coeruleus.tables.problems import Problem

STAGE = "intake"
FLAT_TOP_SAMPLES = 8


def check_chromatograms(
    injections: pd.DataFrame, folder: Path, retention_min: Mapping[str, float], standards: pd.DataFrame | None = None
) -> list[Problem]:
    """Problems of the files of injections.tsv; `retention_min` is where analytes are said to elute, `standards` the
    sheet of levels. Each file is read once."""
    problems: list[Problem] = []
    read: dict[str, list[tuple[str, Chromatogram, dict[str, Any]]]] = {}
    seen: dict[str, str] = {}
    for record in injections.to_dict("records"):
        row = {str(key): None if value is None or value != value else value for key, value in record.items()}
        if row.get("file") is None:
            continue
        item = str(row["injection_id"])
        try:
            trace = read_chromatogram(folder / str(row["file"]), row.get("channel"))
        except FormatError as error:
            problems.append(Problem(STAGE, item, "error", str(error)))
            continue
        read.setdefault(str(row["run"]), []).append((item, trace, row))
        said = [*trace.notes, *_oddities(trace, row, retention_min)]
        if row.get("from_min") is None and row.get("to_min") is None:
            digest = hashlib.sha256(trace.signal.tobytes()).hexdigest()
            if digest in seen:
                said.append(f"holds the same trace as injection {seen[digest]}; was a file copied or entered twice?")
            seen.setdefault(digest, item)
        problems += [Problem(STAGE, item, "warning", f"{row['file']}: {each}") for each in said]
    for members in read.values():
        problems += _differences(members)
        problems += _disorder(members)
        if standards is not None:
            problems += check_levels(members, retention_min, standards)
    return problems


def _oddities(trace: Chromatogram, row: Mapping[str, Any], retention_min: Mapping[str, float]) -> list[str]:
    said = []
    signal, begin, end = trace.signal, trace.time_min[0], trace.time_min[-1]
    if np.ptp(signal) == 0:
        said.append(f"the signal is {signal[0]:g} throughout; was the detector on?")
    else:
        for extreme in (signal.max(), signal.min()):
            longest = _longest_run(signal == extreme)
            if longest >= FLAT_TOP_SAMPLES and abs(extreme - np.median(signal)) > 0.2 * np.ptp(signal):
                said.append(
                    f"the signal stands at its extreme of {extreme:g} for {longest} samples; it looks saturated"
                )
    first, last = row.get("from_min"), row.get("to_min")
    if (first is not None and not begin - 1 <= first < end) or (last is not None and not begin < last <= end + 1):
        said.append(f"from_min and to_min do not lie within the trace, which covers {begin:g} to {end:g} min")
    elif first is None and last is None:
        late = sorted(name for name, time in retention_min.items() if not begin <= time <= end)
        if late:
            said.append(f"the trace covers {begin:g} to {end:g} min, which leaves out {', '.join(late)}")
    acquired, injected = trace.header.get("acquired"), row.get("injected_at")
    if acquired and injected is not None:
        apart = abs((pd.Timestamp(str(injected)).tz_localize(None) - pd.Timestamp(acquired)).total_seconds())
        if apart > 60:
            said.append(f"injected_at says {injected}, the file itself says {acquired}")
    return said


def _longest_run(mask: np.ndarray) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _differences(members: list[tuple[str, Chromatogram, dict[str, Any]]]) -> list[Problem]:
    """What differs from the rest of the run: unit, sampling interval, length."""
    problems = []
    units = [trace.unit or "no unit" for _, trace, _ in members]
    usual_unit = max(sorted(set(units)), key=units.count)
    steps = [float(np.median(np.diff(trace.time_min))) * 60 for _, trace, _ in members]
    spans = [float(np.ptp(trace.time_min)) for _, trace, _ in members]
    for (item, _, row), unit, step, span in zip(members, units, steps, spans, strict=True):
        said = []
        if unit != usual_unit:
            said.append(f"the signal is in {unit}, in the rest of the run in {usual_unit}")
        if abs(step / median(steps) - 1) > 0.02:
            said.append(f"is sampled every {step:.3g} s, the rest of the run every {median(steps):.3g} s")
        if span < 0.9 * median(spans):
            said.append(f"lasts {span:.4g} min, the rest of the run {median(spans):.4g} min; was the run stopped?")
        problems += [Problem(STAGE, item, "warning", f"{row['file']}: {each}") for each in said]
    return problems


def _disorder(members: list[tuple[str, Chromatogram, dict[str, Any]]]) -> list[Problem]:
    """Injections whose files say that they were made before the one above them."""
    problems = []
    latest, latest_item = "", ""
    typed: tuple[pd.Timestamp, str] | None = None
    for item, trace, row in members:
        if row.get("injected_at") is not None and "acquired" not in trace.header:
            time = pd.Timestamp(str(row["injected_at"])).tz_localize(None)
            if typed is not None and time < typed[0]:
                message = f"injected_at is {row['injected_at']}, before that of injection {typed[1]} above it"
                problems.append(Problem(STAGE, item, "warning", f"{message}; is the order of rows right?"))
            typed = max(typed or (time, item), (time, item))
        acquired = trace.header.get("acquired", "")
        if acquired and acquired < latest:
            message = (
                f"was acquired {acquired}, before injection {latest_item} above it ({latest}); is the order right?"
            )
            message = f"{row['file']}: {message}"
            problems.append(Problem(STAGE, item, "warning", message))
        elif acquired:
            latest, latest_item = acquired, item
    return problems
