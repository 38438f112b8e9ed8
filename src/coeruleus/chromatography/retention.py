"""Where each analyte elutes in each injection: shift of the run, drift along it, jitter of each injection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coeruleus.chromatography.arrays import Booleans, Floats
from coeruleus.chromatography.find_peaks import Found

STRETCHES = np.exp(np.linspace(np.log(0.88), np.log(1.14), 53))
OFFSETS = np.linspace(-1.0, 1.0, 41)  # minutes
FEWEST_JITTER = 2e-4  # relative; below it the run's model is not to be believed
FEWEST_WIDTH = 0.0015  # relative; likewise
FEWEST_SCATTER = 2e-3  # relative, of the width of a peak from injection to injection
POWER_SD = 0.5  # how far from 1 the power is that widths follow retention with, before the run is seen
USUAL_WIDTH = 0.02  # where too few peaks say how much widths vary


def find_shift(nominal: Floats, expected: Sequence[Booleans], found: Sequence[Found], widths: Floats) -> Floats:
    """Times (analytes,) at which a run shows its analytes, given their nominal times.

    Every stretch and offset of the nominal times is tried; the one with most strong peaks at the places where
    the standards must have them (`expected`, one mask per standard) wins, with a mild preference for none.
    `widths` are full widths at half height.
    """
    stretch, offset = (a.ravel() for a in np.meshgrid(STRETCHES, OFFSETS, indexing="ij"))
    places = stretch[:, None] * nominal + offset[:, None]
    score, total = np.zeros(stretch.size), 0.0
    for mask, peaks in zip(expected, found, strict=True):
        for analyte in np.flatnonzero(mask):
            total += 1.0
            if peaks.time.size == 0:
                continue
            weight = np.minimum(np.log1p(peaks.z) / 5.0, 1.0)
            off = (places[:, analyte, None] - peaks.time) / (0.7 * widths[analyte])
            score += (weight * np.exp(-0.5 * off**2)).max(axis=1)
    if total == 0:
        return nominal
    score = score / total - 0.08 * (np.log(stretch) / 0.05) ** 2 - 0.08 * (offset / 0.5) ** 2
    return np.asarray(places[int(np.argmax(score))])


def track(
    base: Floats, expected: Sequence[Booleans], found: Sequence[Found], widths: Floats, first: int
) -> tuple[Floats, Floats]:
    """Relative stretch of each injection (n,), and times of the matched peaks (n, analytes; NaN where none).

    Followed from injection `first` outwards, each searched around its neighbour, so that a drift larger than
    the distance between two peaks is not lost. `expected` weighs the analytes that an injection must hold.
    """
    n = len(found)
    stretch, matched = np.zeros(n), np.full((n, base.size), np.nan)
    trial = np.linspace(-0.02, 0.02, 81)
    for order in (range(first, n), range(first - 1, -1, -1)):
        last = stretch[first]
        for i in order:
            peaks = found[i]
            if peaks.time.size:
                candidates = last + trial
                places = base * np.exp(candidates)[:, None]
                off = (places[:, :, None] - peaks.time) / (0.5 * widths[:, None])
                weight = np.minimum(np.log1p(peaks.z) / 5.0, 1.0)
                near = (weight * np.exp(-0.5 * off**2)).max(axis=2)
                score = (near * np.where(expected[i], 1.0, 0.5)).sum(axis=1) - 0.1 * (trial / 0.01) ** 2
                stretch[i] = candidates[int(np.argmax(score))]
                gap = np.abs(base[:, None] * np.exp(stretch[i]) - peaks.time)
                nearest = gap.argmin(axis=1)
                close = gap.min(axis=1) < 0.8 * widths
                matched[i, close] = peaks.time[nearest[close]]
            else:
                stretch[i] = last
            last = 0.5 * (last + stretch[i])
    return stretch, matched


def smooth_course(order: Floats, value: Floats, se: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Robust smooth course of `value` along the run: (course at `at`, spread of the values about it).

    Local straight lines with tricube weights over 60 % of the points and bisquare re-weighting (Cleveland
    1979); a median under five points.
    """
    if value.size == 0:
        return np.zeros(at.size), np.full(1, np.nan)
    if value.size < 5:
        middle = float(np.median(value))
        return np.full(at.size, middle), value - middle
    everywhere = np.concatenate([order, at])
    reach = max(int(np.ceil(0.6 * value.size)), 5)
    robust = np.ones(value.size)
    weight_se = 1 / (se**2 + np.median(se) ** 2 + 1e-20)
    for _ in range(3):
        distance = np.abs(everywhere[:, None] - order[None, :])
        span = np.partition(distance, reach - 1, axis=1)[:, reach - 1 : reach] * 1.001 + 1e-9
        weight = np.clip(1 - (distance / span) ** 3, 0, None) ** 3 * (robust * weight_se)
        total = weight.sum(axis=1)
        centre = (weight * order).sum(axis=1) / total
        away = order[None, :] - centre[:, None]
        spread = (weight * away**2).sum(axis=1)
        level = (weight * value).sum(axis=1) / total
        slope = np.where(spread > 1e-9 * total, (weight * away * value).sum(axis=1) / np.maximum(spread, 1e-12), 0.0)
        # beyond the points the course is held, not extrapolated
        course = level + slope * (np.clip(everywhere, order.min(), order.max()) - centre)
        residual = value - course[: value.size]
        scale = 1.4826 * np.median(np.abs(residual)) or 1e-12
        robust = np.clip(1 - (residual / (6 * scale)) ** 2, 0, 1) ** 2 + 1e-6
    return course[value.size :], residual


