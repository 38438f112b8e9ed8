"""The baseline of each session, probe and analyte: which samples, their mean, and whether it is stable."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from coeruleus.experiment.settings import BaselineSettings
from coeruleus.release.bounds import LOW
from coeruleus.release.samples import SERIES
from coeruleus.release.shared import loadings_of, names_of, own_error
from coeruleus.release.timing import BEFORE, TOLERANCE_MIN
from coeruleus.tables import status


def mark_baseline(samples: pd.DataFrame, rules: BaselineSettings, low: bool = False) -> pd.Series:
    """Which samples are the baseline: of those that end at or before 0 and are `ok`, what the rule asks for.

    `samples` has the columns of a series, `period`, `status`, `concentration`, `end_min`. With `low`, samples
    below a limit are as good as those that are `ok`: for a model that knows them as censored.
    """
    fit = (samples["status"] == status.OK) & samples["concentration"].notna()
    fit = (fit | samples["status"].isin(LOW) if low else fit) & (samples["period"] == BEFORE)
    if rules.rule == "window" and rules.window_min is not None:
        first, last = rules.window_min
        fit &= (samples["start_min"] >= first - TOLERANCE_MIN) & (samples["end_min"] <= last + TOLERANCE_MIN)
    if rules.rule == "named":
        fit &= samples["sample_id"].isin(rules.sample_ids)
    if rules.rule != "last":
        return fit
    ordered = samples[fit].sort_values([*SERIES, "end_min", "start_min", "sample_id"], kind="stable")
    from_end = ordered.groupby(SERIES, sort=False).cumcount(ascending=False)
    marked = pd.Series(False, index=samples.index)
    marked[from_end.index[from_end < rules.samples]] = True
    return marked


def measure_baselines(samples: pd.DataFrame, rules: BaselineSettings) -> pd.DataFrame:
    """One row per session, probe and analyte: the columns of BASELINES, `short_by_limit`, and the mean's loadings.

    The standard error of the mean is what the samples' scatter says (SD ÷ √n), and at least what their
    own errors say (`own_se`; with one sample, its own error); to it comes what they share of the calibration's
    (`calibration_se`), which no scatter shows. The 95 % interval is Student's from the scatter alone (with one sample,
    normal from its own error), and normal for what is shared. `cv` is SD (n − 1) ÷ mean;
    `slope_per_h` the drift by least squares and `largest_deviation` that of the farthest sample, as shares of the mean.
    `short_by_limit`: the baseline would be stable if samples below a limit counted.
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
    keys, parts = [chosen[name] for name in SERIES], names_of(chosen)
    own = own_error(chosen["concentration_se"].to_numpy(), loadings_of(chosen))
    variance = pd.Series(own**2, index=chosen.index).groupby(keys)
    known = variance.count() == measured["n_samples"]
    measured["own_sd"] = (variance.mean() ** 0.5).where(known)
    measured["error"] = measured["own_sd"] / np.sqrt(measured["n_samples"])
    measured[parts] = chosen[parts].fillna(0.0).groupby(keys).mean()
    apart = ((chosen[parts] - chosen[parts].groupby(keys).transform("mean")) ** 2).sum(axis=1).groupby(keys).sum()
    measured["between"] = (apart / (measured["n_samples"] - 1)).where(measured["n_samples"] > 1, 0.0)
    measured["calibration_se"] = np.sqrt((measured[parts] ** 2).sum(axis=1)).where(lambda size: known & (size > 0))
    baselines = first.merge(measured.reset_index(), on=SERIES, how="left", sort=False)
    baselines = baselines.merge(units.reset_index(), on=SERIES, how="left", sort=False)
    baselines["unit"] = baselines["unit"].where(baselines["unit"].notna(), baselines["course_unit"])
    baselines["n_samples"] = baselines["n_samples"].fillna(0.0).astype(float)
    # scatter that is of the calibrations of several runs is not counted again
    left = np.fmax(baselines["sd"] ** 2 - baselines["between"], np.fmin(baselines["sd"], baselines["own_sd"]) ** 2)
    scatter = np.sqrt(left / baselines["n_samples"])
    baselines["own_se"] = np.fmax(scatter, baselines["error"])  # fmax: of a number and a NaN, the number
    shared = baselines["calibration_se"].fillna(0.0)
    baselines["mean_se"] = np.hypot(baselines["own_se"], shared)
    positive = baselines["mean"] > 0
    baselines["cv"] = (baselines["sd"] / baselines["mean"]).where(positive)
    number = baselines["n_samples"].to_numpy()
    half = np.where(number > 1, stats.t.ppf(0.975, np.maximum(number - 1, 1)) * scatter, 1.959964 * baselines["error"])
    half = np.hypot(half, 1.959964 * shared)
    baselines["ci_low"], baselines["ci_high"] = baselines["mean"] - half, baselines["mean"] + half
    drift = _drift(chosen).reset_index()
    baselines = baselines.merge(drift, on=SERIES, how="left", sort=False)
    for name in ("slope_per_h", "largest_deviation"):
        baselines[name] = (baselines[name] / baselines["mean"]).where(positive)
    skipped, low = _skipped(samples), _low(samples)
    columns = [*SERIES, "n_samples", "mean", "cv", "slope_per_h", "largest_deviation"]
    reasons, short = [], []
    for row in baselines[columns].to_dict("records"):
        key = tuple(row[name] for name in SERIES)
        reasons.append(_why_unstable(row, rules, skipped.get(key, [])))
        counted = {**row, "n_samples": row["n_samples"] + low.get(key, 0)}
        few = float(row["n_samples"]) < 2
        short.append(low.get(key, 0) > 0 and (few or _why_unstable(counted, rules, []) is None))
    baselines["reason"] = pd.Series(reasons, index=baselines.index, dtype=object)
    baselines["stable"] = baselines["reason"].isna()
    baselines["short_by_limit"] = pd.Series(short, index=baselines.index, dtype=bool) & ~baselines["stable"]
    return baselines.drop(columns=["sd", "error", "own_sd", "between", "course_unit"])


