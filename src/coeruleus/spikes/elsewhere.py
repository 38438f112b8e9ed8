"""Isolation and amplitude cut-off of units that another program sorted, by the measures of units sorted here."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import norm

from coeruleus.spikes.accept import CORE_SIGMAS, Limits, mode_near, trace_refused
from coeruleus.spikes.detect import Candidates
from coeruleus.spikes.match import (
    Spikes,
    Whitener,
    fit,
    has_larger_neighbour,
    joined,
    make_bank,
    make_whitener,
    no_habits,
)
from coeruleus.spikes.quality import LEAST_HEIGHTS
from coeruleus.spikes.refine import Drift, Model, Sample, expected_scale, quality, remeasured, robust_mean
from coeruleus.spikes.sort import learning_set

Array = NDArray[np.floating]
Ints = NDArray[np.int_]

LEAST = 30  # spikes of a unit: a third of them missing would hide behind the chance of fewer
LATE_S = 0.0015  # how far from the peak the sorter may have put its times
STEP_S = 0.0001
NEAR_S = 0.0004
MOST = 0.5
STRAY, STRAY_SIGMAS = 0.01, 4.0  # part of the smallest spikes, and the size of large ones, that may be others'


def isolation_and_missed(found: Candidates, trains: Mapping[str, Array]) -> dict[str, tuple[float, float]]:
    """Per unit: d′ to the nearest other unit or to what was not sorted, and the part of its spikes that are missing.

    `found` are the candidates of one trace, `trains` in s from its first sample. Isolation is that of units sorted here
    (`refine.quality`); what is missing is told by the peaks of its spikes (`cut_off`). A unit of which fewer than 30
    spikes meet a candidate has no entry: it is too small, too rare, or not of this trace.
    """
    if trace_refused(found, found.artefacts):
        return {}
    noise = np.median(np.array(found.noise_uv), axis=0)
    samples = len(found.offsets_s)
    used = int(np.count_nonzero(found.alive))
    whitener = make_whitener(np.array(found.noise_snippets, dtype=float).reshape(-1, samples, used), noise)
    chosen = learning_set(found.time_s, used)
    snippets = found.read(chosen)
    sample = Sample(found.time_s[chosen], found.sigmas[chosen], snippets, whitener(snippets))
    groups = {unit: _candidates(sample, times[np.isfinite(times)]) for unit, times in trains.items()}
    names = [unit for unit, group in groups.items() if len(group) >= LEAST]
    if not names:
        return {}
    own = [groups[unit] for unit in names]
    templates = [robust_mean(snippets[group]) for group in own]
    flat: Drift = [(np.zeros(1), np.ones(1)) for _ in names]
    first = _as_sorted(sample, own, templates, flat, whitener, found.grid_s)
    model = _as_sorted(sample, own, *remeasured(sample, first), whitener, found.grid_s)
    peaks = sample.sigmas[:, None] / model.expected(sample.clock)
    every = list(range(len(names)))
    return {unit: (quality(model, sample, n, every)[0], cut_off(peaks[own[n], n])) for n, unit in enumerate(names)}


def cut_off(peaks: Array) -> float:
    """Part of a unit's spikes that a threshold hid, from `peaks` (n,): how much of a normal lies below the least.

    Hill, Mehta & Kleinfeld 2011 (J Neurosci 31, 8699), but fitted as what it is, a truncated normal, by maximum
    likelihood: a mode seen in few spikes moves with the threshold. 0.5 stands for a half or more: where the mode is not
    in sight, how far it lies below the least cannot be told. NaN below 100 spikes.
    """
    middle = float(np.median(peaks))
    spread = float(np.median(np.abs(peaks - middle))) / 0.6745
    low, high = float(np.quantile(peaks, STRAY)), middle + STRAY_SIGMAS * max(spread, 0.5)
    kept = peaks[(peaks >= low) & (peaks <= high)]
    if len(kept) < LEAST_HEIGHTS:
        return float("nan")

    def loss(at: Array) -> float:
        return float(-np.mean(norm.logpdf(kept, at[0], at[1])) + norm.logsf(low, at[0], at[1]))

    within = [(low, middle + spread), (0.5, 3 * max(spread, 0.5))]
    mean, sd = minimize(loss, np.array([middle, max(spread, 0.5)]), method="L-BFGS-B", bounds=within).x
    if np.isclose(mean, low):
        return MOST
    return float(max(0.0, (norm.cdf(low, mean, sd) - STRAY) / (1 - STRAY)))


def _candidates(sample: Sample, times: Array) -> Ints:
    """The candidates that are the spikes at `times`, whatever moment of a spike the other sorter marks."""
    large = sample.clock[sample.sigmas >= CORE_SIGMAS]
    if not len(times) or not len(large):
        return np.empty(0, dtype=int)
    steps = np.arange(-round(LATE_S / STEP_S), round(LATE_S / STEP_S) + 1) * STEP_S
    met = np.array([np.count_nonzero(_nearest(large, times + step)[1] < NEAR_S) for step in steps])
    place, away = _nearest(sample.clock, times + steps[met == met.max()].mean())
    return np.unique(place[away < NEAR_S])


def _nearest(clock: Array, times: Array) -> tuple[Ints, Array]:
    """Which of `clock` (rising) lies nearest to each time, and how far away (s)."""
    place = np.searchsorted((clock[1:] + clock[:-1]) / 2, times)
    return place, np.asarray(np.abs(clock[place] - times))


def _as_sorted(
    sample: Sample, groups: list[Ints], templates: list[Array], drift: Drift, whitener: Whitener, grid_s: float
) -> Model:
    """A model with these candidates as its spikes: none is refused, since another sorter chose them."""
    expected = expected_scale(drift, sample.clock)
    near = has_larger_neighbour(sample.clock, np.zeros(len(sample.clock), dtype=int), sample.sigmas)
    parts, found = [], []
    for unit, group in enumerate(groups):
        own = make_bank([templates[unit]], whitener, grid_s)
        one = fit(sample.rows[group], own, expected[group][:, [unit]])
        which = np.full(len(group), unit)
        parts.append(Spikes(group, which, sample.clock[group] + one.lag_s, one.scale, one.height, near[group]))
        found.append(Limits(0.0, np.inf, np.nan, mode_near(one.height, float(own.size[0])), 0.0, 0.0))
    single = fit(sample.rows, make_bank(templates, whitener, grid_s), expected)
    return Model(templates, found, drift, no_habits(len(groups)), whitener, grid_s, single, joined(parts))
