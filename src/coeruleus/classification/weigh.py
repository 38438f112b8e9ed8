"""One criterion against one unit: value, interval, verdict and reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from coeruleus.classification.functions import SHAPE, Term
from coeruleus.classification.rulesets import Criterion
from coeruleus.tables.intervals import INTERVALS, ends_of
from coeruleus.tables.status import INSUFFICIENT_SPIKES

PASS, FAIL, NOT_TESTED = "pass", "fail", "not_tested"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Evidence:
    """What one criterion says of one unit. `value` is NaN where it is not known; a truth value is 1 or 0."""

    value: float
    verdict: str
    reason: str | None
    low: float = float("nan")
    high: float = float("nan")
    uncertain: bool = False  # measured, and too close to the bound to say


class Input(NamedTuple):
    """One measure as it enters a criterion; `why_not` says why it is not tested."""

    value: float
    low: float = float("nan")
    high: float = float("nan")
    why_not: str | None = None


def weigh(criterion: Criterion, unit: Row, responses: Iterable[Row], drugs: Iterable[Row]) -> Evidence:
    """Weigh one criterion. `responses` and `drugs` are the unit's own rows of those tables.

    Responses count before any drug; of several, one that passes is enough, and one too uncertain to say leaves it open.
    A function takes all that it needs of a table from one row of it.
    """
    rows: dict[str, list[Row]] = {}
    for term in criterion.terms:
        if term.table not in rows:
            rows[term.table], lacking = _rows(criterion, term.table, unit, responses, drugs)
            if not rows[term.table]:
                return Evidence(float("nan"), NOT_TESTED, _said_of(criterion, term, lacking))
    found = [_one(criterion, dict(zip(rows, those, strict=True))) for those in product(*rows.values())]
    # Any event of the kind that shows it is enough; it fails only where every tested one clearly does.
    return min(found, key=lambda one: (one.verdict != PASS, not one.uncertain, one.verdict != FAIL))


def _rows(
    criterion: Criterion, table: str, unit: Row, responses: Iterable[Row], drugs: Iterable[Row]
) -> tuple[list[Row], str]:
    """Rows of one table that a criterion rests on, and what is lacking where there are none."""
    if table == "units":
        return [unit], ""
    if table == "responses":
        found = [
            row for row in responses if row["trial_type"].casefold() in criterion.trial_types and not row["after_drug"]
        ]
        return found, f"no {' or '.join(criterion.trial_types)} before a drug"
    given = [row for row in drugs if str(row["drug"] or "").casefold() in criterion.drugs]
    return given, f"no {' or '.join(criterion.drugs)} was given"


def _one(criterion: Criterion, rows: Mapping[str, Row]) -> Evidence:
    """A criterion by one row of each table that it needs."""
    inputs = [_input(criterion, term, rows[term.table]) for term in criterion.terms]
    value, low, high, _ = inputs[0]
    if criterion.function is not None:
        value, low, high = criterion.function.of([one[:3] for one in inputs])
    for term, one in zip(criterion.terms, inputs, strict=True):
        if one.why_not is not None:
            return Evidence(value, NOT_TESTED, _said_of(criterion, term, one.why_not), low, high)
    if criterion.function is not None and not np.isfinite(value):
        return Evidence(float("nan"), NOT_TESTED, "the function has no finite value")
    row = rows[criterion.terms[0].table]
    if criterion.is_true is not None:
        verdict = PASS if bool(value) == criterion.is_true else FAIL
        return Evidence(value, verdict, _where(criterion.terms[0].table, row))
    found = _against_bounds(criterion, value, low, high)
    if criterion.p_value is None:
        return found
    p = _number(row[criterion.p_value])
    if np.isnan(p):
        return Evidence(value, NOT_TESTED, row["reason"] or "its p-value is not known", low, high)
    if found.verdict == PASS and p > criterion.p_max:
        return Evidence(value, NOT_TESTED, f"too uncertain: p = {p:.2g}", low, high, True)
    return found


def _input(criterion: Criterion, term: Term, row: Row) -> Input:
    value = _number(row[term.column])
    if term.table == "units":
        why_not = _unit_not_tested(criterion, term.column, value, row)
        if why_not is not None:
            return Input(value, why_not=why_not)
    given = str(row.get("given_before") or "").split("; ") if term.table == "drug_responses" else []
    before = [name for name in given if name.casefold() in criterion.not_after]
    why_not = None
    if before:
        why_not = f"given after {before[-1]}, which blocks it"
    elif np.isnan(value):
        why_not = row["reason"] or f"{term.column} is not known"
    elif term.scale != "linear" and value <= 0:
        why_not = f"{value:.3g} has no logarithm"
    if np.isnan(value):
        return Input(value, why_not=why_not)
    return Input(value, *ends_of(term.column, row), why_not)


def _unit_not_tested(criterion: Criterion, column: str, value: float, unit: Row) -> str | None:
    """Why a measure of the table of units cannot be held against any bound."""
    if unit["status"] == INSUFFICIENT_SPIKES and column not in SHAPE:
        return unit["reason"] or INSUFFICIENT_SPIKES
    if np.isnan(value):
        return (unit.get("waveform_reason") if column in SHAPE else None) or unit["reason"] or f"{column} is not known"
    if criterion.highest_highpass_hz is not None and (criterion.measure is not None or column in SHAPE):
        highpass = _number(unit.get("highpass_hz"))
        if np.isnan(highpass) and criterion.unknown_highpass == "not_tested":
            return "the high-pass filter is not stated (highpass_hz in recordings.tsv)"
        if highpass > criterion.highest_highpass_hz:
            why = f"recorded with a high-pass filter of {highpass:g} Hz; the bound holds up to"
            return f"{why} {criterion.highest_highpass_hz:g} Hz"
    return None


def _said_of(criterion: Criterion, term: Term, why: str) -> str:
    """Of a function, which measure it is that was not tested."""
    return why if criterion.function is None or why.startswith(term.column) else f"{term.column}: {why}"


def _where(table: str, row: Row) -> str:
    """What a truth value is of."""
    if table == "responses":
        return f"{row['trial_type']}, {row['condition']}, {row['n_trials']:g} events"
    return f"{row['drug']} at {row['onset']:g} s of segment {row['segment']:g}"


def interval_percent(criterion: Criterion) -> int | None:
    """The level of the interval of a criterion's measures; of several levels the lowest."""
    levels = [INTERVALS[term.column].percent for term in criterion.terms if term.column in INTERVALS]
    return min(levels, default=None)


def _against_bounds(
    criterion: Criterion, value: float, ci_low: float = float("nan"), ci_high: float = float("nan")
) -> Evidence:
    low = -np.inf if criterion.low is None else criterion.low
    high = np.inf if criterion.high is None else criterion.high
    inside = low <= value <= high
    for bound in (low, high):
        # Of some measures one end alone is known.
        if np.fmin(ci_low, value) < bound < np.fmax(ci_high, value):
            interval = f"its {interval_percent(criterion)} % interval {_ends_in_words(ci_low, ci_high)}"
            reason = f"too uncertain: {interval} spans the bound {bound:g}"
            return Evidence(value, NOT_TESTED, reason, ci_low, ci_high, True)
    return Evidence(value, PASS if inside else FAIL, None if inside else f"{value:.3g} is outside", ci_low, ci_high)


def _ends_in_words(low: float, high: float) -> str:
    if not np.isfinite(low):
        return f"up to {high:.3g}" if np.isfinite(high) else "without ends"
    return f"{low:.3g} to {high:.3g}" if np.isfinite(high) else f"from {low:.3g}"


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
