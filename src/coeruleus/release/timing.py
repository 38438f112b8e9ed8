"""When a sample left the brain, and on which side of the treatment it lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TOLERANCE_MIN = 0.01  # sheets give times to 0.01 min at best; less than this does not straddle the treatment

BEFORE = "before"
AFTER = "after"
STRADDLES = "straddles"
UNKNOWN = "unknown"


def transit_min(flow_rate_ul_per_min: float | None, volume_ul: float) -> float:
    """Minutes that fluid takes through a volume; 0 where the flow is not known.

    From membrane to collection point: what is collected from `start` to `end` at the outlet left the brain that
    much earlier. From switch to membrane: a perfusate reaches the brain that much later.
    """
    if flow_rate_ul_per_min is None or not flow_rate_ul_per_min > 0:
        return 0.0
    return volume_ul / flow_rate_ul_per_min


def periods(start_min: NDArray[np.float64], end_min: NDArray[np.float64]) -> NDArray[np.object_]:
    """Side of the treatment (time 0) of each interval: before, after, straddles, or unknown without both times."""
    found = np.full(len(start_min), STRADDLES, dtype=object)
    found[start_min >= -TOLERANCE_MIN] = AFTER
    found[end_min <= TOLERANCE_MIN] = BEFORE
    found[~np.isfinite(start_min) | ~np.isfinite(end_min)] = UNKNOWN
    return found


def align_times(times_min: NDArray[np.float64], width_min: float) -> NDArray[np.float64]:
    """One common time for samples of several animals that were taken at nearly the same time.

    Going up in time, samples less than half a sample's width after the first one of their set share
    the set's median. Contiguous samples of one animal never share a time. NaN stays NaN.
    """
    aligned = np.full(len(times_min), np.nan)
    order = np.argsort(times_min, kind="stable")
    order = order[np.isfinite(times_min[order])]
    span = 0.49 * width_min if np.isfinite(width_min) and width_min > 0 else 0.0
    first = 0
    for place in range(1, len(order) + 1):
        if place == len(order) or times_min[order[place]] - times_min[order[first]] > span + 1e-6:
            members = order[first:place]
            aligned[members] = round(float(np.median(times_min[members])), 6) + 0.0
            first = place
    return aligned
