"""Tests of excitation and inhibition against simulated trains whose responses are known."""

from __future__ import annotations

import numpy as np
import pytest

from coeruleus.responses.decide import decide
from coeruleus.responses.scan import ALPHA, scan, signed_root

from .conftest import trial_set

CALM: tuple[tuple[float, float, float], ...] = ()
BIPHASIC = ((0.05, 0.55, 5.0), (0.55, 2.55, 0.0))


def _false_positives(cases: list[tuple[float, float, int, float]], trains: int) -> tuple[float, float, int]:
    up = down = total = 0
    for shape, rate, events, gap in cases:
        for number in range(trains):
            trials = trial_set(1000 * events + number, shape, rate, events, gap, CALM)
            found = scan(trials, np.random.default_rng(number))
            assert found is not None
            up += found.excitation.p <= ALPHA
            down += found.inhibition.p <= ALPHA
            total += 1
    return up / total, down / total, total


def test_false_positives_stay_at_five_per_cent_each() -> None:
    """Poisson and regular trains, few and many events, sparse and dense: 5 % within Monte-Carlo error."""
    cases = [(s, r, n, g) for s in (1.0, 4.0) for r in (0.5, 4.0) for n, g in ((10, 20.0), (50, 5.5))]
    up, down, total = _false_positives(cases, 45)
    most = ALPHA + 2.6 * np.sqrt(ALPHA * (1 - ALPHA) / total)
    assert up <= most and down <= most
    assert up >= 0.02 and down >= 0.02, "the test has become blunt"


@pytest.mark.parametrize(("shape", "events"), [(1.0, 5), (1.0, 20), (4.0, 5)])
def test_power_for_a_biphasic_response(shape: float, events: int) -> None:
    """×5 for 0.5 s, then 2 s of silence, at 1.5 Hz."""
    both = []
    for number in range(25):
        found = decide(trial_set(number, shape, 1.5, events, 15, BIPHASIC), 1.5, np.random.default_rng(number))
        assert found is not None and found.inhibition is not None
        both.append((found.excitation.p <= ALPHA, found.inhibition.p <= ALPHA))
    assert np.mean([up for up, _ in both]) >= 0.88
    assert np.mean([down for _, down in both]) >= 0.96


def test_latency_and_durations_of_a_response_like_that_to_foot_shock() -> None:
    late, long, pause = [], [], []
    for number in range(15):
        trials = trial_set(number, 2, 1.0, 40, 8, ((0.05, 0.35, 15.0), (0.35, 2.85, 0.05)))
        found = decide(trials, 1.0, np.random.default_rng(number))
        assert found is not None and found.inhibition is not None
        up, down = found.excitation.extent, found.inhibition.extent
        assert up is not None and down is not None
        late.append(abs(up.start_s - 0.05))
        long.append(up.end_s - up.start_s)
        pause.append(down.end_s - down.start_s)
    assert np.median(late) <= 0.008
    assert np.median(long) == pytest.approx(0.30, rel=0.15)
    assert np.median(pause) == pytest.approx(2.5, rel=0.15)


def test_plain_firing_after_a_burst_is_no_inhibition_nor_after_a_pause_an_excitation() -> None:
    """Events so dense that the average over the cycle holds the response: the other sign must not appear."""
    down = up = 0
    for number in range(20):
        burst = decide(trial_set(number, 1, 1.0, 80, 5.5, ((0.05, 0.15, 25.0),)), 1.0, np.random.default_rng(number))
        pause = decide(trial_set(number, 1, 1.0, 80, 5.5, ((0.5, 3.0, 0.0),)), 1.0, np.random.default_rng(number))
        assert burst is not None and pause is not None and burst.inhibition is not None and pause.inhibition is not None
        assert burst.excitation.p <= ALPHA and pause.inhibition.p <= ALPHA
        down += burst.inhibition.p <= ALPHA
        up += pause.excitation.p <= ALPHA
    assert down <= 4 and up <= 4  # P(more than 4 of 20 at 5 %) = 0.3 %


def test_a_cell_too_slow_to_show_a_silence_is_not_called_uninhibited() -> None:
    untestable = 0
    for number in range(20):
        found = decide(trial_set(number, 1, 0.2, 4, 20, CALM), 0.2, np.random.default_rng(number))
        if found is not None and found.inhibition is None:
            untestable += 1
            # 4 events × 2 s × 0.2 Hz = 1.6 spikes expected; no silence of fewer than 3 can reach 5 %.
            assert np.isnan(found.events_needed) or found.events_needed > 4
    assert untestable >= 15


def test_signed_root_by_hand() -> None:
    assert signed_root(np.array(0.0), np.array(8.0)) == pytest.approx(-4.0)  # √(2 × 8)
    assert signed_root(np.array(8.0), np.array(8.0)) == 0
    assert signed_root(np.array(6.0), np.array(2.0)) == pytest.approx(np.sqrt(2 * (6 * np.log(3) - 4)))
