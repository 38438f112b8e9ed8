"""Turnover: metabolite ÷ transmitter, sample by sample, with the errors of both."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coeruleus.experiment.settings import BaselineSettings
from coeruleus.release.baseline import measure_baselines
from coeruleus.release.bounds import LOW
from coeruleus.release.samples import SAMPLE, SERIES
from coeruleus.release.shared import OF_PERCENT, RUNS, names_of, own_error, with_loadings
from coeruleus.tables import status
from coeruleus.tables.dialysate import LOADINGS

FIT = (status.OK, status.ABOVE_RANGE, status.BELOW_LOQ, status.TRANSITION)
PLACE = SAMPLE[:3]


def measure_turnover(samples: pd.DataFrame, ratios: list[str]) -> pd.DataFrame:
    """Rows of TURNOVER for every ratio whose two analytes are both measured.

    A ratio has the worse status of its two concentrations, and a value where both are fit (not where one is
    below detection, lost or excluded). Errors are to first order: (se ÷ ratio)² is the sum of both; a
    standard error that is not known leaves none. The baseline is the geometric mean over samples in the
    baseline of both; its error is that of the mean of logs, from scatter, and what the calibrations of both add to
    all samples of a run alike; in per cents of baseline that cancels as far as it does. Where one of the two is
    below a limit, the ratio lies between `at_least` and `at_most`.
    """
    parts = [_one(samples, ratio, *ratio.split("/")) for ratio in ratios]
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def as_courses(turnover: pd.DataFrame, rules: BaselineSettings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of `measure_turnover` as samples of an analyte named like the ratio, and their baselines.

    A baseline is judged by the same gate as a concentration's; what ratios are divided by is the geometric mean.
    """
    samples = turnover.copy()
    samples["analyte"] = samples["ratio"]
    samples["concentration"], samples["concentration_se"] = samples["value"], samples["value_se"]
    baselines = measure_baselines(samples, rules)
    means = samples.drop_duplicates(SERIES)[[*SERIES, "baseline", "baseline_se", "baseline_own_se"]]
    baselines = baselines.merge(means, on=SERIES, how="left", sort=False)
    for name, source in (("divisor", "baseline"), ("divisor_se", "baseline_se"), ("own_se", "baseline_own_se")):
        baselines[name] = baselines.pop(source)
    return samples, baselines


def _one(samples: pd.DataFrame, ratio: str, metabolite: str, transmitter: str) -> pd.DataFrame:
    columns = ["concentration", "concentration_se", "unit", "status", "reason", "in_baseline", "in_model_baseline"]
    columns += ["at_least", "at_most", "recovery_changed", "recovery_note", *names_of(samples)]
    columns += [RUNS] if RUNS in samples else []
    below = samples.loc[samples["analyte"] == transmitter, [*PLACE, *columns]]
    joined = samples[samples["analyte"] == metabolite].merge(below, on=PLACE, suffixes=("", "_below"), sort=False)
    if joined.empty:
        return joined
    bounds = _bounds(joined)
    pairs = zip(joined["status"], joined["reason"], joined["status_below"], joined["reason_below"], strict=True)
    worst = [
        status.worse((one, f"{metabolite}: {why}"), (two, f"{transmitter}: {because}"))
        for one, why, two, because in pairs
    ]
    joined["status"] = [state for state, _ in worst]
    joined["reason"] = [None if state == status.OK else reason for state, reason in worst]
    for name, bound in bounds.items():
        joined[name] = np.where(joined["status"].isin(LOW) & np.isfinite(bound), bound, np.nan)
    top, bottom = joined["concentration"], joined["concentration_below"]
    own, shared = _relative_errors(joined, names_of(samples))
    fit = joined["status"].isin(FIT) & (top > 0) & (bottom > 0)
    joined["value"] = (top / bottom).where(fit)
    joined["value_se"] = joined["value"] * np.sqrt(own**2 + (shared**2).sum(axis=1))
    same = joined["unit"].fillna("") == joined["unit_below"].fillna("")
    names = joined["unit"].fillna("no unit") + " per " + joined["unit_below"].fillna("no unit")
    joined["unit"] = names.mask(same, "1")
    for name in ("in_baseline", "in_model_baseline"):
        joined[name] = joined[name] & joined[f"{name}_below"]
    joined["recovery_changed"], joined["recovery_note"] = _recovery_of_either(joined)
    base = fit & joined["in_baseline"]
    logs = np.log(joined["value"].where(base))
    by = logs.groupby([joined["session_id"], joined["probe_id"]])
    number, mean = by.transform("count"), by.transform("mean")
    of_base = shared.where(base).groupby([joined["session_id"], joined["probe_id"]]).transform("mean").fillna(0.0)
    scatter = by.transform("var") / number
    joined["baseline"] = np.exp(mean)
    joined["baseline_own_se"] = joined["baseline"] * np.sqrt(scatter)
    joined["baseline_se"] = joined["baseline"] * np.sqrt(scatter + (of_base**2).sum(axis=1))
    joined["percent_baseline"] = 100 * joined["value"] / joined["baseline"]
    within = (own**2 / number).where(base, 0.0)
    variance = own**2 + scatter - 2 * within + ((shared - of_base) ** 2).sum(axis=1)
    joined["percent_baseline_se"] = joined["percent_baseline"] * np.sqrt(variance.clip(lower=0.0))
    joined["ratio"] = ratio
    if RUNS in joined:
        joined[RUNS] = _runs_of_both(joined, len(names_of(samples)))
    percent = joined["percent_baseline"].to_numpy()[:, None] * (shared - of_base).to_numpy()
    joined = with_loadings(joined, percent, OF_PERCENT)
    return with_loadings(joined, shared.to_numpy() * joined["value"].to_numpy()[:, None])


