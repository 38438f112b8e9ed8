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
    group: NDArray[np.int64],
    size: int,
    entering: NDArray[np.bool_],
    mean: NDArray[np.float64],
    mean_se: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Errors of the means where injections of one run share a part of theirs: that part does not average out."""
    error, shared = (injections[name].to_numpy() for name in ("concentration_se", "calibration_se"))
    run = injections["run"].fillna("")
    known = entering & np.isfinite(error) & (error > 0) & np.isfinite(shared) & (shared < error)
    whole = np.bincount(group, entering & ~known, size) == 0
    several = (np.bincount(group, entering, size) > 1) & whole
    found = mean_se.copy()
    value = injections["concentration"].to_numpy()
    for place in np.flatnonzero(several):
        rows = np.flatnonzero((group == place) & entering)
        weight = error[rows] ** -2 / np.sum(error[rows] ** -2)
        own = error[rows] ** 2 - shared[rows] ** 2
        runs = run.iloc[rows].to_numpy(dtype=object)
        common = [float(np.sum((weight * shared[rows])[runs == name])) for name in sorted(set(runs))]
        expected = own if len(common) == 1 else error[rows] ** 2
        spread = float(np.sum((value[rows] - mean[place]) ** 2 / expected)) / (len(rows) - 1)
        found[place] = np.sqrt(float(weight**2 @ own) * max(spread, 1.0) + float(np.sum(np.square(common))))
    return found
