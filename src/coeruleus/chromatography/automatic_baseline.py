"""A baseline for the whole trace, drawn without knowing where peaks are (for display and classical integration)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pybaselines import Baseline
from scipy.linalg import solveh_banded

from coeruleus.chromatography.arrays import Floats

STIFFNESS = 1.6  # of the longest peak's full width at half height: what the baseline is too stiff to follow
TOLERANCE, ROUNDS = 1e-3, 60


@dataclass(frozen=True)
class AutomaticBaseline:
    """Level (n,) in signal units; `weights` (n,) and `stiffness` are those of the last round, in which it is linear."""

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


def draw_baseline(time: Floats, signal: Floats, width_half: float) -> AutomaticBaseline:
    """Asymmetrically reweighted penalised least squares (Baek et al. 2015), on an even grid.

    `width_half`, minutes, is that of the widest peak of interest; the same baseline follows at any sampling rate.
    """
    cells = STIFFNESS * width_half / float(time[1] - time[0])
    stiffness = float(np.clip(cells, 3.0, time.size) ** 4)
    level, found = Baseline(time, check_finite=False, assume_sorted=True).arpls(
        signal, lam=stiffness, tol=TOLERANCE, max_iter=ROUNDS
    )
    return AutomaticBaseline(np.asarray(level), np.asarray(found["weights"]), stiffness)
