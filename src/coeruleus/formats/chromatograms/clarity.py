"""DataApex Clarity (also sold as ClarityChrom) text: facts as "name : value", units in brackets, time and signal.

The layout is the one that yadg (Kraus et al. 2022) reads; Clarity's other text export is that of EZChrom.
"""

from __future__ import annotations

import re

import numpy as np

from coeruleus.formats.channels import choose_channel
from coeruleus.formats.chromatogram import Chromatogram
from coeruleus.formats.dates import iso_date
from coeruleus.formats.errors import FormatError
from coeruleus.formats.facts import header_facts
from coeruleus.formats.number_table import parse_block
from coeruleus.formats.registry import reads
from coeruleus.formats.signal_units import tidy_unit
from coeruleus.formats.text import Source
from coeruleus.formats.time_axis import strictly_rising

UNITS = re.compile(r"^\[([^\]\t\n]*)\]\t\[([^\]\t\n]*)\][ \t]*$", re.MULTILINE)
RATE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:samp\S*)?\s*per\s+(sec|min)", re.IGNORECASE)
PER_MINUTE = {"min": 1.0, "s": 60.0, "sec": 60.0}
MOST_APART = 0.02


def sniff(source: Source) -> str | None:
    if source.encoding is None:
        return "not text"
    above, units, _ = _split(source.first_text)
    facts = _facts(above)
    if units and "rate" in facts and "y axis title" in facts:
        return None
    return "without Rate, Y Axis Title and units in brackets above the numbers"


def _split(text: str) -> tuple[str, re.Match[str] | None, str]:
    """What stands above the units, the units, and the numbers."""
    units = UNITS.search(text)
    return (text, None, "") if units is None else (text[: units.start()], units, text[units.end() + 1 :])


def _facts(above: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in above.split("\n") if ":" in line)
    return {name.strip().casefold(): value.strip() for name, _, value in pairs}


@reads(
    "clarity",
    "DataApex Clarity text",
    suffixes=(".txt", ".asc"),
    notes="one signal a file; Clarity's EZChrom export is read as EZChrom; not tried on a real file yet",
    sniff=sniff,
)
def read(source: Source, channel: str | None = None) -> Chromatogram:
    """Read the trace. Raises FormatError where the times contradict the sampling rate of the header."""
    above, units, block = _split(source.text.decode("utf-8", "replace"))
    if units is None:
        raise FormatError(f"{source.name}: has no line of units above its numbers; it was cut off")
    facts = _facts(above)
    per_minute = PER_MINUTE.get(units[1].strip().rstrip(".").casefold())
    if per_minute is None:
        raise FormatError(f"{source.name}: its times are in {units[1]!r}, which is neither minutes nor seconds")
    first_line = above.count("\n") + 2
    table = parse_block(block.rstrip("\n\t ").encode() + b"\n", "\t", 2, first_line, source.name)
    if len(table) < 3 or np.isnan(table).any():
        bad = first_line + int(np.isnan(table).any(axis=1).argmax()) if len(table) else first_line
        raise FormatError(f"{source.name}: line {bad}: time or value is missing; the file was cut off")
    time = strictly_rising(np.ascontiguousarray(table[:, 0]), first_line, source.name) / per_minute
    _check_rate(facts.get("rate", ""), time, source.name)
    name = facts.get("y axis title") or "1"
    choose_channel((name,), channel, source.name)
    return Chromatogram(
        time_min=time,
        signal=np.ascontiguousarray(table[:, 1]),
        unit=tidy_unit(units[2]),
        channel=name,
        channels=(name,),
        header=header_facts(
            sample_name=facts.get("sample"),
            sample_id=facts.get("sample id") or facts.get("sampleid"),
            acquired=iso_date(re.sub(r"([A-Za-z]{3})-(\d\d) ", r"\1-20\2 ", facts.get("sample injected", ""))),
            detector=name,
            method=facts.get("method"),
        ),
        format="clarity",
    )


def _check_rate(text: str, time: np.ndarray, file: str) -> None:
    stated = RATE.search(text)
    if stated is None:
        raise FormatError(f"{file}: says Rate {text[:40]!r}, which is no number of points per second or minute")
    rate = float(stated[1].replace(",", ".")) * (60 if stated[2].casefold() == "sec" else 1)
    found = (len(time) - 1) / (time[-1] - time[0])
    if abs(found - rate) > MOST_APART * rate:
        raise FormatError(f"{file}: says Rate {text[:40]}, but has {found / 60:.4g} points per s; the file is damaged")
