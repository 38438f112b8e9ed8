"""A unit lost half-way: its lost time is neither silence nor inhibition. Regular trains, cut where the test says."""

import numpy as np
import pandas as pd
import pytest

from coeruleus.responses import drugs as drugs_module
from coeruleus.responses import test as responses_module
from coeruleus.responses.drugs import test_drugs as drug_rows
from coeruleus.responses.not_held import gaps_of_units, held_part
from coeruleus.responses.test import test_responses as response_rows
from coeruleus.responses.trials import trains_of
from coeruleus.simulation.trains import flat_rate, spike_train
from coeruleus.spikes.measure import measure_units
from coeruleus.tables import interim

REGULAR = np.arange(0.25, 600.0, 0.5)  # 2 Hz
PINCHES = [{"segment": 1, "onset": float(at), "trial_type": "paw_pinch"} for at in range(20, 580, 20)]


def jittered(seed: int, until_s: float, from_s: float = 0.0) -> np.ndarray:
    times = REGULAR + np.random.default_rng(seed).uniform(-0.2, 0.2, len(REGULAR))
    return times[(times < until_s) & (times > from_s)]


@pytest.mark.parametrize(("from_s", "until_s", "n"), [(0.0, 300.0, 14), (205.0, 600.0, 18), (0.0, 600.0, 28)])
def test_events_after_the_loss_are_left_out(sheets, from_s, until_s, n):
    given = sheets({1: (600.0, {"u": jittered(1, until_s, from_s)})}, PINCHES)
    row = response_rows(**given).responses.iloc[0]
    assert row["n_trials"] == n  # by hand: onsets 20 to 280, 220 to 560, 20 to 560
    assert row["baseline_rate_hz"] == pytest.approx(2.0, rel=0.03)
    assert row["inhibition_p"] > 0.001
    assert ("not held" in str(row["reason"])) == (n < 28)


def test_the_rasters_of_other_units_keep_their_events(sheets):
    given = sheets({1: (600.0, {"a": jittered(1, 300.0), "b": jittered(2, 600.0)})}, PINCHES)
    assert response_rows(**given).responses["n_trials"].tolist() == [14, 28]


DRUG = {"segment": 1, "trial_type": "drug", "drug": "clonidine", "route": "iv"}


@pytest.mark.parametrize(
    ("until_s", "status", "said"),
    [
        (250.0, "insufficient_spikes", "after the drug"),  # gone before it was given: no answer to it
        (420.0, "ok", "silenced or lost"),  # gone after it: numbers, and the doubt
        (600.0, "ok", None),
    ],
)
def test_a_unit_lost_before_a_drug_does_not_answer_to_it(sheets, until_s, status, said):
    given = sheets({1: (600.0, {"u": jittered(3, until_s)})}, [DRUG | {"onset": 300.0}])
    row = drug_rows(**given)[0].iloc[0]
    assert row["status"] == status
    assert said is None or said in row["reason"]
    assert said is not None or pd.isna(row["reason"])
    if status != "ok":
        assert "not held: no spike after 250 s" in row["reason"] and pd.isna(row["p_value"])


def test_silence_that_ends_was_the_drugs(sheets):
    """Silent from 310 s to the end of the segment, back in the next: the numbers stand without a doubt."""
    second = jittered(5, 600.0)
    given = sheets({1: (600.0, {"u": jittered(4, 310.0)}), 2: (600.0, {"u": second})}, [DRUG | {"onset": 300.0}])
    row = drug_rows(**given)[0].iloc[0]
    assert row["status"] == "ok" and "silenced or lost" not in str(row["reason"])
    assert row["response_rate_hz"] < 1.3


def test_silence_under_one_drug_tells_nothing_of_the_next(sheets):
    events = [DRUG | {"onset": 200.0, "drug": "saline"}, DRUG | {"onset": 400.0}]
    given = sheets({1: (600.0, {"u": jittered(6, 350.0)})}, events)
    rows = drug_rows(**given)[0].sort_values("onset")
    assert rows["status"].tolist() == ["ok", "insufficient_spikes"]
    assert "silenced or lost" in rows["reason"].iloc[1]


def test_a_drug_that_silences_at_once_is_found_however_long_before_the_last_spike_was(sheets):
    """60 Poisson units of 1.5 Hz, all silent from the moment of the drug: all change by -100 %."""
    trains = {f"{n:02d}": spike_train(np.random.default_rng(n), flat_rate(600.0, 1.5), 1.0) for n in range(60)}
    rows = drug_rows(**sheets({1: (1200.0, trains)}, [DRUG | {"onset": 600.0}]))[0]
    found = rows[rows["status"] == "ok"]
    assert len(found) >= 59  # one Poisson interval in a thousand is too long
    assert (found["percent_change"] == -100).all() and found["reason"].str.contains("silenced or lost").all()


PINCHED = [{"segment": 1, "onset": float(at), "trial_type": "paw_pinch"} for at in range(200, 2000, 20)]
LONG = np.arange(0.25, 3600.0, 0.5)


