"""Templates against candidates: which candidate is a spike of which unit, overlaps included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

Array = NDArray[np.float64]

SCALE_LOW, SCALE_HIGH = 0.6, 1.4  # amplitude of a spike relative to its template: drift, and bursts
LAGS_S = np.arange(-6, 7) * 5e-5  # alignment errs by less than 0.3 ms
SCALE_SD = 0.1
OVERLAP_S = 0.003
OVERLAP_LAGS_S = np.arange(-20, 21) * 1e-4
OVERLAP_APART = 4.0
REFRACTORY_S = 0.001
RESIDUAL_MADS = 6.0
HASH_REACH = 9.0  # projections that noise and the small spikes of distant neurons reach


@dataclass(frozen=True)
class Whitener:
    """Snippets (n, samples, channels) to rows (n, d) in which noise has the unit covariance."""

    matrix: Array

    def __call__(self, snippets: Array) -> Array:
        return np.asarray(snippets.reshape(len(snippets), -1) @ self.matrix, dtype=float)


def make_whitener(noise_snippets: Array, noise: Array) -> Whitener:
    """From noise snippets (n, samples, channels); with few of them only scaled by `noise` (channels,).

    The covariance is shrunk by 5 % towards its diagonal mean: directions that hold no noise must not count for more
    than they can be known.
    """
    n, samples, channels = noise_snippets.shape
    d = samples * channels
    if n < 2 * d:
        return Whitener(np.diag(np.tile(1 / noise, samples)))
    rows = noise_snippets.reshape(n, d)
    covariance = rows.T @ rows / n
    mean = np.trace(covariance) / d
    values, vectors = np.linalg.eigh(0.95 * covariance + 0.05 * mean * np.eye(d))
    return Whitener((vectors / np.sqrt(values)) @ vectors.T)


@dataclass(frozen=True)
class Matches:
    """Spikes of units: index of the candidate, unit, lag (s, to add to the candidate's time) and projection.

    `false_share` (units,) is the share of each unit's spikes that may be noise: expected, plus one standard error.
    """

    candidate: NDArray[np.int_]
    unit: NDArray[np.int_]
    lag_s: Array
    projection: Array
    false_share: Array


def shifted(template: Array, lag_s: float, grid_s: float) -> Array:
    """A template (samples, channels) as it looks when its spike comes `lag_s` later than the snippet's middle."""
    places = np.arange(len(template)) * grid_s
    wanted = places - lag_s
    inside = (wanted >= 0) & (wanted <= places[-1])
    moved = CubicSpline(places, template, axis=0)(np.clip(wanted, 0, places[-1]))
    return np.asarray(np.where(inside[:, None], moved, 0.0), dtype=float)


def fit(rows: Array, bank: Array) -> tuple[NDArray[np.int_], Array, Array, Array]:
    """Best template of a bank (m, d) for each whitened row (n, d): index, scale, projection, squared residual.

    The scale is free within limits but expected near 1 (a normal prior): of two units with one shape, the one of
    the right size wins.
    """
    norms = np.sum(bank**2, axis=1)
    dots = rows @ bank.T
    prior = 1 / SCALE_SD**2
    scale = np.clip((dots + prior) / (norms + prior), SCALE_LOW, SCALE_HIGH)
    gain = 2 * scale * dots - scale**2 * norms
    best = np.argmax(gain - prior * (scale - 1) ** 2, axis=1)
    pick = np.arange(len(rows))
    residual = np.sum(rows**2, axis=1) - gain[pick, best]
    return best, scale[pick, best], dots[pick, best] / np.sqrt(norms[best]), residual


def is_overlap(template: Array, others: list[Array], whitener: Whitener, grid_s: float) -> bool:
    """Whether a template is the sum of two different others at some lags: a coincidence, not a neuron."""
    if len(others) < 2:
        return False
    bank = whitener(np.array([shifted(other, lag, grid_s) for other in others for lag in OVERLAP_LAGS_S]))
    own = whitener(template[None])[0]
    dots, norms = bank @ own, np.sum(bank**2, axis=1)
    squared = own @ own - 2 * (dots[:, None] + dots[None]) + norms[:, None] + norms[None] + 2 * bank @ bank.T
    source = np.repeat(np.arange(len(others)), len(OVERLAP_LAGS_S))
    squared[source[:, None] == source[None]] = np.inf  # a neuron does not overlap with itself
    return float(np.sqrt(max(0.0, squared.min()))) < max(OVERLAP_APART, 0.3 * float(np.linalg.norm(own)))


def match(
    snippets: NDArray[np.float32],
    times: Array,
    segment: NDArray[np.int_],
    sigmas: Array,
    templates: list[Array],
    whitener: Whitener,
    grid_s: float,
    bounds: Array,
) -> Matches:
    """Match candidates to templates, largest candidates first.

    `templates` are (samples, channels) in µV; `bounds` (units,) the largest squared residual that a spike of the
    unit has. How large a projection must be is found from decoys (see `_needed`). A candidate near a spike already
    found is judged by what is left after that spike is taken away.
    """
    bank_raw = np.array([shifted(template, lag, grid_s) for template in templates for lag in LAGS_S])
    bank = whitener(bank_raw)
    unit_of, lag_of = np.repeat(np.arange(len(templates)), len(LAGS_S)), np.tile(LAGS_S, len(templates))
    best, scale, projection, residual = _in_parts(snippets, bank, whitener)
    decoy, _, decoy_projection, decoy_residual = _in_parts(snippets, -bank, whitener)
    near = has_larger_neighbour(times, segment, sigmas)
    upright = residual <= decoy_residual  # each candidate competes once, as target or as decoy
    limits = [
        _needed(
            projection[~near & upright & (unit_of[best] == unit) & (residual <= bounds[unit])],
            decoy_projection[~near & ~upright & (unit_of[decoy] == unit) & (decoy_residual <= bounds[unit])],
            float(np.linalg.norm(bank[unit * len(LAGS_S) + len(LAGS_S) // 2])),
        )
        for unit in range(len(templates))
    ]
    needed = np.array([limit for limit, _ in limits])

    candidate: list[int] = []
    found_bank: list[int] = []
    found_projection: list[float] = []
    accepted: dict[tuple[int, int], list[tuple[float, int, float]]] = {}  # by segment and stretch of OVERLAP_S
    for index in np.argsort(-sigmas, kind="stable").tolist():
        place = (int(best[index]), float(scale[index]), float(projection[index]), float(residual[index]))
        here = int(times[index] / OVERLAP_S)
        around = [spike for step in (-1, 0, 1) for spike in accepted.get((int(segment[index]), here + step), [])]
        if near[index] and around:
            left = snippets[index].astype(float)
            for at, other, size in around:
                left = left - size * shifted(templates[other], at - times[index], grid_s)
            b, s, p, r = fit(whitener(left[None]), bank)
            place = (int(b[0]), float(s[0]), float(p[0]), float(r[0]))
        row, size, height, rest = place
        unit = int(unit_of[row])
        if height < needed[unit] or rest > bounds[unit]:
            continue
        at = float(times[index] + lag_of[row])
        if any(other == unit and abs(at - when) < REFRACTORY_S for when, other, _ in around):
            continue
        accepted.setdefault((int(segment[index]), int(at / OVERLAP_S)), []).append((at, unit, size))
        candidate.append(index)
        found_bank.append(row)
        found_projection.append(height)
    rows = np.array(found_bank, dtype=int)
    false = np.array([share for _, share in limits])
    return Matches(np.array(candidate, dtype=int), unit_of[rows], lag_of[rows], np.array(found_projection), false)


def _needed(projections: Array, decoys: Array, norm: float) -> tuple[float, float]:
    """The projection from which candidates count as spikes, and the share of them that may be false.

    False ones are counted in two ways, and the larger count is believed. Noise is as likely upside down: what
    matches the inverted template (a decoy) tells how much noise matches the template. Small spikes of distant
    neurons are not, but a unit's own projections lie symmetrically about their middle: what is more below it than
    above, and small enough to be a distant neuron's, is not the unit's. The limit is where
    true ÷ (true + missed + false) is largest: half of the norm for large templates, which nothing small can match.
    """
    low, high = max(0.25 * norm, min(0.5 * norm, norm - 4)), max(0.5 * norm, min(0.8 * norm, HASH_REACH))
    grid = np.linspace(low, high, 51)
    middle = max(_mode_near(projections, norm), 0.75 * norm)
    above = projections[projections > middle]
    own = np.concatenate([above, 2 * middle - above])
    excess = _beyond(projections[projections < HASH_REACH], grid) - _beyond(own[own < HASH_REACH], grid)
    false = np.maximum(_beyond(decoys, grid), np.maximum(excess, 0))
    targets = _beyond(projections, grid)
    true = np.maximum(targets - false, 0)
    accuracy = true / np.maximum(true.max() + false, 1)
    good = np.flatnonzero(accuracy >= accuracy.max() - 1e-12)
    best = int(good[np.argmin(np.abs(grid[good] - norm / 2))])
    count = float(false[best])
    return float(grid[best]), (count + np.sqrt(count)) / max(1.0, float(targets[best]))


def _mode_near(values: Array, start: float, width: float = 1.5) -> float:
    """The mode uphill from `start`, by mean shift (Fukunaga & Hostetler 1975)."""
    place = start
    for _ in range(50):
        near = values[np.abs(values - place) < width]
        if not len(near) or abs(near.mean() - place) < 1e-6:
            break
        place = float(near.mean())
    return place


def _beyond(values: Array, limits: Array) -> NDArray[np.int_]:
    """How many values lie at or above each limit."""
    return len(values) - np.searchsorted(np.sort(values), limits)


def _in_parts(
    snippets: NDArray[np.float32], bank: Array, whitener: Whitener, part: int = 4000
) -> tuple[NDArray[np.int_], Array, Array, Array]:
    parts = [fit(whitener(snippets[i : i + part].astype(float)), bank) for i in range(0, len(snippets), part)]
    best, scale, projection, residual = (np.concatenate(column) for column in zip(*parts, strict=True))
    return best, scale, projection, residual


def has_larger_neighbour(times: Array, segment: NDArray[np.int_], sigmas: Array) -> NDArray[np.bool_]:
    """Whether another candidate that is larger lies within reach."""
    order = np.lexsort((times, segment))
    near = np.zeros(len(times), dtype=bool)
    for step in range(1, 8):
        a, b = order[:-step], order[step:]
        close = (segment[a] == segment[b]) & (times[b] - times[a] < 1.2 * OVERLAP_S)
        near[a[close & (sigmas[b] >= sigmas[a])]] = True
        near[b[close & (sigmas[a] >= sigmas[b])]] = True
    return near
