"""The reports that ChemStation leaves in a .D folder: the peak table of each signal, and the sample."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd

from coeruleus.formats.chromatogram import VENDOR_COLUMNS
from coeruleus.formats.errors import FormatError
from coeruleus.formats.text import Source

LARGEST = 2**22
ROW = re.compile(r"\s*(\d+)\s+([\d.]+)\s+([A-Z ]{2,6}?)\s+([\d.]+)\s+([\d.e+]+)\s+([\d.e+-]+)\s+([\d.e+-]+)\s*$")


def _text(folder: Path, name: str) -> str | None:
    """A small text file of a folder by its name in any case; None where it is not there or no text."""
    for each in sorted(folder.iterdir()):
        if each.name.casefold() == name.casefold() and each.is_file() and each.stat().st_size <= LARGEST:
            try:
                return Source(each).text.decode("utf-8", "replace")
            except FormatError:
                return None
    return None


def read_report(folder: Path, stem: str, order: int) -> tuple[pd.DataFrame | None, str | None]:
    """(vendor's peaks of one trace, a note where a report is there but cannot be matched).

    Report00.CSV says which signal has which number; without it the reports follow the order of the traces. Areas
    are in signal unit × s, as ChemStation's reports say. Start and end are in no report.
    """
    titles = _text(folder, "Report00.CSV") or ""
    numbers = {
        _folded(match[2]): int(match[1]) for match in re.finditer(r'^"?Signal (\d+)"?,"?([^",]*)', titles, re.MULTILINE)
    }
    if numbers and _folded(stem) not in numbers:
        return None, None
    number = numbers.get(_folded(stem), order + 1)
    table = _text(folder, f"REPORT{number:02d}.CSV")
    if table is not None:
        return _from_csv(table)
    report = _text(folder, "Report.TXT")
    return _from_text(report, stem) if report else (None, None)


def _folded(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", name.upper())


def _from_csv(text: str) -> tuple[pd.DataFrame | None, str | None]:
    """Rows of number, retention time, type, width, area, height, percent."""
    records = []
    for row in csv.reader(text.split("\n")):
        if not row:
            continue
        try:
            time, area, height = float(row[1]), float(row[4]), float(row[5])
        except (ValueError, IndexError):
            return None, "the peak table beside the trace (REPORT01.CSV) has other columns than expected; not shown"
        records.append((time, area, height, row[2].strip()))
    return _frame(records), None


def _from_text(text: str, stem: str) -> tuple[pd.DataFrame | None, str | None]:
    """The table under "Signal 1: FID1 A, ..." of Report.TXT."""
    records: list[tuple[float, float, float, str]] = []
    found = inside = False
    for line in text.split("\n"):
        signal = re.match(r"Signal \d+: ?([^,]*)", line)
        if signal:
            inside = _folded(signal[1]).startswith(_folded(stem)) or _folded(stem).startswith(_folded(signal[1]))
            inside = inside and not found
            found = found or inside
            continue
        match = ROW.match(line) if inside else None
        if match:
            records.append((float(match[2]), float(match[5]), float(match[6]), match[3].strip()))
    return (_frame(records), None) if found else (None, None)


def _frame(records: list[tuple[float, float, float, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(records, columns=["retention_time_min", "area", "height", "mark"])
    return frame.assign(start_min=np.nan, end_min=np.nan, name=None)[list(VENDOR_COLUMNS)]


def read_sample(folder: Path) -> dict[str, str]:
    """Name, vial and injected volume of the sample from SAMPLE.XML and Report00.CSV, where they are there."""
    report, sample = _text(folder, "Report00.CSV") or "", _text(folder, "SAMPLE.XML") or ""
    facts: dict[str, str] = {}
    name = re.search(r"<Name>([^<]{1,200})</Name>", sample) or re.search(r'"Sample Name","([^"]*)"', report)
    vial = re.search(r'"Location",\s*"?([^",\n]*)', report)
    volume = re.search(r'"Inj Volume",([\d.]+),"([^"]*)"', report)
    if name:
        facts["name"] = name[1]
    if vial:
        facts["vial"] = vial[1]
    if volume and volume[2].casefold().lstrip("uµ\u03bc") == "l" and volume[2] != "l":
        facts["injected_ul"] = volume[1]
    return facts
