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
REPLICATES = 999
BLOCK = 111
ENOUGH_EXCEEDED = 40  # replicates above the data in both tests: p is far from any threshold, so stop
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
    counts = _counts(trials, edges, mask, np.zeros((1, len(trials.onsets))))
    low, high = np.triu_indices(len(edges), 1)
    long = edges[high] - edges[low] >= SHORTEST_INHIBITION_S - 1e-9
    exposure = np.r_[0.0, np.cumsum(mask.sum(axis=0) * np.diff(edges))]
    exposed = exposure[high] - exposure[low]
    null = np.empty((0, len(low)))
    data = _windows(counts, low, high)
    reach = _stretches(trials, rng)
    while len(null) < REPLICATES:
        moved = reach[0] + rng.random((BLOCK, len(trials.onsets))) * reach[1] - trials.onsets
        null = np.vstack([null, _windows(_counts(trials, edges, mask, moved), low, high)])
        every = np.vstack([data, null])
        mean = every.mean(axis=0)
        dispersion = np.where(mean > 0, every.var(axis=0) / np.maximum(mean, 1e-9), 1.0)
        dispersion = np.maximum(dispersion, 0.05)
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
        p = (1 + beyond) / (1 + len(null))
        window = float(edges[low[best]]), float(edges[high[best]])
        found.append(Deviation(p, float(most), *window, float(rate[best]), float(data[0, best]), float(exposed[best])))
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


def _counts(trials: Trials, edges: Floats, mask: NDArray[np.bool_], moved: Floats) -> Floats:
    """Spikes per bin over all events, (replicates, bins); `moved` (replicates, events) in seconds."""
    origin = float(trials.start.min())
    n_grid = int(np.ceil((trials.end.max() - origin + edges[-1]) / GRID_S)) + 2
    places = np.floor((trials.spikes - origin) / GRID_S + 1e-6).astype(np.int64)
    places = places[(places >= 0) & (places < n_grid - 1)]
    cumulative = np.zeros(n_grid, dtype=np.int32)
    cumulative[1:] = np.cumsum(np.bincount(places, minlength=n_grid - 1))
    at = np.round((trials.onsets + moved - origin) / GRID_S).astype(np.int32)
    steps = np.round(edges / GRID_S).astype(np.int32)
    found = np.diff(cumulative[at[:, :, None] + steps], axis=2)
    if not mask.all():
        found = found * mask
    return found.sum(axis=1).astype(float)


def _windows(counts: Floats, low: NDArray[np.int64], high: NDArray[np.int64]) -> Floats:
    total = np.concatenate([np.zeros((len(counts), 1)), np.cumsum(counts, axis=1)], axis=1)
    return total[:, high] - total[:, low]


def signed_root(n: Floats, mean: Floats) -> Floats:
    """sign(n − m) √(2 (n ln(n/m) − n + m)): how far Poisson counts lie from their means."""
    mean = np.maximum(mean, 1e-9)
    ratio = np.where(n > 0, n * np.log(np.maximum(n, 1e-9) / mean), 0.0)
    return np.sign(n - mean) * np.sqrt(np.maximum(2 * (ratio - n + mean), 0.0))