@dataclass(frozen=True)
class Retention:
    """The run's model. `predicted` and `sd` (injections, analytes) in minutes."""

    predicted: Floats
    sd: Floats


def model_retention(measured: Floats, se: Floats, start: Floats) -> Retention:
    """Predict every analyte's time in every injection from the times measured in the run.

    `measured` and `se` (injections, analytes) in minutes hold NaN where no strong peak was seen; `start` is
    the first guess of all. Time = analyte × common stretch of the injection × the analyte's own slow course.
    The stretch of an injection for one analyte comes from its other analytes and from the injection's
    neighbours in the run, so that no peak says where itself must be.
    """
    n, analytes = measured.shape
    order = np.arange(n, dtype=float)
    with np.errstate(invalid="ignore"):
        log, log_se = np.log(measured / start), se / measured
    known = np.isfinite(log)
    offset = np.array([np.median(log[known[:, j], j]) if known[:, j].any() else np.nan for j in range(analytes)])
    common_offset = float(np.nanmedian(offset)) if np.isfinite(offset).any() else 0.0
    offset = np.where(np.isfinite(offset), offset, common_offset)
    own = np.zeros((n, analytes))
    own_sd = np.full(analytes, 1.5e-3)
    stretch, stretch_se = np.zeros(n), np.full(n, np.inf)
    for _ in range(3):
        rest = np.where(known, log - offset - own, np.nan)
        for i in range(n):
            stretch[i], stretch_se[i] = _pool(rest[i], log_se[i], own_sd)
        for j in range(analytes):
            seen = known[:, j] & np.isfinite(stretch_se)
            if seen.sum() < 3:
                continue
            residual = log[seen, j] - offset[j] - stretch[seen]
            course, left = smooth_course(order[seen], residual, log_se[seen, j], order)
            own[:, j] = course if seen.sum() >= 8 else float(np.median(residual))
            left = left if seen.sum() >= 8 else residual - np.median(residual)
            noise = float(np.median(log_se[seen, j]))
            own_sd[j] = np.sqrt(max((1.4826 * np.median(np.abs(left))) ** 2 - noise**2, FEWEST_JITTER**2))
    seen = np.isfinite(stretch_se)
    slow, left = smooth_course(order[seen], stretch[seen], stretch_se[seen], order)
    jitter = max(float(1.4826 * np.median(np.abs(left))), FEWEST_JITTER) if seen.sum() >= 3 else 3e-3
    predicted, sd = np.empty((n, analytes)), np.empty((n, analytes))
    rest = np.where(known, log - offset - own, np.nan)
    for i in range(n):
        for j in range(analytes):
            others = rest[i].copy()
            others[j] = np.nan
            value, error = _pool(others, log_se[i], own_sd)
            weight = (1 / error**2 if np.isfinite(error) else 0.0) / (
                (1 / error**2 if np.isfinite(error) else 0.0) + 1 / jitter**2
            )
            centre = weight * (value if np.isfinite(error) else 0.0) + (1 - weight) * slow[i]
            predicted[i, j] = start[i, j] * np.exp(offset[j] + own[i, j] + centre)
            sd[i, j] = predicted[i, j] * np.sqrt((1 - weight) * jitter**2 + own_sd[j] ** 2)
    return Retention(predicted, sd)


