"""Calibration of one analyte in one run: which standards, drift of sensitivity, line, limits."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from coeruleus.chromatography.arrays import Booleans, Floats
from coeruleus.chromatography.line import POWERS, Line, fit_line, robust_start, weights_of
from coeruleus.chromatography.sensitivity import Sensitivity, follow, has_repeats
from coeruleus.chromatography.settings import Calibration

FAR_OFF = 3.5  # robust standard deviations beyond which a standard is left out
MOST_REJECTED = 1 / 3
FEWEST_KEPT = 3
DRIFT_FREEDOM = 2  # what the course of sensitivity takes, about
SAME = 1e-6  # of a term of the line is all that other terms do not say
SWAPPED = 0.2  # how near what each of two standards says must be to what the other holds


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
    """A calibration, or why there is none.

    `sensitivity` has a value for every injection of the run; where `drift_followed` is False that says nothing of it.
    """

    line: Line | None
    reason: str | None
    used: Booleans
    why_not: list[str | None]
    sensitivity: Sensitivity
    repeatability: float = 0.0
    sigma: float = float("nan")
    limits_from: str | None = None
    sigmas: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    drift_followed: bool = False


@dataclass(frozen=True)
class Blank:
    """Standard deviation of a blank's response, and what it was taken from."""

    sigma: float
    source: str


def calibrate(standards: Standards, run_order: Floats, blank: Blank, settings: Calibration) -> Calibrated:
    """Fit the standards; `run_order` (m,) are the places of all injections.

    A standard far from what the others say (beyond the limits of accuracy and beyond 3.5 robust standard
    deviations) is left out and named, as long as two thirds stay; of two that each say what the other holds, both.
    """
    model = settings.model
    n = standards.nominal.size
    steady = Sensitivity(np.zeros(run_order.size), np.zeros((run_order.size, run_order.size)), 0.0)
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
        drifts = settings.drift_correction and has_repeats(order, x)
        followed = False
        keep = np.ones(x.size, bool)
        sensitivity = steady
        at_standards = np.searchsorted(run_order, order)
        ratio_se = np.nan_to_num(se / np.maximum(np.abs(y), 1e-300))
        for _ in range(3):
            log_ratio = np.log(np.maximum(y, 1e-300) / np.maximum(line.at(x), 1e-12 * np.abs(y).max()))
            course = _steady_course(order, log_ratio) if drifts else np.zeros(x.size)
            near = _near(log_ratio - course, ratio_se, x, settings)
            partner = _swapped(x, np.array([line.invert(v) for v in y / np.exp(course)]), near)
            keep, far = _keep(near, partner)
            followed = bool(drifts and keep.sum() >= FEWEST_KEPT)
            if followed:
                terms = _line_terms(line, x[keep], model)
                sensitivity = follow(order[keep], log_ratio[keep], ratio_se[keep], run_order, terms)
                middle = float(np.mean(sensitivity.log[at_standards[keep]]))
                sensitivity = Sensitivity(sensitivity.log - middle, sensitivity.covariance, sensitivity.repeatability)
            factor = np.exp(sensitivity.log[at_standards])
            line = fit_line(x[keep], (y / factor)[keep], (se / factor)[keep], model, settings.weighting)
            if far:
                break  # a line through all of them would hide which are far from the robust one
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
        mate = partner[int(np.flatnonzero(np.flatnonzero(usable) == index)[0])]
        if mate >= 0:
            other = standards.injection_id[int(np.flatnonzero(usable)[mate])]
            why_not[index] = f"{why_not[index]}; {other} says the reverse: the two look swapped"
    notes = []
    if far:
        names = [standards.injection_id[int(k)] for k in np.flatnonzero(usable)[~near]]
        notes.append(
            f"too many of the {x.size} standards lie far from the line to leave them out ({', '.join(names)}): "
            "check their levels"
        )
    sigmas = _sigmas(line, x[keep], blank)
    sigma, limits_from = _sigma(line, x[keep], (y / factor)[keep], blank, sigmas, settings.limits_from)
    if settings.limits_from != "auto" and limits_from != settings.limits_from:
        notes.append(f"limits_from: {settings.limits_from} cannot be had here; LOD and LOQ are from {limits_from}")
    zero, lowest = float(line.coefficients[0]), float(line.at(x[keep].min())[0])
    if abs(zero) > max(3 * np.sqrt(line.covariance[0, 0]), 0.3 * abs(lowest)):
        notes.append(
            f"the calibration line is far from the origin (intercept {zero:.4g}, and {lowest:.4g} at the lowest "
            "standard): low samples are not to be trusted; check blanks and levels"
        )
    deviation = (y / factor)[keep] / np.maximum(line.at(x[keep]), 1e-300) - 1
    freedom = int(keep.sum()) - len(POWERS[model]) - (DRIFT_FREEDOM if followed else 0)
    repeatability = _excess(deviation, ratio_se[keep], freedom) if keep.sum() >= 4 else 0.0
    return Calibrated(
        line, None, used, why_not, sensitivity, float(repeatability), sigma, limits_from, sigmas, notes, followed
    )


def _first(why_not: list[str | None]) -> str:
    return next((w for w in why_not if w), "")


