"""Measures of spike trains. A train is a list of stretches; no interval crosses from one to the next.

Times are in seconds. Elephant computes CV, CV2, LV and LvR; it is handed intervals, stretch by stretch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import quantities as pq
from elephant import statistics
from numpy.typing import NDArray
from scipy.stats import beta, chi2

Array = NDArray[np.floating]

BURST_START_S = 0.080  # Grace & Bunney 1984
BURST_END_S = 0.160
REFRACTORY_S = 0.002
_TINY = 1e-9  # an interval of 80 ms written with 6 decimals is not longer than 80 ms


@dataclass(frozen=True)
class Rate:
    """A rate in Hz with its 95 % interval. `fano` is the factor that widened the Poisson interval (1 = not)."""

    hz: float
    low: float
    high: float
    fano: float


@dataclass(frozen=True)
class Burst:
    """One burst: first and last spike (s) and the number of spikes in it."""

    start_s: float
    end_s: float
    n_spikes: int


def intervals(stretches: Sequence[Array]) -> list[Array]:
    """Interspike intervals within each stretch (sorted times in s); stretches of one spike give none."""
    return [np.diff(times) for times in stretches if len(times) > 1]


def firing_rate(stretches: Sequence[Array], bounds: Sequence[tuple[float, float]], level: float = 0.95) -> Rate:
    """Spikes ÷ time, with an interval that is never narrower than Poisson's exact one.

    `stretches[i]` are the spikes inside `bounds[i]` (start, end). The exact Poisson interval (Garwood 1936)
    holds for a neuron no more variable than a Poisson one. Where counts in about twenty equal windows vary
    more than that, or the squared CV of the intervals exceeds 1 (the Fano factor of a renewal train), the
    interval is that of n ÷ F independent events. Raises ValueError where there is no time.
    """
    total = float(sum(end - start for start, end in bounds))
    if not total > 0:
        raise ValueError("a rate needs time to count in")
    n = sum(len(times) for times in stretches)
    fano = max(1.0, _window_fano(stretches, bounds, total, n), _interval_fano(stretches))
    tail = (1 - level) / 2
    effective = n / fano
    low = float(chi2.ppf(tail, 2 * effective)) / 2 * fano / total if n else 0.0
    high = float(chi2.ppf(1 - tail, 2 * (effective + 1))) / 2 * fano / total
    return Rate(n / total, low, high, fano)


def _window_fano(stretches: Sequence[Array], bounds: Sequence[tuple[float, float]], total: float, n: int) -> float:
    """Fano factor of counts in windows of equal length that hold some five spikes each; 1 where too few."""
    windows = min(20, n // 5)
    if windows < 5:
        return 1.0
    width = total / windows
    counts: list[int] = []
    for times, (start, end) in zip(stretches, bounds, strict=True):
        whole = int((end - start) / width + _TINY)
        if whole:
            counts.extend(np.histogram(times, bins=start + width * np.arange(whole + 1))[0].tolist())
    if len(counts) < 5 or not np.mean(counts):
        return 1.0
    return float(np.var(counts, ddof=1) / np.mean(counts))


def _interval_fano(stretches: Sequence[Array]) -> float:
    pooled = np.concatenate([np.empty(0), *intervals(stretches)])
    return float(np.var(pooled) / np.mean(pooled) ** 2) if len(pooled) >= 10 else 1.0


def isi_cv(stretches: Sequence[Array]) -> float:
    """Standard deviation ÷ mean of all intervals (`elephant.statistics.cv`); NaN with fewer than two."""
    pooled = np.concatenate([np.empty(0), *intervals(stretches)])
    return float(statistics.cv(pooled)) if len(pooled) > 1 else float("nan")


def cv2(stretches: Sequence[Array]) -> float:
    """Mean of 2|I2 − I1| ÷ (I1 + I2) over neighbouring intervals (Holt et al. 1996), by Elephant."""
    return _local(stretches, statistics.cv2)


def lv(stretches: Sequence[Array]) -> float:
    """Local variation, mean of 3 ((I1 − I2) ÷ (I1 + I2))² (Shinomoto et al. 2003), by Elephant."""
    return _local(stretches, statistics.lv)


def lvr(stretches: Sequence[Array], refractoriness_s: float = 0.005) -> float:
    """Local variation revised for refractoriness (Shinomoto et al. 2009), by Elephant."""
    return _local(stretches, lambda isi: statistics.lvr(isi * pq.s, R=refractoriness_s * pq.s))


def _local(stretches: Sequence[Array], measure: Callable[[Array], float]) -> float:
    """A mean over pairs of neighbouring intervals, with pairs that stay within a stretch."""
    parts = [isi for isi in intervals(stretches) if len(isi) > 1]
    if not parts:
        return float("nan")
    return float(np.average([float(measure(isi)) for isi in parts], weights=[len(isi) - 1 for isi in parts]))


def bursts(times: Array, start_s: float = BURST_START_S, end_s: float = BURST_END_S) -> list[Burst]:
    """Bursts in one stretch: a burst starts at an interval ≤ `start_s` and ends at one > `end_s`.

    Two spikes suffice. Both spikes of the first short interval belong to it (Grace & Bunney 1984).
    """
    found: list[Burst] = []
    first: int | None = None
    for index, isi in enumerate(np.diff(times).tolist()):
        if first is None and isi <= start_s + _TINY:
            first = index
        elif first is not None and isi > end_s + _TINY:
            found.append(Burst(float(times[first]), float(times[index]), index - first + 1))
            first = None
    if first is not None:
        found.append(Burst(float(times[first]), float(times[-1]), len(times) - first))
    return found


def burst_fraction(stretches: Sequence[Array]) -> float:
    """Spikes in bursts ÷ spikes; NaN without spikes."""
    n = sum(len(times) for times in stretches)
    return sum(burst.n_spikes for times in stretches for burst in bursts(times)) / n if n else float("nan")


def isi_violations(stretches: Sequence[Array], refractory_s: float = REFRACTORY_S) -> tuple[float, float, float]:
    """Intervals shorter than the refractory period ÷ all, with its exact binomial 95 % interval.

    Returns (fraction, low, high), Clopper & Pearson 1934; NaN without an interval.
    """
    pooled = np.concatenate([np.empty(0), *intervals(stretches)])
    n = len(pooled)
    if not n:
        return float("nan"), float("nan"), float("nan")
    k = int(np.count_nonzero(pooled < refractory_s - _TINY))
    low = float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
    return k / n, low, high


def log_histogram(stretches: Sequence[Array], per_decade: int = 10) -> list[tuple[float, float, int]]:
    """Intervals in logarithmic bins with edges 10^(k/`per_decade`) s: (low, high, count), first to last filled bin."""
    pooled = np.concatenate([np.empty(0), *intervals(stretches)])
    pooled = pooled[pooled > 0]
    if not len(pooled):
        return []
    place = np.floor(per_decade * np.log10(pooled) + _TINY).astype(int)
    low, high = int(place.min()), int(place.max())
    counts = np.bincount(place - low, minlength=high - low + 1)
    edges = 10.0 ** (np.arange(low, high + 2) / per_decade)
    return [(float(edges[i]), float(edges[i + 1]), int(count)) for i, count in enumerate(counts)]


def autocorrelogram(stretches: Sequence[Array], bin_s: float, bins: int) -> NDArray[np.int_]:
    """Pairs of spikes of one stretch by distance, (bins,) from 0 in steps of `bin_s`; each pair counts once."""
    counts = np.zeros(bins, dtype=int)
    for times in stretches:
        for step in range(1, len(times)):
            apart = times[step:] - times[:-step]
            near = apart[apart < bin_s * bins - _TINY]
            if not len(near):
                break
            counts += np.bincount(np.floor(near / bin_s + _TINY).astype(int), minlength=bins)[:bins]
    return counts


def time_at_lags(
    stretches: Sequence[Array], bounds: Sequence[tuple[float, float]], bin_s: float, bins: int
) -> list[float]:
    """Time (s) of all stretches that lies so long after a spike, for each bin of `autocorrelogram`: near a stretch's
    end there is less of it."""
    left = np.concatenate([np.empty(0), *[end - times for times, (_, end) in zip(stretches, bounds, strict=True)]])
    return [float(np.clip(left - step * bin_s, 0.0, bin_s).sum()) for step in range(bins)]
