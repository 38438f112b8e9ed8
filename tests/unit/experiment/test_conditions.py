"""Conditions by the drugs given: by hand."""

import pytest

from coeruleus.experiment.conditions import condition_at, is_drug, stated_or_drug, told_before_drugs


def test_the_latest_drug_names_the_condition() -> None:
    assert condition_at([-5, 0, 59, 60, 100], [60, 0], ["yohimbine", "clonidine"]) == [
        "baseline", "clonidine", "clonidine", "yohimbine", "yohimbine",
    ]  # fmt: skip


def test_without_drugs_all_is_baseline() -> None:
    assert condition_at([1.0, float("nan")], [], []) == ["baseline", "baseline"]


def test_unknown_time_and_nameless_drug() -> None:
    assert condition_at([float("nan"), 2.0], [1.0], [None]) == ["n/a", "drug"]


EARLIER, WITHIN = ([-600.0], ["clonidine"]), ([300.0], ["clonidine"])


@pytest.mark.parametrize(
    ("stated", "drugs", "at_s", "told", "condition"),
    [
        ("urethane", ([], []), 400.0, {"urethane"}, "urethane"),
        ("urethane", EARLIER, 400.0, {"urethane"}, "clonidine"),  # said of all time: tells nothing of the drug
        ("urethane", WITHIN, 100.0, {"urethane"}, "urethane"),
        ("urethane", WITHIN, 400.0, {"urethane"}, "clonidine"),
        ("washout", EARLIER, 400.0, {"urethane"}, "washout"),  # said of time after it only: wins
        ("Baseline", EARLIER, 400.0, {"baseline"}, "baseline"),
        ("baseline", WITHIN, 400.0, {"baseline"}, "clonidine"),  # no washout: it is only given now
        ("Clonidine", EARLIER, 400.0, set(), "Clonidine"),
        ("clonidine, 50 µg/kg", WITHIN, 400.0, set(), "clonidine, 50 µg/kg"),
        ("clonidine, 50 µg/kg", WITHIN, 100.0, set(), "baseline"),
        (None, WITHIN, 400.0, set(), "clonidine"),
        (" ", EARLIER, 0.0, set(), "clonidine"),
        ("urethane", ([-600.0], ["NE"]), 0.0, {"urethane"}, "NE"),  # not the NE in its name
    ],
)
def test_what_is_stated_wins_but_never_pools_time_before_and_after_a_drug(stated, drugs, at_s, told, condition) -> None:
    (under,) = condition_at([at_s], *drugs)
    assert stated_or_drug(stated, under, at_s, *drugs, told) == condition


def test_what_was_said_before_any_drug() -> None:
    segments = [("Urethane", *WITHIN), ("recovery", *EARLIER), ("clonidine", *WITHIN), (None, [], [])]
    assert told_before_drugs(segments) == {"urethane"}


def test_a_condition_that_is_a_drug() -> None:
    given = ["UK-14304", "clonidine"]
    assert is_drug("Clonidine", given) and is_drug("uk-14304", given)
    assert not any(is_drug(said, given) for said in ("baseline", "after clonidine", "clonidin", ""))
    assert not is_drug("clonidine", [])
