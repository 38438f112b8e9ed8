"""Strong peaks of a trace, whatever its baseline: maxima of the smoothed second derivative."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from coeruleus.chromatography.arrays import Floats
from coeruleus.chromatography.prepare import Cells

PIECES = 24


@dataclass(frozen=True)
class Found:
    """Peaks in order of time: apex and Gaussian sigma in minutes, height in signal units, z against the noise."""

    time: Floats
    sigma: Floats
    height: Floats
    z: Floats


def find_strong_peaks(cells: Cells, sigma: float, threshold: float = 8.0) -> Found:
    """Peaks about as wide as `sigma` (minutes; a factor of three either way is seen).

    The negative second derivative of the trace smoothed with `sigma` has no answer to offset and slope, and
    its spread in the quieter parts of the trace is the yardstick of `threshold`. Its zero crossings give each
    width.
    """
    scale = max(sigma / cells.step, 1.0)
    answer = -gaussian_filter1d(cells.signal, scale, order=2, mode="nearest") * scale**2
    noise = _quiet_level(answer) or float(np.std(answer)) or 1.0
    inner = answer[1:-1]
    tops = 1 + np.flatnonzero((inner > threshold * noise) & (inner >= answer[:-2]) & (inner > answer[2:]))
    negative = np.flatnonzero(answer <= 0)
    rows = []
    for top in tops:
        place = int(np.searchsorted(negative, top))
        left = negative[place - 1] if place > 0 else 0
        right = negative[place] if place < negative.size else answer.size - 1
        if answer[left : right + 1].max() > answer[top]:
            continue  # a ripple on a larger peak
        a, b, c = answer[top - 1 : top + 2]
        shift = 0.5 * (a - c) / (a - 2 * b + c) if a - 2 * b + c < 0 else 0.0
        width = np.sqrt(max((0.5 * (right - left)) ** 2 - scale**2, (0.3 * scale) ** 2))
        height = b * (width**2 + scale**2) ** 1.5 / (width * scale**2)
        rows.append((cells.time[top] + shift * cells.step, width * cells.step, height, b / noise))
    table = np.array(rows, float).reshape(-1, 4)
    return Found(table[:, 0], table[:, 1], table[:, 2], table[:, 3])


def _quiet_level(answer: Floats) -> float:
    """Robust standard deviation in the quieter parts: peaks may well cover more than half of a trace."""
    size = answer.size // PIECES
    if size < 4:
        return 0.0
    pieces = answer[: size * PIECES].reshape(PIECES, size)
    away = np.abs(pieces - np.median(pieces, axis=1, keepdims=True))
    return float(1.4826 * np.quantile(np.median(away, axis=1), 0.3))