def _pool(values: Floats, se: Floats, own_sd: Floats) -> tuple[float, float]:
    """Weighted mean, re-weighted against outliers, and its error; (0, inf) of nothing."""
    seen = np.isfinite(values)
    if not seen.any():
        return 0.0, np.inf
    value, variance = values[seen], se[seen] ** 2 + own_sd[seen] ** 2
    middle = float(np.median(value))
    weight = 1 / (variance + np.maximum((value - middle) ** 2 - 9 * variance, 0.0))
    return float((weight * value).sum() / weight.sum()), float(1 / np.sqrt(weight.sum()))


@dataclass(frozen=True)
class Widths:
    """How wide peaks are along the run, over their learnt shape: `predicted` (injections, analytes), `sd` of its
    logarithm (analytes,)."""

    predicted: Floats
    sd: Floats


def model_widths(measured: Floats, se: Floats, start: Floats) -> Widths:
    """Widths of all peaks from those of the clear ones.

    `measured`, `se` of the logarithm and the first guess `start` are (injections, analytes), NaN where there was
    no clear peak. An analyte's width is a constant times a power of `start` times a slow course, both of which all
    analytes of the run share; what single peaks scatter beyond their errors is its standard deviation.
    """
    with np.errstate(invalid="ignore"):
        known = np.isfinite(np.log(measured)) & np.isfinite(se)
    start = start ** _power(measured, se, start, known)
    log = np.log(np.where(known, measured / start, np.nan))
    offset = np.zeros(start.shape[1])
    sd = np.full(start.shape[1], USUAL_WIDTH)
    order = np.arange(start.shape[0], dtype=float)
    course = np.zeros(start.shape[0])
    for _ in range(2):
        for j in range(offset.size):
            if known[:, j].any():
                use = known[:, j]
                offset[j] = _median(log[use, j] - course[use], se[use, j])
        pooled = [
            _pool(np.where(known[i], log[i] - offset, np.nan), se[i], np.full(offset.size, 3e-3))
            for i in range(order.size)
        ]
        value, error = np.array(pooled).T
        seen = np.isfinite(error)
        if seen.sum() >= 5:
            course, _ = smooth_course(order[seen], value[seen], error[seen], order)
    for j in range(offset.size):
        use = known[:, j]
        if use.sum() >= 5:
            left = log[use, j] - offset[j] - course[use]
            z = left / se[use, j]
            extra = (1.4826 * np.median(np.abs(z))) ** 2 - 1
            sd[j] = np.sqrt(max(extra, 0.0)) * float(np.median(se[use, j]))
    sd = np.maximum(sd, FEWEST_WIDTH)
    return Widths(start * np.exp(offset + course[:, None]), sd)


def _power(measured: Floats, se: Floats, start: Floats, known: Booleans) -> float:
    """By how much widths follow `start` from injection to injection: 1 where plates stay the same, 0 not at all.

    From the steps between neighbouring injections, of each analyte that both show clearly, so that no slow course
    counts; drawn towards 1 where retention hardly differs from injection to injection.
    """
    steps, moved, variance = list[Floats](), list[Floats](), list[Floats]()
    for j in range(start.shape[1]):
        rows = np.flatnonzero(known[:, j])
        steps.append(np.diff(np.log(measured[rows, j])))
        moved.append(np.diff(np.log(start[rows, j])))
        variance.append(se[rows[1:], j] ** 2 + se[rows[:-1], j] ** 2 + FEWEST_SCATTER**2)
    step, move, spread = (np.concatenate(parts) for parts in (steps, moved, variance))
    power = 1.0
    for _ in range(5):
        away = (step - power * move) ** 2
        weight = 1 / (spread + np.maximum(away - 9 * spread, 0.0))
        power = (float((weight * move * step).sum()) + POWER_SD**-2) / (float((weight * move**2).sum()) + POWER_SD**-2)
    return power


def _median(values: Floats, se: Floats) -> float:
    """Median weighted with the inverse squares of the errors."""
    order = np.argsort(values)
    weight = np.cumsum(1 / (se[order] ** 2 + 1e-6))
    return float(values[order][np.searchsorted(weight, 0.5 * weight[-1])])
