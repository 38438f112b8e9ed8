"""Linear mixed model with random effects inside animals: REML estimates and Satterthwaite degrees of freedom.

    y = X β + Σ_k Z_k u_k + e,   u_k ~ N(0, σ_k² I),   e ~ N(0, σ² I)

Every random effect belongs to one animal, so the covariance of y falls into one block per animal. The
variances maximise the restricted likelihood (Patterson & Thompson 1971; profiled over σ² as in Bates et
al. 2015, doi 10.18637/jss.v067.i01). Degrees of freedom follow Satterthwaite with the observed
information of the variances (Giesbrecht & Burns 1985; for several degrees of freedom Fai & Cornelius
1996), as R's lmerTest computes them (Kuznetsova et al. 2017, doi 10.18637/jss.v082.i13).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, stats

from coeruleus.release.reml import Floats, Pass, Stack, evaluate, stack_animals

ZERO = 1e-7  # a variance below this share of the residual's is zero


class NotEstimable(Exception):
    """The data do not allow this estimate; the message says why."""


@dataclass(frozen=True)
class Estimate:
    """One contrast: estimate, standard error, degrees of freedom, t, two-sided p, 95 % interval."""

    estimate: float
    se: float
    df: float
    statistic: float
    p_value: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class JointTest:
    """Several contrasts tested together: F with its two degrees of freedom."""

    statistic: float
    df_numerator: int
    df: float
    p_value: float


@dataclass(frozen=True)
class MixedFit:
    """A fitted model. `variances` by name, `residual` among them; those estimated as 0 are in `zero`."""

    coefficients: Floats  # (p,)
    covariance: Floats  # (p, p)
    variances: dict[str, float]
    zero: tuple[str, ...]
    slopes: Floats  # (k, p, p): derivative of `covariance` with each variance that is not 0
    uncertainty: Floats  # (k, k): covariance of those variances

    def contrast(self, weights: Floats) -> Estimate:
        """Estimate of Σ weights · coefficients."""
        estimate = float(weights @ self.coefficients)
        variance = float(weights @ self.covariance @ weights)
        se, df = float(np.sqrt(variance)), self._df(weights, variance)
        half = float(stats.t.ppf(0.975, df)) * se
        p_value = float(2 * stats.t.sf(abs(estimate / se), df))
        return Estimate(estimate, se, df, estimate / se, p_value, estimate - half, estimate + half)

    def joint(self, rows: Floats) -> JointTest:
        """F test that every row (q, p) of contrasts is 0. Raises NotEstimable without degrees of freedom."""
        values, vectors = np.linalg.eigh(rows @ self.covariance @ rows.T)
        keep = values > values.max() * 1e-10
        turned, values = vectors.T[keep] @ rows, values[keep]
        number = len(values)
        statistic = float(np.sum((turned @ self.coefficients) ** 2 / values) / number)
        dfs = np.array([self._df(row, value) for row, value in zip(turned, values, strict=True)])
        if number == 1:
            df = float(dfs[0])
        elif np.ptp(dfs) < 1e-6 * dfs.max():
            df = float(dfs.mean())
        else:
            expected = float(np.sum(dfs[dfs > 2] / (dfs[dfs > 2] - 2)))
            if expected <= number:
                raise NotEstimable("too few animals for the degrees of freedom of this test")
            df = 2 * expected / (expected - number)
        return JointTest(statistic, number, df, float(stats.f.sf(statistic, number, df)))

    def _df(self, weights: Floats, variance: float) -> float:
        gradient = np.einsum("i,kij,j->k", weights, self.slopes, weights)
        return float(2 * variance**2 / (gradient @ self.uncertainty @ gradient))


def fit_mixed(y: Floats, x: Floats, animals: NDArray[np.int64], effects: Mapping[str, NDArray[np.int64]]) -> MixedFit:
    """Fit by REML.

    `y` (n,), `x` (n, p) of full column rank, `animals` (n,), and per random effect the level of each row
    (n,), −1 where the effect is absent. Raises NotEstimable where nothing is left to estimate variances
    from.
    """
    return solve(y, x, animals, effects).fit


@dataclass(frozen=True)
class Solution:
    """A fit and what it was made from, variances in units of `scale`: the residual's, then those that are not 0."""

    fit: MixedFit
    stacks: list[Stack]
    variances: Floats
    final: Pass
    scale: float


