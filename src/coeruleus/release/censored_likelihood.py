"""Likelihood of a mixed model of values of which some are only known to lie below a limit, or between two.

Values with a number are jointly normal. Given them, the random effects are normal too, and the censored
samples of an animal depend on them only through one sum of effects for each place that samples share (before
the treatment the level, after it level and response). So the integral of Hughes (1999, Biometrics 55:
625–629) has as many dimensions as such sums, one or two as a rule; adaptive Gauss–Hermite quadrature does it
(Pinheiro & Bates 1995). Derivatives with the coefficients follow Louis (1982).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coeruleus.release.limits import LOG_ROOT_2PI, interval_terms
from coeruleus.release.quadrature import nodes_of
from coeruleus.release.reml import Floats

LARGEST = 64  # animals in a block: those of a block are padded to the most censored samples of one
RIDGE = 1e-12  # keeps the covariance of sums that are the same positive


@dataclass(frozen=True)
class Block:
    """b animals, padded to m samples with a number, c censored ones, q columns of X, d random effects, g sums."""

    y: Floats  # (b, m), 0 in the padding
    x: Floats  # (b, m, q)
    z: Floats  # (b, m, d)
    n_known: int
    columns: NDArray[np.int64]  # (b, q)
    kind: NDArray[np.int64]  # (b, d) which variance each random effect has
    low: Floats  # (b, c), −∞ in the padding
    high: Floats  # (b, c), ∞ in the padding
    censored_x: Floats  # (b, c, q)
    sums: Floats  # (b, g, d) the random effects in each sum
    member: Floats  # (b, c, g) which sum a censored sample has


# Of one animal: its rows, kinds of its random effects, their design, which rows are censored, sums, and whose is which.
Part = tuple[NDArray[np.int64], NDArray[np.int64], Floats, NDArray[np.bool_], Floats, NDArray[np.int64]]


@dataclass(frozen=True)
class Value:
    """The likelihood at some coefficients and standard deviations, and where its integrals have their modes."""

    log_likelihood: float
    score: Floats  # (p,)
    information: Floats  # (p, p)
    modes: list[Floats]  # per block (b, g)


def evaluate_censored(
    blocks: list[Block], sds: Floats, beta: Floats, p: int, modes: list[Floats] | None = None
) -> Value:
    """The likelihood and its derivatives with β at standard deviations `sds` (residual first).

    `modes` are those of a value near by, to begin from.
    """
    total, score, information = 0.0, np.zeros(p), np.zeros((p, p))
    found = []
    variance = float(sds[0]) ** 2
    for place, block in enumerate(blocks):
        scale = sds[1:][block.kind][:, None, :]
        own_beta = beta[block.columns][..., None]
        z = block.z * scale
        zt, xt = z.transpose(0, 2, 1) / variance, block.x.transpose(0, 2, 1)
        precision = np.eye(z.shape[2]) + zt @ z
        residual = block.y[..., None] - block.x @ own_beta
        inverse = np.linalg.inv(precision)
        zr, zx = zt @ residual, zt @ block.x
        effects, pull = inverse @ zr, inverse @ zx
        log_det = float(np.linalg.slogdet(precision)[1].sum())
        total -= 0.5 * (float(np.sum(residual**2)) / variance - float(np.sum(zr * effects)) + log_det)
        total -= block.n_known * (np.log(sds[0]) + LOG_ROOT_2PI)
        zxt = zx.transpose(0, 2, 1)
        own_score = (xt @ residual)[..., 0] / variance - (zxt @ effects)[..., 0]
        own = xt @ block.x / variance - zxt @ pull
        if block.member.shape[1]:
            sums = block.sums * scale
            mean = (block.censored_x @ own_beta + block.member @ (sums @ effects))[..., 0]
            x = block.censored_x - block.member @ (sums @ pull)
            spread = sums @ inverse @ sums.transpose(0, 2, 1)
            ridge = RIDGE * (variance + np.trace(spread, axis1=1, axis2=2))
            root = np.linalg.cholesky(spread + ridge[:, None, None] * np.eye(spread.shape[1]))
            begin = modes[place] if modes else np.zeros(spread.shape[:2])
            value, slope, bend, mode = _integrate(block, mean, block.member @ root, float(sds[0]), begin)
            total += value
            xt = x.transpose(0, 2, 1)
            own_score = own_score + (xt @ slope[..., None])[..., 0]
            own = own + xt @ bend @ x
            found.append(mode)
        else:
            found.append(np.zeros((len(block.y), 0)))
        np.add.at(score, block.columns, own_score)
        np.add.at(information, (block.columns[:, :, None], block.columns[:, None, :]), own)
    return Value(total, score, information, found)


def _integrate(
    block: Block, mean: Floats, loads: Floats, sd: float, begin: Floats
) -> tuple[float, Floats, Floats, Floats]:
    """log of the probability of what is known of the censored samples, summed over animals.

    `mean` (b, c), to which `loads` (b, c, g) adds standard normal variables. Also its slope with `mean`
    (b, c), minus its second derivative (b, c, c), and the modes (b, g).
    """
    turned = loads.transpose(0, 2, 1)
    modes, identity = begin, np.eye(loads.shape[2])
    low, high = block.low, block.high
    for _ in range(40):
        _, slopes, bends = interval_terms(mean + (loads @ modes[..., None])[..., 0], sd, low, high)
        gradient = (turned @ slopes[..., None])[..., 0] - modes
        hessian = turned @ (bends[..., None] * loads) + identity
        step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        modes = modes + step
        if np.max(np.abs(step), initial=0.0) < 1e-5:
            break
    lower = np.linalg.cholesky(np.linalg.inv(hessian))
    nodes, log_weights = nodes_of(loads.shape[2])
    points = modes[:, None, :] + nodes @ lower.transpose(0, 2, 1)  # (b, n, g)
    at = mean[:, None, :] + points @ turned  # (b, n, c)
    terms, slopes, bends = interval_terms(at, sd, low[:, None, :], high[:, None, :])
    logs = terms.sum(axis=2) - 0.5 * np.sum(points**2, axis=2) + log_weights + 0.5 * np.sum(nodes**2, axis=1)
    top = logs.max(axis=1, keepdims=True)
    weights = np.exp(logs - top)
    sums = weights.sum(axis=1, keepdims=True)
    value = float(np.sum(top + np.log(sums)) + np.log(np.diagonal(lower, axis1=1, axis2=2)).sum())
    weights = weights / sums
    slope = (weights[:, None, :] @ slopes)[:, 0]
    bend = slope[:, :, None] * slope[:, None, :] - (slopes * weights[..., None]).transpose(0, 2, 1) @ slopes
    diagonal = np.arange(bend.shape[1])
    bend[:, diagonal, diagonal] += (weights[:, None, :] @ bends)[:, 0]
    return value, slope, bend, modes


def stack_censored(
    y: Floats, low: Floats, high: Floats, x: Floats, animals: NDArray[np.int64], effects: list[NDArray[np.int64]]
) -> list[Block]:
    """Data of `fit_censored` as blocks of animals with equally many sums."""
    alike: dict[int, list[tuple[int, int]]] = {}
    parts = {}
    for animal in np.unique(animals).tolist():
        rows = np.flatnonzero(animals == animal)
        kinds, loads = [], []
        for kind, effect in enumerate(effects):
            own = effect[rows]
            for level in np.unique(own[own >= 0]):
                kinds.append(kind)
                loads.append((own == level).astype(float))
        z = np.array(loads).T if loads else np.zeros((len(rows), 0))
        cut = np.isnan(y[rows])
        sums, which = np.unique(z[cut], axis=0, return_inverse=True) if cut.any() else (z[cut], np.zeros(0, int))
        parts[animal] = (rows, np.array(kinds, dtype=np.int64), z, cut, sums, np.ravel(which))
        alike.setdefault(len(sums) if z.shape[1] else int(cut.any()), []).append((int(cut.sum()), animal))
    blocks = []
    for members in (sorted(alike[number]) for number in sorted(alike)):
        for first in range(0, len(members), LARGEST):
            chosen = [parts[animal] for _, animal in members[first : first + LARGEST]]
            blocks.append(_block(y, low, high, x, chosen))
    return blocks


def _block(y: Floats, low: Floats, high: Floats, x: Floats, parts: list[Part]) -> Block:
    columns = [np.flatnonzero(x[rows].any(axis=0)) for rows, *_ in parts]
    b, q = len(parts), max(len(own) for own in columns)
    m = max(int((~cut).sum()) for _, _, _, cut, _, _ in parts)
    c = max(int(cut.sum()) for _, _, _, cut, _, _ in parts)
    d = max(len(kinds) for _, kinds, *_ in parts)
    g = max(len(sums) for *_, sums, _ in parts)
    block = Block(
        np.zeros((b, m)),
        np.zeros((b, m, q)),
        np.zeros((b, m, d)),
        sum(int((~cut).sum()) for _, _, _, cut, _, _ in parts),
        np.zeros((b, q), dtype=np.int64),
        np.zeros((b, d), dtype=np.int64),
        np.full((b, c), -np.inf),
        np.full((b, c), np.inf),
        np.zeros((b, c, q)),
        np.zeros((b, g, d)),
        np.zeros((b, c, g)),
    )
    for place, (rows, kinds, z, cut, sums, which) in enumerate(parts):
        known, hidden, own = rows[~cut], rows[cut], columns[place]
        block.y[place, : len(known)] = y[known]
        block.x[place, : len(known), : len(own)] = x[np.ix_(known, own)]
        block.z[place, : len(known), : len(kinds)] = z[~cut]
        block.columns[place, : len(own)] = own
        block.kind[place, : len(kinds)] = kinds
        block.low[place, : len(hidden)], block.high[place, : len(hidden)] = low[hidden], high[hidden]
        block.censored_x[place, : len(hidden), : len(own)] = x[np.ix_(hidden, own)]
        block.sums[place, : len(sums), : len(kinds)] = sums
        block.member[place, np.arange(len(hidden)), which] = 1.0
    return block
