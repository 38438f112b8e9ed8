"""What one time course comes to: peak, time to peak, area above baseline."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coeruleus.release.bounds import LOW, percent_bounds
from coeruleus.release.samples import COUNTED, SERIES
from coeruleus.release.shared import RUNS, loadings_in, loadings_of, own_error, with_loadings
from coeruleus.release.timing import AFTER, STRADDLES, TOLERANCE_MIN

Floats = NDArray[np.float64]
MEASURES = ["n_samples", "basal_concentration", "basal_concentration_se", "baseline_stable", "window_min"]
MEASURES += ["peak_percent", "peak_percent_se", "time_to_peak_min", "auc_percent_min", "auc_percent_min_se", "reason"]
MEASURES += ["basal_ci_low", "basal_ci_high", "peak_ci_low", "peak_ci_high", "auc_ci_low", "auc_ci_high"]
MEASURES += ["time_to_peak_ci_low", "time_to_peak_ci_high", "threshold_percent"]
MEASURES += ["duration_above_min", "duration_above_ci_low", "duration_above_ci_high", "auc_at_least", "auc_at_most"]
COLUMNS = ["start_min", "end_min", "time_min", "concentration", "concentration_se", "percent_baseline"]
COLUMNS += ["percent_baseline_se", "status", "period", "condition", "counted", "least", "most", "own_se"]
DRAWS, SEED = 1000, 5  # of samples within their errors, for the intervals of times
NORMAL = 1.959964


@dataclass(frozen=True)
class Area:
    """Weights that turn per cents into an area, the window, and what stands against it."""

    weights: Floats | None  # minutes per sample; area = Σ weight × (per cent − 100)
    window_min: float
    reason: str | None


@dataclass(frozen=True)
class Divisor:
    """What a course is divided by: its mean, the error that is its own, and loadings (k,) on those shared."""

    mean: float
    own_se: float
    loadings: Floats


def area_weights(start_min: Floats, end_min: Floats, largest_gap: float = 0.25, begin: float = 0.0) -> Area:
    """Weights of samples, sorted by time, in the area between per cent of baseline and 100 % from `begin`.

    A sample's value is the mean over its interval, so it counts with its whole length; one that
    straddles 0 does too, since what it holds from before 0 is baseline and adds nothing. A gap is
    bridged by a straight line between its neighbours (the left neighbour of the first sample is 100 % at
    0, in a later window the sample itself), if all gaps together are at most `largest_gap` of the window.
    The window ends with the last sample.
    """
    window = float(end_min[-1]) - begin
    weights = end_min - start_min
    reached, gaps = begin, 0.0
    for place in range(len(weights)):
        gap = float(start_min[place]) - reached
        if gap < -TOLERANCE_MIN and place > 0:
            return Area(None, window, f"samples overlap at {start_min[place]:g} min")
        if gap > TOLERANCE_MIN:
            gaps += gap
            weights[place] += gap / 2 if place > 0 or begin == 0 else gap
            if place > 0:
                weights[place - 1] += gap / 2
        reached = float(end_min[place])
    if gaps > largest_gap * window:
        return Area(None, window, f"{gaps:g} of {window:g} min are not covered by samples: no area, no duration")
    bridged = f"gaps of {gaps:g} min in all are bridged by straight lines; a peak in them would not be seen"
    reason = bridged if gaps > 0 else None
    return Area(weights, window, reason)


def in_window(samples: pd.DataFrame, window_min: tuple[float, float] | None) -> pd.Series:
    """Which samples with a number, or with bounds, a summary is of: those after the treatment, within the window."""
    counted = samples["status"].isin(COUNTED)
    if window_min is None:
        return counted & (samples["period"] == AFTER)
    begin, end = window_min
    inside = (samples["end_min"] > begin + TOLERANCE_MIN) & (samples["start_min"] < end - TOLERANCE_MIN)
    return counted & inside & ((samples["period"] == AFTER) | (begin < 0))


def summarise(
    samples: pd.DataFrame,
    baselines: pd.DataFrame,
    window_min: tuple[float, float] | None = None,
    threshold_percent: float = 150.0,
    largest_gap: float = 0.25,
) -> pd.DataFrame:
    """One row per session, probe and analyte, with the columns of SUMMARY that measure something.

    Every sample with a number counts, also one below a limit: its number is the best estimate there is. One below
    a limit without a number (`<0.05` in a sheet) is known to lie between two bounds, and so is the area then:
    `auc_percent_min` is n/a, `auc_at_least` and `auc_at_most` hold it, and its interval goes from the lower end of
    the least to the upper end of the most. The peak and the time above the threshold are n/a where such a sample
    could be above. Lost, failed, excluded and saturated samples do not count, and leave a gap. With `window_min`
    only what lies within it counts, samples across its ends with the part inside. Intervals of concentrations and
    areas are normal ones from their standard errors; those of times are what 1,000 draws of all samples and the
    baseline within their errors, shared ones together, give. The time above the threshold bridges gaps as the area
    does. Besides, each row has the loadings of its area, and the runs that they are of (`shared`).
    """
    rules = (window_min, threshold_percent, largest_gap)
    ordered = samples.sort_values([*SERIES, "start_min", "sample_id"], kind="stable", ignore_index=True)
    ordered["counted"] = ordered["status"].isin(COUNTED) & ordered["concentration"].notna()
    divisor = ordered[SERIES].merge(baselines[[*SERIES, "divisor"]], on=SERIES, how="left", sort=False)["divisor"]
    ordered["least"], ordered["most"] = percent_bounds(ordered, divisor)
    loadings = loadings_of(ordered)
    ordered["own_se"] = own_error(ordered["concentration_se"].to_numpy(), loadings)
    columns = {name: ordered[name].to_numpy() for name in COLUMNS} | {"loadings": loadings}
    places = ordered.groupby(SERIES, sort=False).indices
    rows, moved = [], np.full((len(baselines), loadings.shape[1]), np.nan)
    firsts = []
    for number, base in enumerate(baselines.to_dict("records")):
        own = places[tuple(base[name] for name in SERIES)]
        found, of_area = _summarise({name: column[own] for name, column in columns.items()}, base, *rules)
        rows.append({**{name: base[name] for name in [*SERIES, "subject_id", "unit"]}, **found})
        moved[number] = of_area
        firsts.append(int(own[0]))
    summary = pd.DataFrame(rows, columns=[*SERIES, "subject_id", "unit", *MEASURES])
    if RUNS in ordered:
        summary[RUNS] = ordered[RUNS].to_numpy(dtype=object)[firsts]
    return with_loadings(summary, moved)


def _summarise(
    course: dict[str, NDArray[Any]],
    base: dict[Hashable, Any],
    window_min: tuple[float, float] | None,
    threshold_percent: float,
    largest_gap: float,
) -> tuple[dict[str, object], Floats | float]:
    """The row, and the loadings (k,) of its area, NaN where it has none or is not divided by its own baseline."""
    mean, mean_se, stable = float(base["mean"]), float(base["mean_se"]), bool(base["stable"])
    row: dict[str, object] = {"n_samples": 0, "basal_concentration": mean, "basal_concentration_se": mean_se}
    row |= {"basal_ci_low": base["ci_low"], "basal_ci_high": base["ci_high"], "threshold_percent": threshold_percent}
    row["baseline_stable"] = stable
    reasons = [] if stable else [f"baseline: {base['reason']}"]
    after = course["period"] == AFTER
    begin = 0.0
    if window_min is not None:
        begin = window_min[0]
        inside = (course["end_min"] > begin + TOLERANCE_MIN) & (course["start_min"] < window_min[1] - TOLERANCE_MIN)
        course = {name: column[inside] for name, column in course.items()}
        course["start_min"] = np.maximum(course["start_min"], begin)
        course["end_min"] = np.minimum(course["end_min"], window_min[1])
        after = np.isin(course["period"], [AFTER]) | ((begin < 0) & (course["period"] != "unknown"))
    used = {name: column[course["counted"] & after] for name, column in course.items()}
    hidden = np.isfinite(course["least"])
    row["n_samples"] = len(used["period"]) + int((hidden & after).sum())
    if not row["n_samples"]:
        return {**row, "reason": _join([*reasons, "no sample after the treatment has a number"])}, math.nan
    low = int(np.isin(used["status"], LOW).sum())
    if low:
        reasons.append(f"{low} of {row['n_samples']} samples are below a limit and count with the number measured")
    drugs = list(dict.fromkeys(used["condition"]))
    if len(drugs) > 1:
        reasons.append(f"the window holds several conditions: {', '.join(drugs)}")
    entering = (course["counted"] | hidden) & after
    reached, last = float(course["end_min"][entering].max()), float(course["end_min"][after].max())
    if last > reached + TOLERANCE_MIN:
        reasons.append(f"no number after {reached:g} min, collected until {last:g} min")
    within = (course["counted"] | hidden) & (after | (course["period"] == STRADDLES))
    area = area_weights(course["start_min"][within], course["end_min"][within], largest_gap, begin)
    row["window_min"] = area.window_min
    if area.reason:
        reasons.append(area.reason)
    divisor = Divisor(float(base["divisor"]), float(base["own_se"]), loadings_in(base))
    moved: Floats | float = math.nan
    unsaid = {name: column[hidden & after] for name, column in course.items()}
    if len(unsaid["least"]):
        reasons.append(f"{len(unsaid['least'])} of {row['n_samples']} samples are below a limit and have no number")
    if np.isinf(used["percent_baseline"]).any():
        reasons.append("per cent of baseline is too large for a number")
    if np.isfinite(used["percent_baseline"]).all() and divisor.mean > 0:
        minutes = np.full(len(within), np.nan)
        if area.weights is not None:
            minutes[within] = area.weights
        used["minutes"], unsaid["minutes"] = minutes[course["counted"] & after], minutes[hidden & after]
        peak, texts = _peak(used, unsaid, divisor, threshold_percent)
        row |= peak
        reasons += texts
        if area.weights is not None:
            entering_area = {name: column[within] for name, column in course.items()}
            found, texts, of_area = _area(entering_area, area.weights, divisor)
            row |= found
            reasons += texts
            moved = of_area if base.get("normalised_to", "own baseline") == "own baseline" else math.nan
    return {**row, "reason": _join(reasons)}, moved


def _area(
    course: dict[str, NDArray[Any]], weights: Floats, base: Divisor
) -> tuple[dict[str, object], list[str], Floats]:
    """The area and its standard error: errors of the samples, that of the baseline common to all, and those shared.

    `least` and `most` of the course bound the samples that have no number, and are NaN elsewhere. Also the loadings
    (k,) of the area, of its lower end where it has two.
    """
    hidden = np.isfinite(course["least"])
    error = np.where(hidden, 0.0, course["own_se"])
    shared = weights @ np.where(hidden[:, None], 0.0, course["loadings"])
    ends, moved = [], []
    for bound in (course["least"], course["most"]):
        filled = np.where(hidden, bound * base.mean / 100, course["concentration"])
        area = float(weights @ (100 * filled / base.mean - 100))
        if not math.isfinite(area):
            ends.append((math.inf, math.inf))
            continue
        ratio = float(weights @ filled) / base.mean
        variance = float((weights**2) @ (error**2) + np.square(ratio * base.own_se))
        moved.append(100 / base.mean * (shared - ratio * base.loadings))
        variance = (100 / base.mean) ** 2 * variance + float(np.sum(moved[-1] ** 2))
        ends.append((area, math.sqrt(variance)))
    if not moved:
        return {}, ["the concentrations are too large for an area"], np.full(len(base.loadings), math.nan)
    (low, low_se), (high, high_se) = ends
    interval = {"auc_ci_low": low - NORMAL * low_se, "auc_ci_high": high + NORMAL * high_se}
    found = {"auc_at_least": low, "auc_at_most": high, **interval}
    found = {name: end if math.isfinite(end) else math.nan for name, end in found.items()}
    if not hidden.any():
        return {"auc_percent_min": low, "auc_percent_min_se": low_se, **found}, [], moved[0]
    upper = f"between {low:.4g} and {high:.4g}" if math.isfinite(high) else f"at least {low:.4g}"
    return dict(found), [f"the area is {upper} % min, so that no single number is given"], moved[0]


def _peak(
    used: dict[str, NDArray[Any]], unsaid: dict[str, NDArray[Any]], base: Divisor, threshold: float
) -> tuple[dict[str, object], list[str]]:
    """Peak and time above the threshold, n/a where one of the samples without a number (`unsaid`) could be above.

    `minutes` of both are what each sample stands for, NaN where there is no area.
    """
    percent, most = used["percent_baseline"], unsaid["most"]
    row: dict[str, object] = {}
    reasons = []
    times = _times(used, base, threshold)
    if len(percent) and not np.any(most > percent.max()):
        top = int(np.argmax(percent))
        row |= {"peak_percent": float(percent[top]), "time_to_peak_min": float(used["time_min"][top])}
        row["peak_percent_se"] = se = float(used["percent_baseline_se"][top])
        row |= {"peak_ci_low": percent[top] - NORMAL * se, "peak_ci_high": percent[top] + NORMAL * se}
        row |= {name: value for name, value in times.items() if name.startswith("time_to_peak")}
    else:
        reasons.append(f"no peak: a sample without a number could be as high as {most.max():.4g} %")
    above = unsaid["least"] > threshold
    if np.any((most > threshold) & ~above):
        reasons.append("no duration: a sample without a number could be above the threshold")
    else:
        sure = float(np.sum(unsaid["minutes"][above]))
        row |= {name: value + sure for name, value in times.items() if name.startswith("duration")}
    return row, reasons


def _times(used: dict[str, NDArray[Any]], base: Divisor, threshold: float) -> dict[str, float]:
    """Duration above the threshold, and intervals of it and of the time to peak."""
    value, error = used["concentration"], used["own_se"]
    found = {"duration_above_min": float(used["minutes"] @ (100 * value / base.mean > threshold))}
    if not (len(value) and np.isfinite(error).all() and np.isfinite(base.own_se)):
        return found
    together = _noise(len(value) + 1 + len(base.loadings))[:, len(value) :]
    draws = value + error * _noise(len(value)) + together[:, 1:] @ used["loadings"].T
    peaks = used["time_min"][np.argmax(draws, axis=1)]
    bases = base.mean + base.own_se * together[:, :1] + (together[:, 1:] @ base.loadings)[:, None]
    above = (100 * draws > threshold * bases) @ used["minutes"]
    for name, drawn in (("time_to_peak", peaks), ("duration_above", above)):
        low, high = np.quantile(drawn, [0.025, 0.975], method="inverted_cdf")
        found |= {f"{name}_ci_low": float(low), f"{name}_ci_high": float(high)}
    return found


@cache
def _noise(width: int) -> Floats:
    return np.random.default_rng(SEED).standard_normal((DRAWS, width))


def _join(reasons: Iterable[str]) -> str | None:
    return "; ".join(reasons) or None
