"""The window around one analyte in one injection: which cells, which peaks beside it, and its fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coeruleus.chromatography.arrays import Booleans, Floats
from coeruleus.chromatography.fit import Component, Fit, find_unknown, fit_window
from coeruleus.chromatography.prepare import CELLS_PER_SIGMA, Cells
from coeruleus.chromatography.run_model import RunModel

BEFORE, AFTER = 1.6, 1.8  # window beyond the peak's support, in full widths at half height
WIDTH_SD = 0.02  # how much a peak's width varies from injection to injection
UNKNOWN_Z = 5.0
MOST_ORDER = 4
SUSPICIOUS_CHI = 1.15


@dataclass(frozen=True)
class Window:
    """Cells of one window with what stands outside it already taken off `signal`."""

    time: Floats
    signal: Floats
    use: Booleans
    factor: int


def target(model: RunModel, j: int, centre: float, centre_sd: float, name: str) -> Component:
    """The analyte's component, its shape widened with the drift of its retention."""
    width = model.shapes[j].width_half
    return Component(
        name, model.shapes[j], centre, max(centre_sd, 0.01 * width), WIDTH_SD, centre / float(model.base[j])
    )


def cut(model: RunModel, i: int, main: Component, averaged: dict[int, Cells], rest: Mapping[str, tuple]) -> Window:
    """Cells around `main`, ending before strong peaks that are no analyte where there is room enough.

    `rest` maps names to (component, area) of peaks outside the window whose tails reach into it.
    """
    cells, shape = model.cells[i], main.shape
    width = shape.width_half * main.stretch
    factor = max(1, int(width / 2.355 / CELLS_PER_SIGMA / cells.step + 1e-6))
    if factor not in averaged:
        averaged[factor] = cells.averaged(factor)
    cells = averaged[factor]
    low = main.centre + shape.support[0] * main.stretch - BEFORE * width
    high = main.centre + shape.support[1] * main.stretch + AFTER * width
    found, alien = model.found[i], model.alien[i]
    for time, sigma in zip(found.time[alien], found.sigma[alien], strict=True):
        if time < main.centre - 2.2 * width:
            low = max(low, min(time + 4.5 * sigma, main.centre - 1.5 * width))
        elif time > main.centre + 2.2 * width:
            high = min(high, max(time - 3.5 * sigma, main.centre + 2.0 * width))
    start, stop = np.searchsorted(cells.time, [low, high])
    time, signal = cells.time[start:stop], cells.signal[start:stop].copy()
    for component, area in rest.values():
        if not time.size or time[0] <= component.centre <= time[-1]:
            continue
        signal -= area * component.shape.at(time - component.centre, component.stretch)
    return Window(time, signal, ~cells.clipped[start:stop], factor)


def neighbours(model: RunModel, i: int, main: Component, window: Window, others: list[Component]) -> list:
    """Analytes with their apex in the window, and strong peaks that are no analyte."""
    low, high = window.time[0], window.time[-1]
    inside = [c for c in others if low <= c.centre <= high]
    found, alien = model.found[i], model.alien[i]
    width = main.shape.width_half * main.stretch
    for time, sigma in zip(found.time[alien], found.sigma[alien], strict=True):
        if low < time < high and all(abs(time - c.centre) > 0.6 * width for c in [main, *inside]):
            stretch = float(np.clip(2.355 * sigma / main.shape.width_half, 0.4, 3.0))
            inside.append(Component("", main.shape, float(time), 0.2 * width, 0.2, stretch))
    return inside


def fit_target(
    model: RunModel, i: int, main: Component, beside: list[Component], window: Window, order: int, unknowns: bool = True
) -> Fit | None:
    """Fit a window; where the fit is worse than noise allows, look for up to two unknown peaks. None: no fit."""
    use = window.use
    if use.sum() < 3 * (order + 2 + len(beside)):
        return None
    time, signal = window.time[use], window.signal[use]
    weights = model.noise.weights(window.time.size, window.factor, use)
    scale = float(model.noise_scale[i])
    components = (main, *beside)
    try:
        fit = fit_window(time, signal, components, order, weights, scale)
        for _ in range(2 if unknowns else 0):
            if fit.chi < SUSPICIOUS_CHI:
                break
            shape = main.shape.stretched(main.stretch)
            place = find_unknown(fit, shape, weights.whitener, scale, UNKNOWN_Z * max(1.0, 0.7 * fit.chi))
            if place is None:
                break
            new = Component("", shape, place, 0.2 * shape.width_half, 0.1)
            more = fit_window(time, signal, (*components, new), order, weights, scale)
            apart = min(abs(more.components[-1].centre - c.centre) for c in more.components[:-1])
            if more.chi_square > fit.chi_square - UNKNOWN_Z**2 or apart < 0.7 * shape.width_half:
                break
            components, fit = (*components, new), more
    except np.linalg.LinAlgError:
        return None
    return fit


def curvature(model: RunModel, i: int, main: Component, beside: list[Component], window: Window) -> Floats:
    """The baseline's terms of order 2 to 4 over their errors, each from the fit that it is the last term of."""
    result = np.full(MOST_ORDER - 1, np.nan)
    for order in range(2, MOST_ORDER + 1):
        fit = fit_target(model, i, main, beside, window, order, unknowns=False)
        if fit is not None:
            result[order - 2] = fit.coefficients[-1] / fit.coefficients_se[-1]
    return result