def set_divisor(baselines: pd.DataFrame, labels: pd.DataFrame, normalise: str) -> pd.DataFrame:
    """`baselines` with what concentrations are divided by: `divisor`, `divisor_se`, `own_se`, loadings, `grand_mean`.

    `labels` has session_id, probe_id, region, placement. The grand mean is over the stable baselines of one
    analyte, region and unit whose probe did not miss, each animal once; its error is over animals, and it shares
    none with a sample: what cancels of the calibration is not taken off.
    """
    joined = baselines.merge(labels[["session_id", "probe_id", "region", "placement"]], on=SERIES[:2], how="left")
    joined["region"], joined["unit"] = joined["region"].fillna(""), joined["unit"].fillna("")
    group, placement = ["analyte", "region", "unit"], joined["placement"]
    fit = joined[joined["stable"].astype(bool) & (joined["placement"] != "miss") & joined["subject_id"].notna()]
    animals = fit.groupby([*group, "subject_id"])["mean"].mean().groupby(group).agg(["mean", "sem"])
    animals = animals.rename(columns={"mean": "grand_mean", "sem": "grand_mean_se"}).reset_index()
    joined = joined[[*SERIES, *[name for name in group if name not in SERIES]]].merge(animals, on=group, how="left")
    baselines = baselines.copy()
    baselines["grand_mean"] = joined["grand_mean"].to_numpy()
    own = normalise == "animal"
    baselines["divisor"] = baselines["mean"] if own else baselines["grand_mean"]
    if not own:
        baselines["own_se"], baselines[names_of(baselines)] = joined["grand_mean_se"].to_numpy(), 0.0
    baselines["divisor_se"] = baselines["mean_se"] if own else baselines["own_se"]
    baselines["placement"] = placement.to_numpy(dtype=object)
    baselines["normalised_to"] = "own baseline" if own else "mean baseline of all animals"
    return baselines


def _drift(chosen: pd.DataFrame) -> pd.DataFrame:
    """Per series: slope over time per hour, and the largest distance from the mean."""
    keys = [chosen[name] for name in SERIES]
    middle = (chosen["start_min"] + chosen["end_min"]) / 2
    hours = (middle - middle.groupby(keys).transform("mean")) / 60
    away = chosen["concentration"] - chosen["concentration"].groupby(keys).transform("mean")
    squares = (hours**2).groupby(keys).sum()
    slope = (hours * away).groupby(keys).sum() / squares.where(squares > 0)
    return pd.DataFrame({"slope_per_h": slope, "largest_deviation": away.abs().groupby(keys).max()})


def _low(samples: pd.DataFrame) -> dict[tuple[object, ...], int]:
    """How many samples before the treatment are below a limit, per series."""
    found = samples[(samples["period"] == BEFORE) & samples["status"].isin(LOW)].groupby(SERIES).size()
    return {tuple(key): int(number) for key, number in found.items()}  # type: ignore[arg-type]


def _skipped(samples: pd.DataFrame) -> dict[tuple[object, ...], list[str]]:
    """Samples before the treatment that are not fit for a baseline, per series."""
    unfit = samples[(samples["period"] == BEFORE) & (samples["status"] != status.OK)]
    found: dict[tuple[object, ...], list[str]] = {}
    ordered = unfit.sort_values(["end_min", "sample_id"], kind="stable")
    for *key, name, state in ordered[[*SERIES, "sample_id", "status"]].itertuples(index=False):
        found.setdefault(tuple(key), []).append(f"{name} {state}")
    return found


def _why_unstable(row: dict[Hashable, Any], rules: BaselineSettings, skipped: list[str]) -> str | None:
    number, mean, cv = (float(row[name]) for name in ("n_samples", "mean", "cv"))
    wanted = {"last": rules.samples, "named": len(rules.sample_ids)}.get(rules.rule, 2)
    reasons = []
    if number == 0:
        where = "" if rules.rule == "last" else f" (rule {rules.rule})"
        reasons.append(f"no sample that is ok ends at or before time 0{where}")
    elif number < wanted:
        reasons.append(f"{number:.0f} of {wanted} samples")
    if number < wanted and skipped:
        reasons.append("not fit for it: " + ", ".join(skipped))
    if number and not mean > 0:
        reasons.append(f"its mean, {mean:.4g}, is not above 0, so nothing can be divided by it")
    elif number == 1:
        reasons.append("one sample alone does not show how much it varies")
    elif rules.gate == "cv" and cv > rules.max_cv * (1 + 1e-9):
        reasons.append(f"varies by {100 * cv:.1f} % (CV), the limit is {100 * rules.max_cv:g} %")
    elif rules.gate == "slope" and abs(slope := float(row["slope_per_h"])) > rules.max_slope * (1 + 1e-9):
        reasons.append(f"drifts by {100 * slope:.1f} % of its mean per hour, the limit is {100 * rules.max_slope:g} %")
    elif rules.gate == "each" and (away := float(row["largest_deviation"])) > rules.max_deviation * (1 + 1e-9):
        reasons.append(f"a sample is {100 * away:.1f} % off the mean, the limit is {100 * rules.max_deviation:g} %")
    return "; ".join(reasons) or None
