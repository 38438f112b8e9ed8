"""Second derivatives of a likelihood by differences, for variances whose derivatives are not written out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coeruleus.release.reml import Floats

STEP = 2e-3  # of the parameter's own scale


def differentiate(
    at: Callable[[Floats], tuple[float, Floats]], best: Floats, scale: Floats
) -> tuple[Floats, Floats, Floats]:
    """Information (k, k), slopes of the covariance (k, p, p), and covariance (p, p) at `best` (k,).

    `at` gives the deviance (−2 log likelihood) and the covariance of the coefficients. Central differences
    with steps of 0.2 % of `scale` (k,).
    """
    number = len(best)
    steps = np.diag(STEP * scale)
    lowest, covariance = at(best)
    information = np.zeros((number, number))
    slopes = np.zeros((number, *covariance.shape))
    for k, step in enumerate(steps):
        (up, above), (down, below) = at(best + step), at(best - step)
        slopes[k] = (above - below) / (2 * step[k])
        information[k, k] = (up + down - 2 * lowest) / step[k] ** 2 / 2
        for other, more in enumerate(steps[:k]):
            corners = [at(best + a * step + b * more)[0] for a, b in ((1, 1), (-1, -1), (1, -1), (-1, 1))]
            mixed = (corners[0] + corners[1] - corners[2] - corners[3]) / (4 * step[k] * more[other]) / 2
            information[k, other] = information[other, k] = mixed
    return information, slopes, covariance
