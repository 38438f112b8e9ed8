"""Linear mixed model of values of which some are only known to lie below a limit, or between two.

Given the random effects of an animal its samples are independent: one with a number adds its density, one
below a limit the probability of what is known of it (Tobin 1958; for mixed models Hughes 1999, Biometrics
55: 625–629). The random effects are integrated out by adaptive Gauss–Hermite quadrature (Pinheiro & Bates
1995); derivatives with the coefficients follow Louis (1982). The variances maximise the likelihood adjusted
for the coefficients, −½ log |information of β| (Cox & Reid 1987), which is REML where nothing is censored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize

from coeruleus.release.curvature import differentiate
from coeruleus.release.limits import LOG_ROOT_2PI, interval_terms
from coeruleus.release.mixed import MixedFit, NotEstimable, fit_mixed, invert, name_variances
from coeruleus.release.quadrature import nodes_of
from coeruleus.release.reml import Floats

ZERO = 0.01  # a standard deviation below this share of the residual's is zero


@dataclass(frozen=True)
class Block:
    """Animals alike in size, stacked: b animals, m samples, q columns of X, d random effects."""

    y: Floats  # (b, m); NaN where censored
    low: Floats  # (b, m)
    high: Floats  # (b, m)
    x: Floats  # (b, m, q)
    columns: NDArray[np.int64]  # (b, q)
    z: Floats  # (b, m, d)
    kind: NDArray[np.int64]  # (d,) which variance each random effect has
    nodes: Floats  # (n, d)
    log_weights: Floats  # (n,)


@dataclass(frozen=True)
class Value:
    """The likelihood at some coefficients and standard deviations."""

    log_likelihood: float
    score: Floats  # (p,)
    information: Floats  # (p, p)


def fit_censored(
    y: Floats,
    low: Floats,
    high: Floats,
    x: Floats,
    animals: NDArray[np.int64],
    effects: Mapping[str, NDArray[np.int64]],
    *,
    restricted: bool = True,
) -> MixedFit:
    """As `mixed.fit_mixed`; `y` (n,) is NaN where a value is censored: it lies between `low` and `high` (n,).

    `low` is −∞ where nothing is known from below. Without `restricted` the variances are those of plain
    maximum likelihood. Raises NotEstimable where a column of `x` has no value at all, or nothing varies.
    """
    known = np.isfinite(y)
    if not np.all(x[known].any(axis=0)):
        raise NotEstimable("every sample of one group and time is below the limit")
    middle = np.where(np.isfinite(low), low, high - np.log(2)) / 2 + high / 2  # where to begin
    filled = np.where(known, y, middle)
    start = fit_mixed(filled, x, animals, effects)
    names = sorted(effects)
    scale = np.sqrt(sum(start.variances.values()))
    sds = np.array([np.sqrt(start.variances[name]) for name in ("residual", *names)])
    sds = np.maximum(sds, 0.05 * scale)
    active = list(range(len(names)))
    memory = {"beta": start.coefficients}
    p = x.shape[1]

    def at(log_sds: Floats) -> tuple[float, Value]:
        own = np.exp(log_sds)
        value, memory["beta"] = _maximise_beta(blocks, own, memory["beta"], p)
        adjustment = np.linalg.slogdet(value.information)[1] if restricted else 0.0
        return -2 * value.log_likelihood + adjustment, value

    while True:
        blocks = _stack(y, low, high, x, animals, [effects[names[place]] for place in active])
        best = _maximise_sds(lambda v: at(v)[0], sds[[0, *(place + 1 for place in active)]])
        lost = [place for place, sd in zip(active, best[1:], strict=True) if sd < ZERO * best[0]]
        if not lost:
            break
        active = [place for place in active if place not in lost]
    variances = best**2

    def by_variance(v: Floats) -> tuple[float, Floats]:
        deviance, value = at(np.log(v) / 2)
        return deviance, linalg.inv(value.information)

    memory["beta"] = beta = _maximise_beta(blocks, best, memory["beta"], p)[1]
    information, slopes, covariance = differentiate(by_variance, variances, variances)
    zero = tuple(name for place, name in enumerate(names) if place not in active)
    return MixedFit(beta, covariance, name_variances(names, active, variances), zero, slopes, invert(information))


def log_likelihood(
    y: Floats,
    low: Floats,
    high: Floats,
    x: Floats,
    animals: NDArray[np.int64],
    effects: Mapping[str, NDArray[np.int64]],
    fit: MixedFit,
) -> float:
    """The likelihood of a fit, logged."""
    names = sorted(effects)
    blocks = _stack(y, low, high, x, animals, [effects[name] for name in names])
    sds = np.sqrt([fit.variances["residual"], *(fit.variances[name] for name in names)])
    return evaluate_censored(blocks, sds, fit.coefficients, x.shape[1]).log_likelihood


def adjusted_profile(
    y: Floats,
    low: Floats,
    high: Floats,
    x: Floats,
    animals: NDArray[np.int64],
    effects: Mapping[str, NDArray[np.int64]],
    sds: Floats,
) -> tuple[float, Floats, Floats]:
    """Cox and Reid's deviance at given standard deviations (residual first), β and its covariance there."""
    blocks = _stack(y, low, high, x, animals, [effects[name] for name in sorted(effects)])
    value, beta = _maximise_beta(blocks, sds, np.zeros(x.shape[1]), x.shape[1])
    deviance = -2 * value.log_likelihood + np.linalg.slogdet(value.information)[1]
    return float(deviance), beta, linalg.inv(value.information)


