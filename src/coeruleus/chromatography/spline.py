"""What a peak's shape has beyond a formula: a spline on its logarithm, from what fits of clear peaks leave over.

On the logarithm, so that a shape stays positive and its tails fall off however they are corrected, and free to
wander away from the apex, since it is in the tails that peaks leave every formula. The corrections of a run's analytes
have something in common, since they passed one column and one detector; how much, and how large corrections are at
all, is estimated (empirical Bayes: Morris 1983, J. Am. Stat. Assoc. 78:47), so that a peak that follows the formula
keeps it, and one whose own standards say little borrows from the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from coeruleus.chromatography.arrays import Floats
from coeruleus.chromatography.fit import Fit
from coeruleus.chromatography.shapes import FAMILIES, Shape, tabulate
from coeruleus.chromatography.strong import Strong

ENOUGH = 6  # peaks, to say how much baselines vary
BEFORE, AFTER, KNOT = 2.0, 5.0, 0.25  # reach and spacing of the spline, in full widths at half height
MEMORY = 1.0  # of the slope of the logarithm's correction, in full widths at half height
CORE, FALL = 1.0, 0.7  # a slower tail is part of the baseline: no fit can tell the two apart
BLIND = (-1.25, 2.3)  # of another peak, in its widths at half height
SIZES = np.geomspace(0.03, 4.0, 8)  # of the slope of the logarithm's correction, for a full width at half height
STEP = 10.0  # times as much, or as little, in one pass at most
SPOILT = 3.0  # times the usual misfit: left out
FLOOR = 3e-3  # of the area: no shape is known better


@dataclass(frozen=True)
class Draft:
    """A shape in the making: a formula's width and tailing (minutes) and, once there is one, a spline on it."""

    sigma: float
    tau: float
    family: str = "emg"
    weights: Floats | None = None

    def formula(self, ratio: float = 1.0) -> Shape:
        tau = float(np.clip(self.tau * ratio, 0.01 * self.sigma, 6 * self.sigma))
        return FAMILIES[self.family](self.sigma, tau)

    def widened(self, factor: float) -> Draft:
        return replace(self, sigma=self.sigma * factor, tau=self.tau * factor)

    def of(self, family: str) -> Draft:
        """The member of another family that is as wide and tails as much."""
        like = self.formula()
        ratios = np.geomspace(0.05, 5.0, 25)
        tailing = [FAMILIES[family](1.0, float(r)).tailing for r in ratios]
        ratio = float(np.interp(like.tailing, np.maximum.accumulate(tailing), ratios))
        sigma = like.width_half / FAMILIES[family](1.0, ratio).width_half
        return Draft(sigma, ratio * sigma, family)


@dataclass(frozen=True)
class _Basis:
    """Cubic B-splines over minutes from the apex."""

    knots: Floats
    step: float

    def at(self, minutes: Floats) -> Floats:
        u = np.abs((minutes[:, None] - self.knots) / self.step)
        return np.where(u < 1, 2 / 3 - u**2 + u**3 / 2, np.where(u < 2, (2 - np.minimum(u, 2)) ** 3 / 6, 0.0))


