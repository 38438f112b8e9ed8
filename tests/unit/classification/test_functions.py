"""A criterion given by a function of several measures: values and intervals by hand, what it lacks said by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeruleus.classification.classify import classify_units
from coeruleus.classification.compare import sensitivity
from coeruleus.classification.functions import COLUMNS, Term
from coeruleus.classification.rulesets import Criterion, read_ruleset
from coeruleus.classification.weigh import interval_percent, weigh
from coeruleus.intake.describe import EXAMPLE
from coeruleus.tables import io
from coeruleus.tables.units import DRUG_RESPONSES, EVIDENCE, RESPONSES, UNITS

OURS = "name: ours\ntitle: Ours\nnote: from our lab\ncriteria:\n" + EXAMPLE  # as config/README.md has it
UNIT = {"site_id": "s", "unit_id": "1", "subject_id": "m", "status": "ok", "reason": None}
KNOWN = UNIT | {"firing_rate_hz": 2.0, "half_width_ms": 0.8, "highpass_hz": 1.0}
SHOCK = {"trial_type": "foot_shock", "condition": "baseline", "after_drug": False, "reason": None}
RATIO = {
    "terms": [
        {"measure": "responses.excitation_rate_hz", "weight": 1, "scale": "log10"},
        {"measure": "responses.baseline_rate_hz", "weight": -1, "scale": "log10"},
    ]
}


def criterion(function: dict[str, Any], **further: Any) -> Criterion:
    return Criterion.model_validate({"name": "c", "citation": "x", "function": function} | further)


def of_units(*terms: tuple[str, float], **further: Any) -> Criterion:
    """Of measures of the table of units, each with its weight."""
    return criterion({"terms": [{"measure": f"units.{name}", "weight": weight} for name, weight in terms]}, **further)


def test_a_discriminant_of_a_file_becomes_evidence(tmp_path: Path) -> None:
    """−1.2 − 0.8 × log10 2 + 2.1 × 0.8 = −1.2 − 0.240824 + 1.68 = 0.239176; at 20 Hz 0.8 less."""
    rules, problems = read_ruleset(OURS.encode(), "ours")
    assert rules is not None, problems
    units = UNITS.frame([KNOWN, KNOWN | {"unit_id": "2", "firing_rate_hz": 20.0}])
    frames = [units, RESPONSES.frame(), DRUG_RESPONSES.frame(), *_sheets(), *_decisions()]
    evidence, labels, _ = classify_units(*frames, [rules])
    io.write_table(evidence, tmp_path / "evidence.tsv", EVIDENCE)
    found = io.read_table(tmp_path / "evidence.tsv", EVIDENCE)
    assert found["value"].tolist() == pytest.approx([0.239176, -0.560824], abs=1e-6)
    assert set(found["rule"]) == {"−1.2 − 0.8 log10 firing rate (Hz) + 2.1 half width (ms) ≥ 0"}
    assert found["verdict"].tolist() == ["pass", "fail"] and labels["label"].tolist() == ["LC-NE", "other"]
    assert found[["ci_low", "ci_high", "ci_percent"]].isna().all(axis=None)  # no interval is given


@pytest.mark.parametrize(
    ("bounds", "verdict", "words"),
    [
        ({"low": 2}, "pass", ""),
        ({"low": 20}, "fail", "8 is outside"),
        ({"low": 5}, "not_tested", "its 95 % interval 3 to 18 spans the bound 5"),
        ({"low": 1, "high": 17}, "not_tested", "spans the bound 17"),
        ({"low": 1, "high": 19}, "pass", ""),
    ],
)
def test_ends_lie_at_the_root_of_the_summed_squares(bounds: dict[str, float], verdict: str, words: str) -> None:
    """10 + 3 × 2 − 4 × 2 = 8; the lower ends add 3 and 4 below it, the upper ones 6 and 8 above: 8 − 5 and 8 + 10."""
    terms = [{"measure": "units.firing_rate_hz", "weight": 3}, {"measure": "units.contamination", "weight": -4}]
    rule = criterion({"intercept": 10, "terms": terms}, **bounds)
    rate = {"firing_rate_hz": 2.0, "firing_rate_ci_low_hz": 1.0, "firing_rate_ci_high_hz": 4.0}
    shared = {"contamination": 2.0, "contamination_ci_low": 0.0, "contamination_ci_high": 3.0}
    found = weigh(rule, UNIT | rate | shared, [], [])
    assert (found.value, found.low, found.high) == pytest.approx((8, 3, 18))
    assert (found.verdict, found.uncertain) == (verdict, verdict == "not_tested") and words in (found.reason or "")


@pytest.mark.parametrize(
    ("bounds", "verdict", "words"),
    [
        ({"low": 4.9}, "pass", ""),
        ({"low": 5.1}, "not_tested", "its 95 % interval 5 to 14 spans the bound 5.1"),
        ({"high": 13.9}, "not_tested", "spans the bound 13.9"),
        ({"high": 14.1}, "pass", ""),
        ({"low": 14.1}, "fail", "8 is outside"),
    ],
)
def test_a_measure_without_an_interval_counts_as_exact(bounds: dict[str, float], verdict: str, words: str) -> None:
    """10 + 3 × 2 − 4 × 2 = 8 as above, the 2 of the second without ends: 3 × 1 below and 3 × 2 above are the rate's."""
    terms = [{"measure": "units.firing_rate_hz", "weight": 3}, {"measure": "units.half_width_ms", "weight": -4}]
    rule = criterion({"intercept": 10, "terms": terms}, **bounds)
    rate = {"firing_rate_hz": 2.0, "firing_rate_ci_low_hz": 1.0, "firing_rate_ci_high_hz": 4.0}
    found = weigh(rule, UNIT | rate | {"half_width_ms": 2.0}, [], [])
    assert (found.value, found.low, found.high) == pytest.approx((8, 5, 14))
    assert (found.verdict, found.uncertain) == (verdict, verdict == "not_tested") and words in (found.reason or "")
    none = weigh(rule, UNIT | {"firing_rate_hz": 2.0, "half_width_ms": 2.0}, [], [])
    assert np.isnan([none.low, none.high]).all() and none.verdict == ("fail" if verdict == "fail" else "pass")