def test_a_loss_long_after_a_drug_is_a_loss(sheets):
    """Lost 15 min after saline: its trials end there, as without saline."""
    times = LONG[LONG < 1000.0] + np.random.default_rng(8).uniform(-0.2, 0.2, 2000)
    given = sheets({1: (2000.0, {"u": times})}, [DRUG | {"onset": 100.0, "drug": "saline"}, *PINCHED])
    row = response_rows(**given).responses.iloc[0]
    assert row["n_trials"] == 40 and "50 events left out" in row["reason"]
    assert row["baseline_rate_hz"] == pytest.approx(2.0, rel=0.03)


@pytest.mark.parametrize(("until_s", "route", "n"), [(400.0, "ip", 90), (400.0, "pressure", 10), (150.0, "local", 90)])
def test_trials_in_a_silence_that_a_drug_may_have_made_carry_the_doubt(sheets, until_s, route, n):
    """A drug given nearby acts for 2 min, another for 10: later silence is a loss."""
    given = sheets({1: (2000.0, {"u": LONG[until_s > LONG]})}, [DRUG | {"onset": 100.0, "route": route}, *PINCHED])
    row = response_rows(**given).responses.iloc[0]
    assert row["n_trials"] == n
    assert ("silenced or lost" in str(row["reason"])) == (n == 90)


def test_trials_in_a_silence_that_ended_carry_no_doubt(sheets):
    trains = {1: (2000.0, {"u": LONG[LONG < 400.0]}), 2: (600.0, {"u": LONG[LONG < 600.0]})}
    row = response_rows(**sheets(trains, [DRUG | {"onset": 100.0}, *PINCHED])).responses.iloc[0]
    assert row["n_trials"] == 90 and pd.isna(row["reason"])


@pytest.mark.parametrize(("until_s", "doubted"), [(2992.0, [False, False]), (1800.0, [False, True])])
def test_a_silence_puts_its_doubt_on_the_drug_it_followed_alone(sheets, until_s, doubted):
    events = [DRUG | {"onset": 300.0, "drug": "saline"}, DRUG | {"onset": 1500.0}]
    given = sheets({1: (3600.0, {"u": LONG[until_s > LONG]})}, events)
    rows = drug_rows(**given)[0].sort_values("onset")
    assert rows["status"].tolist() == ["ok", "ok"]
    assert rows["reason"].fillna("").str.contains("silenced or lost").tolist() == doubted


def test_held_of_the_table_of_units_and_the_trials_left_out_agree(sheets):
    """A spike beyond the end of segment 2: that segment tells nothing, so that no unit was lost in it either."""
    beyond = np.append(jittered(2, 600.0), 700.0)
    given = sheets({1: (600.0, {"a": jittered(1, 600.0)}), 2: (600.0, {"b": beyond})}, PINCHES)
    segments = given["segments"].assign(subject_id="r", condition=None, highpass_hz=None, kind="sorted")
    nothing = pd.DataFrame(columns=["site_id", "unit_id", "time_ms", "amplitude_uv", "action"])
    measured = measure_units(given["spikes"], segments, given["events"], nothing, nothing)
    lost_of = gaps_of_units(measured.segments, given["events"], trains_of(given["spikes"]))
    assert measured.units.set_index("unit_id")["held"]["a"] == "held" and lost_of["s", "a"] == []
    failed = measured.segments.set_index("segment")
    assert failed["status"].tolist() == ["ok", "failed"] and "beyond the end" in failed["reason"][2]
    rows = response_rows(**given | {"segments": measured.segments}).responses
    assert rows.set_index("unit_id").loc["a", "n_trials"] == 28


def test_gaps_that_are_given_are_not_sought_again(sheets, monkeypatch):
    given = sheets({1: (600.0, {"u": jittered(1, 300.0)})}, [*PINCHES, DRUG | {"onset": 250.0}])
    lost_of = gaps_of_units(given["segments"], given["events"], trains_of(given["spikes"]))
    usual = response_rows(**given).responses, drug_rows(**given)[0]
    for module in (drugs_module, responses_module):
        monkeypatch.setattr(module, "gaps_of_units", lambda *_: pytest.fail("sought again"))
    pd.testing.assert_frame_equal(usual[0], response_rows(**given, lost_of=lost_of).responses)
    pd.testing.assert_frame_equal(usual[1], drug_rows(**given, lost_of=lost_of)[0])