@dataclass(frozen=True)
class Gathered:
    """All clear peaks of an analyte, for the least squares of a correction to its shape."""

    peaks: Sequence[Strong]
    penalty: Floats  # of each baseline coefficient's departure from the run's mean: one over its variance

    def beyond(self, make: Callable[[Floats], Floats]) -> tuple[Floats, Floats, Floats]:
        """Normal matrix and right side of a correction, and what each of its terms leaks into the area.

        `make` gives the terms (n, terms) at minutes from the apex. Only what the fits' own freedom cannot take
        counts; of the baseline that is what it varies between injections, so that what grows with the peak is the
        peak's. The baseline's mean is unknown.
        """
        total: Floats | float = 0.0
        leak = None
        for peak in self.peaks:
            fit, c = peak.fit, peak.component
            spread = max(fit.chi, 1.0)
            terms = fit.weights.whitener @ make((fit.time - c.centre) / c.stretch)
            terms *= peak.area / c.stretch / fit.scale
            if leak is None:
                leak = np.linalg.lstsq(fit.whitened_design, terms)[0][0] / peak.area
            count, order = len(fit.components), fit.coefficients.size
            baseline = fit.whitened_design[:, count : count + order]
            left = fit.whitened_residual + baseline @ fit.coefficients
            data = np.concatenate([terms, baseline, left[:, None]], axis=1) / spread
            free = np.concatenate([fit.whitened_design, *_blind(fit)], axis=1) / spread
            inner = free.T @ free
            size = inner.shape[0] + 1
            inner.flat[::size] = inner.flat[::size] * (1 + 1e-9) + 1e-300
            inner.flat[count * size : (count + order) * size : size] += self.penalty
            cross = free.T @ data
            total = total + data.T @ data - cross.T @ np.linalg.solve(inner, cross)
        assert leak is not None
        n = leak.size
        whole = np.asarray(total)
        mean = whole[n:-1, n:-1]
        mean.flat[:: mean.shape[0] + 1] *= 1 + 1e-9
        taken = np.linalg.solve(mean, whole[n:-1, [*range(n), -1]])
        reduced = whole[:n][:, [*range(n), -1]] - whole[:n, n:-1] @ taken
        return 0.5 * (reduced[:, :n] + reduced[:, :n].T), reduced[:, -1], leak


def _blind(fit: Fit) -> list[Floats]:
    """Terms for anything smooth under the other peaks of a fit: what their shapes lack must not pass for this one's.

    In standards all peaks grow together, so that the tail of one could take over the peak that stands on it.
    """
    result, main = [], fit.components[0]
    for c in fit.components[1:]:
        width, gap = c.shape.width_half * c.stretch, c.centre - main.centre
        knots = c.centre + np.arange(*BLIND, KNOT) * width
        knots = knots[(knots - main.centre) / gap > 0.5 + 2 * KNOT * width / abs(gap)]
        result.append(fit.weights.whitener @ _Basis(knots, KNOT * width).at(fit.time) / fit.scale)
    return result


def gather(peaks: Sequence[Strong]) -> Gathered:
    """Without those that fit far worse than the others: a bad standard, an air bubble."""
    usual = float(np.median([p.fit.chi for p in peaks]))
    peaks = [p for p in peaks if p.fit.chi <= SPOILT * usual]
    coefficients, area = np.array([p.fit.coefficients for p in peaks]), np.array([p.area for p in peaks])
    if len(peaks) < ENOUGH or np.ptp(area) < 0.5 * area.max():
        return Gathered(peaks, 1e-9 / np.maximum((coefficients**2).mean(axis=0), 1e-300))
    line = np.column_stack([np.ones(area.size), area])
    left = coefficients - line @ np.linalg.lstsq(line, coefficients, rcond=None)[0]
    return Gathered(peaks, 1 / np.maximum((left**2).sum(axis=0) / (area.size - 2), 1e-300))