def test_a_lone_end_enters_the_side_on_which_it_lies() -> None:
    """2 − 3 × 1 and 2 + 3 × 2 of the rate; of violations, with weight 4, 1 more above: 2 − 3 and 2 + √(6² + 4²)."""
    terms = ("firing_rate_hz", 3), ("isi_violation_fraction", 4)
    rate = {"firing_rate_hz": 0.0, "firing_rate_ci_low_hz": -1.0, "firing_rate_ci_high_hz": 2.0}
    unit = UNIT | rate | {"isi_violation_fraction": 0.5, "isi_violation_ci_high": 1.5}
    found = weigh(of_units(*terms, low=-9), unit, [], [])
    assert (found.value, found.low, found.high) == pytest.approx((2, -1, 2 + 52**0.5))


def test_an_end_without_a_logarithm_is_infinitely_far() -> None:
    """A rate of 2 Hz, 0 to 4: its log10 is up to 0.602, and has no lower end."""
    unit = UNIT | {"firing_rate_hz": 2.0, "firing_rate_ci_low_hz": 0.0, "firing_rate_ci_high_hz": 4.0}
    terms = [{"measure": "units.firing_rate_hz", "scale": "log10", "weight": 1}]
    assert weigh(criterion({"terms": terms}, high=0.61), unit, [], []).verdict == "pass"
    found = weigh(criterion({"terms": terms}, low=-9), unit, [], [])
    assert (found.verdict, found.uncertain) == ("not_tested", True) and "interval up to 0.602 spans" in str(
        found.reason
    )


