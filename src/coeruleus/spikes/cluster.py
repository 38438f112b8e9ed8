"""Clusters of spikes: Gaussian mixtures chosen by BIC, and what is too near to be told apart merged (d′)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Labels = NDArray[np.int_]

MOST_CLUSTERS = 8
FIT_MOST = 3000
ROUNDS, TRIALS = 60, 2
SEED = 20240229
LEAST_VARIANCE = 0.5  # features are in units of the noise: no cluster is tighter than that
LEAST_SPREAD = 0.8
APART = 4.0  # d′ below which two clusters are one
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
        fits = [
            _expectation_maximisation(data, _seeds(data, k, SEED + trial)) for trial in range(TRIALS if k > 1 else 1)
        ]
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
    roots = np.linalg.cholesky(covariances)
    inverse = np.linalg.inv(roots)
    constant = np.log(weights) - np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    for index, mean in enumerate(means):
        scaled = (data - mean) @ inverse[index].T
        out[:, index] = constant[index] - 0.5 * np.einsum("ij,ij->i", scaled, scaled)
    return out - 0.5 * data.shape[1] * np.log(2 * np.pi)


def _expectation_maximisation(data: Array, means: Array) -> Mixture:
    n, d = data.shape
    k = len(means)
    distance = np.sum((data[:, None, :] - means[None]) ** 2, axis=2)
    share = np.eye(k)[np.argmin(distance, axis=1)]
    last = -np.inf
    for _ in range(ROUNDS):
        mass = share.sum(axis=0) + 1e-9
        weights = mass / mass.sum()
        means = (share.T @ data) / mass[:, None]
        covariances = np.empty((k, d, d))
        for index in range(k):
            centred = data - means[index]
            covariances[index] = (share[:, index, None] * centred).T @ centred / mass[index]
        values, vectors = np.linalg.eigh(covariances)
        covariances = (vectors * np.maximum(values, LEAST_VARIANCE)[:, None, :]) @ vectors.transpose(0, 2, 1)
        joint = _log_joint(data, weights, means, covariances)
        top = joint.max(axis=1)
        share = np.exp(joint - top[:, None])
        total = share.sum(axis=1)
        likelihood = float(np.sum(top + np.log(total)))
        share /= total[:, None]
        if likelihood - last < 2e-6 * abs(likelihood):
            break
        last = likelihood
    parameters = k * (1 + d + d * (d + 1) / 2) - 1
    return Mixture(weights, means, covariances, parameters * np.log(n) - 2 * likelihood)


def separation(first: Array, second: Array) -> float:
    """d′ of two groups (n, d) along Fisher's axis, from medians and robust spreads.

    The spread is at least 0.8 of the noise, so that two halves cut out of one cluster do not look apart.
    """
    if len(first) < 2 or len(second) < 2:
        return float(np.linalg.norm(first.mean(axis=0) - second.mean(axis=0)))
    pooled = (np.cov(first.T, ddof=1) + np.cov(second.T, ddof=1)) / 2 + 1e-6 * np.eye(first.shape[1])
    axis = np.linalg.solve(np.atleast_2d(pooled), np.median(second, axis=0) - np.median(first, axis=0))
    length = np.linalg.norm(axis)
    if length == 0:
        return 0.0
    a, b = first @ axis / length, second @ axis / length
    spread = np.sqrt((_spread(a) ** 2 + _spread(b) ** 2) / 2)
    return float(abs(np.median(b) - np.median(a)) / spread)


def _spread(values: Array) -> float:
    return max(LEAST_SPREAD, float(np.median(np.abs(values - np.median(values))) / 0.6745))


def merge_near(groups: list[Array]) -> list[list[int]]:
    """Which groups of features (n, d) to merge: those nearer than d′ 4, nearest first."""
    members = [[index] for index in range(len(groups))]
    while len(members) > 1:
        pooled = [np.concatenate([groups[index] for index in member]) for member in members]
        pairs = [
            (separation(pooled[i], pooled[j]), i, j) for i in range(len(members)) for j in range(i + 1, len(members))
        ]
        distance, i, j = min(pairs)
        if distance >= APART:
            break
        members[i] = sorted(members[i] + members[j])
        del members[j]
    return members
