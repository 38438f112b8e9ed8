"""Groups of animals: an animal counts once, by hand and against many simulated experiments."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coeruleus.classification.groups import compare_groups, permutation_p
from coeruleus.tables.units import CLASSIFICATION, DRUG_RESPONSES, RESPONSES, UNITS


def _compare(units: pd.DataFrame, recordings: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    return compare_groups(
        units,
        RESPONSES.frame(),
        DRUG_RESPONSES.frame(),
        CLASSIFICATION.frame(),
        recordings,
        subjects,
        None,
        "control",
    ).set_index(["measure", "group"])


def test_means_of_animals_and_permutations_by_hand() -> None:
    """Animals' means 1, 2, 3 against 4, 5, 9: of 20 arrangements 2 are as far apart, p = 0.1, the smallest there is."""
    rates = {"a": [1.0], "b": [1.0, 3.0], "c": [3.0], "d": [4.0], "e": [4.0, 5.0, 6.0], "f": [9.0]}
    units = UNITS.frame(
        {"site_id": f"{subject}1", "unit_id": str(n), "subject_id": subject, "firing_rate_hz": rate, "status": "ok"}
        for subject, own in rates.items()
        for n, rate in enumerate(own)
    )
    recordings = pd.DataFrame(
        [{"site_id": f"{subject}1", "subject_id": subject} for subject in rates]
        + [{"site_id": "f2", "subject_id": "f"}]
    )
    subjects = pd.DataFrame({"subject_id": list("abcdef"), "group": ["control"] * 3 + ["lesion"] * 3})
    found = _compare(units, recordings, subjects)
    row = found.loc[("firing_rate_hz", "lesion")]
    assert (row["mean"], row["n_subjects"], row["n_units"], row["reference"]) == (6.0, 3, 5, "control")
    assert (row["difference"], row["p_value"], row["smallest_p"]) == (4.0, pytest.approx(0.1), pytest.approx(0.1))
    welch = stats.ttest_ind([4, 5, 9], [1, 2, 3], equal_var=False).confidence_interval(0.95)
    assert (row["ci_low"], row["ci_high"]) == (pytest.approx(welch.low), pytest.approx(welch.high))
    assert found.loc[("cells per track", "lesion"), "mean"] == pytest.approx((1 + 3 + 0.5) / 3)
    assert found.loc[("sites without a cell", "lesion"), "mean"] == pytest.approx(0.5 / 3)


def test_many_cells_of_few_animals_are_not_many_animals() -> None:
    """Animals differ, groups do not: p at most 0.05 in 5 % of experiments, where a test over cells has it in most."""
    rng = np.random.default_rng(5)
    p = []
    for _ in range(400):
        means = rng.normal(0, 1, 8)[:, None] + rng.normal(0, 0.3, (8, 20))
        p.append(permutation_p(means.mean(axis=1)[:4], means.mean(axis=1)[4:])[0])
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / 400)


def test_one_animal_a_group_is_no_comparison() -> None:
    units = UNITS.frame(
        {"site_id": s, "unit_id": "1", "subject_id": s, "firing_rate_hz": 1.0, "status": "ok"} for s in ("a", "b")
    )
    subjects = pd.DataFrame({"subject_id": ["a", "b"], "group": ["control", "lesion"]})
    recordings = pd.DataFrame({"site_id": ["a", "b"], "subject_id": ["a", "b"]})
    row = _compare(units, recordings, subjects).loc[("firing_rate_hz", "lesion")]
    assert np.isnan(row["p_value"]) and "2 animals" in row["reason"]


def _rates(rows: list[dict[str, object]], groups: dict[str, str | None]) -> pd.DataFrame:
    sites = pd.DataFrame([{"site_id": row["site_id"], "subject_id": row["subject_id"]} for row in rows])
    subjects = pd.DataFrame({"subject_id": list(groups), "group": list(groups.values())})
    return _compare(UNITS.frame([{"status": "ok"} | row for row in rows]), sites, subjects)


