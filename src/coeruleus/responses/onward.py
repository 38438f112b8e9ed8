"""What a cell would have fired on from where a response left it: intervals drawn from its own, renewed at each spike.

After an excitation every cell pauses for about one of its intervals, and after a pause it fires. A second response is
therefore tested against trains that go on from the last spike of each trial as the cell does at rest, and after a
pause from any moment of its intervals (renewal null; Cox & Lewis 1966, The statistical analysis of series of events).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coeruleus.responses.extent import Extent
from coeruleus.responses.moved import GRID_S, STRETCH_S, Counts, Floats, Trials
from coeruleus.responses.scan import EDGES_S, SHORTEST_INHIBITION_S, Scan, compare, windows_between

Ints = NDArray[np.int64]

REPLICATES = 399
MORE = 800  # where p is CLOSE to 0.05
CLOSE = (0.03, 0.08)
QUANTILES = 128
NEARLY = 1 - 1e-12
FEWEST_INTERVALS = 8
FEWEST_AT_RISK = 10  # longer intervals are taken to end as those beyond the median do
REST_SHARE = 0.3  # of the time after events, its last part, where there is little other rest
LEAST_REST = 0.3  # of the recording
ENOUGH = 60  # intervals
MAY_HAVE_ENDED = (0.65, 0.8, 0.9)  # probabilities: the last spikes of a burst, taken for what follows, hide a pause


@dataclass(frozen=True)
class Intervals:
    """Distributions of a cell's intervals at rest, one or as each could have been: sorted times (s), probability of
    lasting at most each, (rows, times), by how much those that are longer than the last of them are longer (s), and
    the relative error of the mean interval (0 where the distributions show it)."""

    times: Floats
    at_most: Floats
    tail_s: Floats
    error: float

    def drawn(self, of: Ints, rng: np.random.Generator) -> Floats:
        """A whole interval of each distribution: any of its QUANTILES, much faster than looking each one up."""
        return self.quantiles.take(of * QUANTILES + rng.integers(0, QUANTILES, len(of), dtype=np.uint8))

    @cached_property
    def quantiles(self) -> Floats:
        chance = np.tile((np.arange(QUANTILES) + 0.5) / QUANTILES, (len(self.at_most), 1))
        of = np.repeat(np.arange(len(chance)), QUANTILES)
        place = _places(self.at_most, of, chance.ravel()).reshape(chance.shape)
        left = np.maximum(1 - self.at_most[:, -1:], 1 / QUANTILES)
        beyond = -self.tail_s[:, None] * np.log((1 - chance) / left)
        return self.times[np.minimum(place, len(self.times) - 1)] + np.where(place == len(self.times), beyond, 0.0)

    @property
    def cv(self) -> float:
        """Coefficient of variation of the first distribution, its tail included."""
        chance = np.diff(self.at_most[0], prepend=0.0, append=1.0)
        times = np.r_[self.times, self.times[-1] + self.tail_s[0]]
        mean = chance @ times
        return float(np.sqrt(chance @ (times - mean) ** 2 + chance[-1] * self.tail_s[0] ** 2) / mean)

    def longer_than(self, since: Floats, of: Ints, rng: np.random.Generator) -> Floats:
        """An interval for each `since` (s), given that it lasts longer than that."""
        passed = np.searchsorted(self.times, since, side="right")
        below = np.where(passed > 0, self.at_most[of, np.maximum(passed, 1) - 1], 0.0)
        place = _places(self.at_most, of, below + rng.random(len(since)) * (1 - below))
        last = np.maximum(since, self.times[-1])
        drawn = np.r_[self.times, 0.0][place]
        beyond = last + rng.exponential(self.tail_s[of])
        return np.where(place < len(self.times), np.maximum(drawn, since), beyond)

    def from_any_moment(self, of: Ints, rng: np.random.Generator) -> Floats:
        """The rest of the interval that holds a moment of its own: from intervals drawn by their length."""
        length = np.column_stack([np.tile(self.times, (len(self.at_most), 1)), self.times[-1] + self.tail_s])
        weight = np.cumsum(np.diff(self.at_most, axis=1, prepend=0.0, append=1.0) * length, axis=1)
        drawn = _places(weight / weight[:, -1:], of, rng.random(len(of)))
        return length[of, drawn] * rng.random(len(of))


def _places(at_most: Floats, of: Ints, chance: Floats) -> Ints:
    """How many probabilities of the row `of` lie at or below each chance: all rows in one, one after the other."""
    rows = (np.arange(len(at_most))[:, None] + NEARLY * at_most).ravel()
    return np.searchsorted(rows, of + NEARLY * chance, side="right") - of * at_most.shape[1]


def intervals_at_rest(trials: Trials, extent_end_s: float, rng: np.random.Generator) -> Intervals | None:
    """Kaplan–Meier distributions of the intervals at rest (`_rest`); those that end in no rest are censored there. None
    where they are too few. Where less than half of the spikes near the events are of rest, there is one for each
    replicate, in which intervals are weighed anew (Bayesian bootstrap; Rubin 1981, Ann Stat 9, 130): what few of them
    leave open differs between replicates. Else what is open is the mean interval, nearly.
    """
    length, seen, busy_spikes = _rest(trials, extent_end_s)
    if seen.sum() < FEWEST_INTERVALS:
        length = np.concatenate([np.diff(train) for train in trials.rest] or [np.empty(0)])
        seen = np.full(len(length), True)
        if len(length) < FEWEST_INTERVALS:
            return None
    order = np.lexsort((~seen, length))
    length, seen = length[order], seen[order]
    left = len(length) - np.arange(len(length))
    few = (left < min(FEWEST_AT_RISK, len(length) / 4))[seen]
    few[0] = False
    n = int(seen.sum())
    plenty = n >= busy_spikes

    def known(weight: NDArray[Any]) -> Intervals:
        at_risk = np.cumsum(weight[:, ::-1], axis=1)[:, ::-1]
        lasting = np.cumprod(1 - weight * seen / at_risk, axis=1)[:, seen]
        beyond = length - np.median(length[seen])
        tail_s = (weight @ np.maximum(beyond, 0.0)) / np.maximum(weight @ (seen & (beyond > 0)), 1e-300)
        return Intervals(length[seen][~few], 1 - lasting[:, ~few], tail_s, 0.0)

    found = known(np.ones((1, len(length))))
    error = found.cv / np.sqrt(n)
    if not plenty:
        found = known(rng.exponential(size=(REPLICATES, len(length))))
    # The inverse of an estimated mean is too large on average, and that of a scattered one again: counts would be.
    longer = np.exp((1.5 if plenty else 2.0) * error**2)
    return Intervals(found.times * longer, found.at_most, found.tail_s * longer, error if plenty else 0.0)


def _rest(trials: Trials, extent_end_s: float) -> tuple[Floats, NDArray[np.bool_], int]:
    """Lengths of the intervals that begin at rest, whether each ends there, and how many spikes the events' time holds.

    Rest is the time outside that of all events, under the same drugs (`Trials.no_rest`); where the events' own time is
    more than 70 % of all that, its last 30 % too, as long as it lies behind the response found. The rate of a cell
    drifts: from rest within STRETCH_S of the events, and farther only until there are ENOUGH intervals.
    """
    own = trials.length
    barred, until = _joined(*trials.no_rest)
    every, over = _joined(np.r_[trials.onsets, barred], np.r_[trials.onsets + own, until])
    part = np.unique(np.column_stack([trials.start, trials.end]), axis=0)
    taken = np.clip(np.minimum(over, part[:, 1:]) - np.maximum(every, part[:, :1]), 0, None).sum()
    left = np.diff(part).sum() - taken
    if left < LEAST_REST * (left + own.sum()):
        own = np.minimum(own, np.maximum((1 - REST_SHARE) * own, extent_end_s))
    low, high = _joined(trials.onsets, trials.onsets + own)
    every, over = _joined(np.r_[low, barred], np.r_[high, until])
    begun, after = trials.spikes[:-1], trials.spikes[1:]
    busy = _within(trials.spikes, low, high)
    free = ~_within(begun, every, over)
    begun, after = begun[free], after[free]
    stops = np.unique(np.r_[every, trials.end])
    stop = np.r_[stops, np.inf][np.searchsorted(stops, begun, side="right")]
    seen = after <= stop
    length = np.where(seen, after, stop) - begun
    place = np.searchsorted(low, begun, side="right")
    apart = np.minimum(begun - np.r_[-np.inf, high][place], np.r_[low, np.inf][place] - begun)
    reach = STRETCH_S
    while (seen & (apart <= reach)).sum() < min(ENOUGH, seen.sum()):
        reach *= 2
    near = apart <= reach
    return length[near], seen[near], int(busy.sum())


def _joined(begin: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Stretches that may overlap as stretches that do not."""
    order = np.argsort(begin, kind="stable")
    begin, end = begin[order], np.maximum.accumulate(end[order]) if len(end) else end
    new = np.r_[True, begin[1:] > end[:-1]] if len(begin) else np.empty(0, dtype=bool)
    last = np.r_[new[1:], True] if len(begin) else new
    return begin[new], end[last]


