"""Doses in a row: known trends, the dose that halves the rate, and what cannot be told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from benchmarks.responses import doses as study

from coeruleus.responses.dose_series import Dosed
from coeruleus.responses.dose_trend import _crossing, _falling, trend
from coeruleus.responses.doses import test_doses as series_of
from coeruleus.responses.drug_windows import Window
from coeruleus.tables.units import DRUG_RESPONSES

STEADY = study.Plan(study.hill(5), 300.0)


@pytest.fixture(scope="module")
def found() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ten units under doses of 1, 1, 2, 4 and 8; half of the rate is left at 3."""
    return study.measured(STEADY, 10, [7])


def test_a_trend_and_its_halving_dose(found: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    series, doses = found
    assert (series["p_value"] < 0.05).all() and (series["percent_per_doubling_ci_high"] < 0).all()
    assert series["ed50"].median() == pytest.approx(3, rel=0.1)
    assert (series["ed50_ci_low"].le(3) & series["ed50_ci_high"].ge(3)).sum() >= 9
    assert (series["counted"] == "cumulative").all() and (series["highest_dose"] == 16).all()
    first = doses[doses["unit_id"] == "0000"]
    assert first["counted_dose"].tolist() == [1, 2, 4, 8, 16]
    left = 100 * (np.array(STEADY.leaves) - 1)
    shown = doses.groupby("onset")["from_first_dose_percent"].mean()
    assert shown.to_numpy() == pytest.approx(left, abs=6)
    low, high = (doses[f"from_first_dose_percent_ci_{end}"].to_numpy() for end in ("low", "high"))
    assert np.mean((low <= np.tile(left, 10)) & (high >= np.tile(left, 10))) >= 0.9


def test_what_all_doses_do_is_no_trend() -> None:
    """The first dose takes half of the rate, the others nothing more: beside rates that drift, 6 % of 60 are 4."""
    series, _ = study.measured(study.Plan((0.5,) * 5, 300.0, "300 s, 0.3"), 60, [8])
    assert (series["p_value"] <= 0.05).sum() <= 9
    assert series["ed50"].notna().sum() <= 4


def test_a_rate_that_comes_and_goes_smoothly_is_no_trend() -> None:
    """Under first-order drift alone it was one in 21 % of trains: beside 6 % of 120, 16 are a chance in a thousand."""
    series, _ = study.measured(study.Plan((1.0,) * 5, 300.0, "smooth 800 s, 0.3"), 120, [8])
    assert (series["p_value"] <= 0.05).sum() <= 16


def _reason(
    change: dict[int, dict[str, Any]],
    doses: int = 3,
    last_s: float = np.inf,
    there: dict[str, Any] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A unit of 2 Hz, up to `last_s`, with a dose every 300 s from 600 s on; `change`: fields of single doses;
    `there`: one more drug, in another recording, and when that began."""
    given = [
        {"site_id": "s", "unit_id": "1", "segment": 1, "onset": 600.0 + 300 * n, "drug": "clonidine", "dose": 2.0**n}
        | {"dose_unit": "ug/kg", "route": "i.v.", "status": "ok", "reason": None}
        | change.get(n, {})
        for n in range(doses)
    ]
    here = {"site_id": "s", "segment": 1, "session_id": "d", "started_at": "2024-01-01T11:00:00"}
    frame = pd.DataFrame([here] if there is None else [here, {name: there[name] for name in here}])
    frame = frame.assign(duration_s=600.0 + 300 * doses, status="ok", reason=None)
    times = np.arange(0.25, min(600.0 + 300 * doses, last_s), 0.5)
    spikes = pd.DataFrame({"site_id": "s", "unit_id": "1", "segment": 1.0, "time_s": times})
    drugs = given if there is None else [*given, {"dose_unit": "ug/kg", "onset": 600.0} | there]
    events = pd.DataFrame(drugs)[["site_id", "segment", "onset", "drug", "dose", "dose_unit", "route"]]
    events = events.assign(trial_type="drug", duration=0.0)
    return series_of(
        spikes,
        frame,
        events,
        recordings=frame,
        drug_responses=DRUG_RESPONSES.frame(given),
    )


@pytest.mark.parametrize(
    ("change", "doses", "said"),
    [
        ({}, 2, "2 different doses with enough time: a trend needs 3"),
        ({1: {"dose": None}}, 3, "a dose is not stated"),
        ({1: {"dose_unit": "mg/kg"}}, 3, "different units: mg/kg, ug/kg"),
        ({1: {"route": "local"}}, 3, "different routes: i.v., local"),
        ({1: {"status": "failed", "reason": "outside segment 1"}}, 3, "outside segment 1"),
        ({2: {"drug": "idazoxan"}}, 3, "2 different doses with enough time"),
        ({2: {"drug": None}}, 4, "2 different doses with enough time"),
        ({n: {"route": "local pressure", "dose": 5.0} for n in range(3)}, 3, "1 different doses"),
    ],
)
def test_series_that_tell_no_trend_say_why(change: dict[int, dict[str, Any]], doses: int, said: str) -> None:
    ((_, row),) = _reason(change, doses)[0].iterrows()
    assert said in row["reason"] and np.isnan(row["p_value"]) and np.isnan(row["ed50"])


def test_local_doses_count_by_themselves_and_one_dose_is_no_series() -> None:
    series, doses = _reason({n: {"route": "local pressure"} for n in range(2)}, 2)
    assert doses["counted_dose"].tolist() == [1, 2] and series["counted"].tolist() == ["each"]
    series, doses = _reason({}, 1)
    assert series.empty and doses["counted_dose"].isna().all()
    _, doses = _reason({1: {"status": "excluded", "reason": "by hand"}}, 3)
    assert doses["counted_dose"].tolist() == [1, 3, 7]  # what a person leaves out was given all the same


def test_halving_by_hand() -> None:
    """Pooled: (1 x 2 + 3 x 1) / 3; halved between doses 2 and 4, where ln 0.5 lies half-way."""
    assert _falling(np.array([1.0, 3.0, 0.0]), np.array([2.0, 1.0, 1.0])) == pytest.approx([5 / 3, 5 / 3, 0])
    half = np.log(0.5)
    rate = np.array([0.0, -0.1, half + 0.2, half - 0.2])
    dose, later = np.log([1.0, 2.0, 4.0]), np.array([0.0, 1.0, 1.0, 1.0])
    assert np.exp(_crossing(rate, np.ones(4), np.arange(3), dose)) == pytest.approx(np.sqrt(8))
    assert _crossing(rate - later, np.ones(4), np.arange(3), dose) == -np.inf
    assert _crossing(rate + later, np.ones(4), np.arange(3), dose) == np.inf


@pytest.mark.parametrize(("before", "rates", "slope"), [
    (2.0, (2, 1.9, 2, 0, 0), -33.3),
    (3.0, (2.9, 2.6, 1.5, 0.3, 0.02), -37.3),
    (2.0, (1.6, 1.26, 1, 0.8, 0.63), -16.8),
])  # fmt: skip
def test_doses_that_silence_count_as_the_others_do(before: float, rates: tuple[float, ...], slope: float) -> None:
    """Even counts, 300 s a dose, which add up to 1, 3, 7, 15 and 31: the slope of greatest Poisson likelihood."""
    windows = [
        Window(300.0 * (n - 1) + 15 + 30 * np.arange(10), np.full(10, 30.0), np.full(10, 30 * rate))
        for n, rate in enumerate((before, *rates))
    ]
    dose = np.array([1.0, 3, 7, 15, 31])
    found = trend(Dosed(windows[0], windows[1:], 300.0 * np.arange(5), dose, 30.0), [0.0])
    assert found.per_doubling == pytest.approx(slope, abs=0.1)
    low, high = found.interval
    assert low < found.per_doubling < high


def test_a_unit_that_may_have_been_lost_is_said_to_be() -> None:
    """2 Hz until the third of five doses, then not a spike: lost, or silenced."""
    series, doses = _reason({2: {"status": "excluded", "reason": "by hand"}}, 5, 1210.0)
    ((_, row),) = series.iterrows()
    assert "silenced or lost; no later spike tells which" in row["reason"] and "1 of 5 doses left out" in row["reason"]
    assert doses["reason"].str.contains("silenced or lost", na=False).tolist() == [False, False, False, True, True]


@pytest.mark.parametrize(("elsewhere", "refused"), [
    ({}, True),
    ({"session_id": "another"}, False),
    ({"drug": "idazoxan"}, False),
    ({"dose": 0.0}, False),
    ({"route": "local"}, False),
    ({"started_at": "2024-01-01T12:00:00"}, False),
    ({"site_id": "s", "segment": 0, "session_id": "another"}, False),
])  # fmt: skip
def test_doses_after_one_at_another_site_do_not_add_up(elsewhere: dict[str, Any], refused: bool) -> None:
    """The first site of a session had a dose of the same drug an hour before."""
    there = {"site_id": "r", "segment": 1, "session_id": "d", "started_at": "2024-01-01T10:00:00"}
    there |= {"drug": "clonidine", "dose": 1.0, "route": "i.v."} | elsewhere
    series, doses = _reason({}, 3, there=there)
    ((_, row),) = series.iterrows()
    assert (row["reason"] or "").startswith("clonidine was given before at another site") == refused
    assert doses["counted_dose"].isna().all() == refused and (row["counted"] is None) == refused


def _three(*, before_hz: tuple[float, float] = (2.0, 2.0), each_s: tuple[float, ...] = (300.0, 300.0, 300.0)) -> Any:
    """Doses of 1, 2, ..., as long as `each_s`, of a unit at `before_hz` in either half of 600 s, and then at 1 Hz."""
    ends = np.r_[0.0, 300.0, 600.0, 600 + np.cumsum(each_s)]
    rates = np.r_[before_hz, np.ones(len(each_s))]
    made = [np.arange(low + 0.5 / hz, high, 1 / hz) for low, high, hz in zip(ends[:-1], ends[1:], rates, strict=True)]
    spikes = pd.DataFrame({"site_id": "s", "unit_id": "1", "segment": 1.0, "time_s": np.concatenate(made)})
    frame = pd.DataFrame([{"site_id": "s", "segment": 1, "session_id": "d", "started_at": "2024-01-01T11:00:00"}])
    frame = frame.assign(duration_s=ends[-1], status="ok", reason=None)
    given = pd.DataFrame({"site_id": "s", "segment": 1, "onset": ends[2:-1], "dose": 2.0 ** np.arange(len(each_s))})
    given = given.assign(drug="clonidine", dose_unit="ug/kg", route="i.v.")
    rows = given.assign(unit_id="1", status="ok", reason=None).to_dict("records")
    events = given.assign(trial_type="drug", duration=0.0)
    return series_of(spikes, frame, events, recordings=frame, drug_responses=DRUG_RESPONSES.frame(rows))


@pytest.mark.parametrize("doses", [2, 3])
def test_doses_after_a_baseline_that_is_not_stable_say_so(doses: int) -> None:
    series, found = _three(before_hz=(1.0, 3.0), each_s=(300.0,) * doses)
    said = "change from the first dose not tested: the baseline is not stable: it runs 1, 1, 3, 3 Hz"
    assert found["reason"].tolist() == [said] * doses and found["from_first_dose_p"].isna().all()
    assert found["from_first_dose_percent"].to_numpy() == pytest.approx([-50.0] * doses)
    assert "the baseline is not stable, so the trend is not tested" in series["reason"].item()


def test_a_dose_with_too_little_time_says_so() -> None:
    series, found = _three(each_s=(300.0, 4.0, 300.0))
    first, short, last = found["reason"]
    assert first is None and last is None and short.startswith("too little time: 2 blocks of")
    assert found["from_first_dose_percent"].isna().tolist() == [False, True, False]
    assert "1 of 3 doses left out: by hand, or too little time; 2 different doses" in series["reason"].item()


def test_too_few_blocks_leave_the_measured_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coeruleus.responses.dose_change.FEWEST_FREE", 1000)
    series, found = _three()
    assert found["reason"].str.contains("not tested: too few blocks to tell what each dose did").all()
    assert found["from_first_dose_percent"].to_numpy() == pytest.approx([-50.0] * 3)
    assert "too few blocks" in series["reason"].item() and found["from_first_dose_p"].isna().all()
