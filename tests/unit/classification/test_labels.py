"""Evidence and labels by the rulesets' stated logic, and people's decisions beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coeruleus.classification.classify import classify_units
from coeruleus.classification.rulesets import Ruleset, read_ruleset
from coeruleus.tables.units import DRUG_RESPONSES, RESPONSES, UNITS

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "rulesets"
KEY = {"site_id": "s", "unit_id": "1"}
LC = {
    "subject_id": "rat",
    "n_spikes": 600,
    "firing_rate_hz": 2.0,
    "firing_rate_ci_low_hz": 1.8,
    "firing_rate_ci_high_hz": 2.2,
    "spike_width_ms": 1.6,
    "half_width_ms": 0.8,
    "notch": 0.4,
    "highpass_hz": 1.0,
    "status": "ok",
}
PINCH = {"trial_type": "paw_pinch", "condition": "baseline", "n_trials": 10, "biphasic": True, "status": "ok"}
CLONIDINE = {
    "segment": 1,
    "onset": 600.0,
    "drug": "clonidine",
    "percent_change": -90.0,
    "percent_change_ci_low": -95.0,
    "percent_change_ci_high": -80.0,
    "p_value": 0.001,
    "baseline_stable": True,
    "status": "ok",
}


def ruleset(name: str) -> Ruleset:
    found, problems = read_ruleset((SHIPPED / f"{name}.yaml").read_bytes(), name)
    assert found is not None, problems
    return found


def classify(
    unit: dict[str, Any] | None = None,
    pinches: list[dict[str, Any]] | None = None,
    drugs: list[dict[str, Any]] | None = None,
    species: str | None = "Rattus norvegicus",
    anaesthetic: str | None = "urethane",
    rules: str = "lc_anaesthetised_rat",
    decisions: list[dict[str, Any]] | None = None,
) -> tuple[pd.DataFrame, dict[str, Any], list[Any]]:
    columns = ["site_id", "unit_id", "action", "label", "reason", "author"]
    evidence, labels, problems = classify_units(
        UNITS.frame([KEY | LC | (unit or {})]),
        RESPONSES.frame([KEY | PINCH | row for row in (pinches if pinches is not None else [{}])]),
        DRUG_RESPONSES.frame([KEY | CLONIDINE | row for row in (drugs if drugs is not None else [{}])]),
        pd.DataFrame([{"site_id": "s", "segment": 1, "session_id": "day"}]),
        pd.DataFrame([{"session_id": "day", "anaesthetic": anaesthetic}]),
        pd.DataFrame([{"subject_id": "rat", "species": species}]),
        pd.DataFrame([{**KEY, "method": "juxtacellular", "result": "TH+"}]),
        pd.DataFrame(decisions or [], columns=columns),
        [ruleset(rules)],
    )
    return evidence.set_index("criterion"), labels.to_dict("records")[0], problems


def test_a_classical_cell_is_lc_and_every_criterion_is_evidence() -> None:
    evidence, label, problems = classify()
    assert (label["label"], label["identity"], problems) == ("LC-NE", "juxtacellular: TH+", [])
    assert len(evidence) == len(ruleset("lc_anaesthetised_rat").criteria)
    assert set(evidence["verdict"]) == {"pass"}
    assert evidence.loc["slow_firing", ["value", "ci_low", "ci_high"]].tolist() == [2.0, 1.8, 2.2]
    assert dict(evidence["weight"]) == {one.name: one.weight for one in ruleset("lc_anaesthetised_rat").criteria}
    assert evidence.loc["slow_firing", "ci_percent"] == 95 and np.isnan(evidence.loc["broad_spike", "ci_percent"])
    assert evidence.loc["biphasic_to_noxious", "value"] == 1 and evidence.loc["slow_firing", "rule"] == "0.1 to 5 Hz"


@pytest.mark.parametrize(
    ("changed", "criterion", "verdict", "label"),
    [
        (
            {"unit": {"firing_rate_hz": 12, "firing_rate_ci_low_hz": 11, "firing_rate_ci_high_hz": 13}},
            "slow_firing",
            "fail",
            "other",
        ),
        (
            {"unit": {"firing_rate_hz": 5.1, "firing_rate_ci_low_hz": 4.8, "firing_rate_ci_high_hz": 5.4}},
            "slow_firing",
            "not_tested",
            "undetermined",
        ),
        ({"unit": {"spike_width_ms": 0.4}}, "broad_spike", "fail", "other"),
        ({"unit": {"highpass_hz": None}}, "broad_spike", "not_tested", "undetermined"),
        ({"unit": {"highpass_hz": 300.0}}, "broad_spike", "not_tested", "undetermined"),
        ({"unit": {"notch": 0.0}}, "notched_spike", "fail", "LC-NE"),
        ({"pinches": []}, "biphasic_to_noxious", "not_tested", "undetermined"),
        ({"pinches": [{"biphasic": False}]}, "biphasic_to_noxious", "fail", "other"),
        (
            {"pinches": [{"biphasic": None, "status": "insufficient_spikes", "reason": "few"}]},
            "biphasic_to_noxious",
            "not_tested",
            "undetermined",
        ),
        ({"pinches": [{"biphasic": False, "trial_type": "foot_shock"}, {}]}, "biphasic_to_noxious", "pass", "LC-NE"),
        (
            {"pinches": [{"condition": "clonidine", "after_drug": True}], "drugs": []},  # given at another site
            "biphasic_to_noxious",
            "not_tested",
            "undetermined",
        ),
        ({"pinches": [{"condition": "urethane"}]}, "biphasic_to_noxious", "pass", "LC-NE"),
        ({"pinches": [{"trial_type": "tone"}]}, "biphasic_to_noxious", "not_tested", "undetermined"),
        ({"drugs": []}, "alpha2_inhibited", "not_tested", "LC-NE"),
        ({"drugs": [{"drug": "saline"}]}, "alpha2_inhibited", "not_tested", "LC-NE"),
        (
            {"drugs": [{"percent_change": 5.0, "percent_change_ci_low": -5.0, "percent_change_ci_high": 15.0}]},
            "alpha2_inhibited",
            "fail",
            "other",
        ),
        ({"drugs": [{"p_value": 0.3}]}, "alpha2_inhibited", "not_tested", "undetermined"),
        (
            {"drugs": [{"p_value": None, "baseline_stable": False, "reason": "not stable"}]},
            "alpha2_inhibited",
            "not_tested",
            "LC-NE",
        ),
        # A weak dose does not show it, and a strong one is too uncertain to say.
        (
            {
                "drugs": [
                    {"percent_change": -5.0, "percent_change_ci_low": -15.0, "percent_change_ci_high": 5.0},
                    {"onset": 900.0, "percent_change": -40.0, "percent_change_ci_high": -10.0},
                ]
            },
            "alpha2_inhibited",
            "not_tested",
            "undetermined",
        ),
        # What an antagonist blocks is no sign of anything, also where that was given at another site of the session.
        (
            {"drugs": [{"given_before": "Idazoxan", "percent_change": 0.0, "percent_change_ci_high": 9.0}]},
            "alpha2_inhibited",
            "not_tested",
            "LC-NE",
        ),
        (
            {"drugs": [{"onset": 900.0, "drug": "idazoxan"}, {}]},
            "alpha2_inhibited",
            "pass",
            "LC-NE",
        ),
    ],
)
def test_each_criterion_does_what_its_ruleset_says(
    changed: dict[str, Any], criterion: str, verdict: str, label: str
) -> None:
    evidence, found, _ = classify(**changed)
    assert (evidence.loc[criterion, "verdict"], found["label"]) == (verdict, label)
    if verdict != "pass":
        assert evidence.loc[criterion, "reason"]
    assert found["reason"]


@pytest.mark.parametrize(
    ("rules", "species", "anaesthetic"),
    [
        ("lc_identified_mouse", "Rattus norvegicus", "isoflurane"),
        ("lc_identified_mouse", None, "isoflurane"),
        ("lc_anaesthetised_rat", "Mus musculus", "isoflurane"),
        ("lc_anaesthetised_rat", "Long-Evans rats", "awake"),
        ("lc_anaesthetised_rat", "rat", "none (awake), head-fixed"),
        ("lc_anaesthetised_rat", "rat", "head-fixed"),
        ("lc_awake_rodent", "mouse", "isoflurane"),
        ("lc_awake_rodent", "mouse", "head-fixed"),
    ],
)
def test_a_ruleset_says_nothing_of_an_animal_it_was_not_made_for(
    rules: str, species: str | None, anaesthetic: str
) -> None:
    evidence, label, _ = classify(rules=rules, species=species, anaesthetic=anaesthetic)
    assert set(evidence["verdict"]) == {"not_tested"} and label["label"] == "undetermined"
    assert "made for" in label["reason"]


LOW_DOSE = {"percent_change": -5.0, "percent_change_ci_low": -15.0, "percent_change_ci_high": 5.0, "p_value": 0.4}
HIGH_DOSE = {"onset": 1800.0, "percent_change": -70.0, "percent_change_ci_low": -92.0, "percent_change_ci_high": -20.0}
UNTESTED = {"percent_change": None, "p_value": None, "status": "insufficient_spikes", "reason": "too short"}


@pytest.mark.parametrize(
    ("drugs", "verdict", "label"),
    [
        ([LOW_DOSE], "fail", "other"),
        ([HIGH_DOSE], "not_tested", "undetermined"),
        ([LOW_DOSE, HIGH_DOSE], "not_tested", "undetermined"),
        ([UNTESTED, HIGH_DOSE], "not_tested", "undetermined"),
        ([UNTESTED, LOW_DOSE], "fail", "other"),
        ([LOW_DOSE, HIGH_DOSE, {"onset": 2400.0}], "pass", "LC-NE"),
        ([UNTESTED], "not_tested", "LC-NE"),
    ],
)
def test_of_several_doses_one_that_may_have_worked_is_not_lost(
    drugs: list[dict[str, Any]], verdict: str, label: str
) -> None:
    """A drug fails to inhibit a cell only where every tested dose clearly does; the interval of -70 % spans -30 %."""
    evidence, found, _ = classify(drugs=drugs)
    assert (evidence.loc["alpha2_inhibited", "verdict"], found["label"]) == (verdict, label)


def test_a_label_that_takes_species_on_trust_says_so() -> None:
    _, label, _ = classify(species=None, anaesthetic=None)
    assert label["label"] == "LC-NE" and "state no species and no anaesthetic" in label["reason"]
    _, label, _ = classify(species="Sprague-Dawley rat")
    assert label["label"] == "LC-NE" and "state no" not in label["reason"]


def test_awake_animals_are_those_that_the_sheet_calls_so() -> None:
    _, label, _ = classify(rules="lc_awake_rodent", anaesthetic="none (awake), head-fixed")
    assert label["label"] == "LC-NE"
    _, label, _ = classify(rules="lc_awake_rodent", anaesthetic="head-fixed")
    assert "'head-fixed' does not say whether the animal was awake" in label["reason"]


def test_a_person_overrules_and_the_rules_stay_visible() -> None:
    decision = KEY | {"action": "label", "label": "other", "reason": "histology", "author": "AB"}
    _, label, _ = classify(decisions=[decision])
    assert (label["label"], label["rules_label"], label["reason"]) == ("other", "LC-NE", "by AB: histology")
    assert label["rules_reason"].startswith("passes slow_firing")


def test_an_excluded_unit_is_undetermined_with_the_reason() -> None:
    _, label, _ = classify(unit={"status": "excluded", "reason": "by AB: lost the cell"})
    assert label["label"] == "undetermined" and "lost the cell" in label["reason"]


def test_a_decision_about_a_unit_that_is_not_there_is_an_error() -> None:
    decision = {"site_id": "s", "unit_id": "9", "action": "label", "label": "other", "reason": "x", "author": "AB"}
    _, _, problems = classify(decisions=[decision])
    assert [(problem.severity, problem.item) for problem in problems] == [("error", "s/9")]


OF_DRUGS_ALONE = b"""name: ours
title: Ours
note: from our lab
criteria:
  - name: alpha2
    measure: drug_responses.percent_change
    high: -30
    weight: if_tested
    drugs: [Clonidine]
    citation: our own cells
