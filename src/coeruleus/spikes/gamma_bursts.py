"""Bursts against a regular neuron: intervals too short in a row for a gamma process of its rate and regularity.

Against a Poisson null a regular neuron never bursts and an irregular one always does; here the null has the neuron's
own regularity. After the surprise of Legéndy & Salcman (1985), with gamma intervals in place of exponential ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, polygamma, psi

from coeruleus.spikes.trains import Burst, intervals

Array = NDArray[np.floating]

LEAST_INTERVALS = 30
SURPRISE = 4.0  # −log10 of the chance of so short a run
LONGEST = 30  # intervals of one burst
NEIGHBOURS = 25  # intervals on either side that the local mean is taken from
ROUNDS = 8


@dataclass(frozen=True)
class GammaBursts:
    """Bursts per stretch, spikes in them ÷ spikes, and the shape of the gamma null (1: Poisson)."""

    bursts: list[list[Burst]]
    fraction: float
    shape: float


def gamma_bursts(stretches: Sequence[Array], surprise: float = SURPRISE) -> GammaBursts | None:
    """Bursts of a train (stretches of sorted times, s); None with fewer than 30 intervals.

    Null: gamma intervals about the local mean, the shape by maximum likelihood from intervals outside bursts; found
    by turns, from intervals above a quarter of the long ones' mean on. A burst starts at an interval below half of
    the local mean and grows while its surprise does.
    """
    parts = intervals(stretches)
    if sum(len(part) for part in parts) < LEAST_INTERVALS:
        return None
    pooled = np.concatenate(parts)
    short = float(pooled[pooled >= pooled.mean()].mean()) / 4
    inside = [part < short for part in parts]
    means = [_local_mean(part, within) for part, within in zip(parts, inside, strict=True)]
    shape = gamma_shape(np.concatenate([(p / m)[~f] for p, m, f in zip(parts, means, inside, strict=True)]))
    runs: list[list[tuple[int, int]]] = []
    for _ in range(ROUNDS):
        means = [_local_mean(part, within) for part, within in zip(parts, inside, strict=True)]
        runs = [_runs(part, mean, shape, surprise) for part, mean in zip(parts, means, strict=True)]
        fresh = [_marked(len(part), found) for part, found in zip(parts, runs, strict=True)]
        relative = np.concatenate([(p / m)[~f] for p, m, f in zip(parts, means, fresh, strict=True)])
        new = gamma_shape(relative) if len(relative) >= LEAST_INTERVALS // 2 else shape
        if abs(new - shape) < 1e-3 * shape and all(np.array_equal(a, b) for a, b in zip(fresh, inside, strict=True)):
            break
        shape, inside = new, fresh
    longer = [times for times in stretches if len(times) > 1]
    found = [
        [Burst(float(times[a]), float(times[b]), b - a + 1) for a, b in run]
        for times, run in zip(longer, runs, strict=True)
    ]
    n = sum(len(times) for times in stretches)
    return GammaBursts(found, sum(burst.n_spikes for one in found for burst in one) / n, shape)


def gamma_shape(values: Array) -> float:
    """Shape of a gamma distribution by maximum likelihood (Minka 2002, closed start and Newton steps), at most 50."""
    values = values[values > 0]
    s = float(np.log(values.mean()) - np.log(values).mean())
    if s < 1e-3:
        return 50.0
    k = (3 - s + np.sqrt((s - 3) ** 2 + 24 * s)) / (12 * s)
    for _ in range(10):
        k = 1 / (1 / k + (-s + np.log(k) - psi(k)) / (k**2 * (1 / k - polygamma(1, k))))
    return float(min(k, 50.0))


def _local_mean(part: Array, inside: NDArray[np.bool_]) -> Array:
    """Mean of the intervals around each one, those inside bursts left out."""
    weight = np.concatenate([[0.0], np.cumsum(~inside)])
    total = np.concatenate([[0.0], np.cumsum(np.where(inside, 0.0, part))])
    low = np.maximum(0, np.arange(len(part)) - NEIGHBOURS)
    high = np.minimum(len(part), np.arange(len(part)) + NEIGHBOURS + 1)
    count = weight[high] - weight[low]
    overall = total[-1] / max(1.0, weight[-1])
    return np.asarray(np.where(count >= 5, (total[high] - total[low]) / np.maximum(count, 1), overall), dtype=float)


def _runs(part: Array, mean: Array, shape: float, surprise: float) -> list[tuple[int, int]]:
    """Bursts of one stretch as (first spike, last spike)."""
    found: list[tuple[int, int]] = []
    relative = part / mean
    index = 0
    while index < len(part):
        if relative[index] >= 0.5:
            index += 1
            continue
        sums = np.cumsum(relative[index : index + LONGEST])
        lengths = np.arange(1, len(sums) + 1)
        values = -np.log10(np.maximum(gammainc(lengths * shape, sums * shape), 1e-300))
        length = 1
        while length < len(values) and values[length] > values[length - 1]:
            length += 1
        if values[length - 1] >= surprise:
            found.append((index, index + length))
            index += length
        else:
            index += 1
    return found


def _marked(count: int, runs: list[tuple[int, int]]) -> NDArray[np.bool_]:
    mask = np.zeros(count, dtype=bool)
    for first, last in runs:
        mask[first:last] = True
    return mask
