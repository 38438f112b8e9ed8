"""The window around one analyte in one injection: which cells, which peaks beside it, and its fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from coeruleus.chromatography.arrays import Booleans, Floats
from coeruleus.chromatography.fit import MAX_ROUNDS, Component, Fit, find_unknown, fit_window
from coeruleus.chromatography.prepare import CELLS_PER_SIGMA, Cells
from coeruleus.chromatography.run_model import AFTER, BEFORE, RunModel

ROOM = 0.5  # baseline wanted beyond 5 % of the peak's height, in full widths at half height
LONGEST = 14.0  # window, likewise
LENGTHS = 4  # windows are a multiple of it, in cells, so that many share their weights
FOOT = 0.002  # of the height: where a neighbour ends
FREE_WIDTH = 0.05  # relative, while it is not known how much widths vary along the run
UNKNOWN_Z = 5.0
MOST_UNKNOWN = 3
LEAST_ORDER, MOST_ORDER = 2, 4  # of the baseline: a window has room for a parabola
RECURRENT_Z = 2.0  # of a faint unknown peak at a place where others of the run are clear
NARROW, OVERLAPPED = 0.7, 2.0  # widths
SUSPICIOUS_CHI = 1.15


@dataclass(frozen=True)
class Window:
    """Cells of one window with what stands outside it already taken off `signal`."""

    time: Floats
    signal: Floats
    use: Booleans
    factor: int


def target(model: RunModel, i: int, j: int, centre: float, centre_sd: float, name: str) -> Component:
    """The analyte's component in injection i, as wide as the run says."""
    width = model.shapes[j].width_half
    if model.widths is None:
        return Component(
            name, model.shapes[j], centre, max(centre_sd, 0.01 * width), FREE_WIDTH, centre / float(model.base[j])
        )
    return Component(
        name,
        model.shapes[j],
        centre,
        max(centre_sd, 1e-3 * width),
        float(model.widths.sd[j]),
        float(model.widths.predicted[i, j]),
    )


def cut(
    model: RunModel,
    i: int,
    main: Component,
    averaged: dict[int, Cells],
    present: Sequence[Component],
    faint: Sequence[Component],
    strong: Mapping[str, tuple[Component, float]],
) -> tuple[Window, list[Component]]:
    """Cells around `main`, and the peaks to fit with it.

    A neighbour that is `present` is either in the window as a whole, to be fitted too, or out of it: where
    there is room for a baseline between the two the window ends there, else it goes on to the neighbour's far
    side. `faint` ones are fitted where they lie inside. What `strong` peaks (component and area as fitted
    before) still send in from outside is taken off the signal.
    """
    width = main.shape.width_half * main.stretch
    cells = _cells(model.cells[i], width, averaged)
    support, core = (np.array(e) * main.stretch + main.centre for e in (main.shape.support, main.shape.edges(0.05)))
    low, high = support[0] - BEFORE * width, support[1] + AFTER * width
    needed = [core[0] - ROOM * width, core[1] + ROOM * width]
    beside: list[Component] = []
    for c in sorted(present, key=lambda c: abs(c.centre - main.centre)):
        left, right = (c.centre + c.stretch * edge for edge in c.shape.edges(FOOT))
        if right < low or left > high:
            continue
        if c.centre < main.centre and right < needed[0]:
            low = right
        elif c.centre > main.centre and left > needed[1]:
            high = left
        elif max(high, right) - min(low, left) < LONGEST * width:
            beside.append(c)
            low, high = min(low, left), max(high, right)
            needed = [min(needed[0], left), max(needed[1], right)]
    start, stop = (int(k) for k in np.searchsorted(cells.time, [low, high]))
    stop -= (stop - start) % LENGTHS
    time, signal = cells.time[start:stop], cells.signal[start:stop].copy()
    beside += [c for c in faint if low < c.centre < high]
    fitted = {main.name, *(c.name for c in beside)}
    for name, (component, area) in strong.items():
        if name not in fitted:
            signal -= area * component.shape.at(time - component.centre, component.stretch)
    return Window(time, signal, ~cells.clipped[start:stop], max(1, round(cells.step / model.cells[i].step))), beside