"""


def _ours(drugs: list[dict[str, Any]]) -> dict[str, Any]:
    rules, problems = read_ruleset(OF_DRUGS_ALONE, "ours")
    assert rules is not None, problems
    frames = [
        UNITS.frame([KEY | LC]),
        RESPONSES.frame(),
        DRUG_RESPONSES.frame([KEY | CLONIDINE | row for row in drugs]),
        pd.DataFrame([{"site_id": "s", "segment": 1, "session_id": "day"}]),
        pd.DataFrame([{"session_id": "day", "anaesthetic": None}]),
        pd.DataFrame([{"subject_id": "rat", "species": None}]),
        pd.DataFrame(columns=["site_id", "unit_id", "method", "result"]),
        pd.DataFrame(columns=["site_id", "unit_id", "action", "label", "reason", "author"]),
    ]
    return classify_units(*frames, [rules])[1].to_dict("records")[0]


def test_a_unit_of_which_nothing_was_tested_has_no_label() -> None:
    """A lab's ruleset without a required criterion: what was not done does not make a noradrenaline cell."""
    found = _ours([])
    assert found["label"] == "undetermined" and "nothing that counts was tested" in found["reason"]
    assert _ours([{}])["label"] == "LC-NE" and _ours([{"drug": "CLONIDINE"}])["label"] == "LC-NE"


def test_a_response_under_a_drug_of_a_neighbouring_site_is_none_at_rest() -> None:
    """Clonidine went into the animal while another site was recorded; the pinches here came after it."""
    pinch = {"condition": "clonidine", "after_drug": True, "biphasic": False}
    evidence, label, _ = classify(pinches=[pinch], drugs=[{"site_id": "elsewhere"}])
    assert evidence.loc["biphasic_to_noxious", "verdict"] == "not_tested" and label["label"] == "undetermined"


@pytest.mark.parametrize(
    ("anaesthetic", "awake"),
    [
        ("awake, head-fixed", True),
        ("None", True),
        ("unanesthetized", True),
        ("urethane", False),
        ("isoflurane (no premedication)", False),
    ],
)
def test_an_awake_animal_is_known_by_what_people_write(anaesthetic: str, awake: bool) -> None:
    _, label, _ = classify(anaesthetic=anaesthetic)
    assert (label["label"] == "undetermined") == awake
    assert ("this one was awake" in label["reason"]) == awake
