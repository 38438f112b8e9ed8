"""Recovery of each probe: in vitro, by retrodialysis of a standard, and by zero-net-flux; and what changes it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from coeruleus.experiment.settings import RecoverySettings
from coeruleus.release.arms import COURSE
from coeruleus.release.bounds import LOW
from coeruleus.release.context import PERFUSATE, conditions, events_of
from coeruleus.release.reml import Floats
from coeruleus.release.samples import SERIES
from coeruleus.release.shared import loadings_of, mean_error
from coeruleus.release.timing import TOLERANCE_MIN, UNKNOWN
from coeruleus.release.zero_net_flux import NoFlux, fit_no_flux
from coeruleus.tables import status
from coeruleus.tables.problems import Problem

Row = dict[str, object]
NORMAL = 1.959964
RETRODIALYSIS = "retrodialysis"
CHANGE = ("change_p", "changed", "before", "change")  # the last: False of the first condition too
SHARED = ("recovery", "recovery_se", "recovery_ci_low", "recovery_ci_high")


@dataclass(frozen=True)
class Losses:
    """Losses of a standard (n,) under one condition, and what their mean shares with those under others (k,)."""

    loss: Floats
    shared: Floats

    def differs_from(self, other: Losses) -> float:
        """p of both means being the same: Welch's t, with what their calibrations do not share as known exactly."""
        parts = [float(own.loss.var(ddof=1)) / len(own.loss) for own in (self, other)]
        variance = sum(parts) + float(np.sum((self.shared - other.shared) ** 2))
        freedom = sum(part**2 / (len(own.loss) - 1) for part, own in zip(parts, (self, other), strict=True))
        t = abs(float(self.loss.mean() - other.loss.mean())) / np.sqrt(variance)
        return float(2 * stats.t.sf(t, variance**2 / freedom))


def measure_recovery(
    samples: pd.DataFrame,
    baselines: pd.DataFrame,
    probes: pd.DataFrame,
    events: pd.DataFrame,
    settings: RecoverySettings,
    inlet_min: float = 0.0,
) -> tuple[pd.DataFrame, list[Problem]]:
    """Rows of RECOVERY, and a warning for every treatment that changes it.

    Besides the columns of RECOVERY: `before`, the recovery of the first condition, and `change`, whether it differs
    (False of the first one; None where that could not be tested).
    What is in the perfusate reaches the brain `inlet_min` after its onset.
    """
    fit = usable_samples(samples, events, inlet_min)
    rows = _in_vitro(baselines, probes)
    rows += _retrodialysis(fit, settings)
    rows += _zero_net_flux(fit, events, settings.equilibration_min, inlet_min)
    owned = samples.drop_duplicates(COURSE)
    owners = {tuple(row[name] for name in COURSE): row for row in owned.to_dict("records")}
    problems = []
    for row in rows:
        owner = owners[row["session_id"], row["probe_id"]]
        row |= {"subject_id": owner["subject_id"], "placement": owner["placement"]}
        if row.get("changed") and row.get("tested", True):
            item = f"session {row['session_id'] or 'n/a'}, probe {row['probe_id'] or 'n/a'}"
            message = (
                f"{row['analyte']}: recovery under {row['condition']} is {row['recovery']:.3g} and was "
                f"{row['before']:.3g} (p = {row['change_p']:.2g}): per cents of baseline mix recovery and release"
            )
            problems.append(Problem("release", item, "warning", message))
    return pd.DataFrame(rows), problems


def usable_samples(samples: pd.DataFrame, events: pd.DataFrame, inlet_min: float) -> pd.DataFrame:
    """Samples with a number that is ok or below a limit, and a place in time, with the drug they were taken under.

    Without those below a limit only the higher ones of the low would enter, and recovery would come out too high.
    """
    known = samples["status"].isin((status.OK, *LOW)) & samples["concentration"].notna()
    fit = samples[known & (samples["period"] != UNKNOWN)].copy()
    fit["under"] = under_drugs(fit, events, inlet_min)
    return fit


def under_drugs(samples: pd.DataFrame, events: pd.DataFrame, inlet_min: float) -> pd.Series:
    """Condition of each sample; an analyte in the perfusate is no treatment."""
    return conditions(samples, events[events["analyte"].isna() | (events["trial_type"] != PERFUSATE)], inlet_min)


