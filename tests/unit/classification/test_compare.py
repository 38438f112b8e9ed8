"""Where rulesets disagree, and which labels hang on a bound."""

from __future__ import annotations

import pandas as pd

from coeruleus.classification.compare import disagreements, sensitivity
from coeruleus.classification.rulesets import Ruleset
from coeruleus.tables.units import CLASSIFICATION, DRUG_RESPONSES, RESPONSES, UNITS

RULES = {
    "name": "ours",
    "title": "Ours",
    "note": "x",
    "criteria": [{"name": "slow", "measure": "units.firing_rate_hz", "low": 1.0, "high": 5.0, "citation": "x"}],
}


def _units(rates: list[float], half: float) -> pd.DataFrame:
    return UNITS.frame(
        {
            "site_id": "s",
            "unit_id": str(number),
            "subject_id": "m",
            "status": "ok",
            "firing_rate_hz": rate,
            "firing_rate_ci_low_hz": rate - half,
            "firing_rate_ci_high_hz": rate + half,
        }
        for number, rate in enumerate(rates)
    )


def test_only_labels_near_a_bound_move() -> None:
    """Bounds 1 and 5 Hz move to 0.9, 1.1, 4.5 and 5.5; intervals are ± 0.01 Hz."""
    recordings = pd.DataFrame([{"site_id": "s", "session_id": "d"}])
    sessions = pd.DataFrame([{"session_id": "d", "anaesthetic": None}])
    subjects = pd.DataFrame([{"subject_id": "m", "species": None}])
    units = _units([0.95, 1.05, 3.0, 4.8, 5.2], 0.01)
    found = sensitivity(
        units,
        RESPONSES.frame(),
        DRUG_RESPONSES.frame(),
        recordings,
        sessions,
        subjects,
        [Ruleset.model_validate(RULES)],
    )
    moved = {(row.unit_id, row.bound, row.moved_percent): row.moved_label for row in found.itertuples()}
    assert moved == {
        ("0", "low", -10.0): "LC-NE",
        ("1", "low", 10.0): "other",
        ("3", "high", -10.0): "other",
        ("4", "high", 10.0): "LC-NE",
    }


def test_disagreements_name_both_and_leave_people_out() -> None:
    base = {"site_id": "s", "unit_id": "1", "reason": "r", "identity": "juxtacellular: TH+"}
    by_person = {"reason": "by AB: histology", "rules_reason": "r"}
    rows = [
        base | by_person | {"ruleset": "a", "label": "LC-NE", "rules_label": "other"},
        base | {"ruleset": "b", "label": "LC-NE", "rules_label": None},
        base | {"ruleset": "c", "label": "other", "rules_label": None},
        base | {"unit_id": "2", "ruleset": "a", "label": "other", "rules_label": None},
        base | {"unit_id": "2", "ruleset": "b", "label": "other", "rules_label": None},
    ]
    found = disagreements(CLASSIFICATION.frame(rows))
    pairs = list(zip(found["ruleset"], found["label"], found["other_ruleset"], found["other_label"], strict=True))
    assert set(found["reason"]) == {"r"} == set(found["other_reason"])
    assert pairs == [("a", "other", "b", "LC-NE"), ("b", "LC-NE", "c", "other")]
