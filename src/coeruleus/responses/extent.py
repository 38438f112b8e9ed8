"""When a response starts and how long it lasts, to the precision that the pooled spikes allow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coeruleus.responses.scan import EDGES_S, Deviation, Floats, Trials

MOST_CANDIDATES = 300
JOINED_S = 0.15  # pieces that lie closer are one response
MEDIAN_GAP = float(np.log(2))  # median of an exponential gap, in mean gaps


@dataclass(frozen=True)
class Extent:
    """Start and end after onset (s), the rate in between (Hz), and whether it runs to the end of what was scanned."""

    start_s: float
    end_s: float
    rate_hz: float
    open_ended: bool


def after_onset(trials: Trials) -> tuple[Floats, NDArray[np.int64]]:
    """Times of the spikes after each event's onset, within the time that belongs to it, and the event of each."""
    low = np.searchsorted(trials.spikes, trials.onsets, side="left")
    high = np.searchsorted(trials.spikes, trials.onsets + trials.length, side="left")
    which = np.repeat(np.arange(len(low), dtype=np.int64), high - low)
    place = np.arange(len(which)) - np.repeat(np.cumsum(high - low) - (high - low), high - low) + low[which]
    return trials.spikes[place] - trials.onsets[which], which


def extent_of(trials: Trials, deviation: Deviation, excited: bool) -> Extent:
    """The window that the scan found, its two ends moved to where the likelihood of a step is largest.

    Each end moves among the pooled spikes within one step of the scan's grid: n ln(n/m) − n + m is largest
    there. Ends that come to lie at spikes are then moved by the median distance to the true end.
    """
    pooled = np.sort(after_onset(trials)[0])
    limit = scanned(trials)
    grid = EDGES_S[limit + 1e-9 >= EDGES_S]
    low, high = (int(np.argmin(np.abs(grid - end))) for end in (deviation.low_s, deviation.high_s))
    bounds = [float(grid[max(low - 1, 0)]), float(grid[min(low + 1, high)])]
    bounds += [float(grid[max(high - 1, low)]), float(grid[high + 1]) if high + 1 < len(grid) else limit]
    base = deviation.rate_hz * max(int((trials.length >= deviation.low_s).sum()), 1)
    starts = _near(pooled, bounds[0], bounds[1], deviation.low_s)
    ends = _near(pooled, bounds[2], bounds[3], deviation.high_s)
    start, end = (grid.ravel() for grid in np.meshgrid(starts, ends, indexing="ij"))
    start, end = start[end > start], end[end > start]
    if not len(start) or base <= 0:
        return measured(trials, deviation.low_s, deviation.high_s, limit)
    # An excitation holds the spikes at its ends, an inhibition does not.
    n = np.searchsorted(pooled, end, "right" if excited else "left")
    n = n - np.searchsorted(pooled, start, "left" if excited else "right")
    expected = base * (end - start)
    gain = np.where(n > 0, n * np.log(np.maximum(n, 1) / expected), 0.0) - n + expected
    gain[(n > expected) != excited] = -np.inf
    best = int(np.argmax(gain))
    if not np.isfinite(gain[best]):
        return measured(trials, deviation.low_s, deviation.high_s, limit)
    start_s, end_s, count = float(start[best]), float(end[best]), int(n[best])
    if excited:
        step = MEDIAN_GAP * (end_s - start_s) / max(count - 1, 1)
        before, behind = pooled[pooled < start_s], pooled[pooled > end_s]
        start_s = max(start_s - step, float(before[-1]) if len(before) else 0.0)
        end_s = min(end_s + step, float(behind[0]) if len(behind) else limit)
    else:
        step = min(MEDIAN_GAP / base, (end_s - start_s) / 8)
        start_s += step if start_s > 0 else 0.0
        end_s -= step if end_s < limit else 0.0
    return measured(trials, start_s, end_s, limit)


def scanned(trials: Trials) -> float:
    """How far after the onsets events are scanned (s): half of them have that much time."""
    return float(np.median(trials.length))


def _near(pooled: Floats, low: float, high: float, middle: float) -> Floats:
    inside = pooled[(pooled >= low) & (pooled <= high)]
    inside = inside[:: max(int(np.ceil(len(inside) / MOST_CANDIDATES)), 1)]
    return np.unique(np.r_[inside, middle])


def united(trials: Trials, extents: list[Extent]) -> Extent:
    """The first extent with all that adjoin it, directly or through others: the whole of one response."""
    start_s, end_s = extents[0].start_s, extents[0].end_s
    for _ in extents:
        for extent in extents:
            if extent.start_s <= end_s + JOINED_S and extent.end_s >= start_s - JOINED_S:
                start_s, end_s = min(start_s, extent.start_s), max(end_s, extent.end_s)
    return measured(trials, start_s, end_s, scanned(trials))


def measured(trials: Trials, start_s: float, end_s: float, limit: float) -> Extent:
    """Start, end and rate of an interval after the onsets; `limit` is the end of what was scanned."""
    times = after_onset(trials)[0]
    time = float(np.clip(np.minimum(trials.length, end_s) - start_s, 0, None).sum())
    count = int(((times >= start_s) & (times <= end_s)).sum())
    return Extent(start_s, end_s, count / time if time > 0 else float("nan"), end_s >= limit - 0.05)


def without(trials: Trials, extent: Extent) -> Trials:
    """The same trials with the time of a response cut out after every event, and the ends joined.

    What follows is then compared with the cell's firing outside the response, not with an average that
    holds it.
    """
    low = trials.onsets + extent.start_s
    high = trials.onsets + np.minimum(extent.end_s, trials.length)
    cut = np.flatnonzero(high > low)
    low, high = low[cut], high[cut]
    order = np.argsort(low, kind="stable")
    low, high = low[order], np.maximum.accumulate(high[order])
    low[1:] = np.maximum(low[1:], high[:-1])
    removed = np.r_[0.0, np.cumsum(high - low)]

    def shifted(times: Floats) -> Floats:
        index = np.searchsorted(low, times, side="right")
        inside = np.clip(high[np.maximum(index - 1, 0)] - times, 0, None) if len(low) else 0.0
        return times - removed[index] + np.where(index > 0, inside, 0.0)

    index = np.searchsorted(low, trials.spikes, side="right")
    kept = (index == 0) | (trials.spikes > high[np.maximum(index - 1, 0)]) if len(low) else np.full(len(index), True)
    onsets, ends = shifted(trials.onsets), shifted(trials.onsets + trials.length)
    return Trials(shifted(trials.spikes[kept]), onsets, ends - onsets, shifted(trials.start), shifted(trials.end))


def restored(time_s: float, extent: Extent, is_end: bool) -> float:
    """A time after onset found after `without`, back on the clock that has the response."""
    beyond = time_s > extent.start_s if is_end else time_s >= extent.start_s
    return time_s + (extent.end_s - extent.start_s) if beyond else time_s
