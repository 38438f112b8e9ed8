"""Every analyte in every injection of a run: strong peaks first, to learn where things are, then all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from coeruleus.chromatography.arrays import Booleans, Floats
from coeruleus.chromatography.fit import Component, Fit
from coeruleus.chromatography.prepare import Cells, Trace
from coeruleus.chromatography.refine import refine_shapes
from coeruleus.chromatography.retention import model_retention, model_widths
from coeruleus.chromatography.run_model import RunModel, learn_run
from coeruleus.chromatography.strong import Strong, measure_strong, noise_beside, recurring, tails
from coeruleus.chromatography.window import LEAST_ORDER, MOST_ORDER, aliens, curvature, cut, fit_target, target
from coeruleus.tables import status

FOUND_ABOVE = 2.2  # area over its error; 1.4 % of blanks by chance alone, which leaves room for worse noise
TOO_STRONG = 30.0
ASKED = 16  # injections for the order of the baseline
FEW_ASKED = 5
NEAR = 2.5  # widths: an unknown peak so near matters to the area
SECONDS = 60.0


@dataclass(frozen=True)
class Peak:
    """One analyte in one injection. Times in minutes, areas in signal × seconds; NaN is not known."""

    retention: float
    predicted: float
    height: float
    area: float
    area_se: float
    width: float
    tailing: float
    resolution: float
    score: float
    status: str
    reason: str | None
    fit: Fit | None = None


def measure_run(
    traces: Sequence[Trace], nominal: Floats, expected: Booleans, names: Sequence[str]
) -> tuple[list[list[Peak]], RunModel]:
    """Peaks [injection][analyte] of usable traces in run order, and the model of the run.

    `nominal` (analytes,) minutes; `expected` (injections, analytes) what standards and controls hold.
    """
    model = learn_run(traces, nominal, expected)
    n, analytes = model.matched.shape
    averaged: list[dict[int, Cells]] = [{} for _ in range(n)]
    refine_shapes(model, expected, averaged, names)
    strong = [measure_strong(model, i, averaged[i], names) for i in range(n)]
    model.noise, model.noise_scale = noise_beside(model, strong)
    _choose_orders(model, averaged, strong, names)
    kinds = ("centre", "centre_se", "stretch", "width_se")
    seen = {kind: np.full((n, analytes), np.nan) for kind in kinds}
    for i, found in enumerate(strong):
        for j, name in enumerate(names):
            if name in found:
                one = found[name]
                values = (one.component.centre, one.centre_se, one.component.stretch, one.width_se)
                for kind, value in zip(kinds, values, strict=True):
                    seen[kind][i, j] = value
    base = np.tile(model.base, (n, 1))
    model.retention = model_retention(seen["centre"], seen["centre_se"], base)
    model.widths = model_widths(seen["stretch"], seen["width_se"], model.retention.predicted / base)
    unknown = recurring(model, strong)
    return [_measure_injection(model, i, averaged[i], strong[i], names, unknown) for i in range(n)], model


def _choose_orders(
    model: RunModel, averaged: list[dict[int, Cells]], strong: Sequence[Mapping[str, Strong]], names: Sequence[str]
) -> None:
    """Per analyte, the order of baseline that the run as a whole asks for.

    Only injections without a strong peak of it are asked, since under one the small errors of its shape would
    pass for a bent baseline.
    """
    n = len(strong)
    for j, name in enumerate(names):
        rows = []
        weak = [i for i in range(n) if name not in strong[i] or strong[i][name].snr < TOO_STRONG]
        for i in (
            [weak[k] for k in np.unique(np.linspace(0, len(weak) - 1, ASKED).astype(int)).tolist()] if weak else []
        ):
            at = float(model.base[j] * np.exp(model.stretch[i]))
            main = strong[i][name].component if name in strong[i] else target(model, i, j, at, 0.0, name)
            others = [s.component for k, s in strong[i].items() if k != name]
            others += aliens(model, i, [main, *others], main)
            window, beside = cut(model, i, main, averaged[i], others, [], tails(strong[i]))
            if window.time.size:
                rows.append(curvature(model, i, main, beside, window))
        model.orders[j] = _order_asked_for(np.array(rows).reshape(-1, MOST_ORDER - LEAST_ORDER))


def _order_asked_for(terms: Floats) -> int:
    """The least, or the highest order whose term over its error is off zero in the mean of the injections, or in most.

    A few injections must say it loudly: one blank with a bump is no bent baseline.
    """
    order = LEAST_ORDER
    for k, column in enumerate(terms.T):
        z = column[np.isfinite(column)]
        few = z.size < FEW_ASKED
        if z.size and (abs(z.mean()) * np.sqrt(z.size) > (5.0 if few else 3.0) or (not few and np.median(z**2) > 3.0)):
            order = LEAST_ORDER + 1 + k
    return order


def _measure_injection(
    model: RunModel,
    i: int,
    averaged: dict[int, Cells],
    strong: Mapping[str, Strong],
    names: Sequence[str],
    unknown: Floats,
) -> list[Peak]:
    assert model.retention is not None
    predicted, sd = model.retention.predicted[i], model.retention.sd[i]
    guesses = [target(model, i, j, float(predicted[j]), float(sd[j]), name) for j, name in enumerate(names)]
    peaks = []
    for j, main in enumerate(guesses):
        time = model.cells[i].time
        width = main.shape.width_half * main.stretch
        if not time[0] <= main.centre - 0.6 * width < main.centre + 0.6 * width <= time[-1]:
            text = f"the chromatogram covers {time[0]:.2f} to {time[-1]:.2f} min, and {names[j]} elutes at"
            peaks.append(_unknown(main.centre, status.FAILED, f"{text} {main.centre:.2f} min"))
            continue
        others = [g for g in guesses if g is not main]
        present = [g for g in others if g.name in strong] + aliens(model, i, guesses, main)
        faint = [g for g in others if g.name not in strong]
        window, beside = cut(model, i, main, averaged, present, faint, tails(strong))
        moved = unknown * main.centre / model.base[j]
        recurrent = [replace(main, name="", centre=float(t), stretch=main.stretch * float(t) / main.centre)
                     for t in moved if abs(t - main.centre) < NEAR * width]  # fmt: skip
        fit = fit_target(model, i, main, beside, window, model.orders[j], recurrent=recurrent)
        if fit is None:
            reason = f"the chromatogram around {main.centre:.2f} min holds too little to fit a peak"
            peaks.append(_unknown(main.centre, status.FAILED, reason))
            continue
        peaks.append(_peak(model, i, j, main, fit, window.time[~window.use]))
    return _with_resolution(model, i, peaks)


def _unknown(time: float, state: str, reason: str) -> Peak:
    nan = float("nan")
    return Peak(nan, time, nan, nan, nan, nan, nan, nan, nan, state, reason)


def _peak(model: RunModel, i: int, j: int, main: Component, fit: Fit, clipped: Floats) -> Peak:
    component = fit.components[0]
    area = float(fit.area[0])
    error = float(np.hypot(fit.area_se[0] * max(1.0, fit.chi), model.shape_se[j] * area))
    width = component.shape.width_half * component.stretch
    state, reason = status.OK, None
    if np.any(np.abs(clipped - component.centre) < width):
        state = status.SATURATED
        reason = f"the detector stood at its upper end from {clipped.min():.2f} to {clipped.max():.2f} min"
    elif area < FOUND_ABOVE * error:
        state = status.NOT_FOUND
        reason = f"no peak at {main.centre:.2f} min: its area is {area / error:.1f} times its standard error"
        if model.learnt_from and not any(model.learnt_from):
            reason += "; no injection of the run shows a peak to learn retention and shape from"
    return Peak(
        component.centre,
        main.centre,
        area * component.shape.top / component.stretch,
        area * SECONDS,
        error * SECONDS,
        width,
        component.shape.tailing,
        float("nan"),
        fit.chi,
        state,
        reason,
        fit,
    )


def _with_resolution(model: RunModel, i: int, peaks: list[Peak]) -> list[Peak]:
    """Adds the resolution of found peaks to the nearer neighbour: found analytes and strong peaks of the trace."""
    neighbours_: list[tuple[float, float]] = [(p.retention, p.width) for p in peaks if p.status == status.OK]
    found, alien = model.found[i], model.alien[i]
    neighbours_ += [(float(t), 2.355 * float(s)) for t, s in zip(found.time[alien], found.sigma[alien], strict=True)]
    for peak in peaks:
        if peak.fit is not None and peak.status == status.OK:
            for component, area, error in zip(
                peak.fit.components[1:], peak.fit.area[1:], peak.fit.area_se[1:], strict=True
            ):
                if not component.name and area > 5 * error:
                    neighbours_.append((component.centre, component.shape.width_half * component.stretch))
    result = []
    for peak in peaks:
        values = [
            1.18 * abs(time - peak.retention) / (width + peak.width)
            for time, width in neighbours_
            if peak.status == status.OK and abs(time - peak.retention) > 0.3 * peak.width
        ]
        result.append(Peak(**{**peak.__dict__, "resolution": min(values, default=float("nan"))}))
    return result
