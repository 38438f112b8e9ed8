"""How the electrode's sensitivity changes along a run, from standards that were injected again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coeruleus.chromatography.arrays import Floats

WALKS = np.concatenate([[0.0], np.geomspace(2e-4, 0.05, 14)])  # relative sd of the change from injection to injection
REPEATABILITIES = np.concatenate([[0.0], np.geomspace(5e-3, 0.1, 7)])


@dataclass(frozen=True)
class Sensitivity:
    """Relative to the mean of the standards. `log` and `log_se` (n,) per injection of the run."""

    log: Floats
    log_se: Floats
    repeatability: float  # relative sd from injection to injection of the same vial


def has_repeats(order: Floats, level: Floats) -> bool:
    """Whether a level was injected again after something else: without that, drift cannot be told from curvature."""
    for value in np.unique(level):
        places = np.sort(order[level == value])
        if places.size > 1 and places[-1] - places[0] > places.size - 1:
            return True
    return False


def follow(order: Floats, log_ratio: Floats, log_se: Floats, at: Floats) -> Sensitivity:
    """Sensitivity at the places `at` from the standards' log(response ÷ calibration) at `order`.

    A random walk seen with noise: between two standards its mean is the straight line that bracketing draws,
    smoothed as much as the standards' own errors and repeatability ask for, and outside of them it stays.
    Walk and repeatability are those of highest restricted likelihood.
    """
    n = order.size
    ones = np.ones((n, 1))
    common = np.minimum.outer(order, order) - order.min()
    best: tuple[float, Floats, float, float] | None = None
    for repeatability in REPEATABILITIES:
        for walk in WALKS:
            covariance = walk**2 * common + np.diag(log_se**2 + repeatability**2 + 1e-10)
            lower = np.linalg.cholesky(covariance)
            white, flat = np.linalg.solve(lower, log_ratio), np.linalg.solve(lower, ones)[:, 0]
            information = float(flat @ flat)
            mean = float(flat @ white) / information
            residual = white - mean * flat
            score = float(residual @ residual) + 2 * float(np.log(np.diag(lower)).sum()) + float(np.log(information))
            score += 2.0 * (walk > 0) + 0.5 * (repeatability > 0)  # no drift unless the data ask for it
            if best is None or score < best[0] - 1e-9:
                best = (score, covariance, walk, repeatability)
    assert best is not None
    _, covariance, walk, repeatability = best
    inverse = np.linalg.inv(covariance)
    information = float(inverse.sum())
    mean = float((inverse @ log_ratio).sum()) / information
    first = order.min()
    cross = walk**2 * np.clip(np.minimum.outer(at, order) - first, 0, None)
    value = mean + cross @ inverse @ (log_ratio - mean)
    gap = 1 - cross @ inverse @ np.ones(n)
    own = walk**2 * np.abs(at - first)
    variance = own - np.einsum("ij,jk,ik->i", cross, inverse, cross) + gap**2 / information
    before = at < first
    if before.any():  # what was before the first standard is known as well as the first standard, and less
        start = int(np.argmin(np.abs(at - first)))
        value = np.where(before, value[start] if at.size else 0.0, value)
        variance = np.where(before, variance[start] + walk**2 * (first - at), variance)
    return Sensitivity(value, np.sqrt(np.maximum(variance, 0.0)), float(repeatability))
