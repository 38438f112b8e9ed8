"""Rates under several doses of one drug: whether larger doses do more, and the dose that halves the rate.

Doses given one after the other run with time, as a drifting rate does. So the trend is tested beside a straight line in
time and a step that all doses share, under every drift that the data allow (`drift.last_p`): what counts
are the steps at the times of the doses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from coeruleus.responses.dose_series import Dosed
from coeruleus.responses.drift import last_p
from coeruleus.responses.drug_windows import dispersion_of, test_based
from coeruleus.responses.moved import Floats
from coeruleus.responses.scan import ALPHA

FEWEST_DOSES = 3
FEWEST_FOR_ED50 = 4
HALVED = 0.5
MOST_STEPS, LARGEST_STEP, CLOSE = 100, 0.5, 1e-12
DRAWN = 999
SEED = 11


@dataclass(frozen=True)
class Trend:
    """Change of the rate for each doubling of the dose (%), its 95 % interval and p-value, and by how much the drift
    widens intervals of the counts."""

    per_doubling: float
    interval: tuple[float, float]
    p: float
    widened: float


def trend(series: Dosed, onsets_s: Sequence[float]) -> Trend:
    """Slope of the log rate over the log dose, of greatest Poisson likelihood; its p-value by `drift.last_p` on
    √(n + 3/8).

    A dose weighs what counts are expected under it: one that silences the unit tells as much as the others. The
    interval is that of the counts, their variance scaled by their dispersion and memory between blocks, and no narrower
    than the p-value allows (`drug_windows.interval`).
    """
    dose = np.log2(series.dose / series.dose.min())
    spikes = np.array([window.count.sum() + 0.5 for window in series.after])
    time = np.array([window.time.sum() for window in series.after])
    slope, known = _likeliest(dose, spikes, time)
    dispersion, free = dispersion_of(series.windows)
    counted = float(special.stdtrit(free, 0.975) * np.sqrt(dispersion / known))
    p = _trend_p(series, dose, onsets_s)
    reach = max(counted, test_based(slope, p))
    low, high = (100 * float(np.expm1(slope + end)) for end in (-reach, reach))
    return Trend(100 * float(np.expm1(slope)), (low, high), p, reach / counted)


def _likeliest(dose: Floats, spikes: Floats, time: Floats) -> tuple[float, float]:
    """Slope of the log rate of greatest Poisson likelihood, by Newton's steps, and the information on it."""
    slope = known = 0.0
    for _ in range(MOST_STEPS):
        share = time * np.exp(slope * dose)
        fitted = spikes.sum() * share / share.sum()
        away = dose - np.average(dose, weights=fitted)
        known = float(fitted @ away**2)
        step = float(np.clip((spikes - fitted) @ away / known, -LARGEST_STEP, LARGEST_STEP))
        slope += step
        if abs(step) < CLOSE:
            break
    return round(slope, 12), known  # rounded, so that no slope is none and not the last bit of a sum


def _trend_p(series: Dosed, dose: Floats, onsets_s: Sequence[float]) -> float:
    steps = np.diff(np.r_[0.0, dose])
    designs = []
    for onset in onsets_s:
        come = series.come(onset)
        designs.append(np.column_stack([series.straight, come[:, 0], come @ steps]))
    return last_p(series.time / series.block_s, series.value, designs)


def halving_dose(series: Dosed, found: Trend) -> tuple[float, float, float] | str:
    """The dose at which the rate is half of that before the drug, and its 95 % interval; or why there is none.

    Log rates that never rise with the dose (Ayer et al. 1955, Ann Math Stat 26, 641), joined by straight lines over the
    log dose. The interval is that of rates drawn from their errors, widened as the trend's; an end that would lie
    beyond the doses is NaN.
    """
    n = len(np.unique(series.dose))
    if n < FEWEST_FOR_ED50:
        return f"{n} different doses: {FEWEST_FOR_ED50} are needed"
    if found.p > ALPHA:
        return "no trend across the doses is shown"
    windows = series.windows
    spikes = np.array([window.count.sum() + 0.5 for window in windows])
    rate = np.log(spikes / [window.time.sum() for window in windows])
    order = np.argsort(series.dose, kind="stable").astype(np.int64)
    dose = np.log(series.dose[order])
    place = _crossing(rate, spikes, order, dose)
    if not np.isfinite(place):
        return "the lowest dose halves the rate already" if place < 0 else "no dose halves the rate"
    dispersion, _ = dispersion_of(windows)
    noise = np.random.default_rng(SEED).standard_normal((DRAWN, len(rate)))
    drawn = rate + noise * found.widened * np.sqrt(dispersion / spikes)
    low, high = np.quantile([_crossing(row, spikes, order, dose) for row in drawn], (0.025, 0.975), method="nearest")
    ends = [float(np.exp(end)) if np.isfinite(end) else float("nan") for end in (low, high)]
    return float(np.exp(place)), ends[0], ends[1]


def _crossing(rate: Floats, weight: Floats, order: NDArray[np.int64], dose: Floats) -> float:
    """Log dose at which the log rate falls through half of the first; −inf and inf beyond the doses."""
    below = _falling(rate[1:][order], weight[1:][order]) - rate[0] - np.log(HALVED)
    if below[0] <= 0:
        return -np.inf
    if below[-1] > 0:
        return np.inf
    after = int(np.argmax(below <= 0))
    share = below[after - 1] / (below[after - 1] - below[after])
    return float(dose[after - 1] + share * (dose[after] - dose[after - 1]))


def _falling(values: Floats, weight: Floats) -> Floats:
    """The nearest values that never rise: neighbours that do are pooled."""
    pools: list[list[float]] = []
    for value, own in zip(values, weight, strict=True):
        pools.append([float(value), float(own), 1])
        while len(pools) > 1 and pools[-1][0] > pools[-2][0]:
            last, prior = pools.pop(), pools.pop()
            total = last[1] + prior[1]
            pools.append([(last[0] * last[1] + prior[0] * prior[1]) / total, total, last[2] + prior[2]])
    return np.repeat([pool[0] for pool in pools], [int(pool[2]) for pool in pools])
