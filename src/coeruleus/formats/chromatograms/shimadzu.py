"""Shimadzu ASCII exports (LabSolutions, LCsolution): sections in brackets, several detectors, peak tables."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coeruleus.formats.channels import choose_channel
from coeruleus.formats.chromatogram import VENDOR_COLUMNS, Chromatogram
from coeruleus.formats.dates import iso_date
from coeruleus.formats.errors import FormatError
from coeruleus.formats.number_table import parse_block, split_cells
from coeruleus.formats.registry import reads
from coeruleus.formats.signal_units import scaled_unit, tidy_unit
from coeruleus.formats.text import Source

SECTION = re.compile(rb"^\[([^\]\n]*)\][\t,; ]*$", re.MULTILINE)
TRACE = re.compile(r"(?:LC |GC |UV |PDA Multi )?Chromatogram ?\((.*)\)")
PEAK_COLUMNS = {
    "R.Time": "retention_time_min",
    "I.Time": "start_min",
    "F.Time": "end_min",
    "Area": "area",
    "Height": "height",
    "Mark": "mark",
    "Name": "name",
}


@dataclass(frozen=True)
class Export:
    """The sections of one file, by title, as bytes; with their first line, from 1."""

    file: str
    delimiter: str
    sections: dict[str, bytes]
    lines: dict[str, int]

    def facts(self, title: str) -> dict[str, list[str]]:
        """Lines of "name, value, value" of a section, up to its table."""
        rows = [
            split_cells(line, self.delimiter)
            for line in self.sections.get(title, b"")[:16384].decode("utf-8", "replace").split("\n")
        ]
        return {row[0]: row[1:] for row in rows if row}


def sniff(source: Source) -> str | None:
    if source.encoding is None:
        return "not text"
    if re.match(r"\s*\[Header\]", source.first_text) and "Application Name" in source.first_text:
        return None
    return "does not begin with [Header] and an application's name"


@reads(
    "shimadzu",
    "Shimadzu LabSolutions or LCsolution ASCII",
    suffixes=(".txt", ".asc"),
    notes="tab, comma or semicolon; every detector is a channel; the file's own peak table is read too; "
    "the signal is kept as written (µV where the file says mV × 0.001), the unit of the file's own areas",
    sniff=sniff,
)
def read(source: Source, channel: str | None = None) -> Chromatogram:
    """Read one detector's trace with the file's facts and peak table."""
    export = _split(source)
    titles = {match[1]: title for title in export.sections if (match := TRACE.fullmatch(title))}
    if not titles:
        raise FormatError(f"{source.name}: has no chromatogram section; export it with the chromatogram ticked")
    names = tuple(titles)
    name = names[choose_channel(names, channel, source.name)]
    title = titles[name]
    facts, time, signal = _trace(export, title)
    unit = tidy_unit(_first(facts, "Intensity Units"))
    multiplier = _number(_first(facts, "Intensity Multiplier") or "1", export, "Intensity Multiplier")
    return Chromatogram(
        time_min=time,
        signal=signal,
        unit=scaled_unit(unit, multiplier),
        channel=name,
        channels=names,
        header=_header(export, name, facts),
        vendor_peaks=_peaks(export, name),
        format="shimadzu",
    )


def _split(source: Source) -> Export:
    text = source.text
    marks = list(SECTION.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    sections: dict[str, bytes] = {}
    lines: dict[str, int] = {}
    line, last = 1, 0
    for mark, end in zip(marks, ends, strict=True):
        title = mark[1].decode("utf-8", "replace")
        line, last = line + text.count(b"\n", last, mark.end()), mark.end()
        if title in sections:
            raise FormatError(f"{source.name}: line {line}: section [{title}] stands twice")
        sections[title] = text[mark.end() :][: end - mark.end()].lstrip(b"\t,; ").removeprefix(b"\n")
        lines[title] = line + 1
    found = re.search(rb"^Application Name([\t,;])", text, re.MULTILINE)
    if found is None:
        raise FormatError(f"{source.name}: cannot tell the delimiter: 'Application Name' has no value")
    return Export(source.name, found[1].decode(), sections, lines)


def _trace(export: Export, title: str) -> tuple[dict[str, list[str]], np.ndarray, np.ndarray]:
    """(facts, time in min, signal as written) of a chromatogram section, checked against its own facts."""
    body = export.sections[title]
    start = re.search(rb"^[ \t]*[-+]?[\d.,]+[\t,; ]", body, re.MULTILINE)
    facts = export.facts(title)
    expected = _number(_first(facts, "# of Points"), export, "# of Points")
    if start is None:
        raise FormatError(f"{export.file}: section [{title}] holds no numbers; the file was cut off")
    block = body[start.start() :].rstrip(b"\n\t,; ") + b"\n"
    first_line = export.lines[title] + body.count(b"\n", 0, start.start())
    values = parse_block(block, export.delimiter, 2, first_line, export.file)
    if len(values) != expected or np.isnan(values).any():
        found = int((~np.isnan(values).any(axis=1)).sum())
        raise FormatError(f"{export.file}: section [{title}] has {found} of {expected:g} points; the file was cut off")
    return facts, _times(export, facts, values[:, 0], first_line), np.ascontiguousarray(values[:, 1])


def _times(export: Export, facts: dict[str, list[str]], written: np.ndarray, first_line: int) -> np.ndarray:
    """The exact grid of start and interval; written times are rounded and must agree with it."""
    interval = _number(_first(facts, "Interval(msec)"), export, "Interval(msec)") / 60000
    begin = _number(_first(facts, "Start Time(min)"), export, "Start Time(min)")
    grid = begin + np.arange(len(written)) * interval
    apart = np.abs(grid - written)
    if not interval > 0 or (apart > 0.0006 + 1e-6 * np.abs(written)).any():
        line = first_line + int((apart > 0.0006 + 1e-6 * np.abs(written)).argmax())
        raise FormatError(f"{export.file}: line {line}: the time does not fit 'Interval(msec)' and 'Start Time(min)'")
    return grid


def _peaks(export: Export, channel: str) -> pd.DataFrame | None:
    """The file's own peak table of a detector; None where it has none."""
    detector = re.sub(r"-Ch\d+$", "", channel)
    titles = [f"Peak Table({channel})"]
    if (
        sum(
            title.startswith((f"LC Chromatogram({detector}-Ch", f"LC Chromatogram({detector})"))
            for title in export.sections
        )
        == 1
    ):
        titles.append(f"Peak Table({detector})")
    body = next((export.sections[title] for title in titles if title in export.sections), None)
    if body is None:
        return None
    rows = [split_cells(line, export.delimiter) for line in body.decode().split("\n")]
    at = next((index for index, row in enumerate(rows) if row and row[0] == "Peak#"), None)
    if at is None:
        return pd.DataFrame(columns=list(VENDOR_COLUMNS))
    records = []
    for row in filter(None, rows[at + 1 :]):
        cells = dict(zip(rows[at], row, strict=False))
        record: dict[str, object] = {new: cells.get(old) or None for old, new in PEAK_COLUMNS.items()}
        for column in VENDOR_COLUMNS[:5]:
            record[column] = _number(str(record[column] or ""), export, f"peak table, {column}")
        records.append(record)
    return pd.DataFrame(records, columns=list(VENDOR_COLUMNS))


