"""Heights of a small unit's spikes above the tail of the background: one symmetric hump on a falling flank.

A projection on a template has, in whitened noise, a standard deviation of 1 whatever the template, and a unit's own
jitter of amplitude adds little. What noise and distant neurons add falls steadily. So both can be told apart where no
gap lies between them (a mixture fitted by maximum likelihood, McLachlan & Peel 2000).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import erf

Array = NDArray[np.floating]

BIN = 0.1
SPREAD_LOW, SPREAD_HIGH = 0.85, 1.5
STARTS = (1.0, 1.2)  # of the template's size
LOWEST = 0.7  # of the size: a hump below it is not this template's
LEAST = 20  # heights
REACH = 4.0  # above the size: what is larger is another unit's


@dataclass(frozen=True)
class Hump:
    """`count` spikes whose heights are normal about `mode` with `spread`; `gain` is the log likelihood that the hump
    adds to that of the flank alone. `edges` (n + 1,) and `flank` (n,) are the expected background per bin."""

    mode: float
    spread: float
    count: float
    gain: float
    edges: Array
    flank: Array

    def true_beyond(self, limits: Array) -> Array:
        """Spikes of the unit expected at or above each limit."""
        return np.asarray(self.count * 0.5 * (1 - erf((limits - self.mode) / self.spread / np.sqrt(2))), dtype=float)

    def false_beyond(self, limits: Array) -> Array:
        """Background expected at or above each limit."""
        above = np.concatenate([np.cumsum(self.flank[::-1])[::-1], [0.0]])
        return np.asarray(np.interp(limits, self.edges, above), dtype=float)


def hump(heights: Array, size: float) -> Hump | None:
    """The unit of a template of `size` among `heights` (n,) of all that it matches; None with fewer than 20 heights.

    The background's density is exp(−b x − c x²), c ≥ 0, from its own peak on.
    """
    heights = heights[heights < size + REACH]
    low = _peak(heights[heights < LOWEST * size])
    heights = heights[heights >= low]
    if len(heights) < LEAST or size + REACH - low < 2:
        return None
    edges = np.arange(low, size + REACH + BIN, BIN)
    counts = np.histogram(heights, edges)[0].astype(float)
    alone = _fitted(counts, edges, [0.0, size, 1.0, 1.0, 0.1], [(0.0, 0.0)])
    fits = [
        _fitted(counts, edges, [0.2, start * size, 1.1, 1.5, 0.1], [(0.0, 1.0)], (LOWEST * size, 1.5 * size))
        for start in STARTS
    ]
    loss, share, mode, spread, steep, bent = min(fits)
    total = float(counts.sum())
    inside = _normal_part(edges, mode, spread).sum()
    flank = total * (1 - share) * _flank(edges, steep, bent)
    return Hump(mode, spread, total * share / max(inside, 1e-9), alone[0] - loss, edges, flank)


def _peak(values: Array) -> float:
    """Where the background is densest: below that it is what detection left of it."""
    if len(values) < LEAST:
        return float(values.min()) if len(values) else 0.0
    edges = np.arange(values.min(), values.max() + 2 * BIN, BIN)
    smooth = np.convolve(np.histogram(values, edges)[0], np.ones(5), "same")
    return float(edges[int(np.argmax(smooth))] + BIN / 2)


def _normal_part(edges: Array, mode: float, spread: float) -> Array:
    return np.asarray(np.diff(0.5 * erf((edges - mode) / spread / np.sqrt(2))), dtype=float)


def _flank(edges: Array, steep: float, bent: float) -> Array:
    """Part of the background in each bin."""
    x = (edges[:-1] + edges[1:]) / 2 - edges[0]
    density = np.exp(-steep * x - bent * x**2)
    return np.asarray(density / density.sum(), dtype=float)


def _fitted(
    counts: Array,
    edges: Array,
    start: list[float],
    share: list[tuple[float, float]],
    mode: tuple[float, float] = (-np.inf, np.inf),
) -> tuple[float, ...]:
    """(loss, share, mode, spread, steep, bent) of the best fit from this start."""

    def loss(at: Array) -> float:
        part = _normal_part(edges, at[1], at[2])
        density = at[0] * part / max(part.sum(), 1e-9) + (1 - at[0]) * _flank(edges, at[3], at[4])
        return -float(counts @ np.log(np.maximum(density, 1e-12)))

    bounds = [*share, mode, (SPREAD_LOW, SPREAD_HIGH), (0.0, 10.0), (0.0, 5.0)]
    best = minimize(loss, np.array(start), method="L-BFGS-B", bounds=bounds)
    return (float(best.fun), *(float(value) for value in best.x))
