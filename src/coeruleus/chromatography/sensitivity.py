"""How the electrode's sensitivity changes along a run, from standards that were injected again."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from coeruleus.chromatography.arrays import Floats

WALKS = np.concatenate([[0.0], np.geomspace(5e-4, 0.05, 9)])  # relative sd of the change from injection to injection
TRENDS = (0.0, 0.3)  # relative change from end to end
REPEATABILITIES = np.concatenate([[0.0], np.geomspace(5e-3, 0.1, 5)])
USUAL_REPEATABILITY = 0.03


@dataclass(frozen=True)
class Sensitivity:
    """Relative to the mean of the standards. `log` (n,) per injection of the run, and its `covariance` (n, n)."""

    log: Floats
    covariance: Floats
    repeatability: float  # relative sd from injection to injection of the same vial

    @property
    def log_se(self) -> Floats:
        """(n,) standard error of `log`."""
        return np.sqrt(np.maximum(np.diagonal(self.covariance), 0.0))


def has_repeats(order: Floats, level: Floats) -> bool:
    """Whether a level was injected again after something else: without that, drift cannot be told from curvature."""
    for value in np.unique(level):
        places = np.sort(order[level == value])
        if places.size > 1 and places[-1] - places[0] > places.size - 1:
            return True
    return False


def follow(order: Floats, log_ratio: Floats, log_se: Floats, at: Floats, terms: Floats | None = None) -> Sensitivity:
    """Sensitivity at the places `at` from the standards' log(response ÷ calibration) at `order`.

    A steady trend and a random walk, seen with noise: between two standards the mean is the straight line that
    bracketing draws, smoothed as much as the standards' own errors and repeatability ask for. Trend, walk and
    repeatability are those of highest restricted likelihood, with a preference for none and for a
    repeatability of a few per cent. What `terms` (n, p) tell of `log_ratio`, and a constant, are not sensitivity:
    where levels rise along a series, a wrong intercept of the calibration looks like a course of it.
    """
    first, length = order.min(), max(float(np.ptp(order)), 1.0)
    since, here = order - first, at - first
    together, apart = np.minimum.outer(since, since), np.clip(np.minimum.outer(here, since), 0, None)
    fixed = np.ones((order.size, 1)) if terms is None else np.column_stack([np.ones(order.size), terms])
    trends, walks, repeats = np.array(list(product(TRENDS, WALKS, REPEATABILITIES))).T
    covariance = (trends[:, None, None] / length) ** 2 * np.outer(since, since) + walks[:, None, None] ** 2 * together
    covariance += np.eye(order.size) * (log_se**2 + repeats[:, None, None] ** 2 + 1e-10)
    lower = np.linalg.cholesky(covariance)
    white = np.linalg.solve(lower, np.column_stack([log_ratio, fixed]))
    seen, known = white[:, :, 0], white[:, :, 1:]
    information = np.swapaxes(known, 1, 2) @ known
    effects = np.linalg.solve(information, np.swapaxes(known, 1, 2) @ seen[:, :, None])
    residual = seen - (known @ effects)[:, :, 0]
    score = (residual**2).sum(axis=1) + np.linalg.slogdet(information)[1]
    score += 2 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    score += 2.0 * (walks > 0) + 2.0 * (trends > 0) + (repeats / USUAL_REPEATABILITY) ** 2
    best = int(np.argmax(score <= score.min() + 1e-9))  # the plainest of equals
    trend, walk, repeatability = float(trends[best]), float(walks[best]), float(repeats[best])
    inverse = np.linalg.inv(covariance[best])
    cross = (trend / length) ** 2 * np.outer(here, since) + walk**2 * apart
    effect = effects[best, :, 0]
    value = effect[0] + cross @ inverse @ (log_ratio - fixed @ effect)
    gap = 1 - cross @ inverse @ fixed[:, 0]  # what is not known of `terms` is in the covariance of the line
    same_side = np.sign(here)[:, None] == np.sign(here)
    walked = np.where(same_side, np.minimum.outer(np.abs(here), np.abs(here)), 0.0)
    own = (trend / length) ** 2 * np.outer(here, here) + walk**2 * walked
    known_line = own - cross @ inverse @ cross.T + np.outer(gap, gap) / inverse.sum()
    return Sensitivity(value, known_line, repeatability)
