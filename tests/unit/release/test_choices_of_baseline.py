"""Other rules and gates of the baseline, the grand mean, turnover, wide tables, reverse dialysis, windows."""

import numpy as np
import pytest

from .studies import run, samples

VALUES = [4.0, 1.0, 1.2, 0.8, 2.0, 2.0]


@pytest.mark.parametrize(
    ("more", "marked"),
    [
        ({"baseline_rule": "all"}, [0, 1, 2, 3]),
        ({"baseline_rule": "window", "baseline_window_min": (-60, -20)}, [1, 2]),
        ({"baseline_rule": "named", "baseline_sample_ids": ["s0", "s3"]}, [0, 3]),
        ({"baseline_samples": 2}, [2, 3]),
    ],
)
def test_rules(more, marked):
    found = run(samples("r1", VALUES, first=-80), **more)
    assert np.flatnonzero(found.release["in_baseline"]).tolist() == marked
    assert found.baselines["mean"][0] == pytest.approx(np.mean([VALUES[place] for place in marked]))


def test_gates_say_why():
    rising = samples("r1", [0.9, 1.0, 1.1, 2.0])  # 0.1 of the mean per 20 min: 30 % per hour
    assert "drifts by 30.0 %" in run(rising, baseline_gate="slope").baselines["reason"][0]
    assert run(rising, baseline_gate="slope", baseline_max_slope=0.31).baselines["stable"][0]
    assert "10.0 % off" in run(rising, baseline_gate="each", baseline_max_deviation=0.05).baselines["reason"][0]


def test_unstable_baselines_enter_where_asked():
    rows = [row for name in "abc" for row in samples(name, [1.0, 2.0, 1.0, 2.0, 2.2])]
    out, kept = run(rows), run(rows, baseline_unstable="keep")
    assert out.courses.empty and not out.summary["in_statistics"].any()
    assert set(out.summary["left_out"]) == {"baseline not stable"}
    assert kept.courses["n_subjects"].tolist()[0] == 3 and kept.summary["in_statistics"].all()


def test_grand_mean_and_own_baseline_differ_and_both_are_shown():
    rows = samples("a", [1.0, 1.0, 1.0, 10.0]) + samples("b", [4.0, 4.0, 4.0, 4.0])
    own, grand = run(rows), run(rows, baseline_normalise="grand_mean")
    after = own.courses[own.courses["time_min"] == 10].iloc[0]
    assert after["mean_percent"] == pytest.approx((1000 + 100) / 2)
    assert after["percent_of_grand_mean"] == pytest.approx(100 * 7 / 2.5)
    assert grand.courses[grand.courses["time_min"] == 10]["mean_percent"].iloc[0] == pytest.approx(280)
    assert set(grand.release["normalised_to"]) == {"mean baseline of all animals"}


def test_difference_and_log_ratio():
    row = run(samples("r1", [1.0, 1.0, 1.0, 2.0])).release.iloc[3]
    assert (row["difference_baseline"], row["fold_baseline"]) == pytest.approx((1.0, 2.0))
    assert row["log_ratio"] == pytest.approx(np.log(2))
    assert row["difference_baseline_se"] == pytest.approx(0.05 * np.sqrt(1 + 1 / 3))
    assert row["log_ratio_se"] == pytest.approx(np.hypot(0.05 / 2, 0.05 / np.sqrt(3)))


def test_turnover_by_hand():
    rows = samples("r1", [2.0, 2.0, 2.0, 6.0], analyte="MHPG") + samples("r1", [1.0, 1.0, 1.0, 1.0], analyte="NE")
    found = run(rows).turnover
    assert found["ratio"].tolist() == ["MHPG/NE"] * 4 and found["value"].tolist() == [2, 2, 2, 6]
    assert found["value_se"][0] == pytest.approx(2 * np.hypot(0.05 / 2, 0.05))
    assert found["percent_baseline"][3] == pytest.approx(300)
    rows[-1] |= {"status": "below_lod", "reason": "low"}
    lost = run(rows).turnover.iloc[3]
    assert np.isnan(lost["value"]) and lost["status"] == "below_lod" and "NE: low" in lost["reason"]
    bounded = run([*rows[:-1], {**rows[-1], "lod": 0.5, "loq": 1.5}]).turnover
    assert bounded["at_least"][3] == pytest.approx(12) and np.isnan(bounded["at_most"][3])
    quantified_not = {**rows[-1], "status": "below_loq", "lod": 0.5, "loq": 1.5}
    bounded = run([*rows[:-1], quantified_not]).turnover
    assert (bounded["at_least"][3], bounded["at_most"][3]) == pytest.approx((4, 12))
    assert bounded["at_least"][:3].isna().all()


def test_wide_tables_show_everybody_and_blank_what_does_not_count():
    rows = samples("a", [1.0, 1.0, 1.0, 2.0]) + samples("b", [1.0, 1.0, 1.0, 3.0])
    probes = [{"probe_id": "a", "subject_id": "a"}, {"probe_id": "b", "subject_id": "b", "placement": "miss"}]
    decision = {"session_id": "a", "probe_id": "a", "sample_id": "s1", "action": "exclude", "author": "AB"}
    wide = run(rows, probes=probes, decisions=[{**decision, "reason": "bubble"}]).wide
    values, states = wide["NE_percent_baseline"], wide["NE_status"]
    assert values["subject_id"].tolist() == ["a", "b"] and values["10"].tolist() == [200, 300]
    assert np.isnan(values["-30"][0]) and states["-30"].tolist() == ["excluded", "ok"]
    assert values["left_out"][1] == "probe missed" and not values["in_statistics"][1]


def test_wide_tables_keep_every_sample_where_samples_become_shorter():
    """Baseline in samples of 20 min, then 8 of 5 min: 11 columns, no number lost."""
    rows = []
    for name in ("a", "b"):
        rows += samples(name, [1.0, 1.0, 1.0])
        later = samples(name, [1.0 + place for place in range(8)], first=0, step=5)
        rows += [{**row, "sample_id": f"t{k}", "injection_id": f"{name}t{k}"} for k, row in enumerate(later)]
    wide = run(rows).wide["NE_concentration"]
    times = [name for name in wide if name.lstrip("-").replace(".", "").isdigit()]
    assert len(times) == 11 and wide[times].notna().all().all() and wide["2.5"].tolist() == [1, 1]
    assert wide["37.5"].tolist() == [8, 8]


def test_reverse_dialysis_ends():
    events = [{"subject_id": "r1", "onset_min": 0.0, "duration_min": 40.0, "trial_type": "perfusate", "drug": "KCl"}]
    found = run(samples("r1", [1.0] * 7), events=events).release["condition"].tolist()
    assert found == ["baseline"] * 3 + ["KCl"] * 2 + ["after KCl"] * 2


def test_window_threshold_and_duration():
    rows = samples("r1", [1.0, 1.0, 1.0, 3.0, 2.0, 1.0, 5.0])
    found = run(rows, window_min=(0, 60), threshold_percent=150).summary.iloc[0]
    assert (found["auc_percent_min"], found["window_min"], found["peak_percent"]) == pytest.approx((6000, 60, 300))
    assert found["duration_above_min"] == 40
    assert found["duration_above_ci_low"] == found["duration_above_ci_high"] == 40
    assert found["time_to_peak_ci_low"] == found["time_to_peak_ci_high"] == 10
    assert found["auc_ci_low"] < 6000 < found["auc_ci_high"]
    half = 1.959964 * found["peak_percent_se"]
    assert found["peak_ci_high"] - 300 == pytest.approx(half)
