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


def perfused(onset: float, **more: object) -> dict:
    return {"subject_id": "r1", "onset_min": onset, "trial_type": "perfusate", "drug": "clonidine", **more}


def test_a_perfusate_reaches_the_brain_after_the_inlet_volume():
    """2 µl/min, 20 µl from the switch to the membrane, 10 µl behind it: 10 and 5 min."""
    flow = {"flow_rate_ul_per_min": 2.0, "dead_volume_ul": 10.0, "inlet_volume_ul": 20.0}
    rows = samples("r1", [1.0, 1.0, 1.0, 1.0, 2.0, 2.0], first=-60 + 15)  # the fourth ends 35 min after the switch
    found = run(rows, events=[perfused(0.0)], **flow).release.set_index("sample_id")
    # collected from -5 to 15 min: left the brain from -10 to 10, and the drug arrived at 10
    assert found.loc["s2", ["start_min", "end_min"]].tolist() == [-20.0, 0.0]
    assert found["in_baseline"].tolist() == [True] * 3 + [False] * 3
    assert found.loc["s3", "time_min"] == 10.0 and found.loc["s3", "condition"] == "clonidine"
    assert found["status"].eq("ok").all()


def test_a_perfusate_beside_an_injection_at_zero_arrives_late_and_leaves_late():
    events = [{"subject_id": "r1", "onset_min": 0.0, "trial_type": "drug", "drug": "saline"}]
    events += [perfused(20.0, duration_min=20.0)]
    rows = samples("r1", [1.0] * 7)
    flow = {"flow_rate_ul_per_min": 2.0, "inlet_volume_ul": 40.0}
    found = run(rows, events=events, **flow).release
    assert found["start_min"].tolist() == [-60, -40, -20, 0, 20, 40, 60]  # the injection does not pass the inlet
    assert found["condition"].tolist() == ["baseline"] * 3 + ["saline", "saline", "clonidine", "after clonidine"]
