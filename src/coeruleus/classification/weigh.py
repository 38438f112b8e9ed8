"""One criterion against one unit: value, interval, verdict and reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coeruleus.classification.rulesets import Criterion
from coeruleus.experiment.conditions import BASELINE

PASS, FAIL, NOT_TESTED = "pass", "fail", "not_tested"
Row = Mapping[str, Any]
INTERVALS = {"firing_rate_hz": ("firing_rate_ci_low_hz", "firing_rate_ci_high_hz")}
SHAPE = ("spike_width_ms", "half_width_ms", "notch")


@dataclass(frozen=True)
class Evidence:
    """What one criterion says of one unit. `value` is NaN where it is not known; a truth value is 1 or 0."""

    value: float
    verdict: str
    reason: str | None
    low: float = float("nan")
    high: float = float("nan")


def weigh(criterion: Criterion, unit: Row, responses: Iterable[Row], drugs: Iterable[Row]) -> Evidence:
    """Weigh one criterion. `responses` and `drugs` are the unit's own rows of those tables."""
    if criterion.table == "units":
        return _measured(criterion, unit)
    if criterion.table == "responses":
        rows = [row for row in responses if row["trial_type"] in criterion.trial_types and row["condition"] == BASELINE]
        lacking = f"no {' or '.join(criterion.trial_types)} before a drug"
    else:
        rows = [row for row in drugs if str(row["drug"] or "").lower() in criterion.drugs]
        lacking = f"no {' or '.join(criterion.drugs)} was given"
    if not rows:
        return Evidence(float("nan"), NOT_TESTED, lacking)
    found = [_one(criterion, row) for row in rows]
    # Any event of the kind that shows it is enough; it fails only where every tested one does.
    for verdict in (PASS, FAIL):
        for one in found:
            if one.verdict == verdict:
                return one
    return found[0]


def _measured(criterion: Criterion, unit: Row) -> Evidence:
    value = _number(unit[criterion.column])
    if np.isnan(value):
        why = (unit.get("waveform_reason") if criterion.column in SHAPE else None) or unit["reason"]
        return Evidence(value, NOT_TESTED, why or f"{criterion.column} is not known")
    if criterion.highest_highpass_hz is not None:
        highpass = _number(unit.get("highpass_hz"))
        if np.isnan(highpass):
            return Evidence(value, NOT_TESTED, "the high-pass filter is not stated (highpass_hz in recordings.tsv)")
        if highpass > criterion.highest_highpass_hz:
            why = f"recorded with a high-pass filter of {highpass:g} Hz; the bound holds up to"
            return Evidence(value, NOT_TESTED, f"{why} {criterion.highest_highpass_hz:g} Hz")
    names = INTERVALS.get(criterion.column)
    low, high = (_number(unit.get(name)) for name in names) if names else (float("nan"), float("nan"))
    return _against_bounds(criterion, value, low, high)


def _one(criterion: Criterion, row: Row) -> Evidence:
    value = row[criterion.column]
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return Evidence(float("nan"), NOT_TESTED, row["reason"] or f"{criterion.column} is not known")
    if criterion.is_true is not None:
        passed = bool(value) == criterion.is_true
        return Evidence(float(bool(value)), PASS if passed else FAIL, None if passed else f"{row['n_trials']:g} events")
    if row["status"] != "ok":
        return Evidence(float(value), NOT_TESTED, row["reason"])
    found = _against_bounds(criterion, float(value))
    if found.verdict == PASS and criterion.p_value is not None:
        p = _number(row[criterion.p_value])
        if np.isnan(p):
            return Evidence(found.value, NOT_TESTED, "its p-value is not known")
        if p > criterion.p_max:
            return Evidence(found.value, NOT_TESTED, f"too uncertain: p = {p:.2g}")
    return found


def _against_bounds(
    criterion: Criterion, value: float, ci_low: float = float("nan"), ci_high: float = float("nan")
) -> Evidence:
    low = -np.inf if criterion.low is None else criterion.low
    high = np.inf if criterion.high is None else criterion.high
    inside = low <= value <= high
    for bound in (low, high):
        if ci_low < bound < ci_high:
            reason = f"too uncertain: its 95 % interval {ci_low:.3g} to {ci_high:.3g} spans the bound {bound:g}"
            return Evidence(value, NOT_TESTED, reason, ci_low, ci_high)
    return Evidence(value, PASS if inside else FAIL, None if inside else f"{value:.3g} is outside", ci_low, ci_high)


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
