"""Injections of one sample, their statuses, units, limits, and what people decided."""

import numpy as np
import pytest

from .studies import run, samples


def two(first: dict, second: dict) -> dict:
    """A course whose last sample has two injections; the row of that sample."""
    rows = samples("r1", [1.0, 1.1, 0.9, 2.0])
    again = {**rows[3], "injection_id": "r1_3b"}
    rows = [*rows[:3], {**rows[3], **first}, {**again, **second}]
    release = run(rows).release
    assert len(release) == 4
    return release.iloc[3].to_dict()


def test_inverse_variance_by_hand():
    found = two({"concentration": 2.0, "concentration_se": 0.1}, {"concentration": 2.1, "concentration_se": 0.2})
    # weights 100 and 25: (2.0 * 100 + 2.1 * 25) / 125 = 2.02; se = 1 / sqrt(125); chi² = 0.2 < 1
    assert found["concentration"] == pytest.approx(2.02)
    assert found["concentration_se"] == pytest.approx(1 / np.sqrt(125))
    assert found["n_injections"] == 2 and found["status"] == "ok" and found["reason"] is None


def test_injections_that_disagree_widen_the_error():
    found = two({"concentration": 2.0, "concentration_se": 0.01}, {"concentration": 3.0, "concentration_se": 0.01})
    # chi² = 2 * (0.5 / 0.01)²; the error becomes the standard error of the two values, 0.5
    assert found["concentration"] == pytest.approx(2.5)
    assert found["concentration_se"] == pytest.approx(0.5)


def test_plain_mean_where_an_error_is_unknown():
    found = two({"concentration": 2.0, "concentration_se": 0.1}, {"concentration": 3.0, "concentration_se": np.nan})
    assert found["concentration"] == pytest.approx(2.5)
    assert found["concentration_se"] == pytest.approx(np.std([2, 3], ddof=1) / np.sqrt(2))


@pytest.mark.parametrize("lost", ["failed", "excluded", "missing", "saturated"])
def test_a_lost_injection_does_not_take_the_sample_with_it(lost):
    found = two({}, {"status": lost, "reason": "because", "concentration": 9.0})
    assert (found["concentration"], found["status"], found["n_injections"]) == (2.0, "ok", 1)
    assert found["reason"] == f"r1_3b {lost}, left out: because"


def test_all_lost_keeps_the_worst_status_and_every_reason():
    found = two(
        {"status": "missing", "reason": "no file", "concentration": np.nan}, {"status": "failed", "reason": "cut"}
    )
    assert found["status"] == "failed" and "no file" in found["reason"] and "cut" in found["reason"]


def test_low_injection_counts_with_its_number_and_its_status():
    found = two({}, {"concentration": 1.0, "status": "below_loq", "reason": "low"})
    assert found["concentration"] == pytest.approx(1.5) and found["status"] == "below_loq"
    assert "low" in found["reason"]


def test_limits_that_were_entered_give_the_status():
    rows = samples("r1", [0.5, 0.06, 0.02, 1.0], lod=0.05, loq=0.1)
    found = run(rows).release
    assert found["status"].tolist() == ["ok", "below_loq", "below_lod", "ok"]
    assert found["concentration"].tolist() == [0.5, 0.06, 0.02, 1.0]
    assert found["in_baseline"].tolist() == [True, False, False, False]
    assert "limit of detection, 0.05 nM" in found["reason"][2]


def test_another_unit_within_a_course_is_not_mixed_in():
    rows = samples("r1", [1.0, 1.1, 0.9, 2.0])
    rows[1] |= {"unit": "pM", "concentration": 1100.0}
    found = run(rows).release
    assert found["status"].tolist() == ["ok", "failed", "ok", "ok"]
    assert found["baseline"][0] == pytest.approx(0.95)
    assert np.isnan(found["percent_baseline"][1]) and "pM" in found["reason"][1]


def test_curation_excludes_and_keeps_the_number():
    decision = {"session_id": "r1", "probe_id": "r1", "sample_id": "s1", "action": "exclude", "author": "AB"}
    result = run(samples("r1", [1.0, 5.0, 1.0, 2.0]), decisions=[{**decision, "reason": "air bubble"}])
    row = result.release.iloc[1]
    assert row["status"] == "excluded" and row["concentration"] == 5.0 and row["reason"] == "air bubble (AB)"
    assert result.baselines["mean"].tolist() == [1.0] and result.baselines["n_samples"].tolist() == [2]


def test_a_decision_that_matches_nothing_is_a_problem():
    decision = {"session_id": "r1", "probe_id": "r1", "sample_id": "s9", "action": "exclude", "author": "AB"}
    result = run(samples("r1", [1.0, 1.0, 1.0]), decisions=[decision])
    assert any("s9" in problem.message and problem.severity == "error" for problem in result.problems)


def test_what_injections_of_a_run_share_does_not_average_out():
    """Errors of 0.05 of which 0.03 are the calibration's, 0.04 the injection's own."""
    rows = samples("r1", [1.0, 1.0, 1.0, 2.0])
    again = [{**row, "injection_id": f"{row['injection_id']}b"} for row in rows]
    both = [{**row, "calibration_1": 0.03, "run": "run1"} for row in rows + again]
    found = run(both).release["concentration_se"]
    assert found[0] == pytest.approx(np.hypot(0.03, 0.04 / np.sqrt(2)))
    other_run = [{**row, "run": row["injection_id"][-1]} for row in both]
    assert run(other_run).release["concentration_se"][0] == pytest.approx(0.05 / np.sqrt(2))
    plain = [{**row, "calibration_1": None} for row in both]
    assert run(plain).release["concentration_se"][0] == pytest.approx(0.05 / np.sqrt(2))
