"""Whether a unit's spikes are of two kinds rather than of one with noise: two neurons that are too alike.

A mixture of two normal distributions that have the covariance of the recording's own noise is set against one of them
by the likelihood (McLachlan & Peel 2000); a rare second kind shows in the tail long before it widens the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from coeruleus.spikes.cluster import APART
from coeruleus.spikes.match import LAGS_S, make_bank, shifted
from coeruleus.spikes.refine import Model, Sample

Array = NDArray[np.floating]
Ints = NDArray[np.int_]

AXES = 5
LEAST, MOST = 30, 2000  # spikes; more of them would find what the model of one neuron leaves out
NOISE_LEAST = 100  # snippets
TRIM = 0.02  # of spikes and noise, farthest out: overlaps and distant spikes
STRAY, STRAY_SD = 0.01, 5.0  # part and standard deviation of spikes that are of neither kind
START_SHARES = (0.5, 0.2, 0.07)
ROUNDS = 60
GAIN = 16.0  # log likelihood: spikes of one neuron in normal noise gain as much less than once in a thousand units
SHARE_LEAST, COUNT_LEAST = 0.04, 8  # of the rarer kind: fewer are overlaps and odd ones
VARIANCE_LEAST = 0.12  # that two kinds add to that of noise: as two of equal number d′ 0.7 apart


@dataclass(frozen=True)
class Kinds:
    """Two kinds of spikes: the log likelihood that they gain over one kind, their distance in units of the noise (d′),
    the share of the rarer, the candidates (n,) that were divided, which of them are rather of the rarer kind, and the
    median of their squared distance from its mean over that of noise: overlaps lie all about."""

    gain: float
    apart: float
    share: float
    candidate: Ints
    rarer: NDArray[np.bool_]
    loose: float


def residuals(model: Model, sample: Sample, unit: int, noise: Array) -> tuple[Ints, Array]:
    """Candidates (n,) that are a unit's spikes, and what the template leaves of them, (n, AXES) in units of the noise;
    none with too few spikes or too little noise.

    Along the axes that the template moves in when it is scaled or shifted, but for the shift itself, which is
    alignment; about its expected amplitude, so that drift adds nothing. `noise` (m, d) are whitened snippets without
    spikes: the whitener shrinks, so what it leaves of noise is measured on the very axes.
    """
    bank = make_bank(model.templates, model.whitener, model.grid_s)
    mine = model.spikes.chosen((model.spikes.unit == unit) & ~model.spikes.doubtful)
    lag = mine.time_s - sample.clock[mine.candidate]
    plain = np.flatnonzero(np.min(np.abs(lag[:, None] - LAGS_S[None]), axis=1) < 1e-7)
    plain = plain[:: max(1, -(-len(plain) // MOST))]
    if len(plain) < LEAST or len(noise) < NOISE_LEAST:
        return np.empty(0, dtype=int), np.empty((0, AXES))
    mine, lag = mine.chosen(plain), lag[plain]
    row = unit * len(LAGS_S) + np.argmin(np.abs(lag[:, None] - LAGS_S[None]), axis=1)
    scale = model.expected(mine.time_s)[:, unit]
    rest = sample.rows[mine.candidate] - scale[:, None] * bank.rows[row]
    axes = np.linalg.svd(bank.rows[bank.unit == unit], full_matrices=False)[2][: AXES + 1]
    small = model.whitener(shifted(model.templates[unit], np.array([-2e-5, 2e-5]), model.grid_s))
    slope = (small[1] - small[0]) / max(float(np.linalg.norm(small[1] - small[0])), 1e-12)
    axes = np.linalg.svd(axes - np.outer(axes @ slope, slope), full_matrices=False)[2][:AXES]
    alone = _trimmed(noise @ axes.T)
    kept = chi2.cdf(chi2.ppf(1 - TRIM, AXES), AXES + 2) / (1 - TRIM)  # of the variance, by the trimming
    covariance = alone.T @ alone / len(alone) / kept * model.whitener.inflation
    place = np.linalg.solve(np.linalg.cholesky(covariance), (rest @ axes.T).T).T
    return mine.candidate, np.asarray(place, dtype=float)


def _trimmed(place: Array) -> Array:
    """About the median, without the farthest."""
    place = place - np.median(place, axis=0)
    distance = np.einsum("ij,ij->i", place, place)
    return place[distance <= np.quantile(distance, 1 - TRIM)]


def two_kinds(place: Array, candidate: Ints | None = None) -> Kinds:
    """The best two kinds among points (n, axes) in noise of unit covariance, by expectation and maximisation.

    It starts from cuts along the two axes of largest variance, at several shares from either end.
    """
    candidate = np.arange(len(place)) if candidate is None else candidate
    place = place - np.median(place, axis=0)
    one = _fitted(place, place.mean(axis=0)[None], np.ones(1))
    inner = _trimmed(place)
    axes = np.linalg.eigh(inner.T @ inner)[1][:, :-3:-1].T
    best = one
    for along in (sign * (place @ axis) for axis in axes for sign in (1, -1)):
        for share in START_SHARES:
            second = along >= np.quantile(along, 1 - share)
            means = np.stack([place[~second].mean(axis=0), place[second].mean(axis=0)])
            best = max(best, _fitted(place, means, np.array([1 - share, share])), key=lambda fit: fit[0])
    likelihood, means, weights = best
    if len(means) < 2:
        return Kinds(0.0, 0.0, 0.0, candidate, np.zeros(len(place), dtype=bool), 0.0)
    rare = int(np.argmin(weights))
    squares = np.sum((place[:, None] - means[None]) ** 2, axis=2)
    log = np.log(weights) - 0.5 * squares
    rarer = log[:, rare] > log[:, 1 - rare]
    loose = float(np.median(squares[rarer, rare]) / chi2.ppf(0.5, place.shape[1])) if rarer.any() else 0.0
    apart = float(np.linalg.norm(means[1] - means[0]))
    return Kinds(likelihood - one[0], apart, float(weights[rare]), candidate, rarer, loose)


def _fitted(place: Array, means: Array, weights: Array) -> tuple[float, Array, Array]:
    """(log likelihood, means, weights) of normal kinds of unit covariance, and strays."""
    far = np.log(STRAY) - 0.5 * np.sum(place**2, axis=1) / STRAY_SD**2 - place.shape[1] * np.log(STRAY_SD)
    likelihood = -np.inf
    for _ in range(ROUNDS):
        squares = np.sum((place[:, None] - means[None]) ** 2, axis=2)
        joint = np.column_stack([np.log((1 - STRAY) * weights) - 0.5 * squares, far])
        top = joint.max(axis=1)
        part = np.exp(joint - top[:, None])
        total = part.sum(axis=1)
        last, likelihood = likelihood, float(np.sum(top + np.log(total)))
        if likelihood - last < 1e-3:
            break
        part = part[:, :-1] / total[:, None]
        mass = part.sum(axis=0) + 1e-9
        means, weights = (part.T @ place) / mass[:, None], mass / mass.sum()
    return likelihood, means, weights


def spread_note(kinds: Kinds | None, bursting: bool) -> str | None:
    """That a unit is more than one neuron, as far as its spikes tell; `bursting`: the rarer kind is in its bursts."""
    if kinds is None:
        return None
    variance = kinds.share * (1 - kinds.share) * kinds.apart**2
    if kinds.gain < GAIN or kinds.share < max(SHARE_LEAST, COUNT_LEAST / len(kinds.rarer)) or variance < VARIANCE_LEAST:
        return None
    if bursting:
        return f"its spikes are smaller or broader within its bursts ({100 * kinds.share:.0f} % of them)"
    why = f"{APART:g} is needed to tell them apart" if kinds.apart < APART else "they did not hold as two units"
    return (
        "multi-unit, or one neuron whose spike varies: its spikes are of two kinds, as of two units "
        f"d′ {kinds.apart:.1f} apart of which one fires {100 * kinds.share:.0f} % of them; {why}"
    )
