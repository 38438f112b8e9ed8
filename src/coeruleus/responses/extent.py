"""When a response starts, how long it lasts and how strong it is, each with an interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from coeruleus.responses.moved import Floats, Trials
from coeruleus.responses.scan import EDGES_S, Deviation

Exposure = Callable[[Floats], Floats]

LEVEL = 0.90  # of the intervals
POINTS = 64  # of the grid for each end
REFINEMENTS = 4
LIKELY = 8.0  # log posterior below its maximum at which an end is no longer looked for
MOST_DISPERSION = 5.0
NEGLIGIBLE_S = 0.05
HALF = 0.5


@dataclass(frozen=True)
class Extent:
    """Start and end after onset (s), the rate in between (Hz), whether it runs to the end of what was scanned,
    90 % intervals of start, duration and rate, and the posterior of the end: times (s) and weights (sum 1)."""

    start_s: float
    end_s: float
    rate_hz: float
    open_ended: bool
    start_ci: tuple[float, float]
    duration_ci: tuple[float, float]
    rate_ci: tuple[float, float]
    ends: tuple[Floats, Floats]

    def ended_by(self, chances: tuple[float, ...]) -> list[float]:
        """When it has ended with each of these probabilities (s after onset)."""
        return _quantiles(*self.ends, chances)


def after_onset(trials: Trials) -> tuple[Floats, NDArray[np.int64]]:
    """Times of the spikes after each event's onset, within the time that belongs to it, and the event of each."""
    low = np.searchsorted(trials.spikes, trials.onsets, side="left")
    high = np.searchsorted(trials.spikes, trials.onsets + trials.length, side="left")
    which = np.repeat(np.arange(len(low), dtype=np.int64), high - low)
    place = np.arange(len(which)) - np.repeat(np.cumsum(high - low) - (high - low), high - low) + low[which]
    return trials.spikes[place] - trials.onsets[which], which


def scanned(trials: Trials) -> float:
    """How far after the onsets events are scanned (s): half of them have that much time."""
    return float(np.median(trials.length))


def extent_of(
    trials: Trials,
    found: Deviation,
    baseline_hz: float,
    excited: bool,
    within: tuple[float, float],
    follows: Extent | None = None,
) -> Extent:
    """The step in the rate that the pooled spikes show, between the times `within` (s after onset).

    Posterior of start and end of one step away from `baseline_hz`, flat in both, the step's rate integrated over a
    gamma prior (Raftery & Akman 1986, Biometrika 73, 85, for two change-points); its power is lowered where trials
    differ by more than Poisson. Start and duration are its medians.

    `follows`: a response that ends where `within` begins. With a chance of one half beforehand this one starts at that
    very end, wherever that is, and otherwise anywhere later; what the spikes make of the two is weighed.
    """
    times, which = after_onset(trials)
    pooled = np.sort(times)
    exposed = _exposure(trials)
    low, high = within
    dispersion = _dispersion(times, which, trials, found)
    share = found.count / max(found.exposed_s, 1e-9)
    prior = max(share, 1.5 * baseline_hz) if excited else max(min(share, 0.5 * baseline_hz), 0.05 * baseline_hz)
    if prior <= 0:  # no rate falls below none
        return _without_interval(pooled, exposed, found, high)
    edges = np.unique(np.r_[low, EDGES_S[(low < EDGES_S) & (high > EDGES_S)], found.low_s, found.high_s, high])
    edges = edges[(edges >= low) & (edges <= high)]
    starts, ends = edges[edges < found.high_s], edges[edges > found.low_s]

    def step(starts: Floats, ends: Floats) -> Floats:
        n = np.searchsorted(pooled, ends, "right")[None, :] - np.searchsorted(pooled, starts, "left")[:, None]
        time = exposed(ends)[None, :] - exposed(starts)[:, None]
        fits = _log_posterior(np.maximum(n, 0), time, baseline_hz, prior) / dispersion
        rate = n / np.maximum(time, 1e-9)
        wrong = (time <= 1e-6) | ((rate <= baseline_hz) if excited else (rate >= baseline_hz))
        return np.where(wrong, -np.inf, fits)

    for refinement in range(REFINEMENTS):
        fits = step(starts, ends)
        best = float(fits.max())
        if not np.isfinite(best):
            return _without_interval(pooled, exposed, found, high)
        if refinement == REFINEMENTS - 1:
            break
        starts, ends = _around(starts, fits.max(axis=1) - best), _around(ends, fits.max(axis=0) - best)
    weight = np.exp(fits - best)
    weight /= weight.sum()
    stopping = weight.sum(axis=0)
    begins, starting, lengths = starts, weight.sum(axis=1), (ends - starts[:, None]).ravel()
    joined = 0.0
    if follows is not None:
        at_once = np.exp(step(np.array([low]), ends)[0] - best)
        later = float(np.exp(fits - best).sum()) * float(starts[1] - starts[0]) / max(high - low, 1e-9)
        joined = float(at_once.sum()) / (float(at_once.sum()) + later)
    weights = (1 - joined) * weight.ravel()
    if follows is not None and joined > 0:
        before, likely = follows.ends
        at_once /= at_once.sum()
        begins, starting = np.r_[begins, before], np.r_[(1 - joined) * starting, joined * likely]
        lengths = np.r_[lengths, np.maximum(ends - before[:, None], 0.0).ravel()]
        weights = np.r_[weights, joined * (likely[:, None] * at_once).ravel()]
        stopping = (1 - joined) * stopping + joined * at_once
    tail = (1 - LEVEL) / 2
    begun = _quantiles(begins, starting, (tail, 0.5, 1 - tail))
    begun[1] = max(begun[1], low) if joined <= HALF else low
    stopped = _quantiles(ends, stopping, (0.5,))[0]
    lasting = _quantiles(lengths, weights, (tail, 0.5, 1 - tail))
    open_ended = stopped >= high - NEGLIGIBLE_S
    end = high if open_ended else min(begun[1] + lasting[1], high)
    # Spikes where the one before may not have ended yet are none of this one's.
    since = min(begun[2], end) if joined > HALF else begun[1]
    count = float(np.searchsorted(pooled, end, "right") - np.searchsorted(pooled, since, "left"))
    time_s = float((exposed(np.array([end])) - exposed(np.array([since])))[0])
    return Extent(
        begun[1],
        end,
        count / time_s if time_s > 0 else float("nan"),
        bool(open_ended),
        (begun[0], begun[2]),
        (lasting[0], lasting[2]),
        _rate_interval(count, time_s, dispersion),
        (ends, stopping / stopping.sum()),
    )


