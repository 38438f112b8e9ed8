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
