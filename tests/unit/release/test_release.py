"""The whole of release: every row kept, order without effect, half-way entry, carried columns, odd input."""

import numpy as np
import pandas as pd
import pytest

from coeruleus.release.compute import Release
from coeruleus.tables import status
from coeruleus.tables.dialysate import CONCENTRATIONS

from .studies import SUBJECT_COLUMNS, run, samples, sheet, study

ROWS, GROUPS = study(np.random.default_rng(21), {"vehicle": 0.0, "drug": 0.7}, animals=3)
FRAMES = ("release", "baselines", "summary", "statistics", "courses")


def explained(result: Release) -> bool:
    frame = result.release
    return bool((frame["reason"].notna() | (frame["status"] == status.OK)).all())


def half_way(rows: list[dict]) -> list[dict]:
    """The same as concentrations that a person entered: no injections, `se`."""
    names = {"concentration_se": "se"}
    return [{names.get(k, k): v for k, v in row.items() if k not in ("injection_id", "sample_id")} for row in rows]


def test_order_of_rows_has_no_effect():
    shuffled = [ROWS[place] for place in np.random.default_rng(0).permutation(len(ROWS))]
    groups = dict(reversed(GROUPS.items()))
    first, second = run(ROWS, GROUPS, reference_group="vehicle"), run(shuffled, groups, reference_group="vehicle")
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name), check_exact=True)
    assert first.problems == second.problems


def test_concentrations_entered_by_hand_give_the_same_numbers():
    measured, entered = run(ROWS, GROUPS), run(half_way(ROWS), GROUPS)
    columns = ["time_min", "percent_baseline", "percent_baseline_se", "in_baseline", "status"]
    by_time = entered.release.sort_values(["session_id", "time_min"], ignore_index=True)
    pd.testing.assert_frame_equal(by_time[columns], measured.release[columns])
    assert set(entered.release["sample_id"]) >= {"-60_-40", "0_20"}
    pd.testing.assert_frame_equal(entered.statistics, measured.statistics)


def test_entered_values_without_a_number_keep_their_row_and_are_problems():
    rows = half_way(samples("r1", [1.0, 1.0, 1.0, None, None]))
    rows[3] |= {"status": "missing", "reason": "no value was entered"}
    rows[4] |= {"status": "below_lod", "reason": "entered as 'ND'"}
    result = run(rows)
    assert result.release.sort_values("start_min")["status"].tolist() == ["ok"] * 3 + ["missing", "below_lod"]
    assert any("0_20" in problem.item and problem.severity == "error" for problem in result.problems)
    assert result.release["concentration"].isna().sum() == 2 and explained(result)


def test_a_sample_without_times_keeps_its_number_and_per_cent_and_is_in_no_baseline():
    rows = samples("r1", [1.0, 1.0, 1.0, 2.0])
    rows[0] |= {"start_min": np.nan, "end_min": np.nan}
    result = run(rows)
    lost = result.release.iloc[0]
    assert lost["status"] == "failed" and "collection times" in lost["reason"] and not lost["in_baseline"]
    assert lost["percent_baseline"] == 100 and np.isnan(lost["time_min"])
    assert result.baselines["n_samples"][0] == 2
    assert any("s0" in problem.message for problem in result.problems)


def test_below_limits_keep_number_and_status_and_are_not_in_the_baseline():
    rows = samples("r1", [0.01, 0.02, 0.01, 0.02], status="below_lod", reason="low")
    result = run(rows)
    assert result.release["status"].tolist() == ["below_lod"] * 4
    assert result.release["concentration"].tolist() == [0.01, 0.02, 0.01, 0.02]
    assert result.baselines["n_samples"][0] == 0 and "below_lod" in result.baselines["reason"][0]
    assert result.statistics["reason"].notna().all() and result.courses.empty and explained(result)


@pytest.mark.parametrize("first", [-20.0, 0.0, 20.0])
def test_a_single_sample(first):
    result = run(samples("r1", [1.0], first=first))
    assert len(result.release) == len(result.summary) == len(result.baselines) == 1
    assert not result.baselines["stable"][0] and result.statistics["reason"].notna().all()


