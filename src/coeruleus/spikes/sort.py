"""From raw traces to units: one pass for candidates, then clusters, templates and matching.

Made for one to four channels and one to a few slow units. Every decision that drops or merges something says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coeruleus.spikes.accept import CORE_SIGMAS, MIN_SPIKES, piled_up, refuse, trace_refused, unit_note
from coeruleus.spikes.artefacts import Artefact, joined
from coeruleus.spikes.cluster import APART, STRAYS, assign, fit_mixtures, merge_near
from coeruleus.spikes.detect import Candidates, collect
from coeruleus.spikes.filter import LOW_HZ
from coeruleus.spikes.match import (
    LAGS_S,
    RESIDUAL_MADS,
    Matches,
    Whitener,
    fit,
    has_larger_neighbour,
    is_overlap,
    make_whitener,
    match,
    shifted,
)
from coeruleus.spikes.mean_spike import mean_spike

Array = NDArray[np.float64]
Trace = Array | Iterable[Array]

SHADOW_S = 0.003
SHADOW_FACTOR = 1.5
RARE = 5  # overlaps of two units are rarer than either
MERGE_LAGS_S = np.arange(-20, 21) * 5e-5


@dataclass(frozen=True)
class SortedUnit:
    """One unit. `times_s[i]` (s) are its spikes in the i-th segment; the waveform is of the signal as recorded."""

    unit_id: str
    times_s: tuple[Array, ...]
    snr: float
    waveform_time_ms: Array
    waveform_uv: Array
    channel: int
    reason: str | None


@dataclass(frozen=True)
class SortResult:
    """Units, largest first; with none, `reason` says why. `noise_uv` (channels,) is that of the band-passed trace."""

    units: tuple[SortedUnit, ...]
    durations_s: tuple[float, ...]
    noise_uv: Array
    artefacts: tuple[Artefact, ...]
    problems: tuple[str, ...]
    reason: str | None


def sort_trace(trace: Trace, sampling_rate_hz: float, highpass_hz: float | None = None) -> SortResult:
    """Sort one trace: an array (n,) or (n, channels) in µV, or an iterable of such pieces, read once."""
    return sort_segments([trace], sampling_rate_hz, highpass_hz)


def sort_segments(
    traces: Sequence[Trace] | Iterable[Trace], sampling_rate_hz: float, highpass_hz: float | None = None
) -> SortResult:
    """Sort the segments of one site together, so that a unit keeps its name across files.

    `highpass_hz` is the filter that the signal was recorded with; it is only used to say what the mean spikes are
    worth. Raises ValueError where the sampling rate leaves no band for spikes or channels differ between segments;
    bad data gives zero units and a reason.
    """
    found = collect(traces, sampling_rate_hz)
    artefacts = tuple(joined(found.artefacts))
    noise = np.median(np.array(found.noise_uv), axis=0) if found.noise_uv else np.zeros(max(1, found.channels))
    problems = [_artefact_text(artefact, len(found.durations_s)) for artefact in artefacts]

    def finish(units: Sequence[SortedUnit], reason: str | None) -> SortResult:
        return SortResult(tuple(units), tuple(found.durations_s), noise, artefacts, tuple(problems), reason)

    refused = trace_refused(found, artefacts)
    if refused:
        return finish([], refused)
    time, segment = np.array(found.time_s), np.array(found.segment, dtype=int)
    sigmas, snippets = np.array(found.sigmas), np.array(found.snippets)
    core = np.flatnonzero((sigmas >= CORE_SIGMAS) & ~_shadowed(time, segment, sigmas))
    if len(core) < MIN_SPIKES:
        text = f"no unit: {len(core)} spikes above {CORE_SIGMAS:g} times the noise, and {MIN_SPIKES} are needed"
        return finish([], text)
    whitener = make_whitener(np.array(found.noise_snippets, dtype=float).reshape(-1, *snippets.shape[1:]), noise)
    groups, notes = _groups(snippets[core], sigmas[core], whitener, found.grid_s)
    groups = [core[group] for group in groups]
    if not groups:
        return finish([], "no unit: what crosses the threshold cannot be told from noise")
    templates = [np.mean(snippets[group], axis=0, dtype=float) for group in groups]
    matches, templates, notes, dropped = _refine(found, templates, notes, groups, whitener)
    problems += dropped
    if not templates:
        return finish([], "no unit: " + "; ".join(dict.fromkeys(dropped)))
    units = []
    for unit, template in enumerate(templates):
        mine = matches.unit == unit
        place, lag = matches.candidate[mine], matches.lag_s[mine]
        centred = _peak_offset(template, noise, found)
        trains = tuple(
            np.sort((time[place] + lag + centred)[segment[place] == index]) for index in range(len(found.durations_s))
        )
        shape = mean_spike(found, place, lag + centred)
        note = (
            "; ".join(
                text
                for text in (notes[unit], unit_note(trains, float(matches.false_share[unit])), shape.reason)
                if text
            )
            or None
        )
        units.append(
            SortedUnit("", trains, _snr(template, noise), shape.time_ms, shape.amplitude_uv, shape.channel, note)
        )
    units.sort(key=lambda unit: -unit.snr)
    named = [
        SortedUnit(str(i + 1), u.times_s, u.snr, u.waveform_time_ms, u.waveform_uv, u.channel, u.reason)
        for i, u in enumerate(units)
    ]
    if highpass_hz is not None and highpass_hz > LOW_HZ:
        problems.append(f"recorded with a high-pass of {highpass_hz:g} Hz: widths of mean spikes are shortened by it")
    return finish(named, None)


def _artefact_text(artefact: Artefact, segments: int) -> str:
    where = f"segment {artefact.segment + 1}: " if segments > 1 else ""
    return f"{where}{artefact.kind} from {artefact.start_s:.2f} to {artefact.end_s:.2f} s, not sorted"


def _shadowed(time: Array, segment: NDArray[np.int_], sigmas: Array) -> NDArray[np.bool_]:
    """Candidates beside a much larger one: its flanks, as the filter leaves them, or an overlap."""
    order = np.lexsort((time, segment))
    shadowed = np.zeros(len(time), dtype=bool)
    for step in range(1, 6):
        a, b = order[:-step], order[step:]
        close = (segment[a] == segment[b]) & (time[b] - time[a] < SHADOW_S)
        shadowed[a[close & (sigmas[b] > SHADOW_FACTOR * sigmas[a])]] = True
        shadowed[b[close & (sigmas[a] > SHADOW_FACTOR * sigmas[b])]] = True
    return shadowed


def _groups(
    snippets: NDArray[np.float32], sigmas: Array, whitener: Whitener, grid_s: float
) -> tuple[list[NDArray[np.int_]], list[str | None]]:
    """Groups of core candidates that stand out from noise, merged where nearer than d′ 4."""
    rows = whitener(snippets.astype(float))
    features = _features(rows, snippets.shape[2])
    labels = assign(features, fit_mixtures(features))
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    groups = [group for group in groups if len(group) >= MIN_SPIKES // 2]
    groups = [group for group in groups if not piled_up(sigmas[group], CORE_SIGMAS)]
    if not groups:
        return [], []
    members, notes = merge_near([features[group] for group in groups])
    merged: list[NDArray[np.int_]] = []
    said: list[str | None] = []
    for member, note in zip(members, notes, strict=True):
        whole = np.sort(np.concatenate([groups[index] for index in member]))
        parts, part_notes = _split(rows, whole, snippets.shape[2])
        merged += parts
        said += part_notes if len(parts) > 1 or part_notes[0] else [note]
    return _merge_lagged(merged, said, snippets, whitener, grid_s)


def _split(rows: Array, group: NDArray[np.int_], channels: int) -> tuple[list[NDArray[np.int_]], list[str | None]]:
    """A group looked at on axes of its own: what tells two like spikes apart is small beside what tells all apart."""
    if len(group) < 4 * MIN_SPIKES:
        return [group], [None]
    own = _features(rows[group], channels, centred=True)
    labels = assign(own, fit_mixtures(own))
    inner = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    inner = [part for part in inner if len(part) >= max(MIN_SPIKES, STRAYS * len(group) / 2)]
    if len(inner) < 2:
        return [group], [None]
    members, notes = merge_near([own[part] for part in inner])
    if len(members) < 2:
        return [group], notes
    return [group[np.sort(np.concatenate([inner[index] for index in member]))] for member in members], notes


def _features(rows: Array, channels: int, centred: bool = False) -> Array:
    """Principal components of whitened rows, about their mean if `centred`; a few giants do not turn the axes."""
    if centred:
        rows = rows - np.median(rows, axis=0)
    norms = np.linalg.norm(rows, axis=1)
    limit = 2 * np.median(norms)
    tame = rows * np.minimum(1.0, limit / np.maximum(norms, 1e-12))[:, None]
    tame = tame - tame.mean(axis=0)
    count = min(3 if channels == 1 else 2 + channels, rows.shape[1], max(1, len(rows) - 1))
    _, _, axes = np.linalg.svd(tame[:: max(1, len(tame) // 5000)], full_matrices=False)
    signs = np.sign(axes[np.arange(len(axes)), np.argmax(np.abs(axes), axis=1)])
    return np.asarray(rows @ (axes * signs[:, None])[:count].T, dtype=float)


def _merge_lagged(
    groups: list[NDArray[np.int_]],
    notes: list[str | None],
    snippets: NDArray[np.float32],
    whitener: Whitener,
    grid_s: float,
) -> tuple[list[NDArray[np.int_]], list[str | None]]:
    """Groups that are another one over again: aligned on the trough, not the peak, or two spikes that overlap.

    The smaller group is dropped here. Its spikes come back through matching, which tries lags and overlaps.
    """
    order = sorted(range(len(groups)), key=lambda index: -len(groups[index]))
    kept: list[int] = []
    lags = MERGE_LAGS_S[np.abs(MERGE_LAGS_S) > 1e-4]
    means = [np.mean(snippets[group], axis=0, dtype=float) for group in groups]
    for index in order:
        own = whitener(means[index][None])[0]
        same = False
        for other in kept:
            bank = whitener(np.array([shifted(means[other], lag, grid_s) for lag in lags]))
            apart = float(np.linalg.norm(bank - own, axis=1).min())
            same = same or apart < max(APART, 0.2 * float(np.linalg.norm(own)))
        larger = [means[other] for other in kept if len(groups[other]) > RARE * len(groups[index])]
        if not same and not is_overlap(means[index], larger, whitener, grid_s):
            kept.append(index)
    kept.sort()
    return [groups[index] for index in kept], [notes[index] for index in kept]


def _refine(
    found: Candidates,
    templates: list[Array],
    notes: list[str | None],
    groups: list[NDArray[np.int_]],
    whitener: Whitener,
) -> tuple[Matches, list[Array], list[str | None], list[str]]:
    """Match, re-measure the templates, match again; drop units that do not hold, and match without them."""
    time, segment = np.array(found.time_s), np.array(found.segment, dtype=int)
    sigmas, snippets = np.array(found.sigmas), np.array(found.snippets)
    beside = has_larger_neighbour(time, segment, sigmas)
    dropped: list[str] = []
    bounds = [_bound(snippets[group], t, whitener, found.grid_s) for group, t in zip(groups, templates, strict=True)]
    matches = Matches(np.empty(0, dtype=int), np.empty(0, dtype=int), np.empty(0), np.empty(0), np.empty(0))
    refined = False
    while templates:
        matches = match(snippets, time, segment, sigmas, templates, whitener, found.grid_s, np.array(bounds))
        reasons = [
            refuse(matches, unit, template, snippets, time, segment, sigmas, beside, whitener, refined)
            for unit, template in enumerate(templates)
        ]
        if any(reasons):
            dropped += [reason for reason in reasons if reason]
            keep = [unit for unit, reason in enumerate(reasons) if not reason]
            bounds, templates = [bounds[unit] for unit in keep], [templates[unit] for unit in keep]
            notes = [notes[unit] for unit in keep]
        elif refined:
            break
        else:
            templates = [_remeasured(matches, unit, template, snippets) for unit, template in enumerate(templates)]
            refined = True
    return matches, templates, notes, dropped


def _remeasured(matches: Matches, unit: int, template: Array, snippets: NDArray[np.float32]) -> Array:
    """The template from spikes that needed no lag, without the smallest and the largest tenth: strays are there."""
    mine = (matches.unit == unit) & (np.abs(matches.lag_s) < 2e-4)
    if np.count_nonzero(mine) < MIN_SPIKES:
        return template
    height = matches.projection[mine]
    low, high = np.quantile(height, [0.1, 0.9])
    return _robust_mean(snippets[matches.candidate[mine][(height >= low) & (height <= high)]])


def _robust_mean(snippets: NDArray[np.float32]) -> Array:
    """Mean without the tenth at either end, sample by sample: overlaps and stray events do not count."""
    ordered = np.sort(snippets.astype(float), axis=0)
    cut = len(ordered) // 10
    return np.asarray(ordered[cut : len(ordered) - cut].mean(axis=0), dtype=float)


def _bound(snippets: NDArray[np.float32], template: Array, whitener: Whitener, grid_s: float) -> float:
    """The largest squared residual that a spike of this unit has."""
    bank = whitener(np.array([shifted(template, lag, grid_s) for lag in LAGS_S]))
    residual = fit(whitener(snippets[:: max(1, len(snippets) // 2000)].astype(float)), bank)[3]
    middle = float(np.median(residual))
    return middle + RESIDUAL_MADS * max(float(np.median(np.abs(residual - middle))) / 0.6745, 0.1 * middle)


def _peak_offset(template: Array, noise: Array, found: Candidates) -> float:
    """Where the template's main peak lies, relative to the candidate's time, in s."""
    sample = int(np.argmax(np.max(np.abs(template) / noise, axis=1)))
    return sample * found.grid_s - round(0.002 / found.grid_s) * found.grid_s


def _snr(template: Array, noise: Array) -> float:
    return float(np.max(np.abs(template) / noise))
