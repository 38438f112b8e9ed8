"""The reports that ChemStation leaves in a .D folder: the peak table of each signal, and the sample."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from coeruleus.formats.chromatogram import VENDOR_COLUMNS
from coeruleus.formats.errors import FormatError
from coeruleus.formats.text import Source

LARGEST = 2**22
SIGNAL = re.compile(r'^"?Signal (\d+)"?,"?([^",]*)', re.MULTILINE)
ROW = re.compile(r"\s*(\d+)\s+([\d.]+)\s+([A-Z ]{2,6}?)\s+([\d.]+)\s+([\d.e+]+)\s+([\d.e+-]+)\s+([\d.e+-]+)\s*$")


def read_beside(trace: Path, names: Sequence[str]) -> tuple[pd.DataFrame | None, str | None, dict[str, str]]:
    """What the reports in the .D folder of a trace say: the vendor's peaks, a note, facts of the sample.

    `names` are those of the files in the folder, in order; without any there is nothing.
    """
    if not names:
        return None, None, {}
    order = [Path(name).stem for name in names if name.lower().endswith(".ch")].index(trace.stem)
    files = {name.casefold(): trace.with_name(name) for name in reversed(names)}
    titles = _text(files, "Report00.CSV")
    peaks, note = _peaks(files, titles, trace.stem, order)
    return peaks, note, _sample(titles, _text(files, "SAMPLE.XML"))


def _text(files: Mapping[str, Path], name: str) -> str:
    """A small text file by its name in any case; empty where it is not there or no text."""
    path = files.get(name.casefold())
    try:
        found = Source(path) if path is not None else None
        return found.text.decode("utf-8", "replace") if found and found.size <= LARGEST else ""
    except FormatError:
        return ""


def _peaks(files: Mapping[str, Path], titles: str, stem: str, order: int) -> tuple[pd.DataFrame | None, str | None]:
    """(vendor's peaks of one trace, a note where a report is there but cannot be matched).

    Report00.CSV says which signal has which number; without it the reports follow the order of the traces. Areas
    are in signal unit × s, as ChemStation's reports say. Start and end are in no report.
    """
    numbers = {_folded(match[2]): int(match[1]) for match in SIGNAL.finditer(titles)}
    if numbers and _folded(stem) not in numbers:
        return None, None
    table = _text(files, f"REPORT{numbers.get(_folded(stem), order + 1):02d}.CSV")
    if table:
        return _from_csv(table)
    report = _text(files, "Report.TXT")
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


def _sample(report: str, sample: str) -> dict[str, str]:
    """Name, vial and injected volume of the sample from Report00.CSV and SAMPLE.XML, where they are there."""
    facts: dict[str, str] = {}
    if not (report or sample):
        return facts
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