def test_an_end_that_is_not_known_stays_so_on_its_side() -> None:
    """Of violations the upper end alone is known, and so is of their negative the lower one: −0.01, from −0.03."""
    unit = UNIT | {"isi_violation_fraction": 0.01, "isi_violation_ci_high": 0.03}
    found = weigh(of_units(("isi_violation_fraction", -1), low=-0.02), unit, [], [])
    assert found.low == pytest.approx(-0.03) and np.isnan(found.high)
    assert found.uncertain and "interval from -0.03 spans" in str(found.reason)


def test_of_two_levels_the_lower_is_stated() -> None:
    terms = [
        {"measure": "responses.excitation_latency_s", "weight": 1},
        {"measure": "units.firing_rate_hz", "weight": 1},
    ]
    assert interval_percent(criterion({"terms": terms[:1]}, high=1, trial_types=["x"])) == 90
    assert interval_percent(criterion({"terms": terms[1:]}, high=1)) == 95
    assert interval_percent(criterion({"terms": terms}, high=1, trial_types=["x"])) == 90
    assert interval_percent(of_units(("notch", 1), high=1)) is None


@given(
    low=st.integers(-50, 50),
    value=st.integers(-50, 50),
    high=st.integers(-50, 50),
    bound=st.integers(-50, 50),
    shift=st.integers(-9, 9),
)
def test_one_measure_by_itself_is_judged_as_without_a_function(
    low: int, value: int, high: int, bound: int, shift: int
) -> None:
    """And a constant counts the same on either side of the rule."""
    low, high = min(low, value), max(high, value)
    unit = UNIT | {"firing_rate_hz": value, "firing_rate_ci_low_hz": low, "firing_rate_ci_high_hz": high}
    plain = Criterion(name="c", citation="x", measure="units.firing_rate_hz", low=bound)
    term = {"measure": "units.firing_rate_hz", "weight": 1}
    expected = weigh(plain, unit, [], [])
    assert weigh(criterion({"terms": [term]}, low=bound), unit, [], []) == expected
    shifted = weigh(criterion({"intercept": shift, "terms": [term]}, low=bound + shift), unit, [], [])
    assert (shifted.verdict, shifted.uncertain) == (expected.verdict, expected.uncertain)
    negative = {"measure": "units.firing_rate_hz", "weight": -1}
    mirrored = weigh(criterion({"terms": [negative]}, high=-bound), unit, [], [])
    assert (mirrored.verdict, mirrored.low, mirrored.high) == (expected.verdict, -high, -low)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"half_width_ms": None, "waveform_reason": "no mean waveform"}, "half_width_ms: no mean waveform"),
        ({"half_width_ms": None}, "half_width_ms is not known"),
        ({"firing_rate_hz": None, "reason": "no spontaneous time"}, "firing_rate_hz: no spontaneous time"),
        ({"status": "insufficient_spikes", "reason": "3 spikes"}, "firing_rate_hz: 3 spikes"),
        ({"firing_rate_hz": 0.0}, "firing_rate_hz: 0 has no logarithm"),
        ({"highpass_hz": 300.0}, "half_width_ms: recorded with a high-pass filter of 300 Hz; the bound holds up to 50"),
        ({"highpass_hz": None}, "half_width_ms: the high-pass filter is not stated"),
    ],
)
def test_what_one_measure_lacks_is_said_by_its_name(changed: dict[str, Any], words: str) -> None:
    rules, problems = read_ruleset(OURS.replace("low: 0", "low: 0\n    highest_highpass_hz: 50").encode(), "ours")
    assert rules is not None, problems
    assert weigh(rules.criteria[0], KNOWN, [], []).verdict == "pass"
    found = weigh(rules.criteria[0], KNOWN | changed, [], [])
    assert (found.verdict, found.uncertain) == ("not_tested", False) and str(found.reason).startswith(words)


def test_what_is_beyond_all_numbers_is_no_verdict() -> None:
    found = weigh(of_units(("firing_rate_hz", 1e308), low=0), KNOWN | {"firing_rate_hz": 1e9}, [], [])
    assert (found.verdict, found.reason) == ("not_tested", "the function has no finite value")


