"""Plain tables: spike times as unit_id, time_s; mean waveforms as unit_id, time_ms, amplitude_uv."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import SortedRecording, Unit
from coeruleus.formats.registry import reads
from coeruleus.formats.text import Source

SPIKES = ("unit_id", "time_s")
WAVEFORMS = ("unit_id", "time_ms", "amplitude_uv")
MISSING = ("", "n/a", "N/A", "NA", "nan", "NaN")
LONGEST_HEADER = 65535


def sniff(source: Source) -> str | None:
    if source.encoding is None:
        return "not text"
    line, end, _ = source.first_text.partition("\n")
    if not end and len(line) >= LONGEST_HEADER:
        return "its first line is longer than 64 KB"
    names, _ = _header(line)
    missing = [name for name in SPIKES if name not in names]
    return f"its first line has no column {' and no '.join(missing)}" if missing else None


@reads(
    "spike_table",
    "table of spike times",
    suffixes=(".tsv", ".csv", ".txt"),
    notes="columns unit_id and time_s, from the start of the recording; duration_s stands in recordings.tsv; "
    "mean waveforms in a second table, named in the column waveforms: unit_id, time_ms, amplitude_uv",
    sniff=sniff,
)
def read(source: Source, kind: str = "sorted", channel: str | None = None) -> SortedRecording:
    """Spike times of every unit; `channel` picks one unit."""
    if kind != "sorted":
        raise FormatError(f"{source.name}: a table of spike times holds no raw trace; its kind is sorted")
    frame = _read(source, SPIKES)
    times, lines = frame["time_s"].to_numpy(), frame["line"].to_numpy()
    if (times < 0).any():
        at = int((times < 0).argmax())
        raise FormatError(
            f"{source.name}: line {lines[at]}, column time_s: {times[at]:g} is before the recording's start"
        )
    units = tuple(Unit(str(unit_id), np.sort(part)) for unit_id, part in _by_unit(frame, times))
    twice = [unit.unit_id for unit in units if (np.diff(unit.times_s) == 0).any()]
    notes = [f"unit {unit_id} has several spikes at one time; are spikes entered twice?" for unit_id in twice]
    if channel is not None:
        units = tuple(unit for unit in units if unit.unit_id == channel)
        if not units:
            known = ", ".join(sorted(set(frame["unit_id"]))[:20])
            raise FormatError(f"{source.name}: has no unit {channel!r}; its units are {known or 'none'}")
    return SortedRecording(units, None, tuple(notes), "spike_table")


def with_waveforms(recording: SortedRecording, source: Source) -> SortedRecording:
    """A recording whose units have the mean waveforms of a table."""
    refusal = None if source.encoding else "is not a text file"
    names, _ = _header(source.first_text.partition("\n")[0])
    missing = [name for name in WAVEFORMS if name not in names]
    refusal = refusal or (f"its first line has no column {' and no '.join(missing)}" if missing else None)
    if refusal:
        raise FormatError(f"{source.name}: is no table of mean waveforms: {refusal}")
    frame = _read(source, WAVEFORMS)
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for unit_id, rows in _by_unit(frame, np.arange(len(frame))):
        time, line = frame["time_ms"].to_numpy()[rows], frame["line"].to_numpy()[rows]
        back = np.diff(time) <= 0
        if back.any():
            at = int(back.argmax()) + 1
            raise FormatError(
                f"{source.name}: line {line[at]}, column time_ms: {time[at]:g} does not follow {time[at - 1]:g}"
            )
        if len(time) < 3:
            raise FormatError(f"{source.name}: line {line[0]}: unit {unit_id} has a waveform of {len(time)} samples")
        found[unit_id] = time, frame["amplitude_uv"].to_numpy()[rows]
    units = [
        replace(unit, waveform_ms=found[unit.unit_id][0], waveform=found[unit.unit_id][1], waveform_unit="µV")
        if unit.unit_id in found
        else unit
        for unit in recording.units
    ]
    known = {unit.unit_id for unit in units}
    notes = [f"{source.name} has a waveform of unit {each}, which has no spikes" for each in found if each not in known]
    notes += [f"{source.name} has no waveform of unit {unit.unit_id}" for unit in units if unit.unit_id not in found]
    return replace(recording, units=tuple(units), notes=(*recording.notes, *notes))


def _header(line: str) -> tuple[list[str], str]:
    delimiter = max("\t,;", key=line.count)
    return [name.strip().strip('"') for name in line.split(delimiter)], delimiter


def _by_unit(frame: pd.DataFrame, values: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """(unit_id, its values in order of rows), by unit_id."""
    codes, names = pd.factorize(frame["unit_id"], sort=True)
    order = np.argsort(codes, kind="stable")
    parts = np.split(values[order], np.cumsum(np.bincount(codes, minlength=len(names)))[:-1]) if len(names) else []
    return [(str(name), part) for name, part in zip(names, parts, strict=True)]


def _read(source: Source, columns: tuple[str, ...]) -> pd.DataFrame:
    """The named columns of a table, unit_id as text and the rest as finite numbers; `line` is the line in the file."""
    first, _, body = source.text.partition(b"\n")
    names, delimiter = _header(first.decode("utf-8", "replace"))
    twice = [name for name in columns if names.count(name) > 1]
    if twice:
        raise FormatError(f"{source.name}: line 1: column {twice[0]} stands twice")
    kinds = {index: float if name in columns[1:] else str for index, name in enumerate(names)}
    try:
        frame = _parse(body, delimiter, len(names), kinds).set_axis(names, axis=1)[list(columns)]
        numbers = frame.drop(columns="unit_id").to_numpy()
        if np.isfinite(numbers).all() and not frame["unit_id"].isin(MISSING).any():
            return frame.assign(unit_id=frame["unit_id"].str.strip(), line=np.arange(2, len(frame) + 2))
    except (ValueError, pd.errors.ParserWarning):
        pass  # read again as text, slowly, to say which cell it is
    try:
        frame = _parse(body, delimiter, len(names), str)
    except (ValueError, pd.errors.ParserWarning):
        raise _long_row(source, body, delimiter, len(names)) from None
    return _checked(source, frame.fillna("").set_axis(names, axis=1)[list(columns)])


def _parse(body: bytes, delimiter: str, width: int, kinds: Any) -> pd.DataFrame:
    """Rows below the first line by pandas' C parser; a row with too many cells raises ParserWarning or ValueError."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            return pd.read_csv(
                io.BytesIO(body),
                sep=delimiter,
                header=None,
                names=range(width),
                index_col=False,
                dtype=kinds,
                keep_default_na=False,
                skip_blank_lines=False,
                engine="c",
            )
        except pd.errors.EmptyDataError:
            return pd.DataFrame(columns=range(width), dtype=str)


