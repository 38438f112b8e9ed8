"""Conditions by the drugs given: by hand."""

from coeruleus.experiment.conditions import condition_at


def test_the_latest_drug_names_the_condition() -> None:
    assert condition_at([-5, 0, 59, 60, 100], [60, 0], ["yohimbine", "clonidine"]) == [
        "baseline", "clonidine", "clonidine", "yohimbine", "yohimbine",
    ]  # fmt: skip


def test_without_drugs_all_is_baseline() -> None:
    assert condition_at([1.0, float("nan")], [], []) == ["baseline", "baseline"]


def test_unknown_time_and_nameless_drug() -> None:
    assert condition_at([float("nan"), 2.0], [1.0], [None]) == ["n/a", "drug"]
