"""Integration as vendors' software does it: perpendicular drop, valley to valley, tangent skim, fixed bounds.

Each area is a weighted sum over the trace (between the bounds, minus the line below), so its standard error
follows from the noise as it is, and it is the same at any sampling rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.ndimage import gaussian_filter1d

from coeruleus.chromatography.arrays import Floats
from coeruleus.chromatography.automatic_baseline import AutomaticBaseline, draw_baseline
from coeruleus.chromatography.bounds import crossings
from coeruleus.chromatography.noise import Noise
from coeruleus.chromatography.peaks_and_dips import find_peaks_and_dips
from coeruleus.chromatography.prepare import Cells
from coeruleus.chromatography.settings import Integration
from coeruleus.chromatography.trace_peaks import TracePeak, find_trace_peaks
from coeruleus.chromatography.weighted_sums import area_weights, point_weights, standard_error, straight_weights

FOUND_ABOVE = 2.4  # area over its error
SKIM_SMOOTH = 0.4  # of the peak's sigma, for the places where a tangent touches
SKIM_ROOM = 1.0  # sigma beyond the peak's ends


@dataclass(frozen=True)
class Drawn:
    """One peak as integrated. Times in minutes, area in signal × s; `baseline` (n,) is NaN outside start to end."""

    start: float
    end: float
    apex: float
    height: float
    area: float
    area_se: float
    width_half: float
    tailing: float
    resolution: float
    found: bool
    baseline: Floats = field(repr=False)


@dataclass
class Workbench:
    """One trace and what is found in it once for all its analytes."""

    cells: Cells
    noise: Noise
    scale: float
    _peaks: dict[bool, list[TracePeak]] = field(default_factory=dict)
    _baseline: dict[float, AutomaticBaseline] = field(default_factory=dict)

    def peaks(self, negative: bool) -> list[TracePeak]:
        if negative not in self._peaks:
            self._peaks[negative] = find_trace_peaks(self.cells.time, self.cells.signal, dips=negative)
        return self._peaks[negative]

    @cached_property
    def standing_out(self) -> list[TracePeak]:
        return find_peaks_and_dips(self.cells.time, self.cells.signal)

    def baseline(self, width: float) -> AutomaticBaseline:
        if width not in self._baseline:
            self._baseline[width] = draw_baseline(self.cells.time, self.cells.signal, self.standing_out, width)
        return self._baseline[width]


def integrate_peak(
    bench: Workbench, how: Integration, expected: float, within: float, usual: tuple[float, float], width: float
) -> Drawn:
    """Integrate the peak nearest to `expected` minutes, if one is nearer than `within`.

    Where none is, the area between the `usual` bounds is given and `found` is False. `width` is the analyte's
    full width at half height, for the automatic baseline. Raises ValueError where bounds are outside the trace.
    """
    time = bench.cells.time
    near = [p for p in bench.peaks(how.negative) if abs(p.apex - expected) <= within]
    peak = min(near, key=lambda p: abs(p.apex - expected)) if near else None
    if how.mode == "fixed_bounds":
        assert how.from_min is not None and how.to_min is not None
        places = [(how.from_min, how.to_min, how.from_min, how.to_min)]
    elif peak is None:
        places = [(*usual, *usual)]
    else:
        places = _places(bench, how, peak)
    start, end, first, last = places[0]
    if how.baseline == "automatic":
        drawn = bench.baseline(width)
        inside = area_weights(time, start, end)
        weights, line = inside - drawn.answer(inside), drawn.level
    else:
        weights = straight_weights(time, start, end, first, last)
        ends = [float(point_weights(time, t) @ bench.cells.signal) for t in (first, last)]
        line = ends[0] + (ends[1] - ends[0]) * (time - first) / (last - first)
    for skimmed in places[1:]:
        weights = weights - straight_weights(time, *skimmed)
    area, error = float(weights @ bench.cells.signal), standard_error(weights, bench.noise, bench.scale)
    sign = -1.0 if how.negative else 1.0
    found = sign * area > FOUND_ABOVE * error and (peak is not None or how.mode == "fixed_bounds")
    shape = _shape(time, sign * (bench.cells.signal - line), start, end, peak.apex if peak is not None else None)
    apex, height, half, tailing = shape
    seen = np.where((time >= start) & (time <= end), line, np.nan)
    apart = _resolution(bench.peaks(how.negative), apex, half) if found else float("nan")
    return Drawn(start, end, apex, sign * height, area, error, half, tailing, apart, bool(found), seen)


def _places(bench: Workbench, how: Integration, peak: TracePeak) -> list[tuple[float, float, float, float]]:
    """(start, end, first, last) of the peak: its bounds and where its line touches; then what is skimmed off it."""
    if how.mode == "perpendicular_drop":
        return [(peak.start, peak.end, peak.first, peak.last)]
    if how.mode == "valley_to_valley":
        return [(peak.start, peak.end, peak.start, peak.end)]
    cluster = [p for p in bench.peaks(how.negative) if (p.first, p.last) == (peak.first, peak.last)]
    tallest = max(cluster, key=lambda p: p.height)
    if peak is not tallest or len(cluster) == 1:
        return [_skim(bench, how, peak, tallest)]
    riders = [_skim(bench, how, p, tallest) for p in cluster if p is not tallest]
    return [(peak.first, peak.last, peak.first, peak.last), *riders]


def _skim(bench: Workbench, how: Integration, rider: TracePeak, parent: TracePeak) -> tuple[float, float, float, float]:
    """The line that touches the trace before and after a rider: the edge of the lower hull under its apex."""
    time = bench.cells.time
    signal = -bench.cells.signal if how.negative else bench.cells.signal
    smooth = gaussian_filter1d(signal, max(SKIM_SMOOTH * rider.sigma / bench.cells.step, 0.3), mode="nearest")
    low, high = rider.start - SKIM_ROOM * rider.sigma, rider.end + SKIM_ROOM * rider.sigma
    if parent is rider:
        pass
    elif parent.apex < rider.apex:
        low = max(low, parent.apex + parent.sigma)
    else:
        high = min(high, parent.apex - parent.sigma)
    where = np.flatnonzero((time >= low) & (time <= high))
    hull: list[int] = []
    for k in where:
        while len(hull) > 1 and _above(time, smooth, hull[-2], hull[-1], int(k)):
            hull.pop()
        hull.append(int(k))
    left = max((k for k in hull if time[k] < rider.apex), default=int(where[0]))
    right = min((k for k in hull if time[k] > rider.apex), default=int(where[-1]))
    return float(time[left]), float(time[right]), float(time[left]), float(time[right])


def _above(time: Floats, signal: Floats, a: int, b: int, c: int) -> bool:
    """Whether b lies on or above the line from a to c."""
    line = signal[a] + (signal[c] - signal[a]) * (time[b] - time[a]) / (time[c] - time[a])
    return bool(signal[b] >= line)


def _shape(
    time: Floats, above: Floats, start: float, end: float, near: float | None
) -> tuple[float, float, float, float]:
    """Apex, height, width at half height and symmetry at 5 % (USP <621>) of what stands above the line."""
    inside = np.flatnonzero((time >= start) & (time <= end))
    if inside.size < 3:
        return 0.5 * (start + end), float("nan"), float("nan"), float("nan")
    at, value = time[inside], above[inside]
    top = int(np.argmax(value if near is None else np.where(np.abs(at - near) <= 0.2 * (end - start), value, -np.inf)))
    apex, height = float(at[top]), float(value[top])
    if 0 < top < value.size - 1:
        a, b, c = value[top - 1 : top + 2]
        if a - 2 * b + c < 0:
            shift = float(np.clip(0.5 * (a - c) / (a - 2 * b + c), -1, 1))
            apex, height = apex + shift * float(at[1] - at[0]), float(b - 0.25 * (a - c) * shift)
    half, twentieth = crossings(at, value, top, 0.5), crossings(at, value, top, 0.05)
    front = apex - twentieth[0]
    return apex, height, half[1] - half[0], (twentieth[1] - twentieth[0]) / (2 * front) if front > 0 else float("nan")


def _resolution(peaks: Sequence[TracePeak], apex: float, width: float) -> float:
    """To the nearer neighbour among the peaks of the trace, from widths at half height (USP <621>)."""
    others = [p for p in peaks if abs(p.apex - apex) > 0.3 * width]
    return min((1.18 * abs(p.apex - apex) / (2.355 * p.sigma + width) for p in others), default=float("nan"))
