"""Rows of responses.tsv: which events count, under which condition, and honest statuses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import coeruleus.responses.test as tested
from coeruleus.responses.trials import Group, Segment, no_rest
from coeruleus.spikes.spontaneous import Given

from .conftest import Rate, train, trial_set

Sheets = Callable[..., dict[str, pd.DataFrame]]
PINCH = {"segment": 1, "trial_type": "paw_pinch"}
TRIALS = trial_set(3, 4, 2.0, 10, 20.0, ((0.05, 0.55, 6.0), (0.55, 2.55, 0.0)))
DURATION = float(TRIALS.end[0])
SEGMENTS = {("s", 1): Segment(120.0, "ok", None)}
PINCHES = [PINCH | {"onset": float(onset)} for onset in TRIALS.onsets]


def _run(frames: dict[str, pd.DataFrame]) -> tested.Responses:
    return tested.test_responses(
        frames["spikes"],
        frames["segments"],
        frames["events"],
        recordings=frames["recordings"],
        curation_trials=frames["curation_trials"],
        units=frames["units"],
    )


def test_a_biphasic_unit_gets_a_full_row_and_its_pictures(sheets: Sheets) -> None:
    result = _run(sheets({1: (DURATION, {"1": TRIALS.spikes})}, PINCHES))
    (row,) = result.responses.to_dict("records")
    assert (row["status"], row["condition"], row["n_trials"], row["biphasic"]) == ("ok", "baseline", 10, True)
    assert abs(row["excitation_latency_s"] - 0.05) < 0.04 and abs(row["inhibition_latency_s"] - 0.55) < 0.2
    assert row["inhibition_rate_hz"] == 0 and row["excitation_rate_hz"] > 8
    rates = result.psth.set_index("time_low_s")["rate_hz"]
    spikes = result.rasters[(result.rasters["time_s"] >= 0.1) & (result.rasters["time_s"] < 0.15)]
    assert rates[0.1] == pytest.approx(len(spikes) / 10 / 0.05)
    assert set(result.rasters["trial"]) <= set(range(1, 11))


def test_rows_do_not_depend_on_other_units_nor_on_order(sheets: Sheets) -> None:
    other = trial_set(4, 1, 3.0, 10, 20.0, ()).spikes
    alone = _run(sheets({1: (DURATION, {"1": TRIALS.spikes})}, PINCHES)).responses
    frames = sheets({1: (DURATION, {"0": other, "1": TRIALS.spikes})}, PINCHES)
    for name in ("spikes", "events", "units"):
        frames[name] = frames[name].sample(frac=1, random_state=1)
    both = _run(frames).responses
    pd.testing.assert_frame_equal(both[both["unit_id"] == "1"].reset_index(drop=True), alone)


def test_pinches_after_clonidine_stand_apart(sheets: Sheets) -> None:
    drug = {"segment": 1, "trial_type": "drug", "drug": "clonidine", "onset": float(TRIALS.onsets[5]) - 8}
    rows = _run(sheets({1: (DURATION, {"1": TRIALS.spikes})}, [*PINCHES, drug])).responses
    assert list(zip(rows["condition"], rows["n_trials"], strict=True)) == [("baseline", 5), ("clonidine", 5)]
    assert rows["after_drug"].tolist() == [False, True]
    assert np.isnan(rows["suppression_index"][1]), "spontaneous firing before the drug is no reference after it"


@pytest.mark.parametrize(
    ("stated", "condition", "after"),
    [
        (None, "clonidine", True),
        ("Clonidine", "Clonidine", True),
        ("urethane", "urethane", True),
        ("baseline", "baseline", False),
    ],
)
def test_pinches_after_a_drug_at_the_neighbour_stand_apart(
    sheets: Sheets, stated: str | None, condition: str, after: bool
) -> None:
    """Another site of the session, recorded an hour before, had clonidine: no pinches before a drug, unless a person
    calls them baseline."""
    frames = sheets({1: (DURATION, {"1": TRIALS.spikes})}, PINCHES)
    site = frames["segments"]["site_id"].iloc[0]
    here = frames["segments"].assign(session_id="day1", started_at="2024-05-01T11:00:00")
    there = here.assign(site_id="neighbour", started_at="2024-05-01T10:00:00")
    frames["segments"] = pd.concat([here, there], ignore_index=True)
    frames["recordings"]["condition"] = stated
    drug = dict.fromkeys(frames["events"]) | {"site_id": "neighbour", "segment": 1, "onset": 60.0}
    drug |= {"trial_type": "drug", "drug": "clonidine"}
    frames["events"] = pd.concat([frames["events"], pd.DataFrame([drug])], ignore_index=True)
    rows = _run(frames).responses
    own = rows[rows["site_id"] == site]
    assert own[["condition", "n_trials", "after_drug"]].to_numpy().tolist() == [[condition, 10, after]]


def test_a_condition_in_the_sheet_wins(sheets: Sheets) -> None:
    frames = sheets({1: (DURATION, {"1": TRIALS.spikes})}, PINCHES)
    frames["recordings"]["condition"] = "urethane"
    assert list(_run(frames).responses["condition"]) == ["urethane"]


def test_a_condition_that_says_nothing_of_the_drug_does_not_pool_pinches_around_it(sheets: Sheets) -> None:
    drug = {"segment": 1, "trial_type": "drug", "drug": "clonidine", "onset": float(TRIALS.onsets[5]) - 8}
    frames = sheets({1: (DURATION, {"1": TRIALS.spikes})}, [*PINCHES, drug])
    frames["recordings"]["condition"] = "urethane"
    rows = _run(frames).responses
    assert dict(zip(rows["condition"], rows["n_trials"], strict=True)) == {"urethane": 5, "clonidine": 5}


def test_excluded_outside_and_unrecorded_events_are_left_out_and_said(sheets: Sheets) -> None:
    events = [*PINCHES, PINCH | {"onset": 9e3}, PINCH | {"onset": 5.0, "segment": 7}]
    frames = sheets({1: (DURATION, {"1": TRIALS.spikes})}, events, excluded=(float(TRIALS.onsets[0]),))
    result = _run(frames)
    (row,) = result.responses.to_dict("records")
    assert (row["n_trials"], row["status"]) == (9, "ok")
    for words in ("excluded by hand (slip)", "outside segment 1", "segment 7 is not among the recordings"):
        assert words in row["reason"]
    assert sorted("segment 7" in p.message for p in result.problems) == [False, True]


def test_every_kind_of_hopeless_case_keeps_its_row(sheets: Sheets) -> None:
    frames = sheets({1: (60.0, {"1": np.arange(0.5, 60, 0.7)})}, [PINCH | {"onset": 20.0}, PINCH | {"onset": 40.0}])
    (row,) = _run(frames).responses.to_dict("records")
    assert (row["status"], row["events_needed"]) == ("insufficient_spikes", 3) and np.isnan(row["excitation_p"])
    frames["segments"] = frames["segments"].assign(status="failed", reason="the file is empty")
    (row,) = _run(frames).responses.to_dict("records")
    assert row["status"] == "failed" and "the file is empty" in row["reason"] and row["n_trials"] == 0
    frames["units"] = frames["units"].assign(unit_id=None, status="failed", reason="no spike was found")
    (row,) = _run(frames).responses.to_dict("records")
    assert (row["unit_id"], row["status"], row["reason"]) == (None, "failed", "no spike was found")


def test_too_few_spikes_is_said_with_the_events_needed(sheets: Sheets) -> None:
    slow = trial_set(8, 1, 0.15, 5, 20.0, ())
    events = [PINCH | {"onset": float(onset)} for onset in slow.onsets]
    result = _run(sheets({1: (float(slow.end[0]), {"1": slow.spikes})}, events))
    (row,) = result.responses.to_dict("records")
    assert row["status"] == "insufficient_spikes" and row["biphasic"] is None and np.isnan(row["inhibition_p"])
    assert row["events_needed"] > 5 and "events would do" in row["reason"]
    assert result.problems


def test_typed_onsets_give_latencies_to_a_tenth_of_a_second(sheets: Sheets) -> None:
    events = [pinch | {"onset_source": "typed"} for pinch in PINCHES]
    (row,) = _run(sheets({1: (DURATION, {"1": TRIALS.spikes})}, events)).responses.to_dict("records")
    for name in ("excitation_latency_s", "inhibition_latency_s"):
        assert row[name] == round(row[name], 1)


def test_a_site_without_events_costs_nothing(sheets: Sheets) -> None:
    frames = sheets({1: (DURATION, {"1": TRIALS.spikes})}, PINCHES)
    frames["events"] = frames["events"].iloc[:0]
    result = _run(frames)
    assert len(result.responses) == len(result.rasters) == len(result.psth) == 0 and not result.problems


def _false_inhibitions(sheets: Sheets, rate: Rate, events: list[dict], duration_s: float) -> pd.Series:
    """Of 20 cells that are only excited, how many seem inhibited by the pinches, by condition."""
    trains = {str(seed): train(np.random.default_rng(seed), 4, rate, duration_s) for seed in range(20)}
    rows = _run(sheets({1: (duration_s, trains)}, events)).responses
    rows = rows[rows["trial_type"] == "paw_pinch"]
    assert (rows["excitation_p"] <= 0.05).mean() >= 0.95
    return (rows["inhibition_p"] <= 0.05).groupby(rows["condition"]).sum()


def test_a_drug_that_halves_the_rate_makes_no_pause_of_what_follows_a_burst(sheets: Sheets) -> None:
    """2 Hz before clonidine, 1 Hz after it; each pinch a burst and nothing else. 5 % of 20 are 1; 4 come by chance in
    1.6 % of such tests."""
    onsets = np.r_[30.0:580:30, 630.0:1180:30]

    def rate(time: np.ndarray) -> np.ndarray:
        since = time - np.r_[-np.inf, onsets][np.searchsorted(onsets, time, side="right")]
        return np.where(time < 600, 2.0, 1.0) * np.where(since < 0.5, 5, 1)

    drug = {"segment": 1, "trial_type": "drug", "drug": "clonidine", "onset": 600.0}
    found = _false_inhibitions(sheets, rate, [*(PINCH | {"onset": float(one)} for one in onsets), drug], 1200.0)
    assert set(found.index) == {"baseline", "clonidine"} and (found <= 3).all()


@pytest.mark.parametrize("later", [12.0, 6.0])
def test_what_other_events_do_is_no_rest(sheets: Sheets, later: float) -> None:
    """Between pinches, a light of 10 s that triples the rate: plain firing after the pinch is no pause for that."""
    onsets = 30.0 + 30 * np.arange(20)
    lights = onsets + later

    def rate(time: np.ndarray) -> np.ndarray:
        after, lit = (
            time - np.r_[-np.inf, begun][np.searchsorted(begun, time, side="right")] for begun in (onsets, lights)
        )
        return 1.5 * np.where(after < 0.5, 5, 1) * np.where(lit < 10, 3, 1)

    light = {"segment": 1, "trial_type": "light", "duration": 10.0}
    events = [PINCH | {"onset": float(one)} for one in onsets] + [light | {"onset": float(one)} for one in lights]
    assert (_false_inhibitions(sheets, rate, events, 660.0) <= 3).all()


def test_another_event_at_the_same_moment_is_another_event() -> None:
    group = Group("s", "paw_pinch", "baseline", segment=[1, 1], onset=[30.0, 60.0])
    kinds = np.array(["paw_pinch", "light", "paw_pinch", "light"], dtype=object)
    onsets = np.array([30.0, 30.0, 60.0, 80.0])
    events = (kinds, np.ones(4), onsets, onsets + 15)
    found = no_rest(group, events, {1: [Given(50.0, "saline", 600.0), Given(70.0, "clonidine", 600.0)]}, SEGMENTS)
    begin, end = found[1]
    assert begin.tolist() == [30.0, 80.0, 70.0] and end.tolist() == [45.0, 95.0, 120.0]
