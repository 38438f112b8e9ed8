"""Peaks that their injection alone says enough of: where they are, how wide, and what they leave to the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from coeruleus.chromatography.fit import MAX_ROUNDS, Component, Fit
from coeruleus.chromatography.prepare import Cells
from coeruleus.chromatography.run_model import RunModel
from coeruleus.chromatography.window import aliens, cut, fit_target, target

FEW_ROUNDS = 4  # of a fit whose shapes are still being learnt
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
    factor: int  # cells of the run in one of the fit


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
        others += aliens(model, i, list(known.values()), main.shape)
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
            window.factor,
        )
    return result


def tails(strong: Mapping[str, Strong]) -> dict[str, tuple[Component, float]]:
    return {name: (s.component, s.area) for name, s in strong.items()}