def _in_vitro(baselines: pd.DataFrame, probes: pd.DataFrame) -> list[Row]:
    """Basal concentration ÷ the probe's recovery in a vial, which is not that in tissue."""
    rows: list[Row] = []
    sheet = {probe["probe_id"]: probe for probe in probes.to_dict("records")}
    for base in baselines.to_dict("records"):
        probe = sheet.get(base["probe_id"], {})
        own = _number(probe, f"recovery_{base['analyte']}")
        value, error = (
            (own, np.nan) if np.isfinite(own) else (_number(probe, "recovery"), _number(probe, "recovery_se"))
        )
        if not np.isfinite(value):
            continue
        row: Row = {
            **{name: base[name] for name in SERIES},
            "method": "in_vitro",
            "recovery": value,
            "unit": base["unit"],
        }
        row |= {"n_samples": base["n_samples"], "recovery_se": error}
        if not 0 < value <= 1.5:
            reason = f"a recovery of {value:g} is no fraction: enter 0.2 for 20 %"
            rows.append({**row, "status": status.FAILED, "reason": reason})
            continue
        outside = base["mean"] / value
        known = np.isfinite(error)
        se = outside * np.hypot(
            base["mean_se"] / base["mean"] if base["mean"] > 0 else np.nan, error if not known else error / value
        )
        if not known:
            se = base["mean_se"] / value
        row |= {"recovery_ci_low": value - NORMAL * error, "recovery_ci_high": value + NORMAL * error}
        row |= {"extracellular": outside, "extracellular_se": se}
        row |= {"extracellular_ci_low": outside - NORMAL * se, "extracellular_ci_high": outside + NORMAL * se}
        reason = "recovery in vitro is not that in tissue" + (
            "" if known else "; its error is not known and not in the interval"
        )
        if np.isfinite(own) and np.isfinite(_number(probe, "recovery")):
            reason += f"; recovery_{base['analyte']} was taken"
        rows.append({**row, "status": status.OK if np.isfinite(outside) else status.MISSING, "reason": reason})
    return rows


def _retrodialysis(fit: pd.DataFrame, settings: RecoverySettings) -> list[Row]:
    """Loss of a standard from the perfusate, by condition: mean over samples and Student's interval.

    The error of the calibration that the samples share is in the interval; in the test of a change, as far as it does
    not cancel.
    The other analytes of the probe get the concentration outside that this recovery would mean for them.
    """
    perfused = settings.perfusate_concentration
    if settings.retrodialysis_standard is None or perfused is None:
        return []
    rows: list[Row] = []
    for key, course in fit[fit["analyte"] == settings.retrodialysis_standard].groupby(SERIES, sort=True):
        first: Losses | None = None
        for condition, own in by_condition(course):
            loss: Floats = 1 - own["concentration"].to_numpy(dtype=float) / perfused
            mean = float(loss.mean())
            row: Row = {**dict(zip(SERIES, key, strict=True)), "method": RETRODIALYSIS, "condition": condition}
            row |= {"n_samples": len(loss), "recovery": mean, "status": status.OK, "reason": _low(own)}
            if len(loss) > 1:
                scatter = float(loss.std(ddof=1)) / np.sqrt(len(loss))
                shared = mean_error(own) / perfused
                half = np.hypot(float(stats.t.ppf(0.975, len(loss) - 1)) * scatter, NORMAL * shared)
                row |= {
                    "recovery_se": np.hypot(scatter, shared),
                    "recovery_ci_low": mean - half,
                    "recovery_ci_high": mean + half,
                }
            else:
                row["reason"] = _low(own, "one sample: no interval")
            known = Losses(loss, loadings_of(own).mean(axis=0) / perfused)
            if first is not None and min(len(first.loss), len(loss)) > 1 and np.ptp(first.loss) + np.ptp(loss) > 0:
                p_value = known.differs_from(first)
                row |= {"change_p": p_value, "changed": p_value < 0.05, "before": float(first.loss.mean())}
            row["change"] = False if first is None else row.get("changed")
            first = known if first is None else first
            rows.append(row)
            rows += _outside(fit, row, settings.retrodialysis_standard)
    return rows


