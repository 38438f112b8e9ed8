"""One HPLC run from traces (or typed areas) to peaks, calibration, accuracy and concentrations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coeruleus.chromatography.aligned import aligned_minutes
from coeruleus.chromatography.calibration_rows import calibrate_run
from coeruleus.chromatography.classical import Drawn, Workbench
from coeruleus.chromatography.classical_rows import Place, classical_row
from coeruleus.chromatography.concentration_rows import accuracy_rows, concentration_rows
from coeruleus.chromatography.displays import drift_rows, trace_frame
from coeruleus.chromatography.learn import typical_shape
from coeruleus.chromatography.measure import Peak, measure_run
from coeruleus.chromatography.peak_rows import Row, curate, lost_row, measured_row, typed_rows
from coeruleus.chromatography.prepare import Trace, why_unusable
from coeruleus.chromatography.run_model import RunModel, why_no_peak
from coeruleus.chromatography.settings import FIT, Analyte, Calibration, Integration
from coeruleus.chromatography.suitability import Limits, suitability_rows
from coeruleus.tables import dialysate, sources, status
from coeruleus.tables.problems import Problem

__all__ = ["Analyte", "Calibration", "Integration", "RunResult", "Trace", "quantify_run"]

STAGE = "chromatography"
SHIFT_WORTH_A_LOOK = 0.02  # of the retention time
SCORE_WORTH_A_LOOK = 8.0
COARSE = 3.0  # times the usual sampling interval


@dataclass(frozen=True)
class RunResult:
    """Frames of tables/dialysate.py and tables/sources.py, and what went wrong."""

    peaks: pd.DataFrame
    calibration: pd.DataFrame
    accuracy: pd.DataFrame
    concentrations: pd.DataFrame
    traces: pd.DataFrame
    calibration_points: pd.DataFrame
    drift: pd.DataFrame
    problems: list[Problem]
    suitability: pd.DataFrame


@dataclass(frozen=True)
class _Measured:
    rows: dict[tuple[str, str], Row]
    traces: pd.DataFrame
    predicted: dict[tuple[str, str], float]
    problems: list[Problem]


def quantify_run(
    injections: pd.DataFrame,
    traces: Mapping[str, Trace],
    unreadable: Mapping[str, tuple[str, str]],
    standards: pd.DataFrame,
    analytes: Sequence[Analyte],
    calibration: Calibration,
    curation_peaks: pd.DataFrame,
    areas: pd.DataFrame | None = None,
    limits: Limits | None = None,
) -> RunResult:
    """Everything that one run gives.

    `injections`: the rows of one run of the completed sheet. `traces`: chromatograms by injection_id, cut and
    re-zeroed; `unreadable`: (status, reason) of the files that could not be read. With `areas` (injection_id,
    analyte, area, optionally status and reason) no trace is looked at. `limits` are of system suitability. Every
    injection × analyte keeps a row. Raises ValueError if the injections belong to more than one run.
    """
    if injections["run"].nunique() > 1:
        raise ValueError(f"one run at a time; found {', '.join(sorted(map(str, injections['run'].unique())))}")
    if "order" in injections:
        injections = injections.sort_values("order", kind="stable", ignore_index=True)
    names = [a.name for a in analytes]
    if areas is not None:
        measured = _Measured(typed_rows(injections, names, areas), sources.TRACES.frame(), {}, [])
    else:
        measured = _measure(injections, traces, unreadable, standards, analytes, curation_peaks)
    rows = measured.rows
    if areas is not None:
        for key, decision in _decisions(curation_peaks).items():
            if key in rows:
                rows[key] = curate(rows[key], decision, None, None, 1.0)
    calibrated = calibrate_run(injections, rows, standards, analytes, calibration)
    accuracy = accuracy_rows(injections, calibrated)
    concentrations = concentration_rows(injections, rows, calibrated)
    run = str(injections["run"].iloc[0]) if len(injections) else ""
    problems = measured.problems + _problems(injections, rows, run) + calibrated.problems
    kinds = dict(zip(injections["injection_id"], injections["kind"], strict=True))
    units = {i: t.unit for i, t in traces.items()}
    peaks = [
        {"injection_id": i, "analyte": a, "run": run, "kind": kinds[i], "signal_unit": units.get(i), **_columns(row)}
        for (i, a), row in rows.items()
    ]
    return RunResult(
        dialysate.PEAKS.frame(peaks),
        dialysate.CALIBRATION.frame(calibrated.table),
        dialysate.ACCURACY.frame(accuracy),
        dialysate.CONCENTRATIONS.frame(concentrations),
        measured.traces.assign(aligned_min=aligned_minutes(measured.traces, measured.predicted)),
        sources.CALIBRATION_POINTS.frame(calibrated.points),
        sources.DRIFT.frame(drift_rows(injections, rows, measured.predicted, calibrated)),
        sorted(set(problems)),
        dialysate.SUITABILITY.frame(
            suitability_rows(injections, rows, calibrated, {} if areas is not None else traces, limits or Limits())
        ),
    )


def _columns(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "negative"}


def _decisions(curation: pd.DataFrame) -> dict[tuple[str, str], dict[str, object]]:
    return {(str(r["injection_id"]), str(r["analyte"])): {str(k): v for k, v in r.items()}
            for r in curation.to_dict("records")}  # fmt: skip


def _measure(
    injections: pd.DataFrame,
    traces: Mapping[str, Trace],
    unreadable: Mapping[str, tuple[str, str]],
    standards: pd.DataFrame,
    analytes: Sequence[Analyte],
    curation: pd.DataFrame,
) -> _Measured:
    rows: dict[tuple[str, str], Row] = {}
    placed = [a for a in analytes if a.retention_time is not None]
    times = np.array([a.retention_time for a in placed], float)
    usable: list[str] = []
    for injection in injections["injection_id"]:
        state, reason = unreadable.get(injection, (None, None))
        if state is None:
            state, reason = status.MISSING, "no chromatogram was given for this injection"
            if injection in traces:
                reason = why_unusable(traces[injection]) or why_no_peak(traces[injection], times)
                state = status.FAILED
        if reason is None:
            usable.append(injection)
        else:
            rows.update({(injection, a.name): lost_row(state, reason) for a in analytes})
    usable = _of_one_rate(usable, traces, rows, analytes)
    rising = [a for a in placed if not a.integration.negative]
    dips = [a for a in placed if a.integration.negative]
    modelled, followed = (rising, dips) if rising else (dips, [])
    for a in analytes:
        if a.retention_time is None:
            text = f"experiment.yaml gives no retention_time for {a.name}"
            rows.update({(i, a.name): lost_row(status.FAILED, text) for i in usable})
    empty = sources.TRACES.frame()
    if not usable:
        return _Measured(rows, empty, {}, [])
    if not placed:
        frame = trace_frame([(i, traces[i], None, []) for i in usable])
        return _Measured(rows, frame, {}, [])
    levels = dict(zip(injections["injection_id"], injections["level"], strict=True))
    held = {(r["level"], r["analyte"]) for r in standards.to_dict("records") if r["concentration"] > 0}
    expected = np.array([[(levels[i], a.name) in held and a in rising for a in modelled] for i in usable])
    nominal = np.array([a.retention_time for a in modelled], float)
    peaks, model = measure_run([traces[i] for i in usable], nominal, expected, [a.name for a in modelled])
    decisions = _decisions(curation)
    predicted, shown = {}, []
    for k, injection in enumerate(usable):
        scale, cells = float(model.noise_scale[k]), model.cells[k]
        bench, drawn = Workbench(cells, model.noise, scale), list[Peak | Drawn]()
        for a, peak in [*zip(modelled, peaks[k], strict=True), *((a, None) for a in followed)]:
            key = (injection, a.name)
            if a.integration.mode == FIT and peak is not None:
                rows[key], predicted[key] = measured_row(peak), peak.predicted
                drawn.append(peak)
            else:
                place = _place(a, modelled, model, k, peak)
                predicted[key] = place.expected
                rows[key], done = classical_row(bench, a.integration, place)
                drawn += [done] if done is not None else []
            if key in decisions:
                rows[key] = curate(rows[key], decisions[key], Trace(cells.time, cells.signal), model.noise, scale)
        shown.append((injection, traces[injection], cells, drawn))
    for key, decision in decisions.items():
        if key in rows and key[0] not in usable and decision["action"] == "exclude":
            rows[key] = curate(rows[key], decision, None, None, 1.0)
    frame = trace_frame(shown)
    ordered = {(i, a.name): rows[i, a.name] for i in injections["injection_id"] for a in analytes}
    return _Measured(ordered, frame, predicted, _run_problems(injections, model, modelled))


def _place(a: Analyte, modelled: Sequence[Analyte], model: RunModel, k: int, peak: Peak | None) -> Place:
    """Where and how wide the run says that an analyte is in injection `k`; a dip is taken to move as the others do."""
    stretch = float(np.exp(model.stretch[k]))
    if peak is None or not any(model.learnt_from):
        shape = typical_shape(float(a.retention_time or 0.0))
        return Place(float(a.retention_time or 0.0) * stretch, shape.stretched(stretch), False)
    j = modelled.index(a)
    return Place(peak.predicted, model.shapes[j].stretched(peak.predicted / float(model.base[j])), True)


def _of_one_rate(
    usable: Sequence[str], traces: Mapping[str, Trace], rows: dict[tuple[str, str], Row], analytes: Sequence[Analyte]
) -> list[str]:
    """Those not sampled far more coarsely than the rest of the run, which they would pull down to their own."""
    steps = {i: float(np.nanmedian(np.diff(np.asarray(traces[i].time_min, float)))) for i in usable}
    usual = float(np.median(list(steps.values()))) if steps else 0.0
    kept = [i for i in usable if steps[i] <= COARSE * usual]
    for i in sorted(set(usable) - set(kept)):
        text = f"it is sampled every {60 * steps[i]:.3g} s and the run every {60 * usual:.3g} s: export it again"
        rows.update({(i, a.name): lost_row(status.FAILED, text) for a in analytes})
    return kept


def _run_problems(injections: pd.DataFrame, model: RunModel, placed: Sequence[Analyte]) -> list[Problem]:
    run, problems = str(injections["run"].iloc[0]), []
    if not any(model.learnt_from):
        text = "no injection shows a strong peak: retention times are nominal and the peak shape is a typical one"
        problems.append(Problem(STAGE, f"run {run}", "warning", text))
        return problems
    moved = []
    for a, base, shift, count in zip(placed, model.base, model.shift, model.learnt_from, strict=True):
        if count and abs(shift) > SHIFT_WORTH_A_LOOK * base:
            moved.append(f"{a.name} at {base:.2f} min ({shift:+.2f})")
        if not count:
            text = f"{a.name} has no strong peak in this run: its place and shape are taken from its neighbours"
            problems.append(Problem(STAGE, f"run {run}", "warning", text))
    if moved:
        text = f"peaks are away from the nominal times of experiment.yaml, and were followed: {', '.join(moved)}"
        problems.append(Problem(STAGE, f"run {run}", "warning", text))
    return problems


def _problems(injections: pd.DataFrame, rows: Mapping[tuple[str, str], Row], run: str) -> list[Problem]:
    problems = []
    for injection in injections["injection_id"]:
        own = {a: row for (i, a), row in rows.items() if i == injection}
        reasons: dict[tuple[str, str], list[str]] = {}
        for name, row in own.items():
            if row["status"] in (status.FAILED, status.MISSING, status.SATURATED):
                reasons.setdefault((row["status"], str(row["reason"])), []).append(name)
            if row.get("fit_score", 0.0) > SCORE_WORTH_A_LOOK:
                text = f"{name}: model and trace differ by {row['fit_score']:.1f} times the noise; look at the fit"
                problems.append(Problem(STAGE, injection, "warning", text))
        for (state, reason), names in reasons.items():
            what = "" if len(names) == len(own) else f"{', '.join(names)}: "
            problems.append(Problem(STAGE, injection, "error", f"{what}{state}: {reason}"))
    return problems
