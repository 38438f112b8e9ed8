"""One local fit: peaks of known shape on a polynomial baseline, by generalised least squares.

Areas and baseline are linear. Position and width of each peak move within what the run knows of them: each
has a prior, so that a faint peak borrows position and width from the run and a strong one refines them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np

from coeruleus.chromatography.arrays import Floats
from coeruleus.chromatography.noise import Weights
from coeruleus.chromatography.shapes import Shape

LINEAR_BELOW = 4.0  # area ÷ error under which position and width are not moved: noise would pull them
MAX_ROUNDS = 8
MISFIT = 0.06  # of a peak's area: what an error of its shape may look like, less where its profile is low


@dataclass(frozen=True)
class Component:
    """A peak to fit: shape, where the run expects it (minutes) and how surely, and how sure its width is."""

    name: str
    shape: Shape
    centre: float
    centre_sd: float = 0.0
    width_sd: float = 0.0
    stretch: float = 1.0


@dataclass(frozen=True)
class Fit:
    """A fitted window. Areas in signal × minutes; `chi` is residual over noise, root mean square."""

    time: Floats
    signal: Floats
    components: tuple[Component, ...]  # with centre and stretch as fitted
    area: Floats
    area_se: Floats
    centre_se: Floats
    width_se: Floats  # of the logarithm of the width
    coefficients: Floats  # of the baseline: Legendre polynomials over the window
    coefficients_se: Floats
    chi: float
    chi_square: float
    whitened_residual: Floats
    whitened_design: Floats
    moving: tuple[tuple[int, str], ...]  # which component's centre or width its last columns are
    weights: Weights
    scale: float

    def baseline(self, time: Floats) -> Floats:
        return _legendre(time, self.time, self.coefficients.size - 1) @ self.coefficients

    def peaks(self, time: Floats) -> Floats:
        total = np.zeros_like(time)
        for component, area in zip(self.components, self.area, strict=True):
            total += area * component.shape.at(time - component.centre, component.stretch)
        return total


def _legendre(time: Floats, window: Floats, order: int) -> Floats:
    middle, half = 0.5 * (window[0] + window[-1]), 0.5 * (window[-1] - window[0])
    return np.polynomial.legendre.legvander((time - middle) / half, order)


def fit_window(
    time: Floats,
    signal: Floats,
    components: tuple[Component, ...],
    order: int,
    weights: Weights,
    scale: float = 1.0,
    rounds: int = MAX_ROUNDS,
    known: tuple[Floats, Sequence[tuple[int, str]]] | None = None,
) -> Fit:
    """Fit `signal` (n,) at `time` (n,) minutes.

    `weights` come from the run's noise; `scale` is this trace's noise relative to it. Gauss-Newton with the
    linear part solved anew in each round. `known` are areas about right, and what moves in every round. Raises
    numpy.linalg.LinAlgError where the window cannot tell the peaks apart.
    """
    count, whitener = len(components), weights.whitener
    base = weights.times_polynomials(order, lambda: _legendre(time, time, order)) / scale
    target = whitener @ signal / scale
    start = components
    area, moving = (np.zeros(count), []) if known is None else (known[0], list(known[1]))
    for round_ in range(rounds):
        terms = np.empty((time.size, count + len(moving)))
        pulls, slopes = [], dict[int, Floats]()
        for index, c in enumerate(components):
            terms[:, index] = c.shape.at(time - c.centre, c.stretch)
        for place, (index, what) in enumerate(moving, start=count):
            c, was = components[index], start[index]
            if index not in slopes:
                slopes[index] = c.shape.slope_at(time - c.centre, c.stretch)
            if what == "centre":
                terms[:, place] = -area[index] * slopes[index]
                pulls.append(((was.centre - c.centre) / was.centre_sd, was.centre_sd))
            else:
                terms[:, place] = -area[index] * (terms[:, index] + (time - c.centre) * slopes[index])
                pulls.append((log(was.stretch / c.stretch) / was.width_sd, was.width_sd))
        weighed = whitener @ terms / scale
        design = np.concatenate([weighed[:, :count], base, weighed[:, count:]], axis=1)
        solution, inverse, prior = _solve(design, target, count + order + 1, pulls)
        area, error = solution[:count], np.sqrt(np.maximum(np.diag(inverse), 0.0))
        if not (np.isfinite(solution).all() and (error[:count] > 0).all()):
            raise np.linalg.LinAlgError("the window cannot tell its peaks apart")
        if round_ == rounds - 1:
            break
        largest = 0.0
        for place, (index, what) in enumerate(moving):
            step, c = solution[count + order + 1 + place], components[index]
            width = c.shape.width_half * c.stretch
            if what == "centre":
                step = float(min(max(step, -0.25 * width), 0.25 * width))
                components = _moved(components, index, c.centre + step, c.stretch)
                largest = max(largest, abs(step) / width)
            else:
                step = float(min(max(step, -0.2), 0.2))
                components = _moved(components, index, c.centre, float(c.stretch * np.exp(step)))
                largest = max(largest, abs(step))
        wanted = moving if known else _movers(start, area, error)
        if wanted == moving and largest < 1e-3:
            break
        if round_ < rounds // 2:
            moving = wanted
    error, freedom = _errors(design, inverse, prior, weights.covariance)
    linear = solution.copy()
    linear[count + order + 1 :] = 0
    residual = target - design @ linear
    chi_square = float(residual @ residual)
    moved = {"centre": np.full(count, np.nan), "width": np.full(count, np.nan)}
    for place, (index, what) in enumerate(moving):
        moved[what][index] = error[count + order + 1 + place]
    return Fit(
        time,
        signal,
        components,
        area,
        error[:count],
        moved["centre"],
        moved["width"],
        solution[count : count + order + 1],
        error[count : count + order + 1],
        float(np.sqrt(chi_square / freedom)),
        chi_square,
        residual,
        design,
        tuple(moving),
        weights,
        scale,
    )


def fit_again(fit: Fit, shapes: Mapping[str, Shape], rounds: int) -> Fit:
    """The same window with other shapes of the components of these names; the nameless take the first one's."""
    first = fit.components[0].name
    components = tuple(replace(c, shape=shapes.get(c.name or first, c.shape)) for c in fit.components)
    clear = [m for m in fit.moving if fit.area[m[0]] > LINEAR_BELOW * fit.area_se[m[0]]]
    order = fit.coefficients.size - 1
    return fit_window(fit.time, fit.signal, components, order, fit.weights, fit.scale, rounds, (fit.area, clear))


