"""Templates refined on a sample of the candidates, their drift followed, and the whole recording matched to them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from coeruleus.spikes.accept import FALSE_MOST, MIN_SPIKES, Limits, limits, refuse
from coeruleus.spikes.cluster import APART
from coeruleus.spikes.detect import Candidates, parts
from coeruleus.spikes.match import (
    SCALE_SD,
    Fit,
    Habits,
    Spikes,
    Whitener,
    fit,
    has_larger_neighbour,
    joined,
    make_bank,
    resolve,
    template_distance,
)
from coeruleus.spikes.propose import nearest
from coeruleus.spikes.quality import LEAST_HEIGHTS

Array = NDArray[np.floating]
Ints = NDArray[np.int_]
Drift = list[tuple[Array, Array]]

ROUNDS = 3
DRIFT_SPIKES, DRIFT_BINS = 25, 60
DRIFT_LOW, DRIFT_HIGH = 0.3, 3.0
CHUNK = 8000
# d′ between the means of two halves of one cluster is 1.6, and two units that are farther apart match better as two
# templates; on several channels halves of one unit come out d′ 3.5 apart, as its spikes are aligned on either channel.
HALVES = 2.5
COMMON_MOST = 50.0  # of the most frequent unit over any other
SCALE_SD_RANGE = (0.03, 0.15)


@dataclass(frozen=True)
class Sample:
    """Candidates to learn from: clock (s), size in noise units, snippets (n, samples, channels), whitened rows."""

    clock: Array
    sigmas: Array
    snippets: NDArray[np.float32]
    rows: Array


@dataclass(frozen=True)
class Model:
    """Templates (samples, channels), their limits, the scale of each over the clock: (times, scales), and habits."""

    templates: list[Array]
    limits: list[Limits]
    drift: Drift
    habits: Habits
    whitener: Whitener
    grid_s: float
    single: Fit
    spikes: Spikes

    def expected(self, clock: Array) -> Array:
        """Scale expected of each unit at these times, (n, units)."""
        return expected_scale(self.drift, clock)


def expected_scale(drift: Drift, clock: Array) -> Array:
    """Scale that each unit's drift gives at these times, (n, units)."""
    return np.stack([np.interp(clock, times, scales) for times, scales in drift], axis=1)


def learn(sample: Sample, groups: list[Ints], whitener: Whitener, grid_s: float) -> tuple[Model | None, list[str]]:
    """Match, re-measure the templates, follow their drift, match again; drop units that do not hold.

    Returns the model, None where no unit holds, and why units were dropped.
    """
    segment = np.zeros(len(sample.clock), dtype=int)
    near = has_larger_neighbour(sample.clock, segment, sample.sigmas)
    templates = [robust_mean(sample.snippets[group]) for group in groups]
    drift: Drift = [(np.zeros(1), np.ones(1)) for _ in templates]
    counts = [len(group) for group in groups]
    varies = [SCALE_SD] * len(groups)
    dropped: list[str] = []
    rounds = 0
    while templates:
        model = _matched(sample, near, templates, drift, _habits(counts, varies), whitener, grid_s)
        if rounds >= 1:
            size = make_bank(templates, whitener, grid_s).size
            reasons = [
                refuse(model.spikes, unit, model.limits[unit], float(size[unit]), sample.clock, sample.sigmas)
                for unit in range(len(templates))
            ]
            refused = [unit for unit, reason in enumerate(reasons) if reason]
            if refused:  # one at a time, the smallest first: without it the others may hold
                worst = min(refused, key=lambda unit: (float(size[unit]), unit))
                dropped.append(str(reasons[worst]))
                keep = [unit for unit in range(len(templates)) if unit != worst]
                templates, drift = [templates[unit] for unit in keep], [drift[unit] for unit in keep]
                counts, varies = [counts[unit] for unit in keep], [varies[unit] for unit in keep]
                continue
        if rounds == ROUNDS:
            return model, dropped
        templates, drift = remeasured(sample, model)
        templates, drift, counts, varies = _merged(templates, drift, model, whitener, grid_s)
        rounds += 1
    return None, dropped


def _habits(counts: list[int], varies: list[float]) -> Habits:
    """No unit is so rare that it could not be found."""
    floored = np.maximum(np.array(counts, dtype=float), max(counts) / COMMON_MOST)
    return Habits(floored / floored.sum(), np.array(varies))


