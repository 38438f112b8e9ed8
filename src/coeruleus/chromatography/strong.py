"""Peaks that their injection alone says enough of: where they are, how wide, and what they leave to the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from coeruleus.chromatography.arrays import Floats
from coeruleus.chromatography.fit import MAX_ROUNDS, Component, Fit
from coeruleus.chromatography.noise import Noise, estimate_noise
from coeruleus.chromatography.prepare import Cells
from coeruleus.chromatography.run_model import RunModel, longest_window
from coeruleus.chromatography.window import aliens, cut, fit_target, target

FEW_ROUNDS = 4  # of a fit whose shapes are still being learnt
FOOT = 0.02  # of the height: where a peak's own misfit may reach to
RECURS, SAME_PLACE = 4, 4e-3  # injections, and of the retention time
STRONG = 6.0  # area over its error, for a peak that says where it is


@dataclass(frozen=True)
class Strong:
    """One such peak. `snr`, `centre_se` (minutes) and `width_se` (logarithm) count a bad fit as noise."""

    component: Component
    area: float
    snr: float
    centre_se: float
    width_se: float
    fit: Fit


def measure_strong(
    model: RunModel, i: int, averaged: dict[int, Cells], names: Sequence[str], unknowns: bool = True
) -> dict[str, Strong]:
    """Strong peaks of one injection, the strongest first, so that the tails of the others are theirs alone.

    Without `unknowns` none are looked for: what a shape lacks would pass for one.
    """
    known = {
        name: target(model, i, j, float(model.matched[i, j]), 0.3 * model.shapes[j].width_half, name)
        for j, name in enumerate(names)
        if np.isfinite(model.matched[i, j])
    }
    result: dict[str, Strong] = {}
    found = model.found[i]
    height = {name: float(found.height[found.time == known[name].centre].sum()) for name in known}
    for name in sorted(known, key=lambda name: -height[name]):
        main = known[name]
        others = [c for c in known.values() if c is not main]
        others += aliens(model, i, list(known.values()), main)
        window, beside = cut(model, i, main, averaged, others, [], tails(result))
        fit = fit_target(
            model,
            i,
            main,
            beside,
            window,
            model.orders[names.index(name)],
            unknowns,
            MAX_ROUNDS if unknowns else FEW_ROUNDS,
        )
        if fit is None or not np.isfinite(fit.centre_se[0]) or fit.area[0] < STRONG * fit.area_se[0]:
            continue
        worse = max(1.0, fit.chi)
        snr = float(fit.area[0] / fit.area_se[0]) / worse
        result[name] = Strong(
            fit.components[0],
            float(fit.area[0]),
            snr,
            float(fit.centre_se[0]) * worse,
            float(fit.width_se[0]) * worse,
            fit,
        )
    return result


def noise_beside(model: RunModel, strong: Sequence[Mapping[str, Strong]]) -> tuple[Noise, Floats]:
    """The run's noise once more, and each trace's scale, with the strong peaks taken off.

    Without their tails there is more that is quiet, and longer stretches of it, which show the slow noise.
    """
    signals, quiet = [], []
    for i, (cells, found) in enumerate(zip(model.cells, strong, strict=True)):
        signal, free = cells.signal.copy(), ~cells.clipped
        places = model.base * np.exp(model.stretch[i])
        blocked = [(p + s.edges(FOOT)[0], p + s.edges(FOOT)[1]) for p, s in zip(places, model.shapes, strict=True)]
        for one in found.values():
            for component in one.fit.components:
                if component.name == one.component.name or not component.name:
                    left, right = (component.centre + component.stretch * e for e in component.shape.edges(FOOT))
                    blocked.append((left, right))
            signal -= one.area * one.component.shape.at(cells.time - one.component.centre, one.component.stretch)
        peaks, alien = model.found[i], model.alien[i]
        blocked += [(t - 4 * s, t + 7 * s) for t, s in zip(peaks.time[alien], peaks.sigma[alien], strict=True)]
        for left, right in blocked:
            free &= (cells.time < left) | (cells.time > right)
        signals.append(signal)
        quiet.append(free)
    step = model.cells[0].step
    return estimate_noise(signals, quiet, step, longest_window(model.shapes, step))


def recurring(model: RunModel, strong: Sequence[Mapping[str, Strong]]) -> Floats:
    """Where several injections show an unknown peak at one place (minutes, in the middle of the run).

    Clear in some, it is looked for in the others, where it may be too faint to be found by itself.
    """
    seen = []
    for i, found in enumerate(strong):
        times = [float(t) for t in model.found[i].time[model.alien[i]]]
        times += [c.centre for one in found.values() for c in one.fit.components if not c.name]
        seen += [(float(np.log(t) - model.stretch[i]), i) for t in times]
    groups: list[list[tuple[float, int]]] = []
    for place, i in sorted(seen):
        if groups and place - groups[-1][-1][0] < SAME_PLACE:
            groups[-1].append((place, i))
        else:
            groups.append([(place, i)])
    return np.array([np.exp(np.median([p for p, _ in g])) for g in groups if len({i for _, i in g}) >= RECURS])


def tails(strong: Mapping[str, Strong]) -> dict[str, tuple[Component, float]]:
    return {name: (s.component, s.area) for name, s in strong.items()}