def test_all_of_a_response_comes_from_one_row() -> None:
    """10 ÷ 5 and 4 ÷ 1 Hz are 2 and 4 times the rate before; no response is 10 times."""
    rows = [SHOCK | {"excitation_rate_hz": up, "baseline_rate_hz": rest} for up, rest in ((10.0, 5.0), (4.0, 1.0))]
    for times, verdict in ((3, "pass"), (5, "fail")):
        rule = criterion(RATIO, low=float(np.log10(times)), trial_types=["Foot_Shock"])
        found = weigh(rule, UNIT, rows, [])
        assert found.verdict == verdict
    assert 10**found.value in (pytest.approx(2), pytest.approx(4))
    other = [SHOCK | {"trial_type": "tone"}, SHOCK | {"after_drug": True}]
    found = weigh(rule, UNIT, other, [])
    assert (found.verdict, found.reason) == ("not_tested", "excitation_rate_hz: no foot_shock before a drug")


def test_measures_of_all_tables_go_together() -> None:
    """0.5 × true − 0.01 × (−90 %) + 1 × 2 Hz = 3.4; after an antagonist it is not tested."""
    names = ("responses.biphasic", 0.5), ("drug_responses.percent_change", -0.01), ("units.firing_rate_hz", 1)
    terms = [{"measure": name, "weight": weight} for name, weight in names]
    selected = {"trial_types": ["foot_shock"], "drugs": ["clonidine"], "not_after": ["idazoxan"]}
    rule = criterion({"terms": terms}, low=3, high=4, unit="points", **selected)
    assert rule.rule == "3 ≤ 0.5 biphasic − 0.01 percent change + firing rate (Hz) ≤ 4 points"
    drug = {"drug": "Clonidine", "percent_change": -90.0, "reason": None}
    shock = SHOCK | {"biphasic": True}
    found = weigh(rule, KNOWN, [shock], [drug])
    assert (found.value, found.verdict) == (pytest.approx(3.4), "pass")
    assert weigh(rule, KNOWN, [shock | {"biphasic": False}], [drug]).value == pytest.approx(2.9)
    blocked = weigh(rule, KNOWN, [shock], [drug | {"given_before": "saline; Idazoxan"}])
    assert blocked.reason == "percent_change: given after Idazoxan, which blocks it"
    assert weigh(rule, KNOWN, [shock], []).reason == "percent_change: no clonidine was given"


def test_a_constant_on_either_side_moves_alike() -> None:
    """`−2 + rate ≥ 0` says `rate ≥ 2`: moved to 1.8 and 2.2 Hz, 1.9 and 2.1 Hz change. A bound of 0 does not move."""
    units = UNITS.frame(UNIT | {"unit_id": str(rate), "firing_rate_hz": rate} for rate in (1.7, 1.9, 2.1, 2.3))

    def moved(intercept: float, low: float) -> set[tuple[str, float, str]]:
        text = f"intercept: {intercept}\n      terms: [{{measure: units.firing_rate_hz, weight: 1}}]\n    low: {low}\n"
        head, tail = OURS.split("intercept")[0], OURS.split("low: 0\n")[1]
        rules, problems = read_ruleset((head + text + tail).encode(), "ours")
        assert rules is not None, problems
        found = sensitivity(units, RESPONSES.frame(), DRUG_RESPONSES.frame(), *_sheets(), [rules])
        assert (found["moved_value"] - low).tolist() == pytest.approx((found["moved_percent"] * 0.02).tolist())
        return set(zip(found["unit_id"], found["moved_percent"], found["moved_label"], strict=True))

    assert moved(-2, 0) == moved(0, 2) == {("1.9", -10.0, "LC-NE"), ("2.1", 10.0, "other")}
    assert moved(2, 2) == set()


