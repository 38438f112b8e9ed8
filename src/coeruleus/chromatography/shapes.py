"""Peak shapes of unit area with their apex at zero: the exponentially modified Gaussian, and tables of any shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import erfc, erfcx

from coeruleus.chromatography.arrays import Floats

STEPS_PER_SIGMA = 40
LOGNORMAL_SKEW = 0.2


def emg(time: Floats, mean: float, sigma: float, tau: float) -> Floats:
    """Exponentially modified Gaussian of unit area; `mean` is that of its Gaussian, all in the unit of `time`.

    Written with the scaled complementary error function left of the tail and with exp·erfc right of it, so
    that neither overflows (Kalambet et al. 2011, J. Chemometrics 25:352). A `tau` below a thousandth of
    sigma is a Gaussian; a negative one is a fronting peak.
    """
    if tau < 0:
        return emg(-time, -mean, sigma, -tau)
    u = (time - mean) / sigma
    if tau < 1e-3 * sigma:
        return np.exp(-0.5 * u * u) / (sigma * np.sqrt(2 * np.pi))
    ratio = sigma / tau
    z = (ratio - u) / np.sqrt(2)
    left = np.exp(-0.5 * u * u) * erfcx(np.maximum(z, 0.0))
    right = np.exp(np.minimum(0.5 * ratio * ratio - u * ratio, 0.0)) * erfc(np.minimum(z, 0.0))
    return np.where(z >= 0, left, right) / (2 * tau)


@dataclass(frozen=True)
class Shape:
    """A peak of unit area, tabulated: `x` minutes from its apex (evenly spaced), `y` per minute."""

    x: Floats
    y: Floats

    @cached_property
    def slope(self) -> Floats:
        return np.asarray(np.gradient(self.y, self.x))

    def at(self, minutes: Floats, stretch: float = 1.0) -> Floats:
        """Height per unit of area, `minutes` after the apex; `stretch` widens the peak at constant area."""
        return np.interp(minutes / stretch, self.x, self.y, left=0.0, right=0.0) / stretch

    def slope_at(self, minutes: Floats, stretch: float = 1.0) -> Floats:
        return np.interp(minutes / stretch, self.x, self.slope, left=0.0, right=0.0) / stretch**2

    def stretched(self, factor: float) -> Shape:
        return Shape(self.x * factor, self.y / factor)

    @cached_property
    def top(self) -> float:
        return float(self.y.max())

    @cached_property
    def _edges(self) -> dict[float, tuple[float, float]]:
        return {}

    def edges(self, fraction: float) -> tuple[float, float]:
        """Where the peak crosses a fraction of its height, before and after the apex, in minutes."""
        if fraction not in self._edges:
            self._edges[fraction] = self._crossings(fraction)
        return self._edges[fraction]

    def _crossings(self, fraction: float) -> tuple[float, float]:
        level, apex = fraction * self.top, int(np.argmax(self.y))
        before = np.flatnonzero(self.y[:apex] < level)
        after = np.flatnonzero(self.y[apex:] < level)
        left = int(before[-1]) if before.size else 0
        right = apex + (int(after[0]) if after.size else self.y.size - 1 - apex)
        low = np.interp(level, [self.y[left], self.y[left + 1]], [self.x[left], self.x[left + 1]])
        high = np.interp(level, [self.y[right], self.y[right - 1]], [self.x[right], self.x[right - 1]])
        return float(low), float(high)

    @cached_property
    def width_half(self) -> float:
        low, high = self.edges(0.5)
        return high - low

    @cached_property
    def tailing(self) -> float:
        """USP symmetry factor: width at 5 % of height over twice its front half (USP <621>)."""
        low, high = self.edges(0.05)
        return (high - low) / (2 * -low)

    @cached_property
    def support(self) -> tuple[float, float]:
        """Minutes before and after the apex that hold all but a two-thousandth of the area on either side."""
        share = np.cumsum(self.y) / self.y.sum()
        return float(self.x[np.searchsorted(share, 5e-4)]), float(self.x[np.searchsorted(share, 1 - 5e-4)])


def tabulate(x: Floats, y: Floats) -> Shape:
    """A shape from any positive bump: apex moved to zero, area to one, on an even grid."""
    apex = int(np.argmax(y))
    around = slice(max(apex - 1, 0), apex + 2)
    centre = float(x[apex])
    if y[around].size == 3:
        a, b, c = y[around]
        if a - 2 * b + c < 0:
            centre += float(0.5 * (a - c) / (a - 2 * b + c) * (x[1] - x[0]))
    return Shape(x - centre, y / (y.sum() * (x[1] - x[0])))


def emg_apex(sigma: float, tau: float) -> float:
    """Time of the EMG's maximum after the mean of its Gaussian."""
    x = np.linspace(-sigma, sigma + 2 * sigma * min(tau / sigma, 3.0), 801)
    y = emg(x, 0.0, sigma, tau)
    top = int(np.clip(np.argmax(y), 1, x.size - 2))
    a, b, c = y[top - 1 : top + 2]
    return float(x[top] + 0.5 * (a - c) / (a - 2 * b + c) * (x[1] - x[0]))


def emg_shape(sigma: float, tau: float) -> Shape:
    """The tabulated EMG with Gaussian width `sigma` and time constant `tau`, in minutes."""
    reach = abs(tau)
    low, high = -6 * sigma - (12 * reach if tau < 0 else 0), 6 * sigma + (12 * reach if tau > 0 else 0)
    n = int(np.ceil((high - low) / sigma * STEPS_PER_SIGMA))
    x = np.linspace(low, high, n)
    return tabulate(x, emg(x, 0.0, sigma, tau))


def bigaussian_shape(sigma: float, tau: float) -> Shape:
    """Two half Gaussians, of width `sigma` before the apex and `sigma` + `tau` after it, in minutes."""
    after = sigma + tau
    x = np.arange(-6 * sigma, 6 * after, sigma / STEPS_PER_SIGMA)
    return tabulate(x, np.exp(-0.5 * (x / np.where(x < 0, sigma, after)) ** 2))


def lognormal_shape(sigma: float, tau: float) -> Shape:
    """The log-normal peak of Fraser and Suzuki (1969, Anal. Chem. 41:37), as skewed as `tau` ÷ `sigma` says."""
    skew = LOGNORMAL_SKEW * tau / sigma
    x = np.arange(-min(6.0, 0.999 / skew), min(np.expm1(5 * skew) / skew, 40.0), 1 / STEPS_PER_SIGMA)
    return tabulate(x * sigma, np.exp(-0.5 * (np.log1p(skew * x) / skew) ** 2))


FAMILIES: dict[str, Callable[[float, float], Shape]] = {
    "emg": emg_shape,
    "bigaussian": bigaussian_shape,
    "lognormal": lognormal_shape,
}
