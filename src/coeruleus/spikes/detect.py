"""One pass over a trace: noise, masked stretches, and every candidate spike with its snippet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coeruleus.spikes.artefacts import Artefact, masks, stretches
from coeruleus.spikes.filter import Block, bandpass, blocks
from coeruleus.spikes.snippets import Cutter, SnippetStore

Array = NDArray[np.floating]
Floats = NDArray[np.floating]

CANDIDATE_SIGMAS = 3.5  # low: what is a spike is decided by matching, later
DEAD_TIME_S = 0.0006
GRID_HZ = 15000.0  # snippets are kept at this rate: the band-pass ends at a third of it
BEFORE_S, AFTER_S = 0.0020, 0.0025  # filtered snippets
WIDE_BEFORE_S, WIDE_AFTER_S = 0.003, 0.006  # snippets of the signal as recorded
WIDE_SIGMAS = 4.5
WIDE_MOST = 6000
CLEAR_SIGMAS = 5.0  # spikes of distant neurons are noise too: only larger ones are kept out of it
DEAD_MOST = 0.05  # of the time: a channel that is flat for longer is left out
NOISE_CLEAR_S = 0.002  # between such a spike and a snippet of noise: its flanks are no noise either
NOISE_PER_BLOCK = 150
NOISE_MOST = 4000


@dataclass
class Candidates:
    """Candidate spikes of all segments. Snippets are aligned on the peak, between samples.

    `snippets` (n, samples, channels) filtered, on a grid of `grid_s`, in a temporary file; `wide` (m, samples,
    channels) as recorded, of the candidates `wide_index`; `noise_snippets` like `snippets`, from where nothing large
    was found. `time_s`, `segment` and `sigmas` (n,) say where candidates are and how large, in units of the noise.
    `dead_s` (channels,) is how long each channel was flat while another was not; `alive` marks those that are used.
    """

    sampling_rate_hz: float
    snippets: SnippetStore
    segment: NDArray[np.int_] = field(default_factory=lambda: np.empty(0, dtype=int))
    time_s: Array = field(default_factory=lambda: np.empty(0))
    sigmas: Array = field(default_factory=lambda: np.empty(0))
    wide: list[NDArray[np.float32]] = field(default_factory=list)
    wide_index: list[int] = field(default_factory=list)
    wide_stride: int = 1
    wide_seen: int = 0
    noise_snippets: list[NDArray[np.float32]] = field(default_factory=list)
    noise_uv: list[Array] = field(default_factory=list)
    artefacts: list[Artefact] = field(default_factory=list)
    durations_s: list[float] = field(default_factory=list)
    masked_s: float = 0.0
    channels: int = 0
    dead_s: Array = field(default_factory=lambda: np.empty(0))
    alive: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=bool))

    @property
    def grid_s(self) -> float:
        return 1.0 / min(GRID_HZ, self.sampling_rate_hz)

    @property
    def offsets_s(self) -> Array:
        """Times of a snippet's samples around the peak."""
        steps = np.arange(-round(BEFORE_S / self.grid_s), round(AFTER_S / self.grid_s) + 1)
        return np.asarray(steps * self.grid_s, dtype=float)

    def read(self, index: NDArray[np.int_]) -> NDArray[np.float32]:
        """Filtered snippets of these candidates (rising), of the channels that are used."""
        snippets = self.snippets.read(index)
        return snippets if self.alive.all() else snippets[:, :, self.alive]

    @property
    def wide_offsets_s(self) -> Array:
        rate = self.sampling_rate_hz
        return np.arange(-round(WIDE_BEFORE_S * rate), round(WIDE_AFTER_S * rate) + 1) / rate


