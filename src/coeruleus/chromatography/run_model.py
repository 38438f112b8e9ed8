"""What the injections of one run share: cells, noise, peak shapes, retention, baseline order per analyte."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coeruleus.chromatography.arrays import Booleans, Floats
from coeruleus.chromatography.find_peaks import Found, find_strong_peaks
from coeruleus.chromatography.learn import Example, example, formula_of, typical_shape
from coeruleus.chromatography.noise import Noise, estimate_noise
from coeruleus.chromatography.prepare import CELLS_PER_SIGMA, Cells, Trace, even
from coeruleus.chromatography.retention import OFFSETS, STRETCHES, Retention, Widths, find_shift, track
from coeruleus.chromatography.shapes import Shape, emg_shape

TYPICAL_SIGMA = 1 / 90  # of the retention time
BEFORE, AFTER = 2.6, 2.6  # baseline in a window beyond what holds the peak, in its full widths at half height
MOST_EXAMPLES = 5
SHORTEST = 10 * TYPICAL_SIGMA  # of a trace, in retention times of the first analyte
UNREFINED = 0.01  # of the area: what a shape from a few peaks, or borrowed, may be wrong by


@dataclass
class RunModel:
    """Shared knowledge of a run's usable traces; arrays are (injections, analytes), times in minutes."""

    cells: list[Cells]
    found: list[Found]
    alien: list[Booleans]  # strong peaks that are no analyte of the run
    shapes: list[Shape]  # at `base`
    learnt_from: list[int]  # peaks behind each shape; 0 where it was borrowed or typical
    base: Floats  # (analytes,) retention in the middle of the run
    shift: Floats  # (analytes,) base minus nominal
    stretch: Floats  # (injections,) logarithm of each injection's retention over `base`, roughly
    matched: Floats  # times of strong peaks taken for an analyte; NaN where none
    noise: Noise
    noise_scale: Floats  # (injections,)
    orders: list[int]  # of the baseline polynomial
    formulas: list[tuple[float, float] | None]  # sigma and tau of the EMG that each shape began as
    shape_se: Floats  # (analytes,) of the area, relative, for what is not known of the shape
    retention: Retention | None = None
    widths: Widths | None = None


def learn_run(traces: Sequence[Trace], nominal: Floats, expected: Booleans) -> RunModel:
    """Learn from usable traces (n), in run order.

    `nominal` (analytes,) minutes; `expected` (n, analytes) says which analytes an injection must hold
    (standards and quality controls, from their level).
    """
    raw = [even(trace) for trace in traces]
    sigma = nominal * TYPICAL_SIGMA
    cells = _common_cells(raw, float(sigma.min()))
    guess = float(np.median(sigma))
    found = [find_strong_peaks(c, guess) for c in cells]
    widths = 2.355 * sigma
    holds = np.asarray(expected.any(axis=1))
    sure: Booleans = holds if holds.any() else np.ones(len(traces), bool)
    anything = expected if holds.any() else np.ones_like(expected)
    base = find_shift(nominal, list(anything[sure]), [f for f, s in zip(found, sure, strict=True) if s], widths)
    first = int(np.argmax(anything.sum(axis=1)))
    stretch, matched = track(base, list(anything), found, widths, first)
    matched = _drop_strays(matched, anything)
    relative = matched / (base * np.exp(stretch)[:, None])
    for j in range(base.size):
        rows = sure & np.isfinite(relative[:, j]) & anything[:, j]
        if rows.any():
            base[j] *= float(np.median(relative[rows, j]))
    shapes, learnt, formulas = _learn_shapes(cells, found, matched, anything, base)
    finest = min(s.width_half for s, n in zip(shapes, learnt, strict=True) if n or not any(learnt)) / 2.355
    cells = _common_cells(raw, finest)
    alien = [~np.isin(f.time, row[np.isfinite(row)]) for f, row in zip(found, matched, strict=True)]
    quiet = [_quiet(c, f, base * np.exp(s), shapes) for c, f, s in zip(cells, found, stretch, strict=True)]
    noise, scale = estimate_noise(
        [c.signal for c in cells], quiet, cells[0].step, longest_window(shapes, cells[0].step)
    )
    return RunModel(
        cells,
        found,
        alien,
        shapes,
        learnt,
        base,
        base - nominal,
        stretch,
        matched,
        noise,
        scale,
        [3] * base.size,
        formulas,
        np.full(base.size, UNREFINED),
    )


def why_no_peak(trace: Trace, nominal: Floats) -> str | None:
    """Why no analyte of the run, `nominal` (analytes,) minutes, can be in a usable trace; None where one can.

    Times in another unit are the usual cause. Such a trace would tell the run's model of noise that is none.
    """
    if nominal.size == 0:
        return None
    time = np.asarray(trace.time_min, float)
    first, last = float(np.nanmin(time)), float(np.nanmax(time))
    covers = f"the chromatogram goes from {first:.3g} to {last:.3g} min"
    if last - first < SHORTEST * nominal.min():
        edge = 2 * TYPICAL_SIGMA * nominal
        if ((first + edge < nominal) & (nominal < last - edge)).any():  # areas come out up to four times too large
            window = "a window too narrow to learn baseline and shape of its peak from"
            return f"{covers}, {window}: export the whole chromatogram, or enter the instrument's areas in areas.tsv"
        return f"{covers}, too short to hold a peak: check its times"
    if last < nominal.min() * STRETCHES[0] + OFFSETS[0] or first > nominal.max() * STRETCHES[-1] + OFFSETS[-1]:
        return f"{covers}, and no analyte elutes then: check its times, and retention_time in experiment.yaml"
    return None


