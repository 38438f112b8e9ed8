"""The baseline of each session, probe and analyte: which samples, their mean, and whether it is stable."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.release.samples import SERIES
from coeruleus.release.timing import BEFORE
from coeruleus.tables import status


def mark_baseline(samples: pd.DataFrame, n_samples: int) -> pd.Series:
    """Which samples are the baseline: the last `n_samples` that end at or before 0 and are `ok`.

    `samples` has the columns of a series, `period`, `status`, `concentration`, `end_min`.
    """
    fit = (samples["period"] == BEFORE) & (samples["status"] == status.OK) & samples["concentration"].notna()
    ordered = samples[fit].sort_values([*SERIES, "end_min", "start_min", "sample_id"], kind="stable")
    from_end = ordered.groupby(SERIES, sort=False).cumcount(ascending=False)
    marked = pd.Series(False, index=samples.index)
    marked[from_end.index[from_end < n_samples]] = True
    return marked


def measure_baselines(samples: pd.DataFrame, n_samples: int, max_cv: float) -> pd.DataFrame:
    """One row per session, probe and analyte: n_samples, mean, mean_se, cv, stable, reason, unit, subject_id.

    The standard error of the mean is what the samples' scatter says (SD ÷ √n), and at least what their
    own errors say; with one sample, its own error. `cv` is SD (n − 1) ÷ mean.
    """
    chosen = samples[samples["in_baseline"]]
    by = chosen.groupby(SERIES)
    first = samples.drop_duplicates(SERIES)[[*SERIES, "subject_id"]]
    units = samples[samples["status"] != status.FAILED].groupby(SERIES)["unit"].first().rename("course_unit")
    measured = by.agg(
        n_samples=("concentration", "size"),
        mean=("concentration", "mean"),
        sd=("concentration", "std"),
        unit=("unit", "first"),
    )
    variance = (chosen["concentration_se"] ** 2).groupby([chosen[name] for name in SERIES])
    known = variance.count() == measured["n_samples"]
    measured["error"] = ((variance.mean() / measured["n_samples"]) ** 0.5).where(known)
    baselines = first.merge(measured.reset_index(), on=SERIES, how="left", sort=False)
    baselines = baselines.merge(units.reset_index(), on=SERIES, how="left", sort=False)
    baselines["unit"] = baselines["unit"].where(baselines["unit"].notna(), baselines["course_unit"])
    baselines["n_samples"] = baselines["n_samples"].fillna(0.0).astype(float)
    scatter = baselines["sd"] / np.sqrt(baselines["n_samples"])
    baselines["mean_se"] = np.fmax(scatter, baselines["error"])  # fmax: of a number and a NaN, the number
    positive = baselines["mean"] > 0
    baselines["cv"] = (baselines["sd"] / baselines["mean"]).where(positive)
    skipped = _skipped(samples)
    reasons = [
        _why_unstable(row, n_samples, max_cv, skipped.get(tuple(row[name] for name in SERIES), []))
        for row in baselines[[*SERIES, "n_samples", "mean", "cv"]].to_dict("records")
    ]
    baselines["reason"] = pd.Series(reasons, index=baselines.index, dtype=object)
    baselines["stable"] = baselines["reason"].isna()
    return baselines.drop(columns=["sd", "error", "course_unit"])


def _skipped(samples: pd.DataFrame) -> dict[tuple[object, ...], list[str]]:
    """Samples before the treatment that are not fit for a baseline, per series."""
    unfit = samples[(samples["period"] == BEFORE) & (samples["status"] != status.OK)]
    found: dict[tuple[object, ...], list[str]] = {}
    ordered = unfit.sort_values(["end_min", "sample_id"], kind="stable")
    for *key, name, state in ordered[[*SERIES, "sample_id", "status"]].itertuples(index=False):
        found.setdefault(tuple(key), []).append(f"{name} {state}")
    return found


def _why_unstable(row: dict[Hashable, Any], wanted: int, max_cv: float, skipped: list[str]) -> str | None:
    number, mean, cv = (float(row[name]) for name in ("n_samples", "mean", "cv"))
    reasons = []
    if number == 0:
        reasons.append("no sample that is ok ends at or before time 0")
    elif number < wanted:
        reasons.append(f"{number:.0f} of {wanted} samples")
    if number < wanted and skipped:
        reasons.append("not fit for it: " + ", ".join(skipped))
    if number and not mean > 0:
        reasons.append(f"its mean, {mean:.4g}, is not above 0, so nothing can be divided by it")
    elif number == 1:
        reasons.append("one sample alone does not show how much it varies")
    elif cv > max_cv * (1 + 1e-9):
        reasons.append(f"varies by {100 * cv:.1f} % (CV), the limit is {100 * max_cv:g} %")
    return "; ".join(reasons) or None
