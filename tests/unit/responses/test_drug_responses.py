"""Drug effects against trains whose rate changes in a known way, or drifts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coeruleus.responses import drugs
from coeruleus.responses.drift import change_p
from coeruleus.responses.drug_course import add_reversals, time_course
from coeruleus.simulation.trains import spike_train

from .conftest import train

Sheets = Callable[..., dict[str, pd.DataFrame]]
CLONIDINE = {"segment": 1, "trial_type": "drug", "drug": "clonidine", "onset": 600.0, "route": "i.p."}


def _rows(frames: dict[str, pd.DataFrame]) -> list[dict[str, Any]]:
    found, _ = drugs.test_drugs(
        frames["spikes"], frames["segments"], frames["events"], recordings=frames["recordings"], units=frames["units"]
    )
    return found.to_dict("records")


def _one(sheets: Sheets, seed: int, rate: Callable[[np.ndarray], np.ndarray]) -> dict[str, Any]:
    spikes = train(np.random.default_rng(seed), 2, rate, 1200)
    (row,) = _rows(sheets({1: (1200.0, {"1": spikes})}, [CLONIDINE]))
    return row


def _drifting(seed: int, rate_hz: float, memory_s: float, spread: float) -> Callable[[np.ndarray], np.ndarray]:
    """First-order log-normal drift of the rate, on a grid of 1 s."""
    rng = np.random.default_rng(10_000 + seed)
    keep = np.exp(-1 / memory_s)
    drift = np.empty(1202)
    drift[0] = rng.normal()
    for index in range(1, len(drift)):
        drift[index] = keep * drift[index - 1] + np.sqrt(1 - keep**2) * rng.normal()
    return lambda time: rate_hz * np.exp(spread * np.interp(time, np.arange(len(drift)), drift))


@pytest.mark.parametrize(("memory_s", "spread"), [(30.0, 0.0), (60.0, 0.3)])
def test_false_positives_with_a_rate_that_drifts(sheets: Sheets, memory_s: float, spread: float) -> None:
    """A plain comparison of counts is wrong in about half of the drifting trains."""
    rows = [_one(sheets, seed, _drifting(seed, 1.5, memory_s, spread)) for seed in range(60)]
    assert np.mean([row["p_value"] <= 0.05 for row in rows]) <= 0.12  # 6 % and 2.6 standard errors would be 14 %


def test_intervals_hold_no_change_where_the_rate_drifts_slowly(sheets: Sheets) -> None:
    """Intervals of the counts alone leave it out in 40 to 50 % of such trains."""
    rows = [_one(sheets, seed, _drifting(seed, 2.0, 600, 0.3)) for seed in range(40)]
    tested = [row for row in rows if row["p_value"] is not None and not np.isnan(row["p_value"])]
    assert len(tested) >= 25
    held = [row["percent_change_ci_low"] <= 0 <= row["percent_change_ci_high"] for row in tested]
    assert np.mean(held) >= 0.83  # 94 % less 2.6 standard errors
    assert all(np.isnan(row["percent_change_ci_low"]) for row in rows if row not in tested)
    assert any("own drift may do as much" in str(row["reason"]) for row in tested)
    assert not any("own drift" in str(row["reason"]) for row in tested if row["p_value"] <= 0.05)


@pytest.mark.parametrize(("memory", "share"), [(1.0, 0.0), (60.0, 0.6), (200.0, 0.9)])
def test_p_values_of_gaussian_drift_hold_also_between_the_drifts_tried(memory: float, share: float) -> None:
    times = np.r_[-np.arange(20)[::-1] - 0.5, np.arange(8) + 0.5]
    lag = np.abs(times[:, None] - times)
    root = np.linalg.cholesky((1 - share) * np.eye(28) + share * np.exp(-lag / memory))
    values = 5 + np.random.default_rng(3).standard_normal((400, 28)) @ root.T
    p = np.array([change_p(times, row, (0.0, 3.0)) for row in values])
    assert np.mean(p <= 0.05) <= 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / 400)
    assert change_p(times, 5 + 3 * values[0], (0.0, 3.0)) == pytest.approx(p[0])
    assert change_p(times, values[0] + 0.1 * times, (0.0, 3.0)) == pytest.approx(p[0])


def test_a_change_of_many_deviations_has_a_small_p_value_and_too_few_blocks_none() -> None:
    times = np.r_[-np.arange(10)[::-1] - 0.5, np.arange(10) + 0.5]
    values = np.random.default_rng(1).standard_normal(20)
    found = [change_p(times, values + size * (times > 0), (0.0, 3.0)) for size in (0.0, 4.0, 8.0, 16.0)]
    assert all(p is not None for p in found) and found == sorted(found, reverse=True) and found[-1] < 1e-4
    assert change_p(times[8:], values[8:], (0.0,)) is None


def test_a_steady_decline_is_no_drug_effect(sheets: Sheets) -> None:
    rows = [_one(sheets, seed, lambda time: 2.0 - time / 1200) for seed in range(20)]
    assert np.mean([row["p_value"] <= 0.05 for row in rows]) <= 0.15


@pytest.mark.parametrize(("left", "onset_s"), [(0.5, 0.0), (0.5, 60.0), (0.03, 90.0)])
def test_power_for_a_loss_that_comes_at_once_or_slowly(sheets: Sheets, left: float, onset_s: float) -> None:
    def rate(time: np.ndarray) -> np.ndarray:
        gone = np.exp(-(time - 600) / onset_s) if onset_s else 0.0
        return np.where(time < 600, 1.0, left + (1 - left) * gone)

    rows = [_one(sheets, seed, rate) for seed in range(20)]
    assert np.mean([row["p_value"] <= 0.05 for row in rows]) >= 0.9
    assert all(row["baseline_stable"] for row in rows)
    true = left + (1 - left) * onset_s / 600 * (1 - np.exp(-600 / max(onset_s, 1e-9)))
    covered = [row["percent_change_ci_low"] <= 100 * (true - 1) <= row["percent_change_ci_high"] for row in rows]
    assert np.mean(covered) >= 0.75


def test_windows_rates_and_change_by_hand(sheets: Sheets) -> None:
    """1 Hz before, silence after; the next drug ends the window, and the settling time precedes the next one."""
    spikes = np.arange(0.5, 600, 1.0)
    again = CLONIDINE | {"drug": "idazoxan", "onset": 900.0}
    first, second = _rows(sheets({1: (1200.0, {"1": spikes})}, [CLONIDINE, again]))
    assert (first["baseline_rate_hz"], first["response_rate_hz"], first["percent_change"]) == (1.0, 0.0, -100.0)
    assert (first["baseline_s"], first["response_s"]) == (600, 300)
    assert first["p_value"] < 0.001 and first["status"] == "ok"
    assert first["percent_change_ci_low"] == -100 < first["percent_change_ci_high"] < -90
    assert second["status"] == "insufficient_spikes" and "silenced or lost" in second["reason"]


def test_a_baseline_that_jumps_is_flagged_and_not_tested(sheets: Sheets) -> None:
    row = _one(sheets, 1, lambda time: np.where(time < 300, 3.0, 1.0))
    assert row["baseline_stable"] is False and np.isnan(row["p_value"]) and "not stable" in row["reason"]


def test_responses_to_pinches_do_not_count_as_drug_effect(sheets: Sheets) -> None:
    spikes = np.sort(np.r_[np.arange(0.5, 1200, 1.0), (700 + 30 * np.arange(10))[:, None].repeat(50, 1).ravel()])
    pinches = [{"segment": 1, "trial_type": "paw_pinch", "onset": 699.9 + 30.0 * n} for n in range(10)]
    (row,) = _rows(sheets({1: (1200.0, {"1": spikes})}, [CLONIDINE, *pinches]))
    assert row["response_rate_hz"] == pytest.approx(1.0, abs=0.02) and row["p_value"] > 0.5


def test_a_drug_at_the_start_of_a_segment_takes_its_baseline_from_the_one_before(sheets: Sheets) -> None:
    early, late = np.arange(0.25, 300, 0.5), np.arange(0.5, 300, 1.0)
    event = CLONIDINE | {"segment": 2, "onset": 0.0}
    (row,) = _rows(sheets({1: (300.0, {"1": early}), 2: (300.0, {"1": late})}, [event]))
    assert (row["baseline_rate_hz"], row["response_rate_hz"], row["percent_change"]) == (2.0, 1.0, -50.0)


def test_a_drug_outside_the_recording_keeps_its_row(sheets: Sheets) -> None:
    (row,) = _rows(sheets({1: (300.0, {"1": np.arange(0.5, 300, 1.0)})}, [CLONIDINE]))
    assert row["status"] == "failed" and "outside segment 1" in row["reason"]


def test_course_and_reversal_by_hand(sheets: Sheets) -> None:
    """2 Hz; clonidine at 600 s silences from 660 s on; idazoxan at 1200 s brings 1.5 Hz back: 75 % of what was lost."""
    parts = [np.arange(0.25, 660, 0.5), np.arange(1200.3, 1800, 1 / 1.5)]
    again = CLONIDINE | {"drug": "idazoxan", "onset": 1200.0}
    first, second = _rows(sheets({1: (1800.0, {"1": np.concatenate(parts)})}, [CLONIDINE, again]))
    assert first["effect_onset_s"] == pytest.approx(60, abs=1)
    assert first["largest_change_percent"] == -100 and np.isnan(first["recovery_s"])
    assert (second["previous_drug"], first["previous_drug"]) == ("clonidine", None)
    assert second["percent_of_first_baseline"] == pytest.approx(75, rel=0.01)
    assert second["reversal_percent"] == pytest.approx(75, rel=0.01)


def test_the_interval_of_a_reversal_is_that_of_the_drugs_own_change(sheets: Sheets) -> None:
    """2 Hz, 0.5 Hz under clonidine, 2 Hz again under idazoxan: + 300 % of what it met, and all of what was lost."""
    parts = [np.arange(0.25, 600, 0.5), np.arange(600.3, 1200, 2.0), np.arange(1200.2, 1800, 0.5)]
    again = CLONIDINE | {"drug": "idazoxan", "onset": 1200.0}
    _, second = _rows(sheets({1: (1800.0, {"1": np.concatenate(parts)})}, [CLONIDINE, again]))
    assert second["p_value"] <= 0.05 and second["reversal_percent"] == pytest.approx(100, rel=0.02)
    assert second["reversal_percent_ci_low"] == pytest.approx(second["percent_change_ci_low"] / 3, rel=0.02)
    assert second["reversal_percent_ci_high"] == pytest.approx(second["percent_change_ci_high"] / 3, rel=0.02)


def test_what_has_worn_off_is_not_reversed(sheets: Sheets) -> None:
    """Silent for 6 of the 15 min after clonidine, back before idazoxan comes: nothing was left to undo."""
    parts = [np.arange(0.25, 600, 0.5), np.arange(960.3, 2400, 0.5)]
    again = CLONIDINE | {"drug": "idazoxan", "onset": 1800.0}
    first, second = _rows(sheets({1: (2400.0, {"1": np.concatenate(parts)})}, [CLONIDINE, again]))
    assert first["p_value"] <= 0.05
    assert np.isnan(second["reversal_percent"]) and "worn off" in second["reason"]


def test_what_has_worn_off_is_said_beside_another_reason() -> None:
    rates = {"site_id": "s", "unit_id": "1", "session_id": "d", "segment": 1, "reason": None}
    first = rates | {"onset": 600.0, "drug": "a", "baseline_rate_hz": 2.0, "response_rate_hz": 1.0, "p_value": 0.01}
    first["left_hz"] = 1.0
    second = rates | {"onset": 1800.0, "drug": "b", "baseline_rate_hz": 2.0, "response_rate_hz": 2.1}
    second["reason"] = "the baseline is not stable"
    add_reversals([first, second])
    assert second["reason"] == "the baseline is not stable; what a changed had worn off before: no reversal to measure"


def test_recovery_is_where_half_of_the_change_is_gone() -> None:
    """Blocks of 30 s at 1 Hz: silence to 300 s, then back at once."""
    middle = np.arange(15.0, 600, 30)
    count = np.where(middle < 300, 0.0, 30.0)
    found = time_course(1.0, middle, np.full(20, 30.0), count)
    assert found["effect_onset_s"] == 0 and found["largest_change_percent"] == -100
    assert found["recovery_s"] == pytest.approx(315)


def _slow(seed: int) -> np.ndarray:
    """1 Hz, from 3600 s on to 40 % with a time constant of 10 min."""
    time = np.arange(0, 7200, 0.05)
    rate = 1 - 0.6 * np.where(time > 3600, 1 - np.exp(-np.maximum(time - 3600, 0) / 600), 0)
    return spike_train(np.random.default_rng(seed), rate, 4.0, step_s=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_an_effect_that_comes_slowly_is_found_over_an_hour(sheets: Sheets, seed: int) -> None:
    """Within 10 min no more than drift does, within the hour far more: both stand in their own columns."""
    (row,) = _rows(sheets({1: (7200.0, {"1": _slow(seed)})}, [CLONIDINE | {"onset": 3600.0}]))
    assert row["p_value"] <= 0.05 and row["response_s"] == row["baseline_s"] == 600 and row["compared_long_s"] == 3600
    assert row["percent_change"] == pytest.approx(-60 * np.exp(-1), abs=12)  # means of 10 min and of the hour
    assert row["percent_change_long"] == pytest.approx(-60 * (1 - 600 / 3600 * (1 - np.exp(-6))), abs=6)
    assert row["percent_change_long_ci_low"] < row["percent_change_long"] < row["percent_change_long_ci_high"] < 0
    if row["percent_change_ci_high"] > 0:
        assert "over 60 min" in row["reason"]


def test_equal_units_are_measured_over_equal_times(sheets: Sheets) -> None:
    """Whichever time a unit's own p-value favours."""
    units = {f"{seed:02d}": _slow(seed) for seed in range(12)}
    rows = pd.DataFrame(_rows(sheets({1: (7200.0, units)}, [CLONIDINE | {"onset": 3600.0}])))
    assert set(rows["response_s"]) == {600.0} and set(rows["compared_long_s"]) == {3600.0}
    assert rows["percent_change"].mean() == pytest.approx(-60 * np.exp(-1), abs=4)


def test_without_an_hour_nothing_is_said_of_it(sheets: Sheets) -> None:
    row = _one(sheets, 1, lambda time: np.where(time < 600, 2.0, 1.0))
    assert all(np.isnan(row[name]) for name in row if "_long" in name) and "percent_change_long" in row


def test_a_slow_effect_is_what_the_next_drug_undoes(sheets: Sheets) -> None:
    """Down to 40 % in the hour, hardly within 10 min; then back to 1 Hz."""
    back = 7200 + np.arange(0.5, 1200, 1.0)
    again = CLONIDINE | {"drug": "idazoxan", "onset": 7200.0}
    times = np.r_[_slow(0), back]
    _, second = _rows(sheets({1: (8400.0, {"1": times})}, [CLONIDINE | {"onset": 3600.0}, again]))
    assert second["reversal_percent"] == pytest.approx(100, abs=5)
