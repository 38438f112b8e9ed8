"""Bursts against a regular neuron: intervals too short in a row for a gamma process of its rate and regularity.

Against a Poisson null a regular neuron never bursts and an irregular one always does; here the null has the neuron's
own regularity. After the surprise of Legéndy & Salcman (1985), with gamma intervals in place of exponential ones, and
with as many runs called as keep the false among them below a twentieth (Benjamini & Hochberg 1995). Silences are told
by the same null.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, percentile_filter
from scipy.special import gammainc, gammainccinv, gammaln, polygamma, psi

from coeruleus.spikes.trains import Burst, intervals

Array = NDArray[np.floating]

LEAST_INTERVALS = 30
FALSE_SHARE = 0.05  # of the runs called bursts
LEAST_SURPRISE = 1.3  # −log10 of the chance of a run
LONGEST = 30  # intervals of one burst
SILENCE_CHANCE = 0.01  # that a recording as long holds one
NEIGHBOURS = 25  # intervals on either side that the local mean is taken from
BETWEEN = 90  # percentile of neighbouring intervals that is one between bursts, to begin with
LONG = 6.0  # times the local median: perhaps a silence, to begin with
ROUNDS = 8
TURNS, SETTLED = 30, 0.01
SHORT_MOST, SPREAD_MOST = 0.5, 0.8  # median of short intervals over the mean one, and their spread in logarithms


@dataclass(frozen=True)
class GammaBursts:
    """Bursts per stretch (of those with two spikes or more), spikes in them ÷ spikes, the shape of the gamma null
    (1: Poisson), and how long each silence lasts (s)."""

    bursts: list[list[Burst]]
    fraction: float
    shape: float
    silences_s: Array


def gamma_bursts(stretches: Sequence[Array], false_share: float = FALSE_SHARE) -> GammaBursts | None:
    """Bursts of a train (stretches of sorted times, s); None with fewer than 30 intervals.

    Null: gamma intervals about the local mean, fitted beside short ones (`null_gamma`). A run starts at an interval
    below half of the local mean and grows while its surprise does. A silence is an interval beyond what the null passes
    once in a hundred recordings as long. Neither bursts nor silences count in the null and in the local mean, which is
    taken across stretches: those between events may be too short for one of their own.
    """
    parts = intervals(stretches)
    if sum(len(part) for part in parts) < LEAST_INTERVALS:
        return None
    pooled = np.concatenate(parts)
    edges = np.cumsum([len(part) for part in parts])[:-1]
    inside = pooled < percentile_filter(pooled, BETWEEN, 2 * NEIGHBOURS + 1, mode="nearest") / 4
    silent = np.zeros(len(pooled), dtype=bool)
    silent[~inside] = pooled[~inside] > LONG * median_filter(pooled[~inside], 2 * NEIGHBOURS + 1, mode="nearest")
    shape = 1.0
    for _ in range(ROUNDS):
        local = _local_mean(pooled, ~(inside | silent))
        shape, level = null_gamma((pooled / local)[~silent])
        relative = pooled / (local * level)
        possible = [_runs(part, shape) for part in np.split(relative, edges)]
        runs = _called(possible, len(pooled), false_share)
        before = inside, silent
        inside = np.concatenate([_marked(len(part), found) for part, found in zip(parts, runs, strict=True)])
        silent = relative > gammainccinv(shape, SILENCE_CHANCE / len(pooled)) / shape
        if np.array_equal(before, (inside, silent)):
            break
    longer = [times for times in stretches if len(times) > 1]
    found = [_bursts(times, marked) for times, marked in zip(longer, np.split(inside, edges), strict=True)]
    n = sum(len(times) for times in stretches)
    return GammaBursts(found, sum(burst.n_spikes for one in found for burst in one) / n, shape, pooled[silent])


def _bursts(times: Array, marked: NDArray[np.bool_]) -> list[Burst]:
    """Marked intervals that follow each other are one burst."""
    turns = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]])))
    return [
        Burst(float(times[a]), float(times[b]), int(b - a) + 1) for a, b in zip(turns[::2], turns[1::2], strict=True)
    ]


def null_gamma(values: Array) -> tuple[float, float]:
    """Shape and mean of the gamma that intervals outside bursts follow.

    Intervals within bursts, log-normal and short, are fitted beside it (expectation–maximisation) and stay only where
    BIC (Schwarz 1978) is better for it: else they would make an irregular null of a regular neuron, in which nothing
    is a burst.
    """
    values = values[values > 0]
    alone = gamma_shape(values)
    mean = float(values.mean())
    logs = np.log(values)
    best = (alone, mean)
    plain = float(_gamma_log(values, alone, mean).sum())
    share = (values < mean / 4).astype(float)
    if not 5 <= share.sum() <= len(values) - LEAST_INTERVALS // 2:
        return best
    for _ in range(TURNS):
        weight = float(share.mean())
        middle = min(float(share @ logs / share.sum()), float(np.log(SHORT_MOST * mean)))
        spread = float(np.clip(np.sqrt(share @ (logs - middle) ** 2 / share.sum()), 0.1, SPREAD_MOST))
        rest = 1 - share
        level = float(rest @ values / rest.sum())
        shape = _shape(float(np.log(level) - rest @ logs / rest.sum()))
        short = np.log(weight) - 0.5 * ((logs - middle) / spread) ** 2 - np.log(spread * np.sqrt(2 * np.pi)) - logs
        long = np.log(1 - weight) + _gamma_log(values, shape, level)
        both = np.logaddexp(short, long)
        last, share = share, np.clip(np.exp(short - both), 1e-9, 1 - 1e-9)
        if np.abs(share - last).max() < SETTLED:
            break
    gain = float(both.sum()) - plain
    return (shape, level) if gain > 1.5 * np.log(len(values)) else best


def _gamma_log(values: Array, shape: float, mean: float) -> Array:
    rate = shape / mean
    return np.asarray(shape * np.log(rate) - gammaln(shape) + (shape - 1) * np.log(values) - rate * values)


def gamma_shape(values: Array) -> float:
    """Shape of a gamma distribution by maximum likelihood (Minka 2002, closed start and Newton steps), at most 50."""
    values = values[values > 0]
    return _shape(float(np.log(values.mean()) - np.log(values).mean()))


def _shape(s: float) -> float:
    """From the log of the mean less the mean of the logs."""
    if s < 1e-3:
        return 50.0
    k = (3 - s + np.sqrt((s - 3) ** 2 + 24 * s)) / (12 * s)
    for _ in range(10):
        k = 1 / (1 / k + (-s + np.log(k) - psi(k)) / (k**2 * (1 / k - polygamma(1, k))))
    return float(min(k, 50.0))


def _local_mean(values: Array, kept: NDArray[np.bool_]) -> Array:
    """Mean of the nearest 25 kept intervals on either side of each one (and itself, where it is kept)."""
    if not kept.any():
        return np.full(len(values), values.mean())
    total = np.concatenate([[0.0], np.cumsum(values[kept])])
    earlier: NDArray[np.int_] = np.cumsum(kept) - kept
    low = np.maximum(0, earlier - NEIGHBOURS)
    high = np.minimum(len(total) - 1, earlier + kept + NEIGHBOURS)
    return np.asarray((total[high] - total[low]) / (high - low), dtype=float)


def _runs(relative: Array, shape: float) -> list[tuple[int, int, float]]:
    """Runs of short intervals of one stretch, relative to their mean, as (first spike, last spike, chance of it)."""
    found: list[tuple[int, int, float]] = []
    index = 0
    while index < len(relative):
        if relative[index] >= 0.5:
            index += 1
            continue
        sums = np.cumsum(relative[index : index + LONGEST])
        lengths = np.arange(1, len(sums) + 1)
        values = -np.log10(np.maximum(gammainc(lengths * shape, sums * shape), 1e-300))
        length = 1
        while length < len(values) and values[length] > values[length - 1]:
            length += 1
        if values[length - 1] >= LEAST_SURPRISE:
            chance = min(1.0, length * 10.0 ** -float(values[length - 1]))  # the best of so many lengths
            found.append((index, index + length, chance))
            index += length
        else:
            index += 1
    return found


def _called(runs: list[list[tuple[int, int, float]]], starts: int, false_share: float) -> list[list[tuple[int, int]]]:
    """Runs rare enough: of all `starts` intervals that may begin one, chance makes at most `false_share` of those."""
    chances = np.sort([chance for part in runs for _, _, chance in part])
    good = np.flatnonzero(chances <= false_share * np.arange(1, len(chances) + 1) / starts)
    limit = float(chances[good[-1]]) if len(good) else -1.0
    return [[(first, last) for first, last, chance in part if chance <= limit] for part in runs]


def _marked(count: int, runs: list[tuple[int, int]]) -> NDArray[np.bool_]:
    mask = np.zeros(count, dtype=bool)
    for first, last in runs:
        mask[first:last] = True
    return mask
