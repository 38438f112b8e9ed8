"""System suitability of a run, by the definitions of USP <621> (2022)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.chromatography.arrays import Floats, stretches
from coeruleus.chromatography.calibration_rows import RunCalibration
from coeruleus.chromatography.peak_rows import Row
from coeruleus.chromatography.peaks_and_dips import find_peaks_and_dips
from coeruleus.chromatography.prepare import Trace, even
from coeruleus.tables import status

MOST_ASKED = 3  # injections for the signal over the noise, spread over the run
NOISE_WIDTHS = 5.0  # full widths at half height of quiet trace that the range of noise is taken over
FEWEST = 3  # injections for a relative standard deviation
STRONG = 10.0  # area over its error, for a peak whose shape is judged


@dataclass(frozen=True)
class Limits:
    """None: shown and not judged."""

    dead_time_min: float | None = None
    min_retention_factor: float | None = None
    min_resolution: float | None = 1.5
    min_tailing: float | None = 0.8
    max_tailing: float | None = 1.8
    min_plates: float | None = None
    min_signal_to_noise: float | None = 10.0
    max_retention_rsd_percent: float | None = 2.0
    max_area_rsd_percent: float | None = 5.0


@dataclass(frozen=True)
class _Result:
    test: str
    values: list[float]  # of the injections that say it
    value: float
    unit: str | None
    low: float | None
    high: float | None
    reason: str | None


def suitability_rows(
    injections: pd.DataFrame,
    rows: Mapping[tuple[str, str], Row],
    calibrated: RunCalibration,
    traces: Mapping[str, Trace],
    limits: Limits,
) -> list[dict[str, Any]]:
    """A row for each test of each analyte of one run.

    Shape, resolution and retention are those of the standards (median), signal-to-noise that of the lowest level,
    repeatability that of replicates of one level, pooled over levels. A value that cannot be had is NaN, and its
    verdict is not_tested with a reason.
    """
    run = str(injections["run"].iloc[0]) if len(injections) else ""
    kinds = dict(zip(injections["injection_id"], injections["kind"], strict=True))
    levels = dict(zip(injections["injection_id"], injections["level"], strict=True))
    noise = _Noise(traces)
    table = []
    for analyte in calibrated.analytes:
        name = analyte.name
        standards = [
            i for i in injections["injection_id"] if kinds[i] == "standard" and calibrated.nominal.get((i, name), 0) > 0
        ]
        found = [i for i in standards if rows[i, name]["status"] == status.OK]
        results = [
            *_shape(rows, name, found, limits, bool(standards)),
            _signal_to_noise(rows, calibrated, name, standards, noise, limits),
            _retention(rows, name, found, limits),
            *_areas(rows, calibrated, name, found, levels, limits),
        ]
        if name == calibrated.internal_standard:
            results.append(_internal(rows, name, list(injections["injection_id"]), limits))
        table += [_row(run, name, result) for result in results]
    return table


def _row(run: str, name: str, result: _Result) -> dict[str, Any]:
    judged = result.low is not None or result.high is not None
    verdict, reason = "not_tested", result.reason
    if np.isfinite(result.value) and judged:
        low = -np.inf if result.low is None else result.low
        high = np.inf if result.high is None else result.high
        verdict = "pass" if low <= result.value <= high else "fail"
        if verdict == "fail":
            side = f"below {low:g}" if result.value < low else f"above {high:g}"
            reason = f"{result.value:.3g} is {side}"
    elif np.isfinite(result.value) and reason is None:
        reason = "no limit is set for it"
    return {
        "run": run,
        "analyte": name,
        "test": result.test,
        "value": result.value,
        "unit": result.unit,
        "lowest": min(result.values, default=float("nan")),
        "highest": max(result.values, default=float("nan")),
        "limit_low": result.low,
        "limit_high": result.high,
        "n_injections": len(result.values),
        "verdict": verdict,
        "reason": reason,
    }


def _median(
    test: str, values: Sequence[float], unit: str | None, low: float | None, high: float | None, why: str
) -> _Result:
    finite = [float(v) for v in values if np.isfinite(v)]
    value = float(np.median(finite)) if finite else float("nan")
    return _Result(test, finite, value, unit, low, high, None if finite else why)


def _shape(
    rows: Mapping[tuple[str, str], Row], name: str, found: Sequence[str], limits: Limits, held: bool
) -> list[_Result]:
    strong = [rows[i, name] for i in found if not rows[i, name].get("snr", np.nan) < STRONG]
    why = "no standard shows it well enough" if held else "no standard of the run contains it"
    retention, width = (
        np.array([row.get(column, np.nan) for row in strong], float)
        for column in ("retention_time_min", "width_half_min")
    )
    if strong and not np.isfinite(width).any():
        why = "there is no chromatogram: areas were typed in"
    alone = why if not np.isfinite(width).any() else "no neighbour to be resolved from"
    dead = limits.dead_time_min
    factor = [] if dead is None else list((retention - dead) / dead)
    no_dead = "the dead time is not known: give suitability.dead_time_min" if dead is None else why
    return [
        _median("resolution", [r.get("resolution", np.nan) for r in strong], None, limits.min_resolution, None, alone),
        _median(
            "tailing", [r.get("tailing", np.nan) for r in strong], None, limits.min_tailing, limits.max_tailing, why
        ),
        _median("plates", list(5.54 * (retention / width) ** 2), None, limits.min_plates, None, why),
        _median("retention_factor", factor, None, limits.min_retention_factor, None, no_dead),
    ]


def _rsd(values: Sequence[float]) -> float:
    return 100 * float(np.std(values, ddof=1) / abs(np.mean(values)))


def _spread(
    test: str, groups: Sequence[Sequence[float]], high: float | None, what: str, note: str | None = None
) -> _Result:
    """Relative standard deviation within groups, pooled by their degrees of freedom."""
    kept = [g for g in groups if len(g) > 1 and np.mean(g) != 0]
    freedom = sum(len(g) - 1 for g in kept)
    if freedom < FEWEST - 1:
        return _Result(test, [], float("nan"), "%", None, high, f"fewer than {FEWEST} {what}")
    value = float(np.sqrt(sum((len(g) - 1) * _rsd(g) ** 2 for g in kept) / freedom))
    each = [_rsd(g) for g in kept]
    result = _Result(test, each, value, "%", None, high, note)
    return result


def _retention(rows: Mapping[tuple[str, str], Row], name: str, found: Sequence[str], limits: Limits) -> _Result:
    times = [float(rows[i, name].get("retention_time_min", np.nan)) for i in found]
    times = [t for t in times if np.isfinite(t)]
    return _spread("retention_rsd", [times], limits.max_retention_rsd_percent, "standards with a retention time")


def _areas(
    rows: Mapping[tuple[str, str], Row],
    calibrated: RunCalibration,
    name: str,
    found: Sequence[str],
    levels: Mapping[str, str | None],
    limits: Limits,
) -> list[_Result]:
    """Repeatability of replicates: as they are, and with the electrode's loss of sensitivity taken out."""
    done = calibrated.by_analyte[name]
    raw: dict[str, list[float]] = {}
    corrected: dict[str, list[float]] = {}
    for i in found:
        level = str(levels[i])
        raw.setdefault(level, []).append(float(rows[i, name]["area"]))
        gain = float(np.exp(done.sensitivity.log[calibrated.place[i]]))
        corrected.setdefault(level, []).append(calibrated.responses[i, name].value / gain)
    what = "replicates of a level in all"
    shown = "shown only: the corrected one is judged"
    return [
        _spread("area_rsd", list(raw.values()), None, what, shown),
        _spread("area_rsd_corrected", list(corrected.values()), limits.max_area_rsd_percent, what),
    ]


