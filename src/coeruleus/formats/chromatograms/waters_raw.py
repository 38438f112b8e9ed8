"""Waters MassLynx .raw folders: the analog channels (ECD, UV and others) through rainbow."""

from __future__ import annotations

import re

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

LARGEST = 2**28


def sniff(source: Source) -> str | None:
    if not source.is_folder:
        return "no folder"
    names = {each.name.casefold() for each in source.path.iterdir()}
    return None if "_chroms.inf" in names else "a folder without _CHROMS.INF"


@reads(
    "waters_raw",
    "Waters MassLynx .raw",
    suffixes=(".raw",),
    notes="analog channels of a .raw folder, each by its name; mass spectra are passed over; not tried on a real file "
    "yet",
    sniff=sniff,
    folders=True,
)
def read(source: Source, channel: str | None = None) -> Chromatogram:
    """Read one analog channel."""
    from rainbow.waters.masslynx import parse_analog  # type: ignore[import-untyped]

    files = [each for each in source.path.iterdir() if re.fullmatch(r"(?i)_chro(ms\.inf|\d+\.dat)", each.name)]
    size = sum(each.stat().st_size for each in files)
    if size > LARGEST:
        raise FormatError(f"{source.name}: its analog channels are larger than 256 MB")
    try:
        with time_limit(5 + size / 1e6):
            found = parse_analog(str(source.path), [each.name.casefold() for each in files])
    except Exception as error:
        raise FormatError(
            f"{source.name}: damaged or cut off, rainbow cannot read it ({type(error).__name__})"
        ) from None
    if not found:
        raise FormatError(f"{source.name}: holds no analog channel")
    names = tuple(str(each.metadata.get("signal") or each.name).strip() for each in found)
    chosen = choose_channel(names, channel, source.name)
    time = np.asarray(found[chosen].xlabels, dtype=float)
    signal = np.asarray(found[chosen].data, dtype=float)[:, 0]
    if len(time) != len(signal) or len(time) < 3 or not (np.isfinite(time).all() and np.isfinite(signal).all()):
        raise FormatError(f"{source.name}: {names[chosen]}: holds no sound trace")
    return Chromatogram(
        time_min=strictly_rising(time, 1, source.name),
        signal=signal,
        unit=tidy_unit(str(found[chosen].metadata.get("unit") or "")),
        channel=names[chosen],
        channels=names,
        header=header_facts(detector=names[chosen]),
        format="waters_raw",
    )
