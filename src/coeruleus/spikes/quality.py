"""Quality of any sorted unit, from its train alone, with the uncertainty that few spikes leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from coeruleus.spikes.trains import REFRACTORY_S

Array = NDArray[np.floating]
Bounds = Sequence[tuple[float, float]]

ZERO_UPPER = 3.689  # upper end of the 95 % interval of a Poisson count of 0
PRESENCE_SPIKES = 10  # expected per bin: an empty one is no chance
PRESENCE_LEAST = 5  # bins
LEAST_HEIGHTS = 100  # spikes: of fewer, how many are too small to be seen is chance


@dataclass(frozen=True)
class Contamination:
    """Part of the spikes that other neurons fired, with its 95 % interval; `reason` where it cannot be known."""

    fraction: float
    low: float
    high: float
    reason: str | None


def contamination(stretches: Sequence[Array], bounds: Bounds, censored_s: float = 0.0) -> Contamination:
    """From spikes closer than the refractory period (Llobet et al. 2022; Hill et al. 2011).

    A part C of spikes that come at random makes v = N² (τ − τc) ÷ T · (1 − (1 − C)²) such pairs among N spikes in
    T; the interval is that of the Poisson count v (Garwood 1936). `censored_s` (τc) is the least interval that recorder
    or sorter let stand. Where complete contamination would make fewer pairs than chance can hide, nothing is known.
    """
    nothing = float("nan")
    if censored_s >= REFRACTORY_S:
        reason = f"no two spikes of the site stand closer than {1000 * censored_s:.1f} ms: recorder or sorter forbid it"
        return Contamination(nothing, nothing, nothing, reason)
    n = sum(len(times) for times in stretches)
    total = float(sum(end - start for start, end in bounds))
    window = REFRACTORY_S - censored_s
    most = n**2 * window / total if total > 0 else 0.0
    if most < ZERO_UPPER:
        return Contamination(nothing, nothing, nothing, f"insufficient_spikes: {n} spikes cannot show contamination")
    pairs = 0
    for times in stretches:
        later = np.searchsorted(times, times + REFRACTORY_S - 1e-9, side="left")
        early = np.searchsorted(times, times + censored_s - 1e-9, side="left")
        pairs += int(np.sum(later - np.maximum(early, np.arange(len(times)) + 1)))
    low = float(chi2.ppf(0.025, 2 * pairs)) / 2 if pairs else 0.0
    high = float(chi2.ppf(0.975, 2 * (pairs + 1))) / 2
    at, lowest, highest = (1 - np.sqrt(max(0.0, 1 - count / most)) for count in (pairs, low, high))
    return Contamination(float(at), float(lowest), float(highest), None)


def presence(stretches: Sequence[Array], bounds: Bounds) -> float:
    """Part of the time in which the unit is there: bins that should hold ten spikes and hold one at least.

    NaN where there are fewer than five such bins.
    """
    n = sum(len(times) for times in stretches)
    total = float(sum(end - start for start, end in bounds))
    count = n // PRESENCE_SPIKES
    if count < PRESENCE_LEAST or total <= 0:
        return float("nan")
    edges = np.linspace(0.0, total, min(count, 100) + 1)
    place: list[Array] = []
    start_at = 0.0
    for times, (start, end) in zip(stretches, bounds, strict=True):
        place.append(times - start + start_at)
        start_at += end - start
    return float(np.mean(np.histogram(np.clip(np.concatenate(place), 0, total), edges)[0] > 0))
