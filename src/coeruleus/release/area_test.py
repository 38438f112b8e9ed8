"""Tests of the mean change over the window: one number per animal, so no model of the course is needed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from coeruleus.release.censored import fit_censored
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


def change_per_animal(summary: pd.DataFrame) -> pd.DataFrame:
    """Mean change over the window, per cent of baseline, by arm and animal: area ÷ window, as `low` and `high`.

    The two differ where samples below a limit have no number, so that the area is known only between bounds. An
    animal with several sessions or probes in one arm counts once, with their mean.
    """
    usable = summary[summary["auc_at_least"].notna() & (summary["window_min"] > 0)]
    ends = {"low": usable["auc_at_least"], "high": usable["auc_at_most"].fillna(np.inf)}
    change = pd.DataFrame({name: end / usable["window_min"] for name, end in ends.items()})
    return change.groupby([usable["arm"], usable["subject_id"]]).mean()


def change_weights(summary: pd.DataFrame, arm: str, reference: str | None) -> pd.Series:
    """Weight of each row's area in the mean change of an arm, or in its difference from a reference.

    Each animal counts once, and where animals were in both arms only these do. Rows that do not enter have none.
    """
    usable = summary[summary["auc_at_least"].notna() & (summary["window_min"] > 0)]
    arms = {name: usable[usable["arm"] == name] for name in (arm, reference) if name is not None}
    both = set.intersection(*(set(rows["subject_id"]) for rows in arms.values()))
    weights = []
    for name, rows in arms.items():
        entering = rows[rows["subject_id"].isin(both)] if both else rows
        courses = entering.groupby("subject_id")["subject_id"].transform("size")
        sign = 1.0 if name == arm else -1.0
        weights.append(sign / (entering["subject_id"].nunique() * courses * entering["window_min"]))
    return pd.concat(weights)


def uneven_windows(summary: pd.DataFrame) -> str | None:
    """What is wrong with windows of different lengths; None where they are alike."""
    windows = summary["window_min"].dropna()
    uneven = len(windows) > 0 and windows.max() - windows.min() > 0.01 * windows.max()
    return f"windows differ, from {windows.min():g} to {windows.max():g} min" if uneven else None


def pair(own: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Differences of animals that are in both, between the bounds that both allow."""
    both = sorted(set(own.index) & set(other.index))
    own, other = own.loc[both], other.loc[both]
    return pd.DataFrame({"low": own["low"] - other["high"], "high": own["high"] - other["low"]})


def exact(change: pd.DataFrame) -> bool:
    """Whether every animal has a number."""
    return bool((change["low"] == change["high"]).all())


def bounded_interval(change: pd.DataFrame, reference: pd.DataFrame | None = None) -> Estimate:
    """Mean, or difference of two groups, of animals of which some are only known between bounds.

    Normal, with one variance; an animal between bounds adds the probability of lying there. Raises NotEstimable for
    fewer than two animals with a number in a group.
    """
    groups = [change] if reference is None else [change, reference]
    for own in groups:
        number = int((own["low"] == own["high"]).sum())
        if number < 2:
            raise NotEstimable(f"{_count(number)} with an area that is not only known between bounds, two are needed")
    low, high = (np.concatenate([own[name].to_numpy() for own in groups]) for name in ("low", "high"))
    x = np.repeat(np.eye(len(groups)), [len(own) for own in groups], axis=0)
    y = np.where(low == high, low, np.nan)
    try:
        fit = fit_censored(y, np.where(low == high, -np.inf, low), high, x, np.arange(len(y)), {})
    except np.linalg.LinAlgError as problem:
        raise NotEstimable(f"no maximum of the likelihood was found ({problem})") from problem
    return fit.contrast(np.array([1.0, -1.0][: len(groups)]))


def _estimate(mean: float, se: float, df: float) -> Estimate:
    if not se > 0:
        raise NotEstimable("the animals do not vary")
    half = float(stats.t.ppf(0.975, df)) * se
    return Estimate(mean, se, df, mean / se, float(2 * stats.t.sf(abs(mean / se), df)), mean - half, mean + half)


def _count(number: int) -> str:
    return {0: "no animal", 1: "one animal"}.get(number, f"{number} animals")
