"""Delimited text: columns of time and signal; delimiter, decimal mark, header and units are found out."""

from __future__ import annotations

import numpy as np

from coeruleus.formats.channels import choose_channel
from coeruleus.formats.chromatogram import Chromatogram
from coeruleus.formats.errors import FormatError
from coeruleus.formats.number_table import NumberTable, find_start, find_table
from coeruleus.formats.registry import reads
from coeruleus.formats.signal_units import name_of_column, unit_of_column
from coeruleus.formats.text import Source
from coeruleus.formats.time_axis import is_time, minutes_per_unit, strictly_rising, words

NOT_SIGNALS = frozenset({"step", "index", "no", "nr", "number", "point", "points", "scan", "sample"})


def sniff(source: Source) -> str | None:
    if source.encoding is None:
        return "not text"
    try:
        find_start(source.text, source.name)
    except FormatError as error:
        return str(error).removeprefix(f"{source.name}: ")
    return None


@reads(
    "delimited",
    "delimited text",
    suffixes=(".txt", ".csv", ".tsv", ".asc", ".dat", ".arw"),
    notes="time and one or more signals; tab, comma, semicolon, bar or blanks; decimal point or comma; "
    "with or without header; the header may name units, as in time_min or Value (nC)",
    sniff=sniff,
    generic=True,
)
def read(source: Source, channel: str | None = None) -> Chromatogram:
    """Read one signal of a table of numbers."""
    table = find_table(source.text, source.name)
    times, signals = _roles(table, source.name)
    names = _channel_names(table, signals)
    column = signals[choose_channel(names, channel, source.name)]
    time_column = max((each for each in times if each < column), default=times[0])
    time, signal, first_line = _trim(table, time_column, column, names[signals.index(column)], source.name)
    title = table.header[time_column] if table.header else None
    unit = unit_of_column(table.header[column]) if table.header else None
    per_unit, note = minutes_per_unit(time, title, source.name)
    time = strictly_rising(time, first_line, source.name)
    if per_unit != 1:  # division by 60 is exact where multiplication by 1/60 is not
        time = time / (1 / per_unit) if per_unit < 1 else time * per_unit
    return Chromatogram(
        time_min=time,
        signal=signal,
        unit=unit,
        channel=names[signals.index(column)],
        channels=names,
        notes=() if note is None else (note,),
        format="delimited",
    )


def _roles(table: NumberTable, file: str) -> tuple[list[int], list[int]]:
    """Columns of time and columns of signal."""
    columns = range(table.values.shape[1])
    empty = {each for each in columns if np.isnan(table.values[:, each]).all()}
    named = table.header or ()
    times = [each for each in columns if named and is_time(named[each]) and each not in empty]
    skipped = {each for each in columns if named and NOT_SIGNALS & set(words(named[each])[:1])}
    if not times:
        rising = [each for each in columns if each not in empty | skipped and _rises(table.values[:, each])]
        if not rising:
            raise FormatError(f"{file}: no column rises from row to row as time does")
        counts = table.values[:, rising[0]]
        counted = len(rising) > 1 and len(columns) > 2 and (np.diff(counts) == 1).all() and rising[:2] == [0, 1]
        skipped |= {rising[0]} if counted else set()
        times = [rising[1] if counted else rising[0]]
    signals = [each for each in columns if each not in empty | skipped | set(times) and each > times[0]]
    if not signals:
        raise FormatError(f"{file}: has a column of time but none of signal")
    return times, signals


def _rises(values: np.ndarray) -> bool:
    return bool((np.diff(values) >= 0).all() and values[-1] > values[0])


def _channel_names(table: NumberTable, signals: list[int]) -> tuple[str, ...]:
    if table.header is None:
        return tuple(str(number) for number in range(1, len(signals) + 1))
    return tuple(name_of_column(table.header[each]) or str(number) for number, each in enumerate(signals, start=1))


def _trim(
    table: NumberTable, time_column: int, column: int, name: str, file: str
) -> tuple[np.ndarray, np.ndarray, int]:
    """Time and signal without empty rows at either end; raises FormatError at a gap."""
    pair = table.values[:, [time_column, column]]
    whole = ~np.isnan(pair).any(axis=1)
    if whole.sum() < 3:
        raise FormatError(f"{file}: channel {name!r} has no values")
    first, last = int(whole.argmax()), len(whole) - int(whole[::-1].argmax())
    if not whole[first:last].all():
        line = table.first_line + first + int((~whole[first:last]).argmax())
        raise FormatError(f"{file}: line {line}: channel {name!r} has no value in the middle of the trace")
    pair = pair[first:last]
    return np.ascontiguousarray(pair[:, 0]), np.ascontiguousarray(pair[:, 1]), table.first_line + first
