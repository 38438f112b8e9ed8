"""Templates against candidates in whitened noise: which candidate is a spike of which unit, overlaps included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

Array = NDArray[np.floating]
Ints = NDArray[np.int_]

SCALE_LOW, SCALE_HIGH = 0.6, 1.5  # amplitude of a spike relative to what is expected of its unit at that time
SCALE_SD = 0.1  # where it is not known how much a unit's amplitude varies
LAGS_S: Array = np.arange(-6, 7) * 5e-5  # alignment errs by less than 0.3 ms
FINE_S = 5e-5
MERGE_LAGS_S: Array = np.arange(-20, 21) * 5e-5
NEAR_LAGS_S: Array = np.arange(-4, 5) * 1e-5  # large spikes 20 µs apart are d′ 2 from themselves
REACH_S = 0.003  # within it a spike changes the snippet of another
PAIR_LAGS_S: Array = np.arange(-20, 21) * 1e-4
PAIR_MOST = 2000
REFRACTORY_S = 0.001
OVERLAP_APART = 4.0
NOISE_REACH = 9.0  # projections that noise and the small spikes of distant neurons reach


@dataclass(frozen=True)
class Whitener:
    """Snippets (n, samples, channels) to rows (n, d) in which noise has the unit covariance.

    `inflation`: the variance that other noise than that it was made from has there.
    """

    matrix: Array
    inflation: float = 1.0

    def __call__(self, snippets: NDArray[np.floating]) -> Array:
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
    return Whitener((vectors / np.sqrt(values)) @ vectors.T, n / (n - d - 1))  # the mean of an inverse Wishart


def shifted(template: Array, lags_s: Array, grid_s: float) -> Array:
    """A template (samples, channels) as it looks when its spike comes later by each of `lags_s`: (lags, ...)."""
    places = np.arange(len(template)) * grid_s
    wanted = places[None, :] - np.atleast_1d(lags_s)[:, None]
    inside = (wanted >= 0) & (wanted <= places[-1])
    moved = CubicSpline(places, template, axis=0)(np.clip(wanted, 0, places[-1]))
    return np.asarray(np.where(inside[..., None], moved, 0.0), dtype=float)


@dataclass(frozen=True)
class Habits:
    """What is known of each unit before a spike is seen: its share of all spikes, and the standard deviation of its
    amplitude relative to what is expected at that time; both (units,)."""

    share: Array
    scale_sd: Array


def no_habits(count: int) -> Habits:
    """Of so many units of which nothing is known."""
    return Habits(np.full(count, 1 / max(count, 1)), np.full(count, SCALE_SD))


@dataclass(frozen=True)
class Bank:
    """Whitened templates at lags: `rows` (m, d) belong to `unit` (m,) at `lag_s` (m,). `size` (units,): ‖template‖.

    `common` (m,): twice the log of the unit's share of spikes; `firm` (m,): 1 over the variance of its amplitude.
    """

    rows: Array
    norms: Array
    unit: Ints
    lag_s: Array
    size: Array
    common: Array
    firm: Array


def make_bank(
    templates: list[Array], whitener: Whitener, grid_s: float, lags_s: Array = LAGS_S, habits: Habits | None = None
) -> Bank:
    """All templates (samples, channels) at all lags."""
    habits = habits or no_habits(len(templates))
    rows = np.concatenate([whitener(shifted(template, lags_s, grid_s)) for template in templates])
    size = np.linalg.norm(whitener(np.array(templates)), axis=1)
    unit = np.repeat(np.arange(len(templates)), len(lags_s))
    common, firm = 2 * np.log(habits.share)[unit], habits.scale_sd[unit] ** -2.0
    return Bank(rows, np.sum(rows**2, axis=1), unit, np.tile(lags_s, len(templates)), size, common, firm)


@dataclass(frozen=True)
class Fit:
    """Best row of a bank for each candidate: unit, lag (s), scale, and `height`: the projection on the template,
    less what the expected scale adds, so that spikes lie about the template's size whatever the drift."""

    unit: Ints
    lag_s: Array
    scale: Array
    height: Array
    residual: Array


def fit(rows: Array, bank: Bank, expected: Array) -> Fit:
    """Whitened rows (n, d) against a bank; `expected` (n, units) is the scale expected of each unit.

    The scale is free within limits but expected near that (a normal prior): of two units with one shape, the one
    of the right size wins. Between two alike that fire unequally the more frequent one is the likelier (Bayes): without
    that a fortieth of its spikes would swamp a rare unit d′ 4 away.
    """
    dots = rows @ bank.rows.T
    prior = bank.firm
    mean = expected[:, bank.unit]
    scale = np.clip((dots + prior * mean) / (bank.norms + prior), SCALE_LOW * mean, SCALE_HIGH * mean)
    gain = 2 * scale * dots - scale**2 * bank.norms
    best = np.argmax(gain - prior * (scale - mean) ** 2 + bank.common, axis=1)
    pick = np.arange(len(rows))
    unit = bank.unit[best]
    height = dots[pick, best] / np.sqrt(bank.norms[best]) - (expected[pick, unit] - 1) * bank.size[unit]
    residual = np.einsum("ij,ij->i", rows, rows) - gain[pick, best]
    return Fit(unit, bank.lag_s[best], scale[pick, best], height, residual)