def evaluate_censored(blocks: list[Block], sds: Floats, beta: Floats, p: int) -> Value:
    """The likelihood and its derivatives with β at these standard deviations (residual first)."""
    total, score, information = 0.0, np.zeros(p), np.zeros((p, p))
    for block in blocks:
        fixed = (block.x @ beta[block.columns][..., None])[..., 0]
        z = block.z * sds[1:][block.kind]
        if not np.isnan(block.y).any():
            total += _add_normal(block, block.y - fixed, z, sds[0], score, information)
            continue
        modes, roots, log_dets = _modes(block, fixed, z, sds[0])
        effects = modes[:, None, :] + (block.nodes @ roots.transpose(0, 2, 1))  # (b, n, d)
        mean = fixed[:, None, :] + effects @ z.transpose(0, 2, 1)  # (b, n, m)
        terms, slopes, bends = _terms(block, mean, sds[0])
        logs = terms.sum(axis=2) - 0.5 * np.sum(effects**2, axis=2)
        logs += block.log_weights + 0.5 * np.sum(block.nodes**2, axis=1)
        top = logs.max(axis=1, keepdims=True)
        weights = np.exp(logs - top)
        sums = weights.sum(axis=1, keepdims=True)
        total += float(np.sum(top[:, 0] + np.log(sums[:, 0]) + log_dets))
        weights = weights / sums
        per_node = slopes @ block.x  # (b, n, q)
        mean_score = np.einsum("bn,bnq->bq", weights, per_node)
        mean_bend = np.einsum("bn,bnm->bm", weights, bends)
        own = np.einsum("bmi,bm,bmj->bij", block.x, mean_bend, block.x)
        own -= np.einsum("bni,bnj->bij", per_node * weights[..., None], per_node)
        own += mean_score[:, :, None] * mean_score[:, None, :]
        np.add.at(score, block.columns, mean_score)
        np.add.at(information, (block.columns[:, :, None], block.columns[:, None, :]), own)
    return Value(total, score, information)


def _maximise_sds(deviance: Callable[[Floats], float], start: Floats) -> Floats:
    """Standard deviations of least deviance, found on their logs in boxes around the last best."""
    best: Floats = np.log(start)
    floor = float(best[0] + np.log(ZERO / 3))
    for _ in range(12):
        bounds = [(max(value - 2, floor), value + 1) for value in best.tolist()]
        found = optimize.minimize(
            deviance,
            best,
            method="L-BFGS-B",
            bounds=bounds,
            options={"ftol": 1e-9, "gtol": 1e-4, "eps": 1e-4, "maxiter": 100},
        )
        best = np.asarray(found.x)
        inside = [low < value < high or value <= floor for value, (low, high) in zip(best, bounds, strict=True)]
        if all(inside):
            break
    return np.asarray(np.exp(best))