def _steady_course(order: Floats, log_ratio: Floats) -> Floats:
    """The straight course of sensitivity that a quarter of bad standards cannot pull (Theil 1950, Sen 1968)."""
    first, second = np.triu_indices(order.size, 1)
    gap = order[second] - order[first]
    slope = float(np.median((log_ratio[second] - log_ratio[first])[gap != 0] / gap[gap != 0]))
    return np.asarray(slope * order + np.median(log_ratio - slope * order))


def _line_terms(line: Line, x: Floats, model: str) -> Floats:
    """What small changes of the line's coefficients do to the log of its values at `x` (n,); scale is left out.

    Orthonormal columns, without those that these levels cannot tell apart.
    """
    terms = np.column_stack([np.ones(x.size), *(x**power / line.at(x) for power in POWERS[model][:-1])])
    q, r = np.linalg.qr(terms / np.linalg.norm(terms, axis=0))
    return np.asarray(q[:, 1:][:, np.abs(np.diag(r)[1:]) > SAME])


def _near(residual: Floats, se: Floats, x: Floats, settings: Calibration) -> Booleans:
    """Standards that agree with the line."""
    scatter = np.sqrt(max((1.4826 * float(np.median(np.abs(residual)))) ** 2 - float(np.median(se)) ** 2, 0.0))
    limit = np.where(x == x.min(), settings.accuracy_limit_lowest, settings.accuracy_limit)
    allowed = np.maximum(np.log1p(limit), FAR_OFF * np.sqrt(se**2 + scatter**2))
    return np.asarray(np.abs(residual) <= allowed)


def _swapped(x: Floats, found: Floats, near: Booleans) -> NDArray[np.int_]:
    """For each standard the one that it looks swapped with, or -1: each says what the other holds, and not its own."""
    partner = np.full(x.size, -1)
    away = np.flatnonzero(~near)
    for n, a in enumerate(away):
        for b in away[n + 1 :]:
            apart = abs(x[a] - x[b]) > 2 * SWAPPED * min(x[a], x[b])
            alike = abs(found[a] - x[b]) <= SWAPPED * x[b] and abs(found[b] - x[a]) <= SWAPPED * x[a]
            if apart and alike and partner[a] < 0 and partner[b] < 0:
                partner[a], partner[b] = b, a
    return partner


def _keep(near: Booleans, partner: NDArray[np.int_]) -> tuple[Booleans, bool]:
    """Standards to keep, and whether too many lie far off to say which are wrong."""
    unexplained = int((~near & (partner < 0)).sum())
    enough = near.sum() >= FEWEST_KEPT if near.size >= 4 else False
    if near.all() or (enough and unexplained <= MOST_REJECTED * near.size):
        return near, False
    return np.ones(near.size, bool), True


def _sigmas(line: Line, x: Floats, blank: Blank) -> dict[str, float]:
    """The three σ of ICH Q2 that can be had: of blanks, of the residuals at the lowest standard, of the intercept."""
    intercept = float(np.sqrt(line.covariance[0, 0]))
    at_lowest = line.residual_sd / float(np.sqrt(weights_of(x, line.weighting).max()))
    return {
        "blanks": blank.sigma if blank.source == "blanks" else float("nan"),
        "residual_sd": at_lowest,
        "intercept_sd": intercept if intercept > 0 else float("nan"),
    }


def _sigma(
    line: Line, x: Floats, response: Floats, blank: Blank, sigmas: dict[str, float], wanted: str
) -> tuple[float, str]:
    """The σ of LOD and LOQ and what it is; auto sees no less than a line that is not sure of zero."""
    if wanted != "auto" and np.isfinite(sigmas[wanted]):
        return sigmas[wanted], wanted
    sigma, source = blank.sigma, blank.source
    if not np.isfinite(sigma):
        sigma, source = _sigma_of_line(line, x, response), "scatter of the lowest standards"
    intercept = float(np.sqrt(line.covariance[0, 0]))
    if not np.isfinite(sigma) or intercept > sigma:
        return intercept, "intercept_sd"
    return sigma, source


def _excess(deviation: Floats, se: Floats, freedom: int) -> float:
    """The relative standard deviation beyond their own errors that the standards' deviations ask for.

    The one with which their weighted sum of squares is the degrees of freedom (Paule and Mandel 1982).
    """
    freedom = max(freedom, 1)

    def left(extra: float) -> float:
        return float(np.sum(deviation**2 / (se**2 + extra**2 + 1e-12))) - freedom

    high = float(np.sqrt(np.mean(deviation**2) * deviation.size / freedom)) + 1e-9
    return float(brentq(left, 0.0, high, xtol=1e-6)) if left(0.0) > 0 > left(high) else 0.0


def _sigma_of_line(line: Line, x: Floats, response: Floats) -> float:
    """Without blanks: the scatter of the lowest standards about the line (ICH Q2), three or a third of them."""
    if x.size < 3:
        return float("nan")
    low = np.argsort(x, kind="stable")[: max(3, x.size // 3)]
    away = response[low] - line.at(x[low])
    return float(np.sqrt(np.mean(away**2)))
