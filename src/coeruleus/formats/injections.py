"""The chromatograms of one run: each injection's trace, or in words why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from coeruleus.formats.chromatogram import Chromatogram, read_chromatogram
from coeruleus.formats.errors import FormatError
from coeruleus.tables import status
from coeruleus.tables.problems import Problem

FEWEST_POINTS = 10


@dataclass
class Traces:
    """What could be read, what could not (status and reason by injection), and what is worth a look."""

    read: dict[str, Chromatogram] = field(default_factory=dict)
    unreadable: dict[str, tuple[str, str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_traces(folder: Path, injections: pd.DataFrame) -> Traces:
    """Read the file of every injection, relative to `folder`, cut to from_min–to_min where these are given."""
    traces = Traces()
    for row in injections.to_dict("records"):
        name = row["injection_id"]
        if not isinstance(row["file"], str):
            traces.unreadable[name] = (status.MISSING, "injections.tsv names no file")
            continue
        path = folder / row["file"]
        if not path.exists():
            reason = f"the file {row['file']} is not there: copy it into dialysate/, or write n/a"
            traces.unreadable[name] = (status.MISSING, reason)
            continue
        try:
            chromatogram = _cut(read_chromatogram(path, row["channel"]), row["from_min"], row["to_min"])
        except FormatError as error:
            traces.unreadable[name] = (status.FAILED, str(error))
            continue
        except OSError as error:
            traces.unreadable[name] = (status.FAILED, f"{row['file']} cannot be opened ({error.strerror})")
            continue
        traces.read[name] = chromatogram
        traces.problems += [
            Problem("formats", name, "warning", f"{row['file']}: {note}") for note in chromatogram.notes
        ]
    return traces


def _cut(chromatogram: Chromatogram, start: float, end: float) -> Chromatogram:
    """One injection out of a continuous trace, its times counted from `start`. Raises FormatError if it is empty."""
    if start != start and end != end:
        return chromatogram
    time, zero = chromatogram.time_min, start if start == start else 0.0
    keep = ~(time < start) & ~(time > end)  # a bound that is not given (NaN) excludes nothing
    if keep.sum() < FEWEST_POINTS:
        raise FormatError(f"holds {int(keep.sum())} points between from_min and to_min: check them")
    peaks = chromatogram.vendor_peaks
    if peaks is not None:
        inside = ~(peaks["retention_time_min"] < start) & ~(peaks["retention_time_min"] > end)
        times = ["retention_time_min", "start_min", "end_min"]
        peaks = peaks[inside].assign(**{name: peaks.loc[inside, name] - zero for name in times})
    return replace(chromatogram, time_min=time[keep] - zero, signal=chromatogram.signal[keep], vendor_peaks=peaks)