def _varies(model: Model, unit: int) -> float:
    """Standard deviation of a unit's amplitude relative to the expected one: what its heights vary beyond noise."""
    heights = model.spikes.height[(model.spikes.unit == unit) & ~model.spikes.doubtful]
    if len(heights) < MIN_SPIKES:
        return SCALE_SD
    size = float(np.linalg.norm(model.whitener(model.templates[unit][None])))
    return float(np.clip(np.sqrt(max(0.0, _mad(heights) ** 2 - 1)) / size, *SCALE_SD_RANGE))


def _matched(
    sample: Sample,
    near: NDArray[np.bool_],
    templates: list[Array],
    drift: Drift,
    habits: Habits,
    whitener: Whitener,
    grid_s: float,
) -> Model:
    bank = make_bank(templates, whitener, grid_s, habits=habits)
    expected = expected_scale(drift, sample.clock)
    single = fit(sample.rows, bank, expected)
    decoy = fit(sample.rows, replace(bank, rows=-bank.rows), expected)
    found = [limits(single, decoy, near, unit, float(bank.size[unit])) for unit in range(len(templates))]
    needed, bounds = _levels(found)
    spikes = resolve(
        sample.rows, sample.clock, near, single, templates, whitener, grid_s, expected, needed, bounds, habits
    )
    return Model(templates, found, drift, habits, whitener, grid_s, single, spikes)


def _levels(found: list[Limits]) -> tuple[Array, Array]:
    return np.array([limit.needed for limit in found]), np.array([limit.bound for limit in found])


