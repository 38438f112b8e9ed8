"""One pass over a trace: noise, masked stretches, and every candidate spike with its snippets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates, spline_filter1d
from scipy.signal import find_peaks

from coeruleus.spikes.artefacts import Artefact, masks, stretches
from coeruleus.spikes.filter import Block, bandpass, blocks

Array = NDArray[np.float64]

CANDIDATE_SIGMAS = 3.5  # low: what is a spike is decided by matching, later
DEAD_TIME_S = 0.0006
GRID_HZ = 15000.0  # snippets are kept at this rate: the band-pass ends at a third of it
BEFORE_S, AFTER_S = 0.0020, 0.0025  # filtered snippets
WIDE_BEFORE_S, WIDE_AFTER_S = 0.003, 0.006  # snippets of the signal as recorded
WIDE_SIGMAS = 4.5
WIDE_MOST = 6000
NOISE_PER_BLOCK = 150
NOISE_MOST = 4000


@dataclass
class Candidates:
    """Candidate spikes of all segments. Snippets are aligned on the peak, between samples.

    `snippets` (n, samples, channels) filtered, on a grid of `grid_s`; `wide` (m, samples, channels) as recorded,
    of the candidates `wide_index`; `noise_snippets` like `snippets`, from where nothing was found.
    """

    sampling_rate_hz: float
    segment: list[int] = field(default_factory=list)
    time_s: list[float] = field(default_factory=list)
    sigmas: list[float] = field(default_factory=list)
    snippets: list[NDArray[np.float32]] = field(default_factory=list)
    wide: list[NDArray[np.float32]] = field(default_factory=list)
    wide_index: list[int] = field(default_factory=list)
    wide_stride: int = 1
    wide_seen: int = 0
    noise_snippets: list[NDArray[np.float32]] = field(default_factory=list)
    noise_uv: list[Array] = field(default_factory=list)
    artefacts: list[Artefact] = field(default_factory=list)
    durations_s: list[float] = field(default_factory=list)
    masked_s: float = 0.0
    flat_s: float = 0.0
    channels: int = 0

    @property
    def grid_s(self) -> float:
        return 1.0 / min(GRID_HZ, self.sampling_rate_hz)


def collect(traces: Iterable[Array | Iterable[Array]], sampling_rate_hz: float) -> Candidates:
    """Candidates of one or several segments (µV). Raises ValueError where the channels of segments differ."""
    found = Candidates(sampling_rate_hz)
    for segment, trace in enumerate(traces):
        end = 0
        for block in blocks(trace, sampling_rate_hz):
            if found.channels not in (0, block.raw.shape[1]):
                raise ValueError(f"segments have {found.channels} and {block.raw.shape[1]} channels")
            found.channels = block.raw.shape[1]
            end = block.stop
            _take(found, block, segment)
        found.durations_s.append(end / sampling_rate_hz)
    return found


def robust_noise(filtered: Array) -> Array:
    """Standard deviation of the noise per channel, from the median: spikes hardly count (Quiroga 2004)."""
    return np.asarray(np.median(np.abs(filtered[::3]), axis=0) / 0.6745, dtype=float)


def _take(found: Candidates, block: Block, segment: int) -> None:
    rate = found.sampling_rate_hz
    length = (block.stop - block.start) / rate
    core = slice(block.before, block.before + block.stop - block.start)
    filtered = bandpass(block.raw, rate) if len(block.raw) > 30 else np.zeros_like(block.raw)
    noise = robust_noise(filtered[core])
    level = np.nanmax(np.abs(np.where(np.isfinite(block.raw), block.raw, 0.0)), axis=0)
    if not np.all(noise > 1e-6 * level) or not np.all(noise > 0):
        found.artefacts.append(Artefact(segment, block.start / rate, block.stop / rate, "flat"))
        found.masked_s += length
        found.flat_s += length
        return
    if found.noise_uv:  # a block full of artefacts must not hide its spikes, nor raise the noise of the unit's SNR
        noise = np.minimum(noise, 1.5 * np.median(np.array(found.noise_uv[-30:]), axis=0))
    by_kind = masks(block.raw, filtered, noise, rate)
    masked = np.any(list(by_kind.values()), axis=0)
    for kind, mask in by_kind.items():
        found.artefacts += stretches(mask[core], block.start, rate, segment, kind)
    found.masked_s += float(np.count_nonzero(masked[core])) / rate
    if np.count_nonzero(masked[core]) < 0.5 * (block.stop - block.start):
        found.noise_uv.append(noise)

    size = np.max(np.abs(filtered) / noise, axis=1)
    size[masked] = 0.0
    peaks, _ = find_peaks(size, height=CANDIDATE_SIGMAS, distance=max(1, round(DEAD_TIME_S * rate)))
    inside = (peaks >= core.start) & (peaks < core.stop)
    room = (peaks >= WIDE_BEFORE_S * rate + 4) & (peaks < len(filtered) - WIDE_AFTER_S * rate - 4)
    kept = peaks[inside & room]
    coefficients = np.asarray(spline_filter1d(filtered, order=3, axis=0, mode="mirror"))
    shift = _shifts(filtered, kept, np.argmax(np.abs(filtered[kept]) / noise, axis=1)) if len(kept) else np.empty(0)
    offsets = _offsets(found)
    first = len(found.time_s)
    found.snippets += _cut(coefficients, kept + shift, offsets * rate)
    found.segment += [segment] * len(kept)
    found.time_s += ((kept + shift - block.before + block.start) / rate).tolist()
    found.sigmas += size[kept].tolist()
    _take_noise(found, coefficients, peaks, masked, core, offsets * rate)
    _take_wide(found, block.raw, kept, shift, size[kept], first)


def _offsets(found: Candidates) -> Array:
    """Times of a snippet's samples around the peak, in s."""
    steps = np.arange(-round(BEFORE_S / found.grid_s), round(AFTER_S / found.grid_s) + 1)
    return np.asarray(steps * found.grid_s, dtype=float)