def _cells(cells: Cells, width: float, averaged: dict[int, Cells]) -> Cells:
    factor = max(1, int(width / 2.355 / CELLS_PER_SIGMA / cells.step + 1e-6))
    if factor not in averaged:
        averaged[factor] = cells.averaged(factor)
    return averaged[factor]


def aliens(model: RunModel, i: int, known: Sequence[Component], main: Component) -> list[Component]:
    """Strong peaks of a trace that are no analyte, with the shape of `main`."""
    shape, result, found = main.shape, list[Component](), model.found[i]
    for time, sigma in zip(found.time[model.alien[i]], found.sigma[model.alien[i]], strict=True):
        if all(abs(time - c.centre) > 0.6 * c.shape.width_half * c.stretch for c in known):
            width, usual = 2.355 * float(sigma), shape.width_half * main.stretch * float(time) / main.centre
            if width < NARROW * usual and any(abs(time - c.centre) < OVERLAPPED * usual for c in known):
                width = usual  # what overlaps another shows too little of itself
            stretch = float(np.clip(width / shape.width_half, 0.3, 4.0))
            result.append(Component("", shape, float(time), 0.2 * width, 0.2, stretch))
    return result


def fit_target(
    model: RunModel,
    i: int,
    main: Component,
    beside: list[Component],
    window: Window,
    order: int,
    unknowns: bool = True,
    rounds: int = MAX_ROUNDS,
    recurrent: Sequence[Component] = (),
) -> Fit | None:
    """Fit a window; where the fit is worse than noise allows, look for unknown peaks. None: no fit.

    `recurrent` are faint ones that may be there, each kept if it is seen.
    """
    use = window.use
    if use.sum() < 3 * (order + 2 + len(beside)):
        return None
    time, signal = window.time[use], window.signal[use]
    weights = model.noise.weights(window.time.size, window.factor, use)
    scale = float(model.noise_scale[i])
    components = (main, *beside)
    try:
        fit = fit_window(time, signal, components, order, weights, scale, rounds)
        for new in recurrent:
            near = 0.4 * new.shape.width_half * new.stretch
            if not time[0] < new.centre < time[-1] or any(abs(new.centre - c.centre) < near for c in fit.components):
                continue
            more = fit_window(time, signal, (*components, new), order, weights, scale, rounds)
            if more.area[-1] > RECURRENT_Z * more.area_se[-1]:
                components, fit = (*components, new), more
        for _ in range(MOST_UNKNOWN if unknowns else 0):
            if fit.chi < SUSPICIOUS_CHI:
                break
            shape = main.shape.stretched(main.stretch)
            place = find_unknown(fit, shape, weights, scale, UNKNOWN_Z * max(1.0, 0.3 * fit.chi))
            if place is None:
                break
            new = Component("", shape, place, 0.2 * shape.width_half, 0.1)
            more = fit_window(time, signal, (*components, new), order, weights, scale)
            apart = min(abs(more.components[-1].centre - c.centre) for c in more.components[:-1])
            if more.area[-1] < UNKNOWN_Z * more.area_se[-1] or apart < 0.7 * shape.width_half:
                break
            components, fit = (*components, new), more
    except np.linalg.LinAlgError:
        return None
    return fit


def curvature(model: RunModel, i: int, main: Component, beside: list[Component], window: Window) -> Floats:
    """The baseline's terms of order 3 and 4 over their errors, each from the fit that it is the last term of.

    Unknown peaks are found first, on a plain baseline, lest a bent one be asked for in their place.
    """
    result = np.full(MOST_ORDER - LEAST_ORDER, np.nan)
    plain = fit_target(model, i, main, beside, window, LEAST_ORDER)
    if plain is None:
        return result
    for order in range(LEAST_ORDER + 1, MOST_ORDER + 1):
        start = (plain.area, plain.moving)
        try:
            fit = fit_window(plain.time, plain.signal, plain.components, order, plain.weights, plain.scale, 2, start)
        except np.linalg.LinAlgError:
            continue
        result[order - LEAST_ORDER - 1] = fit.coefficients[-1] / fit.coefficients_se[-1]
    return result
