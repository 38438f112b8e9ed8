"""First guesses at units: groups of large candidates that look alike and do not pile up at the threshold."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from coeruleus.spikes.accept import MIN_SPIKES, piled_up
from coeruleus.spikes.cluster import APART, STRAYS, assign, fit_mixtures, merge_near
from coeruleus.spikes.match import Whitener, is_overlap, template_distance

Array = NDArray[np.floating]
Ints = NDArray[np.int_]

SHADOW_S = 0.003
SHADOW_FACTOR = 1.5
RARE = 5  # overlaps of two units are rarer than either
VERY_RARE = 10  # and those of two that are taken for one
OVERLAP_LEAST = 6.0  # size of a template: sums of smaller ones, which noise has too, are like anything
LEAST_SCALE = 0.6
ALIGNED_S = 1e-4  # groups nearer in time were compared as clusters
DRIFT_WINDOW = 41  # spikes
LIKE = 4.0


def shadowed(clock: Array, sigmas: Array) -> NDArray[np.bool_]:
    """Candidates beside a much larger one: its flanks, as the filter leaves them, or an overlap."""
    hidden = np.zeros(len(clock), dtype=bool)
    for step in range(1, 6):
        close = clock[step:] - clock[:-step] < SHADOW_S
        hidden[:-step] |= close & (sigmas[step:] > SHADOW_FACTOR * sigmas[:-step])
        hidden[step:] |= close & (sigmas[:-step] > SHADOW_FACTOR * sigmas[step:])
    return hidden


def propose(
    snippets: NDArray[np.float32],
    rows: Array,
    clock: Array,
    sigmas: Array,
    whitener: Whitener,
    grid_s: float,
    level: float,
) -> list[Ints]:
    """Groups of candidates, each perhaps a unit: snippets (n, samples, channels), whitened rows (n, d), times (s).

    `level` is the threshold that all of them exceed, in units of the noise.
    """
    channels = snippets.shape[2]
    features = _features(rows, channels)
    labels = assign(features, fit_mixtures(features))
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    groups = [group for group in groups if len(group) >= MIN_SPIKES // 2 and not piled_up(sigmas[group], level)]
    if not groups:
        return []
    whole = _joined(groups, merge_near([features[group] for group in groups]))
    parts = [part for group in whole for part in _split(rows, group, channels)]
    whole = _followed(parts, rows, clock)
    return [whole[index] for index in distinct(whole, snippets, whitener, grid_s)]


def _joined(groups: list[Ints], members: list[list[int]]) -> list[Ints]:
    return [np.sort(np.concatenate([groups[index] for index in member])) for member in members]


def _split(rows: Array, group: Ints, channels: int) -> list[Ints]:
    """A group looked at on axes of its own: what tells two like spikes apart is small beside what tells all apart."""
    if len(group) < 4 * MIN_SPIKES:
        return [group]
    own = _features(rows[group], channels, centred=True)
    labels = assign(own, fit_mixtures(own, 4))
    inner = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    inner = [part for part in inner if len(part) >= max(MIN_SPIKES, STRAYS * len(group) / 2)]
    if len(inner) < 2:
        return [group]
    members = merge_near([own[part] for part in inner])
    return [group[part] for part in _joined(inner, members)] if len(members) > 1 else [group]


def _features(rows: Array, channels: int, centred: bool = False) -> Array:
    """Principal components of whitened rows, about their mean if `centred`; a few giants do not turn the axes."""
    if centred:
        rows = rows - np.median(rows, axis=0)
    norms = np.linalg.norm(rows, axis=1)
    limit = 2 * np.median(norms)
    tame = rows * np.minimum(1.0, limit / np.maximum(norms, 1e-12))[:, None]
    tame = tame - tame.mean(axis=0)
    count = min(3 if channels == 1 else 2 + channels, rows.shape[1], max(1, len(rows) - 1))
    some = tame[:: max(1, len(tame) // 3000)]
    _, vectors = np.linalg.eigh(some.T @ some)
    axes = vectors[:, ::-1].T
    signs = np.sign(axes[np.arange(len(axes)), np.argmax(np.abs(axes), axis=1)])
    return np.asarray(rows @ (axes * signs[:, None])[:count].T, dtype=float)


def _followed(groups: list[Ints], rows: Array, clock: Array) -> list[Ints]:
    """Groups that are one unit whose amplitude drifts, joined: one shape, and never both at one time."""
    groups = list(groups)
    merged = True
    while merged:
        merged = False
        for i in range(len(groups)):
            for j in range(i + 1, len(groups)):
                if _one_that_drifts(rows[groups[i]], rows[groups[j]], clock[groups[i]], clock[groups[j]]):
                    groups[i] = np.sort(np.concatenate([groups[i], groups[j]]))
                    del groups[j]
                    merged = True
                    break
            if merged:
                break
    return groups


def _one_that_drifts(first: Array, second: Array, when_first: Array, when_second: Array) -> bool:
    a, b = first.mean(axis=0), second.mean(axis=0)
    if a @ a < b @ b:
        a, b = b, a
    scale = float(a @ b / (a @ a))
    if scale < LEAST_SCALE or np.linalg.norm(b - scale * a) > LIKE + 2 / np.sqrt(min(len(first), len(second)) / 10):
        return False
    axis = (b - a) / np.linalg.norm(b - a)
    order = np.argsort(np.concatenate([when_first, when_second]), kind="stable")
    place = (np.concatenate([first, second]) @ axis)[order]
    if len(place) < DRIFT_WINDOW:
        return False
    window = np.ones(DRIFT_WINDOW)
    trend = np.convolve(place, window, "same") / np.convolve(np.ones(len(place)), window, "same")
    rest = np.sort(place - trend)
    cut = len(rest) // 50
    variance = float(np.var(rest[cut : len(rest) - cut])) * 1.15  # what the trimming takes from a normal's variance
    share = len(first) / len(place)
    return bool(np.sqrt(max(0.0, variance - 1) / (share * (1 - share))) < APART)


def distinct(groups: list[Ints], snippets: NDArray[np.float32], whitener: Whitener, grid_s: float) -> list[int]:
    """Which groups to keep: not those that are another one over again, aligned on the trough, or two that overlap.

    The smaller group is dropped here. Its spikes come back through matching, which tries lags and overlaps.
    """
    order = sorted(range(len(groups)), key=lambda index: -len(groups[index]))
    kept: list[int] = []
    means = [np.mean(snippets[group], axis=0, dtype=float) for group in groups]
    for index in order:
        own = whitener(means[index][None])[0]
        same = False
        for other in kept:
            apart, lag = template_distance(means[index], means[other], whitener, grid_s)
            same = same or (abs(lag) > ALIGNED_S and apart < max(APART, 0.2 * float(np.linalg.norm(own))))
        able = [other for other in kept if np.linalg.norm(whitener(means[other][None])) >= OVERLAP_LEAST]
        larger = [means[other] for other in able if len(groups[other]) > RARE * len(groups[index])]
        much_larger = [means[other] for other in able if len(groups[other]) > VERY_RARE * len(groups[index])]
        overlap = is_overlap(means[index], larger, whitener, grid_s)
        if not (same or overlap or is_overlap(means[index], much_larger, whitener, grid_s, itself=True)):
            kept.append(index)
    return sorted(kept)


def nearest(templates: list[Array], counts: list[int], whitener: Whitener, grid_s: float) -> tuple[float, int, int]:
    """The two templates nearest to each other: their d′, less what errors of means of so many spikes add, and
    their numbers."""
    best = (np.inf, 0, 0)
    for i, j in combinations(range(len(templates)), 2):
        apart, _ = template_distance(templates[i], templates[j], whitener, grid_s)
        errors = templates[i].size * (1 / counts[i] + 1 / counts[j])
        best = min(best, (float(np.sqrt(max(0.0, apart**2 - errors))), i, j))
    return best
