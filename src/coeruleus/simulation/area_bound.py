"""The least error that the area of a peak can have (Cramér–Rao), where shape and noise spectrum are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg import cho_factor, cho_solve, toeplitz

from coeruleus.simulation.chromatogram import Peak, sample_times
from coeruleus.simulation.noise import Noise, autocovariance
from coeruleus.simulation.peaks import peak

REACH = 5.0  # full widths at half height of the peak on either side: what counts as local
ORDER = 3  # of the baseline's polynomial: less does not follow a solvent tail over that reach
STEP = 1e-4  # minutes, for the slope


@dataclass(frozen=True)
class Bound:
    """Standard error (nA s) of the area that no unbiased estimate can pass, over `low_min` to `high_min`."""

    area_se: float
    low_min: float
    high_min: float


@lru_cache(maxsize=16)
def _factor(n: int, rate_hz: float, noise: Noise) -> tuple[np.ndarray, bool]:
    return cho_factor(toeplitz(autocovariance(n, rate_hz, noise)))


def area_bound(peaks: Sequence[Peak], name: str, *, rate_hz: float, noise: Noise, duration_min: float = 22.0) -> Bound:
    """The bound of the area of `name` among `peaks`, in one chromatogram.

    Unknown with it: the retention shift (common to all peaks of the injection), the areas of its neighbours, those
    without area left out, and a local baseline, a polynomial of order 3 over five widths on either side.
    The peaks' shapes and the noise's covariance are known. (XᵀC⁻¹X)⁻¹ of Gaussian noise, exactly.
    """
    main = next(p for p in peaks if p.name == name)
    width = 2.355 * np.hypot(main.sigma_min, 0.6 * main.tau_min)
    time = sample_times(duration_min, rate_hz)
    first, last = np.searchsorted(time, [main.apex_min - REACH * width, main.apex_min + REACH * width])
    window = time[first:last]

    def unit(p: Peak, shift: float = 0.0) -> np.ndarray:
        return np.asarray(peak(window, p.apex_min + shift, p.sigma_min, p.tau_min, p.shape)) / 60

    near = [p for p in peaks if p.area > 0 and p is not main and abs(p.apex_min - main.apex_min) < REACH * width]
    columns = [unit(main), *(unit(p) for p in near)]
    columns += list(np.polynomial.legendre.legvander(np.linspace(-1, 1, window.size), ORDER).T)
    moved = [p.area * (unit(p, STEP) - unit(p, -STEP)) for p in (main, *near) if p.area > 0]
    if moved:
        columns.append(np.sum(moved, axis=0))
    design = np.column_stack(columns)
    design /= np.abs(design).max(axis=0)
    information = design.T @ cho_solve(_factor(window.size, rate_hz, noise), design)
    variance = np.linalg.inv(information)[0, 0]
    return Bound(float(np.sqrt(variance) / np.abs(columns[0]).max()), float(window[0]), float(window[-1]))
