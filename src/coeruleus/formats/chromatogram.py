"""One chromatogram from any known file: the trace, its unit, useful facts of the header, the vendor's peaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from coeruleus.formats.errors import FormatError
from coeruleus.formats.registry import recognise
from coeruleus.formats.text import Source

DISCOVERS = "coeruleus.formats.chromatograms"
VENDOR_COLUMNS = ("retention_time_min", "start_min", "end_min", "area", "height", "mark", "name")


@dataclass(frozen=True)
class Chromatogram:
    """A detector's trace.

    `time_min` and `signal` are float64 of one length, time strictly rising, all finite. `signal` is as the file
    writes it, and `unit` is the unit of those numbers (None where the file does not say). `header` holds, where
    known: sample_name, sample_id, acquired (ISO 8601, local time), injected_ul, vial, detector, method; never who or
    where. `vendor_peaks` has VENDOR_COLUMNS, areas in signal unit × s. `notes` say what a person should know.
    """

    time_min: np.ndarray
    signal: np.ndarray
    unit: str | None
    channel: str
    channels: tuple[str, ...]
    header: dict[str, str] = field(default_factory=dict)
    vendor_peaks: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    format: str = ""


def read_chromatogram(path: str | Path, channel: str | None = None) -> Chromatogram:
    """Read a chromatogram; `channel` is a name or a number from 1 where the file holds several.

    Raises FormatError, in words for the bench, for anything that is not a sound chromatogram: which formats were
    tried and why each refused, which channels there are, which line holds what.
    """
    source = Source(path)
    chosen = recognise(source, DISCOVERS, "chromatogram")
    try:
        return chosen.read(source, channel)
    except FormatError:
        raise
    except Exception as error:
        message = (
            f"{source.name}: could not be read as {chosen.title}, it may be damaged ({type(error).__name__}: {error})"
        )
        raise FormatError(" ".join(message.split())) from error
