"""Noise has the spectrum and the covariance that it states, at any sampling rate."""

import numpy as np
import pytest
from scipy.signal import welch

from coeruleus.simulation.noise import Noise, autocovariance, simulate_noise


def slope(noise: Noise, low_hz: float, high_hz: float, rate_hz: float = 10.0) -> float:
    rng = np.random.default_rng(1)
    parts = [welch(simulate_noise(rng, 8192, rate_hz, noise), rate_hz, nperseg=8192, window="hann") for _ in range(30)]
    frequency, power = parts[0][0], np.mean([part[1] for part in parts], axis=0)
    inside = (frequency > low_hz) & (frequency < high_hz)
    return float(np.polyfit(np.log(frequency[inside]), np.log(power[inside]), 1)[0])


def test_spectrum_slopes():
    assert slope(Noise(white=1, flicker=0, ripple=0), 0.05, 4) == pytest.approx(0, abs=0.03)
    assert slope(Noise(white=0, flicker=1, ripple=0), 0.02, 4) == pytest.approx(-1, abs=0.03)


@pytest.mark.parametrize("rate_hz", [2.0, 10.0])
def test_white_noise_is_stated_at_two_hz_and_grows_with_the_square_root_of_the_rate(rate_hz):
    signal = simulate_noise(np.random.default_rng(2), 100_000, rate_hz, Noise(white=0.004, flicker=0, ripple=0))
    assert signal.std() == pytest.approx(0.004 * np.sqrt(rate_hz / 2), rel=0.01)


def test_covariance_is_that_of_what_is_simulated():
    noise = Noise(white=0.5, flicker=0.4, ripple=0.3, ripple_period_s=5.0)
    rng = np.random.default_rng(3)
    traces = np.array([simulate_noise(rng, 64, 2.0, noise) for _ in range(6000)])
    found = [np.mean(traces[:, 0] * traces[:, lag]) for lag in range(20)]
    stated = autocovariance(64, 2.0, noise)[:20]
    np.testing.assert_allclose(found, stated, atol=4 * stated[0] / np.sqrt(6000) * 1.5)


def test_the_ends_of_a_trace_do_not_know_each_other():
    stated = autocovariance(2640, 2.0, Noise(ripple=0))
    assert stated[-1] < 0.2 * stated[1]


def test_ripple_has_its_period_and_amplitude():
    signal = simulate_noise(np.random.default_rng(4), 4000, 2.0, Noise(0.0, 0.0, 1.0, 8.0))
    assert signal.std() == pytest.approx(np.sqrt(0.5), rel=0.01)
    np.testing.assert_allclose(signal[:-16], signal[16:], atol=1e-9)
