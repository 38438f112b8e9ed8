"""Excitation and inhibition, separately: windows scanned after events, against the train's own regularity.

The null moves every event, on its own, to a random moment of a stretch of the recording that holds it: the
train stays as it is, with its regularity, its bursts and its slow drift, and only the alignment is lost
(event jitter, as in Montijn et al. 2021, doi 10.7554/eLife.71969, with stretches that do not overlap where
events are dense). All windows are scanned in the same way in the data and in each replicate, and their
average likelihood ratio is compared with its own distribution: that corrects for the windows scanned and loses
less than the largest ratio alone (Chan & Walther 2013, Stat Sinica 23, 409). Where the train shows a slow drift,
counts are taken less what it adds (`moved.drift`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from coeruleus.responses.moved import Counts, Floats, Trials, counts, cumulative, drift, stretches

EDGES_S = np.r_[0:0.2:0.02, 0.2:0.6:0.1, 0.6, 0.8, 1:2:0.25, 2:5:0.5, 5:10:1, 10:15.1:2.5]
SHORTEST_INHIBITION_S = 0.2
START_SCALE_S = 0.1
SHORT_S = 0.05
USUAL_SILENCE_S = 1.5
LOG_SPREAD = 0.6
HALF = 0.5
AT_ONCE = 100  # replicates
BLOCK = 111  # replicates at a time; the smallest p-value is 1 ÷ (9 × 111 + 1)
BLOCKS = ((1, 20), (2, 40), (6, 0))  # no further ones where both signs are exceeded so often: p is above 0.12
CLEAR = 5  # exceeded no more often than this at first, p will not be: the second look is left out
LEAST_DISPERSION = 0.05
LARGEST = 80.0  # of an exponent
NEARLY = 1 - 1e-5
EVENTS_FACTORS = (0.01, 1000.0)
ALPHA = 0.05


@dataclass(frozen=True)
class Deviation:
    """One sign: its p-value, and the window after onset (s) that stands out most."""

    p: float
    low_s: float
    high_s: float
    count: float  # spikes in it, over all events
    exposed_s: float  # its length, over all events


@dataclass(frozen=True)
class Scan:
    """Both signs, and what they were found by."""

    excitation: Deviation
    inhibition: Deviation
    windows: Windows
    compared: Compared

    def silence(self, silence_s: float) -> float:
        """By how much a complete silence of this length would pass the 5 % threshold for inhibition: the ratio of the
        events there are to those that it would take (1 or more: it would be seen)."""
        return self.compared.silence(self.windows, silence_s)


@dataclass(frozen=True)
class Windows:
    """Windows between edges (s), as bins from `low` up to `high`, and their weights for each sign (sum 1)."""

    edges: Floats
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    excitation: Floats
    inhibition: Floats

    def counts(self, total: Counts) -> Iterator[tuple[slice, Counts]]:
        """Spikes in each window, (windows, replicates), from those up to each edge, (edges, replicates): some
        replicates at a time, as many as the processor's cache holds, in arrays that the next ones overwrite."""
        start = np.empty((len(self.low), min(AT_ONCE, total.shape[1])), dtype=total.dtype)
        end = np.empty_like(start)
        for at in range(0, total.shape[1], AT_ONCE):
            some = np.ascontiguousarray(total[:, at : at + AT_ONCE])
            if some.shape[1] < start.shape[1]:
                start, end = np.empty((2, len(self.low), some.shape[1]), dtype=total.dtype)
            np.take(some, self.low, axis=0, out=start, mode="clip")
            np.take(some, self.high, axis=0, out=end, mode="clip")
            yield slice(at, at + some.shape[1]), np.subtract(end, start, out=end)


