"""Second responses, intervals of measures and habituation, against simulated truth and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.responses.cells import simulate
from benchmarks.responses.power import ONLY_EXCITED

from coeruleus.responses import onward
from coeruleus.responses.decide import decide
from coeruleus.responses.extent import extent_of
from coeruleus.responses.habituation import habituation
from coeruleus.responses.moved import Trials
from coeruleus.responses.onward import intervals_at_rest
from coeruleus.responses.scan import Deviation, windows_between

from .conftest import train, trial_set


def test_intervals_at_rest_are_those_outside_responses() -> None:
    """1 Hz at rest, ×20 for 2 s after events: the mean interval at rest is 1 s, not shorter for the bursts."""
    trials = trial_set(1, 4, 1.0, 40, 30.0, ((0.0, 2.0, 20.0),))
    found = intervals_at_rest(trials, 2.0, np.random.default_rng(1))
    assert found is not None
    of = np.arange(20_000) % len(found.at_most)
    drawn = found.longer_than(np.zeros(20_000), of, np.random.default_rng(1))
    assert drawn.mean() == pytest.approx(1.0, rel=0.08) and drawn.std() == pytest.approx(0.5, rel=0.15)
    late = found.longer_than(np.full(20_000, 1.5), of, np.random.default_rng(1))
    assert late.min() >= 1.5
    assert found.drawn(of, np.random.default_rng(1)).mean() == pytest.approx(drawn.mean(), rel=0.02)


def test_rest_that_is_seen_two_seconds_at_a_time_leaves_the_intervals_open() -> None:
    """Poisson of 1 Hz with an event every 5.5 s: the longest intervals are never seen whole. Over many trains the mean
    is 1 s all the same, and each train's distributions differ by as much as those of different trains do."""
    means = []
    for seed in range(60):
        trials, _ = simulate(ONLY_EXCITED[0], np.random.default_rng([9, seed]))
        found = intervals_at_rest(trials, 0.15, np.random.default_rng(seed))
        assert found is not None and len(found.at_most) == onward.REPLICATES
        means.append(found.quantiles.mean(axis=1))
    every = np.array(means)
    assert every.mean() == pytest.approx(1.0, abs=0.05)
    between = every.mean(axis=1).std()
    assert 0.75 <= every.std(axis=1).mean() / between <= 1.33


def test_spikes_expected_from_rest_are_right_on_average() -> None:
    """1 Hz, Poisson, 21 intervals of rest a train: one over an estimated mean is a twentieth too large on average (that
    of an inverse gamma variable of shape n is n ÷ (n − 1)), which would make plain firing look like a pause."""
    rates = []
    for seed in range(800):
        spikes = np.cumsum(np.random.default_rng(seed).exponential(1.0, 22))
        onsets = np.array([spikes[-1] + 1e-3])
        trials = Trials(spikes, onsets, np.array([5.0]), np.zeros(1), onsets + 5.0)
        found = intervals_at_rest(trials, 1.0, np.random.default_rng(seed))
        assert found is not None
        scale = np.exp(found.error * np.random.default_rng(seed).standard_normal(200))
        rates.append(np.mean(1 / (scale * found.quantiles.mean())))
    assert np.mean(rates) == pytest.approx(1.0, abs=0.025)


def test_rest_is_near_the_events() -> None:
    """From 3 to 1 Hz in half an hour, events in the last third: the intervals are those of that third."""
    means = []
    for seed in range(20):
        spikes = train(np.random.default_rng(seed), 4, lambda time: 3 - 2 * time / 1800, 1800.0)
        onsets = np.arange(1215.0, 1790.0, 30.0)
        trials = Trials(spikes, onsets, np.full(20, 5.0), np.zeros(20), np.full(20, 1800.0))
        found = intervals_at_rest(trials, 1.0, np.random.default_rng(1))
        assert found is not None
        means.append(found.quantiles.mean())
    assert 1 / np.mean(means) == pytest.approx(3 - 2 * 1500 / 1800, rel=0.05)


def test_time_in_which_a_unit_was_lost_makes_no_rest_scarce() -> None:
    """A pause at 3.5 to 5 s of each event lies in the events' time, of which none is taken where other rest is plenty,
    however much time under another drug lies behind the moment the unit was lost."""
    onsets = 10.0 + 8 * np.arange(70)
    spikes = np.arange(0.0, 620.0, 0.5)
    since = spikes - np.r_[-np.inf, onsets][np.searchsorted(onsets, spikes, side="right")]
    spikes = spikes[(since < 3.5) | (since >= 5)]
    ends = np.full(70, 620.0)
    drug = (np.array([600.0]), np.array([1800.0]))
    trials = Trials(spikes, onsets, np.full(70, 5.0), np.zeros(70), ends, (), drug)
    found = intervals_at_rest(trials, 0.5, np.random.default_rng(1))
    assert found is not None and found.quantiles.max() <= 0.5 + 1e-9