def _header(export: Export, channel: str, trace: dict[str, list[str]]) -> dict[str, str]:
    sample, files = export.facts("Sample Information"), export.facts("Original Files")
    about = export.facts("File Information"), export.facts("Header")
    dates = [_first(each, key) for each in about for key in ("Generated", "Modified", "Output Date")]
    wavelength = _first(trace, "Wavelength(nm)")
    facts = {
        "sample_name": _first(sample, "Sample Name"),
        "sample_id": _first(sample, "Sample ID"),
        "sample_type": _first(sample, "Sample Type").partition(":")[2],
        "acquired": iso_date(_first(sample, "Acquired"), dates) or "",
        "injected_ul": _first(sample, "Injection Volume"),
        "vial": _first(sample, "Vial#"),
        "detector": f"{channel}, {wavelength} nm" if wavelength else channel,
        "method": re.split(r"[\\/]", _first(files, "Method File"))[-1],
    }
    return {key: value for key, value in facts.items() if value}


def _first(facts: dict[str, list[str]], key: str) -> str:
    return (facts.get(key) or [""])[0]


def _number(text: str, export: Export, what: str) -> float:
    decimal = text.replace(",", ".") if export.delimiter != "," else text
    try:
        value = float(decimal)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise FormatError(f"{export.file}: {what}: {text!r} is not a number")
    return value
