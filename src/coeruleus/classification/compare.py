"""How much hangs on the ruleset and on its bounds: units on which rulesets disagree, labels that a bound moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import pandas as pd

from coeruleus.classification.classify import classify_units
from coeruleus.classification.rulesets import Criterion, Ruleset
from coeruleus.tables.units import DISAGREEMENTS, SENSITIVITY

MOVED_PERCENT = (-10.0, 10.0)


def disagreements(classification: pd.DataFrame) -> pd.DataFrame:
    """Units whose labels by two rulesets differ, as DISAGREEMENTS. `undetermined` differs from any label."""
    by_person = classification["rules_label"].notna()
    said = classification.assign(
        label=classification["rules_label"].where(by_person, classification["label"]),
        reason=classification["rules_reason"].where(by_person, classification["reason"]),
    )
    rows = []
    for (site, unit), own in said.groupby(["site_id", "unit_id"], sort=True):
        records = own.sort_values("ruleset").to_dict("records")
        for one, other in combinations(records, 2):
            if one["label"] != other["label"]:
                row = {"site_id": site, "unit_id": unit, "identity": one["identity"]}
                row |= {"ruleset": one["ruleset"], "label": one["label"], "reason": one["reason"]}
                row |= {"other_ruleset": other["ruleset"], "other_label": other["label"]}
                rows.append(row | {"other_reason": other["reason"]})
    return DISAGREEMENTS.frame(rows)


def sensitivity(
    units: pd.DataFrame,
    responses: pd.DataFrame,
    drug_responses: pd.DataFrame,
    recordings: pd.DataFrame,
    sessions: pd.DataFrame,
    subjects: pd.DataFrame,
    rulesets: Sequence[Ruleset],
) -> pd.DataFrame:
    """Labels that change when one bound moves by 10 % of itself, all else as it is, as SENSITIVITY.

    A bound of a function moves by 10 % of its distance from the intercept, so that a constant counts the same on either
    side of the rule. A bound of 0 (of a function: at the intercept) does not move.
    Frames as for `classify_units`. Labels are those of the rules, without people's decisions.
    """
    identity = pd.DataFrame(columns=["site_id", "unit_id", "method", "result"])
    decisions = pd.DataFrame(columns=["site_id", "unit_id", "action", "label", "reason", "author"])

    def labels(rules: Ruleset) -> pd.Series:
        frames = (units, responses, drug_responses, recordings, sessions, subjects, identity, decisions)
        return classify_units(*frames, [rules])[1].set_index(["site_id", "unit_id"])["label"]

    rows = []
    for ruleset in rulesets:
        usual = labels(ruleset)
        for criterion, bound, percent, value in _moves(ruleset):
            moved = labels(_with(ruleset, criterion, bound, value))
            for key in usual.index[(usual != moved).to_numpy()]:
                row = {"ruleset": ruleset.name, "criterion": criterion.name, "bound": bound, "moved_percent": percent}
                row |= {"site_id": key[0], "unit_id": key[1], "label": usual[key], "moved_label": moved[key]}
                rows.append(row | {"bound_value": getattr(criterion, bound), "moved_value": value})
    return SENSITIVITY.frame(rows)


def _moves(ruleset: Ruleset) -> Iterator[tuple[Criterion, str, float, float]]:
    for criterion in ruleset.criteria:
        if criterion.weight == "advisory":
            continue
        for bound in ("low", "high"):
            value = getattr(criterion, bound)
            start = criterion.function.intercept if criterion.function else 0.0
            for percent in MOVED_PERCENT if value not in (None, start) else ():
                yield criterion, bound, percent, start + (value - start) * (1 + percent / 100)


def _with(ruleset: Ruleset, criterion: Criterion, bound: str, value: float) -> Ruleset:
    moved = criterion.model_copy(update={bound: value})
    criteria = tuple(moved if one is criterion else one for one in ruleset.criteria)
    return ruleset.model_copy(update={"criteria": criteria})
