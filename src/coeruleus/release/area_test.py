"""Tests of the mean change over the window: one number per animal, so no model of the course is needed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from coeruleus.release.mixed import Estimate, NotEstimable


def t_interval(values: NDArray[np.float64]) -> Estimate:
    """Mean of animals against 0: Student's t. Raises NotEstimable for fewer than two or no variation."""
    number = len(values)
    if number < 2:
        raise NotEstimable(f"{_count(number)}, two are needed")
    return _estimate(float(values.mean()), float(values.std(ddof=1)) / np.sqrt(number), number - 1.0)


def welch_interval(values: NDArray[np.float64], reference: NDArray[np.float64]) -> Estimate:
    """Difference of two groups of animals, variances not taken as equal (Welch 1947)."""
    for own in (values, reference):
        if len(own) < 2:
            raise NotEstimable(f"{_count(len(own))} in one of the groups, two are needed")
    first, second = values.var(ddof=1) / len(values), reference.var(ddof=1) / len(reference)
    if not first + second > 0:
        raise NotEstimable("the animals do not vary")
    df = (first + second) ** 2 / (first**2 / (len(values) - 1) + second**2 / (len(reference) - 1))
    return _estimate(float(values.mean() - reference.mean()), float(np.sqrt(first + second)), float(df))


def change_per_animal(summary: pd.DataFrame) -> pd.Series:
    """Mean change over the window, per cent of baseline, by arm and animal: area ÷ window.

    An animal with several sessions or probes in one arm counts once, with their mean.
    """
    usable = summary[summary["auc_percent_min"].notna() & (summary["window_min"] > 0)]
    change = usable["auc_percent_min"] / usable["window_min"]
    return change.groupby([usable["arm"], usable["subject_id"]]).mean()


def compare(change: pd.Series, arm: str, reference: str) -> tuple[Estimate, list[str], bool]:
    """One arm against another: paired where animals were in both, else Welch.

    Returns the estimate, the animals that entered, and whether it is paired.
    """
    own, other = change[arm], change[reference]
    both = sorted(set(own.index) & set(other.index))
    if both:
        return t_interval((own[both] - other[both]).to_numpy()), both, True
    return welch_interval(own.to_numpy(), other.to_numpy()), sorted([*own.index, *other.index]), False


def _estimate(mean: float, se: float, df: float) -> Estimate:
    if not se > 0:
        raise NotEstimable("the animals do not vary")
    half = float(stats.t.ppf(0.975, df)) * se
    return Estimate(mean, se, df, mean / se, float(2 * stats.t.sf(abs(mean / se), df)), mean - half, mean + half)


def _count(number: int) -> str:
    return {0: "no animal", 1: "one animal"}.get(number, f"{number} animals")
