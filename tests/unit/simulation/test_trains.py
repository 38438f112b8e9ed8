"""Trains have the rate, the regularity, the responses and the drug effects that they state."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeruleus.simulation.trains import (
    bursty_train,
    drifting_rate,
    drop_refractory,
    flat_rate,
    spike_train,
    with_drug,
    with_responses,
)


@pytest.mark.parametrize("shape", [1.0, 4.0, 10.0])
@pytest.mark.parametrize("rate_hz", [0.5, 4.0])
def test_gamma_trains_have_the_stated_rate_and_cv(shape, rate_hz):
    times = spike_train(np.random.default_rng(1), flat_rate(6000, rate_hz, 0.01), shape, step_s=0.01)
    expected_error = np.sqrt(rate_hz * 6000 / shape) / 6000
    assert len(times) / 6000 == pytest.approx(rate_hz, abs=4 * expected_error)
    intervals = np.diff(times)
    assert intervals.std() / intervals.mean() == pytest.approx(1 / np.sqrt(shape), rel=0.06)


def test_a_regular_train_begins_anywhere_in_its_interval():
    starts = [spike_train(np.random.default_rng(seed), flat_rate(20, 1.0), 50.0)[0] for seed in range(300)]
    assert np.mean(starts) == pytest.approx(0.5, abs=0.07)


def test_bursty_trains_keep_the_rate_and_have_short_intervals():
    times = bursty_train(np.random.default_rng(2), flat_rate(6000, 2.0, 0.01), step_s=0.01)
    assert len(times) / 6000 == pytest.approx(2.0, rel=0.05)
    assert np.mean(np.diff(times) < 0.08) > 0.2
    assert np.diff(times).std() / np.diff(times).mean() > 1.1


def test_responses_raise_and_silence_the_rate_where_stated():
    onsets = np.arange(5.0, 2995, 10)
    rate = with_responses(flat_rate(3000, 1.5), onsets, latency_s=0.05, excitation_s=0.5, suppression_s=2.0)
    times = spike_train(np.random.default_rng(3), rate, 4.0)
    after = (times[:, None] - onsets[None, :]).ravel()
    count = np.histogram(after, [-2.0, 0.0, 0.05, 0.55, 2.55])[0] / len(onsets)
    assert count[0] / 2 == pytest.approx(1.5, rel=0.1)
    assert count[2] / 0.5 == pytest.approx(7.5, rel=0.1)
    assert count[3] == 0


def test_a_drug_silences_and_wears_off_or_is_reversed():
    rate = flat_rate(2000, 2.0)
    lasting = with_drug(rate, 300, remaining=0.0)
    assert lasting[:300_000] == pytest.approx(2.0)
    assert lasting[-1] == pytest.approx(0.0, abs=1e-6)
    for back in ({"recovery_s": 800.0}, {"reversal_s": 800.0}):
        course = with_drug(rate, 300, remaining=0.1, **back)
        assert course[799_000] == pytest.approx(0.2, rel=0.01)
        assert course[-1] == pytest.approx(2.0, rel=0.01)


def test_a_drifting_rate_keeps_its_mean_and_spread():
    rates = np.array([drifting_rate(np.random.default_rng(seed), 60, 3.0, 0.3, 30.0, 0.01) for seed in range(400)])
    assert rates.mean() == pytest.approx(3.0, rel=0.03)
    assert np.log(rates[:, 1000]).std() == pytest.approx(0.3, rel=0.12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 30), st.floats(0.001, 0.01))
def test_no_interval_is_shorter_than_the_refractory_period(seed, rate_hz, refractory_s):
    times = spike_train(np.random.default_rng(seed), flat_rate(30, rate_hz), 1.0, refractory_s)
    assert np.all(np.diff(times) >= refractory_s)
    assert np.all((times >= 0) & (times < 30))


def test_dropping_keeps_the_first_of_each_group():
    np.testing.assert_array_equal(drop_refractory(np.array([0.0, 0.001, 0.0025, 0.01]), 0.002), [0.0, 0.0025, 0.01])


def test_silence_makes_no_spikes():
    assert len(spike_train(np.random.default_rng(1), np.zeros(1000))) == 0
