"""Chromatograms in mzML (HUPO-PSI, 1.1): the traces of detectors, not spectra."""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from coeruleus.formats.channels import choose_channel
from coeruleus.formats.chromatogram import Chromatogram
from coeruleus.formats.errors import FormatError
from coeruleus.formats.facts import header_facts
from coeruleus.formats.registry import reads
from coeruleus.formats.signal_units import tidy_unit
from coeruleus.formats.text import Source
from coeruleus.formats.time_axis import strictly_rising
from coeruleus.formats.time_limit import time_limit

LARGEST = 2**31
LARGEST_TEXT = 2**28  # of all chromatograms together, packed
MOST_POINTS = 5_000_000
MOST_CHROMATOGRAMS = 2000
NAMESPACE = "{http://psi.hupo.org/ms/mzml}"
TIME, INTENSITY = "MS:1000595", "MS:1000515"
DTYPES = {"MS:1000523": "<f8", "MS:1000521": "<f4"}
ZLIB, PLAIN = "MS:1000574", "MS:1000576"
PER_MINUTE = {"UO:0000031": 1.0, "UO:0000010": 60.0, "UO:0000028": 60000.0}


def sniff(source: Source) -> str | None:
    if source.encoding is None or "<mzML" not in source.first_text[:8192]:
        return "does not begin as mzML does"
    return None


@reads(
    "mzml",
    "mzML chromatograms",
    suffixes=(".mzml",),
    notes="every chromatogram of the file is a channel, named by its id; spectra are passed over; "
    "not tried on a real file yet",
    sniff=sniff,
)
def read(source: Source, channel: str | None = None) -> Chromatogram:
    """Read one chromatogram. Entities and doctypes are refused, arrays may not unpack beyond their stated length."""
    if source.size > LARGEST:
        raise FormatError(f"{source.name}: is larger than 2 GB; export its chromatograms alone")
    if "<!DOCTYPE" in source.first_text or "<!ENTITY" in source.first_text:
        raise FormatError(f"{source.name}: holds a document type, which mzML has not")
    try:
        with time_limit(10 + source.size / 2e6):
            found = _chromatograms(source)
            if not found:
                raise FormatError(f"{source.name}: holds no chromatogram; export it with chromatograms")
            names = tuple(each.name for each in found)
            name, time, signal, unit = _trace(found[choose_channel(names, channel, source.name)], source.name)
    except FormatError:
        raise
    except Exception as error:
        cause = " ".join(str(error).split())[:120]
        raise FormatError(f"{source.name}: is damaged or cut off ({type(error).__name__}: {cause})") from None
    if len(time) != len(signal) or len(time) < 3 or not (np.isfinite(time).all() and np.isfinite(signal).all()):
        raise FormatError(f"{source.name}: {name}: time and intensity do not make a trace")
    return Chromatogram(
        time_min=strictly_rising(time, 1, source.name),
        signal=signal,
        unit=tidy_unit(unit) if unit else None,
        channel=name,
        channels=names,
        header=header_facts(detector=name),
        format="mzml",
    )


@dataclass(frozen=True)
class _Packed:
    """A chromatogram as it stands in the file: of each array its text and its terms by accession."""

    name: str
    points: int
    arrays: list[tuple[str, dict[str, dict[str, str]]]]


def _chromatograms(source: Source) -> list[_Packed]:
    """All of the file, packed: of many, one will be unpacked."""
    from lxml import etree  # type: ignore[import-untyped]

    found: list[_Packed] = []
    held = 0
    parser = etree.iterparse(
        str(source.path),
        tag=(f"{NAMESPACE}chromatogram", f"{NAMESPACE}spectrum"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    for _, element in parser:
        if element.tag.endswith("chromatogram") and len(found) < MOST_CHROMATOGRAMS:
            name = str(element.get("id") or element.get("index") or "1")
            found.append(_Packed(name, int(element.get("defaultArrayLength") or 0), _arrays(element)))
            held += sum(len(text) for text, _ in found[-1].arrays)
            if held > LARGEST_TEXT:
                raise FormatError(
                    f"{source.name}: its chromatograms are larger than 256 MB; export the detector's alone"
                )
        element.clear()
    return found


def _arrays(element: Any) -> list[tuple[str, dict[str, dict[str, str]]]]:
    return [
        (
            array.findtext(f"{NAMESPACE}binary") or "",
            {str(each.get("accession")): dict(each.attrib) for each in array.iter(f"{NAMESPACE}cvParam")},
        )
        for array in element.iter(f"{NAMESPACE}binaryDataArray")
    ]


def _trace(packed: _Packed, file: str) -> tuple[str, np.ndarray, np.ndarray, str]:
    if not 0 < packed.points <= MOST_POINTS:
        raise FormatError(f"{file}: {packed.name}: says that it has {packed.points} points")
    time = signal = np.zeros(0)
    unit = ""
    for text, terms in packed.arrays:
        if TIME in terms:
            per_minute = PER_MINUTE.get(terms[TIME].get("unitAccession", ""), np.nan)
            time = _array(text, terms, packed.points, file) / per_minute
        elif INTENSITY in terms:
            signal = _array(text, terms, packed.points, file)
            unit = terms[INTENSITY].get("unitName", "")
    return packed.name, time, signal, "" if "number of" in unit else unit


def _array(text: str, terms: dict[str, dict[str, str]], points: int, file: str) -> np.ndarray:
    dtype = next((DTYPES[each] for each in DTYPES if each in terms), None)
    if dtype is None or not (ZLIB in terms or PLAIN in terms):
        raise FormatError(f"{file}: holds an array in an encoding that is not read")
    try:
        data = base64.b64decode(text.strip(), validate=False)
        if ZLIB in terms:
            data = zlib.decompressobj().decompress(data, points * np.dtype(dtype).itemsize + 1)
    except (binascii.Error, zlib.error) as error:
        raise FormatError(f"{file}: an array is damaged ({error})") from None
    if len(data) != points * np.dtype(dtype).itemsize:
        raise FormatError(f"{file}: an array does not have the {points} points that it says; the file is damaged")
    return np.frombuffer(data, dtype).astype(float)