def windows_between(
    edges: Floats, begin_s: float = 0.0, bins: NDArray[np.bool_] | None = None, at_once_s: float | None = None
) -> Windows | None:
    """All windows between edges, weighted as responses are known to be: even in the logarithm of the length and of the
    start for excitation; for inhibition most at 0.5 to 4 s that begin soon after `begin_s`, the end of an excitation or
    the event (Cedarbaum & Aghajanian 1978, Life Sci 23, 1383). Others are found as well, if they are stronger.

    `bins`: those that may be used; windows hold no other. `at_once_s`: half of the weight for inhibition goes to the
    windows that begin between `begin_s` and this, evenly to each beginning. None where there is no window.
    """
    low, high = np.triu_indices(len(edges), 1)
    if bins is not None:
        barred = np.r_[0, np.cumsum(~bins)]
        free = barred[high] == barred[low]
        low, high = low[free], high[free]
    if not len(low):
        return None
    width = np.gradient(edges)
    length, since = edges[high] - edges[low], np.maximum(edges[low] - begin_s, 0.0)
    up, down = (
        width[low] / (since + START_SCALE_S) * width[high] / (length + SHORT_S) * usual
        for usual in (1.0, np.exp(-(np.log(length / USUAL_SILENCE_S) ** 2) / 2 / LOG_SPREAD**2))
    )
    down = np.where(length >= SHORTEST_INHIBITION_S - 1e-9, down, 0.0)
    if at_once_s is not None:
        at_once = (edges >= begin_s - 1e-9) & (edges <= at_once_s + 1e-9)
        share = np.where(at_once, HALF / at_once.sum(), 0.0)[low]
        of_start = np.bincount(low, down, minlength=len(edges))[low]
        later = down[~at_once[low]].sum()
        down = np.where(at_once[low], share / np.maximum(of_start, 1e-300), HALF / max(later, 1e-300)) * down
    return Windows(edges, low, high, up / up.sum(), down / max(down.sum(), 1e-300))


@cache
def _all_windows(edges: int) -> Windows | None:
    """Windows between the first edges; asked for by every unit, so kept."""
    return windows_between(EDGES_S[:edges]) if edges > 1 else None


def scan(trials: Trials, rng: np.random.Generator) -> Scan | None:
    """Scan for both signs. None where no window can be scanned (no time after onsets, or no spikes)."""
    edges = EDGES_S[np.quantile(trials.length, 0.5) + 1e-9 >= EDGES_S]
    windows = _all_windows(len(edges))
    if windows is None or not len(trials.spikes) or not len(trials.onsets):
        return None
    mask = edges[None, 1:] <= trials.length[:, None] + 1e-9
    grid = cumulative(trials, float(edges[-1]))
    first, room = stretches(trials, rng)
    slow = drift(trials, grid, first, room)
    level = grid if slow is None else grid - slow
    bins = [counts(trials, level, edges, mask, trials.onsets[None, :])]
    exceeded = CLEAR + 1
    for number, (blocks, enough) in enumerate(BLOCKS):
        for _ in range(blocks):
            moved = first + rng.random((BLOCK, len(trials.onsets))) * room
            bins.append(counts(trials, level, edges, mask, moved))
        if exceeded <= CLEAR and number < len(BLOCKS) - 1:
            continue
        compared = compare(windows, np.vstack(bins))
        exceeded = min(compared.exceeded)
        if exceeded >= enough:
            break
    if slow is not None:
        total = np.r_[0, np.cumsum(counts(trials, grid, edges, mask, trials.onsets[None, :])[0])]
        compared = replace(compared, count=total[windows.high] - total[windows.low])
    time = np.r_[0.0, np.cumsum(mask.sum(axis=0) * np.diff(edges))]
    found = [compared.deviation(windows, sign, time[windows.high] - time[windows.low]) for sign in (0, 1)]
    return Scan(found[0], found[1], windows, compared)


@dataclass(frozen=True)
class Compared:
    """Data against replicates. count, mean, dispersion: (windows,); raw: their log likelihood ratio, unscaled, signed;
    exceeded: replicates at least as far out as the data, for excitation and inhibition; threshold: of the average
    ratio for inhibition at 5 %."""

    count: Counts
    mean: Floats
    dispersion: Floats
    raw: Floats
    exceeded: tuple[int, int]
    replicates: int
    threshold: float

    def deviation(self, windows: Windows, sign: int, exposed: Floats) -> Deviation:
        # Where it is: the raw likelihood decides, as the dispersion of replicates that hit a response differs
        # between windows.
        allowed = (windows.excitation if sign == 0 else windows.inhibition) > 0
        best = int(np.argmax(np.where(allowed, self.raw if sign == 0 else -self.raw, -np.inf)))
        window = float(windows.edges[windows.low[best]]), float(windows.edges[windows.high[best]])
        p = (1 + self.exceeded[sign]) / self.replicates
        return Deviation(p, *window, float(self.count[best]), float(exposed[best]))

    def silence(self, windows: Windows, silence_s: float) -> float:
        """See `Scan.silence`: what the average would be, had each window the mean count but for the silent time."""
        start, end = windows.edges[windows.low], windows.edges[windows.high]
        begins = np.unique(start[start <= max(float(windows.edges[-1]) - silence_s, float(start.min())) + 1e-9])
        shared = np.minimum(end, begins[:, None] + silence_s) - np.maximum(start, begins[:, None])
        left = 1 - np.clip(shared / (end - start), 0, 1)
        gain = self.mean * (np.where(left > 0, left * np.log(np.maximum(left, 1e-9)), 0.0) - left + 1) / self.dispersion
        factors = np.geomspace(*EVENTS_FACTORS, 200)
        best = gain[int(np.argmax(gain @ windows.inhibition))]
        averages = np.exp(np.minimum(factors[:, None] * best, LARGEST)) @ windows.inhibition
        enough = np.flatnonzero(averages >= self.threshold)
        return float(1 / factors[enough[0]]) if len(enough) else 0.0


