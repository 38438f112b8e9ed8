"""ADInstruments LabChart text exports: named lines, then time and one column per channel."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import numpy as np

from coeruleus.formats.channels import choose_channel
from coeruleus.formats.chromatogram import Chromatogram
from coeruleus.formats.errors import FormatError
from coeruleus.formats.facts import header_facts
from coeruleus.formats.number_table import parse_block
from coeruleus.formats.registry import reads
from coeruleus.formats.signal_units import tidy_unit
from coeruleus.formats.text import Source
from coeruleus.formats.time_axis import strictly_rising

BEGIN = re.compile(r"\s*Interval=", re.IGNORECASE)
ROW = re.compile(rb"^[ \t]*[-+]?[\d.,]", re.MULTILINE)
COMMENT = re.compile(rb"[\t ]*#\*[^\n]*")
SECONDS = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "min": 60.0, "hr": 3600.0}
SERIAL = re.compile(r"([1-9])[.,](\d{9,})[eE]\+0*4")  # days since 1899-12-30, to a second or finer


def sniff(source: Source) -> str | None:
    if source.encoding is None:
        return "not text"
    text = source.first_text
    return None if BEGIN.match(text) and "ChannelTitle=" in text else "does not begin with Interval= and ChannelTitle="


@reads(
    "labchart",
    "LabChart text",
    suffixes=(".txt",),
    notes="one block; every channel by its title; the time column counts in seconds; comments are passed over; "
    "not tried on a real file yet",
    sniff=sniff,
)
def read(source: Source, channel: str | None = None) -> Chromatogram:
    """Read one channel. The time column must agree with the interval above it."""
    text = source.text
    if len(re.findall(rb"^Interval=", text, re.MULTILINE)) > 1:
        raise FormatError(f"{source.name}: holds several blocks; export each to a file of its own")
    start = ROW.search(text)
    if start is None:
        raise FormatError(f"{source.name}: holds no numbers; the file was cut off")
    facts: dict[str, list[str]] = {}
    for line in text[: start.start()].decode().split("\n"):
        title, equals, rest = line.partition("=")
        if equals:
            facts[title.strip().casefold()] = [cell.strip() for cell in rest.strip("\r\n").lstrip("\t").split("\t")]
    names = tuple(each for each in facts.get("channeltitle", []) if each)
    if not names:
        raise FormatError(f"{source.name}: names no channel")
    chosen = choose_channel(names, channel, source.name)
    block = COMMENT.sub(b"", text[start.start() :]).rstrip(b"\n\t ") + b"\n"
    first_line = text.count(b"\n", 0, start.start()) + 1
    values = parse_block(block, "\t", len(names) + 1, first_line, source.name)
    pair = values[:, [0, chosen + 1]]
    if len(pair) < 3 or np.isnan(pair).any():
        bad = first_line + int(np.isnan(pair).any(axis=1).argmax())
        raise FormatError(f"{source.name}: line {bad}: time or value is missing")
    time = strictly_rising(np.ascontiguousarray(pair[:, 0]), first_line, source.name)
    _check_interval(time, (facts.get("interval") or [""])[0], source.name)
    unit = (facts.get("unitname", []) + [""] * len(names))[chosen]
    if unit in ("", "*"):  # not converted: in the unit of the range
        span = (facts.get("range", []) + [""] * len(names))[chosen]
        unit = span.split()[-1] if len(span.split()) > 1 else ""
    return Chromatogram(
        time_min=(time - time[0]) / 60,
        signal=np.ascontiguousarray(pair[:, 1]),
        unit=tidy_unit(unit),
        channel=names[chosen],
        channels=names,
        header=header_facts(
            detector=names[chosen],
            acquired=_began((facts.get("exceldatetime") or [""])[0]) if abs(time[0]) < 1 else None,
        ),
        notes=("the export does not say when the injection was; times count from its first point",),
        format="labchart",
    )


def _began(serial: str) -> str | None:
    """The start of the block, from a number of days that leaves no doubt about day and month."""
    match = SERIAL.fullmatch(serial)
    if match is None:
        return None
    days = float(f"{match[1]}.{match[2]}e4")
    return (datetime(1899, 12, 30) + timedelta(days=days)).isoformat(timespec="seconds")


def _check_interval(time: np.ndarray, interval: str, file: str) -> None:
    match = re.fullmatch(rf"(\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?) *({'|'.join(SECONDS)})", interval)
    step = float(match[1].replace(",", ".")) * SECONDS[match[2]] if match else 0.0
    found = float(np.median(np.diff(time)))
    if step <= 0 or abs(found / step - 1) > 0.02:
        raise FormatError(f"{file}: rows are {found:g} apart, but Interval says {interval!r}; export time in seconds")
