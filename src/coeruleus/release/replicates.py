"""Means of a sample's injections and their errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def weighted_means(
    group: NDArray[np.int64],
    size: int,
    value: NDArray[np.float64],
    error: NDArray[np.float64],
    entering: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Of each group (size,): how many values enter, their mean, and its standard error.

    Weighted by inverse variance where all errors are known, else the plain mean with the error of its scatter.
    """
    number = np.bincount(group, entering, size).astype(float)
    known = np.isfinite(error) & (error > 0)
    weighted = np.bincount(group, entering & ~known, size) == 0
    weight = np.where(weighted[group] & known, 1 / np.where(known, error, 1.0) ** 2, 1.0) * entering
    filled = np.where(entering, value, 0.0)
    total = np.bincount(group, weight, size)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(group, weight * filled, size) / total
        scatter = np.bincount(group, weight * (filled - np.where(entering, mean[group], 0.0)) ** 2, size)
        spread = scatter / (number - 1)  # chi²/df where weighted, variance where not
        by_errors = np.sqrt(np.where(number > 1, np.maximum(spread, 1.0), 1.0) / total)
        by_spread = np.where((number > 1) & (spread > 0), np.sqrt(spread / number), np.nan)
    alone = np.bincount(group, np.where(entering & np.isfinite(error), error, 0.0), size)
    unknown = np.bincount(group, entering & ~np.isfinite(error), size) > 0
    by_spread = np.where((number == 1) & ~unknown, alone, by_spread)
    return number, mean, np.where(number == 0, np.nan, np.where(weighted, by_errors, by_spread))


def with_shared(
    injections: pd.DataFrame,
    loadings: NDArray[np.float64],
    group: NDArray[np.int64],
    size: int,
    entering: NDArray[np.bool_],
    mean: NDArray[np.float64],
    mean_se: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Errors of the means (size,) and their loadings (size, k), from those of the injections (n, k).

    What injections of one run share does not average out. Where the error of one is not known, the mean's is that of
    scatter and nothing is known to be shared.
    """
    value, error = (injections[name].to_numpy() for name in ("concentration", "concentration_se"))
    known = entering & np.isfinite(error) & (error > 0)
    whole = np.bincount(group, entering & ~known, size) == 0
    weight = np.where(known, 1 / np.where(known, error, 1.0) ** 2, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = np.nan_to_num(weight / np.bincount(group, weight, size)[group]) * whole[group]
    combined = np.zeros((size, loadings.shape[1]))
    np.add.at(combined, group, weight[:, None] * loadings)
    found = mean_se.copy()
    several = (np.bincount(group, entering, size) > 1) & whole & (np.sum(combined**2, axis=1) > 0)
    for place in np.flatnonzero(several):
        rows = np.flatnonzero((group == place) & entering)
        own = np.maximum(error[rows] ** 2 - np.sum(loadings[rows] ** 2, axis=1), 0.0)
        # of two runs, the calibrations may differ too
        expected = own if (injections["run"].iloc[rows].nunique() < 2 and own.min() > 0) else error[rows] ** 2
        spread = float(np.sum((value[rows] - mean[place]) ** 2 / expected)) / (len(rows) - 1)
        variance = float(weight[rows] ** 2 @ own) * max(spread, 1.0) + float(np.sum(combined[place] ** 2))
        found[place] = np.sqrt(variance)
    return found, combined
