"""One criterion against one unit: value, interval, verdict and reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coeruleus.classification.rulesets import TABLES, Criterion
from coeruleus.tables.status import INSUFFICIENT_SPIKES

PASS, FAIL, NOT_TESTED = "pass", "fail", "not_tested"
Row = Mapping[str, Any]


def _ends(start: str, unit: str = "") -> tuple[str, str]:
    return f"{start}_ci_low{unit}", f"{start}_ci_high{unit}"


# The columns that hold the ends of a measure's interval.
INTERVALS = {
    "firing_rate_hz": _ends("firing_rate", "_hz"),
    "isi_violation_fraction": ("", "isi_violation_ci_high"),
    **{
        name: _ends(name)
        for name in (
            "contamination",
            "suppression_index",
            "percent_change",
            "percent_change_long",
            "from_first_dose_percent",
            "reversal_percent",
        )
    },
    **{
        f"{part}_{measure}_{unit}": _ends(f"{part}_{measure}", f"_{unit}")
        for part in ("excitation", "inhibition")
        for measure, unit in (("latency", "s"), ("duration", "s"), ("rate", "hz"))
    },
}
SHAPE = ("spike_width_ms", "half_width_ms", "notch")


@dataclass(frozen=True)
class Evidence:
    """What one criterion says of one unit. `value` is NaN where it is not known; a truth value is 1 or 0."""

    value: float
    verdict: str
    reason: str | None
    low: float = float("nan")
    high: float = float("nan")
    uncertain: bool = False  # measured, and too close to the bound to say


def weigh(criterion: Criterion, unit: Row, responses: Iterable[Row], drugs: Iterable[Row]) -> Evidence:
    """Weigh one criterion. `responses` and `drugs` are the unit's own rows of those tables.

    Responses count before any drug; of several, one that passes is enough, and one too uncertain to say leaves it open.
    """
    if criterion.table == "units":
        return _measured(criterion, unit)
    if criterion.table == "responses":
        found = [
            _one(criterion, row)
            for row in responses
            if row["trial_type"].casefold() in criterion.trial_types and not row["after_drug"]
        ]
        lacking = f"no {' or '.join(criterion.trial_types)} before a drug"
    else:
        found = [_after_drug(criterion, row) for row in drugs if str(row["drug"] or "").casefold() in criterion.drugs]
        lacking = f"no {' or '.join(criterion.drugs)} was given"
    if not found:
        return Evidence(float("nan"), NOT_TESTED, lacking)
    # Any event of the kind that shows it is enough; it fails only where every tested one clearly does.
    return min(found, key=lambda one: (one.verdict != PASS, not one.uncertain, one.verdict != FAIL))


def _after_drug(criterion: Criterion, row: Row) -> Evidence:
    """What one drug that the criterion names shows; nothing where one that blocks it was given before."""
    one = _one(criterion, row)
    before = [name for name in str(row.get("given_before") or "").split("; ") if name.casefold() in criterion.not_after]
    if before:
        return Evidence(one.value, NOT_TESTED, f"given after {before[-1]}, which blocks it", one.low, one.high)
    return one


def _measured(criterion: Criterion, unit: Row) -> Evidence:
    value = _number(unit[criterion.column])
    if unit["status"] == INSUFFICIENT_SPIKES and criterion.column not in SHAPE:
        return Evidence(value, NOT_TESTED, unit["reason"])
    if np.isnan(value):
        why = (unit.get("waveform_reason") if criterion.column in SHAPE else None) or unit["reason"]
        return Evidence(value, NOT_TESTED, why or f"{criterion.column} is not known")
    if criterion.highest_highpass_hz is not None:
        highpass = _number(unit.get("highpass_hz"))
        if np.isnan(highpass) and criterion.unknown_highpass == "not_tested":
            return Evidence(value, NOT_TESTED, "the high-pass filter is not stated (highpass_hz in recordings.tsv)")
        if highpass > criterion.highest_highpass_hz:
            why = f"recorded with a high-pass filter of {highpass:g} Hz; the bound holds up to"
            return Evidence(value, NOT_TESTED, f"{why} {criterion.highest_highpass_hz:g} Hz")
    return _against_bounds(criterion, value, *_interval(criterion, unit))


def interval_percent(criterion: Criterion) -> int | None:
    """The level of the interval that the measure has, as its table describes it."""
    _, high = INTERVALS.get(criterion.column, ("", ""))
    described = {column.name: column.description for column in TABLES[criterion.table].columns}
    found = re.search(r"(\d+) % interval", described.get(high, ""))
    return int(found[1]) if found else None


def _interval(criterion: Criterion, row: Row) -> tuple[float, float]:
    low, high = (_number(row.get(name)) for name in INTERVALS.get(criterion.column, ("", "")))
    return low, high


def _one(criterion: Criterion, row: Row) -> Evidence:
    value = row[criterion.column]
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return Evidence(float("nan"), NOT_TESTED, row["reason"] or f"{criterion.column} is not known")
    if criterion.is_true is not None:
        passed = bool(value) == criterion.is_true
        if criterion.table == "responses":
            where = f"{row['trial_type']}, {row['condition']}, {row['n_trials']:g} events"
        else:
            where = f"{row['drug']} at {row['onset']:g} s of segment {row['segment']:g}"
        return Evidence(float(bool(value)), PASS if passed else FAIL, where)
    if criterion.p_value is None:
        return _against_bounds(criterion, float(value), *_interval(criterion, row))
    p = _number(row[criterion.p_value])
    if np.isnan(p):
        return Evidence(
            float(value), NOT_TESTED, row["reason"] or "its p-value is not known", *_interval(criterion, row)
        )
    found = _against_bounds(criterion, float(value), *_interval(criterion, row))
    if found.verdict == PASS and p > criterion.p_max:
        return Evidence(found.value, NOT_TESTED, f"too uncertain: p = {p:.2g}", found.low, found.high, True)
    return found


def _against_bounds(
    criterion: Criterion, value: float, ci_low: float = float("nan"), ci_high: float = float("nan")
) -> Evidence:
    low = -np.inf if criterion.low is None else criterion.low
    high = np.inf if criterion.high is None else criterion.high
    inside = low <= value <= high
    for bound in (low, high):
        # Of some measures one end alone is known.
        if np.fmin(ci_low, value) < bound < np.fmax(ci_high, value):
            ends = f"up to {ci_high:.3g}" if np.isnan(ci_low) else f"{ci_low:.3g} to {ci_high:.3g}"
            interval = f"its {interval_percent(criterion)} % interval {ends}"
            reason = f"too uncertain: {interval} spans the bound {bound:g}"
            return Evidence(value, NOT_TESTED, reason, ci_low, ci_high, True)
    return Evidence(value, PASS if inside else FAIL, None if inside else f"{value:.3g} is outside", ci_low, ci_high)


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
