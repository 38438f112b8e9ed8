"""Whether a mixed model's assumptions hold, as far as the data can say."""

from __future__ import annotations

import numpy as np
from scipy import stats

from coeruleus.release.autoregressive import AutoregressiveFit, decay
from coeruleus.release.course_model import CourseModel, Design
from coeruleus.release.mixed import MixedFit
from coeruleus.release.reml import Floats
from coeruleus.release.rows import Row

LEVEL = 0.01  # of each check: with many checks one in twenty would be noise


def check_assumptions(model: CourseModel) -> list[Row]:
    """Rows of ASSUMPTIONS: normal residuals and animals, equal spread of arms and over levels, independence.

    Residuals are those given the animal's effects, each divided by its standard error; samples below limits
    have none. Shapiro & Wilk (1965), Brown & Forsythe (1974), Spearman, and the lag-1 correlation within
    courses against what chance gives (±z ÷ √n around −1 ÷ (samples of a course)).
    """
    if model.fit is None or model.design is None:
        return []
    design, known = model.design, np.isfinite(model.design.outcome.y)
    fitted, residual, effects = scaled_residuals(model.fit, design)
    rows = [_row("residuals are normal", *_shapiro(residual[known]))]
    if len(effects) > 2:
        rows.append(_row("animals' levels are normal", *_shapiro(effects)))
    arms = design.arms[known]
    parts = [residual[known][arms == arm] for arm in sorted(set(arms))]
    if len(parts) > 1 and min(len(part) for part in parts) > 2:
        spread = stats.levene(*parts, center="median")
        rows.append(_row("residuals spread alike in all groups", float(spread.statistic), float(spread.pvalue)))
    if np.ptp(fitted[known]) > 0:
        rank = stats.spearmanr(np.abs(residual[known]), fitted[known])
        statistic, p_value = (float(np.ravel(part)[0]) for part in (rank.statistic, rank.pvalue))
        rows.append(_row("residuals spread alike at all levels", statistic, p_value))
    if not isinstance(model.fit, AutoregressiveFit):
        rows.append(_row("residuals are independent from sample to sample", *_lag(residual, design, known)))
    return rows


def scaled_residuals(fit: MixedFit, design: Design) -> tuple[Floats, Floats, Floats]:
    """Fitted means given the animal (n,), residuals ÷ their SE (n,), and the animals' levels (animals,)."""
    y = design.outcome.y
    known = np.isfinite(y)
    mean = design.x @ fit.coefficients
    fitted, scaled = mean.copy(), np.full(len(y), np.nan)
    levels = []
    for animal in np.unique(design.animals):
        rows = np.flatnonzero((design.animals == animal) & known)
        if not len(rows):
            continue
        between = np.zeros((len(rows), len(rows)))
        for name, effect in design.effects.items():
            own = effect[rows]
            between += fit.variances[name] * ((own[:, None] == own[None, :]) & (own >= 0)[:, None])
        within = np.eye(len(rows))
        if isinstance(fit, AutoregressiveFit):
            series, place = design.series[rows], design.position[rows]
            steps = np.abs(place[:, None] - place)
            within = np.where(series[:, None] == series, decay(fit.phi, steps), 0.0)
        inverse = np.linalg.inv(between + fit.variances["residual"] * within)
        weighted = inverse @ (y[rows] - mean[rows])
        fitted[rows] += between @ weighted
        scaled[rows] = weighted / np.sqrt(np.diag(inverse))
        levels.append(fit.variances["the animals' levels"] * float(weighted.sum()))
    return fitted, scaled, np.array(levels)


def _shapiro(values: Floats) -> tuple[float, float]:
    if len(values) < 3 or np.ptp(values) < 1e-12:
        return float("nan"), float("nan")
    found = stats.shapiro(values[:5000])
    return float(found.statistic), float(found.pvalue)


def _lag(residual: Floats, design: Design, known: np.ndarray) -> tuple[float, float]:
    order = np.lexsort((design.position, design.series))
    first, second = order[:-1], order[1:]
    same = design.series[first] == design.series[second]
    step = design.position[second] - design.position[first]
    usual = np.median(step[same]) if same.any() else 1
    pairs = same & (step == usual) & known[first] & known[second]
    number = int(pairs.sum())
    if number < 10:
        return float("nan"), float("nan")
    one, two = residual[first[pairs]], residual[second[pairs]]
    r = float(np.sum(one * two) / np.sqrt(np.sum(one**2) * np.sum(two**2)))
    expected = -1 / max(float(known.sum()) / len(np.unique(design.series[known])), 2.0)
    z = (r - expected) * np.sqrt(number)
    return r, float(2 * stats.norm.sf(abs(z)))


def _row(check: str, statistic: float, p_value: float) -> Row:
    holds = None if not np.isfinite(p_value) else bool(p_value >= LEVEL)
    return {"check": check, "statistic": float(statistic), "p_value": float(p_value), "holds": holds}