def test_a_cell_that_hardly_fires_counts_with_its_rate() -> None:
    """Left out, it would make a group of silenced cells look as fast as its fast ones: mean 1.05, not 2."""
    slow = {"site_id": "b", "unit_id": "1", "subject_id": "b", "firing_rate_hz": 0.1, "status": "insufficient_spikes"}
    rows = [{"site_id": "a", "unit_id": "1", "subject_id": "a", "firing_rate_hz": 2.0}, slow]
    assert _rates(rows, {"a": "control", "b": "control"}).loc[("firing_rate_hz", "control"), "mean"] == 1.05


def test_a_site_that_could_not_be_read_is_no_site_without_a_cell() -> None:
    rows: list[dict[str, object]] = [
        {"site_id": "a", "unit_id": "1", "subject_id": "a"},
        {"site_id": "b", "unit_id": None, "subject_id": "a", "status": "not_found"},
        {"site_id": "c", "unit_id": None, "subject_id": "a", "status": "missing"},
        {"site_id": "d", "unit_id": "1", "subject_id": "a", "status": "failed"},
    ]
    found = _rates(rows, {"a": "control"})
    assert found.loc[("sites without a cell", "control"), "mean"] == 0.5
    assert found.loc[("cells per track", "control"), "mean"] == 0.5


def test_animals_whose_group_is_not_stated_are_compared_with_none() -> None:
    rows: list[dict[str, object]] = [
        {"site_id": s, "unit_id": "1", "subject_id": s, "firing_rate_hz": float(n)} for n, s in enumerate("abcdef")
    ]
    stated = {"a": None, "b": None, "c": "sham", "d": "sham", "e": "vehicle", "f": "vehicle"}
    found = _rates(rows, stated).loc["firing_rate_hz"]
    assert found["reference"].fillna("").to_dict() == {"n/a": "", "sham": "", "vehicle": "sham"}
    assert found.loc["n/a", "mean"] == 0.5 and found.loc["vehicle", "difference"] == 2.0
    nobody = _rates(rows, dict.fromkeys("abcdef"))
    assert nobody["difference"].isna().all() and nobody.loc[("firing_rate_hz", "n/a"), "n_subjects"] == 6


def test_drugs_in_several_doses_are_compared_dose_by_dose() -> None:
    key = {"unit_id": "1", "segment": 1, "drug": "clonidine", "dose_unit": "ug/kg", "status": "ok"}
    given = [("a", 10.0, -20.0), ("a", 40.0, -80.0), ("b", 10.0, -30.0)]
    drugs = [key | {"site_id": s, "onset": dose, "dose": dose, "percent_change": change} for s, dose, change in given]
    drugs.append(key | {"site_id": "a", "onset": 99.0, "drug": "saline", "dose_unit": None, "percent_change": 1.0})
    units = UNITS.frame({"site_id": s, "unit_id": "1", "subject_id": s, "status": "ok"} for s in "ab")
    frames = [RESPONSES.frame(), DRUG_RESPONSES.frame(drugs), CLASSIFICATION.frame()]
    sheets = [pd.DataFrame({"site_id": ["a", "b"], "subject_id": ["a", "b"]})]
    sheets.append(pd.DataFrame({"subject_id": ["a", "b"], "group": "control"}))
    found = compare_groups(units, *frames, *sheets, None, "control")
    means = found[found["measure"] == "percent_change"].set_index("trial_type")["mean"].to_dict()
    assert means == {"clonidine 10 ug/kg": -25.0, "clonidine 40 ug/kg": -80.0, "saline": 1.0}


def test_nothing_at_all_is_a_table_without_rows() -> None:
    empty = pd.DataFrame(columns=["site_id", "subject_id"])
    subjects = pd.DataFrame(columns=["subject_id", "group"])
    found = compare_groups(
        UNITS.frame(), RESPONSES.frame(), DRUG_RESPONSES.frame(), CLASSIFICATION.frame(), empty, subjects, "x", None
    )
    assert found.empty
