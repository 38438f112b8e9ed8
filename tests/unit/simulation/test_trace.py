"""A raw trace is the sum of its parts: spikes where the truth says, a coloured background, artefacts."""

import numpy as np
import pytest
from scipy.signal import welch

from coeruleus.simulation.trace import (
    Background,
    TraceUnit,
    artefact_signal,
    background_signal,
    simulate_trace,
    spikes_signal,
)
from coeruleus.simulation.waveforms import LC_LIKE, NARROW, template

RATE = 20000.0
NOTHING = Background(white_uv=0.0, slow_uv=0.0, distant_units=0, hum_uv=0.0)


def test_spikes_stand_where_the_truth_says_between_samples_too():
    times = np.array([0.1, 0.25001, 0.400025])
    signal = spikes_signal(TraceUnit(times, LC_LIKE), template(LC_LIKE), 10_000, RATE)
    for time in times:
        near = np.arange(round(time * RATE) - 10, round(time * RATE) + 10)
        expected = template(LC_LIKE)((near / RATE - time) * 1000)
        np.testing.assert_allclose(signal[near], expected, atol=1e-9)


def test_a_spike_cut_by_the_end_of_the_trace_is_cut():
    signal = spikes_signal(TraceUnit(np.array([0.0, 0.0499]), NARROW), template(NARROW), 1000, RATE)
    assert signal[0] == pytest.approx(NARROW.amplitude_uv)
    assert len(signal) == 1000


def test_amplitude_drifts_as_stated():
    unit = TraceUnit(np.array([0.05, 1.05]), LC_LIKE, drift_per_hour=-1800.0)
    signal = spikes_signal(unit, template(LC_LIKE), 40_000, RATE)
    assert signal[20_000:].max() / signal[:20_000].max() == pytest.approx((1 - 0.525) / (1 - 0.025), rel=1e-3)


def test_white_background_has_its_level_and_slow_one_falls():
    white = Background(slow_uv=0.0, distant_units=0, hum_uv=0.0, white_uv=5.0, lowpass_hz=1e9)
    rng = np.random.default_rng(1)
    assert background_signal(rng, 200_000, RATE, white).std() == pytest.approx(5.0, rel=0.01)
    slow = Background(slow_uv=20.0, distant_units=0, hum_uv=0.0, white_uv=0.0)
    signal = background_signal(rng, 2_000_000, RATE, slow)
    assert signal.std() == pytest.approx(20.0, rel=0.15)
    frequency, power = welch(signal, RATE, nperseg=65_536)
    inside = (frequency > 20) & (frequency < 1000)
    assert np.polyfit(np.log(frequency[inside]), np.log(power[inside]), 1)[0] == pytest.approx(-2, abs=0.1)


def test_channels_see_a_unit_by_its_gains():
    unit = TraceUnit(np.array([0.1]), LC_LIKE, gains=(1.0, 0.5, 0.2, 0.0))
    signal = simulate_trace(
        np.random.default_rng(2), [unit], duration_s=0.3, rate_hz=RATE, n_channels=4, background=NOTHING
    )
    assert signal.shape == (6000, 4)
    assert signal.max(axis=0) / signal[:, 0].max() == pytest.approx([1.0, 0.5, 0.2, 0.0], abs=1e-6)


def test_artefacts_lie_at_their_onsets_only():
    signal = artefact_signal(np.random.default_rng(3), 100_000, RATE, [2.0])
    assert np.all(signal[:40_000] == 0)
    assert np.all(signal[51_000:] == 0)
    assert np.abs(signal).max() > 100


def test_the_trace_has_the_waveform_that_the_truth_states():
    """The mean of what is recorded around true spikes is the filtered template."""
    times = np.arange(0.5, 59.5, 0.25)
    trace = simulate_trace(
        np.random.default_rng(4), [TraceUnit(times, LC_LIKE)], duration_s=60, rate_hz=RATE, highpass_hz=1.0
    )[:, 0]
    offsets = np.arange(-20, 60)
    mean = np.mean([trace[round(time * RATE) + offsets] for time in times], axis=0)
    expected = template(LC_LIKE, 1.0)(offsets / RATE * 1000)
    assert np.abs(mean - mean[:5].mean() - expected + expected[:5].mean()).max() < 6
