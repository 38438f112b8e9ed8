"""Likelihood of a mixed model with AR(1) residuals of values of which some are only known to lie between limits.

All samples of an animal are jointly normal. Those with a number add their density; the others, given them, the
probability of their intervals, an integral of as many dimensions as there are such samples. It is done by sequential
draws from truncated normal distributions (GHK: Geweke 1991, Hajivassiliou & McFadden 1998, Keane 1994) at the points
of a Sobol sequence, the same in every call, so that the likelihood is smooth. The draws, weighted, also give the
moments that the derivatives with the coefficients need (Louis 1982).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtr, ndtri

from coeruleus.release.autoregressive import decay
from coeruleus.release.censored_likelihood import LARGEST, Value
from coeruleus.release.limits import LOG_ROOT_2PI
from coeruleus.release.reml import Floats

TINY = 1e-300
FAR = 36.0  # standard deviations; the normal distribution has nothing further out
FEWEST, MOST, ALL = 64, 512, 8192  # points per animal, and about how many for all animals together


@dataclass(frozen=True)
class ChainBlock:
    """b animals, padded to m samples with a number, then c censored ones; n = m + c, q columns of X."""

    y: Floats  # (b, m), 0 in the padding
    x: Floats  # (b, n, q), 0 in the padding
    columns: NDArray[np.int64]  # (b, q)
    padding: int  # rows of no sample, of the residual variance
    kinds: Floats  # (k, b, n, n) which samples share each random effect
    same: NDArray[np.bool_]  # (b, n, n) samples of one course
    steps: NDArray[np.int64]  # (b, n, n) between them
    low: Floats  # (b, c), −∞ in the padding
    high: Floats  # (b, c), ∞ in the padding
    points: Floats  # (points, c) in the unit cube


def evaluate_chain(blocks: list[ChainBlock], sds: Floats, phi: float, beta: Floats, p: int) -> Value:
    """The likelihood and its derivatives with β (p,) at standard deviations `sds` (residual first) and φ."""
    total, score, information = 0.0, np.zeros(p), np.zeros((p, p))
    for block in blocks:
        m = block.y.shape[1]
        covariance = sds[0] ** 2 * np.where(block.same, decay(phi, block.steps), 0.0)
        covariance = covariance + np.tensordot(sds[1:] ** 2, block.kinds, axes=1)
        precision = np.linalg.inv(covariance)
        fitted = (block.x @ beta[block.columns][..., None])[..., 0]
        residual = block.y - fitted[:, :m]
        hidden = np.linalg.inv(precision[:, m:, m:])  # covariance of the censored given the others
        pulled = precision[:, m:, :m] @ residual[..., None]
        mean = fitted[:, m:] - (hidden @ pulled)[..., 0]
        log_p, drawn, spread = _draw(mean, hidden, block.low, block.high, block.points)
        quadratic = float(np.sum(residual * (precision[:, :m, :m] @ residual[..., None])[..., 0]))
        quadratic -= float(np.sum(pulled * (hidden @ pulled)))
        log_det = float(np.linalg.slogdet(covariance)[1].sum() - np.linalg.slogdet(hidden)[1].sum())
        known = block.y.size - block.padding
        total += float(log_p.sum()) - 0.5 * (quadratic + log_det) - known * LOG_ROOT_2PI
        total += block.padding * float(np.log(sds[0]))
        whole = np.concatenate([residual, drawn - fitted[:, m:]], axis=1)
        turned = block.x.transpose(0, 2, 1) @ precision
        own_score = (turned @ whole[..., None])[..., 0]
        of_hidden = turned[:, :, m:]
        own = turned @ block.x - of_hidden @ spread @ of_hidden.transpose(0, 2, 1)
        np.add.at(score, block.columns, own_score)
        np.add.at(information, (block.columns[:, :, None], block.columns[:, None, :]), own)
    return Value(total, score, information, [])


def _draw(mean: Floats, covariance: Floats, low: Floats, high: Floats, points: Floats) -> tuple[Floats, Floats, Floats]:
    """Of normal values (b, c) between limits: log probability (b,), mean (b, c) and covariance (b, c, c) there."""
    b, c = mean.shape
    if c == 0:
        return np.zeros(b), mean, covariance
    root = np.linalg.cholesky(covariance)
    draws = np.zeros((b, len(points), c))
    logs = np.zeros((b, len(points)))
    for place in range(c):
        at = mean[:, place, None] + (draws[:, :, :place] @ root[:, place, :place, None])[..., 0]
        sd = root[:, place, place, None]
        below, above = (low[:, place, None] - at) / sd, (high[:, place, None] - at) / sd
        flip = below > 0  # both in the upper tail: mirror them, so that nothing cancels
        below, above = np.where(flip, -above, below), np.where(flip, -below, above)
        above = np.maximum(above, -FAR)
        bottom = ndtr(below)
        inside = np.maximum(ndtr(above) - bottom, TINY)
        drawn = ndtri(np.clip(bottom + points[:, place] * inside, TINY, 1 - 1e-16))
        draws[:, :, place] = np.where(flip, -drawn, drawn)
        logs += np.log(inside)
    top = logs.max(axis=1, keepdims=True)
    weights = np.exp(logs - top)
    sums = weights.sum(axis=1, keepdims=True)
    weights = weights / sums
    values = mean[:, None, :] + draws @ root.transpose(0, 2, 1)
    middle = (weights[:, None, :] @ values)[:, 0]
    away = values - middle[:, None, :]
    spread = (away * weights[..., None]).transpose(0, 2, 1) @ away
    return (top + np.log(sums))[:, 0] - np.log(len(points)), middle, spread


def stack_chain(
    y: Floats,
    low: Floats,
    high: Floats,
    x: Floats,
    animals: NDArray[np.int64],
    effects: list[NDArray[np.int64]],
    series: NDArray[np.int64],
    position: NDArray[np.int64],
) -> list[ChainBlock]:
    """Data of `fit_censored` as blocks of animals with about equally many censored samples."""
    parts = []
    for animal in np.unique(animals).tolist():
        rows = np.flatnonzero(animals == animal)
        parts.append((rows[np.isfinite(y[rows])], rows[~np.isfinite(y[rows])]))
    parts.sort(key=lambda part: len(part[1]))
    most = max(len(hidden) for _, hidden in parts)
    number = int(np.clip(2 ** round(np.log2(ALL / len(parts))), FEWEST, MOST))
    cube = stats.qmc.Sobol(max(most, 1), scramble=True, rng=np.random.default_rng(1)).random(number)[:, :most]
    return [
        _block(y, low, high, x, effects, series, position, parts[first : first + LARGEST], cube)
        for first in range(0, len(parts), LARGEST)
    ]


def _block(
    y: Floats,
    low: Floats,
    high: Floats,
    x: Floats,
    effects: list[NDArray[np.int64]],
    series: NDArray[np.int64],
    position: NDArray[np.int64],
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
    cube: Floats,
) -> ChainBlock:
    columns = [np.flatnonzero(x[np.concatenate(part)].any(axis=0)) for part in parts]
    b, q = len(parts), max(len(own) for own in columns)
    m, c = (max(len(part[kind]) for part in parts) for kind in (0, 1))
    rows = np.full((b, m + c), -1, dtype=np.int64)
    given = np.zeros((b, q), dtype=np.int64)
    design = np.zeros((b, m + c, q))
    for place, (known, hidden) in enumerate(parts):
        rows[place, : len(known)], rows[place, m : m + len(hidden)] = known, hidden
        given[place, : len(columns[place])] = columns[place]
        here = np.flatnonzero(rows[place] >= 0)
        design[place, here, : len(columns[place])] = x[np.ix_(rows[place, here], columns[place])]
    real = rows >= 0
    pairs = real[:, :, None] & real[:, None, :]

    def alike(labels: NDArray[np.int64]) -> NDArray[np.bool_]:
        own = labels[rows]
        return pairs & (own[:, :, None] == own[:, None, :]) & (own[:, :, None] >= 0)

    kinds = np.array([alike(effect) for effect in effects], dtype=float).reshape(len(effects), b, m + c, m + c)
    at = position[rows]
    return ChainBlock(
        np.where(real[:, :m], y[rows[:, :m]], 0.0),
        design,
        given,
        int((~real[:, :m]).sum()),
        kinds,
        alike(series) | np.eye(m + c, dtype=bool),
        np.where(pairs, np.abs(at[:, :, None] - at[:, None, :]), 0),
        np.where(real[:, m:], low[rows[:, m:]], -np.inf),
        np.where(real[:, m:], high[rows[:, m:]], np.inf),
        cube[:, :c],
    )
