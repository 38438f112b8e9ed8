"""Responses of a run, their calibration per analyte, and the rows of calibration.tsv and its figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.chromatography.calibrate import Blank, Calibrated, Standards, calibrate
from coeruleus.chromatography.internal import ratio_volumes
from coeruleus.chromatography.peak_rows import Row
from coeruleus.chromatography.settings import Analyte, Calibration
from coeruleus.chromatography.units import UnitError, conversion
from coeruleus.chromatography.volumes import Volumes, in_amounts, volumes_of
from coeruleus.tables import status
from coeruleus.tables.problems import Problem

STAGE = "chromatography"


@dataclass(frozen=True)
class Response:
    """What is calibrated of one injection and analyte: area, or area over that of the internal standard."""

    value: float
    se: float
    status: str
    reason: str | None


LEAST_INTERNAL = 0.2  # of the internal standard's usual area; below, it says nothing of the injection


@dataclass
class RunCalibration:
    """Per analyte, in the order of the run's injections."""

    analytes: list[Analyte]
    settings: Calibration = field(default_factory=Calibration)
    by_analyte: dict[str, Calibrated] = field(default_factory=dict)
    responses: dict[tuple[str, str], Response] = field(default_factory=dict)
    nominal: dict[tuple[str, str], float] = field(default_factory=dict)  # concentration in the analyte's unit
    volumes: dict[str, Volumes] = field(default_factory=dict)
    ratio_volumes: dict[str, Volumes] = field(default_factory=dict)  # for areas divided by the internal standard's
    place: dict[str, int] = field(default_factory=dict)
    table: list[dict[str, Any]] = field(default_factory=list)
    points: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def internal_standard(self) -> str | None:
        return self.settings.internal_standard

    def volume(self, injection: str, name: str) -> Volumes:
        """What makes a response of this analyte a concentration."""
        return (self.volumes if name == self.internal_standard else self.ratio_volumes or self.volumes)[injection]


def calibrate_run(
    injections: pd.DataFrame,
    rows: Mapping[tuple[str, str], Row],
    standards: pd.DataFrame,
    analytes: Sequence[Analyte],
    settings: Calibration,
) -> RunCalibration:
    """Calibrate every analyte of one run from the areas in `rows`."""
    run = str(injections["run"].iloc[0]) if len(injections) else ""
    result = RunCalibration(list(analytes), settings)
    ids, internal = list(injections["injection_id"]), settings.internal_standard
    result.place = {i: k for k, i in enumerate(ids)}
    amounts = in_amounts(injections, settings.internal_standard)
    result.volumes = dict(zip(ids, volumes_of(injections, amounts), strict=True))
    if internal is not None and injections["injected_ul"].notna().any():
        text = f"areas are divided by that of {internal}, in which the injected volume cancels: injected_ul is not used"
        result.problems.append(Problem(STAGE, f"run {run}", "warning", text))
    kinds = dict(zip(ids, injections["kind"], strict=True))
    levels = dict(zip(ids, injections["level"], strict=True))
    _fill_nominal(result, standards, levels)
    if internal is not None:
        held = {i: result.nominal[i, internal] for i in ids if (i, internal) in result.nominal}
        ratio, notes = ratio_volumes(injections, settings, held)
        result.ratio_volumes = dict(zip(ids, ratio, strict=True))
        result.problems += [Problem(STAGE, f"run {run}", "warning", note) for note in notes]
    order = np.arange(len(ids), dtype=float)
    typical = _typical_area(rows, ids, internal)
    for analyte in analytes:
        name = analyte.name
        for i in ids:
            result.responses[i, name] = response_of(rows, i, name, internal, typical, kinds[i] == "blank")
        chosen = [i for i in ids if kinds[i] == "standard" and (i, name) in result.nominal]
        data = Standards(
            chosen,
            np.array([result.place[i] for i in chosen], float),
            np.array([on_axis(result, i, name) for i in chosen], float),
            np.array([result.responses[i, name].value for i in chosen], float),
            np.array([result.responses[i, name].se for i in chosen], float),
            [_why_not(result, i, name) for i in chosen],
        )
        blank = _blank_sigma(result, ids, kinds, name)
        own = settings
        if name == settings.internal_standard and np.unique(data.nominal).size == 1:
            # the same amount everywhere: a line through one level and zero
            own = replace(settings, model="linear_through_origin")
        done = calibrate(data, order, blank, own)
        result.by_analyte[name] = done
        unit = f"{analyte.unit}·µl" if amounts else analyte.unit
        result.table.append(_table_row(run, name, unit, own, done, data))
        _add_points(result, run, name, data, done, ids, kinds)
        _add_problems(result, run, name, data, done)
    lines = {name: done for name, done in result.by_analyte.items() if done.line is not None}
    steady = [name for name, done in lines.items() if not done.drift_followed]
    if settings.drift_correction and steady:
        text = f"{', '.join(steady)}: sensitivity is not corrected for drift: no level was injected again later"
        result.problems.append(Problem(STAGE, f"run {run}", "warning", text))
    return result


