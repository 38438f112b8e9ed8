"""Rows of recordings.tsv from recording files: what each holds, how long it lasts, how fast it was sampled."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from coeruleus.experiment.fields import BLANK
from coeruleus.formats.errors import FormatError
from coeruleus.formats.file_events import summary, suspect
from coeruleus.formats.recording import (
    FAST_ENOUGH_HZ,
    FileEvent,
    RawRecording,
    SortedRecording,
    file_events,
    open_sorted,
    read_raw,
)
from coeruleus.intake.guess import subject_in

Row = dict[str, str]
COLUMNS = (
    *("site_id", "subject_id", "file", "kind", "segment", "channel", "duration_s", "highpass_hz", "lowpass_hz"),
    *("sampled_at_hz", "found_in_file", "own_events"),
)


@dataclass(frozen=True)
class Found:
    """A recording file: its row without site, and its own events."""

    row: Row
    events: tuple[FileEvent, ...]


def look(path: Path, file: str) -> Found:
    """What a recording file holds. Raises FormatError where it is no recording."""
    units, unit_error = _try(open_sorted, path)
    trace, trace_error = _try(read_raw, path)
    if units is None and trace is None and not (_is_recording(unit_error) or _is_recording(trace_error)):
        raise FormatError(unit_error)
    row = dict.fromkeys(COLUMNS, "n/a") | {"file": file, "subject_id": subject_in(file) or BLANK, "segment": "1"}
    several = units is not None and any("took every channel" in note for note in units.notes)
    unsorted = "not assigned" in unit_error  # snippets of spikes without a sorter's codes
    row["kind"] = BLANK if several or (trace is None and units is None) else "raw" if units is None else "sorted"
    if unsorted and isinstance(trace, RawRecording) and trace.sampling_rate_hz < FAST_ENOUGH_HZ:
        row |= {"kind": BLANK, "channel": BLANK}
    found = []
    duration = None
    if isinstance(units, SortedRecording):
        found.append("units " + ", ".join(f"{unit.unit_id} ({len(unit.times_s)})" for unit in units.units[:12]))
        duration = units.duration_s
    if isinstance(trace, RawRecording):
        row["sampled_at_hz"] = f"{trace.sampling_rate_hz:.7g}"
        found.append("traces " + ", ".join(trace.channels[:12]))
        if units is None:
            duration = trace.end_s
            found += ["unsorted spikes"] if unsorted else []
    if units is None and trace is None:
        found.append(unit_error if unsorted else trace_error)
        row["channel"] = BLANK
    elif several:
        row["channel"] = BLANK
    row["duration_s"] = f"{duration:.9g}" if duration is not None else BLANK
    row["found_in_file"] = _cell("; ".join(found))
    events = _events(path)
    row["own_events"] = _cell(summary(events)) if events else "n/a"
    if doubt := suspect(events, duration):
        row["own_events"] += f"; {doubt}"
    return Found(row, tuple(events))


def _try(reader: object, path: Path) -> tuple[SortedRecording | RawRecording | None, str]:
    try:
        return reader(path), ""  # type: ignore[operator]
    except FormatError as error:
        return None, str(error)


def _is_recording(error: str) -> bool:
    """Whether a file was known and only needs a channel or a kind."""
    return "name one" in error or "column channel" in error


def _events(path: Path) -> list[FileEvent]:
    try:
        return file_events(path)
    except FormatError:
        return []


def _cell(text: str) -> str:
    return " ".join(text.split())[:300] or "n/a"


def site_of(file: str, taken: set[str]) -> str:
    """A site's id from the file's name; letters with marks lose them."""
    plain = unicodedata.normalize("NFKD", Path(file).stem).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", plain).strip("_.") or "site"
    return next(
        name for name in [stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3))] if name not in taken
    )
