"""Rulesets: the shipped ones are sound, a lab's own is refused in words when it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coeruleus.classification.rulesets import Criterion, read_ruleset
from coeruleus.classification.weigh import weigh

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "rulesets"
NAMES = ["lc_anaesthetised_rat", "lc_awake_rodent", "lc_identified_mouse", "lc_permissive"]
OWN = b"""name: ours
title: Ours
note: from our lab
criteria:
  - name: slow
    measure: units.firing_rate_hz
    high: 6
    unit: Hz
    citation: our own cells
"""


def test_all_shipped_rulesets_are_read() -> None:
    assert sorted(path.stem for path in SHIPPED.glob("*.yaml")) == NAMES
    for name in NAMES:
        ruleset, problems = read_ruleset((SHIPPED / f"{name}.yaml").read_bytes(), name)
        assert ruleset is not None and problems == []
        assert all(criterion.citation for criterion in ruleset.criteria) and ruleset.note


def test_nothing_fitted_on_mice_is_meant_for_rats() -> None:
    ruleset, _ = read_ruleset((SHIPPED / "lc_identified_mouse.yaml").read_bytes(), "lc_identified_mouse")
    assert (
        ruleset is not None and ruleset.species_must_be_stated and not any("rat" in s.lower() for s in ruleset.species)
    )


def test_a_lab_writes_its_own() -> None:
    ruleset, problems = read_ruleset(OWN, "ours")
    assert ruleset is not None and problems == []
    assert ruleset.criteria[0].rule == "at most 6 Hz"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"high: 6", b"hihg: 6", ["row 7", "criteria.0.hihg", "did you mean 'high'"]),
        (b"firing_rate_hz", b"firing_rate", ["units.firing_rate_hz"]),
        (b"high: 6", b"note: slow", ["give low, high or is_true"]),
        (b"high: 6", b"high: six", ["row 7", "number"]),
        (b"units.firing_rate_hz", b"responses.biphasic", ["names no trial_types"]),
        (b"title: Ours\n", b"", ["title", "required"]),
        (b"name: ours", b"name: theirs", ["theirs", "make them the same"]),
        (b"    citation: our own cells\n", b"", ["citation", "required"]),
        (b"name: ours", b"\t{", ["YAML"]),
        (b"high: 6", b"is_true: true", ["is a number", "give low or high"]),
        (b"high: 6", b"high: 6\n    is_true: true", ["is a number"]),
        (b"high: 6", b"high: 6\n    low: 6", ["low (6)", "high (6)"]),
        (b"high: 6", b"high: nan", ["row 7", "finite"]),
        (b"units.firing_rate_hz", b"units.held", ["holds words"]),
        (b"units.firing_rate_hz", b"responses.biphasic\n    trial_types: [shock]", ["is true or false", "is_true"]),
        (b"high: 6", b"high: 6\n    p_value: firing_rate_hz", ["firing_rate_hz", "no p-value"]),
        (b"high: 6", b"high: 6\n    trial_types: [shock]", ["trial_types", "measures of responses"]),
        (b"high: 6", b"high: 6\n    low: 9", ["low (9) must lie below high (6)"]),
        (b"high: 6", b"high: .nan", ["row 7", "number"]),
        (b"high: 6", b"is_true: true", ["'units.firing_rate_hz' is a number"]),
        (b"firing_rate_hz", b"status", ["holds words"]),
        (b"high: 6", b"high: 6\n    p_value: isi_cv", ["no p-value"]),
        (b"high: 6", b"high: 6\n    drugs: [clonidine]", ["drugs belongs to measures of drug_responses"]),
        (b"high: 6", b"high: 6\n    weight: advisory", ["no unit gets a label"]),
    ],
)
def test_what_is_wrong_is_said_for_the_person_who_wrote_it(old: bytes, new: bytes, words: list[str]) -> None:
    ruleset, problems = read_ruleset(OWN.replace(old, new, 1), "ours")
    assert ruleset is None and len(problems) >= 1
    for word in words:
        assert word in " ".join(problems)


CONTAMINATION = {"measure": "units.contamination", "high": 0.1}
VIOLATIONS = {"measure": "units.isi_violation_fraction", "high": 0.01}
LATENCY = {"measure": "responses.excitation_latency_s", "high": 0.05, "trial_types": ["Paw_Pinch"]}


@pytest.mark.parametrize(
    ("rule", "measured", "verdict", "words"),
    [
        (CONTAMINATION, {"contamination": 0.12, "contamination_ci_low": 0, "contamination_ci_high": 0.6}, None, "95 %"),
        (CONTAMINATION, {"contamination": 0.3, "contamination_ci_low": 0.2, "contamination_ci_high": 0.6}, "fail", ""),
        (CONTAMINATION, {"contamination": 0.01, "contamination_ci_low": 0, "contamination_ci_high": 0.05}, "pass", ""),
        (VIOLATIONS, {"isi_violation_fraction": 0.0, "isi_violation_ci_high": 0.03}, None, "95 % interval up to 0.03"),
        (VIOLATIONS, {"isi_violation_fraction": 0.0, "isi_violation_ci_high": 0.009}, "pass", ""),
        (
            VIOLATIONS,
            {"isi_violation_fraction": 0.02, "isi_violation_ci_low": 0.011, "isi_violation_ci_high": 0.03},
            "fail",
            "",
        ),
        (
            VIOLATIONS,
            {"isi_violation_fraction": 0.02, "isi_violation_ci_low": 0.004, "isi_violation_ci_high": 0.06},
            None,
            "95 % interval 0.004 to 0.06 spans the bound 0.01",
        ),
        (
            LATENCY,
            {"excitation_latency_s": 0.06, "excitation_latency_ci_low_s": 0.02, "excitation_latency_ci_high_s": 0.2},
            None,
            "90 % interval 0.02 to 0.2 spans the bound 0.05",
        ),
        (
            LATENCY,
            {"excitation_latency_s": 0.03, "excitation_latency_ci_low_s": 0.02, "excitation_latency_ci_high_s": 0.04},
            "pass",
            "",
        ),
    ],
)
def test_a_bound_within_the_interval_is_no_verdict(
    rule: dict[str, Any], measured: dict[str, Any], verdict: str | None, words: str
) -> None:
    criterion = Criterion(name="c", citation="x", **rule)
    row = {"status": "ok", "reason": None, "trial_type": "paw_pinch", "condition": "baseline", "after_drug": False}
    found = weigh(criterion, row | measured, [row | measured], [])
    assert (found.verdict, found.uncertain) == (verdict or "not_tested", verdict is None)
    assert words in (found.reason or "")


def test_what_is_true_of_a_drug_says_of_which() -> None:
    criterion = Criterion(
        name="c", citation="x", measure="drug_responses.baseline_stable", is_true=True, drugs=["clonidine"]
    )
    given = {"drug": "clonidine", "segment": 2, "onset": 60.0, "baseline_stable": False, "reason": None}
    found = weigh(criterion, {}, [], [given])
    assert (found.verdict, found.reason) == ("fail", "clonidine at 60 s of segment 2")


def test_names_of_drugs_are_found_however_they_are_written() -> None:
    criterion = Criterion(name="c", citation="x", measure="drug_responses.percent_change", high=-30, drugs=["UK-14304"])
    given = {"drug": "uk-14304", "segment": 1, "onset": 60.0, "percent_change": -80.0, "reason": None}
    assert weigh(criterion, {}, [], [given]).verdict == "pass"
    assert weigh(criterion, {}, [], [given | {"drug": "UK-14304"}]).verdict == "pass"