def collect(traces: Iterable[Array | Iterable[Array]], sampling_rate_hz: float) -> Candidates:
    """Candidates of one or several segments (µV). Raises ValueError where the channels of segments differ."""
    found = Candidates(sampling_rate_hz, SnippetStore())
    narrow = Cutter(found.offsets_s * sampling_rate_hz)
    wide = Cutter(found.wide_offsets_s * sampling_rate_hz)
    parts: list[tuple[NDArray[np.int_], Array, Array]] = []
    count = 0
    for segment, trace in enumerate(traces):
        end = 0
        for block in blocks(trace, sampling_rate_hz):
            if found.channels not in (0, block.raw.shape[1]):
                raise ValueError(f"segments have {found.channels} and {block.raw.shape[1]} channels")
            found.channels = block.raw.shape[1]
            found.dead_s = found.dead_s if len(found.dead_s) else np.zeros(found.channels)
            end = block.stop
            if not found.channels:
                continue
            times, sigmas = _take(found, block, segment, narrow, wide, count)
            parts.append((np.full(len(times), segment), times, sigmas))
            count += len(times)
        found.durations_s.append(end / sampling_rate_hz)
    if parts:
        found.segment, found.time_s, found.sigmas = (np.concatenate(column) for column in zip(*parts, strict=True))
    found.alive = found.dead_s <= DEAD_MOST * (sum(found.durations_s) - found.masked_s)
    if not found.alive.all():
        found.noise_snippets = [one[:, found.alive] for one in found.noise_snippets]
        found.wide = [one[:, found.alive] for one in found.wide]
        found.noise_uv = [one[found.alive] for one in found.noise_uv]
    return found


