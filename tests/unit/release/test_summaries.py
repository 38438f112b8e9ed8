"""Peak, time to peak, area above baseline; gaps."""

import numpy as np
import pytest
from scipy import stats

from coeruleus.release.effect_size import noncentrality
from coeruleus.release.summary import area_weights

from .studies import run, samples


def summary(values: list, **more) -> dict:
    return run(samples("r1", values, **more)).summary.iloc[0].to_dict()


def test_by_hand():
    found = summary([1.0, 1.0, 1.0, 2.0, 3.0, 1.5])
    assert (found["peak_percent"], found["time_to_peak_min"], found["window_min"]) == (300, 30, 60)
    assert found["auc_percent_min"] == pytest.approx((100 + 200 + 50) * 20)
    assert found["n_samples"] == 3 and found["reason"] is None and found["basal_concentration"] == 1
    # errors: samples 0.05 each; baseline 0.05 / sqrt(3), common to all: sum of c/b is 6.5
    expected = 100 * 20 * np.sqrt(3 * 0.05**2 + (6.5 * 0.05) ** 2 / 3)
    assert found["auc_percent_min_se"] == pytest.approx(expected)


def test_numbers_too_large_for_an_area_lose_only_their_own():
    rows = samples("r1", [1.0, 1.0, 1.0, 2.0, 1e308, 2.0]) + samples("r2", [1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
    rows += samples("r3", [1.0, 1.0, 1.0, 1e200, 2.0, 2.0])
    with np.errstate(over="ignore"):
        found = run(rows).summary.set_index("subject_id")
    assert np.isnan(found.loc["r1", "auc_percent_min"]) and "too large for a number" in found.loc["r1", "reason"]
    alone = run(samples("r2", [1.0, 1.0, 1.0, 2.0, 2.0, 2.0])).summary.set_index("subject_id")
    assert found.loc["r2", "auc_percent_min"] == alone.loc["r2", "auc_percent_min"]
    assert found.loc["r2", "auc_percent_min_se"] == alone.loc["r2", "auc_percent_min_se"]


def test_a_fall_is_a_negative_area():
    assert summary([1.0, 1.0, 1.0, 0.5, 0.5])["auc_percent_min"] == pytest.approx(-2000)


def test_transition_sample_counts_whole_since_its_baseline_part_adds_nothing():
    rows = samples("r1", [1.0, 1.0, 1.0, 1.75, 2.0], first=-65)  # -5..15 holds 5 min of 100 % and 15 min of 200 %
    found = run(rows).summary.iloc[0]
    assert found["auc_percent_min"] == pytest.approx(100 * 35) and found["window_min"] == 35
    assert found["peak_percent"] == 200 and found["n_samples"] == 1


def test_a_short_gap_is_bridged_and_named():
    rows = samples("r1", [1.0, 1.0, 1.0, 2.0, 2.0, None, 4.0, 2.0])
    rows[5] |= {"status": "missing", "reason": "vial broken"}
    found = run(rows).summary.iloc[0]
    assert found["auc_percent_min"] == pytest.approx((100 + 100 + 200 + 300 + 100) * 20)
    assert "gaps of 20 min" in found["reason"] and found["n_samples"] == 4


def test_too_large_a_gap_gives_no_area():
    rows = samples("r1", [1.0, 1.0, 1.0, 2.0, None, 4.0])
    rows[4] |= {"status": "excluded", "reason": "bubble", "concentration": 50.0}
    found = run(rows).summary.iloc[0]
    assert np.isnan(found["auc_percent_min"]) and "20 of 60 min" in found["reason"] and found["peak_percent"] == 400


def test_a_lost_last_sample_shortens_the_window_and_says_so():
    rows = samples("r1", [1.0, 1.0, 1.0, 2.0, 2.0])
    rows[4] |= {"status": "failed", "reason": "empty file", "concentration": None}
    found = run(rows).summary.iloc[0]
    assert found["window_min"] == 20 and "no number after 20 min" in found["reason"]


def test_overlapping_samples_have_no_area():
    found = area_weights(np.array([0.0, 10.0]), np.array([20.0, 30.0]))
    assert found.weights is None and "overlap" in str(found.reason)


def test_constant_excess_has_the_area_of_a_rectangle_wherever_the_gap_lies():
    for lost in range(1, 9):
        start = np.delete(np.arange(0.0, 200.0, 20.0), lost)
        weights = area_weights(start, start + 20).weights
        assert weights is not None and weights.sum() == pytest.approx(200)


def test_nothing_after_treatment():
    found = summary([1.0, 1.0, 1.0])
    assert found["n_samples"] == 0 and np.isnan(found["window_min"]) and "no sample after" in found["reason"]


def test_values_below_a_limit_count_with_their_number_and_are_named():
    rows = samples("r1", [1.0, 1.0, 1.0, 0.2, 0.1])
    rows[4] |= {"status": "below_lod", "reason": "low"}
    found = run(rows).summary.iloc[0]
    assert found["auc_percent_min"] == pytest.approx(-(80 + 90) * 20) and "1 of 2 samples are below" in found["reason"]


@pytest.mark.parametrize("df", [1.0, 10.0, 36.0, 300.0])
def test_intervals_of_large_effects_agree_with_the_other_noncentral_t(df):
    """SciPy has two: one is lost far out and must not stop the comparison of 40 animals (t = -20, 36 df)."""
    for t in np.linspace(-30, 30, 21):
        for share in (0.975, 0.025):
            assert stats.nct.cdf(t, df, noncentrality(t, df, share)) == pytest.approx(share, abs=1e-4)


LOD = {"status": "below_lod", "reason": "low", "concentration": None, "concentration_se": None, "lod": 0.2}


def test_an_area_with_samples_below_a_limit_and_without_a_number_is_known_between_bounds():
    """Baseline 1; 3, then somewhere from 0 to 0.2: 200 % for 20 min, and −100 to −80 % for 20 min."""
    rows = samples("r1", [1.0, 1.0, 1.0, 3.0, None])
    rows[4] |= LOD
    found = run(rows).summary.iloc[0]
    assert np.isnan(found["auc_percent_min"]) and np.isnan(found["auc_percent_min_se"])
    assert (found["auc_at_least"], found["auc_at_most"]) == pytest.approx((2000, 2400))
    assert found["auc_ci_low"] < 2000 and found["auc_ci_high"] > 2400
    assert found["window_min"] == 40 and found["n_samples"] == 2 and "between 2000 and 2400" in found["reason"]
    assert (found["peak_percent"], found["duration_above_min"]) == pytest.approx((300, 20))
    rows[4]["concentration"] = 0.15  # measured: its number is an estimate without bias
    assert run(rows).summary.iloc[0]["auc_percent_min"] == pytest.approx(4000 - 1700)


def test_a_peak_that_a_sample_without_a_number_could_exceed_is_not_given():
    rows = samples("r1", [1.0, 1.0, 1.0, 1.2, None])
    rows[4] |= LOD | {"lod": 1.6}
    found = run(rows).summary.iloc[0]
    assert np.isnan(found["peak_percent"]) and np.isnan(found["duration_above_min"])
    assert "could be as high as 160 %" in found["reason"]


def test_the_time_above_a_threshold_bridges_gaps_as_the_area_does():
    """200, lost, 400, 100, 100 %: half of the gap goes to either neighbour, and both are above 150 %."""
    rows = samples("r1", [1.0, 1.0, 1.0, 2.0, None, 4.0, 1.0, 1.0])
    rows[4] |= {"status": "failed", "reason": "bubble"}
    found = run(rows).summary.iloc[0]
    assert found["duration_above_min"] == pytest.approx(60) and "a peak in them would not be seen" in found["reason"]
    assert found["auc_percent_min"] == pytest.approx(100 * 30 + 300 * 30)
    rows[5] |= {"status": "failed", "reason": "bubble", "concentration": None}  # 40 of 100 min
    found = run(rows).summary.iloc[0]
    assert np.isnan(found["duration_above_min"]) and "no duration" in found["reason"]


def test_everything_after_the_treatment_below_detection():
    rows = samples("r1", [1.0, 1.0, 1.0, None, None])
    for row in rows[3:]:
        row |= LOD
    found = run(rows).summary.iloc[0]
    assert np.isnan(found["peak_percent"]) and found["duration_above_min"] == 0
    assert (found["auc_at_least"], found["auc_at_most"]) == pytest.approx((-4000, -3200))


def test_without_a_limit_nothing_bounds_the_area_from_above():
    rows = samples("r1", [1.0, 1.0, 1.0, 3.0, None])
    rows[4] |= LOD | {"lod": None}
    found = run(rows).summary.iloc[0]
    assert found["auc_at_least"] == pytest.approx(2000) and np.isnan(found["auc_at_most"])
    assert np.isnan(found["auc_percent_min"]) and np.isnan(found["peak_percent"]) and np.isnan(found["auc_ci_high"])
