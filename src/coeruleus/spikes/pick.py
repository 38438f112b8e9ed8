"""One mean waveform per unit, out of what the recordings hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Shape:
    """A mean spike of shape (n,), the segment it comes from and the unit of its amplitudes, where they are known."""

    time_ms: Array
    amplitude_uv: Array
    segment: int | None
    unit: str | None


def pick_waveforms(waveforms: pd.DataFrame) -> dict[tuple[str, str], Shape]:
    """Per (site_id, unit_id) the waveform of its first segment, on the channel where it is largest.

    `segment`, `channel` and `amplitude_unit` are optional columns.
    """
    found: dict[tuple[str, str], Shape] = {}
    if not len(waveforms):
        return found
    frame = waveforms.copy()
    frame["segment"] = pd.to_numeric(frame["segment"]) if "segment" in frame else float("nan")
    frame["channel"] = frame["channel"].astype(str) if "channel" in frame else ""
    best: dict[tuple[str, str], tuple[float, float]] = {}
    keys = ["site_id", "unit_id", "segment", "channel"]
    for place, group in frame.groupby(keys, sort=True, dropna=False):
        site, unit, segment, _ = cast(tuple[str, str, float, str], place)
        key = (str(site), str(unit))
        ordered = group.sort_values("time_ms", kind="stable")
        t, y = ordered["time_ms"].to_numpy(float), ordered["amplitude_uv"].to_numpy(float)
        number = segment if np.isfinite(segment) else float("inf")
        size = float(np.ptp(y[np.isfinite(y)])) if np.isfinite(y).any() else 0.0
        if key not in best or (-number, size) > best[key]:
            best[key] = (-number, size)
            (unit_of,) = group["amplitude_unit"].iloc[:1] if "amplitude_unit" in group else (None,)
            unit_of = unit_of if isinstance(unit_of, str) else None
            found[key] = Shape(t, y, int(segment) if np.isfinite(segment) else None, unit_of)
    return found
