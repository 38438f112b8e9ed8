"""The rate around events without bins: a kernel estimate whose width the spikes choose, with a band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from coeruleus.responses.display import BEFORE_S
from coeruleus.responses.moved import Floats, Trials

FINE_S = 0.005
STEP_S = 0.02
WIDTHS_S = (0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.5)
NORMAL_95 = 1.959964


@dataclass(frozen=True)
class Curve:
    """time_s, rate_hz and its 95 % band, shape (points,); bandwidth_s is the kernel's standard deviation."""

    time_s: Floats
    rate_hz: Floats
    low_hz: Floats
    high_hz: Floats
    bandwidth_s: float


def rate_curve(times: Floats, trial: Floats, trials: Trials, after_s: float) -> Curve:
    """Gaussian kernel estimate of the rate from −2 s to `after_s` around the events.

    times, trial: spikes around onsets and the event of each, from 1, as `display.raster` gives them. The width has the
    least estimated integrated squared error (Shimazaki & Shinomoto 2010, J Comput Neurosci 29, 171); the kernel is
    cut off at the ends and where nothing was recorded, and what is left of it is scaled up. The band is ± 1.96 standard
    errors between trials, not below 0; it holds pointwise and leaves out the kernel's bias.
    """
    edges = np.arange(round(BEFORE_S / FINE_S) + round(after_s / FINE_S) + 1) * FINE_S - BEFORE_S
    middle = (edges[1:] + edges[:-1]) / 2
    n = len(trials.onsets)
    counts = np.histogram2d(trial, times, [np.arange(n + 1) + 0.5, edges])[0]
    there = trials.onsets[:, None] + middle
    recorded = ((there >= trials.start[:, None]) & (there <= trials.end[:, None])).astype(float)
    width = _best_width(counts.sum(axis=0), n)
    smooth = gaussian_filter1d(counts, width / FINE_S, axis=1, mode="constant") / FINE_S
    share = gaussian_filter1d(recorded, width / FINE_S, axis=1, mode="constant")
    total = share.sum(axis=0)
    rate = smooth.sum(axis=0) / np.maximum(total, 1e-9)
    squares = ((smooth - rate * share) ** 2).sum(axis=0)
    error = np.sqrt(squares * n / max(n - 1, 1)) / np.maximum(total, 1e-9)
    error[(recorded.sum(axis=0) < 2)] = np.nan
    rate[recorded.sum(axis=0) == 0] = np.nan
    shown = slice(round(STEP_S / FINE_S) // 2, None, round(STEP_S / FINE_S))
    low, high = np.maximum(rate - NORMAL_95 * error, 0), rate + NORMAL_95 * error
    return Curve(middle[shown], rate[shown], low[shown], high[shown], width)


def _best_width(counts: Floats, n: int) -> float:
    """The width of least cost ∫λ² − 2 Σ_{i≠j} k(t_i − t_j) ÷ n², on the fine grid."""
    if counts.sum() < 2:
        return WIDTHS_S[-1]
    costs = []
    for width in WIDTHS_S:
        smooth = gaussian_filter1d(counts, width / FINE_S, mode="constant") / FINE_S
        impulse = np.zeros(2 * round(5 * width / FINE_S) + 1)
        impulse[len(impulse) // 2] = 1
        own = float(gaussian_filter1d(impulse, width / FINE_S, mode="constant").max()) / FINE_S
        others = float(counts @ smooth) - own * float(counts.sum())
        costs.append((float((smooth**2).sum()) * FINE_S - 2 * others) / n**2)
    return WIDTHS_S[int(np.argmin(costs))]