def _fill_nominal(result: RunCalibration, standards: pd.DataFrame, levels: Mapping[str, str | None]) -> None:
    units = {a.name: a.unit for a in result.analytes}
    contents: dict[str, list[tuple[str, float]]] = {}
    for row in standards.to_dict("records"):
        name, unit = row["analyte"], row.get("unit")
        if name not in units:
            continue
        try:
            factor = conversion(unit, units[name], name) if isinstance(unit, str) else 1.0
        except UnitError as problem:
            text = f"level {row['level']}, {name}: {problem}; this level is not used for it"
            result.problems.append(Problem(STAGE, "dialysate/standards.tsv", "error", text))
            continue
        contents.setdefault(row["level"], []).append((name, float(row["concentration"]) * factor))
    for injection, level in levels.items():
        for name, value in contents.get(level, []) if isinstance(level, str) else []:
            result.nominal[injection, name] = value


def _typical_area(rows: Mapping[tuple[str, str], Row], ids: Sequence[str], internal: str | None) -> float:
    """Median area of the internal standard where it was found."""
    if internal is None:
        return float("nan")
    found = [
        _signed_area(rows[i, internal]) for i in ids if (i, internal) in rows and rows[i, internal]["status"] == "ok"
    ]
    return float(np.median(found)) if found else float("nan")


def _signed_area(row: Row) -> float:
    """The area as a response: that of a dip counts upwards."""
    area = float(row.get("area", np.nan))
    return -area if row.get("negative") else area


def response_of(
    rows: Mapping[tuple[str, str], Row], injection: str, name: str, internal: str | None, typical: float, blank: bool
) -> Response:
    """Area with its error and the peak's status; divided by the internal standard's where there is one.

    A blank need not hold any internal standard: its area is divided by the `typical` one of the run.
    """
    row = rows[injection, name]
    area, se = _signed_area(row), float(row.get("area_se", np.nan))
    state, reason = row["status"], row.get("reason")
    if state not in (status.OK, status.NOT_FOUND):
        return Response(float("nan"), float("nan"), state, reason)
    if internal is None or internal == name:
        return Response(area, se, state, reason)
    if blank and typical > 0:
        return Response(area / typical, se / typical, state, reason)
    other = rows.get((injection, internal))
    if other is not None and other["status"] == status.OK and _signed_area(other) < LEAST_INTERNAL * typical:
        share = 100 * _signed_area(other) / typical
        text = f"the internal standard {internal} has {share:.0f} % of its usual area in this run: check the injection"
        return Response(float("nan"), float("nan"), status.FAILED, text)
    if other is None or other["status"] != status.OK or not _signed_area(other) > 0:
        why = other.get("reason") if other is not None else "it is not an analyte of experiment.yaml"
        text = f"the internal standard {internal} cannot be used here: {why}"
        return Response(float("nan"), float("nan"), status.FAILED, text)
    by, by_se = _signed_area(other), float(np.nan_to_num(other.get("area_se", 0.0)))
    return Response(area / by, float(np.sqrt(se**2 + (area / by * by_se) ** 2)) / by, state, reason)


def on_axis(result: RunCalibration, injection: str, name: str) -> float:
    """What the level puts on the calibration's axis: concentration in the vial, or amount on column."""
    volumes = result.volume(injection, name)
    return result.nominal[injection, name] * volumes.injected / volumes.undo


def _why_not(result: RunCalibration, injection: str, name: str) -> str | None:
    response, volumes = result.responses[injection, name], result.volume(injection, name)
    if volumes.reason is not None:
        return volumes.reason
    if response.status != status.OK:
        return f"{response.status}: {response.reason}"
    if not response.value > 0:
        return "its area is not above zero"
    return None


