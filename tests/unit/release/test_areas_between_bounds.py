"""Groups compared on areas of which some are only known between bounds."""

import numpy as np
import pandas as pd
import pytest

from coeruleus.release.area_test import bounded_interval, t_interval, welch_interval
from coeruleus.release.mixed import NotEstimable

from .studies import run, samples, study


def animals(values: np.ndarray, low: np.ndarray | None = None, high: np.ndarray | None = None) -> pd.DataFrame:
    return pd.DataFrame({"low": values if low is None else low, "high": values if high is None else high})


def test_with_numbers_only_it_is_student_s_t():
    values = np.array([3.0, 5.0, 4.0, 9.0, 2.0])
    found, t = bounded_interval(animals(values)), t_interval(values)
    assert (found.estimate, found.se, found.df) == pytest.approx((t.estimate, t.se, t.df), rel=2e-3)
    more = np.array([6.0, 8.0, 7.0, 12.0, 5.0])  # the same spread: Welch's is the pooled test
    found, t = bounded_interval(animals(more), animals(values)), welch_interval(more, values)
    assert (found.estimate, found.se, found.df) == pytest.approx((t.estimate, t.se, t.df), rel=2e-3)


def test_narrow_bounds_are_as_good_as_numbers():
    values = np.array([3.0, 5.0, 4.0, 9.0, 2.0, 6.0])
    low, high = values.copy(), values.copy()
    low[:2], high[:2] = values[:2] - 0.01, values[:2] + 0.01
    found, t = bounded_interval(animals(values, low, high)), t_interval(values)
    assert (found.estimate, found.se) == pytest.approx((t.estimate, t.se), rel=5e-3)


def test_intervals_cover_the_true_difference():
    """A third of the animals of one group are only known to lie below a bound that is 10 above their floor."""
    rng, covered, estimates = np.random.default_rng(8), [], []
    for _ in range(150):
        one, two = rng.normal(-60, 15, 8), rng.normal(-20, 15, 8)
        hidden = one < -67
        if (~hidden).sum() < 2:
            continue
        low, high = np.where(hidden, -100.0, one), np.where(hidden, -67.0, one)
        found = bounded_interval(animals(one, low, high), animals(two))
        covered.append(found.ci_low < -40 < found.ci_high)
        estimates.append(found.estimate)
    assert len(covered) > 145 and abs(np.mean(covered) - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 150)
    assert np.mean(estimates) == pytest.approx(-40, abs=2.5)


def test_too_few_numbers_are_said():
    bounds = animals(np.array([1.0, 2.0, 3.0]), low=np.zeros(3))
    with pytest.raises(NotEstimable, match="only known between bounds"):
        bounded_interval(bounds)


def test_a_study_with_samples_that_a_sheet_calls_below_a_limit():
    rows, groups = study(np.random.default_rng(9), {"vehicle": 0.0, "drug": -1.0}, animals=6, between=0.1)
    limit = float(np.quantile([row["concentration"] for row in rows], 0.1))
    for row in rows:
        if row["concentration"] < limit:
            row.update(status="below_lod", concentration=None, concentration_se=None, lod=limit)
    result = run(rows, groups, reference_group="vehicle")
    found = result.statistics[result.statistics["effect"].str.contains("difference of mean change")].iloc[0]
    assert "between bounds censored" in found["model"] and "only known between bounds" in found["reason"]
    assert found["ci_low"] < 100 * (np.exp(-1) - 1) < found["ci_high"]
    assert found["sentence"].startswith("Over the window NE in drug differed from vehicle")
    low = result.courses[(result.courses["group"] == "drug") & (result.courses["n_below_limit"] > 0)]
    assert len(low) and low["mean_percent"].isna().all() and (low["ci_low"] < low["ci_high"]).all()


def test_one_course_of_which_nothing_is_known_leaves_the_others():
    rows = [row for name in ("a", "b", "c") for row in samples(name, [1.0, 1.1, 0.9, 2.0, 2.1])]
    rows += [{**row, "status": "below_lod", "concentration": None} for row in samples("d", [1.0] * 5)]
    result = run(rows)
    assert result.statistics["n_subjects"].max() == 3 and len(result.summary) == 4
