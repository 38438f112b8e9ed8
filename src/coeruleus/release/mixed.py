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
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, stats

Floats = NDArray[np.float64]
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


@dataclass(frozen=True)
class _Block:
    """One animal: its values, the columns of X that are not 0 in it, and the G_k = Z_k Z_k', the identity first."""

    y: Floats  # (m,)
    x: Floats  # (m, q)
    columns: NDArray[np.int64]  # (q,)
    shared: Floats  # (k, m, m)


@dataclass(frozen=True)
class _Pass:
    """One evaluation at given variances (residual first)."""

    beta: Floats
    covariance: Floats  # (X' V⁻¹ X)⁻¹
    quadratic: float  # y' P y
    log_det: float  # log |V| + log |X' V⁻¹ X|
    traces: Floats  # (k,) tr(P G_k)
    squares: Floats  # (k,) y' P G_k P y
    inner: Floats  # (k, p, p) X' V⁻¹ G_k V⁻¹ X
    information: Floats  # (k, k) observed, empty unless asked for


def fit_mixed(y: Floats, x: Floats, animals: NDArray[np.int64], effects: Mapping[str, NDArray[np.int64]]) -> MixedFit:
    """Fit by REML.

    `y` (n,), `x` (n, p) of full column rank, `animals` (n,), and per random effect the level of each row
    (n,), −1 where the effect is absent. Raises NotEstimable where nothing is left to estimate variances
    from.
    """
    n, p = x.shape
    if n <= p:
        raise NotEstimable(f"{n} samples are too few for {p} means and their variance")
    residual = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    scale = float(residual @ residual) / (n - p)
    if scale <= 1e-20 * max(1.0, float(y @ y) / n):
        raise NotEstimable("the samples do not vary around their means")
    names = sorted(effects)
    blocks = _split(y / np.sqrt(scale), x, animals, [effects[name] for name in names])
    ratios = _maximise(blocks, n, p, len(names))
    active = [place for place, ratio in enumerate(ratios) if ratio > ZERO]
    kept = [0, *(place + 1 for place in active)]
    chosen = [_Block(block.y, block.x, block.columns, block.shared[kept]) for block in blocks]
    start = _evaluate(chosen, np.array([1.0, *ratios[active]]), p)
    variances = np.array([1.0, *ratios[active]]) * start.quadratic / (n - p)
    variances, final = _polish(chosen, variances, p)
    uncertainty = _invert(final.information)
    slopes = np.array([final.covariance @ inner @ final.covariance for inner in final.inner])
    found = dict.fromkeys(names, 0.0) | {"residual": float(variances[0]) * scale}
    found |= {names[place]: float(value) * scale for place, value in zip(active, variances[1:], strict=True)}
    zero = tuple(name for place, name in enumerate(names) if place not in active)
    # Derivatives with variances in units of `scale`: the two scalings of the degrees of freedom cancel.
    return MixedFit(final.beta * np.sqrt(scale), final.covariance * scale, found, zero, slopes * scale, uncertainty)


def _split(y: Floats, x: Floats, animals: NDArray[np.int64], effects: list[NDArray[np.int64]]) -> list[_Block]:
    blocks = []
    for animal in np.unique(animals):
        rows = np.flatnonzero(animals == animal)
        columns = np.flatnonzero(x[rows].any(axis=0))
        levels = [effect[rows] for effect in effects]
        shared = [((own[:, None] == own[None, :]) & (own >= 0)[:, None]).astype(float) for own in levels]
        blocks.append(_Block(y[rows], x[np.ix_(rows, columns)], columns, np.array([np.eye(len(rows)), *shared])))
    return blocks


def _maximise(blocks: list[_Block], n: int, p: int, number: int) -> Floats:
    """Variances of the random effects ÷ the residual's, where the profiled restricted likelihood is largest."""
    if number == 0:
        return np.zeros(0)

    def deviance(ratios: Floats) -> tuple[float, Floats]:
        at = _evaluate(blocks, np.array([1.0, *ratios]), p)
        variance = at.quadratic / (n - p)
        return float((n - p) * np.log(variance) + at.log_det), (at.traces - at.squares / variance)[1:]

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
    return best


def _polish(blocks: list[_Block], variances: Floats, p: int) -> tuple[Floats, _Pass]:
    """A few Newton steps to the full precision of the maximum."""
    at = _evaluate(blocks, variances, p, second=True)
    for _ in range(8):
        score = 0.5 * (at.squares - at.traces)
        try:
            step = linalg.solve(at.information, score, assume_a="pos")
        except linalg.LinAlgError:
            break
        if not np.all(variances + step > 0) or np.max(np.abs(step) / variances) > 0.1:
            break
        variances = variances + step
        at = _evaluate(blocks, variances, p, second=True)
        if np.max(np.abs(step) / variances) < 1e-10:
            break
    return variances, at


def _invert(information: Floats) -> Floats:
    """Covariance of the variances; directions in which the likelihood is flat say nothing."""
    values, vectors = np.linalg.eigh(information)
    keep = values > max(values.max(), 0.0) * 1e-10
    if not keep.any():
        raise NotEstimable("the variances cannot be told apart")
    return (vectors[:, keep] / values[keep]) @ vectors[:, keep].T


def _evaluate(blocks: list[_Block], variances: Floats, p: int, second: bool = False) -> _Pass:
    """Everything that the restricted likelihood needs at these variances; `second`: its information too."""
    number = len(variances)
    gram, cross = np.zeros((p, p)), np.zeros(p)
    square, log_det = 0.0, 0.0
    weights = []
    for block in blocks:
        lower = np.linalg.cholesky(np.tensordot(variances, block.shared, 1))
        inverse = np.linalg.inv(lower)
        weight = inverse.T @ inverse
        wx = weight @ block.x
        gram[np.ix_(block.columns, block.columns)] += block.x.T @ wx
        cross[block.columns] += wx.T @ block.y
        square += float(block.y @ weight @ block.y)
        log_det += 2 * float(np.log(np.diag(lower)).sum())
        weights.append((weight, wx))
    factor = np.linalg.cholesky(gram)
    c = linalg.cho_solve((factor, True), np.eye(p))
    beta = c @ cross
    log_det += 2 * float(np.log(np.diag(factor)).sum())
    traces, squares = np.zeros(number), np.zeros(number)
    inner, pulled = np.zeros((number, p, p)), np.zeros((number, p))
    information = np.zeros((number, number))
    for block, (weight, wx) in zip(blocks, weights, strict=True):
        place = np.ix_(block.columns, block.columns)
        py = weight @ (block.y - block.x @ beta[block.columns])
        gwx, gpy = block.shared @ wx, block.shared @ py
        parts = wx.T @ gwx
        inner[:, place[0], place[1]] += parts
        traces += np.einsum("kij,ij->k", block.shared, weight) - np.einsum("kij,ij->k", parts, c[place])
        squares += gpy @ py
        if second:
            gw = block.shared @ weight
            twice = np.einsum("kia,ij,mjb,ab->km", gwx, weight, gwx, c[place], optimize=True)
            information += -np.einsum("kij,mji->km", gw, gw) / 2 + twice + gpy @ weight @ gpy.T
            pulled[:, block.columns] += gpy @ wx
    if second:
        turned = c @ inner
        information += -np.einsum("kij,mji->km", turned, turned) / 2 - pulled @ c @ pulled.T
    quadratic = square - float(cross @ beta)
    return _Pass(beta, c, quadratic, log_det, traces, squares, inner, information)
