"""What a cell would have fired on from where a response left it: intervals drawn from its own, renewed at each spike.

After an excitation every cell pauses for about one of its intervals, and after a pause it fires. A second response is
therefore tested against trains that go on from the last spike of each trial as the cell does at rest, and after a
pause from any moment of its intervals (renewal null; Cox & Lewis 1966, The statistical analysis of series of events).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from coeruleus.responses.moved import Counts, Floats, Trials
from coeruleus.responses.scan import EDGES_S, Scan, compare, windows_between

REPLICATES = 399
QUANTILES = 4096
FEWEST_INTERVALS = 8
REST_SHARE = 0.3  # of the time after events, its last part, where there is little other rest
LEAST_REST = 0.3  # of the recording


@dataclass(frozen=True)
class Intervals:
    """Distribution of a cell's intervals at rest: sorted times (s), probability of lasting at most each, the mean of
    what is longer than the last of them, and the relative error of the mean interval."""

    times: Floats
    at_most: Floats
    tail_s: float
    error: float

    def drawn(self, n: int, rng: np.random.Generator) -> Floats:
        """Whole intervals: any of QUANTILES of the distribution, which is much faster than looking each one up."""
        return self.quantiles[rng.integers(0, QUANTILES, n)]

    @cached_property
    def quantiles(self) -> Floats:
        chance = (np.arange(QUANTILES) + 0.5) / QUANTILES
        place = np.searchsorted(self.at_most, chance, side="right")
        length = self.times[np.minimum(place, len(self.times) - 1)]
        over = place == len(self.times)
        left = max(1 - float(self.at_most[-1]), 1 / QUANTILES)
        length[over] -= self.tail_s * np.log((1 - chance[over]) / left)
        return length

    def longer_than(self, since: Floats, rng: np.random.Generator) -> Floats:
        """An interval for each `since` (s), given that it lasts longer than that."""
        passed = np.searchsorted(self.times, since, side="right")
        below = np.r_[0.0, self.at_most][passed]
        place = np.searchsorted(self.at_most, below + rng.random(len(since)) * (1 - below), side="right")
        last = np.maximum(since, self.times[-1])
        drawn = np.r_[self.times, 0.0][place]
        return np.where(
            place < len(self.times), np.maximum(drawn, since), last + rng.exponential(self.tail_s, len(since))
        )

    def from_any_moment(self, n: int, rng: np.random.Generator) -> Floats:
        """The rest of the interval that holds a moment of its own: from intervals drawn by their length."""
        weight = np.diff(np.r_[0.0, self.at_most, 1.0]) * np.r_[self.times, self.times[-1] + self.tail_s]
        drawn = rng.choice(len(weight), n, p=weight / weight.sum())
        return np.r_[self.times, self.times[-1] + self.tail_s][drawn] * rng.random(n)


def intervals_at_rest(trials: Trials, extent_end_s: float) -> Intervals | None:
    """Kaplan–Meier distribution of the intervals outside responses; those that run into the next event's time are
    censored there. None where they are too few.

    Rest is the time outside that of all events; where this is less than 30 % of the recording, the last 30 % of each
    event's time too, as long as it lies behind the response found; and where this holds fewer than 8 intervals, the
    recordings without events.
    """
    busy = trials.length.copy()
    whole = sum(dict(zip(trials.start.tolist(), (trials.end - trials.start).tolist(), strict=True)).values())
    if busy.sum() > (1 - LEAST_REST) * whole:
        busy = np.minimum(busy, np.maximum((1 - REST_SHARE) * busy, extent_end_s))
    low, high = trials.onsets, trials.onsets + busy
    order = np.argsort(low, kind="stable")
    low, high = low[order], np.maximum.accumulate(high[order])
    stops = np.unique(np.r_[low, trials.end])
    index = np.searchsorted(low, trials.spikes, side="right") - 1
    free = (index < 0) | (trials.spikes > high[np.maximum(index, 0)])
    begun = trials.spikes[:-1][free[:-1]]
    after = trials.spikes[1:][free[:-1]]
    stop = np.r_[stops, np.inf][np.searchsorted(stops, begun, side="right")]
    seen = after <= stop
    length = np.where(seen, after, stop) - begun
    if seen.sum() < FEWEST_INTERVALS:
        length = np.concatenate([np.diff(train) for train in trials.rest] or [np.empty(0)])
        seen = np.full(len(length), True)
        if len(length) < FEWEST_INTERVALS:
            return None
    order = np.lexsort((~seen, length))
    length, seen = length[order], seen[order]
    lasting = np.cumprod(1 - seen / np.arange(len(length), 0, -1))
    times, at_most = length[seen], 1 - lasting[seen]
    spread = float(np.std(times) / times.mean())
    return Intervals(times, at_most, float(length.sum() / seen.sum()), spread / np.sqrt(len(times)))


def test_onward(
    trials: Trials,
    start_s: float,
    end_s: float,
    excited: bool,
    limit_s: float,
    rng: np.random.Generator,
) -> Scan | None:
    """Excitation and inhibition outside a response from `start_s` to `end_s` after the events (`excited` or not), up to
    `limit_s`. None
    where the cell's intervals at rest are too few to tell, or where no time is left."""
    intervals = intervals_at_rest(trials, end_s)
    edges = EDGES_S[(limit_s + 1e-9 >= EDGES_S) & ((start_s - 0.01 > EDGES_S) | (end_s + 0.01 < EDGES_S))]
    edges = np.unique(np.r_[edges, start_s, min(end_s, limit_s)])
    middle = (edges[1:] + edges[:-1]) / 2
    free = (middle < start_s) | (middle > end_s)
    windows = windows_between(edges, end_s, free) if len(edges) > 1 else None
    if intervals is None or windows is None:
        return None
    scale = np.exp(intervals.error * rng.standard_normal(REPLICATES))
    bins = np.zeros((REPLICATES + 1, len(edges) - 1), dtype=np.int64)
    for begin, stop in ((0.0, start_s), (end_s, limit_s)):
        stops = np.minimum(trials.length, stop)
        bins[0] += _binned(trials.spikes, trials.onsets, begin, stops, edges)
        paused = not excited and begin > 0
        bins[1:] += _drawn(trials, begin, stops, intervals, paused, scale, edges, rng)
    compared = compare(windows, bins)
    time = np.clip(np.minimum(edges[1:], trials.length[:, None]) - edges[:-1], 0, None).sum(axis=0)
    exposed = np.r_[0.0, np.cumsum(time)]
    exposed = exposed[windows.high] - exposed[windows.low]
    found = [compared.deviation(windows, sign, exposed) for sign in (0, 1)]
    return Scan(found[0], found[1], windows, compared)


