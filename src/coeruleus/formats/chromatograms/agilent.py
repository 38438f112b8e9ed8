"""Agilent ChemStation: one .ch file or a whole .D folder, through rainbow, with the reports beside them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

from coeruleus.formats.agilent_reports import read_beside
from coeruleus.formats.channels import choose_channel
from coeruleus.formats.chromatogram import Chromatogram
from coeruleus.formats.dates import iso_date
from coeruleus.formats.errors import FormatError
from coeruleus.formats.facts import header_facts
from coeruleus.formats.registry import reads
from coeruleus.formats.signal_units import tidy_unit
from coeruleus.formats.text import Source
from coeruleus.formats.time_limit import time_limit

LARGEST = 2**28
FLOAT_TIMES = ("179", "181")
DATA_START = {"30": 0x400, "130": 0x1800, "179": 0x1800, "181": 0x1800}
SHORTEST_MS, LONGEST_MS = 1000.0, 7 * 24 * 3600e3


def sniff(source: Source) -> str | None:
    if source.is_folder:
        return None if _traces(source.path) else "a folder without .ch files"
    return None if _version(source.head) else "does not begin as a ChemStation .ch file does"


def _version(head: bytes) -> str | None:
    text = head[1 : 1 + head[0]].decode("latin-1") if head and head[0] in (2, 3) else ""
    return text if text in DATA_START else None


def _traces(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.suffix.lower() == ".ch" and each.is_file())


@reads(
    "agilent",
    "Agilent ChemStation or OpenLab .D, .ch",
    suffixes=(".D", ".ch"),
    notes="UV, FID, analog and electrochemical inputs; name the .D folder and a channel, or the .ch file itself; "
    "REPORT01.CSV or Report.TXT beside it is read as the vendor's peak table",
    sniff=sniff,
    folders=True,
)
def read(source: Source, channel: str | None = None) -> Chromatogram:
    """Read one trace. In a folder every .ch file is a channel, named as the file."""
    path = source.path
    if source.is_folder:
        files = _traces(path)
        path = files[choose_channel([each.stem for each in files], channel, source.name)]
        names = tuple(each.stem for each in files)
    else:
        names = (path.stem,)
        if channel is not None and channel.strip().casefold() != path.stem.casefold():
            choose_channel(names, channel, source.name)
    file = f"{source.name}/{path.name}" if source.is_folder else path.name
    one = Source(path, file)
    begin, end = _span(one, file)
    parsed = _parse(one, file)
    signal = np.ascontiguousarray(parsed.data[:, 0], dtype=float)
    # A sum that is finite has only finite parts, and is quicker.
    if len(signal) < 3 or not (np.isfinite(signal.sum()) or np.isfinite(signal).all()):
        raise FormatError(f"{file}: holds no sound trace")
    facts = {key: str(value) for key, value in parsed.metadata.items()}
    peaks, note, sample = read_beside(path) if path.parent.suffix.lower() == ".d" else (None, None, {})
    return Chromatogram(
        time_min=np.linspace(begin / 60000, end / 60000, len(signal)),
        signal=signal,
        unit=tidy_unit(facts.get("unit", "")),
        channel=path.stem,
        channels=names,
        header=header_facts(
            sample_name=sample.get("name") or facts.get("notebook"),
            acquired=iso_date(facts.get("date", "")),
            vial=sample.get("vial"),
            injected_ul=sample.get("injected_ul"),
            detector=facts.get("signal") or path.stem,
            method=facts.get("method"),
        ),
        vendor_peaks=peaks,
        notes=() if note is None else (note,),
        format="agilent",
    )


def _span(source: Source, file: str) -> tuple[float, float]:
    """First and last time in ms, before anything is made of them."""
    version = _version(source.head)
    if version is None or source.size > LARGEST or len(source.head) < DATA_START[version] + 4:
        raise FormatError(f"{file}: is no ChemStation trace, or was cut off")
    begin, end = struct.unpack(">ff" if version in FLOAT_TIMES else ">ii", source.head[0x11A:0x122])
    if not (np.isfinite(begin) and np.isfinite(end) and SHORTEST_MS <= end - begin <= LONGEST_MS):
        raise FormatError(f"{file}: says that it lasts from {begin:g} to {end:g} ms; it is damaged")
    return float(begin), float(end)


def _parse(source: Source, file: str) -> Any:
    """rainbow's reading, where the data end as the format says."""
    from rainbow.agilent.chemstation import parse_ch  # type: ignore[import-untyped]

    try:
        with time_limit(5 + source.size / 1e6):
            parsed = parse_ch(str(source.path))
    except Exception as error:
        raise FormatError(f"{file}: damaged or cut off, rainbow cannot read it ({type(error).__name__})") from None
    if parsed is None:
        raise FormatError(f"{file}: holds no points")
    if _version(source.head) in ("30", "130"):
        _check_segments(source, len(parsed.data), file)
    return parsed


def _check_segments(source: Source, points: int, file: str) -> None:
    """Every segment of the data is whole, and they hold as many points as were read: a cut-off file shows."""
    data = source.path.read_bytes()
    at, found = DATA_START[_version(source.head) or "30"], 0
    while at + 2 <= len(data) and data[at] == 0x10:
        count = data[at + 1]
        at += 2
        if data.find(b"\x80\x00", at, at + 2 * count) < 0:  # no value is written in full
            at, found = at + 2 * count, found + count
            continue
        for _ in range(count):
            at += 6 if data[at : at + 2] == b"\x80\x00" else 2
        found += count
    if at > len(data) or found != points or (at < len(data) and data[at] != 0):
        raise FormatError(f"{file}: its last points are missing; it was cut off")
    if at == len(data):
        raise FormatError(f"{file}: its data have no end; it was cut off")