def test_time_before_a_trace_begins_is_no_silence():
    """2 Hz throughout, clonidine at 590 s of segment 1; the trace of segment 2 begins at 400 s of its file's clock."""
    trains = {1: jittered(1, 600.0), 2: 400.0 + jittered(2, 600.0)}
    spikes = pd.DataFrame(
        [{"site_id": "s", "unit_id": "u", "segment": n, "time_s": t} for n, train in trains.items() for t in train]
    )
    known = {"site_id": "s", "subject_id": "a", "session_id": "x", "kind": "raw", "status": "ok", "reason": None}
    known |= {"condition": None, "highpass_hz": None}
    segments = pd.DataFrame([known | {"segment": n, "duration_s": d} for n, d in ((1, 600.0), (2, 1000.0))])
    events = interim.EVENTS.frame([DRUG | {"site_id": "s", "segment": 1, "onset": 590.0}])
    late = {"site_id": "s", "segment": 2, "start_s": 0.0, "end_s": 400.0, "kind": "late start of the trace"}
    artefacts = pd.DataFrame([late])
    nothing = pd.DataFrame(columns=["site_id", "unit_id", "time_ms", "amplitude_uv", "action"])
    measured = measure_units(spikes, segments, events, nothing, nothing, artefacts=artefacts)
    unit = measured.units.iloc[0]
    assert unit["held"] == "held" and unit["held_reason"] is None
    lost_of = gaps_of_units(measured.segments, events, trains_of(measured.spikes), artefacts)
    assert [(gap.kind, gap.start_s, gap.end_s) for gap in lost_of["s", "u"]] == [("not_recorded", 0.0, 400.0)]
    (row,) = drugs_module.test_drugs(
        measured.spikes, measured.segments, events, recordings=segments, units=measured.units, lost_of=lost_of
    )[0].to_dict("records")
    assert row["percent_change"] == pytest.approx(0, abs=15) and row["p_value"] > 0.05


@pytest.mark.parametrize(("low", "high"), [(500.0, 600.0), (380.0, 480.0), (0.0, 120.0)])
def test_masked_time_is_no_effect_of_a_drug(sheets, low, high):
    """2 Hz throughout, clonidine at 300 s; what was not sorted is no silence, wherever it lies."""
    times = jittered(7, 600.0)
    given = sheets({1: (600.0, {"u": times[(times < low) | (times > high)]})}, [DRUG | {"onset": 300.0}])
    artefacts = pd.DataFrame([{"site_id": "s", "segment": 1, "start_s": low, "end_s": high, "kind": "flat"}])
    lost_of = gaps_of_units(given["segments"], given["events"], trains_of(given["spikes"]), artefacts)
    (gap,) = lost_of["s", "u"]
    assert (gap.kind, gap.start_s, gap.end_s) == ("not_recorded", low, high)
    row = drug_rows(**given, lost_of=lost_of)[0].iloc[0]
    assert row["status"] == "ok" and row["percent_change"] == pytest.approx(0, abs=3) and row["p_value"] > 0.05
    assert row["baseline_s"] + row["response_s"] == pytest.approx(500.0, abs=31)
    assert held_part([gap], 1, 600.0) == {0.0: (120.0, 600.0), 380.0: (0.0, 600.0), 500.0: (0.0, 500.0)}[low]


def test_what_most_of_the_time_was_lost_to_is_said(sheets):
    """Masked for 2 s; lost at 250 s, before the drug."""
    times = jittered(9, 250.0)
    given = sheets({1: (600.0, {"u": times[(times < 200) | (times > 202)]})}, [DRUG | {"onset": 300.0}])
    artefacts = pd.DataFrame([{"site_id": "s", "segment": 1, "start_s": 200.0, "end_s": 202.0, "kind": "flat"}])
    lost_of = gaps_of_units(given["segments"], given["events"], trains_of(given["spikes"]), artefacts)
    assert [gap.kind for gap in lost_of["s", "u"]] == ["not_recorded", "lost"]
    reason = drug_rows(**given, lost_of=lost_of)[0].iloc[0]["reason"]
    assert "not held: no spike after 250 s" in reason and "not recorded" not in reason


def test_drugs_given_before_at_other_sites_of_the_session_are_named():
    """Idazoxan at site a, 30 min before site b was recorded; clonidine there, twice."""
    known = {"segment": 1, "session_id": "x", "status": "ok", "reason": None, "duration_s": 600.0}
    started = {"a": "2026-01-05T10:00:00", "b": "2026-01-05T10:30:00"}
    segments = pd.DataFrame([known | {"site_id": site, "started_at": at} for site, at in started.items()])
    rows = [{"site_id": "a", "onset": 5.0, "drug": "idazoxan"}]
    rows += [{"site_id": "b", "onset": onset, "drug": "clonidine"} for onset in (200.0, 400.0)]
    events = interim.EVENTS.frame([DRUG | row for row in rows])
    spikes = pd.DataFrame([{"site_id": "b", "unit_id": "u", "segment": 1, "time_s": t} for t in jittered(1, 600.0)])
    units = pd.DataFrame([{"site_id": "b", "unit_id": "u", "status": "ok", "reason": None}])
    found, _ = drug_rows(spikes, segments, events, recordings=segments, units=units)
    of_b = found[found["site_id"] == "b"]
    assert of_b["given_before"].tolist() == ["idazoxan", "idazoxan; clonidine"]