def _within(times: Floats, begin: Floats, end: Floats) -> NDArray[np.bool_]:
    place = np.searchsorted(begin, times, side="right")
    return times <= np.r_[-np.inf, end][place]


def test_onward(trials: Trials, first: Extent, excited: bool, limit_s: float, rng: np.random.Generator) -> Scan | None:
    """Excitation and inhibition outside the response `first` (`excited` or not), up to `limit_s` after the events. None
    where the cell's intervals at rest are too few to tell, or where no time is left."""
    start_s, end_s = first.start_s, first.end_s
    parts = [(0.0, start_s), (end_s, limit_s)]
    if excited and start_s < SHORTEST_INHIBITION_S:  # no pause fits in before
        del parts[0]
    intervals = intervals_at_rest(trials, end_s, rng)
    edges = EDGES_S[(limit_s + 1e-9 >= EDGES_S) & ((start_s - 0.01 > EDGES_S) | (end_s + 0.01 < EDGES_S))]
    over = [time for time in first.ended_by(MAY_HAVE_ENDED) if end_s + GRID_S < time <= limit_s]
    edges = np.unique(np.r_[edges, start_s, min(end_s, limit_s), over])
    edges = edges[edges >= parts[0][0]]
    middle = (edges[1:] + edges[:-1]) / 2
    free = (middle < start_s) | (middle > end_s)
    windows = windows_between(edges, end_s, free, max(over, default=end_s)) if len(edges) > 1 else None
    if intervals is None or windows is None:
        return None
    bins = np.zeros((1, len(edges) - 1), dtype=np.int64)
    for begin, stop in parts:
        bins[0] += _binned(trials.spikes, trials.onsets, begin, np.minimum(trials.length, stop), edges)
    for replicates in (REPLICATES, MORE):
        scale = np.exp(intervals.error * rng.standard_normal(replicates))
        drawn = np.zeros((replicates, len(edges) - 1), dtype=np.int64)
        for begin, stop in parts:
            stops, paused = np.minimum(trials.length, stop), not excited and begin > 0
            drawn += _drawn(trials, begin, stops, intervals, paused, scale, edges, rng)
        bins = np.vstack([bins, drawn])
        compared = compare(windows, bins)
        p = (1 + compared.exceeded[1 if excited else 0]) / len(bins)
        if not CLOSE[0] < p < CLOSE[1]:
            break
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
    """The same for replicates, one for each `scale`, that go on from the last spike before `begin`: (scales, bins)."""
    bins = np.zeros(len(scale) * (len(edges) - 1), dtype=np.int64)
    bin_of = _finder(edges, float(stops.max()))
    at = trials.onsets + begin
    last = np.searchsorted(trials.spikes, at, side="right") - 1
    since = np.where(last >= 0, at - trials.spikes[np.maximum(last, 0)], 0.0)
    on = np.flatnonzero(stops > begin)
    row = np.repeat(np.arange(len(scale)), len(on))
    of, stop, scaled = row % len(intervals.at_most), np.tile(stops[on], len(scale)), scale[row]
    if paused:
        time = begin + scaled * intervals.from_any_moment(of, rng)
    else:
        passed = np.tile(since[on], len(scale))
        time = begin + scaled * intervals.longer_than(passed / scaled, of, rng) - passed
    while True:
        alive = np.flatnonzero(time < stop)
        if not len(alive):
            return bins.reshape(len(scale), -1)
        row, of = row[alive], of[alive]
        stop, scaled, time = stop[alive], scaled[alive], time[alive]
        bins += np.bincount(row * (len(edges) - 1) + bin_of(time), minlength=len(bins))
        time = time + scaled * intervals.drawn(of, rng)


def _finder(edges: Floats, until_s: float) -> Callable[[Floats], Ints]:
    """What says in which bin a time before `until_s` lies: by the cells of a fine grid, much faster than a search."""
    starts = np.arange(int(until_s / GRID_S) + 2) * GRID_S
    first = np.searchsorted(edges, starts, side="right") - 1
    later = np.r_[edges[1:], np.inf, np.inf]
    most = int(np.diff(first).max())  # edges in one cell

    def bin_of(time: Floats) -> Ints:
        place = first.take((time / GRID_S).astype(np.intp))
        for _ in range(most):
            place = place + (time >= later.take(place))
        return place.clip(0, len(edges) - 2)

    return bin_of
