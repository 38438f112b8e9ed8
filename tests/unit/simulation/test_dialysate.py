"""A study's true concentrations follow the stated courses."""

import numpy as np
import pytest

from coeruleus.simulation.dialysate import Animal, Effect, course_percent, mean_percent, simulate_study, vary
from coeruleus.simulation.truth import group_effects, percent_of_baseline, release_summary

STARTS = np.arange(-80.0, 180.0, 20.0)
RAT = Animal("rat01", "rat01", "rat01", "drug", {"NE": 0.8, "EPI": 0.0}, {"NE": Effect(280.0)}, {2: 0.1})


def study(**changes):
    options = {"start_min": STARTS, "decline_per_hour": 0.0, "variation": 0.0} | changes
    return simulate_study(np.random.default_rng(1), [RAT], **options)


def test_the_course_starts_at_100_and_reaches_its_peak():
    time = np.arange(-60, 600, 0.1)
    course = course_percent(time, Effect(280.0, 22.0, 150.0))
    assert np.all(course[time <= 0] == 100)
    assert course.max() == pytest.approx(280.0, abs=0.01)
    assert course_percent(time, Effect(70.0)).min() == pytest.approx(70.0, abs=0.01)
    assert course[-1] < 110


def test_a_sample_holds_the_mean_of_its_interval_and_before_the_drug_it_is_basal():
    frame = study()
    ne = frame[frame["analyte"] == "NE"].set_index("start_min")["concentration"]
    assert ne[-80.0] == pytest.approx(0.8)
    assert ne[-60.0] == pytest.approx(0.08)  # the spoilt one
    fine = course_percent(np.linspace(40, 60, 20_001), Effect(280.0)).mean()
    assert ne[40.0] == pytest.approx(0.8 * fine / 100, rel=1e-4)
    assert (frame[frame["analyte"] == "EPI"]["concentration"] == 0).all()


def test_dead_volume_delays_what_is_collected():
    late = study(start_min=STARTS + 2, delay_min=2.0)
    np.testing.assert_allclose(late["concentration"], study()["concentration"])


def test_samples_vary_by_what_is_stated():
    frame = simulate_study(
        np.random.default_rng(2),
        [Animal("r", "r", "r", "g", {"NE": 1.0})],
        start_min=np.arange(0, 40_000, 20.0),
        variation=0.05,
        decline_per_hour=0,
    )
    assert np.log(frame["concentration"]).std() == pytest.approx(0.05, rel=0.05)
    assert frame["concentration"].mean() == pytest.approx(1.0, abs=0.005)
    assert frame["expected"].to_numpy() == pytest.approx(1.0)


def test_truth_of_release_is_what_a_hand_computes():
    known = percent_of_baseline(study(start_min=STARTS + 2, delay_min=2.0), 2.0)
    ne = known[known["analyte"] == "NE"]
    # The baseline is the mean of samples 2 to 4, of which the second is spoilt.
    level = (0.08 + 0.8 + 0.8) / 3
    np.testing.assert_allclose(ne["percent_baseline"], ne["concentration"] / level * 100)
    row = release_summary(known, 2.0).set_index("analyte").loc["NE"]
    after = ne[ne["start_min"] >= 2]
    assert row["basal_concentration"] == pytest.approx(level)
    assert row["auc_percent_min"] == pytest.approx((after["percent_baseline"] - 100).sum() * 20)
    assert row["peak_percent"] == pytest.approx(after["percent_baseline"].max())
    assert row["window_min"] == 180
    expected = mean_percent(np.array([40.0]), np.array([60.0]), Effect(280.0))[0]
    assert row["time_to_peak_min"] == 50
    assert row["peak_percent"] == pytest.approx(expected * 0.8 / level)


def test_an_analyte_that_is_not_there_has_no_per_cent():
    known = percent_of_baseline(study(), 0.0)
    assert known[known["analyte"] == "EPI"]["percent_baseline"].isna().all()
    assert release_summary(known, 0.0).set_index("analyte").loc["EPI", "peak_percent"] != pytest.approx(0)


def test_vary_keeps_the_median():
    rng = np.random.default_rng(3)
    assert np.median([vary(rng, 2.0, 0.2) for _ in range(4000)]) == pytest.approx(2.0, rel=0.02)


def test_group_effects_are_ratios_of_courses():
    effects = {"drug": {"NE": Effect(280.0)}, "vehicle": {"NE": Effect(110.0, 6.0, 25.0)}}
    found = group_effects(STARTS, 20.0, effects, "vehicle").set_index("time_min")["percent"]
    assert list(found.index) == [10, 30, 50, 70, 90, 110, 130, 150, 170]
    start = np.array([40.0])
    ratio = [mean_percent(start, start + 20, effects[group]["NE"])[0] for group in ("drug", "vehicle")]
    assert found[50] == pytest.approx(ratio[0] / ratio[1] * 100)