def test_half_of_the_weight_is_for_a_pause_that_follows_at_once() -> None:
    edges = np.array([0.5, 0.52, 0.55, 1.0, 2.0, 3.0])
    windows = windows_between(edges, 0.5, at_once_s=0.55)
    assert windows is not None and windows.inhibition.sum() == pytest.approx(1.0)
    of_start = np.bincount(windows.low, windows.inhibition)
    assert of_start[:3] == pytest.approx(np.full(3, 1 / 6))


def test_intervals_that_are_all_alike_are_drawn_as_they_are() -> None:
    spikes = np.arange(0.0, 400.0, 0.3)  # no binary fraction: squares do not cancel
    onsets = 20.25 + 30.0 * np.arange(10)
    trials = Trials(spikes, onsets, np.full(10, 5.0), np.zeros(10), np.full(10, 400.0))
    found = intervals_at_rest(trials, 1.0, np.random.default_rng(1))
    assert found is not None
    of = np.arange(500) % len(found.at_most)
    assert found.drawn(of, np.random.default_rng(1)) == pytest.approx(np.full(500, 0.3))
    assert found.from_any_moment(of, np.random.default_rng(1)).max() <= 0.3 + 1e-9


def test_the_pause_after_a_burst_of_a_regular_cell_is_its_own_interval() -> None:
    """A clock of 1 Hz that is reset by three spikes at 0.1 to 0.2 s: next spike 1 s later, as always."""
    onsets = 20.0 + 15.0 * np.arange(30) + np.random.default_rng(2).random(30)
    spikes = np.concatenate(
        [np.arange(low + 1.2, high, 1.0) for low, high in zip(np.r_[0, onsets], np.r_[onsets, 480], strict=True)]
    )
    spikes = np.sort(np.r_[spikes, (onsets[:, None] + [0.1, 0.15, 0.2]).ravel()])
    ends = np.full(30, 480.0)
    trials = Trials(spikes, onsets, np.full(30, 5.0), np.zeros(30), ends)
    found = decide(trials, 1.0, np.random.default_rng(1))
    assert found is not None and found.excitation.p <= 0.01
    burst = found.excitation.extent
    assert burst is not None and (burst.start_s, burst.end_s) == pytest.approx((0.1, 0.2), abs=0.02)
    again = onward.test_onward(trials, burst, True, 5.0, np.random.default_rng(1))
    assert again is not None and again.inhibition.p > 0.05


def test_intervals_of_start_duration_and_rate_hold_the_truth() -> None:
    held = []
    for seed in range(40):
        trials = trial_set(seed, 1, 1.0, 20, 15, ((0.05, 0.35, 15.0),))
        extent = extent_of(trials, Deviation(0.001, 0.04, 0.4, 90, 7.2), 1.0, True, (0.0, 5.0))
        held.append(
            (
                extent.start_ci[0] <= 0.05 <= extent.start_ci[1],
                extent.duration_ci[0] <= 0.30 <= extent.duration_ci[1],
                extent.rate_ci[0] <= 15 <= extent.rate_ci[1],
            )
        )
        assert extent.start_ci[0] <= extent.start_s <= extent.start_ci[1]
    assert (np.mean(held, axis=0) >= 0.75).all()  # 90 % less 3 standard errors


def test_habituation_is_found_where_the_response_fades() -> None:
    """30, 29, ... 1 spikes in the response: a straight line from 194 to 6 % of the mean, −187 % of it."""
    onsets = 20.0 + 15.0 * np.arange(30)
    spikes = np.sort(np.concatenate([onset + 0.1 + 0.01 * np.arange(30 - n) for n, onset in enumerate(onsets)]))
    trials = Trials(spikes, onsets, np.full(30, 5.0), np.zeros(30), np.full(30, 480.0))
    found = decide(trials, 0.0, np.random.default_rng(1))
    assert found is not None
    change, p = habituation(trials, found) or (0.0, 1.0)
    assert change == pytest.approx(-100 * 29 / 15.5, rel=0.02) and p <= 0.001
    same = trial_set(5, 1, 1.0, 30, 15, ((0.05, 0.35, 15.0),))
    steady = decide(same, 1.0, np.random.default_rng(1))
    assert steady is not None
    assert (habituation(same, steady) or (0.0, 0.0))[1] > 0.01
