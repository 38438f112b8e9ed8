"""The calibration function: weighted least squares, and back from response to amount with its error."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from coeruleus.chromatography.arrays import Floats

POWERS = {"linear": (0, 1), "linear_through_origin": (1,), "quadratic": (0, 1, 2)}
MOST_TRIED = 4000
WEIGHTING = {"none": 0.0, "1/x": 1.0, "1/x^2": 2.0}


@dataclass(frozen=True)
class Line:
    """response = c0 + c1·x + c2·x²; `covariance` (3, 3) of the coefficients."""

    model: str
    weighting: str
    coefficients: Floats
    covariance: Floats
    residual_sd: float  # of the weighted residuals; NaN where there are as many coefficients as points
    r_squared: float

    def at(self, x: Floats | float) -> Floats:
        return np.asarray(np.vander(np.atleast_1d(x), 3, increasing=True) @ self.coefficients)

    def slope_at(self, x: float) -> float:
        return float(self.coefficients[1] + 2 * self.coefficients[2] * x)

    def invert(self, response: float) -> float:
        """The x of a response, on the branch that goes on from zero; NaN beyond a parabola's turn."""
        c0, c1, c2 = self.coefficients
        if c2 == 0:
            return float((response - c0) / c1)
        inside = c1 * c1 - 4 * c2 * (c0 - response)
        return float(2 * (response - c0) / (c1 + np.sqrt(inside))) if inside >= 0 else float("nan")

    def invert_se(self, x: float, response_se: float) -> float:
        """Standard error of the inverted x, from the response's error and the line's (delta method)."""
        terms = np.array([1.0, x, x * x])
        variance = response_se**2 + float(terms @ self.covariance @ terms)
        return float(np.sqrt(variance)) / abs(self.slope_at(x))


def weights_of(x: Floats, weighting: str) -> Floats:
    """1, 1/x or 1/x²; a standard of zero weighs as much as the lowest above it."""
    above = x[x > 0]
    floor = float(above.min()) if above.size else 1.0
    return np.asarray(np.maximum(x, floor) ** -WEIGHTING[weighting])


def fit_line(x: Floats, response: Floats, response_se: Floats, model: str, weighting: str) -> Line:
    """Weighted least squares of `model`. Raises ValueError with a text for the bench where it cannot be fitted.

    Errors of the coefficients follow from the scatter of the standards, or where they leave no degree of
    freedom, from the errors of their areas.
    """
    powers = POWERS[model]
    if np.unique(x).size < len(powers):
        text = {1: "one standard above zero", 2: "standards of two levels", 3: "standards of three levels"}[len(powers)]
        raise ValueError(f"a {model.replace('_', ' ')} calibration needs {text}, and {np.unique(x).size} can be used")
    weight = weights_of(x, weighting)
    design = np.vander(x, 3, increasing=True)[:, list(powers)]
    root = np.sqrt(weight)
    scale = np.maximum(np.abs(design * root[:, None]).max(axis=0), 1e-300)
    scaled = design * root[:, None] / scale
    inverse = np.linalg.pinv(scaled)
    solution = inverse @ (response * root) / scale
    residual = (response - design @ solution) * root
    dof = x.size - len(powers)
    spread = float(np.sqrt(residual @ residual / dof)) if dof > 0 else float("nan")
    if dof > 0:
        small = (inverse @ inverse.T) * spread**2
    else:
        small = (inverse * (np.nan_to_num(response_se) * root) ** 2) @ inverse.T
    small /= np.outer(scale, scale)
    coefficients, covariance = np.zeros(3), np.zeros((3, 3))
    coefficients[list(powers)] = solution
    covariance[np.ix_(powers, powers)] = small
    centre = float((weight * response).sum() / weight.sum()) if model != "linear_through_origin" else 0.0
    total = float((weight * (response - centre) ** 2).sum())
    r_squared = 1 - float(residual @ residual) / total if total > 0 else float("nan")
    if coefficients[1] <= 0:
        raise ValueError("the standards' responses do not rise with their concentration")
    return Line(model, weighting, coefficients, covariance, spread, r_squared)


def robust_start(x: Floats, response: Floats, model: str) -> Line:
    """A line that a minority of bad standards cannot pull: of all lines through one, two or three standards, the one
    with the smallest median relative distance (least median of squares, Rousseeuw 1984; of ties the nearest mean).
    """
    powers = list(POWERS[model])
    start = fit_line(x, response, np.zeros_like(x), model, "1/x")
    chosen = np.array(list(combinations(range(x.size), len(powers))))
    chosen = chosen[np.linspace(0, len(chosen) - 1, min(len(chosen), MOST_TRIED)).astype(int)]
    design = np.vander(x / max(np.abs(x).max(), 1e-300), 3, increasing=True)[:, powers]
    systems = design[chosen]
    solvable = np.abs(np.linalg.det(systems)) > 1e-9
    if not solvable.any():
        return start
    solutions = np.linalg.solve(systems[solvable], response[chosen[solvable]][:, :, None])[:, :, 0]
    above = x[x > 0]
    floor = 0.5 * float(above.min()) if above.size else 1.0
    rise = np.abs(np.median(response / np.maximum(x, floor))) * np.maximum(x, floor)
    away = np.abs(solutions @ design.T - response) / np.maximum(rise, 1e-300)
    score = np.median(away, axis=1) + 0.1 * np.minimum(away, 1.0).mean(axis=1)
    score[solutions[:, powers.index(1)] <= 0] = np.inf
    best = int(np.argmin(score))
    if not np.isfinite(score[best]):
        return start
    index = chosen[solvable][best]
    return fit_line(x[index], response[index], np.zeros(index.size), model, "none")
