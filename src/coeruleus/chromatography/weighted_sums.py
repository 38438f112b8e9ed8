"""Areas as weighted sums over a trace, so that the noise of the trace says how sure they are."""

from __future__ import annotations

import numpy as np
from scipy.linalg import matmul_toeplitz

from coeruleus.chromatography.arrays import Floats
from coeruleus.chromatography.noise import Noise

SECONDS = 60.0


def point_weights(time: Floats, at: float) -> Floats:
    """Weights (n,) whose sum over the signal is the signal at one time, interpolated. `time` rises evenly."""
    weights = np.zeros(time.size)
    right = int(np.clip(np.searchsorted(time, at), 1, time.size - 1))
    share = (at - time[right - 1]) / (time[right] - time[right - 1])
    weights[[right - 1, right]] = 1 - share, share
    return weights


def area_weights(time: Floats, start: float, end: float) -> Floats:
    """Weights (n,) of the trapezoid rule from `start` to `end` minutes, ends interpolated; × 60, so signal × s.

    Raises ValueError where the bounds are not inside the trace.
    """
    if not time[0] <= start < end <= time[-1]:
        raise ValueError(f"the bounds {start:g} to {end:g} min are not within {time[0]:.2f} to {time[-1]:.2f} min")
    inside = (time > start) & (time < end)
    at = np.concatenate([[start], time[inside], [end]])
    gaps = np.diff(at)
    share = 0.5 * (np.concatenate([[0.0], gaps]) + np.concatenate([gaps, [0.0]]))
    weights = share[0] * point_weights(time, start) + share[-1] * point_weights(time, end)
    weights[inside] += share[1:-1]
    return weights * SECONDS


def straight_weights(time: Floats, start: float, end: float, first: float, last: float) -> Floats:
    """Weights (n,) of the area from `start` to `end` above the straight line through the signal at two other times."""
    at_start, at_end = (last - start) / (last - first), (last - end) / (last - first)
    whole = (end - start) * SECONDS
    on_first = 0.5 * (at_start + at_end) * whole
    line = on_first * point_weights(time, first) + (whole - on_first) * point_weights(time, last)
    return area_weights(time, start, end) - line


def standard_error(weights: Floats, noise: Noise, scale: float) -> float:
    """Standard error of a weighted sum over cells of the noise's step; `scale` is this trace's noise over the run's."""
    counted = np.flatnonzero(np.abs(weights) > 1e-6 * np.abs(weights).max())
    if counted.size == 0:
        return 0.0
    part = weights[counted[0] : counted[-1] + 1]
    row = noise.covariance(part.size)[: part.size]
    return float(np.sqrt(max(float(part @ matmul_toeplitz(row, part)), 0.0))) * scale
