"""The shape of one analyte's peak, learnt over the run from its strong peaks.

Each strong peak is fitted alone (with what stands beside it) by an EMG; then all are laid over each other,
apex on apex and area on area, and the pointwise median, which one bad standard or an air bubble cannot move,
is fitted once more. What the median keeps beyond the EMG, where it is surer than its own scatter, is added:
real peaks are outside every family of formulas, and the area must be that of the peak and not of the formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from coeruleus.chromatography.arrays import Floats
from coeruleus.chromatography.find_peaks import Found
from coeruleus.chromatography.prepare import Cells
from coeruleus.chromatography.shapes import Shape, emg, emg_apex, emg_shape

TYPICAL_PLATES = 8000.0
BEFORE, AFTER = 2.2, 3.2  # window around a peak, in full widths at half height


@dataclass(frozen=True)
class Example:
    """One strong peak as it was: minutes from the apex over the apex's time, and signal per unit of area."""

    apex: float
    relative: Floats
    height: Floats
    sigma: float
    tau: float


def typical_shape(retention: float) -> Shape:
    """What a column of 8000 plates makes, for a run that shows no peak to learn from."""
    sigma = retention / np.sqrt(TYPICAL_PLATES)
    return emg_shape(sigma, 0.3 * sigma)


def example(cells: Cells, apex: float, sigma: float, others: Found) -> Example | None:
    """Fit one strong peak near `apex` (minutes) together with the strong peaks beside it; None if it will not."""
    width = 2.355 * sigma
    low, high = apex - BEFORE * width, apex + AFTER * width
    for time, wide in zip(others.time, others.sigma, strict=True):  # a far larger neighbour ends the window
        reach = 2.355 * wide * 1.3
        if time < apex - 1.5 * width:
            low = max(low, min(time + reach, apex - 0.9 * width))
        elif time > apex + 1.5 * width:
            high = min(high, max(time - reach, apex + 1.2 * width))
    use = (cells.time >= low) & (cells.time <= high) & ~cells.clipped
    time, signal = cells.time[use], cells.signal[use]
    if time.size < 12:
        return None
    beside = [float(t) for t in others.time if low < t < high and abs(t - apex) > 0.3 * width]
    centres = np.array([apex, *beside])
    flat = np.vander((time - apex) / width, 2)

    def linear(parameters: Floats) -> tuple[Floats, Floats]:
        sigma_, tau_ = np.exp(parameters[-2:])
        peaks = [emg(time, m - tau_ * 0.6, sigma_ * c / apex, tau_ * c / apex)
                 for m, c in zip(parameters[:-2], centres, strict=True)]  # fmt: skip
        design = np.column_stack([*peaks, flat])
        return design, np.asarray(np.linalg.lstsq(design, signal, rcond=None)[0], float)

    def misfit(parameters: Floats) -> Floats:
        design, solution = linear(parameters)
        return np.asarray(signal - design @ solution) / spread

    spread = float(np.ptp(signal)) or 1.0
    start = np.array([*centres, np.log(0.9 * sigma), np.log(0.4 * sigma)])
    room = np.array([*np.full(centres.size, width), 1.2, 3.0])
    best = least_squares(
        misfit, start, bounds=(start - room, start + room), x_scale=room, ftol=1e-5, xtol=1e-4, max_nfev=40
    )
    design, solution = linear(best.x)
    sigma_, tau_ = np.exp(best.x[-2:])
    if solution[0] <= 0 or np.sqrt(np.mean(best.fun**2)) > 0.15:
        return None
    scale = centres[0] / apex
    top = float(best.x[0] - 0.6 * tau_ + emg_apex(sigma_ * scale, tau_ * scale))
    if abs(top - apex) > 0.6 * width:
        return None
    alone = signal - design[:, 1:] @ solution[1:]
    return Example(top, (time - top) / top, alone / solution[0] * top, float(sigma_ / top), float(tau_ / top))


def formula_of(examples: Sequence[Example], retention: float) -> tuple[float, float]:
    """Sigma and tau (minutes) of the EMG at `retention` minutes from examples of one analyte (at least one)."""
    width = float(np.median([2.355 * e.sigma + e.tau for e in examples]))
    grid = np.arange(-BEFORE * width, AFTER * width, width / 40)
    rows = np.array([np.interp(grid, e.relative, e.height, left=np.nan, right=np.nan) for e in examples])
    seen = np.isfinite(rows).sum(axis=0) >= max(1, (len(examples) + 1) // 2)
    grid, rows = grid[seen], rows[:, seen]
    middle = np.nanmedian(rows, axis=0)
    flat = np.vander(grid / width, 2)

    def model(parameters: Floats) -> tuple[Floats, Floats]:
        sigma, tau = np.exp(parameters[1:])
        design = np.column_stack([emg(grid, parameters[0], sigma, tau), flat])
        return design, np.asarray(np.linalg.lstsq(design, middle, rcond=None)[0], float)

    def misfit(parameters: Floats) -> Floats:
        design, solution = model(parameters)
        return np.asarray(middle - design @ solution) / middle.max()

    sigma, tau = (float(np.median([getattr(e, name) for e in examples])) for name in ("sigma", "tau"))
    tau = max(tau, 0.02 * sigma)
    start = np.array([-0.6 * tau, np.log(sigma), np.log(tau)])
    best = least_squares(misfit, start, x_scale=np.array([sigma, 0.2, 0.5]), max_nfev=60)
    sigma, tau = (float(v) for v in np.exp(best.x[1:]))
    return sigma * retention, min(tau, 6 * sigma) * retention