def _runs_of_both(joined: pd.DataFrame, parts: int) -> list[tuple[str, ...]]:
    """The runs of loadings, of which the first half are those of the metabolite; two analytes of a run share none."""
    most = parts // len(LOADINGS)
    return [
        tuple(
            f"{name} {end}"
            for end, runs in (("above", over), ("below", under))
            for name in (*runs, *[""] * most)[:most]
        )
        for over, under in zip(joined[RUNS], joined[f"{RUNS}_below"], strict=True)
    ]


def _relative_errors(joined: pd.DataFrame, parts: list[str]) -> tuple[pd.Series, pd.DataFrame]:
    """Of the log of each ratio: the error that is its own, and loadings on those shared; two analytes share none."""
    own, shared = pd.Series(0.0, index=joined.index), []
    for suffix, sign in (("", 1.0), ("_below", -1.0)):
        value = joined[f"concentration{suffix}"].where(joined[f"concentration{suffix}"] > 0)
        loadings = joined[[f"{name}{suffix}" for name in parts]].fillna(0.0)
        own += (own_error(joined[f"concentration_se{suffix}"].to_numpy(), loadings.to_numpy()) / value) ** 2
        shared.append(sign * loadings.div(value, axis=0).fillna(0.0))
    return own**0.5, pd.concat(shared, axis=1)


def _recovery_of_either(joined: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Whether the recovery of one of the two changed, and what is said of it."""
    flags = joined[["recovery_changed", "recovery_changed_below"]]
    changed = (flags == True).any(axis=1).astype(object).where(flags.notna().any(axis=1), None)  # noqa: E712
    notes = joined["recovery_note"].where(joined["recovery_note"].notna(), joined["recovery_note_below"])
    return changed, notes


def _bounds(joined: pd.DataFrame) -> dict[str, np.ndarray]:
    """Between what the ratio lies where its metabolite, its transmitter or both are below a limit."""
    ends = {}
    for suffix in ("", "_below"):
        low = joined[f"status{suffix}"].isin(LOW)
        value = joined[f"concentration{suffix}"]
        ends[suffix] = [joined[f"{name}{suffix}"].where(low, value).to_numpy() for name in ("at_least", "at_most")]
    with np.errstate(divide="ignore", invalid="ignore"):
        at_least, at_most = ends[""][0] / ends["_below"][1], ends[""][1] / ends["_below"][0]
    return {"at_least": at_least, "at_most": at_most}