def _checked(source: Source, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of text as numbers, blank ones dropped. Raises FormatError at the first cell that is none."""
    columns = list(frame)
    frame["line"] = np.arange(2, len(frame) + 2)
    frame = frame[(frame[columns] != "").any(axis=1)].reset_index(drop=True)
    frame["unit_id"] = frame["unit_id"].str.strip()
    for name in columns:
        text = frame[name]
        values = pd.to_numeric(text, errors="coerce").astype(float) if name != "unit_id" else None
        bad = np.asarray(text.isin(MISSING) if values is None else ~np.isfinite(values))
        if bad.any():
            at = int(bad.argmax())
            what = "is missing" if text[at] in MISSING else f"{text[at][:40]!r} is not a number"
            raise FormatError(f"{source.name}: line {frame['line'][at]}, column {name}: {what}")
        if values is not None:
            frame[name] = values
    return frame


def _long_row(source: Source, body: bytes, delimiter: str, width: int) -> FormatError:
    """The first row with more cells than the first line has columns, in words."""
    for number, line in enumerate(body.decode("utf-8", "replace").split("\n"), start=2):
        if line.count(delimiter) >= width:
            return FormatError(
                f"{source.name}: line {number}: more cells than the first line has columns: {line[:60]!r}"
            )
    return FormatError(f"{source.name}: cannot be read as a table; is a quotation mark left open?")
