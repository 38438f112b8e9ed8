"""Calibration of one analyte in one run: which standards, drift of sensitivity, line, limits."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from coeruleus.chromatography.arrays import Booleans, Floats
from coeruleus.chromatography.line import Line, fit_line, robust_start
from coeruleus.chromatography.sensitivity import Sensitivity, follow, has_repeats

LIMIT, LIMIT_LOWEST = 0.15, 0.20  # deviation from nominal; the second at the lowest standard
FAR_OFF = 3.5  # robust standard deviations beyond which a standard is left out
MOST_REJECTED = 1 / 3


@dataclass(frozen=True)
class Standards:
    """The standards of one analyte in a run, in run order. Arrays are (n,)."""

    injection_id: list[str]
    order: Floats
    nominal: Floats  # concentration, or amount on column
    response: Floats
    response_se: Floats
    why_not: list[str | None]  # why one cannot be used


@dataclass(frozen=True)
class Calibrated:
    """A calibration, or why there is none. `sensitivity` has a value for every injection of the run."""

    line: Line | None
    reason: str | None
    used: Booleans
    why_not: list[str | None]
    sensitivity: Sensitivity
    repeatability: float = 0.0
    sigma: float = float("nan")
    notes: list[str] = field(default_factory=list)


def calibrate(
    standards: Standards, run_order: Floats, blank_sigma: float, model: str, weighting: str, drift_correction: bool
) -> Calibrated:
    """Fit the standards; `run_order` (m,) are the places of all injections, `blank_sigma` the sd of a blank's response.

    A standard far from what the others say (beyond the limits of accuracy and beyond 3.5 robust standard
    deviations) is left out and named, as long as two thirds stay.
    """
    n = standards.nominal.size
    steady = Sensitivity(np.zeros(run_order.size), np.zeros(run_order.size), 0.0)
    why_not = list(standards.why_not)
    usable = np.array([w is None for w in why_not], bool)
    nothing = np.zeros(n, bool)
    if n == 0:
        return Calibrated(None, "no standard of the run contains it", nothing, why_not, steady)
    if not usable.any():
        return Calibrated(None, f"none of its {n} standards can be used: {_first(why_not)}", nothing, why_not, steady)
    x, y, se = standards.nominal[usable], standards.response[usable], standards.response_se[usable]
    order = standards.order[usable]
    try:
        line = robust_start(x, y, model)
        drifts = drift_correction and has_repeats(order, x)
        keep = np.ones(x.size, bool)
        sensitivity = steady
        at_standards = np.searchsorted(run_order, order)
        ratio_se = np.nan_to_num(se / np.maximum(np.abs(y), 1e-300))
        for _ in range(3):
            log_ratio = np.log(np.maximum(y, 1e-300) / np.maximum(line.at(x), 1e-12 * np.abs(y).max()))
            course = _steady_course(order, log_ratio) if drifts else np.zeros(x.size)
            keep, far = _keep(log_ratio - course, ratio_se, x)
            if drifts and keep.sum() >= 3:
                sensitivity = follow(order[keep], log_ratio[keep], ratio_se[keep], run_order)
                middle = float(np.mean(sensitivity.log[at_standards[keep]]))
                sensitivity = Sensitivity(sensitivity.log - middle, sensitivity.log_se, sensitivity.repeatability)
            factor = np.exp(sensitivity.log[at_standards])
            line = fit_line(x[keep], (y / factor)[keep], (se / factor)[keep], model, weighting)
    except ValueError as problem:
        return Calibrated(None, str(problem), nothing, why_not, steady)
    used = nothing.copy()
    used[np.flatnonzero(usable)[keep]] = True
    for index in np.flatnonzero(usable)[~keep]:
        place = int(np.searchsorted(run_order, standards.order[index]))
        found = line.invert(float(standards.response[index] / np.exp(sensitivity.log[place])))
        why_not[index] = (
            f"left out of the calibration: its response says {found:.4g} where the level holds "
            f"{standards.nominal[index]:.4g}, and the other standards agree with each other"
        )
    notes = []
    if far:
        notes.append("more than a third of the standards lie far from the line: none was left out; check the levels")
    sigma = blank_sigma if np.isfinite(blank_sigma) else _sigma_of_line(line, x[keep], (y / factor)[keep])
    sigma = float(np.fmax(sigma, np.sqrt(line.covariance[0, 0])))  # a line that is not sure of zero sees no less
    zero, lowest = float(line.coefficients[0]), float(line.at(x[keep].min())[0])
    if abs(zero) > max(3 * np.sqrt(line.covariance[0, 0]), 0.3 * abs(lowest)):
        notes.append(
            f"the calibration line is far from the origin (intercept {zero:.4g}, and {lowest:.4g} at the lowest "
            "standard): low samples are not to be trusted; check blanks and levels"
        )
    deviation = (y / factor)[keep] / np.maximum(line.at(x[keep]), 1e-300) - 1
    extra = float(np.mean(deviation**2 - ratio_se[keep] ** 2)) * keep.sum() / max(keep.sum() - 2, 1)
    robust = float(1.4826 * np.median(np.abs(deviation)))
    repeatability = min(np.sqrt(max(extra, 0.0)), robust) if keep.sum() >= 4 else 0.0
    return Calibrated(line, None, used, why_not, sensitivity, float(repeatability), sigma, notes)


def _first(why_not: list[str | None]) -> str:
    return next((w for w in why_not if w), "")


def _steady_course(order: Floats, log_ratio: Floats) -> Floats:
    """The straight course of sensitivity that a quarter of bad standards cannot pull (Theil 1950, Sen 1968)."""
    first, second = np.triu_indices(order.size, 1)
    gap = order[second] - order[first]
    slope = float(np.median((log_ratio[second] - log_ratio[first])[gap != 0] / gap[gap != 0]))
    return np.asarray(slope * order + np.median(log_ratio - slope * order))


def _keep(residual: Floats, se: Floats, x: Floats) -> tuple[Booleans, bool]:
    """Standards to keep, and whether too many lie far off to say which are wrong."""
    scatter = np.sqrt(max((1.4826 * float(np.median(np.abs(residual)))) ** 2 - float(np.median(se)) ** 2, 0.0))
    limit = np.where(x == x.min(), LIMIT_LOWEST, LIMIT)
    allowed = np.maximum(np.log1p(limit), FAR_OFF * np.sqrt(se**2 + scatter**2))
    keep = np.abs(residual) <= allowed
    if (~keep).sum() > MOST_REJECTED * x.size or x.size < 4:
        return np.ones(x.size, bool), bool((~keep).any())
    return keep, False


def _sigma_of_line(line: Line, x: Floats, response: Floats) -> float:
    """Without blanks: the scatter of the lowest standards about the line (ICH Q2), three or a third of them."""
    if x.size < 3:
        return float("nan")
    low = np.argsort(x, kind="stable")[: max(3, x.size // 3)]
    away = response[low] - line.at(x[low])
    return float(np.sqrt(np.mean(away**2)))