def test_no_two_measures_read_the_same() -> None:
    measures = [name for name, column in COLUMNS.items() if column.kind != "text"]
    for table in ("units", "responses", "drug_responses"):
        said = [Term(measure=name, weight=1).words for name in measures if name.startswith(f"{table}.")]
        assert len(set(said)) == len(said)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("weight: 2.1", "weight: much", ["row 10", "'discriminant'", "terms.1.weight", "found 'much'", "valid number"]),
        ("weight: 2.1", "weight: '2.1'", ["terms.1.weight", "found '2.1'", "valid number"]),
        ("weight: 2.1", "weight: true", ["found 'True'", "valid number"]),
        ("weight: 2.1", "weight: 0", ["units.half_width_ms", "leave the term out"]),
        ("scale: log10", "scael: log10", ["row 9", "terms.0.scael", "unknown key", "did you mean 'scale'"]),
        (", weight: 2.1", "", ["terms.1.weight", "required"]),
        ("half_width_ms,", "half_width,", ["row 10", "no measure 'units.half_width'", "'units.half_width_ms'"]),
        ("half_width_ms,", "held,", ["holds words"]),
        ("half_width_ms,", "firing_rate_hz,", ["'units.firing_rate_hz' in two terms", "keep one"]),
        ("scale: log10", "scale: log2", ["found 'log2'", "'log10'"]),
        ("units.half_width_ms,", "responses.biphasic, scale: ln,", ["true or false", "leave scale out"]),
        ("units.half_width_ms", "responses.baseline_rate_hz", ["'discriminant'", "names no trial_types"]),
        ("intercept: -1.2", "intercept: low", ["row 7", "function.intercept", "found 'low'"]),
        ("intercept: -1.2", "offset: 3", ["unknown key", "intercept, terms"]),
        ("    low: 0\n", "", ["give low, high"]),
        ("    low: 0\n", "    is_true: true\n", ["a function is a number", "not is_true"]),
        ("    low: 0\n", "    low: 0\n    p_value: p_value\n", ["no p-value of a function"]),
        ("    low: 0\n", "    low: 0\n    measure: units.notch\n", ["'discriminant'", "'units.notch'", "keep one"]),
        ("    low: 0\n", "    low: 0\n    drugs: [clonidine]\n", ["drugs belongs to measures of drug_responses"]),
        ("half_width_ms", "isi_cv, scale: linear", ["highest_highpass_hz", "shapes of spikes"]),
    ],
)
def test_what_is_wrong_with_a_function_is_said_for_the_person_who_wrote_it(
    old: str, new: str, words: list[str]
) -> None:
    text = OURS.replace(old, new, 1)
    text = text.replace("low: 0", "low: 0\n    highest_highpass_hz: 50") if "isi_cv" in new else text
    rules, problems = read_ruleset(text.encode(), "ours")
    assert rules is None and len(problems) == 1
    for word in words:
        assert word in problems[0]


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("", ["says nothing to judge", "give a measure"]),
        ("    function: log rate\n", ["found 'log rate' where keys belong: intercept, terms"]),
        ("    function: {terms: []}\n", ["terms: is empty: write one at least"]),
        ("    function: {terms: units.notch}\n", ["found 'units.notch' where a list belongs"]),
    ],
)
def test_a_function_that_is_none(function: str, words: list[str]) -> None:
    text = OURS[: OURS.index("    function")] + function + OURS[OURS.index("    low: 0") :]
    rules, problems = read_ruleset(text.encode(), "ours")
    assert rules is None and len(problems) == 1
    for word in ["criterion 'discriminant'", *words]:
        assert word in problems[0]


def _sheets() -> tuple[pd.DataFrame, ...]:
    return (
        pd.DataFrame([{"site_id": "s", "session_id": "d"}]),
        pd.DataFrame([{"session_id": "d", "anaesthetic": None}]),
        pd.DataFrame([{"subject_id": "m", "species": None}]),
    )


def _decisions() -> tuple[pd.DataFrame, ...]:
    return (
        pd.DataFrame(columns=["site_id", "unit_id", "method", "result"]),
        pd.DataFrame(columns=["site_id", "unit_id", "action", "label", "reason", "author"]),
    )
