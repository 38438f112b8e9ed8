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


def test_responses_after_a_drug_at_another_site_are_not_compared() -> None:
    """No drug stands at site b; its pinches came after one at another site of the session."""
    units = UNITS.frame([{"site_id": s, "unit_id": "1", "subject_id": s, "status": "ok"} for s in ("a", "b")])
    pinch = {"unit_id": "1", "trial_type": "paw_pinch", "status": "ok"}
    responses = RESPONSES.frame(
        [
            pinch | {"site_id": "a", "condition": "baseline", "after_drug": False, "biphasic": True},
            pinch | {"site_id": "b", "condition": "clonidine", "after_drug": True, "biphasic": False},
        ]
    )
    subjects = pd.DataFrame({"subject_id": ["a", "b"], "group": ["control", "control"]})
    recordings = pd.DataFrame({"site_id": ["a", "b"], "subject_id": ["a", "b"]})
    found = compare_groups(
        units, responses, DRUG_RESPONSES.frame(), CLASSIFICATION.frame(), recordings, subjects, None, None
    )
    row = found.set_index("measure").loc["share biphasic"]
    assert (row["mean"], row["n_units"]) == (1.0, 1)


def _unit(site: str, unit: str | None = "1", rate: float | None = 2.0, **more: object) -> dict[str, object]:
    return {"site_id": site, "unit_id": unit, "subject_id": site[0], "firing_rate_hz": rate, "status": "ok"} | more


def _sheets(sites: list[str], groups: dict[str, str | None]) -> tuple[pd.DataFrame, pd.DataFrame]:
    recordings = pd.DataFrame({"site_id": sites, "subject_id": [site[0] for site in sites]})
    return recordings, pd.DataFrame({"subject_id": list(groups), "group": list(groups.values())})


def test_a_recording_that_could_not_be_read_is_no_track_without_a_cell() -> None:
    """Of a's four sites one has a cell, one none, and two tell nothing: 1 of 2 is empty, half a cell per track."""
    units = UNITS.frame(
        [
            _unit("a1"),
            _unit("a2", None, None, status="not_found"),
            _unit("a3", None, None, status="failed"),
            _unit("a4", None, None, status="missing"),
        ]
    )
    found = _compare(units, *_sheets(["a1", "a2", "a3", "a4"], {"a": "control"}))
    assert found.loc[("sites without a cell", "control"), ["mean", "n_units"]].tolist() == [0.5, 2]
    assert found.loc[("cells per track", "control"), "mean"] == 0.5


def test_a_cell_that_hardly_fires_counts_with_its_rate() -> None:
    """10 spikes in 1000 s are too few for intervals, and a rate of 0.01 Hz all the same: (2 + 0.01) / 2."""
    few = {"status": "insufficient_spikes", "burst_fraction": 0.9, "isi_cv": 3.0}
    units = UNITS.frame([_unit("a1", burst_fraction=0.1, isi_cv=1.0), _unit("a1", "2", 0.01, **few)])
    found = _compare(units, *_sheets(["a1"], {"a": "control"}))
    assert found.loc[("firing_rate_hz", "control"), ["mean", "n_units"]].tolist() == [1.005, 2]
    assert found.loc[("burst_fraction", "control"), ["mean", "n_units"]].tolist() == [0.1, 1]


def test_a_drug_counts_once_a_unit_where_it_could_be_tested() -> None:
    """Unit 1: -40 and -80 %, and +500 % from an unsteady rate; unit 2: -20 %. Units' means -60 and -20, of both -40."""
    given = [("1", 10, -40.0, 0.01), ("1", 900, -80.0, 0.01), ("1", 1800, 500.0, None), ("2", 10, -20.0, 0.3)]
    drugs = DRUG_RESPONSES.frame(
        {"site_id": "a1", "unit_id": unit, "segment": 1, "onset": onset, "drug": "clonidine"}
        | {"percent_change": change, "p_value": p, "baseline_stable": p is not None, "status": "ok"}
        for unit, onset, change, p in given
    )
    units, sheets = UNITS.frame([_unit("a1"), _unit("a1", "2")]), _sheets(["a1"], {"a": "control"})
    found = compare_groups(units, RESPONSES.frame(), drugs, CLASSIFICATION.frame(), *sheets, None, None)
    row = found.set_index("measure").loc["percent_change"]
    assert (row["trial_type"], row["mean"], row["n_units"]) == ("clonidine", -40.0, 2)


