"""Clusters of spikes: Gaussian mixtures chosen by BIC, and what is too near to be told apart merged (d′)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

Array = NDArray[np.float64]
Labels = NDArray[np.int_]

MOST_CLUSTERS = 8
FIT_MOST = 20000
SEED = 20240229
LEAST_VARIANCE = 0.5  # features are in units of the noise: no cluster is tighter than that
LEAST_SPREAD = 0.8
APART = 4.0  # d′ below which two clusters are one
OVERSPLIT, SUSPECT = 2.0, 2.8  # d′ that halves of one cluster may have: with a dip between them, and without
STRAYS = 0.15  # of a cluster: so many of its spikes may lie apart as overlaps and odd ones


@dataclass(frozen=True)
class Mixture:
    """Weights (k,), means (k, d), covariances (k, d, d) and the BIC of a Gaussian mixture."""

    weights: Array
    means: Array
    covariances: Array
    bic: float


def fit_mixtures(features: Array, most: int = MOST_CLUSTERS) -> Mixture:
    """The Gaussian mixture with 1 to `most` components that has the lowest BIC (Schwarz 1978).

    `features` (n, d) in units of the noise. Seeds are fixed: the same features give the same mixture.
    """
    data = features[:: max(1, -(-len(features) // FIT_MOST))]
    most = max(1, min(most, len(data) // (2 * (data.shape[1] + 1))))
    best: Mixture | None = None
    worse_in_a_row = 0
    for k in range(1, most + 1):
        fits = [_expectation_maximisation(data, _seeds(data, k, SEED + trial)) for trial in range(3 if k > 1 else 1)]
        fit = min(fits, key=lambda mixture: mixture.bic)
        if best is None or fit.bic < best.bic:
            best, worse_in_a_row = fit, 0
        else:
            worse_in_a_row += 1
            if worse_in_a_row == 2:
                break
    if best is None:
        raise ValueError("no features to fit")
    return best


def assign(features: Array, mixture: Mixture) -> Labels:
    """The component that each row of `features` belongs to most probably."""
    return np.asarray(np.argmax(_log_joint(features, mixture.weights, mixture.means, mixture.covariances), axis=1))


def _seeds(data: Array, k: int, seed: int) -> Array:
    """k-means++ (Arthur & Vassilvitskii 2007)."""
    rng = np.random.default_rng(seed)
    chosen = [data[rng.integers(len(data))]]
    nearest = np.full(len(data), np.inf)
    for _ in range(k - 1):
        nearest = np.minimum(nearest, np.sum((data - chosen[-1]) ** 2, axis=1))
        total = nearest.sum()
        chosen.append(data[rng.choice(len(data), p=nearest / total) if total > 0 else rng.integers(len(data))])
    return np.array(chosen)


def _log_joint(data: Array, weights: Array, means: Array, covariances: Array) -> Array:
    out = np.empty((len(data), len(weights)))
    for index, (weight, mean, covariance) in enumerate(zip(weights, means, covariances, strict=True)):
        root = np.linalg.cholesky(covariance)
        scaled = np.linalg.inv(root) @ (data - mean).T
        determinant = 2 * np.sum(np.log(np.diag(root)))
        out[:, index] = np.log(weight) - 0.5 * (np.sum(scaled**2, axis=0) + determinant + len(mean) * np.log(2 * np.pi))
    return out


def _expectation_maximisation(data: Array, means: Array, rounds: int = 150) -> Mixture:
    n, d = data.shape
    k = len(means)
    distance = np.sum((data[:, None, :] - means[None]) ** 2, axis=2)
    share = np.eye(k)[np.argmin(distance, axis=1)]
    last = -np.inf
    for _ in range(rounds):
        mass = share.sum(axis=0) + 1e-9
        weights = mass / mass.sum()
        means = (share.T @ data) / mass[:, None]
        covariances = np.empty((k, d, d))
        for index in range(k):
            centred = data - means[index]
            covariance = (share[:, index, None] * centred).T @ centred / mass[index]
            values, vectors = np.linalg.eigh(covariance)
            covariances[index] = (vectors * np.maximum(values, LEAST_VARIANCE)) @ vectors.T
        joint = _log_joint(data, weights, means, covariances)
        total = logsumexp(joint, axis=1)
        likelihood = float(np.sum(total))
        share = np.exp(joint - total[:, None])
        if likelihood - last < 1e-4 * abs(likelihood) / 100:
            break
        last = likelihood
    parameters = k * (1 + d + d * (d + 1) / 2) - 1
    return Mixture(weights, means, covariances, parameters * np.log(n) - 2 * likelihood)


def separation(first: Array, second: Array) -> tuple[float, bool]:
    """d′ of two groups (n, d) along Fisher's axis, from medians and robust spreads; and whether a dip lies between.

    The spread is at least 0.8 of the noise, so that two halves cut out of one cluster do not look apart.
    """
    if len(first) < 2 or len(second) < 2:
        return float(np.linalg.norm(first.mean(axis=0) - second.mean(axis=0))), False
    pooled = (np.cov(first.T, ddof=1) + np.cov(second.T, ddof=1)) / 2 + 1e-6 * np.eye(first.shape[1])
    axis = np.linalg.solve(np.atleast_2d(pooled), np.median(second, axis=0) - np.median(first, axis=0))
    length = np.linalg.norm(axis)
    if length == 0:
        return 0.0, False
    a, b = first @ axis / length, second @ axis / length
    low, high = float(np.median(a)), float(np.median(b))
    spread = np.sqrt((_spread(a) ** 2 + _spread(b) ** 2) / 2)
    return abs(high - low) / float(spread), _dip(np.concatenate([a, b]), low, high)


def _spread(values: Array) -> float:
    return max(LEAST_SPREAD, float(np.median(np.abs(values - np.median(values))) / 0.6745))


def _dip(values: Array, low: float, high: float) -> bool:
    """Whether a third of the way is clearly emptier than both ends, beyond chance (three standard errors)."""
    width = abs(high - low) / 5
    counts = [float(np.count_nonzero(np.abs(values - place) < width / 2)) for place in np.linspace(low, high, 9)]
    ends, valley = min(counts[0], counts[-1]), min(counts[2:7])
    return ends - valley > 3 * np.sqrt(ends + valley + 1)


def merge_near(groups: list[Array]) -> tuple[list[list[int]], list[str | None]]:
    """Merge groups of features nearer than d′ 4, nearest first.

    Returns the lists of merged groups and, for each, what must be said: where a dip or a distance that halves of one
    cluster do not have shows that two neurons were merged because they cannot be kept apart.
    """
    members = [[index] for index in range(len(groups))]
    said: list[str | None] = [None] * len(groups)
    while len(members) > 1:
        pooled = [np.concatenate([groups[index] for index in member]) for member in members]
        pairs = [
            (*separation(pooled[i], pooled[j]), i, j) for i in range(len(members)) for j in range(i + 1, len(members))
        ]
        distance, dip, i, j = min(pairs, key=lambda pair: (pair[0], pair[2], pair[3]))
        if distance >= APART:
            break
        note = said[i] or said[j]
        sizes = sorted([len(pooled[i]), len(pooled[j])])
        if distance > (OVERSPLIT if dip else SUSPECT) and sizes[0] >= STRAYS * sizes[1]:
            note = f"multi-unit: spikes of two shapes only d′ {distance:.1f} apart ({APART:g} is needed) counted as one"
        members[i] = sorted(members[i] + members[j])
        said[i] = note
        del members[j], said[j]
    return members, said
