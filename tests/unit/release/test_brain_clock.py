"""Dead volume, the side of the treatment, and times common to animals."""

import numpy as np
import pytest

from coeruleus.release.timing import align_times, periods, transit_min

from .studies import run, samples


def test_sample_left_the_brain_dead_volume_over_flow_earlier():
    assert transit_min(2.0, 10.0) == 5.0
    found = run(samples("r1", [1, 1, 1, 2]), flow_rate_ul_per_min=2.0, dead_volume_ul=10.0).release
    # collected from 0 to 20 min at the outlet: left the brain from -5 to 15
    last = found.iloc[3]
    assert (last["start_min"], last["end_min"], last["time_min"]) == (-5.0, 15.0, 5.0)
    assert last["status"] == "transition" and "straddles" in last["reason"] and not last["in_baseline"]
    assert last["concentration"] == 2.0 and last["percent_baseline"] == pytest.approx(200)


def test_without_flow_times_stay_and_a_warning_says_so():
    result = run(samples("r1", [1, 1, 1, 2]), flow_rate_ul_per_min=None, dead_volume_ul=10.0)
    assert result.release["start_min"].tolist() == [-60, -40, -20, 0]
    (problem,) = [p for p in result.problems if "flow_rate" in p.item]
    assert problem.severity == "warning" and "10 µl" in problem.message


@pytest.mark.parametrize(
    ("start", "end", "side"),
    [(-20, 0, "before"), (0, 20, "after"), (-0.3, 19.7, "straddles"), (-20, 0.004, "before"), (-0.004, 20, "after")],
)
def test_rounding_of_the_sheet_does_not_make_a_transition(start, end, side):
    assert periods(np.array([start]), np.array([end])).tolist() == [side]


def test_shift_that_is_not_representable_still_ends_at_zero():
    # 3 µl at 0.7 µl/min is 4.2857... min; a sheet says 4.29
    rows = samples("r1", [1, 1.1, 0.9, 2], first=-60 + 4.29)
    found = run(rows, flow_rate_ul_per_min=0.7, dead_volume_ul=3.0).release
    assert found["in_baseline"].tolist() == [True, True, True, False]
    assert found["status"].tolist() == ["ok"] * 4


def test_times_of_animals_are_aligned_within_half_a_sample():
    times = np.array([10.0, 12.0, 30.0, 31.0, 50.0, np.nan])
    aligned = align_times(times, 20.0)
    assert aligned[:5].tolist() == [11.0, 11.0, 30.5, 30.5, 50.0] and np.isnan(aligned[5])
    assert len(set(align_times(np.arange(0.0, 200.0, 20.0), 20.0))) == 10
