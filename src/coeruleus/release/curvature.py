"""Derivatives of a likelihood by differences, for variances whose derivatives are not written out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from coeruleus.release.reml import Floats


@dataclass(frozen=True)
class Curvature:
    """At one point of k parameters: second derivatives of the deviance, first ones of the coefficients' covariance."""

    information: Floats  # (k, k) half the deviance's second derivatives
    slopes: Floats  # (k, p, p)
    covariance: Floats  # (p, p)


def differentiate(at: Callable[[Floats], tuple[float, Floats]], best: Floats, steps: Floats) -> Curvature:
    """Central differences around `best` (k,) with `steps` (k,).

    `at` gives the deviance (−2 log likelihood) and the covariance of the coefficients.
    """
    number = len(best)
    lowest, covariance = at(best)
    information = np.zeros((number, number))
    slopes = np.zeros((number, *covariance.shape))
    sides = np.zeros(number)
    for k, step in enumerate(np.diag(steps)):
        (up, above), (down, below) = at(best + step), at(best - step)
        slopes[k] = (above - below) / (2 * steps[k])
        sides[k] = up + down - 2 * lowest
        information[k, k] = sides[k] / steps[k] ** 2 / 2
        for other in range(k):
            more = step + np.diag(steps)[other]
            both = at(best + more)[0] + at(best - more)[0] - 2 * lowest
            mixed = (both - sides[k] - sides[other]) / (2 * steps[k] * steps[other]) / 2
            information[k, other] = information[other, k] = mixed
    return Curvature(information, slopes, covariance)
