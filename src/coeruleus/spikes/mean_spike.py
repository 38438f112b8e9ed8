"""The mean spike of a sorted unit, from the signal as it was recorded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from coeruleus.spikes.detect import WIDE_AFTER_S, WIDE_BEFORE_S, Candidates

Array = NDArray[np.floating]

QUIET_S = 0.0010  # the first millisecond of a snippet: its own baseline
TRIM = 0.1
MOST = 2000
LEAST = 5


@dataclass(frozen=True)
class MeanSpike:
    """Times (ms, 0 at the spike), amplitude (µV) on the channel where the spike is largest; empty with a reason."""

    time_ms: Array
    amplitude_uv: Array
    channel: int
    reason: str | None


def mean_spike(found: Candidates, candidate: NDArray[np.int_], lag_s: Array) -> MeanSpike:
    """Trimmed mean over the stored snippets of these candidates, each moved by its lag and put on its own baseline.

    Trimmed by a tenth at either end, so that overlaps and artefacts do not bend it.
    """
    lag_of = dict(zip(candidate.tolist(), lag_s.tolist(), strict=True))
    stored = [
        (wide, lag_of[index]) for wide, index in zip(found.wide, found.wide_index, strict=True) if index in lag_of
    ]
    stored = stored[:: max(1, len(stored) // MOST)]
    if len(stored) < LEAST:
        return MeanSpike(np.empty(0), np.empty(0), 0, f"no mean spike: only {len(stored)} snippets were kept")
    rate = found.sampling_rate_hz
    offsets = np.arange(-round(WIDE_BEFORE_S * rate), round(WIDE_AFTER_S * rate) + 1) / rate
    moved = np.array([_moved(wide.astype(float), offsets, lag) for wide, lag in stored])
    moved -= moved[:, offsets <= offsets[0] + QUIET_S].mean(axis=1, keepdims=True)
    ordered = np.sort(moved, axis=0)
    cut = int(TRIM * len(ordered))
    mean = ordered[cut : len(ordered) - cut].mean(axis=0)
    middle = np.abs(offsets) < 0.001
    channel = int(np.argmax(np.ptp(mean[middle], axis=0)))
    inside = slice(round(0.001 * rate), len(offsets) - round(0.001 * rate))  # moving by a lag spoils the ends
    return MeanSpike(offsets[inside] * 1000, mean[inside, channel], channel, None)


def _moved(snippet: Array, offsets: Array, lag: float) -> Array:
    if abs(lag) < 1e-9:
        return snippet
    wanted = np.clip(offsets + lag, offsets[0], offsets[-1])
    return np.asarray(CubicSpline(offsets, snippet, axis=0)(wanted), dtype=float)
