"""Errors that samples share because one calibration made their concentrations.

Samples of a course carry loadings on independent errors of variance 1: of each run that it was measured in, the parts
that CONCENTRATIONS gives. The covariance of two samples is the product of their loadings, so that what is wrong with
a calibration cancels in ratios within a run as far as it does, and does not between runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coeruleus.tables.dialysate import LOADINGS

Floats = NDArray[np.float64]
PREFIX = "shared\t"  # no column of a sheet is called so
OF_PERCENT = "percent\t"  # the same of per cents of baseline
RUNS = "runs\t"  # the runs of a sample's course, in the order of its loadings


def spread_over_runs(injections: pd.DataFrame, series: list[str]) -> tuple[Floats, list[tuple[str, ...]]]:
    """Loadings (n, parts × most runs of one course) of injections, zeros for the runs that are not theirs.

    Also, of each injection, the names of its course's runs, by which loadings of several courses are the same errors.
    """
    parts = injections[list(LOADINGS)].fillna(0.0).to_numpy()
    runs = pd.Series(pd.factorize(injections["run"].fillna(""), sort=True)[0], index=injections.index)
    slot = runs.groupby([injections[name] for name in series]).rank(method="dense").astype(int).to_numpy() - 1
    found = np.zeros((len(injections), len(LOADINGS) * (int(slot.max(initial=0)) + 1)))
    for place in range(len(LOADINGS)):
        found[np.arange(len(found)), slot * len(LOADINGS) + place] = parts[:, place]
    courses: dict[tuple[object, ...], set[str]] = {}
    keys = list(zip(*(injections[name] for name in series), strict=True))
    for key, run in zip(keys, injections["run"].fillna(""), strict=True):
        courses.setdefault(key, set()).add(run)
    names = {key: tuple(sorted(own)) for key, own in courses.items()}
    return found, [names[key] for key in keys]


def error_in_common(moved: Floats, runs: pd.Series) -> float:
    """Error of a sum from what its terms share: `moved` (n, k) are their loadings, `runs` (n) the RUNS of each."""
    sums: dict[tuple[str, int], float] = {}
    for own in sorted(set(runs)):
        for place, size in enumerate(moved[(runs == own).to_numpy()].sum(axis=0).tolist()):
            if size:
                key = (own[place // len(LOADINGS)], place % len(LOADINGS))
                sums[key] = sums.get(key, 0.0) + size
    return float(np.sqrt(sum(size**2 for size in sums.values())))


def names_of(frame: pd.DataFrame, prefix: str = PREFIX) -> list[str]:
    """The columns that hold loadings."""
    return [name for name in frame.columns if str(name).startswith(prefix)]


def loadings_of(frame: pd.DataFrame, prefix: str = PREFIX) -> Floats:
    """Loadings (n, k) of the rows; zeros where they are not known."""
    return frame[names_of(frame, prefix)].fillna(0.0).to_numpy(dtype=float)


def loadings_in(row: Mapping[Any, Any]) -> Floats:
    """Loadings (k,) of one row."""
    return np.nan_to_num(np.array([row[name] for name in row if str(name).startswith(PREFIX)], dtype=float))


def with_loadings(frame: pd.DataFrame, loadings: Floats, prefix: str = PREFIX) -> pd.DataFrame:
    """`frame` with loadings (n, k) in place of those it has."""
    columns = {f"{prefix}{place:02d}": loadings[:, place] for place in range(loadings.shape[1])}
    return frame.drop(columns=names_of(frame, prefix)).assign(**columns)


def mean_error(frame: pd.DataFrame) -> float:
    """What the mean of the rows has of the errors that they share."""
    return float(np.linalg.norm(loadings_of(frame).mean(axis=0)))


def own_error(error: Floats, loadings: Floats) -> Floats:
    """What of standard errors (n,) is each sample's own."""
    return np.sqrt(np.maximum(error**2 - np.sum(loadings**2, axis=1), 0.0))
