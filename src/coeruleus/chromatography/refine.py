"""The shape of a run's peaks beyond any formula: a spline on top of the first guess, from all clear peaks at once.

Each clear peak of a standard is fitted with the shape as known so far; what all of them leave over, laid over each
other by position, width and area, is what the shape lacks. One generalised least squares over all of them, with
each peak's own area, position, width, neighbours and baseline free, so that nothing of those passes for shape. How
large a correction may be is estimated too (empirical Bayes: Morris 1983, J. Am. Stat. Assoc. 78:47), so that a peak
that follows the formula keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from coeruleus.chromatography.arrays import Booleans, Floats
from coeruleus.chromatography.prepare import Cells
from coeruleus.chromatography.run_model import RunModel
from coeruleus.chromatography.shapes import Shape, emg_shape, tabulate
from coeruleus.chromatography.strong import Strong, measure_strong

FORMULA_PASSES, SPLINE_PASSES = 2, 7
MOST = 10  # peaks per analyte
OTHERS = 8  # likewise, fainter
ENOUGH = 6  # peaks, to say how much baselines vary
BEFORE, AFTER, KNOT = 2.0, 5.0, 0.25  # reach and spacing of the spline, in full widths at half height
FOOT = 1e-6  # of the height; a correction may be as large as the root of the profile, which leaves room for tails
SMOOTH = 0.4  # length over which it changes, in full widths at half height
SIZES = np.geomspace(3e-4, 0.3, 13)  # of a correction, over the root of the profile
SPOILT = 3.0  # times the usual misfit: left out
FLOOR = 3e-3  # of the area: no shape is known better
RATIO_STEP = 0.05  # of the logarithm of tau ÷ sigma, for its slope


@dataclass(frozen=True)
class _Draft:
    """A shape in the making: an EMG (minutes) and, once there is one, a spline on it."""

    sigma: float
    tau: float
    weights: Floats | None = None

    def formula(self, ratio: float = 1.0) -> Shape:
        return emg_shape(self.sigma, float(np.clip(self.tau * ratio, 0.01 * self.sigma, 6 * self.sigma)))

    def widened(self, factor: float) -> _Draft:
        weights = None if self.weights is None else self.weights / factor
        return _Draft(self.sigma * factor, self.tau * factor, weights)


def refine_shapes(model: RunModel, expected: Booleans, averaged: list[dict[int, Cells]], names: Sequence[str]) -> None:
    """Replace `model.shapes` and fill `model.shape_se`, from the clearest peaks of the run (a fixed number)."""
    chosen = _clearest(model, expected)
    rows = sorted({i for column in chosen for i in column})
    drafts = {j: _Draft(*formula) for j, formula in enumerate(model.formulas) if formula is not None}
    for round_ in range(FORMULA_PASSES + SPLINE_PASSES):
        strong = {i: measure_strong(model, i, averaged[i], names, unknowns=False) for i in rows}
        for j, name in enumerate(names):
            clear = [i for i in chosen[j] if name in strong[i]]
            peaks = [strong[i][name] for i in clear]
            if j not in drafts or len(peaks) < 2:
                continue
            gathered = _gather(peaks, [float(model.noise_scale[i]) for i in clear])
            wider = np.median([p.component.stretch / p.component.centre for p in peaks]) * model.base[j]
            if round_ < FORMULA_PASSES:
                drafts[j] = _other_ratio(drafts[j], gathered).widened(float(wider))
                model.shapes[j] = drafts[j].formula()
            else:
                draft, shape, model.shape_se[j] = _other_spline(drafts[j], gathered)
                drafts[j], model.shapes[j] = draft.widened(float(wider)), shape.stretched(float(wider))


def _clearest(model: RunModel, expected: Booleans) -> list[list[int]]:
    """Per analyte the injections with its clearest peaks; those that must hold it first."""
    chosen = []
    for j in range(model.base.size):
        rows = [i for i in range(len(model.found)) if np.isfinite(model.matched[i, j])]
        if any(expected[i, j] for i in rows):
            rows = [i for i in rows if expected[i, j]]
        clear = {i: float(model.found[i].z[model.found[i].time == model.matched[i, j]].max()) for i in rows}
        rows = sorted(rows, key=lambda i: (-clear[i], i))
        # and some of the others, down to the faintest, so that what does not grow with the peak is known too
        rest = rows[MOST:]
        chosen.append(
            rows[:MOST] + [rest[k] for k in np.unique(np.linspace(0, len(rest) - 1, OTHERS).astype(int)) if rest]
        )
    return chosen


@dataclass(frozen=True)
class _Basis:
    """Cubic B-splines over minutes from the apex."""

    knots: Floats
    step: float

    def at(self, minutes: Floats) -> Floats:
        u = np.abs((minutes[:, None] - self.knots) / self.step)
        return np.where(u < 1, 2 / 3 - u**2 + u**3 / 2, np.where(u < 2, (2 - np.minimum(u, 2)) ** 3 / 6, 0.0))


@dataclass(frozen=True)
class _Gathered:
    """All clear peaks of an analyte, for the least squares of a correction to its shape."""

    peaks: Sequence[Strong]
    scale: Sequence[float]  # noise of each injection over the run's
    penalty: Floats  # of each baseline coefficient's departure from the run's mean: one over its variance

    def beyond(self, make: Callable[[Floats], Floats]) -> tuple[Floats, Floats, Floats]:
        """Normal matrix and right side of a correction, and what each of its terms leaks into the area.

        `make` gives the terms (n, terms) at minutes from the apex. Only what the fits' own freedom cannot take
        counts; of the baseline that is what it varies between injections, so that what grows with the peak is the
        peak's. The baseline's mean is unknown.
        """
        total: Floats | float = 0.0
        leak = None
        for peak, own in zip(self.peaks, self.scale, strict=True):
            fit, c = peak.fit, peak.component
            spread = max(fit.chi, 1.0)
            terms = fit.whitener @ make((fit.time - c.centre) / c.stretch) * (peak.area / c.stretch / own)
            count, order = len(fit.components), fit.coefficients.size
            baseline = fit.whitened_design[:, count : count + order]
            data = np.column_stack([terms, baseline, fit.whitened_residual + baseline @ fit.coefficients]) / spread
            free = fit.whitened_design / spread
            inner = free.T @ free
            inner[np.diag_indices_from(inner)] += 1e-12 * np.diag(inner)
            if leak is None:
                leak = np.linalg.solve(inner, free.T @ data[:, : terms.shape[1]])[0] / peak.area
            places = np.arange(count, count + order)
            inner[places, places] += self.penalty
            cross = free.T @ data
            total = total + data.T @ data - cross.T @ np.linalg.solve(inner, cross)
        assert leak is not None
        n = leak.size
        whole = np.asarray(total)
        mean = whole[n:-1, n:-1]
        mean[np.diag_indices_from(mean)] *= 1 + 1e-9
        taken = np.linalg.solve(mean, whole[n:-1, [*range(n), -1]])
        reduced = whole[:n][:, [*range(n), -1]] - whole[:n, n:-1] @ taken
        return 0.5 * (reduced[:, :n] + reduced[:, :n].T), reduced[:, -1], leak


def _gather(peaks: Sequence[Strong], scale: Sequence[float]) -> _Gathered:
    """Without those that fit far worse than the others: a bad standard, an air bubble."""
    usual = float(np.median([p.fit.chi for p in peaks]))
    kept = [k for k, p in enumerate(peaks) if p.fit.chi <= SPOILT * usual]
    peaks, scale = [peaks[k] for k in kept], [scale[k] for k in kept]
    coefficients, area = np.array([p.fit.coefficients for p in peaks]), np.array([p.area for p in peaks])
    flat = np.zeros(coefficients.shape[1])
    if len(peaks) < ENOUGH or np.ptp(area) < 0.5 * area.max():
        return _Gathered(peaks, scale, 1e-9 / np.maximum((coefficients**2).mean(axis=0), 1e-300) + flat)
    line = np.column_stack([np.ones(area.size), area])
    left = coefficients - line @ np.linalg.lstsq(line, coefficients, rcond=None)[0]
    variance = (left**2).sum(axis=0) / (area.size - 2)
    return _Gathered(peaks, scale, 1 / np.maximum(variance, 1e-300))


def _other_ratio(draft: _Draft, gathered: _Gathered) -> _Draft:
    more, less = draft.formula(np.exp(RATIO_STEP)), draft.formula(np.exp(-RATIO_STEP))

    def slope(minutes: Floats) -> Floats:
        return ((more.at(minutes) - less.at(minutes)) / (2 * RATIO_STEP))[:, None]

    normal, right, _ = gathered.beyond(slope)
    step = float(np.clip(right[0] / max(normal[0, 0], 1e-30), -0.7, 0.7))
    return _Draft(draft.sigma, float(np.clip(draft.tau * np.exp(step), 0.02 * draft.sigma, 5 * draft.sigma)))


def _other_spline(draft: _Draft, gathered: _Gathered) -> tuple[_Draft, Shape, float]:
    plain = draft.formula()
    width = plain.width_half
    basis = _Basis(np.arange(-BEFORE, AFTER + 1e-9, KNOT) * width, KNOT * width)
    before = np.zeros(basis.knots.size) if draft.weights is None else draft.weights
    whole, moved = _frame(plain, basis, before)
    normal, right, leak = gathered.beyond(lambda minutes: basis.at(minutes + moved) / whole)
    allowed = np.sqrt(np.maximum(plain.at(basis.knots) / plain.top, FOOT)) * plain.top
    apart = (basis.knots[:, None] - basis.knots) / (SMOOTH * width)
    spread = allowed[:, None] * np.linalg.cholesky(np.exp(-0.5 * apart**2) + 1e-3 * np.eye(basis.knots.size))
    values, vectors = np.linalg.eigh(spread.T @ normal @ spread)
    values = np.maximum(values, 0.0)
    answer = vectors.T @ (spread.T @ (right + normal @ before))
    evidence = [0.5 * float(np.sum(answer**2 * s**2 / (1 + values * s**2) - np.log1p(values * s**2))) for s in SIZES]
    size = SIZES[int(np.argmax(evidence))]
    shrunk = size**2 / (1 + values * size**2)
    weights = spread @ (vectors @ (shrunk * answer))
    x, y = _sum(plain, basis, weights)
    leak = leak - KNOT * width / whole
    error = float(np.sqrt(np.sum(shrunk * (vectors.T @ (spread.T @ leak)) ** 2)))
    return _Draft(draft.sigma, draft.tau, weights), tabulate(x, y), float(np.hypot(error, FLOOR))


def _sum(plain: Shape, basis: _Basis, weights: Floats) -> tuple[Floats, Floats]:
    step = plain.x[1] - plain.x[0]
    low, high = basis.knots[0] - 2 * basis.step, basis.knots[-1] + 2 * basis.step
    x = np.arange(min(plain.x[0], low), max(plain.x[-1], high) + step, step)
    return x, np.maximum(plain.at(x) + basis.at(x) @ weights, 0.0)


def _frame(plain: Shape, basis: _Basis, weights: Floats) -> tuple[float, float]:
    """Area of formula and spline together, and where their apex is from the formula's."""
    x, y = _sum(plain, basis, weights)
    return float(y.sum() * (x[1] - x[0])), float(x[0] - tabulate(x, y).x[0])