def test_other_doses_are_other_treatments() -> None:
    """0, -40 and -80 % after 1, 10 and 100 µg/kg have no mean that means anything; a dose given twice has one."""
    given = [(10, 1.0, 0.0), (900, 10.0, -30.0), (1800, 10.0, -50.0), (2700, 100.0, -80.0)]
    drugs = DRUG_RESPONSES.frame(
        {"site_id": "a1", "unit_id": "1", "segment": 1, "onset": onset, "drug": "clonidine", "dose": dose}
        | {"dose_unit": "µg/kg", "percent_change": change, "p_value": 0.01, "status": "ok"}
        for onset, dose, change in given
    )
    units, sheets = UNITS.frame([_unit("a1")]), _sheets(["a1"], {"a": "control"})
    found = compare_groups(units, RESPONSES.frame(), drugs, CLASSIFICATION.frame(), *sheets, None, None)
    rows = found[found["measure"] == "percent_change"].set_index("trial_type")
    means = {"clonidine 1 µg/kg": 0.0, "clonidine 10 µg/kg": -40.0, "clonidine 100 µg/kg": -80.0}
    assert rows["mean"].to_dict() == means and set(rows["n_units"]) == {1}


def test_no_other_group_stands_in_for_the_reference() -> None:
    """Width is known of lesion and sham alone; d and e are of no stated group, whose name would sort first."""
    width = {"spike_width_ms": 1.0}
    groups = {"a": "sham", "b": "sham", "c": "vehicle", "d": None, "e": None, "f": "lesion", "g": "lesion"}
    units = UNITS.frame([_unit(f"{name}1", **({} if name == "c" else width)) for name in groups])
    sheets = _sheets([f"{name}1" for name in groups], groups)
    found = compare_groups(
        units, RESPONSES.frame(), DRUG_RESPONSES.frame(), CLASSIFICATION.frame(), *sheets, None, "vehicle"
    ).set_index(["measure", "group"])
    row = found.loc[("spike_width_ms", "lesion")]
    assert row["reference"] == "vehicle" and np.isnan(row["difference"]) and "no animal of vehicle" in row["reason"]
    unstated = found.loc[("firing_rate_hz", "n/a")]
    assert unstated["reference"] is None and "not stated" in unstated["reason"]
    usual = compare_groups(
        units, RESPONSES.frame(), DRUG_RESPONSES.frame(), CLASSIFICATION.frame(), *sheets, None, None
    ).set_index(["measure", "group"])
    assert usual.loc[("firing_rate_hz", "sham"), "reference"] == "lesion"
    assert usual.loc[("firing_rate_hz", "sham"), "p_value"] == 1.0


def _rates(rows: list[dict[str, object]], groups: dict[str, str | None]) -> pd.DataFrame:
    sites = pd.DataFrame([{"site_id": row["site_id"], "subject_id": row["subject_id"]} for row in rows])
    subjects = pd.DataFrame({"subject_id": list(groups), "group": list(groups.values())})
    return _compare(UNITS.frame([{"status": "ok"} | row for row in rows]), sites, subjects)


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


def test_nothing_at_all_is_a_table_without_rows() -> None:
    empty = pd.DataFrame(columns=["site_id", "subject_id"])
    subjects = pd.DataFrame(columns=["subject_id", "group"])
    found = compare_groups(
        UNITS.frame(), RESPONSES.frame(), DRUG_RESPONSES.frame(), CLASSIFICATION.frame(), empty, subjects, "x", None
    )
    assert found.empty