def concatenated(fits: list[Fit]) -> Fit:
    """Fits of one part after the other."""
    return Fit(*(np.concatenate([getattr(one, name) for one in fits]) for name in Fit.__dataclass_fields__))


def template_distance(first: Array, second: Array, whitener: Whitener, grid_s: float) -> tuple[float, float]:
    """d′ between two templates (samples, channels), and the lag (s) of `second` at which they are most alike.

    The distance of Mahalanobis (1936) in the noise that the whitener was made from, at the best lag up to 1 ms: the
    one meaning of "nearer than d′ 4" wherever templates are compared.
    """
    own = whitener(first[None])[0]
    coarse = make_bank([second], whitener, grid_s, MERGE_LAGS_S)
    about = coarse.lag_s[int(np.argmin(np.sum((coarse.rows - own) ** 2, axis=1)))]
    bank = make_bank([second], whitener, grid_s, about + NEAR_LAGS_S)
    apart = np.linalg.norm(bank.rows - own, axis=1)
    best = int(np.argmin(apart))
    return float(apart[best]), float(bank.lag_s[best])


def is_overlap(template: Array, others: list[Array], whitener: Whitener, grid_s: float, itself: bool = False) -> bool:
    """Whether a template is the sum of two others at some lags: a coincidence, not a neuron.

    The two are different ones (a neuron does not overlap with itself), or with `itself` any: what looks like one
    neuron may be two.
    """
    if len(others) < 2 - itself:
        return False
    bank = make_bank(others, whitener, grid_s, PAIR_LAGS_S)
    own = whitener(template[None])[0]
    dots = bank.rows @ own
    squared = own @ own - 2 * (dots[:, None] + dots[None]) + bank.norms[:, None] + bank.norms[None]
    squared += 2 * bank.rows @ bank.rows.T
    if not itself:
        squared[bank.unit[:, None] == bank.unit[None]] = np.inf
    return float(np.sqrt(max(0.0, squared.min()))) < max(OVERLAP_APART, 0.3 * float(np.linalg.norm(own)))


@dataclass(frozen=True)
class Spikes:
    """Spikes: candidate they were found at, unit, time (s), scale and height. `doubtful`: one of an overlap."""

    candidate: Ints
    unit: Ints
    time_s: Array
    scale: Array
    height: Array
    doubtful: NDArray[np.bool_]

    def chosen(self, which: Ints | NDArray[np.bool_]) -> Spikes:
        return Spikes(*(getattr(self, name)[which] for name in Spikes.__dataclass_fields__))


def joined(parts: list[Spikes]) -> Spikes:
    """Spikes of one part after the other."""
    return Spikes(*(np.concatenate([getattr(one, name) for one in parts]) for name in Spikes.__dataclass_fields__))


def resolve(
    rows: Array,
    times: Array,
    near: NDArray[np.bool_],
    single: Fit,
    templates: list[Array],
    whitener: Whitener,
    grid_s: float,
    expected: Array,
    needed: Array,
    bounds: Array,
    habits: Habits,
) -> Spikes:
    """Which of these candidates (in order of time, of one segment) are spikes.

    First those that one template explains; then large ones that no single template does, as pairs; then those beside
    what was found, judged by what is left when that is taken away. `needed` and `bounds` (units,) are the least height
    and the largest squared residual of a spike.
    """
    bank = make_bank(templates, whitener, grid_s, habits=habits)
    good = (single.height >= needed[single.unit]) & ~near
    plain = np.flatnonzero(good & (single.residual <= bounds[single.unit]))
    found = [_spikes(plain, single, times, plain)]
    crowded = np.flatnonzero(good & (single.residual > bounds[single.unit]))[:PAIR_MOST]
    if len(crowded) and len(templates) > 1:
        found.append(_pairs(rows, times, crowded, templates, whitener, grid_s, expected, needed, bounds))
    beside = np.flatnonzero(near)
    if len(beside):
        left = rows[beside].copy()
        _take_away(left, times[beside], joined(found), templates, whitener, grid_s)
        again = fit(left, bank, expected[beside])
        ok = np.flatnonzero((again.height >= needed[again.unit]) & (again.residual <= bounds[again.unit]))
        found.append(_spikes(ok, again, times, beside[ok]))
    return once(joined(found))


