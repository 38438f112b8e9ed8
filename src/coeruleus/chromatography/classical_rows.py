"""Rows of peaks.tsv for analytes that experiment.yaml wants integrated classically."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coeruleus.chromatography.classical import Drawn, Workbench, integrate_peak
from coeruleus.chromatography.peak_rows import Row, lost_row
from coeruleus.chromatography.settings import Integration
from coeruleus.chromatography.shapes import Shape
from coeruleus.tables import status

WITHIN, WITHIN_UNLEARNT = 0.75, 2.0  # full widths at half height from where the run expects the peak
FOOT = 0.01  # of the height: the usual ends of a peak that is not there


@dataclass(frozen=True)
class Place:
    """Where the run expects a peak (minutes), its shape there, and whether both were learnt from standards."""

    expected: float
    shape: Shape
    learnt: bool


def classical_row(bench: Workbench, how: Integration, place: Place) -> tuple[Row, Drawn | None]:
    """The row, and what to draw; None where the bounds are outside the chromatogram."""
    width = place.shape.width_half
    low, high = (place.expected + edge for edge in place.shape.edges(FOOT))
    within = (WITHIN if place.learnt else WITHIN_UNLEARNT) * width
    try:
        found = integrate_peak(bench, how, place.expected, within, (low, high), width)
    except ValueError as problem:
        return lost_row(status.FAILED, f"{how.mode.replace('_', ' ')}: {problem}"), None
    state, reason = status.OK, None
    clipped = bench.cells.time[bench.cells.clipped]
    if np.any((clipped >= found.start) & (clipped <= found.end)):
        state, reason = status.SATURATED, f"the detector stood at its upper end near {found.apex:.2f} min"
    elif not found.found:
        state = status.NOT_FOUND
        if how.mode == "fixed_bounds":
            where = f"between {found.start:.2f} and {found.end:.2f} min"
        else:
            where = f"within {within:.2f} min of {place.expected:.2f} min"
        ratio = abs(found.area) / found.area_se if found.area_se > 0 else 0.0
        reason = f"no peak {where}: the area there is {ratio:.1f} times its standard error"
    row: Row = {
        "retention_time_min": found.apex if found.found else place.expected,
        "height": found.height,
        "area": found.area,
        "area_se": found.area_se,
        "snr": found.area / found.area_se if found.area_se > 0 else float("nan"),
        "width_half_min": found.width_half,
        "tailing": found.tailing,
        "resolution": found.resolution,
        "status": state,
        "reason": reason,
        "area_method": how.mode,
        "start_min": found.start,
        "end_min": found.end,
        "fit_score": float("nan"),
        "negative": how.negative or None,
    }
    return row, found