def _internal(rows: Mapping[tuple[str, str], Row], name: str, ids: Sequence[str], limits: Limits) -> _Result:
    areas = [float(rows[i, name]["area"]) for i in ids if rows[i, name]["status"] == status.OK]
    return _spread("internal_standard_rsd", [areas], None, "injections with the internal standard", "shown only")


class _Noise:
    """Range of the noise near a peak, from the trace that the peak is in."""

    def __init__(self, traces: Mapping[str, Trace]) -> None:
        self.traces = traces
        self._quiet: dict[str, tuple[Floats, Floats, np.ndarray]] = {}

    def range_near(self, injection: str, at: float, width: float) -> float:
        """Highest minus lowest of the nearest quiet stretch of five widths, a straight drift taken off; NaN if none."""
        if injection not in self.traces or not width > 0:
            return float("nan")
        if injection not in self._quiet:
            self._quiet[injection] = self._without_peaks(self.traces[injection])
        time, signal, quiet = self._quiet[injection]
        return _nearest_range(time, signal, quiet & (np.abs(time - at) > 1.5 * width), at, NOISE_WIDTHS * width)

    @staticmethod
    def _without_peaks(trace: Trace) -> tuple[Floats, Floats, np.ndarray]:
        cells = even(trace)
        time, signal = cells.time, cells.signal
        quiet = np.ones(time.size, bool)
        for peak in find_peaks_and_dips(time, signal):
            room = 0.5 * (peak.end - peak.start)
            quiet &= (time < peak.start - 0.2 * room) | (time > peak.end + 0.2 * room)
        return time, signal, quiet


def _nearest_range(time: Floats, signal: Floats, quiet: np.ndarray, at: float, length: float) -> float:
    best, answer = np.inf, float("nan")
    for start, stop in stretches(quiet):
        if time[stop - 1] - time[start] < length:
            continue
        begin = float(np.clip(at - 0.5 * length, time[start], time[stop - 1] - length))
        inside = (time >= begin) & (time <= begin + length)
        distance = abs(begin + 0.5 * length - at)
        if distance < best and inside.sum() > 4:
            flat = signal[inside] - np.polyval(np.polyfit(time[inside] - at, signal[inside], 1), time[inside] - at)
            best, answer = distance, float(np.ptp(flat))
    return answer


def _signal_to_noise(
    rows: Mapping[tuple[str, str], Row],
    calibrated: RunCalibration,
    name: str,
    standards: Sequence[str],
    noise: _Noise,
    limits: Limits,
) -> _Result:
    """2 H / h at the lowest standard: peak height over the range of the noise."""
    low = limits.min_signal_to_noise
    if not standards:
        why = "no standard of the run contains it"
        return _Result("signal_to_noise", [], float("nan"), None, low, None, why)
    lowest = min(calibrated.nominal[i, name] for i in standards)
    asked = [i for i in standards if calibrated.nominal[i, name] == lowest]
    asked = [i for i in asked if rows[i, name]["status"] in (status.OK, status.NOT_FOUND)]
    values = []
    for k in np.unique(np.linspace(0, len(asked) - 1, MOST_ASKED).astype(int)) if asked else ():
        i = asked[k]
        row = rows[i, name]
        at, width = (float(row.get(c, np.nan)) for c in ("retention_time_min", "width_half_min"))
        spread = noise.range_near(i, at, width)
        if spread > 0:
            values.append(2 * max(abs(float(row.get("height", np.nan))), 0.0) / spread)
    why = f"no quiet stretch of {NOISE_WIDTHS:g} widths in the traces of the lowest standard"
    return _median("signal_to_noise", values, None, low, None, why)
