"""Per cent of baseline and its error."""

import numpy as np
import pytest

from .studies import run, samples


def test_delta_method_by_hand():
    found = run(samples("r1", [0.9, 1.0, 1.1, 3.0], concentration_se=0.06)).release
    base_se = 0.1 / np.sqrt(3)  # scatter, more than 0.06 / sqrt(3)
    assert found["percent_baseline"].tolist() == pytest.approx([90, 100, 110, 300])
    assert found["percent_baseline_se"][3] == pytest.approx(100 * np.sqrt(0.06**2 + 9 * base_se**2))
    inside = 0.06**2 + 0.81 * base_se**2 - 2 * 0.9 * 0.06**2 / 3
    assert found["percent_baseline_se"][0] == pytest.approx(100 * np.sqrt(inside))


def test_error_agrees_with_simulation():
    """Measurement errors only: the spread of per cents over repeated measurement is what is reported."""
    rng = np.random.default_rng(3)
    truth, se = np.array([1.0, 1.0, 1.0, 2.5]), 0.04
    measured = truth + rng.normal(0, se, (20000, 4))
    percent = 100 * measured / measured[:, :3].mean(axis=1, keepdims=True)
    found = run(samples("r1", truth.tolist(), concentration_se=se)).release["percent_baseline_se"]
    assert found.to_numpy() == pytest.approx(percent.std(axis=0), rel=0.02)


def test_a_baseline_of_one_is_exactly_itself():
    found = run(samples("r1", [1.0, 2.0], first=-20, concentration_se=0.1)).release
    assert found["percent_baseline"][0] == 100 and found["percent_baseline_se"][0] == pytest.approx(0, abs=1e-9)


def test_unknown_error_stays_unknown():
    found = run(samples("r1", [0.9, 1.0, 1.1, 3.0], concentration_se=np.nan)).release
    assert found["percent_baseline_se"].isna().all() and found["percent_baseline"][3] == pytest.approx(300)


def test_each_animal_is_normalised_to_its_own_baseline():
    rows = samples("low", [0.1, 0.1, 0.1, 1.0]) + samples("high", [10.0, 10.0, 10.0, 20.0])
    found = run(rows)
    last = found.release[found.release["time_min"] == 10].set_index("subject_id")["percent_baseline"]
    assert last.to_dict() == pytest.approx({"high": 200, "low": 1000})
    # the mean of the animals' ratios, not the ratio of the group's means (which would be 208 %)
    assert found.courses.set_index("time_min")["mean_percent"][10.0] == pytest.approx(600)


def test_scaling_all_concentrations_leaves_per_cent_unchanged():
    rng = np.random.default_rng(5)
    first, second = [], []
    for number in range(60):  # sixty courses of different length, level and scatter, as analytes of one animal
        values = rng.uniform(0.01, 100, rng.integers(4, 9))
        factor = 10 ** rng.uniform(-3, 3)
        name = {"analyte": f"a{number:02d}"}
        first += samples("r1", values.tolist(), concentration_se=0.01, **name)
        second += samples("r1", (values * factor).tolist(), concentration_se=0.01 * factor, **name)
    before, after = run(first), run(second)
    for column in ("percent_baseline", "percent_baseline_se"):
        assert after.release[column].to_numpy() == pytest.approx(before.release[column].to_numpy(), rel=1e-9)
    for column in ("peak_percent", "time_to_peak_min", "auc_percent_min", "auc_percent_min_se"):
        assert after.summary[column].to_numpy() == pytest.approx(before.summary[column].to_numpy(), rel=1e-6, abs=1e-6)