def _outside(fit: pd.DataFrame, standard: Row, name: str) -> list[Row]:
    """What the loss of the standard says of the other analytes of its probe under the same condition."""
    recovery, error = (float(str(standard.get(column, np.nan))) for column in ("recovery", "recovery_se"))
    here = (fit["session_id"] == standard["session_id"]) & (fit["probe_id"] == standard["probe_id"])
    here &= (fit["under"] == standard["condition"]) & (fit["analyte"] != name)
    rows: list[Row] = []
    for analyte, own in fit[here].groupby("analyte", sort=True):
        row = {column: standard.get(column) for column in (*COURSE, "method", "condition", *SHARED, *CHANGE)}
        row["tested"] = False
        row |= {"analyte": analyte, "unit": own["unit"].iloc[0], "n_samples": len(own)}
        if not recovery > 0:
            reason = f"the recovery of {name} is not above 0"
            rows.append({**row, "status": status.FAILED, "reason": reason})
            continue
        mean = float(own["concentration"].mean())
        outside = mean / recovery
        spread = float(own["concentration"].std(ddof=1)) / np.sqrt(len(own)) if len(own) > 1 else np.nan
        se = float(np.hypot(np.hypot(spread, mean_error(own)), outside * error)) / recovery
        row |= {"extracellular": outside, "extracellular_se": se, "status": status.OK}
        row |= {"extracellular_ci_low": outside - NORMAL * se, "extracellular_ci_high": outside + NORMAL * se}
        rows.append({**row, "reason": _low(own, f"with the recovery of {name}, which need not be its own")})
    return rows


def perfused_courses(
    fit: pd.DataFrame, events: pd.DataFrame, equilibration_min: float, inlet_min: float
) -> Iterator[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Courses that were perfused with their analyte, by SERIES: the samples whose perfusate (`inside`) is known."""
    perfused = (events["trial_type"] == PERFUSATE) & events["analyte"].notna()
    perfused &= events["perfusate_concentration"].notna()
    if not perfused.any():
        return
    for key, course in fit.groupby(SERIES, sort=True):
        own = events_of(course, events, inlet_min)
        own = own[perfused[own.index] & (own["analyte"] == key[2])]
        if not own.empty:
            course = course.assign(inside=_perfusate(course, own, equilibration_min))
            yield key, course[course["inside"].notna()]


def _zero_net_flux(fit: pd.DataFrame, events: pd.DataFrame, equilibration_min: float, inlet_min: float) -> list[Row]:
    """The regression of each probe and condition on the perfusate's concentrations."""
    rows: list[Row] = []
    for key, course in perfused_courses(fit, events, equilibration_min, inlet_min):
        before: NoFlux | None = None
        for condition, part in by_condition(course):
            row: Row = {**dict(zip(SERIES, key, strict=True)), "method": "zero_net_flux", "condition": condition}
            row |= {"n_samples": len(part), "n_levels": part["inside"].nunique(), "unit": part["unit"].iloc[0]}
            found = fit_no_flux(part["inside"].to_numpy(), part["concentration"].to_numpy(), loadings_of(part))
            if isinstance(found, str):
                rows.append({**row, "status": status.FAILED, "reason": found})
                continue
            row |= found.as_row() | {"status": status.OK, "reason": _low(part, found.reason)}
            if before is not None:
                p_value = found.differs_from(before)
                row |= {"change_p": p_value, "changed": p_value < 0.05, "before": before.recovery}
            row["change"] = False if before is None else row["changed"]
            before = found if before is None else before
            rows.append(row)
        if course.empty:
            reason = "no sample that is ok lies within a perfusion of known concentration"
            row = {**dict(zip(SERIES, key, strict=True)), "method": "zero_net_flux", "n_samples": 0}
            rows.append({**row, "status": status.MISSING, "reason": reason})
    return rows


def _perfusate(course: pd.DataFrame, events: pd.DataFrame, equilibration_min: float) -> np.ndarray:
    """Concentration in the perfusate of each sample; NaN across a change, before the first and after the last."""
    onset = events["onset_min"].to_numpy(dtype=float)
    follows = np.append(onset[1:], np.inf)
    lasts = onset + events["duration_min"].astype(float).fillna(np.inf).to_numpy()
    found = np.full(len(course), np.nan)
    for begin, end, amount in zip(onset, np.minimum(follows, lasts), events["perfusate_concentration"], strict=True):
        inside = course["start_min"] >= begin + equilibration_min - TOLERANCE_MIN
        found[(inside & (course["end_min"] <= end + TOLERANCE_MIN)).to_numpy()] = float(amount)
    return found


def by_condition(course: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Conditions in order of time."""
    ordered = course.sort_values("time_min", kind="stable")
    return [(name, ordered[ordered["under"] == name]) for name in ordered["under"].unique()]


def _low(samples: pd.DataFrame, reason: str | None = None) -> str | None:
    """The reason, and how many of the samples are below a limit."""
    number = int(samples["status"].isin(LOW).sum())
    said = f"{number} of {len(samples)} samples are below a limit and count with the number measured"
    return "; ".join(text for text in (reason, said if number else None) if text) or None


def _number(row: Mapping[Hashable, Any], name: str) -> float:
    value = row.get(name)
    try:
        return float(value) if value is not None else np.nan
    except ValueError:
        return np.nan
