"""Mean spikes of units sorted elsewhere, measured anew from the raw trace, with their size over its noise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coeruleus.spikes.detect import WIDE_AFTER_S, WIDE_BEFORE_S, robust_noise
from coeruleus.spikes.filter import Block, bandpass, blocks
from coeruleus.spikes.mean_spike import QUIET_S, TRIM
from coeruleus.spikes.snippets import Cutter

Array = NDArray[np.floating]

MOST = 800  # spikes of one unit, evenly spread
LEAST = 5
SEARCH_S = 0.0015  # the sorter may have timed the trigger point, not the peak
ALIGN_S = 0.0004  # and rounded it
FAR_LARGER = 1.2  # what lies farther off may stand out of noise a little more
SEEN_ERRORS = 6.0  # the largest of some seventy samples of noise alone seldom exceeds 4 standard errors


@dataclass(frozen=True)
class Remeasured:
    """Times (ms, 0 at the main peak), amplitude (µV) on the channel where the spike is largest, and that size over the
    noise in the band of spikes; with a `reason` they are empty and NaN."""

    time_ms: Array
    amplitude_uv: Array
    channel: int
    snr: float
    reason: str | None


def remeasure(trace: Iterable[Array], sampling_rate_hz: float, trains: Mapping[str, Array]) -> dict[str, Remeasured]:
    """Per unit its mean spike: `trace` in pieces (n, channels) in µV, read once; `trains` in s from its first sample.

    Each spike is put on its own peak in the band of spikes, at most 0.4 ms from where the mean one lies; the mean of
    the signal as recorded is trimmed by a tenth at either end. Where the mean at the sorter's times does not stand out
    of the noise, or what lies farther off does so more, trace and times do not belong together, and that is the reason.
    Raises ValueError where the sampling rate leaves no band for spikes.
    """
    before, after = WIDE_BEFORE_S + SEARCH_S, WIDE_AFTER_S + SEARCH_S
    cutter = Cutter(np.arange(-round(before * sampling_rate_hz), round(after * sampling_rate_hz) + 1, dtype=float))
    chosen = {unit: _spread(np.sort(times[np.isfinite(times)])) for unit, times in trains.items()}
    raw: dict[str, list[NDArray[np.float32]]] = {unit: [] for unit in trains}
    band: dict[str, list[NDArray[np.float32]]] = {unit: [] for unit in trains}
    noise: list[Array] = []
    for block in blocks(trace, sampling_rate_hz):
        if len(block.raw) <= cutter.before + cutter.after:
            continue
        filtered = bandpass(block.raw, sampling_rate_hz)
        noise.append(robust_noise(np.abs(filtered[block.before : block.before + block.stop - block.start])))
        for unit, times in chosen.items():
            places, shift = _places(times, block, sampling_rate_hz, cutter)
            raw[unit].append(cutter.cut(block.raw, places, shift))
            band[unit].append(cutter.cut(filtered, places, shift))
    if not noise:
        return {unit: _nothing("the raw trace is empty") for unit in trains}
    level = np.median(np.array(noise), axis=0)
    return {unit: _mean(raw[unit], band[unit], level, sampling_rate_hz) for unit in trains}


def _spread(times: Array) -> Array:
    return times[:: max(1, -(-len(times) // MOST))]


def _places(times: Array, block: Block, rate: float, cutter: Cutter) -> tuple[NDArray[np.int_], Array]:
    """Samples of the block nearest to the spikes of its core that leave room for a snippet, and what is left over."""
    at = times[(times * rate >= block.start - 0.5) & (times * rate < block.stop - 0.5)] * rate
    at = at - block.start + block.before
    places = np.round(at).astype(int)
    room = (places >= cutter.before) & (places < len(block.raw) - cutter.after)
    return places[room], (at - places)[room]


def _mean(raw_parts: list[Array], band_parts: list[Array], noise: Array, rate: float) -> Remeasured:
    raw, band = np.concatenate(raw_parts).astype(float), np.concatenate(band_parts).astype(float)
    good = np.isfinite(raw).all(axis=(1, 2))
    raw, band = raw[good], band[good]
    if len(raw) < LEAST:
        return _nothing(f"only {len(raw)} of its spikes lie within the raw trace; {LEAST} are needed")
    if not (noise > 0).any():
        return _nothing("the raw trace is flat")
    safe = np.where(noise > 0, noise, np.inf)
    trigger = round((WIDE_BEFORE_S + SEARCH_S) * rate)
    search, near = round(SEARCH_S * rate), max(1, round(ALIGN_S * rate))
    middle = _trimmed(band)
    part = middle[trigger - search : trigger + search + 1] / safe
    peak, channel = np.unravel_index(int(np.argmax(np.abs(part))), part.shape)
    if abs(part[peak, channel]) * np.sqrt(len(band)) < SEEN_ERRORS:
        return _nothing("at its spike times nothing stands out of the raw trace: do they belong to it?")
    every = np.abs(middle / safe).max(axis=1)
    far = (int(np.argmax(every)) - trigger) / rate
    if abs(far) > SEARCH_S + ALIGN_S and every.max() > FAR_LARGER * abs(part[peak, channel]):
        side = "before" if far < 0 else "after"
        return _nothing(f"its spikes peak {1000 * abs(far):.1f} ms {side} their times: are those late or early?")
    centre = trigger - search + int(peak)
    sign = float(np.sign(part[peak, channel]))
    own = np.argmax(sign * band[:, centre - near : centre + near + 1, channel], axis=1) + centre - near
    window = np.arange(-round(WIDE_BEFORE_S * rate), round(WIDE_AFTER_S * rate) + 1)
    inside = own[:, None] + window
    keep = inside[:, -1] < raw.shape[1]
    rows = np.flatnonzero(keep)[:, None]
    moved, filtered = raw[rows, inside[keep]], band[rows, inside[keep]]
    time = window / rate
    moved = moved - moved[:, time <= time[0] + QUIET_S].mean(axis=1, keepdims=True)
    snr = float(np.max(np.abs(_trimmed(filtered)[window == 0][0]) / safe))
    return Remeasured(time * 1000, _trimmed(moved)[:, int(channel)], int(channel), snr, None)


def _trimmed(snippets: Array) -> Array:
    ordered = np.sort(snippets, axis=0)
    cut = int(TRIM * len(ordered))
    return np.asarray(ordered[cut : len(ordered) - cut].mean(axis=0), dtype=float)


def _nothing(reason: str) -> Remeasured:
    return Remeasured(np.empty(0), np.empty(0), 0, float("nan"), reason)
