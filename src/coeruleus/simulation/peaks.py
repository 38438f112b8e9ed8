"""Shapes of chromatographic peaks, each of unit area and placed by its apex."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import erfc, erfcx

Shape = Literal["emg", "lognormal", "bigaussian", "two_tails", "parabolic", "haarhoff"]


def emg(time: np.ndarray, centre: float, sigma: float, tau: float) -> np.ndarray:
    """Exponentially modified Gaussian of unit area.

    `centre` is that of the Gaussian, not the apex; `sigma` > 0 and `tau` >= 0 are in the unit of `time`.
    Evaluated with the scaled complementary error function where the plain product would overflow
    (Kalambet et al. 2011, J. Chemometrics 25, 352).
    """
    u = (np.asarray(time, float) - centre) / sigma
    if tau < 1e-6 * sigma:
        return np.exp(-0.5 * u**2) / (sigma * np.sqrt(2 * np.pi))
    z = (sigma / tau - u) / np.sqrt(2)
    rising = np.exp(-0.5 * u**2) * erfcx(np.maximum(z, 0))
    falling = np.exp(0.5 * (sigma / tau) ** 2 - np.maximum(u, sigma / tau) * sigma / tau) * erfc(np.minimum(z, 0))
    return np.where(z >= 0, rising, falling) / (2 * tau)


def _density(time: np.ndarray, sigma: float, tau: float, shape: Shape) -> np.ndarray:
    """Unit-area shape near time 0, apex not yet in place."""
    if shape == "emg":
        return emg(time, 0.0, sigma, tau)
    if shape == "two_tails":
        return 0.88 * emg(time, 0.0, sigma, tau) + 0.12 * emg(time, 0.0, sigma, 3 * tau)
    if shape == "bigaussian":
        left, right = sigma, sigma + 0.7 * tau
        width = np.where(time < 0, left, right)
        return np.exp(-0.5 * (time / width) ** 2) / (np.sqrt(np.pi / 2) * (left + right))
    if shape == "lognormal":
        spread = 0.08 + 0.15 * tau / sigma
        start = -sigma / spread
        after = np.maximum(time - start, 1e-12)
        scaled = np.log(after * spread / sigma) / spread
        return np.where(time > start, np.exp(-0.5 * scaled**2) / (after * spread * np.sqrt(2 * np.pi)), 0.0)
    if shape == "parabolic":
        variance = sigma**2 + 0.3 * tau * time + 0.015 * time**2
        inside = variance > 0.02 * sigma**2
        height = np.where(inside, np.exp(-0.5 * time**2 / np.where(inside, variance, 1.0)), 0.0)
        return height / _parabolic_area(sigma, tau)
    if shape == "haarhoff":
        overload = 2.5 * tau / sigma
        u = time / sigma
        return (
            np.exp(-0.5 * u**2)
            / (np.sqrt(2 * np.pi) * sigma * overload)
            / (1 / np.expm1(overload) + 0.5 * erfc(-u / np.sqrt(2)))
        )
    raise ValueError(f"unknown peak shape {shape!r}")


@lru_cache(maxsize=4096)
def _parabolic_area(sigma: float, tau: float) -> float:
    time = np.linspace(-8 * sigma, 8 * sigma + 30 * tau, 40001)
    variance = sigma**2 + 0.3 * tau * time + 0.015 * time**2
    inside = variance > 0.02 * sigma**2
    height = np.where(inside, np.exp(-0.5 * time**2 / np.where(inside, variance, 1.0)), 0.0)
    return float(height.sum() * (time[1] - time[0]))


@lru_cache(maxsize=4096)
def _apex(sigma: float, tau: float, shape: Shape) -> float:
    def depth(time: float) -> float:
        return -float(_density(np.array([time]), sigma, tau, shape)[0])

    found = minimize_scalar(depth, bounds=(-2 * sigma, 2 * sigma + 2 * tau), method="bounded", options={"xatol": 1e-9})
    return float(found.x)


def peak(time: np.ndarray, apex: float, sigma: float, tau: float, shape: Shape = "emg") -> np.ndarray:
    """Peak of unit area (in the unit of `time`) whose highest point is at `apex`.

    `emg` is the exponentially modified Gaussian, `bigaussian` two half-Gaussians, `lognormal` skewed as its name says.
    Outside such families, as real peaks are: `two_tails` (an EMG with a second, three times slower tail),
    `parabolic` (a Gaussian whose variance changes along the peak: Torres-Lapasio et al. 1997, Anal. Chem. 69:3822)
    and `haarhoff` (an overloaded column: Haarhoff and Van der Linde 1966, Anal. Chem. 38:573).
    """
    return _density(np.asarray(time, float) - apex + _apex(sigma, tau, shape), sigma, tau, shape)
