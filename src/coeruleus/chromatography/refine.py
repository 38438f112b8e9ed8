"""The shape of a run's peaks beyond any formula: a spline on top of the first guess, from all clear peaks at once.

Each clear peak of a standard is fitted with the shape as known so far; what all of them leave over, laid over each
other by position, width and area, is what the shape lacks. One generalised least squares over all of them, with
each peak's own area, position, width, neighbours and baseline free, so that nothing of those passes for shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from coeruleus.chromatography.arrays import Booleans, Floats
from coeruleus.chromatography.fit import fit_again
from coeruleus.chromatography.prepare import Cells
from coeruleus.chromatography.run_model import RunModel
from coeruleus.chromatography.shapes import FAMILIES, Shape
from coeruleus.chromatography.spline import Correction, Draft, Gathered, correct, gather
from coeruleus.chromatography.strong import Strong, measure_strong

FORMULA_PASSES, SPLINE_PASSES = 2, 4
CUT_ANEW = (0, 3)  # passes whose windows are cut with the shapes as known by then
ROUNDS = 2  # of the fits between
MOST = 10  # peaks per analyte
OTHERS = 5  # likewise, fainter
FOR_FAMILY, FAMILY_PASSES = 2, 2  # peaks per analyte that choose the family of formulas, and rounds of fits
SETTLED = 2.5e-3  # of its area that a shape still changes by
RATIO_STEP = 0.05  # of the logarithm of tau ÷ sigma, for its slope


def refine_shapes(model: RunModel, expected: Booleans, averaged: list[dict[int, Cells]], names: Sequence[str]) -> None:
    """Replace `model.shapes` and fill `model.shape_se`, from the clearest peaks of the run (a fixed number)."""
    chosen = _clearest(model, expected)
    rows = sorted({i for column in chosen for i in column})
    drafts = {j: Draft(*formula) for j, formula in enumerate(model.formulas) if formula is not None}
    strong: dict[int, dict[str, Strong]] = {}
    corrections: dict[int, Correction] = {}
    unsettled: dict[int, float] = {}
    last: set[int] = set()
    for round_ in range(FORMULA_PASSES + SPLINE_PASSES):
        if round_ in CUT_ANEW:
            strong = {i: measure_strong(model, i, averaged[i], names, unknowns=False) for i in rows}
        else:
            shapes = dict(zip(names, model.shapes, strict=True))
            strong = {i: {name: _again(s, shapes) for name, s in own.items()} for i, own in strong.items()}
        clear = {j: [strong[i][name] for i in chosen[j] if name in strong[i]] for j, name in enumerate(names)}
        known = [j for j, peaks in clear.items() if j in drafts and len(peaks) > 1]
        if not known:
            return
        gathered = {j: gather(clear[j]) for j in known}
        wider = {j: float(np.median([p.component.stretch / p.component.centre for p in clear[j]])) * model.base[j]
                 for j in known}  # fmt: skip
        if round_ < FORMULA_PASSES:
            if round_ == 0:
                drafts |= _family_of({j: drafts[j] for j in known}, clear, names)
            else:
                drafts |= {j: _other_ratio(drafts[j], gathered[j]).widened(wider[j]) for j in known}
            for j in known:
                model.shapes[j] = drafts[j].formula()
            continue
        turn = _taking_turns(known, {j: _beside(clear[j], names) for j in known}, last)
        corrections |= {j: Correction(drafts[j], gathered[j]) for j in turn}
        answers = dict(zip(corrections, correct(list(corrections.values())), strict=True))
        for j in turn:
            draft, shape, model.shape_se[j] = answers[j]
            unsettled[j] = _apart(shape.stretched(wider[j]), model.shapes[j])
            drafts[j], model.shapes[j] = draft.widened(wider[j]), shape.stretched(wider[j])
        last = set(turn)
        if round_ not in CUT_ANEW and max(unsettled.get(j, 1.0) for j in known) < SETTLED:
            return


def _apart(new: Shape, old: Shape) -> float:
    """Share of its area by which a shape differs from another."""
    return float(0.5 * np.abs(new.y - old.at(new.x)).sum() * (new.x[1] - new.x[0]))


def _beside(peaks: Sequence[Strong], names: Sequence[str]) -> set[int]:
    """Analytes in the windows of these peaks."""
    return {names.index(c.name) for p in peaks for c in p.fit.components[1:] if c.name}


def _taking_turns(known: Sequence[int], beside: dict[int, set[int]], last: set[int]) -> list[int]:
    """Analytes to correct now, no two from one window: both would mend what one of them lacks. First who waited."""
    turn: list[int] = []
    for j in sorted(known, key=lambda j: (j in last, j)):
        if not any(k in beside[j] or j in beside[k] for k in turn):
            turn.append(j)
    return sorted(turn)


def _again(strong: Strong, shapes: dict[str, Shape]) -> Strong:
    try:
        fit = fit_again(strong.fit, shapes, ROUNDS)
    except np.linalg.LinAlgError:
        return strong
    return replace(strong, component=fit.components[0], area=float(fit.area[0]), fit=fit)


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


def _family_of(drafts: dict[int, Draft], clear: dict[int, list[Strong]], names: Sequence[str]) -> dict[int, Draft]:
    """The same shapes in the family of formulas that fits the run's clearest peaks best: one column, one family."""
    best, least = drafts, np.inf
    for family in FAMILIES:
        tried = {j: draft.of(family) if family != draft.family else draft for j, draft in drafts.items()}
        misfit = 0.0
        for _ in range(FAMILY_PASSES):
            shapes = {names[j]: draft.formula() for j, draft in tried.items()}
            some = {j: [_again(p, shapes) for p in clear[j][:FOR_FAMILY]] for j in tried}
            misfit = sum(p.fit.chi_square for peaks in some.values() for p in peaks)
            tried = {j: _other_ratio(draft, gather(some[j])) for j, draft in tried.items()}
        if misfit < least:
            best, least = tried, misfit
    return best


def _other_ratio(draft: Draft, gathered: Gathered) -> Draft:
    more, less = draft.formula(np.exp(RATIO_STEP)), draft.formula(np.exp(-RATIO_STEP))

    def slope(minutes: Floats) -> Floats:
        return ((more.at(minutes) - less.at(minutes)) / (2 * RATIO_STEP))[:, None]

    normal, right, _ = gathered.beyond(slope)
    step = float(np.clip(right[0] / max(normal[0, 0], 1e-30), -0.7, 0.7))
    return replace(draft, tau=float(np.clip(draft.tau * np.exp(step), 0.02 * draft.sigma, 5 * draft.sigma)))