def _add_normal(block: Block, residual: Floats, z: Floats, sd: float, score: Floats, information: Floats) -> float:
    """Animals without a censored value are plainly multivariate normal; adds to `score` and `information`."""
    lower = np.linalg.cholesky(sd**2 * np.eye(z.shape[1]) + z @ z.transpose(0, 2, 1))
    white = np.linalg.solve(lower, np.concatenate([residual[..., None], block.x], axis=2))
    own, x = white[..., 0], white[..., 1:]
    np.add.at(score, block.columns, np.einsum("bm,bmq->bq", own, x))
    np.add.at(information, (block.columns[:, :, None], block.columns[:, None, :]), x.transpose(0, 2, 1) @ x)
    log_det = float(np.log(np.diagonal(lower, axis1=1, axis2=2)).sum())
    return -0.5 * float(np.sum(own**2)) - log_det - LOG_ROOT_2PI * own.size


def _maximise_beta(blocks: list[Block], sds: Floats, beta: Floats, p: int) -> tuple[Value, Floats]:
    """Newton's method, halved where it overshoots; the last small step is taken without evaluating again."""
    value = evaluate_censored(blocks, sds, beta, p)
    for _ in range(50):
        step = linalg.solve(value.information, value.score, assume_a="sym")
        gain = float(value.score @ step)
        if abs(gain) < 1e-6:
            return replace(value, log_likelihood=value.log_likelihood + gain / 2), beta + step
        share = 1.0
        while True:
            new = evaluate_censored(blocks, sds, beta + share * step, p)
            if new.log_likelihood >= value.log_likelihood or share < 1e-3:
                break
            share /= 2
        beta, value = beta + share * step, new
    return value, beta


def _modes(block: Block, fixed: Floats, z: Floats, sd: float) -> tuple[Floats, Floats, Floats]:
    """Per animal: the most likely random effects, a root of their covariance there, and its log determinant."""
    b, _, d = z.shape
    effects = np.zeros((b, d))
    for _ in range(40):
        mean = fixed + (z @ effects[..., None])[..., 0]
        _, slopes, bends = _terms(block, mean[:, None, :], sd)
        gradient = (z.transpose(0, 2, 1) @ slopes[:, 0, :, None])[..., 0] - effects
        hessian = z.transpose(0, 2, 1) @ (bends[:, 0, :, None] * z) + np.eye(d)
        step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        effects = effects + step
        if np.max(np.abs(step), initial=0.0) < 1e-8:
            break
    lower = np.linalg.cholesky(np.linalg.inv(hessian))
    return effects, lower, np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)


def _terms(block: Block, mean: Floats, sd: float) -> tuple[Floats, Floats, Floats]:
    """Log density or probability of each sample at each node (b, n, m), its slope and minus its bend."""
    censored = np.isnan(block.y)
    residual = np.where(censored, 0.0, block.y)[:, None, :] - mean
    terms = -0.5 * (residual / sd) ** 2 - np.log(sd) - LOG_ROOT_2PI
    slopes, bends = residual / sd**2, np.full(mean.shape, 1 / sd**2)
    rows, places = np.nonzero(censored)
    if len(rows):
        low, high = block.low[rows, places][:, None], block.high[rows, places][:, None]
        found = interval_terms(mean[rows, :, places], sd, low, high)
        for target, part in zip((terms, slopes, bends), found, strict=True):
            target[rows, :, places] = part
    return terms, slopes, bends


def _stack(
    y: Floats, low: Floats, high: Floats, x: Floats, animals: NDArray[np.int64], effects: list[NDArray[np.int64]]
) -> list[Block]:
    alike: dict[tuple[int, ...], list[tuple[NDArray[np.int64], NDArray[np.int64], Floats]]] = {}
    for animal in np.unique(animals):
        rows = np.flatnonzero(animals == animal)
        columns = np.flatnonzero(x[rows].any(axis=0))
        kinds, parts = [], []
        for kind, effect in enumerate(effects):
            own = effect[rows]
            for level in np.unique(own[own >= 0]):
                kinds.append(kind)
                parts.append((own == level).astype(float))
        z = np.array(parts).T if parts else np.zeros((len(rows), 0))
        key = (len(rows), len(columns), int(np.isnan(y[rows]).any()), *kinds)
        alike.setdefault(key, []).append((rows, columns, z))
    blocks = []
    for key, members in sorted(alike.items(), key=lambda item: item[0]):
        rows, columns, z = (np.array(part) for part in zip(*members, strict=True))
        own_kind = np.array(key[3:], dtype=np.int64)
        nodes, log_weights = nodes_of(len(own_kind))
        own_x = x[rows[:, :, None], columns[:, None, :]]
        blocks.append(Block(y[rows], low[rows], high[rows], own_x, columns, z, own_kind, nodes, log_weights))
    return blocks
