"""EZChrom and EZStart .asc: a header, then the points of one channel after those of the other."""

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
from coeruleus.formats.signal_units import scaled_unit, tidy_unit
from coeruleus.formats.text import Source

MOST_CHANNELS = 64
NUMBERS = re.compile(rb"^[-+]?[\d.,]+(?:[eE][-+]?\d+)?[ \t]*$", re.MULTILINE)


def sniff(source: Source) -> str | None:
    if source.encoding is None:
        return "not text"
    text = source.first_text
    if re.match(r"\s*Version:\s", text) and "Maxchannels:" in text[:2000] and "Total Data Points:" in text:
        return None
    return "does not begin with Version and Maxchannels"


@reads(
    "ezchrom",
    "EZChrom or EZStart .asc",
    suffixes=(".asc", ".txt"),
    notes="channels stacked one after the other, each with its own rate and number of points; numbered from 1; the "
    "signal is kept as written (µV where the file says mV × 0.001)",
    sniff=sniff,
)
def read(source: Source, channel: str | None = None) -> Chromatogram:
    """Read one channel; all points that the header promises must be there, and no more."""
    start = NUMBERS.search(source.text)
    if start is None:
        raise FormatError(f"{source.name}: holds no numbers; the file was cut off")
    above = source.text[: start.start()]
    facts: dict[str, list[str]] = {}
    for line in above.decode().split("\n"):
        title, *cells = line.split("\t")
        facts.setdefault(title.strip().rstrip(":").casefold(), [cell.strip() for cell in cells])
    count = int(_numbers(facts, "maxchannels", 1, source)[0])
    if not 1 <= count <= MOST_CHANNELS:
        raise FormatError(f"{source.name}: says Maxchannels {count}")
    points = [int(value) for value in _numbers(facts, "total data points", count, source)]
    rates = _numbers(facts, "sampling rate", count, source)
    if min(points) < 0 or not min(rates) > 0:
        raise FormatError(f"{source.name}: says 'Total Data Points' {points} and 'Sampling Rate' {rates}")
    names = tuple((facts.get("channel name", []) + [""] * count)[index] or str(index + 1) for index in range(count))
    block = source.text[start.start() :].rstrip(b"\n\t ") + b"\n"
    first_line = above.count(b"\n") + 1
    values = parse_block(block, "\t", 1, first_line, source.name)[:, 0]
    if len(values) != sum(points):
        raise FormatError(f"{source.name}: says {sum(points)} points but has {len(values)}; it was cut off or joined")
    if np.isnan(values).any():
        raise FormatError(f"{source.name}: line {first_line + int(np.isnan(values).argmax())}: the value is missing")
    if not any(points):
        raise FormatError(f"{source.name}: no channel has points")
    chosen = choose_channel(names, channel, source.name)
    begin = sum(points[:chosen])
    signal = np.ascontiguousarray(values[begin : begin + points[chosen]])
    if len(signal) < 3:
        raise FormatError(f"{source.name}: channel {names[chosen]!r} has {len(signal)} points")
    unit = tidy_unit((facts.get("y axis title", []) + [""] * count)[chosen])
    multiplier = _numbers(facts, "y axis multiplier", count, source)[chosen]
    acquired = (facts.get("acquisition date and time") or [""])[0]
    return Chromatogram(
        time_min=np.arange(len(signal)) / (rates[chosen] * 60),
        signal=signal,
        unit=scaled_unit(unit, multiplier),
        channel=names[chosen],
        channels=names,
        header=header_facts(
            sample_name=(facts.get("sample id") or [""])[0],
            acquired=iso_date(acquired),
            injected_ul=(facts.get("volume") or [""])[0],
            vial=(facts.get("vial number") or [""])[0],
            method=(facts.get("method") or [""])[0],
            detector=names[chosen],
        ),
        format="ezchrom",
    )


def _numbers(facts: dict[str, list[str]], name: str, count: int, source: Source) -> list[float]:
    """The first `count` numbers of a fact; FormatError where there are fewer."""
    found = []
    for text in facts.get(name, [])[:count]:
        try:
            found.append(float(text.replace(",", ".")))
        except ValueError:
            break
    if len(found) < count or not np.isfinite(found).all():
        raise FormatError(f"{source.name}: the header's {name!r} does not give {count} numbers")
    return found