def longest_window(shapes: Sequence[Shape], step: float) -> int:
    """Cells of `step` minutes in the longest fit of one peak, for the noise that is wanted for it."""
    return int(max(s.support[1] - s.support[0] + (BEFORE + AFTER) * s.width_half for s in shapes) / step)


def _drop_strays(matched: Floats, expected: Booleans) -> Floats:
    """Forget matches that one strong peak gave to two analytes: the one that is expected keeps it."""
    for i, row in enumerate(matched):
        times, counts = np.unique(row[np.isfinite(row)], return_counts=True)
        for time in times[counts > 1]:
            rivals = np.flatnonzero(row == time)
            keep = rivals[np.argmax(expected[i, rivals])]
            matched[i, rivals[rivals != keep]] = np.nan
    return matched


def _common_cells(raw: Sequence[Cells], sigma: float) -> list[Cells]:
    """All traces on cells of one step, a quarter of `sigma` (minutes) or the instrument's own if coarser."""
    folded = [c.averaged(max(1, int(sigma / CELLS_PER_SIGMA / c.step + 1e-6))) for c in raw]
    step = max(c.step for c in folded)
    return [c if abs(c.step - step) < 0.01 * step else _resampled(c, step) for c in folded]


def _resampled(cells: Cells, step: float) -> Cells:
    """Means over cells of another step, through the integral, so that areas stay."""
    edges = np.arange(cells.time[0], cells.time[-1], step)
    middles = 0.5 * (edges[1:] + edges[:-1])
    gaps = 0.5 * (cells.signal[1:] + cells.signal[:-1]) * np.diff(cells.time)
    integral = np.concatenate([[0.0], np.cumsum(gaps)])
    signal = np.diff(np.interp(edges, cells.time, integral)) / step
    return Cells(middles, signal, np.interp(middles, cells.time, cells.clipped.astype(float)) > 0)


def _quiet(cells: Cells, found: Found, places: Floats, shapes: Sequence[Shape]) -> Booleans:
    """Cells without a strong peak, and without any analyte, seen or not: faint peaks would pass for noise."""
    quiet = ~cells.clipped
    for time, sigma in zip(found.time, found.sigma, strict=True):
        quiet &= (cells.time < time - 4 * sigma) | (cells.time > time + 7 * sigma)
    for place, shape in zip(places, shapes, strict=True):
        quiet &= (cells.time < place + shape.support[0]) | (cells.time > place + shape.support[1])
    return quiet


def _learn_shapes(
    cells: Sequence[Cells], found: Sequence[Found], matched: Floats, expected: Booleans, base: Floats
) -> tuple[list[Shape], list[int], list[tuple[float, float] | None]]:
    """A shape per analyte at its base time, and how many peaks it was learnt from."""
    learnt: list[Shape | None] = []
    counts: list[int] = []
    formulas: list[tuple[float, float] | None] = []
    for j in range(base.size):
        candidates = []
        for i, peaks in enumerate(found):
            if np.isfinite(matched[i, j]):
                k = int(np.flatnonzero(peaks.time == matched[i, j])[0])
                candidates.append((not expected[i, j], -float(peaks.z[k]), i, k))
        candidates.sort()
        if candidates and not candidates[0][0]:  # standards show it: samples may hold something else there
            candidates = [c for c in candidates if not c[0]]
        best = -candidates[0][1] if candidates else 0.0
        examples: list[Example] = []
        for _, z, i, k in candidates[: MOST_EXAMPLES + 4]:
            if len(examples) == MOST_EXAMPLES or (len(examples) >= 3 and -z < 0.1 * best):
                break
            peaks = found[i]
            new = example(cells[i], float(peaks.time[k]), float(peaks.sigma[k]), peaks)
            if new is not None:
                examples.append(new)
        formulas.append(formula_of(examples, float(base[j])) if examples else None)
        learnt.append(emg_shape(*formulas[-1]) if formulas[-1] is not None else None)
        counts.append(len(examples))
    return [s or _borrowed(j, learnt, base) for j, s in enumerate(learnt)], counts, formulas


def _borrowed(j: int, learnt: Sequence[Shape | None], base: Floats) -> Shape:
    """The shape of the analyte that elutes nearest, widened with retention; a typical one if there is none."""
    near = sorted((abs(np.log(base[k] / base[j])), k) for k, s in enumerate(learnt) if s is not None)
    if not near:
        return typical_shape(float(base[j]))
    source = learnt[near[0][1]]
    assert source is not None
    return source.stretched(float(base[j] / base[near[0][1]]))
