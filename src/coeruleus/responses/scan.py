"""Excitation and inhibition, separately: windows scanned after events, against the train's own regularity.

The null moves every event, on its own, to a random moment of a stretch of the recording that holds it: the
train stays as it is, with its regularity, its bursts and its slow drift, and only the alignment is lost
(event jitter, as in Montijn et al. 2021, doi 10.7554/eLife.71969, with stretches that do not overlap where
events are dense). All windows are scanned in the same way in the data and in each replicate, and the
largest deviation is compared with its own distribution (max-statistic; Westfall & Young 1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GRID_S = 0.005
EDGES_S = np.r_[0:0.2:0.02, 0.2:0.6:0.1, 0.6, 0.8, 1:2:0.25, 2:5:0.5, 5:10:1, 10:15.1:2.5]
STRETCH_S = 30.0
SHORTEST_STRETCH_S = 4.0
SHORTEST_INHIBITION_S = 0.2
BLOCK = 111  # replicates at a time; the smallest p-value is 1 ÷ (9 × 111 + 1)
BLOCKS = 9
ENOUGH_EXCEEDED = 20  # of the first block in both tests: p is above 0.18, no further replicates are needed
LEAST_DISPERSION = 0.05
ALPHA = 0.05


@dataclass(frozen=True)
class Trials:
    """One unit's train and its events on one time axis.

    spikes: sorted times (s); onsets: event times (s); length: time after each onset that belongs to it (s);
    start, end: the segment that each event lies in, on the same axis (s).
    """

    spikes: Floats
    onsets: Floats
    length: Floats
    start: Floats
    end: Floats


@dataclass(frozen=True)
class Deviation:
    """The strongest deviation of one sign. `expected` and `dispersion` describe the window under the null."""

    p: float
    strength: float  # signed-root likelihood ratio, in standard deviations
    low_s: float  # window after onset
    high_s: float
    rate_hz: float  # expected rate in it
    count: float  # spikes in it, over all events
    exposed_s: float  # its length, over all events


@dataclass(frozen=True)
class Scan:
    """Both deviations, and what a silence would have looked like.

    `silence` is the strength that a complete silence of the asked length would have, `threshold` the strength
    at which the scan for inhibition passes 5 %: a silence below it could not be seen.
    """

    excitation: Deviation
    inhibition: Deviation
    silence: float
    threshold: float


def scan(trials: Trials, silence_s: float, rng: np.random.Generator) -> Scan | None:
    """Scan for both signs. None where no window can be scanned (no time after onsets, or no spikes).

    Deviation of a window with `n` spikes over all events, where replicates have mean m and variance v:
    sign(n − m) √(2 (n ln(n/m) − n + m) / (v/m)), the signed root of the Poisson likelihood ratio, scaled
    by the dispersion that the train itself shows at this window's length.
    """
    edges = EDGES_S[np.quantile(trials.length, 0.5) + 1e-9 >= EDGES_S]
    if len(edges) < 2 or not len(trials.spikes) or not len(trials.onsets):
        return None
    mask = edges[None, 1:] <= trials.length[:, None] + 1e-9
    grid = _cumulative(trials, float(edges[-1]))
    data = _counts(trials, grid, edges, mask, trials.onsets[None, :])
    low, high = np.triu_indices(len(edges), 1)
    long = edges[high] - edges[low] >= SHORTEST_INHIBITION_S - 1e-9
    exposure = np.r_[0.0, np.cumsum(mask.sum(axis=0) * np.diff(edges))]
    exposed = exposure[high] - exposure[low]
    first, room = _stretches(trials, rng)
    counts = [data]
    for blocks in (1, BLOCKS - 1):
        for _ in range(blocks):
            moved = first + rng.random((BLOCK, len(trials.onsets))) * room
            counts.append(_counts(trials, grid, edges, mask, moved))
        every = _windows(np.vstack(counts), low, high)
        mean = every.mean(axis=0)
        dispersion = np.maximum(every.var(axis=0) / np.maximum(mean, 1e-9), LEAST_DISPERSION)
        raw = signed_root(every, mean)
        strength = raw / np.sqrt(dispersion)
        up = strength.max(axis=1)
        down = -strength[:, long].min(axis=1) if long.any() else np.zeros(len(strength))
        exceeded = int((up[1:] >= up[0] - 1e-12).sum()), int((down[1:] >= down[0] - 1e-12).sum())
        if min(exceeded) >= ENOUGH_EXCEEDED:
            break
    rate = np.divide(mean, exposed, out=np.zeros_like(mean), where=exposed > 0)
    found = []
    for sign, beyond, most in ((1.0, exceeded[0], up[0]), (-1.0, exceeded[1], down[0])):
        # Where it is: the raw likelihood decides, as the dispersion of replicates that hit a response differs
        # between windows.
        best = int(np.argmax(np.where(long | (sign > 0), sign * raw[0], -np.inf)))
        p = (1 + beyond) / len(every)
        window = float(edges[low[best]]), float(edges[high[best]])
        found.append(Deviation(p, float(most), *window, float(rate[best]), float(every[0, best]), float(exposed[best])))
    threshold = float(np.quantile(down[1:], 1 - ALPHA))
    short = long & (edges[high] - edges[low] <= silence_s + 1e-9)
    seen = float(np.sqrt(2 * mean[short] / dispersion[short]).max()) if short.any() else 0.0
    return Scan(found[0], found[1], seen, threshold)


def _stretches(trials: Trials, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Start and usable length of the stretch in which each event is moved.

    The event lies anywhere in its stretch with equal chance, so that under the null the data are one more
    replicate. Stretches are as long as events are apart, at most STRETCH_S.
    """
    gaps = np.diff(np.sort(trials.onsets))
    apart = float(np.median(gaps)) if len(gaps) else STRETCH_S
    wanted = np.clip(apart, SHORTEST_STRETCH_S, STRETCH_S)
    last = trials.end - np.minimum(trials.length, trials.end - trials.onsets)
    length = np.minimum(wanted, last - trials.start)
    first = trials.onsets - rng.random(len(trials.onsets)) * length
    first = np.clip(first, trials.start, last - length)
    return first, length