def robust_noise(sizes: Floats) -> Array:
    """Standard deviation of the noise per channel, from the median of |x|: spikes hardly count (Quiroga 2004)."""
    return np.asarray(np.median(sizes[:: max(1, len(sizes) // 30000)], axis=0) / 0.6745, dtype=float)


def _take(
    found: Candidates, block: Block, segment: int, narrow: Cutter, wide: Cutter, first: int
) -> tuple[Array, Array]:
    """Times (s) and sizes (in units of the noise) of one block's candidates; their snippets go to the store."""
    rate = found.sampling_rate_hz
    length = (block.stop - block.start) / rate
    core = slice(block.before, block.before + block.stop - block.start)
    filtered = bandpass(block.raw, rate) if len(block.raw) > 30 else np.zeros_like(block.raw)
    sizes = np.abs(filtered)
    noise = robust_noise(sizes[core])
    extremes = np.stack([np.fmin.reduce(block.raw, axis=0), np.fmax.reduce(block.raw, axis=0)])
    level = np.max(np.abs(np.where(np.isfinite(extremes), extremes, 0.0)), axis=0)
    live = (noise > 1e-6 * level) & (noise > 0)
    if not live.any():
        kind = "missing samples" if np.isnan(block.raw[core]).mean() > 0.5 else "flat"
        found.artefacts.append(Artefact(segment, block.start / rate, block.stop / rate, kind))
        found.masked_s += length
        return np.empty(0), np.empty(0)
    if found.noise_uv:  # a block full of artefacts must not hide its spikes, nor raise the noise of the unit's SNR
        usual = np.median(np.array(found.noise_uv[-30:]), axis=0)
        noise = np.where(live, np.minimum(noise, np.where(np.isfinite(usual), 1.5 * usual, np.inf)), noise)
    if not live.all():  # one channel that is unplugged must not cost the others
        found.dead_s[~live] += length
        filtered[:, ~live] = 0.0
        noise = np.where(live, noise, np.inf)
    sizes /= noise
    size = sizes[:, 0] if sizes.shape[1] == 1 else sizes.max(axis=1)
    by_kind = masks(block.raw[:, live], size, rate)
    masked = np.zeros(len(size), dtype=bool)
    for kind, mask in by_kind.items():
        masked |= mask
        found.artefacts += stretches(mask[core], block.start, rate, segment, kind)
    hidden = float(np.count_nonzero(masked[core]))
    found.masked_s += hidden / rate
    if hidden < 0.5 * (block.stop - block.start):
        found.noise_uv.append(noise)
    if by_kind:
        size = np.where(masked, 0.0, size)
    peaks = _peaks(size, max(1, round(DEAD_TIME_S * rate)))
    inside = (peaks >= core.start) & (peaks < core.stop)
    room = (peaks >= max(wide.before, narrow.before)) & (peaks < len(filtered) - max(wide.after, narrow.after))
    kept = peaks[inside & room]
    channel = np.argmax(sizes[kept], axis=1)
    shift = _shifts(filtered, kept, channel) if len(kept) else np.empty(0)
    found.snippets.add(narrow.cut(filtered, kept, shift))
    _take_noise(found, filtered, peaks[size[peaks] >= CLEAR_SIGMAS], masked, core, narrow)
    _take_wide(found, block.raw, kept, shift, size[kept], first, wide)
    return (kept + shift - block.before + block.start) / rate, np.asarray(size[kept], dtype=float)


def _peaks(size: Floats, apart: int) -> NDArray[np.int_]:
    """Local maxima above the threshold, without those that have a larger one nearer than `apart` samples."""
    above = np.flatnonzero(size[1:-1] >= CANDIDATE_SIGMAS) + 1
    peaks = above[(size[above] > size[above - 1]) & (size[above] >= size[above + 1])]
    while len(peaks) > 1:
        close = np.diff(peaks) < apart
        if not close.any():
            break
        height = size[peaks]
        lower = np.zeros(len(peaks), dtype=bool)
        lower[1:] |= close & (height[1:] <= height[:-1])
        lower[:-1] |= close & (height[:-1] < height[1:])
        # Of a rising chain only what stands beside a local maximum goes: the others may be far enough from it.
        summit = ~lower
        beside = np.zeros(len(peaks), dtype=bool)
        beside[1:] |= close & summit[:-1]
        beside[:-1] |= close & summit[1:]
        peaks = peaks[~(lower & beside)]
    return peaks


def _shifts(filtered: Floats, peaks: NDArray[np.int_], channel: NDArray[np.int_]) -> Array:
    """Distance of the true peak from the largest sample, in samples, by a parabola."""
    before, here, after = (filtered[peaks + step, channel].astype(float) for step in (-1, 0, 1))
    bend = before - 2 * here + after
    bend[bend == 0] = np.inf
    return np.asarray(np.clip(0.5 * (before - after) / bend, -0.5, 0.5), dtype=float)


def _take_noise(
    found: Candidates,
    filtered: Floats,
    peaks: NDArray[np.int_],
    masked: NDArray[np.bool_],
    core: slice,
    cutter: Cutter,
) -> None:
    """Snippets at evenly spaced places away from large candidates."""
    room = NOISE_MOST - len(found.noise_snippets)
    low, high = max(core.start, cutter.before), min(core.stop, len(filtered) - cutter.after)
    if room <= 0 or high <= low:
        return
    places = np.unique(np.linspace(low, high - 1, NOISE_PER_BLOCK).astype(int))
    nearest = np.searchsorted(peaks, places)
    padded = np.concatenate([[-(10**9)], peaks, [10**18]])
    reach = round(NOISE_CLEAR_S * found.sampling_rate_hz)
    after_last, to_next = places - padded[nearest], padded[nearest + 1] - places
    clear = (after_last > cutter.before + reach) & (to_next > cutter.after + reach)
    places = places[clear & ~masked[places]][:room]
    found.noise_snippets += list(cutter.cut(filtered, places, np.zeros(len(places))))


def _take_wide(
    found: Candidates,
    raw: Floats,
    peaks: NDArray[np.int_],
    shift: Array,
    sigmas: Floats,
    first: int,
    cutter: Cutter,
) -> None:
    """Every k-th large candidate as recorded; k doubles whenever the store is full."""
    large = np.flatnonzero(sigmas >= WIDE_SIGMAS)
    chosen = large[(found.wide_seen + np.arange(len(large))) % found.wide_stride == 0]
    found.wide_seen += len(large)
    if not len(chosen):
        return
    found.wide += list(np.nan_to_num(cutter.cut(raw, peaks[chosen], shift[chosen])))
    found.wide_index += (first + chosen).tolist()
    while len(found.wide) > WIDE_MOST:
        found.wide, found.wide_index = found.wide[::2], found.wide_index[::2]
        found.wide_stride *= 2


def parts(found: Candidates, size: int = 4000) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """The snippets of all candidates, `size` at a time, in order."""
    for start in range(0, len(found.time_s), size):
        stop = min(start + size, len(found.time_s))
        yield slice(start, stop), found.read(np.arange(start, stop))
