"""A baseline for the whole trace, drawn without knowing where peaks are (for display and classical integration)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solveh_banded

from coeruleus.chromatography.arrays import Floats
from coeruleus.chromatography.trace_peaks import TracePeak

STIFFNESS = 1.3  # of the peak's full width at half height: what the baseline is too stiff to follow
WIDEST = 12.0  # of the same: a peak
FEWEST_FREE = 0.05  # of the trace


@dataclass(frozen=True)
class AutomaticBaseline:
    """Level (n,) in signal units; `weights` (n,) and `stiffness` are what it was drawn with.

    With these it is linear in the signal.
    """

    level: Floats
    weights: Floats
    stiffness: float

    def answer(self, functional: Floats) -> Floats:
        """What a weighted sum (n,) over the baseline is as a weighted sum over the signal."""
        return self.weights * np.asarray(solveh_banded(self._bands(), functional, lower=False))

    def _bands(self) -> Floats:
        n = self.weights.size
        diagonal, first, second = np.full(n, 6.0), np.full(n, -4.0), np.ones(n)
        diagonal[[0, -1]], diagonal[[1, -2]] = 1.0, 5.0
        first[[1, -1]] = -2.0
        bands = self.stiffness * np.array([second, first, diagonal])
        bands[2] += self.weights
        return np.asarray(bands)


def draw_baseline(time: Floats, signal: Floats, peaks: Sequence[TracePeak], width_half: float) -> AutomaticBaseline:
    """A stiff curve through what is no peak (penalised least squares, Eilers 2003; `pybaselines`), on an even grid.

    `peaks` are those of the trace, dips included; `width_half`, minutes, is that of the peak of interest. Times and
    not cells set the stiffness, so the same baseline follows at any sampling rate. Raises
    ValueError where peaks leave no baseline.
    """
    free = np.ones(time.size)
    for peak in peaks:
        if peak.end - peak.start <= WIDEST * width_half:  # what is wider is the baseline's own wave
            free[(time >= peak.start) & (time <= peak.end)] = 0.0
    if free.sum() < FEWEST_FREE * time.size:
        text = "peaks cover nearly all of the chromatogram: no baseline can be drawn by itself; use a straight one"
        raise ValueError(text)
    from pybaselines import Baseline  # type: ignore[import-untyped]  # few need it, and it takes half a start

    cells = STIFFNESS * width_half / float(time[1] - time[0])
    stiffness = float(np.clip(cells, 3.0, time.size) ** 4)
    level, _ = Baseline(time, check_finite=False, assume_sorted=True).fabc(
        signal, lam=stiffness, weights=free, weights_as_mask=True
    )
    return AutomaticBaseline(np.asarray(level), free, stiffness)
