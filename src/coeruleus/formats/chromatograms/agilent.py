"""Agilent ChemStation: one .ch file or a whole .D folder, with the reports beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from coeruleus.formats.agilent_reports import read_beside
from coeruleus.formats.agilent_trace import read_trace, version_of
from coeruleus.formats.channels import choose_channel
from coeruleus.formats.chromatogram import Chromatogram
from coeruleus.formats.dates import iso_date
from coeruleus.formats.errors import FormatError
from coeruleus.formats.facts import header_facts
from coeruleus.formats.registry import reads
from coeruleus.formats.signal_units import tidy_unit
from coeruleus.formats.text import Source

LARGEST = 2**26


def sniff(source: Source) -> str | None:
    if source.is_folder:
        return None if _traces(source) else "a folder without .ch files"
    return None if version_of(source.head) else "does not begin as a ChemStation .ch file does"


def _traces(folder: Source) -> list[str]:
    """Names of the traces in a folder, in order."""
    return [name for name in folder.files if name.lower().endswith(".ch")]


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
        files = _traces(source)
        names = tuple(Path(each).stem for each in files)
        path = path / files[choose_channel(names, channel, source.name)]
    else:
        names = (path.stem,)
        if channel is not None and channel.strip().casefold() != path.stem.casefold():
            choose_channel(names, channel, source.name)
    file = f"{source.name}/{path.name}" if source.is_folder else path.name
    one = Source(path, file) if source.is_folder else source
    if one.size > LARGEST:
        raise FormatError(f"{file}: is larger than 64 MB, which no trace is")
    trace = read_trace(one.data, file)
    facts = trace.facts
    times = np.arange(len(trace.signal), dtype=float)
    times *= (trace.end_min - trace.begin_min) / (len(times) - 1)
    times += trace.begin_min
    beside: tuple[str, ...] = ()
    if path.parent.suffix.lower() == ".d":
        beside = source.files if source.is_folder else Source(path.parent).files
    peaks, note, sample = read_beside(path, beside)
    return Chromatogram(
        time_min=times,
        signal=trace.signal,
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
        notes=trace.notes if note is None else (*trace.notes, note),
        format="agilent",
    )