def _spikes(index: Ints, one: Fit, times: Array, candidate: Ints) -> Spikes:
    at = times[candidate] + one.lag_s[index]
    doubtful = np.zeros(len(index), dtype=bool)
    return Spikes(candidate, one.unit[index], at, one.scale[index], one.height[index], doubtful)


def once(spikes: Spikes) -> Spikes:
    """In order of time, and of two spikes of one unit within a millisecond only the one nearer its template."""
    order = np.lexsort((spikes.time_s, spikes.unit))
    spikes = spikes.chosen(order)
    keep = np.ones(len(order), dtype=bool)
    close = (np.diff(spikes.time_s) < REFRACTORY_S) & (np.diff(spikes.unit) == 0)
    for index in np.flatnonzero(close).tolist():
        if keep[index] and keep[index + 1]:
            keep[index if spikes.height[index] < spikes.height[index + 1] else index + 1] = False
    spikes = spikes.chosen(keep)
    return spikes.chosen(np.lexsort((spikes.unit, spikes.time_s)))


def _take_away(
    left: Array, times: Array, spikes: Spikes, templates: list[Array], whitener: Whitener, grid_s: float
) -> None:
    """Subtract from whitened rows, in place, the spikes within reach."""
    steps = round(REACH_S / FINE_S)
    fine = make_bank(templates, whitener, grid_s, np.arange(-steps, steps + 1) * FINE_S)
    order = np.argsort(spikes.time_s, kind="stable")
    when = spikes.time_s[order]
    first = np.searchsorted(when, times - REACH_S)
    last = np.searchsorted(when, times + REACH_S)
    for turn in range(int((last - first).max(initial=0))):
        here = np.flatnonzero(first + turn < last)
        spike = order[first[here] + turn]
        lag = np.clip(np.round((spikes.time_s[spike] - times[here]) / FINE_S).astype(int), -steps, steps)
        row = spikes.unit[spike] * (2 * steps + 1) + lag + steps
        left[here] -= spikes.scale[spike, None] * fine.rows[row]


def _pairs(
    rows: Array,
    times: Array,
    crowded: Ints,
    templates: list[Array],
    whitener: Whitener,
    grid_s: float,
    expected: Array,
    needed: Array,
    bounds: Array,
) -> Spikes:
    """Candidates explained by the sum of two units, each at its expected scale."""
    bank = make_bank(templates, whitener, grid_s, PAIR_LAGS_S)
    central = np.flatnonzero(np.abs(bank.lag_s) < 4e-4)
    cross = bank.rows[central] @ bank.rows.T
    same = bank.unit[central][:, None] == bank.unit[None]
    out: list[Spikes] = []
    for index in crowded.tolist():
        scale = expected[index, bank.unit]
        dots = scale * (bank.rows @ rows[index])
        one = 2 * dots - scale**2 * bank.norms
        gain = one[central][:, None] + one[None] - 2 * scale[central][:, None] * scale[None] * cross
        gain[same] = -np.inf
        i, j = np.unravel_index(int(np.argmax(gain)), gain.shape)
        a, b = int(central[i]), int(j)
        units = np.array([bank.unit[a], bank.unit[b]])
        if rows[index] @ rows[index] - gain[i, j] > bounds[units].max():
            continue
        sizes = bank.size[units]  # the height of each when the other is taken away
        rest = [rows[index] - scale[other] * bank.rows[other] for other in (b, a)]
        height = np.array(
            [rest[0] @ bank.rows[a] / np.sqrt(bank.norms[a]), rest[1] @ bank.rows[b] / np.sqrt(bank.norms[b])]
        )
        height -= (expected[index, units] - 1) * sizes
        if (height < needed[units]).any():
            continue
        at = times[index] + bank.lag_s[[a, b]]
        out.append(Spikes(np.full(2, index), units, at, expected[index, units], height, np.ones(2, dtype=bool)))
    none = np.empty(0)
    return joined(out or [Spikes(none.astype(int), none.astype(int), none, none, none, none.astype(bool))])


def has_larger_neighbour(times: Array, segment: Ints, sigmas: Array) -> NDArray[np.bool_]:
    """Whether another candidate that is larger lies within reach; `times` rise within segments."""
    near = np.zeros(len(times), dtype=bool)
    for step in range(1, 8):
        close = (segment[step:] == segment[:-step]) & (times[step:] - times[:-step] < 1.2 * REACH_S)
        near[:-step] |= close & (sigmas[step:] >= sigmas[:-step])
        near[step:] |= close & (sigmas[:-step] > sigmas[step:])
    return near
