"""Rows of the sheet of recordings as plain frames: spikes, mean waveforms, one row per segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import SortedRecording, open_sorted
from coeruleus.formats.recordings.plain_tables import with_waveforms
from coeruleus.formats.text import Source
from coeruleus.tables import status
from coeruleus.tables.problems import Problem
from coeruleus.tables.sources import WAVEFORMS
from coeruleus.tables.units import SPIKES

STAGE = "formats"
NO_FILE = "recordings.tsv names no file"
SEGMENT_COLUMNS = (
    "site_id", "segment", "subject_id", "session_id", "started_at", "duration_s", "condition", "highpass_hz", "kind",
)  # fmt: skip
NUMBERS = ("segment", "duration_s", "highpass_hz", "n_units")


@dataclass(frozen=True)
class Frames:
    """Recordings as frames, and what was seen on the way.

    `spikes` is a table units/spikes; `waveforms` a table sources/waveforms, where a unit with several has that of its
    first segment; `segments` a row per recording, failed ones too: SEGMENT_COLUMNS, n_units, format, status, reason.
    """

    spikes: pd.DataFrame
    waveforms: pd.DataFrame
    segments: pd.DataFrame
    problems: list[Problem]


def recording_frames(row: Mapping[str, Any], folder: Path) -> Frames:
    """One sorted recording, a row of the sheet of recordings, whose files are relative to `folder`.

    Never raises for a bad file: the segment then has status missing or failed with the cause in `reason`.
    """
    return read_recordings(pd.DataFrame([dict(row)]), folder)


def read_recordings(recordings: pd.DataFrame, folder: Path) -> Frames:
    """Every sorted recording of a sheet, as `recording_frames` of each; rows of kind raw are passed over."""
    spikes: list[pd.DataFrame] = []
    waveforms: list[pd.DataFrame] = []
    segments: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for row in recordings.to_dict("records"):
        if row.get("kind") == "raw":
            continue
        known = {str(key): _value(value) for key, value in row.items()}
        segment = {column: known.get(column) for column in SEGMENT_COLUMNS}
        segment |= {"n_units": None, "format": None, "status": status.OK, "reason": None}
        segments.append(segment)
        if known.get("file") is None:
            segment |= {"status": status.MISSING, "reason": NO_FILE}
            problems.append(Problem(STAGE, _item(known), "error", NO_FILE))
            continue
        try:
            recording = _open(known, folder, problems)
        except FormatError as error:
            segment |= {"status": error.status, "reason": str(error)}
            problems.append(Problem(STAGE, _item(known), "error", str(error)))
            continue
        segment |= {"duration_s": recording.duration_s, "n_units": len(recording.units), "format": recording.format}
        problems += [Problem(STAGE, _item(known), "warning", f"{known['file']}: {note}") for note in recording.notes]
        if recording.duration_s is None:
            message = f"{known['file']}: neither file nor sheet says how long the recording lasts; fill in duration_s"
            problems.append(Problem(STAGE, _item(known), "warning", message))
        for unit in recording.units:
            key = {"site_id": known["site_id"], "unit_id": unit.unit_id}
            spikes.append(pd.DataFrame({**key, "segment": known["segment"], "time_s": unit.times_s}))
            if unit.waveform is not None:
                waves = {
                    "time_ms": unit.waveform_ms,
                    "amplitude_uv": unit.waveform,
                    "highpass_hz": known.get("highpass_hz"),
                    "amplitude_unit": unit.waveform_unit,
                }
                waveforms.append(pd.DataFrame({**key, "segment": known["segment"], **waves}))
    table = pd.DataFrame(segments, columns=[*SEGMENT_COLUMNS, "n_units", "format", "status", "reason"])
    for column in NUMBERS:
        table[column] = pd.to_numeric(table[column]).astype(float)
    return Frames(SPIKES.frame(_joined(spikes)), WAVEFORMS.frame(_first_segment(waveforms)), table, problems)


def _open(row: dict[str, Any], folder: Path, problems: list[Problem]) -> SortedRecording:
    """A recording with its table of waveforms; a bad table of waveforms does not cost the spikes."""
    recording = open_sorted(folder / str(row["file"]), row.get("format"), row.get("duration_s"), row.get("channel"))
    if row.get("waveforms") is None:
        return recording
    try:
        return with_waveforms(recording, Source(folder / str(row["waveforms"])))
    except FormatError as error:
        problems.append(Problem(STAGE, _item(row), "error", f"its units keep no waveform: {error}"))
        return recording


def _item(row: Mapping[str, Any]) -> str:
    return f"{row['site_id']} segment {row['segment']:g}" if row.get("segment") is not None else str(row["site_id"])


def _value(value: Any) -> Any:
    """Missing cells of a sheet as None."""
    return None if value is None or value is pd.NA or (isinstance(value, float) and value != value) else value


def _first_segment(parts: list[pd.DataFrame]) -> pd.DataFrame | tuple[()]:
    joined = _joined(parts)
    if not len(joined):
        return ()
    first = joined.groupby(["site_id", "unit_id"])["segment"].transform("min")  # type: ignore[union-attr]
    return joined[joined["segment"] == first]  # type: ignore[call-overload]


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame | tuple[()]:
    parts = [part.dropna(axis=1, how="all") for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else ()
