"""The vendors' own peak tables, shown beside ours and never used for anything else."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coeruleus.formats.chromatogram import Chromatogram
from coeruleus.tables.sources import VENDOR_PEAKS


def vendor_frame(chromatograms: Mapping[str, Chromatogram]) -> pd.DataFrame:
    """Every peak of every vendor's table in one frame."""
    parts = [
        one.vendor_peaks.assign(injection_id=name)
        for name, one in sorted(chromatograms.items())
        if one.vendor_peaks is not None and len(one.vendor_peaks)
    ]
    return VENDOR_PEAKS.frame(pd.concat(parts, ignore_index=True) if parts else ())