def _cumulative(trials: Trials, reach_s: float) -> NDArray[np.int32]:
    """Spikes before each point of a grid of GRID_S, from the first segment's start to the last one's end."""
    origin = float(trials.start.min())
    size = int(np.ceil((trials.end.max() - origin + reach_s) / GRID_S)) + 2
    places = np.floor((trials.spikes - origin) / GRID_S + 1e-6).astype(np.int64)
    places = places[(places >= 0) & (places < size - 1)]
    grid = np.zeros(size, dtype=np.int32)
    grid[1:] = np.cumsum(np.bincount(places, minlength=size - 1))
    return grid


def _counts(
    trials: Trials, grid: NDArray[np.int32], edges: Floats, mask: NDArray[np.bool_], onsets: Floats
) -> NDArray[np.int64]:
    """Spikes per bin over all events, (replicates, bins); `onsets` (replicates, events)."""
    at = np.round((onsets - float(trials.start.min())) / GRID_S).astype(np.int32)
    steps = np.round(edges / GRID_S).astype(np.int32)
    found = np.diff(grid[at[:, :, None] + steps], axis=2)
    if not mask.all():
        found = found * mask
    return found.sum(axis=1)


def _windows(counts: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64]) -> Floats:
    total = np.concatenate([np.zeros((len(counts), 1)), np.cumsum(counts, axis=1)], axis=1)
    return total[:, high] - total[:, low]


def signed_root(n: Floats, mean: Floats) -> Floats:
    """sign(n − m) √(2 (n ln(n/m) − n + m)): how far Poisson counts lie from their means."""
    mean = np.maximum(mean, 1e-9)
    ratio = np.where(n > 0, n * np.log(np.maximum(n, 1e-9) / mean), 0.0)
    return np.sign(n - mean) * np.sqrt(np.maximum(2 * (ratio - n + mean), 0.0))
