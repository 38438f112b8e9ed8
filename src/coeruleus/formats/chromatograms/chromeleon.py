"""Chromeleon 6 and 7 text exports of one channel's raw data."""

from __future__ import annotations

import re

import numpy as np

from coeruleus.formats.channels import choose_channel
from coeruleus.formats.chromatogram import Chromatogram
from coeruleus.formats.dates import iso_date
from coeruleus.formats.errors import FormatError
from coeruleus.formats.facts import header_facts
from coeruleus.formats.number_table import find_table, split_cells
from coeruleus.formats.registry import reads
from coeruleus.formats.signal_units import tidy_unit, unit_of_column
from coeruleus.formats.text import Source
from coeruleus.formats.time_axis import minutes_per_unit, strictly_rising

BEGINS = re.compile(r"\s*\"?(?:File ?path|URL)\"?[\t,;]", re.IGNORECASE)
DELIMITER = re.compile(r"^\"?Channel\"?([\t,;])", re.MULTILINE)


def sniff(source: Source) -> str | None:
    if source.encoding is None:
        return "not text"
    text = source.first_text
    if BEGINS.match(text) and DELIMITER.search(text[:2000]) and "Data Points" in text:
        return None
    return "does not begin with File Path and Channel as Chromeleon's exports do"


@reads(
    "chromeleon",
    "Chromeleon 6 or 7 text",
    suffixes=(".txt", ".csv"),
    notes="one channel a file; decimal point or comma, thousands dots; sample, time, volume and position are read too",
    sniff=sniff,
)
def read(source: Source, channel: str | None = None) -> Chromatogram:
    """Read the trace with the header's facts; the number of points must be what the header says."""
    table = find_table(source.text, source.name)
    mark = DELIMITER.search(source.first_text)
    delimiter = mark[1] if mark else "\t"
    facts: dict[str, str] = {}
    for line in table.preamble:
        cells = split_cells(line, delimiter)
        if len(cells) > 1:
            facts.setdefault(cells[0].casefold(), cells[1])
    if table.values.shape[1] not in (2, 3):
        raise FormatError(f"{source.name}: has {table.values.shape[1]} columns of numbers; time, step, value expected")
    time, signal = table.values[:, 0], table.values[:, -1]
    broken = ~(np.isfinite(time) & np.isfinite(signal))
    if broken.any():
        raise FormatError(f"{source.name}: line {table.first_line + int(broken.argmax())}: time or value is missing")
    if len(time) < 3:
        raise FormatError(f"{source.name}: holds {len(time)} points")
    name = facts.get("channel", "") or facts.get("channel name", "") or "1"
    choose_channel((name,), channel, source.name)
    titles = table.header
    per_unit, note = minutes_per_unit(time, titles[0] if titles else "min", source.name)
    unit = unit_of_column(titles[-1]) if titles else None
    # Chromeleon 6 writes the quantity as unit, and the unit as dimension.
    unit = unit or tidy_unit(facts.get("signal dimension", "") or facts.get("signal unit", ""))
    return Chromatogram(
        time_min=np.ascontiguousarray(strictly_rising(time, table.first_line, source.name)) * per_unit,
        signal=np.ascontiguousarray(signal),
        unit=unit,
        channel=name,
        channels=(name,),
        header=_header(facts, name),
        notes=() if note is None else (note,),
        format="chromeleon",
    )


def _header(facts: dict[str, str], channel: str) -> dict[str, str]:
    def first(*keys: str) -> str:
        return next((facts[key] for key in keys if facts.get(key)), "")

    volume = next((value for key, value in facts.items() if key.startswith("injection volume")), "")
    day, hour = first("injection date", "date"), first("injection time", "time")
    others = [value for key, value in facts.items() if "date" in key]
    wavelength = first("wavelength")
    return header_facts(
        sample_name=first("injection", "sample", "injection name", "sample name"),
        sample_id=first("sample id"),
        sample_type=first("type"),
        acquired=iso_date(f"{day} {hour}".strip(), others),
        injected_ul=volume,
        vial=first("position", "sample position"),
        detector=f"{channel}, {wavelength}" if wavelength else channel,
        method=first("instrument method", "pgm file"),
    )
