"""Waters Empower .arw: a line of names, a line of values, both in quotes, then time and signal."""

from __future__ import annotations

import re

import numpy as np

from coeruleus.formats.channels import choose_channel
from coeruleus.formats.chromatogram import Chromatogram
from coeruleus.formats.dates import iso_date
from coeruleus.formats.errors import FormatError
from coeruleus.formats.facts import header_facts
from coeruleus.formats.number_table import parse_block, split_cells
from coeruleus.formats.registry import reads
from coeruleus.formats.signal_units import unit_of_column
from coeruleus.formats.text import Source
from coeruleus.formats.time_axis import strictly_rising

NAMES = frozenset({"samplename", "channel", "channel name", "channel description", "sample set name", "vial"})
ROW = re.compile(rb"[-+]?[\d.,]")


def sniff(source: Source) -> str | None:
    if source.encoding is None:
        return "not text"
    lines = source.first_text.split("\n", 3)
    if len(lines) < 3 or not (lines[0].startswith('"') and lines[1].startswith('"')):
        return "does not begin with two lines in quotes, names and values"
    names = {cell.casefold() for cell in split_cells(lines[0], "\t")}
    return None if names & NAMES else "its first line names neither a sample nor a channel"


@reads(
    "empower",
    "Waters Empower .arw",
    suffixes=(".arw", ".txt"),
    notes="the columns exported above the trace are read as facts; time is in minutes; Empower writes no unit",
    sniff=sniff,
)
def read(source: Source, channel: str | None = None) -> Chromatogram:
    """Read the trace of the one channel that an Empower export holds."""
    first, second, block = source.text.split(b"\n", 2)
    names = split_cells(first.decode(), "\t")
    values = split_cells(second.decode(), "\t")
    facts = {name.casefold(): value for name, value in zip(names, values, strict=False)}
    first_line = 3
    if block and not ROW.match(block):  # a line of titles above the numbers
        block, first_line = block.partition(b"\n")[2], 4
    table = parse_block(block.rstrip(b"\n\t ") + b"\n", "\t", 2, first_line, source.name)
    if len(table) < 3 or np.isnan(table).any():
        bad = first_line + int(np.isnan(table).any(axis=1).argmax())
        raise FormatError(f"{source.name}: line {bad}: time or value is missing; the file was cut off")
    name = facts.get("channel") or facts.get("channel name") or facts.get("channel description") or "1"
    choose_channel((name,), channel, source.name)
    time = strictly_rising(np.ascontiguousarray(table[:, 0]), first_line, source.name)
    acquired = facts.get("date acquired", "") or facts.get("acq date", "")
    volume = facts.get("injection volume", "") or facts.get("inj vol", "") or facts.get("injection volume (ul)", "")
    header = header_facts(
        sample_name=facts.get("samplename") or facts.get("sample name"),
        sample_type=facts.get("sample type"),
        acquired=iso_date(re.sub(r"\s+[A-Z]{3,4}$", "", acquired)),
        injected_ul=volume,
        vial=facts.get("vial"),
        detector=name,
        method=facts.get("instrument method name"),
    )
    return Chromatogram(
        time_min=time,
        signal=np.ascontiguousarray(table[:, 1]),
        unit=unit_of_column(facts.get("channel description", "")) if "channel description" in facts else None,
        channel=name,
        channels=(name,),
        header=header,
        notes=("Empower's export does not say the unit of the signal",),
        format="empower",
    )