class Correction:
    """The least squares of one analyte's spline, in numbers of the size that is expected of it."""

    def __init__(self, draft: Draft, gathered: Gathered) -> None:
        self.draft, self.plain = draft, draft.formula()
        width = self.plain.width_half
        self.basis = _basis(width)
        self.before = np.zeros(self.basis.knots.size) if draft.weights is None else draft.weights
        x, y = bent(self.plain, self.before)
        whole, moved = float(y.sum() * (x[1] - x[0])), float(x[0] - tabulate(x, y).x[0])

        def terms(minutes: Floats) -> Floats:
            at = minutes + moved
            return self.basis.at(at) * (np.interp(at, x, y, left=0.0, right=0.0) / whole)[:, None]

        normal, right, leak = gathered.beyond(terms)
        areas = self.basis.at(x).T @ y * (x[1] - x[0]) / whole
        self.spread = np.linalg.cholesky(_walk(self.basis.knots / width))
        self.normal = self.spread.T @ normal @ self.spread
        self.right = self.spread.T @ (right + normal @ self.before)
        self.leak = self.spread.T @ (leak - areas)

    @cached_property
    def eigen(self) -> tuple[Floats, Floats]:
        values, vectors = np.linalg.eigh(self.normal)
        return np.maximum(values, 0.0), vectors

    def without_own(self, own: float) -> tuple[Floats, Floats, float]:
        """Normal matrix, right side and log evidence of the common part where the own part has the size `own`."""
        values, vectors = self.eigen
        right = vectors.T @ self.right
        shrunk = own**2 / (1 + values * own**2)
        evidence = 0.5 * float(np.sum(right**2 * shrunk - np.log1p(values * own**2)))
        left = 1 / (1 + values * own**2)
        return (vectors * (values * left)) @ vectors.T, vectors @ (right * left), evidence

    def solved(self, common: Floats, covariance: Floats, own: float) -> tuple[Draft, Shape, float]:
        """The new shape, and the relative error of areas measured with it."""
        values, vectors = self.eigen
        shrunk = (vectors * (own**2 / (1 + values * own**2))) @ vectors.T
        answer = common + shrunk @ (self.right - self.normal @ common)
        taken = self.leak - self.normal @ (shrunk @ self.leak)
        variance = float(self.leak @ shrunk @ self.leak + taken @ covariance @ taken)
        # what was solved for is linear in the shape, so that a step is one plus that many times as much of it
        factor = np.clip(1 + self.spread @ answer - self.before, 1 / STEP, STEP)
        weights = self.before + np.log(factor)
        shape = tabulate(*bent(self.plain, weights))
        return replace(self.draft, weights=weights), shape, float(np.hypot(np.sqrt(variance), FLOOR))


def bent(plain: Shape, weights: Floats) -> tuple[Floats, Floats]:
    """A formula's `x` and its heights (not of unit area) under a correction of its logarithm, kept falling off."""
    width, (x, y) = plain.width_half, (plain.x, plain.y.copy())
    basis = _basis(width)
    reach = 2 * basis.step
    inside = slice(*np.searchsorted(x, [basis.knots[0] - reach, basis.knots[-1] + reach]))
    y[inside] *= np.exp(basis.at(x[inside]) @ weights)
    fall = np.exp(FALL / width * np.abs(x))
    for side, order in ((x > CORE * width, 1), (x < -CORE * width, -1)):
        y[side] = np.minimum.accumulate((y * fall)[side][::order])[::order] / fall[side]
    return x, y


def _basis(width: float) -> _Basis:
    return _Basis(np.arange(-BEFORE, AFTER + 1e-9, KNOT) * width, KNOT * width)


def _walk(u: Floats) -> Floats:
    """Covariance of an integral, from 0 both ways, of a slope that starts at 0 and forgets itself over `MEMORY`."""
    fine = np.arange(0.5 * KNOT / 5, np.abs(u).max() + KNOT, KNOT / 5)
    gap, total = np.abs(fine[:, None] - fine), fine[:, None] + fine
    slopes = np.exp(-gap / MEMORY) - np.exp(-total / MEMORY)
    sums = (fine < np.abs(u)[:, None]) * (KNOT / 5)
    return np.where(u[:, None] * u > 0, sums @ slopes @ sums.T, 0.0) + 1e-4 * np.eye(u.size)


def correct(corrections: Sequence[Correction]) -> list[tuple[Draft, Shape, float]]:
    """New shapes of several analytes: a common correction and each one's own, of the sizes with most evidence."""
    best, chosen = -np.inf, None
    for own in (0.0, *SIZES):
        parts = [c.without_own(float(own)) for c in corrections]
        normal = np.sum([p[0] for p in parts], axis=0)
        right = np.sum([p[1] for p in parts], axis=0)
        values, vectors = np.linalg.eigh(normal)
        values, turned = np.maximum(values, 0.0), vectors.T @ right
        for shared in (0.0, *SIZES):
            shrunk = shared**2 / (1 + values * shared**2)
            evidence = sum(p[2] for p in parts)
            evidence += 0.5 * float(np.sum(turned**2 * shrunk - np.log1p(values * shared**2)))
            if evidence > best:
                best, chosen = evidence, (vectors @ (shrunk * turned), (vectors * shrunk) @ vectors.T, float(own))
    assert chosen is not None
    return [c.solved(*chosen) for c in corrections]