def _binned(spikes: Floats, onsets: Floats, begin: float, stops: Floats, edges: Floats) -> Counts:
    """Spikes per bin between `begin` and the stop of each trial, over all trials."""
    within = np.minimum(np.maximum(edges, begin), stops[:, None])
    return np.diff(np.searchsorted(spikes, onsets[:, None] + within, side="right"), axis=1).sum(axis=0)


def _drawn(
    trials: Trials,
    begin: float,
    stops: Floats,
    intervals: Intervals,
    paused: bool,
    scale: Floats,
    edges: Floats,
    rng: np.random.Generator,
) -> Counts:
    """The same for replicates that go on from the last spike before `begin`, (replicates, bins)."""
    bins = np.zeros(len(scale) * (len(edges) - 1), dtype=np.int64)
    at = trials.onsets + begin
    last = np.searchsorted(trials.spikes, at, side="right") - 1
    since = np.where(last >= 0, at - trials.spikes[np.maximum(last, 0)], 0.0)
    on = np.flatnonzero(stops > begin)
    row = np.repeat(np.arange(len(scale)), len(on))
    trial = np.tile(on, len(scale))
    if paused:
        time = begin + scale[row] * intervals.from_any_moment(len(row), rng)
    else:
        time = begin + scale[row] * intervals.longer_than(since[trial] / scale[row], rng) - since[trial]
    while True:
        alive = time < stops[trial]
        if not alive.any():
            return bins.reshape(len(scale), -1)
        row, trial, time = row[alive], trial[alive], time[alive]
        place = np.searchsorted(edges, time, side="right") - 1
        bins += np.bincount(row * (len(edges) - 1) + place.clip(0, len(edges) - 2), minlength=len(bins))
        time = time + scale[row] * intervals.drawn(len(row), rng)
