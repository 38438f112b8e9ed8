"""Stretches of a trace that must not be sorted: clipped, flat, missing, or shaken by movement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label, uniform_filter1d

Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]

RUN = 4  # equal samples in a row at the end of the range: clipped
MOVEMENT_WINDOW_S = 0.1
MOVEMENT_BIN_S = 0.005
MOVEMENT_PART = 0.4  # of the window beyond MOVEMENT_SIGMAS: no train of spikes fills that much
MOVEMENT_SIGMAS = 5.0
FLANK_SIGMAS, FLANK_PART = 2.0, 0.15  # noise alone is beyond two sigmas for a twentieth of the time
AROUND_S = {"clipped": 0.01, "flat": 0.01, "missing samples": 0.01, "movement artefact": 0.1}
FLAT_S = 0.05


@dataclass(frozen=True, order=True)
class Artefact:
    """A masked stretch, in seconds on the segment's clock. `segment` counts from 0, as the traces were given."""

    segment: int
    start_s: float
    end_s: float
    kind: str


def masks(raw: Floats, size: Floats, sampling_rate_hz: float) -> dict[str, Mask]:
    """Masked samples (n,) by kind, for one block: raw (n, channels), size (n,) of the filtered one in noise units."""
    found: dict[str, Mask] = {
        "missing samples": np.asarray(~np.isfinite(raw).all(axis=1)),
        "clipped": _clipped(raw),
        "flat": _flat(raw, round(FLAT_S * sampling_rate_hz)),
        "movement artefact": _movement(size, sampling_rate_hz),
    }
    return {
        kind: _widened(mask, round(AROUND_S[kind] * sampling_rate_hz)) for kind, mask in found.items() if mask.any()
    }


def _movement(size: Floats, sampling_rate_hz: float) -> Mask:
    """Where the signal stays large for a tenth of a second, and its flanks down to where it is quiet again."""
    bin_samples = max(1, round(MOVEMENT_BIN_S * sampling_rate_hz))
    bins = -(-len(size) // bin_samples)
    window = round(MOVEMENT_WINDOW_S / MOVEMENT_BIN_S)
    mask = np.zeros(len(size), dtype=bool)
    large = np.flatnonzero(size > MOVEMENT_SIGMAS)
    beyond = np.bincount(large // bin_samples, minlength=bins) / bin_samples
    seeds = np.asarray(uniform_filter1d(beyond, window, mode="constant")) > MOVEMENT_PART
    if seeds.any():  # its flanks would look like spikes
        beyond = np.bincount(np.flatnonzero(size > FLANK_SIGMAS) // bin_samples, minlength=bins) / bin_samples
        restless = np.asarray(uniform_filter1d(beyond, window, mode="nearest")) > FLANK_PART
        regions, _ = label(restless | seeds)
        mask = np.repeat(np.isin(regions, np.unique(regions[seeds])), bin_samples)[: len(size)]
    return mask


def _widened(mask: Mask, samples: int) -> Mask:
    """The mask with so many samples more on either side of each stretch."""
    if not mask.any():
        return mask
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    wide = mask.copy()
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        wide[max(0, start - samples) : end + samples] = True
    return wide


def _runs(same: Mask, least: int) -> Mask:
    """Samples in runs of at least `least` true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], same.astype(np.int8), [0]])))
    mask = np.zeros(len(same), dtype=bool)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start >= least:
            mask[start:end] = True
    return mask


def _clipped(raw: Floats) -> Mask:
    """Runs at the end of the range, where that value is far more frequent than the one next to it."""
    mask = np.zeros(len(raw), dtype=bool)
    for channel in raw.T:
        low, high = np.fmin.reduce(channel), np.fmax.reduce(channel)
        if not np.isfinite(high) or low == high:
            continue
        for end in (high, low):
            at_end = channel == end
            count = int(np.count_nonzero(at_end))
            if count < 2 * RUN:
                continue
            finite = channel[np.isfinite(channel)]
            others = finite[finite != end]
            neighbour = others.max() if end == high else others.min()
            if count >= 5 * int(np.count_nonzero(finite == neighbour)):
                mask |= _runs(at_end, RUN)
    return mask


def _flat(raw: Floats, least: int) -> Mask:
    """Runs of equal samples, on any channel: an unplugged input or a padded file."""
    mask = np.zeros(len(raw), dtype=bool)
    for channel in raw.T:
        same = np.concatenate([[False], channel[1:] == channel[:-1]])
        if np.count_nonzero(same) >= least:
            mask |= _runs(same, least)
    return mask


def stretches(mask: Mask, offset: int, sampling_rate_hz: float, segment: int, kind: str) -> list[Artefact]:
    """A mask as stretches; `offset` is the sample number of its first element."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))) + offset
    return [
        Artefact(segment, float(start / sampling_rate_hz), float(end / sampling_rate_hz), kind)
        for start, end in zip(edges[::2], edges[1::2], strict=True)
    ]


def joined(found: list[Artefact], gap_s: float = 0.2) -> list[Artefact]:
    """Stretches of one kind that touch or nearly touch, joined; sorted by time."""
    out: list[Artefact] = []
    for kind in sorted({artefact.kind for artefact in found}):
        last: Artefact | None = None
        for artefact in sorted(a for a in found if a.kind == kind):
            if last and artefact.segment == last.segment and artefact.start_s - last.end_s <= gap_s:
                last = Artefact(last.segment, last.start_s, max(last.end_s, artefact.end_s), kind)
                out[-1] = last
            else:
                last = artefact
                out.append(last)
    return sorted(out)