def _exposure(trials: Trials) -> Exposure:
    """Time recorded up to a moment after onset, over all events."""
    ordered = np.sort(trials.length)
    total = np.r_[0.0, np.cumsum(ordered)]

    def until(times: Floats) -> Floats:
        shorter = np.searchsorted(ordered, times)
        return np.asarray(total[shorter] + (len(ordered) - shorter) * times)

    return until


def _log_posterior(n: NDArray[np.int64], time: Floats, baseline_hz: float, prior_hz: float) -> Floats:
    """Log marginal likelihood of n spikes in `time` at a gamma-distributed rate, over that at the baseline."""
    base = max(baseline_hz, 1e-3)
    table = special.gammaln(np.arange(int(n.max()) + 1) + 1.0)
    return np.asarray(table[n] - (n + 1) * np.log(np.maximum(time, 0) + 1 / prior_hz) - n * np.log(base) + base * time)


def _around(grid: Floats, below: Floats) -> Floats:
    """A finer grid over the likely points and one beyond them on either side (`below`: log posterior − maximum)."""
    place = np.flatnonzero(below > -LIKELY)
    return np.linspace(grid[max(place[0] - 1, 0)], grid[min(place[-1] + 1, len(grid) - 1)], POINTS)


def _quantiles(values: Floats, weights: Floats, wanted: tuple[float, ...]) -> list[float]:
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order]
    total = np.cumsum(weights) - weights / 2
    return [float(value) for value in np.interp(wanted, total / weights.sum(), values)]


def _dispersion(times: Floats, which: NDArray[np.int64], trials: Trials, found: Deviation) -> float:
    """Variance over mean of the trials' counts in the window, where it is above 1."""
    inside = (times >= found.low_s) & (times < found.high_s)
    counts = np.bincount(which[inside], minlength=len(trials.onsets))[trials.length >= found.high_s - 1e-9]
    if len(counts) < 2 or counts.sum() == 0:
        return 1.0
    return float(np.clip(counts.var(ddof=1) / counts.mean(), 1.0, MOST_DISPERSION))


def _rate_interval(count: float, time_s: float, dispersion: float) -> tuple[float, float]:
    """Garwood's interval of a count (1936, Biometrika 28, 437), widened for trials that differ."""
    if time_s <= 0:
        return float("nan"), float("nan")
    tail, shape = (1 - LEVEL) / 2, count / dispersion
    low = special.gammaincinv(shape, tail) * dispersion / time_s if count > 0 else 0.0
    return float(low), float(special.gammaincinv(shape + 1, 1 - tail) * dispersion / time_s)


def _without_interval(pooled: Floats, exposed: Exposure, found: Deviation, limit: float) -> Extent:
    """The window as scanned, where the rate in it is not on the side of the baseline that the test found."""
    time_s = float(np.diff(exposed(np.array([found.low_s, found.high_s])))[0])
    count = float(np.diff(np.searchsorted(pooled, [found.low_s, found.high_s]))[0])
    rate = count / time_s if time_s > 0 else float("nan")
    none = (float("nan"), float("nan"))
    around = _rate_interval(count, time_s, 1.0)
    ended = found.high_s >= limit - NEGLIGIBLE_S
    return Extent(found.low_s, found.high_s, rate, ended, none, none, around, (np.array([found.high_s]), np.ones(1)))