def _movers(start: tuple[Component, ...], area: Floats, error: Floats) -> list[tuple[int, str]]:
    moving = []
    for index, component in enumerate(start):
        if area[index] > LINEAR_BELOW * error[index]:
            if component.centre_sd > 0:
                moving.append((index, "centre"))
            if component.width_sd > 0 and area[index] > 2 * LINEAR_BELOW * error[index]:
                moving.append((index, "width"))
    return moving


def _moved(components: tuple[Component, ...], index: int, centre: float, stretch: float) -> tuple[Component, ...]:
    c = components[index]
    new = Component(c.name, c.shape, centre, c.centre_sd, c.width_sd, stretch)
    return (*components[:index], new, *components[index + 1 :])


def _solve(
    design: Floats, target: Floats, n_free: int, pulls: list[tuple[float, float]]
) -> tuple[Floats, Floats, Floats]:
    """Least squares with a prior on each column beyond `n_free`: solution, inverse of the normal matrix, priors."""
    normal = design.T @ design
    length = np.sqrt(normal.diagonal())
    length[length == 0] = 1.0
    normal /= length * length[:, None]
    right, prior = target @ design / length, np.zeros(length.size)
    for place, (pull, sd) in enumerate(pulls, start=n_free):
        prior[place] = (sd * length[place]) ** -2
        right[place] += pull / (sd * length[place])
    normal.flat[:: length.size + 1] += 1e-11 + prior
    inverse = np.linalg.inv(normal)
    return inverse @ right / length, inverse / length / length[:, None], prior * length**2


def _errors(design: Floats, inverse: Floats, prior: Floats, noise: Floats) -> tuple[Floats, float]:
    """Standard errors given the covariance of the weighed `noise`, and the sum of squares that it would leave."""
    seen = design.T @ (noise @ design)
    variance = np.einsum("ij,jk,ki->i", inverse, seen, inverse) + prior * np.diag(inverse) ** 2
    left_over = float(np.trace(noise) - np.sum(inverse * seen))
    return np.sqrt(np.maximum(variance, 0.0)), max(left_over, 1e-9)


def find_unknown(fit: Fit, shape: Shape, weights: Weights, scale: float, threshold: float) -> float | None:
    """Where an unknown peak of this shape would best explain what the fit left over; None if nothing does.

    Every place of the window is tried that is not within half a width of a peak of the fit, with the fit's
    own freedom (its whitened design) taken out first. `threshold` is in standard errors of its area; one that
    a small misfit of the fit's own peaks could make, at their flanks or tails, is none.
    """
    width = shape.width_half
    places = np.arange(fit.time[0], fit.time[-1] + 1e-9, width / 5)
    for component in fit.components:
        places = places[np.abs(places - component.centre) > 0.5 * width]
    if places.size == 0:
        return None
    bank = weights.whitener @ shape.at(fit.time[:, None] - places[None, :]) / scale
    q, _ = np.linalg.qr(fit.whitened_design)
    bank -= q @ (q.T @ bank)
    power = (bank**2).sum(axis=0)
    spread = np.sqrt(np.einsum("ij,ij->j", bank, weights.covariance @ bank))
    answer = bank.T @ fit.whitened_residual
    z = np.where(power > 1e-6 * power.max(), answer / np.maximum(spread, 1e-300), 0.0)
    misfit = np.zeros(places.size)
    for component, own in zip(fit.components, fit.area, strict=True):
        profile = component.shape.at(places - component.centre, component.stretch) / component.shape.top
        misfit = np.maximum(
            misfit, MISFIT * max(float(own), 0.0) * np.sqrt(np.maximum(profile * component.stretch, 0.0))
        )
    z = np.where(answer / np.maximum(power, 1e-300) > misfit, z, 0.0)
    best = int(np.argmax(z))
    return float(places[best]) if z[best] > threshold else None
