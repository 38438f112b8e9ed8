"""Stretches of a trace that must not be sorted: clipped, flat, missing, or shaken by movement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label, uniform_filter1d

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

RUN = 4  # equal samples in a row at the end of the range: clipped
MOVEMENT_WINDOW_S = 0.1
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


def masks(raw: Array, filtered: Array, noise: Array, sampling_rate_hz: float) -> dict[str, Mask]:
    """Masked samples (n,) by kind, for one block: raw and filtered (n, channels), noise (channels,)."""
    found: dict[str, Mask] = {
        "missing samples": np.asarray(~np.isfinite(raw).all(axis=1)),
        "clipped": _clipped(raw),
        "flat": _flat(raw, round(FLAT_S * sampling_rate_hz)),
    }
    beyond = (np.abs(filtered) > MOVEMENT_SIGMAS * noise).any(axis=1).astype(float)
    window = max(3, round(MOVEMENT_WINDOW_S * sampling_rate_hz))
    seeds = np.asarray(uniform_filter1d(beyond, window, mode="constant")) > MOVEMENT_PART
    if seeds.any():  # its flanks, down to where the trace is quiet again, would look like spikes
        beyond = (np.abs(filtered) > FLANK_SIGMAS * noise).any(axis=1).astype(float)
        restless = np.asarray(uniform_filter1d(beyond, window, mode="nearest")) > FLANK_PART
        regions, _ = label(restless | seeds)
        seeds = np.isin(regions, np.unique(regions[seeds]))
    found["movement artefact"] = seeds
    return {kind: _widened(mask, round(AROUND_S[kind] * sampling_rate_hz)) for kind, mask in found.items()}


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


def _clipped(raw: Array) -> Mask:
    """Runs at the end of the range, where that value is far more frequent than the one next to it."""
    mask = np.zeros(len(raw), dtype=bool)
    for channel in raw.T:
        finite = channel[np.isfinite(channel)]
        if not len(finite) or finite.min() == finite.max():
            continue
        for end in (finite.max(), finite.min()):
            at_end = channel == end
            count = int(np.count_nonzero(at_end))
            if count < 2 * RUN:
                continue
            others = finite[finite != end]
            neighbour = others.max() if end == finite.max() else others.min()
            if count >= 5 * int(np.count_nonzero(finite == neighbour)):
                mask |= _runs(at_end, RUN)
    return mask


def _flat(raw: Array, least: int) -> Mask:
    """Runs of equal samples, on any channel: an unplugged input or a padded file."""
    mask = np.zeros(len(raw), dtype=bool)
    for channel in raw.T:
        same = np.concatenate([[False], np.diff(channel) == 0])
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
