"""From raw traces to units: one pass for candidates, then groups, templates and matching.

Made for one to four channels and one to a few slow units. Every decision that drops or merges something says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coeruleus.spikes.accept import CORE_SIGMAS, MIN_SPIKES, trace_refused, unit_note
from coeruleus.spikes.artefacts import Artefact, joined
from coeruleus.spikes.detect import Candidates, collect
from coeruleus.spikes.filter import LOW_HZ
from coeruleus.spikes.follow import followed_on, too_near
from coeruleus.spikes.match import Whitener, make_whitener
from coeruleus.spikes.mean_spike import mean_spike
from coeruleus.spikes.part import bursting, parted
from coeruleus.spikes.propose import distinct, propose, shadowed
from coeruleus.spikes.refine import Model, Sample, learn, match_all, quality
from coeruleus.spikes.spread import Kinds, spread_note

Array = NDArray[np.floating]
Trace = Array | Iterable[Array]

LEARN_MOST = 20000
LEARN_WINDOW_S = 5.0
CORE_MOST = 6000
CLIPPED_MANY = 20
CORE_LEVELS = (CORE_SIGMAS, 6.0)


@dataclass(frozen=True)
class SortedUnit:
    """One unit. `times_s[i]` (s) are its spikes in the i-th segment; the waveform is of the signal as recorded.

    `isolation` is d′ to what is nearest, another unit or noise; `missed_fraction` the part of its spikes that lie
    below what was needed, from the asymmetry of its heights; `noise_fraction` the part that may be noise.
    """

    unit_id: str
    times_s: tuple[Array, ...]
    snr: float
    waveform_time_ms: Array
    waveform_uv: Array
    channel: int
    reason: str | None
    isolation: float
    missed_fraction: float
    noise_fraction: float


@dataclass(frozen=True)
class SortResult:
    """Units, largest first; with none, `reason` says why. `noise_uv` (channels,) is that of the band-passed trace.
    `artefacts` are not among the `problems`."""

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
    try:
        return _sorted(found, highpass_hz)
    finally:
        found.snippets.close()


def _sorted(found: Candidates, highpass_hz: float | None) -> SortResult:
    artefacts = tuple(joined(found.artefacts))
    used = np.flatnonzero(found.alive)
    noise = np.median(np.array(found.noise_uv), axis=0) if found.noise_uv else np.zeros(max(1, len(used)))
    problems = [
        f"channel {channel + 1} is flat for {found.dead_s[channel]:.0f} s and was left out"
        for channel in np.flatnonzero(~found.alive)
    ]

    def finish(units: Sequence[SortedUnit], reason: str | None) -> SortResult:
        if reason and sum(artefact.kind == "clipped" for artefact in artefacts) > CLIPPED_MANY:
            reason += "; its largest spikes may be what was clipped: record with less gain"
        return SortResult(tuple(units), tuple(found.durations_s), noise, artefacts, tuple(problems), reason)

    refused = trace_refused(found, artefacts)
    if refused:
        return finish([], refused)
    large = int(np.count_nonzero(found.sigmas >= CORE_SIGMAS))
    if large < MIN_SPIKES:
        text = f"no unit: {large} spikes above {CORE_SIGMAS:g} times the noise, and {MIN_SPIKES} are needed"
        return finish([], text)
    starts = np.concatenate([[0.0], np.cumsum(np.array(found.durations_s) + 1.0)])
    clock = found.time_s + starts[found.segment]
    samples = len(found.offsets_s)
    noise_snippets = np.array(found.noise_snippets, dtype=float).reshape(-1, samples, len(used))
    whitener = make_whitener(noise_snippets, noise)
    noise_rows = whitener(noise_snippets)
    chosen = learning_set(clock, len(used))
    snippets = found.read(chosen)
    sample = Sample(clock[chosen], found.sigmas[chosen], snippets, whitener(snippets))
    groups = _proposed(sample, whitener, found.grid_s)
    if not groups:
        return finish([], "no unit: what crosses the threshold cannot be told from noise")
    model, dropped = learn(sample, groups, whitener, found.grid_s)
    problems += dropped
    if model is None:
        return finish([], "no unit: " + "; ".join(dict.fromkeys(dropped)))
    model, kinds = parted(model, sample, noise_rows)
    units = _units(found, model, sample, clock, starts, noise, kinds)
    if highpass_hz is not None and highpass_hz > LOW_HZ:
        problems.append(f"recorded with a high-pass of {highpass_hz:g} Hz: widths of mean spikes are shortened by it")
    return finish(units, None)


def _proposed(sample: Sample, whitener: Whitener, grid_s: float) -> list[NDArray[np.int_]]:
    """Groups at rising thresholds: the fewer the small spikes of distant neurons, the clearer a large unit stands."""
    plain = ~shadowed(sample.clock, sample.sigmas)
    groups: list[NDArray[np.int_]] = []
    for level in CORE_LEVELS:
        core = np.flatnonzero((sample.sigmas >= level) & plain)
        core = core[:: max(1, len(core) // CORE_MOST)]
        if len(core) >= MIN_SPIKES:
            parts = (sample.snippets[core], sample.rows[core], sample.clock[core], sample.sigmas[core])
            groups += [core[group] for group in propose(*parts, whitener, grid_s, level)]
    return [groups[index] for index in distinct(groups, sample.snippets, whitener, grid_s)]


def _units(
    found: Candidates,
    model: Model,
    sample: Sample,
    clock: Array,
    starts: Array,
    noise: Array,
    kinds: Sequence[Kinds | None],
) -> list[SortedUnit]:
    spikes, joined_on = followed_on(model, match_all(found, model, clock))
    spikes, near, joined_on = too_near(model, spikes, joined_on)
    units = []
    for unit, template in enumerate(model.templates):
        mine = spikes.chosen(spikes.unit == unit)
        if not len(mine.unit):
            continue
        centred = _peak_offset(template, noise, found)
        segment = found.segment[mine.candidate]
        times = mine.time_s - starts[segment] + centred
        trains = tuple(np.sort(times[segment == index]) for index in range(len(found.durations_s)))
        plain = ~mine.doubtful
        lag = (times - found.time_s[mine.candidate])[plain]
        shape = mean_spike(found, mine.candidate[plain], lag)
        limit = model.limits[unit]
        two = kinds[unit]
        spread = near.get(unit) or spread_note(two, two is not None and bursting(two, sample))
        noted = unit_note(trains, found.durations_s, limit.false_share, spread)
        said = [noted, joined_on.get(unit), shape.reason]
        isolation, missed = quality(model, sample, unit, np.unique(spikes.unit).tolist())
        units.append(
            SortedUnit(
                "",
                trains,
                float(np.max(np.abs(template) / noise)),
                shape.time_ms,
                shape.amplitude_uv,
                int(np.flatnonzero(found.alive)[shape.channel]),
                "; ".join(text for text in said if text) or None,
                isolation,
                missed,
                min(1.0, limit.false_share),
            )
        )
    units.sort(key=lambda unit: -unit.snr)
    return [SortedUnit(str(index + 1), *_rest(unit)) for index, unit in enumerate(units)]


def _rest(unit: SortedUnit) -> tuple:
    return tuple(getattr(unit, name) for name in SortedUnit.__dataclass_fields__ if name != "unit_id")


def learning_set(clock: Array, channels: int) -> NDArray[np.int_]:
    """Candidates to learn from: whole windows of time, evenly spread, so that neighbours stay together."""
    most = LEARN_MOST * 2 // (1 + channels)
    if len(clock) <= most:
        return np.arange(len(clock))
    window = (clock / LEARN_WINDOW_S).astype(int)
    keep = np.floor(window * (most / len(clock))) != np.floor((window - 1) * (most / len(clock)))
    return np.flatnonzero(keep)


def _peak_offset(template: Array, noise: Array, found: Candidates) -> float:
    """Where the template's main peak lies, relative to the candidate's time, in s."""
    return float(found.offsets_s[int(np.argmax(np.max(np.abs(template) / noise, axis=1)))])