def compare(windows: Windows, bins: Counts) -> Compared:
    """The first row of `bins` (rows, bins; counts) against all others, which are what there is without responses.

    A window of `n` spikes, where rows have mean m and variance v, has the likelihood ratio
    exp((n ln(n/m) − n + m) ÷ (v/m)): Poisson, scaled by the dispersion that the train itself shows at this window's
    length. Each sign's average takes 1 for the windows that deviate the other way.
    """
    total = np.zeros((bins.shape[1] + 1, len(bins)), dtype=np.intp)
    np.cumsum(bins.T, axis=0, out=total[1:])
    mean, variance = _moments(windows, total)
    dispersion = np.maximum(variance / mean, LEAST_DISPERSION)
    # Counts are few and small: what each is worth is worked out once, and then looked up for all replicates.
    count = total[windows.high, 0] - total[windows.low, 0]
    least, most = _least_and_most(windows, total, bins)
    first = np.r_[0, np.cumsum(most - least + 1)]
    window = np.repeat(np.arange(len(least)), np.diff(first))
    n = np.maximum(np.arange(first[-1]) - (first[:-1] - least)[window], 0)
    gain = n * np.log(np.maximum(n, 1) / mean[window]) - n + mean[window]
    more = n > mean[window]
    ratio = np.exp(np.minimum(gain / dispersion[window], LARGEST))
    # Both signs in one look-up: excitation in the real part, inhibition in the imaginary one.
    worth = np.empty(len(n), dtype=np.complex64)
    worth.real = windows.excitation[window] * np.where(more, ratio, 1)
    worth.imag = windows.inhibition[window] * np.where(more, 1, ratio)
    place = first[:-1] - least
    average = np.empty(len(bins), dtype=np.complex64)
    for which, some in windows.counts(total):
        some += place[:, None]
        average[which] = worth.take(some).sum(axis=0)
    raw = np.where(more[count + place], gain[count + place], -gain[count + place])
    up, down = average.real, average.imag
    exceeded = int((up[1:] >= up[0] * NEARLY).sum()), int((down[1:] >= down[0] * NEARLY).sum())
    threshold = float(np.quantile(down[1:], 1 - ALPHA))
    return Compared(count, mean, dispersion, raw, exceeded, len(bins), threshold)


def _least_and_most(windows: Windows, total: Counts, bins: Counts) -> tuple[Counts, Counts]:
    """Bounds of the counts of each window: from those up to its edges, and from those of its bins."""
    low, high = windows.low, windows.high
    (least, most), (fewest, largest) = (
        (total.min(axis=1), total.max(axis=1)),
        (np.r_[0, np.cumsum(end)] for end in (bins.min(axis=0), bins.max(axis=0))),
    )
    return (
        np.maximum(least[high] - most[low], fewest[high] - fewest[low]),
        np.minimum(most[high] - least[low], largest[high] - largest[low]),
    )


def _moments(windows: Windows, total: Counts) -> tuple[Floats, Floats]:
    """Mean and variance of the counts of each window, from those of the counts up to its edges."""
    until = total.mean(axis=1)
    apart = total - until[:, None]
    shared = apart @ apart.T / total.shape[1]
    own = np.diag(shared)
    low, high = windows.low, windows.high
    return np.maximum(until[high] - until[low], 1e-9), np.maximum(own[high] + own[low] - 2 * shared[low, high], 0.0)


def signed_root(n: Floats, mean: Floats) -> Floats:
    """sign(n − m) √(2 (n ln(n/m) − n + m)): how far Poisson counts lie from their means."""
    mean = np.maximum(mean, 1e-9)
    ratio = np.where(n > 0, n * np.log(np.maximum(n, 1e-9) / mean), 0.0)
    return np.sign(n - mean) * np.sqrt(np.maximum(2 * (ratio - n + mean), 0.0))