def _shifts(filtered: Array, peaks: NDArray[np.int_], channel: NDArray[np.int_]) -> Array:
    """Distance of the true peak from the largest sample, in samples, by a parabola."""
    before, here, after = (filtered[peaks + step, channel] for step in (-1, 0, 1))
    bend = before - 2 * here + after
    bend[bend == 0] = np.inf
    return np.asarray(np.clip(0.5 * (before - after) / bend, -0.5, 0.5), dtype=float)


def _cut(coefficients: Array, centres: Array, offsets: Array) -> list[NDArray[np.float32]]:
    """Snippets (samples, channels) around places between samples, from spline coefficients (n, channels)."""
    if not len(centres):
        return []
    places = (centres[:, None] + offsets[None, :]).ravel()
    cut = [
        map_coordinates(coefficients[:, channel], [places], order=3, prefilter=False, mode="mirror")
        for channel in range(coefficients.shape[1])
    ]
    whole = np.stack(cut, axis=-1).reshape(len(centres), len(offsets), -1)
    return list(np.asarray(whole, dtype=np.float32))


def _take_noise(
    found: Candidates,
    coefficients: Array,
    peaks: NDArray[np.int_],
    masked: NDArray[np.bool_],
    core: slice,
    offsets: Array,
) -> None:
    """Snippets at evenly spaced places away from candidates."""
    reach = int(np.ceil(max(-offsets[0], offsets[-1]))) + 1
    busy = masked.copy()
    for peak in peaks:
        busy[max(0, peak - reach) : peak + reach] = True
    low, high = max(core.start, reach), min(core.stop, len(coefficients) - reach)
    places = np.unique(np.linspace(low, max(low, high - 1), NOISE_PER_BLOCK).astype(int))
    places = places[~busy[places]] if high > low else places[:0]
    room = NOISE_MOST - len(found.noise_snippets)
    found.noise_snippets += _cut(coefficients, places[:room].astype(float), offsets)


def _take_wide(found: Candidates, raw: Array, peaks: NDArray[np.int_], shift: Array, sigmas: Array, first: int) -> None:
    """Every k-th large candidate as recorded; k doubles whenever the store is full."""
    rate = found.sampling_rate_hz
    chosen = []
    for index in np.flatnonzero(sigmas >= WIDE_SIGMAS).tolist():
        if found.wide_seen % found.wide_stride == 0:
            chosen.append(index)
        found.wide_seen += 1
    if not chosen:
        return
    offsets = np.arange(-round(WIDE_BEFORE_S * rate), round(WIDE_AFTER_S * rate) + 1).astype(float)
    coefficients = np.asarray(spline_filter1d(np.nan_to_num(raw), order=3, axis=0, mode="mirror"))
    found.wide += _cut(coefficients, (peaks + shift)[chosen], offsets)
    found.wide_index += [first + index for index in chosen]
    while len(found.wide) > WIDE_MOST:
        found.wide, found.wide_index = found.wide[::2], found.wide_index[::2]
        found.wide_stride *= 2
