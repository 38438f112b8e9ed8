"""Noise of an electrochemical detector: white, 1/f, and the ripple of the pump, with known spectrum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Noise:
    """Stationary detector noise.

    `white` is the standard deviation (nA) of the white part when sampled at 2 Hz; it grows with the square
    root of the rate, as unfiltered white noise does. `flicker`² ÷ f is the one-sided power density (nA²/Hz)
    of the 1/f part. `ripple` is the amplitude (nA) of the pump's sinusoid, `ripple_period_s` its period.
    """

    white: float = 0.004
    flicker: float = 0.0012
    ripple: float = 0.002
    ripple_period_s: float = 5.7

    def density(self, frequency_hz: np.ndarray) -> np.ndarray:
        """One-sided power density (nA²/Hz) of the white and 1/f parts at frequencies > 0."""
        return self.white**2 + self.flicker**2 / np.asarray(frequency_hz, float)


def _grid(n: int, rate_hz: float) -> tuple[int, np.ndarray]:
    # Twice the length: spectral synthesis is periodic, and the trace's ends must not know each other.
    size = 2 * n
    return size, np.fft.rfftfreq(size, 1 / rate_hz)[1:]


def simulate_noise(rng: np.random.Generator, n: int, rate_hz: float, noise: Noise) -> np.ndarray:
    """`n` samples (nA) of noise at `rate_hz`, by spectral synthesis."""
    size, frequency = _grid(n, rate_hz)
    scale = np.sqrt(noise.density(frequency) * rate_hz * size / 4)
    spectrum = np.zeros(size // 2 + 1, complex)
    spectrum[1:] = scale * (rng.standard_normal(len(frequency)) + 1j * rng.standard_normal(len(frequency)))
    spectrum[-1] = spectrum[-1].real
    phase = rng.uniform(0, 2 * np.pi)
    ripple = noise.ripple * np.sin(2 * np.pi * np.arange(n) / rate_hz / noise.ripple_period_s + phase)
    return np.fft.irfft(spectrum, size)[:n] + ripple


def autocovariance(n: int, rate_hz: float, noise: Noise) -> np.ndarray:
    """Autocovariance (nA²) at lags 0..n-1 of what `simulate_noise` makes: the first row of its covariance.

    With it the lower bound of an area's error (Cramér–Rao) is exact: (XᵀC⁻¹X)⁻¹.
    """
    size, frequency = _grid(n, rate_hz)
    power = np.zeros(size // 2 + 1)
    power[1:] = noise.density(frequency) * rate_hz / 2
    power[-1] /= 2  # synthesised from a real number alone
    lag = np.arange(n) / rate_hz
    return np.fft.irfft(power, size)[:n] + noise.ripple**2 / 2 * np.cos(2 * np.pi * lag / noise.ripple_period_s)