def remeasured(sample: Sample, model: Model) -> tuple[list[Array], Drift]:
    """Templates anew from spikes that stand alone, moved into place, at the mode of their heights; and their drift."""
    templates: list[Array] = []
    drift: Drift = []
    for unit, template in enumerate(model.templates):
        mine = model.spikes.chosen((model.spikes.unit == unit) & ~model.spikes.doubtful)
        mine = mine.chosen(mine.height >= model.limits[unit].clean)
        if len(mine.unit) < MIN_SPIKES:
            templates.append(template)
            drift.append((np.zeros(1), np.ones(1)))
            continue
        scale = _raw_scale(model, mine, unit)
        times, level = _followed(mine.time_s, scale)
        here = np.interp(mine.time_s, times, level)
        lag = mine.time_s - sample.clock[mine.candidate]
        low, high = np.quantile(scale / here, [0.1, 0.9])
        core = (scale / here >= low) & (scale / here <= high)
        some = np.flatnonzero(core)[:: max(1, int(core.sum()) // 1500)]
        moved = _moved(sample.snippets[mine.candidate[some]], lag[some], model.grid_s)
        mean = robust_mean(moved / here[some, None, None])
        middle = float(np.interp(mine.time_s, times, level).mean())
        templates.append(mean * middle)
        drift.append((times, level / middle))
    return templates, drift


def _raw_scale(model: Model, mine: Spikes, unit: int) -> Array:
    """Amplitude of each spike relative to the template, without the prior."""
    size = float(np.linalg.norm(model.whitener(model.templates[unit][None])))
    return np.asarray(mine.height / size + model.expected(mine.time_s)[:, unit] - 1, dtype=float)


def _followed(when: Array, scale: Array) -> tuple[Array, Array]:
    """Medians of the scale in bins of equal numbers of spikes, lightly smoothed."""
    order = np.argsort(when, kind="stable")
    bins = int(np.clip(len(when) // DRIFT_SPIKES, 1, DRIFT_BINS))
    pieces = np.array_split(order, bins)
    times = np.array([when[piece].mean() for piece in pieces])
    level = np.array([np.median(scale[piece]) for piece in pieces])
    if bins >= 3:
        padded = np.concatenate([[2 * level[0] - level[1]], level, [2 * level[-1] - level[-2]]])
        level = np.convolve(padded, [0.25, 0.5, 0.25], "valid")
    return times, np.clip(level, DRIFT_LOW, DRIFT_HIGH)


def _moved(snippets: NDArray[np.float32], lag_s: Array, grid_s: float) -> Array:
    """Snippets moved so that a spike that came `lag_s` late stands in the middle."""
    places = np.arange(snippets.shape[1]) * grid_s
    out = np.empty(snippets.shape)
    steps = np.round(lag_s / 1e-5).astype(int)
    for step in np.unique(steps):
        mine = steps == step
        wanted = np.clip(places + step * 1e-5, places[0], places[-1])
        out[mine] = CubicSpline(places, snippets[mine], axis=1)(wanted) if step else snippets[mine]
    return out


def robust_mean(snippets: NDArray[np.floating]) -> Array:
    """Mean without the tenth at either end, sample by sample: overlaps and stray events do not count."""
    ordered = np.sort(np.asarray(snippets, dtype=float), axis=0)
    cut = len(ordered) // 10
    return np.asarray(ordered[cut : len(ordered) - cut].mean(axis=0), dtype=float)


def _merged(
    templates: list[Array], drift: Drift, model: Model, whitener: Whitener, grid_s: float
) -> tuple[list[Array], Drift, list[int], list[float]]:
    """Templates that may be of one unit become one, weighted by their spikes; but noise is not mixed into a unit.

    Also the spikes that each stands for, and how much its amplitude varies.
    """
    templates, drift = list(templates), list(drift)
    noise = [limit.false_share > FALSE_MOST for limit in model.limits]
    counts = [max(1, int(np.count_nonzero(model.spikes.unit == unit))) for unit in range(len(templates))]
    varies = [_varies(model, unit) for unit in range(len(templates))]
    least = HALVES if model.templates[0].shape[1] == 1 else APART
    while len(templates) > 1:
        apart, i, j = nearest(templates, counts, whitener, grid_s)
        if apart >= least:
            break
        large, small = (i, j) if counts[i] >= counts[j] else (j, i)
        if noise[i] != noise[j]:
            large, small = (j, i) if noise[i] else (i, j)
            del templates[small], drift[small], counts[small], noise[small], varies[small]
            continue
        _, lag = template_distance(templates[large], templates[small], whitener, grid_s)
        moved = _moved(templates[small][None].astype(np.float32), np.array([-lag]), grid_s)[0]
        share = counts[large] / (counts[large] + counts[small])
        templates[large] = share * templates[large] + (1 - share) * moved
        counts[large] += counts[small]
        del templates[small], drift[small], counts[small], noise[small], varies[small]
    return templates, drift, counts, varies


def match_all(found: Candidates, model: Model, clock: Array) -> Spikes:
    """Spikes of all candidates; `candidate` counts through the whole recording."""
    near = has_larger_neighbour(clock, found.segment, found.sigmas)
    bank = make_bank(model.templates, model.whitener, model.grid_s, habits=model.habits)
    needed, bounds = _levels(model.limits)
    out: list[Spikes] = []
    for where, snippets in parts(found, CHUNK):
        rows = model.whitener(snippets)
        expected = model.expected(clock[where])
        single = fit(rows, bank, expected)
        spikes = resolve(
            rows,
            clock[where],
            near[where],
            single,
            model.templates,
            model.whitener,
            model.grid_s,
            expected,
            needed,
            bounds,
            model.habits,
        )
        out.append(replace(spikes, candidate=spikes.candidate + where.start))
    return joined(out)


def quality(model: Model, sample: Sample, unit: int, units: list[int]) -> tuple[float, float]:
    """Isolation, the d′ to the nearest other of `units` or to noise, and the part of spikes too small to be taken.

    That part is NaN with fewer than 100 spikes that stand alone.
    """
    size = float(np.linalg.norm(model.whitener(model.templates[unit][None])))
    apart = [np.inf]
    for other in units:
        if other != unit:
            pair = model.templates[unit], model.templates[other]
            apart.append(template_distance(*pair, model.whitener, model.grid_s)[0])
    heights = model.spikes.height[(model.spikes.unit == unit) & ~model.spikes.doubtful]
    taken = np.zeros(len(sample.clock), dtype=bool)
    taken[model.spikes.candidate] = True
    noise = model.single.height[(model.single.unit == unit) & ~taken & (model.single.height > 0)]
    spread = max(0.8, _mad(heights))
    if len(noise) >= MIN_SPIKES:
        both = np.sqrt((spread**2 + max(0.8, _mad(noise)) ** 2) / 2)
        apart.append(max(0.0, float((np.median(heights) - np.median(noise)) / both)))
    mode = min(model.limits[unit].mode, float(np.median(heights)) + spread)
    above = int(np.count_nonzero(heights > mode))
    missed = max(0, above - (len(heights) - above))
    fraction = missed / (len(heights) + missed) if len(heights) >= LEAST_HEIGHTS else float("nan")
    return min(apart) if np.isfinite(min(apart)) else size, fraction


def _mad(values: Array) -> float:
    return float(np.median(np.abs(values - np.median(values)))) / 0.6745