def _blank_sigma(result: RunCalibration, ids: Sequence[str], kinds: Mapping[str, Any], name: str) -> Blank:
    """Standard deviation of the response of a blank: from blanks, else from injections where nothing was found."""

    def errors(wanted: Sequence[str]) -> np.ndarray:
        values = np.array([result.responses[i, name].se for i in wanted], float)
        return values[np.isfinite(values) & (values > 0)]

    blanks = [i for i in ids if kinds[i] == "blank"]
    of_blanks = errors(blanks)
    areas = np.array([result.responses[i, name].value for i in blanks], float)
    areas = areas[np.isfinite(areas)]
    if of_blanks.size:
        typical = float(np.median(of_blanks))
        spread = float(1.4826 * np.median(np.abs(areas - np.median(areas)))) if areas.size >= 6 else 0.0
        return Blank(max(typical, spread), "blanks")
    if areas.size >= 6 and np.ptp(areas) > 0:  # typed areas of blanks
        return Blank(float(np.std(areas, ddof=1)), "blanks")
    absent = errors([i for i in ids if result.responses[i, name].status == status.NOT_FOUND])
    if absent.size:
        return Blank(float(np.median(absent)), "area errors of injections without a peak")
    lowest = errors(ids)
    if lowest.size:
        return Blank(
            float(np.sort(lowest)[: max(1, lowest.size // 4)].mean()), "area errors of the faintest injections"
        )
    return Blank(float("nan"), "blanks")


def _table_row(
    run: str, name: str, unit: str, settings: Calibration, done: Calibrated, data: Standards
) -> dict[str, Any]:
    internal = settings.internal_standard
    row: dict[str, Any] = {
        "run": run,
        "analyte": name,
        "model": settings.model,
        "weighting": settings.weighting,
        "n_standards": int(done.used.sum()),
        "n_rejected": int((~done.used).sum()),
        "unit": unit,
        "status": status.OK if done.line is not None else status.FAILED,
        "reason": done.reason,
        "response": "area" if internal in (None, name) else f"area ÷ area of {internal}",
    }
    if done.line is None:
        return row
    if not np.all(np.isfinite(done.line.coefficients)) or done.line.coefficients[1] == 0:
        return row | {"status": status.FAILED, "reason": "no line fits these standards: check their concentrations"}
    line = done.line
    errors = np.sqrt(np.diag(line.covariance))
    drift = np.exp(done.sensitivity.log)
    quadratic, origin = settings.model == "quadratic", settings.model == "linear_through_origin"
    row.update(
        slope=line.coefficients[1],
        intercept=line.coefficients[0],
        slope_se=errors[1],
        intercept_se=None if origin else errors[0],
        quadratic=line.coefficients[2] if quadratic else None,
        quadratic_se=errors[2] if quadratic else None,
        r_squared=line.r_squared,
        residual_sd=line.residual_sd,
        lowest=float(data.nominal[done.used].min()),
        highest=float(data.nominal[done.used].max()),
        lod=3.3 * done.sigma / line.coefficients[1],
        loq=10 * done.sigma / line.coefficients[1],
        limits_from=done.limits_from,
        **{f"lod_{source}": 3.3 * sigma / line.coefficients[1] for source, sigma in done.sigmas.items()},
        drift_percent=100 * (drift[-1] / drift[0] - 1) if done.drift_followed else None,
    )
    return row


def _add_points(
    result: RunCalibration,
    run: str,
    name: str,
    data: Standards,
    done: Calibrated,
    ids: Sequence[str],
    kinds: Mapping[str, Any],
) -> None:
    used = {i: (bool(u), w) for i, u, w in zip(data.injection_id, done.used, done.why_not, strict=True)}
    for i in ids:
        if (i, name) not in result.nominal or kinds[i] not in ("standard", "qc"):
            continue
        x, response = on_axis(result, i, name), result.responses[i, name]
        factor = float(np.exp(done.sensitivity.log[result.place[i]]))
        was_used, why = used.get(i, (False, None))
        result.points.append(
            {
                "run": run,
                "analyte": name,
                "injection_id": i,
                "nominal": x,
                "response": response.value / factor,
                "response_se": response.se / factor,
                "fitted": float(done.line.at(x)[0]) if done.line is not None else None,
                "used": was_used,
                "reason": why,
                "kind": kinds[i],
            }
        )


def _add_problems(result: RunCalibration, run: str, name: str, data: Standards, done: Calibrated) -> None:
    if done.line is None:
        text = f"{name} has no calibration: {done.reason}"
        result.problems.append(Problem(STAGE, f"run {run}", "error", text))
    loq = 10 * done.sigma / done.line.coefficients[1] if done.line is not None else 0.0
    for injection, used, why, nominal in zip(data.injection_id, done.used, done.why_not, data.nominal, strict=True):
        faint = result.responses[injection, name].status == status.NOT_FOUND and nominal < loq
        if not used and why is not None and not faint:
            result.problems.append(Problem(STAGE, injection, "warning", f"standard, {name}: {why}"))
    result.problems += [Problem(STAGE, f"run {run}", "warning", f"{name}: {note}") for note in done.notes]
