"""Area between two times over a straight baseline, as vendors do it: perpendicular drop, trapezoid rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coeruleus.chromatography.arrays import Floats
from coeruleus.chromatography.noise import Noise
from coeruleus.chromatography.weighted_sums import SECONDS, standard_error, straight_weights


@dataclass(frozen=True)
class Integral:
    """What lies between the bounds. Area in signal × seconds, times in minutes."""

    area: float
    area_se: float
    height: float
    apex: float
    width_half: float


def integrate(time: Floats, signal: Floats, start: float, end: float, noise: Noise | None, scale: float) -> Integral:
    """Area between `start` and `end` minutes above the straight line that joins the signal at both.

    The ends are interpolated, so that the area does not depend on the sampling rate. The error is that of
    the same weighted sum applied to the run's noise (`scale`: this trace's noise relative to it); NaN where
    no noise is given. Raises ValueError where the bounds are not inside the trace.
    """
    if not time[0] <= start < end <= time[-1]:
        raise ValueError(f"the bounds {start:g} to {end:g} min are not within {time[0]:.2f} to {time[-1]:.2f} min")
    inside = (time > start) & (time < end)
    at = np.concatenate([[start], time[inside], [end]])
    value = np.interp(at, time, signal)
    above = value - np.interp(at, [start, end], [value[0], value[-1]])
    area = float(np.trapezoid(above, at)) * SECONDS
    top = int(np.argmax(np.abs(above)))
    low, high = crossings(at, np.abs(above), top, 0.5)
    error = float("nan")
    if noise is not None:
        count = max(round((end - start) / noise.step), 2) + 1
        cells = np.asarray(start + noise.step * np.arange(count), dtype=np.float64)
        error = standard_error(straight_weights(cells, start, cells[-1], start, cells[-1]), noise, scale)
    return Integral(area, error, float(above[top]), float(at[top]), high - low)


def crossings(at: Floats, above: Floats, top: int, fraction: float) -> tuple[float, float]:
    """Where `above` (n,) falls to a fraction of its value at `top`, before and after; NaN where it does not."""
    level = fraction * above[top]
    left, right = top, top
    while left > 0 and above[left - 1] >= level:
        left -= 1
    while right < at.size - 1 and above[right + 1] >= level:
        right += 1
    low = high = float("nan")
    if left > 0:
        low = float(np.interp(level, above[left - 1 : left + 1], at[left - 1 : left + 1]))
    if right < at.size - 1:
        high = float(np.interp(level, above[[right + 1, right]], at[[right + 1, right]]))
    return low, high
