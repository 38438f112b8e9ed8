"""Rulesets: the shipped ones are sound, a lab's own is refused in words when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from coeruleus.classification.rulesets import read_ruleset

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
        (b"high: 6", b"high: 6\n    low: 9", ["low (9) lies above high (6)"]),
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
