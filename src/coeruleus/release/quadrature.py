"""Nodes and weights for means over a standard normal distribution of several dimensions."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import stats

from coeruleus.release.reml import Floats

POINTS = {1: 25, 2: 13, 3: 9}  # per dimension
MANY = 512  # in more dimensions: a low-discrepancy set


@cache
def nodes_of(dimensions: int) -> tuple[Floats, Floats]:
    """Nodes (n, dimensions) and log weights (n,): Gauss–Hermite, in up to three dimensions.

    In more, 512 points of a Sobol sequence with equal weights.
    """
    if dimensions == 0:
        return np.zeros((1, 0)), np.zeros(1)
    if dimensions not in POINTS:
        cube = stats.qmc.Sobol(dimensions, scramble=True, rng=np.random.default_rng(1)).random(MANY)
        return stats.norm.ppf(np.clip(cube, 1e-9, 1 - 1e-9)), np.full(MANY, -np.log(MANY))
    points, weights = np.polynomial.hermite_e.hermegauss(POINTS[dimensions])
    weights = weights / weights.sum()
    grids = np.meshgrid(*[points] * dimensions, indexing="ij")
    products = np.meshgrid(*[np.log(weights)] * dimensions, indexing="ij")
    return np.stack([grid.ravel() for grid in grids], axis=1), np.sum([part.ravel() for part in products], axis=0)
