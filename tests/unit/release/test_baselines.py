"""Which samples are the baseline, and whether it is stable."""

import numpy as np
import pytest

from .studies import run, samples


def test_the_last_n_that_are_ok():
    result = run(samples("r1", [9.0, 1.0, 1.1, 0.9, 2.0], first=-80))
    assert result.release["in_baseline"].tolist() == [False, True, True, True, False]
    base = result.baselines.iloc[0]
    assert base["mean"] == pytest.approx(1.0) and base["n_samples"] == 3 and base["stable"]
    assert base["cv"] == pytest.approx(0.1) and base["reason"] is None
    assert base["mean_se"] == pytest.approx(0.1 / np.sqrt(3))


def test_error_of_the_mean_is_at_least_what_the_samples_say():
    base = run(samples("r1", [1.0, 1.0, 1.0, 2.0], concentration_se=0.3)).baselines.iloc[0]
    assert base["mean_se"] == pytest.approx(0.3 / np.sqrt(3)) and base["cv"] == 0


def test_fewer_than_n_is_what_there_is_and_not_stable():
    rows = samples("r1", [1.0, 1.1, 0.9, 2.0])
    rows[1] |= {"status": "below_loq", "reason": "low"}
    base = run(rows).baselines.iloc[0]
    assert base["n_samples"] == 2 and base["mean"] == pytest.approx(0.95) and not base["stable"]
    assert "2 of 3 samples" in base["reason"] and "s1 below_loq" in base["reason"]


def test_cv_gate_is_inclusive():
    values = [1.0, 1.2, 0.8]  # SD 0.2, mean 1
    assert run(samples("r1", values), baseline_max_cv=0.2).baselines["stable"][0]
    base = run(samples("r1", values), baseline_max_cv=0.19).baselines.iloc[0]
    assert not base["stable"] and "20.0 %" in base["reason"] and "19 %" in base["reason"]


@pytest.mark.parametrize("values", [[0.0, 0.0, 0.0, 1.0], [-0.1, -0.2, 0.1, 1.0]])
def test_nothing_is_divided_by_a_mean_that_is_not_positive(values):
    result = run(samples("r1", values))
    assert not result.baselines["stable"][0] and "not above 0" in result.baselines["reason"][0]
    assert result.release["percent_baseline"].isna().all() and np.isnan(result.baselines["cv"][0])
    assert result.summary["peak_percent"].isna().all() and result.summary["reason"][0]


def test_no_sample_before_zero():
    result = run(samples("r1", [1.0, 2.0], first=0))
    base = result.baselines.iloc[0]
    assert base["n_samples"] == 0 and np.isnan(base["mean"]) and not base["stable"]
    assert "no sample that is ok" in base["reason"]
    assert result.release["percent_baseline"].isna().all() and result.release["status"].tolist() == ["ok", "ok"]


def test_one_sample_is_never_stable():
    base = run(samples("r1", [1.0, 2.0], first=-20), baseline_samples=1).baselines.iloc[0]
    assert base["mean"] == 1.0 and np.isnan(base["cv"]) and not base["stable"] and base["mean_se"] == 0.05


def test_a_drug_before_the_baseline_is_pointed_out():
    event = {"subject_id": "r1", "session_id": "r1", "onset_min": -45, "trial_type": "perfusate", "drug": "TTX"}
    result = run(samples("r1", [1.0, 1.1, 0.9, 2.0]), events=[event])
    assert result.release["condition"].tolist() == ["baseline", "TTX", "TTX", "TTX"]
    assert any("TTX" in problem.message for problem in result.problems)