def test_nothing_at_all():
    for nothing in (CONCENTRATIONS.frame(), pd.DataFrame()):
        result = run(nothing, GROUPS)
        assert all(getattr(result, name).empty for name in FRAMES)


def test_an_ok_row_without_a_number_is_missing():
    found = run(samples("r1", [1.0, 1.0, None, np.inf])).release
    assert found["status"].tolist() == ["ok", "ok", "missing", "missing"] and explained(run(samples("r1", [None])))


def test_an_entered_limit_is_the_limit_of_detection():
    rows = half_way(samples("r1", [1.0, 1.0, 1.0, None], limit=np.nan))
    rows[3] |= {"status": "below_lod", "reason": "entered as '<0.05'", "limit": 0.05}
    row = run(rows).release.set_index("start_min").loc[0]
    assert row["lod"] == 0.05 and np.isnan(row["concentration"]) and row["status"] == "below_lod"


def test_conditions_follow_the_drugs_of_the_session_and_probe():
    rows = samples("r1", [1.0, 1.0, 1.0, 2.0, 3.0, 1.0]) + samples("r2", [1.0, 1.0, 1.0, 2.0])
    event = {"subject_id": "r1", "session_id": "r1", "trial_type": "drug"}
    events = [{**event, "onset_min": 0, "drug": "desipramine"}, {**event, "onset_min": 45, "drug": "clonidine"}]
    events.append({**event, "onset_min": -50, "trial_type": "stimulus", "drug": None})
    result = run(rows, events=events)
    own = result.release.set_index("subject_id")["condition"]
    assert own["r1"].tolist() == ["baseline"] * 3 + ["desipramine", "desipramine", "clonidine"]
    assert set(own["r2"]) == {"baseline"}
    assert "desipramine, clonidine" in result.summary["reason"][0]


def test_unknown_columns_are_carried():
    rows = [{**row, "vial": f"v{place % 7}", "baseline": "mine"} for place, row in enumerate(ROWS)]
    subjects = [{"subject_id": name, "group": group, "cage": f"c{name}"} for name, group in GROUPS.items()]
    result = run(rows, GROUPS, subjects=sheet(subjects, SUBJECT_COLUMNS))
    assert set(result.release["vial"]) == {f"v{n}" for n in range(7)}
    assert set(result.release["baseline_in_sheet"]) == {"mine"} and result.release["baseline"].notna().all()
    assert (result.summary["cage"] == "c" + result.summary["subject_id"]).all()


def test_a_sample_of_no_animal_keeps_its_row():
    rows = [{**row, "subject_id": None, "session_id": None, "probe_id": None} for row in samples("x", [1, 1, 1, 2])]
    result = run(ROWS + rows, GROUPS)
    lost = result.release[result.release["subject_id"].isna()]
    assert len(lost) == 4 and lost["session_id"].isna().all()
    assert len(result.release) == len(ROWS) + 4
    assert any("no animal" in problem.message for problem in result.problems)


def test_every_sample_and_analyte_keeps_one_row_whatever_its_status():
    rng = np.random.default_rng(5)
    rows = [dict(row) for analyte in ("NE", "DA", "MHPG") for row in ({**r, "analyte": analyte} for r in ROWS)]
    for row in rows:
        row["status"] = str(rng.choice(status.ORDER))
        row["reason"] = None if row["status"] == "ok" else "drawn"
        if rng.random() < 0.2:
            row["concentration"] = rng.choice([np.nan, 0.0, -0.3])
        if rng.random() < 0.1:
            row["concentration_se"] = np.nan
    result = run(rows, GROUPS, reference_group="vehicle", dead_volume_ul=7)
    key = ["session_id", "probe_id", "sample_id", "analyte"]
    assert len(result.release) == len(rows) and not result.release.duplicated(key).any() and explained(result)
    given = pd.DataFrame(rows).sort_values(key)["status"].map(status.ORDER.index).to_numpy()
    assert (result.release["status"].map(status.ORDER.index).to_numpy() >= given).all()  # only ever worse
    assert not result.release.loc[result.release["status"] != "ok", "in_baseline"].any()
    assert len(result.summary) == len(result.baselines) == 3 * len(GROUPS)