def solve(y: Floats, x: Floats, animals: NDArray[np.int64], effects: Mapping[str, NDArray[np.int64]]) -> Solution:
    """As `fit_mixed`, with what further inference needs."""
    n, p = x.shape
    scale = residual_scale(y, x)
    names = sorted(effects)
    stacks = stack_animals(y / np.sqrt(scale), x, animals, [effects[name] for name in names])
    ratios, _ = maximise(stacks, n, p, len(names))
    active = [place for place, ratio in enumerate(ratios) if ratio > ZERO]
    chosen = choose(stacks, active)
    start = evaluate(chosen, np.array([1.0, *ratios[active]]), p)
    variances = np.array([1.0, *ratios[active]]) * start.quadratic / (n - p)
    variances, final = _polish(chosen, variances, p)
    slopes = np.array([final.covariance @ inner @ final.covariance for inner in final.inner])
    found = name_variances(names, active, variances * scale)
    zero = tuple(name for place, name in enumerate(names) if place not in active)
    # Derivatives with variances in units of `scale`: the two scalings of the degrees of freedom cancel.
    fit = MixedFit(
        final.beta * np.sqrt(scale), final.covariance * scale, found, zero, slopes * scale, invert(final.information)
    )
    return Solution(fit, chosen, variances, final, scale)


def residual_scale(y: Floats, x: Floats) -> float:
    """Variance around the means, to scale by. Raises NotEstimable where there is none."""
    n, p = x.shape
    if n <= p:
        raise NotEstimable(f"{n} samples are too few for {p} means and their variance")
    residual = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    scale = float(residual @ residual) / (n - p)
    if scale <= 1e-20 * max(1.0, float(y @ y) / n):
        raise NotEstimable("the samples do not vary around their means")
    return scale


def choose(stacks: list[Stack], active: list[int]) -> list[Stack]:
    """The stacks with only some of the random effects."""
    kept = [0, *(place + 1 for place in active)]
    return [replace(stack, shared=stack.shared[kept]) for stack in stacks]


def name_variances(names: list[str], active: list[int], variances: Floats) -> dict[str, float]:
    """Variances by name; `variances` is the residual's and those of the active effects, the others are 0."""
    found = dict.fromkeys(names, 0.0) | {"residual": float(variances[0])}
    return found | {names[place]: float(value) for place, value in zip(active, variances[1:], strict=True)}


def maximise(stacks: list[Stack], n: int, p: int, number: int) -> tuple[Floats, float]:
    """Variances of the random effects ÷ the residual's where the profiled restricted likelihood is largest.

    Returns also its deviance there.
    """

    def deviance(ratios: Floats) -> tuple[float, Floats]:
        at = evaluate(stacks, np.array([1.0, *ratios]), p)
        variance = at.quadratic / (n - p)
        return float((n - p) * np.log(variance) + at.log_det), (at.traces - at.squares / variance)[1:]

    if number == 0:
        return np.zeros(0), deviance(np.zeros(0))[0]
    bounds, options = [(0.0, 1e8)] * number, {"ftol": 1e-11, "gtol": 1e-6, "maxiter": 500}
    best, lowest = np.zeros(number), np.inf
    for start in (1.0, 0.05):
        found = optimize.minimize(  # type: ignore[call-overload]
            deviance, np.full(number, start), jac=True, bounds=bounds, method="L-BFGS-B", options=options
        )
        if found.fun < lowest - 1e-7:
            best, lowest = np.asarray(found.x), float(found.fun)
        if np.all(best > ZERO):  # inside: the second start is for those that ran to an edge
            break
    return best, lowest


def _polish(stacks: list[Stack], variances: Floats, p: int) -> tuple[Floats, Pass]:
    """A few Newton steps to the full precision of the maximum."""
    at = evaluate(stacks, variances, p, second=True)
    for _ in range(8):
        score = 0.5 * (at.squares - at.traces)
        try:
            step = linalg.solve(at.information, score, assume_a="pos")
        except linalg.LinAlgError:
            break
        if not np.all(variances + step > 0) or np.max(np.abs(step) / variances) > 0.1:
            break
        variances = variances + step
        at = evaluate(stacks, variances, p, second=True)
        if np.max(np.abs(step) / variances) < 1e-10:
            break
    return variances, at


def invert(information: Floats) -> Floats:
    """Covariance of the variances; directions in which the likelihood is flat say nothing."""
    values, vectors = np.linalg.eigh(information)
    keep = values > max(values.max(), 0.0) * 1e-10
    if not keep.any():
        raise NotEstimable("the variances cannot be told apart")
    return (vectors[:, keep] / values[keep]) @ vectors[:, keep].T
