"""From a raw trace to even cells that are fine enough for its peaks, and what makes a trace unusable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coeruleus.chromatography.arrays import Booleans, Floats, stretches

MIN_POINTS = 20
MAX_GAPS = 0.2  # of the points may be missing before a trace is not to be trusted
MAX_STRETCH = 20.0  # times the points, for an even grid over times that are not
CELLS_PER_SIGMA = 4


@dataclass(frozen=True)
class Trace:
    """One injection's chromatogram, cut to its own time. `time_min` and `signal` have one length."""

    time_min: Floats
    signal: Floats
    unit: str | None = None


@dataclass(frozen=True)
class Cells:
    """An even trace: `time` is the middle of each cell in minutes, `clipped` marks a detector at its end."""

    time: Floats
    signal: Floats
    clipped: Booleans

    @property
    def step(self) -> float:
        return float(self.time[1] - self.time[0])

    def averaged(self, factor: int) -> Cells:
        """Means over `factor` neighbouring cells; an incomplete last one is left out."""
        if factor <= 1:
            return self
        n = self.time.size // factor
        fold = lambda values: values[: n * factor].reshape(n, factor)  # noqa: E731
        return Cells(fold(self.time).mean(axis=1), fold(self.signal).mean(axis=1), fold(self.clipped).any(axis=1))


def why_unusable(trace: Trace) -> str | None:
    """What is wrong with a trace, in words for the bench; None where it can be measured."""
    time, signal = np.asarray(trace.time_min, float), np.asarray(trace.signal, float)
    if time.size == 0:
        return "the chromatogram is empty: it holds no data points"
    if time.size != signal.size:
        return f"the chromatogram has {time.size} times but {signal.size} signal values"
    good = np.isfinite(time) & np.isfinite(signal)
    if not good.any():
        return "the chromatogram holds no numbers: every value is missing"
    if good.sum() < MIN_POINTS:
        return f"the chromatogram has only {int(good.sum())} usable points"
    if (~good).mean() > MAX_GAPS:
        return f"{(~good).mean():.0%} of the chromatogram's values are missing"
    steps = np.diff(time[good])
    if np.any(steps <= 0):
        return "the chromatogram's times do not increase"
    if steps.sum() > MAX_STRETCH * steps.size * np.median(steps):
        return f"the chromatogram's times leap: mostly by {60 * np.median(steps):.3g} s, once by {steps.max():.3g} min"
    if np.ptp(signal[good]) == 0:
        return f"the signal is constant at {signal[good][0]:g}: detector off or not connected"
    levels, counts = np.unique(signal[good], return_counts=True)
    share = counts.max() / good.sum()
    if share > 0.9 and counts.argmax() in (0, levels.size - 1):
        return f"the signal stands at {levels[counts.argmax()]:g} for {share:.0%} of the time: detector at its end"
    return None


def even(trace: Trace) -> Cells:
    """A usable trace on an even time grid (missing points bridged), with saturated points marked."""
    time, signal = np.asarray(trace.time_min, float), np.asarray(trace.signal, float)
    good = np.isfinite(time) & np.isfinite(signal)
    time, signal = time[good], signal[good]
    clipped = _clipped(signal)
    gaps = np.diff(time)
    step = float(np.median(gaps))
    if np.abs(gaps - step).max() > 0.2 * step:
        grid = time[0] + step * np.arange(int(np.floor((time[-1] - time[0]) / step + 1e-9)) + 1)
        clipped = np.interp(grid, time, clipped.astype(float)) > 0.5
        return Cells(grid, np.interp(grid, time, signal), clipped)
    grid = np.linspace(time[0], time[-1], time.size)
    return Cells(grid, signal, clipped)


def _clipped(signal: Floats) -> Booleans:
    """Points where the detector stood at its upper end: a long plateau at the very maximum, with steep sides.

    A tall peak of a coarse digitiser has a flat top too, so the plateau must be long against the way up to it.
    """
    top = signal.max()
    at_top = signal >= top - 1e-9 * max(abs(top), 1.0)
    clipped = np.zeros(signal.size, bool)
    middle = np.median(signal)
    half = signal > middle + 0.5 * (top - middle)
    for start, stop in stretches(at_top):
        length = stop - start
        if length < 4:
            continue
        left = start - int(np.argmin(half[:start][::-1])) if not half[:start].all() else 0
        right = stop + int(np.argmin(half[stop:])) if not half[stop:].all() else signal.size
        if length >= 0.2 * (right - left) and top > middle + 20 * _roughness(signal):
            clipped[start:stop] = True
    return clipped


def _roughness(signal: Floats) -> float:
    """Robust standard deviation of white noise, from second differences."""
    return float(1.4826 * np.median(np.abs(np.diff(signal, 2))) / np.sqrt(6))
