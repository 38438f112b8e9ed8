"""In which unit a vendor's table gives its areas and heights: found by comparing it with the trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

# What a number of the table is, of the trace's unit (× s for areas): plain, milli, micro, each also per minute.
POWERS = {"": 1.0, " × 10³": 1e3, " × 10⁶": 1e6}
TOLERATED = 1.6
AGREEING = 0.7


def rescale(peaks: pd.DataFrame, time_min: np.ndarray, signal: np.ndarray) -> tuple[pd.DataFrame, list[str]]:
    """A table whose areas are in signal unit × s and whose heights are in signal unit; and what was changed, in words.

    The unit of a column is the one of POWERS in which 70 % of the larger peaks agree with the trace within a factor
    of 1.6 (the candidates lie at least 16-fold apart). Where none does, the column is emptied: a number of unknown
    unit is no number.
    """
    if not len(peaks):
        return peaks, []
    own = [_measure(dict(row), time_min, signal) for row in peaks.to_dict("records")]
    areas, heights = np.array([one[0] for one in own]), np.array([one[1] for one in own])
    notes = []
    per_minute = {f"{name} per 60": factor / 60 for name, factor in POWERS.items()}
    for column, mine, candidates in (("area", areas, POWERS | per_minute), ("height", heights, POWERS)):
        given = peaks[column].to_numpy(dtype=float)
        given = np.where(given > 0, given, np.nan)
        usable = np.isfinite(given) & (mine > 0)
        usable &= given >= np.nanmedian(given[usable]) if usable.any() else usable  # small peaks are mostly noise
        fits = {
            name: np.mean(np.abs(np.log(given[usable] / mine[usable] / factor)) < np.log(TOLERATED))
            for name, factor in candidates.items()
            if usable.any()
        }
        best = max(fits, key=lambda name: fits[name], default=None)
        if best is None or fits[best] < AGREEING:
            peaks = peaks.assign(**{column: np.nan})
            if np.isfinite(given).any():
                notes.append(f"the {column}s of the file's own peak table are in an unknown unit and are left out")
            continue
        peaks = peaks.assign(**{column: given / candidates[best]})
    return peaks, notes


def _measure(row: dict[Any, Any], time_min: np.ndarray, signal: np.ndarray) -> tuple[float, float]:
    """(area in signal unit × s, height) of a peak over a straight line between its bounds; NaN where unknown."""
    apex = row["retention_time_min"]
    if not time_min[0] <= apex <= time_min[-1]:
        return np.nan, np.nan
    start, end = row["start_min"], row["end_min"]
    if start == start and end == end:
        inside = np.flatnonzero((time_min >= start) & (time_min <= end))
    else:
        inside = _down_to_valleys(int(np.searchsorted(time_min, apex)), signal)
    if len(inside) < 3:
        return np.nan, np.nan
    part, times = signal[inside], time_min[inside]
    line = np.interp(times, times[[0, -1]], part[[0, -1]])
    return float(np.trapezoid(part - line, times * 60)), float((part - line).max())


def _down_to_valleys(apex: int, signal: np.ndarray) -> np.ndarray:
    """Samples around an apex down to where the smoothed signal rises again."""
    width = 7
    smooth = np.convolve(np.pad(signal, width // 2, mode="edge"), np.ones(width) / width, mode="valid")
    apex = max(0, apex - width) + int(smooth[max(0, apex - width) : apex + width + 1].argmax())
    left = right = apex
    while left > 0 and smooth[left - 1] < smooth[left]:
        left -= 1
    while right < len(signal) - 1 and smooth[right + 1] < smooth[right]:
        right += 1
    return np.arange(left, right + 1)
