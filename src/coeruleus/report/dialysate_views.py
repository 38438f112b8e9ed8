"""The dialysate half of the page: one part per HPLC run, one part per analyte's release."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from coeruleus.figures.colours import GREY
from coeruleus.figures.release_verdicts import nameless
from coeruleus.report.cells import TableView, counted, plural, table
from coeruleus.report.curation_kit import buttons
from coeruleus.report.overview import Tables, get
from coeruleus.report.pictures import Picture, Pictures, left_out
from coeruleus.report.points import Points, Series, colour, worth_pointing
from coeruleus.report.sentences import told
from coeruleus.report.traces import Trace, build_traces
from coeruleus.report.vendor_areas import beside_vendor
from coeruleus.tables.order import naturally

CALIBRATION = {
    "analyte": "analyte", "status": "status", "lod": "LOD", "loq": "LOQ", "lowest": "lowest", "highest": "highest",
    "unit": "unit", "slope": "slope", "slope_se": "SE of slope", "intercept": "intercept", "r_squared": "r²",
    "n_standards": "standards", "n_rejected": "rejected", "drift_percent": "drift (%)", "model": "model",
    "weighting": "weighting", "response": "response", "reason": "reason",
}  # fmt: skip
ACCURACY = {
    "injection_id": "injection", "analyte": "analyte", "kind": "kind", "level": "level", "nominal": "nominal",
    "found": "found", "unit": "unit", "accuracy_percent": "accuracy (%)", "accepted": "accepted", "reason": "reason",
}  # fmt: skip
SUITABILITY = {
    "analyte": "analyte", "test": "test", "verdict": "verdict", "value": "value", "unit": "unit", "lowest": "lowest",
    "highest": "highest", "limit_low": "at least", "limit_high": "at most", "n_injections": "n", "reason": "reason",
}  # fmt: skip
PEAKS = {
    "injection_id": "injection", "kind": "kind", "analyte": "analyte", "status": "status", "reason": "reason",
    "retention_time_min": "retention (min)", "area": "area", "area_se": "SE of area", "snr": "S/N",
    "fit_score": "misfit",
}  # fmt: skip
BASELINES = {
    "subject_id": "animal", "session_id": "session", "probe_id": "probe", "n_samples": "samples", "mean": "mean",
    "unit": "unit", "cv": "CV", "stable": "stable", "reason": "reason",
}  # fmt: skip
SUMMARY = {
    "subject_id": "animal", "session_id": "session", "probe_id": "probe", "group": "group",
    "basal_concentration": "basal", "unit": "unit", "peak_percent": "peak (% of baseline)",
    "time_to_peak_min": "time to peak (min)", "auc_percent_min": "AUC (% min)", "window_min": "window (min)",
    "n_samples": "samples", "reason": "reason",
}  # fmt: skip
STATISTICS = {
    "model": "model", "effect": "effect", "estimate": "estimate", "se": "SE", "df": "df", "statistic": "statistic",
    "p_value": "p", "ci_low": "95 % CI from", "ci_high": "to", "n_subjects": "animals", "n_samples": "samples",
    "reason": "remark",
}  # fmt: skip
BESIDE = {
    "injection_id": "injection", "kind": "kind", "analyte": "analyte", "difference_percent": "ours − theirs (%)",
    "area": "our area", "area_se": "SE of our area", "vendor_area": "vendor's area",
    "retention_time_min": "our retention (min)", "vendor_retention_min": "vendor's (min)",
    "vendor_name": "vendor's name", "vendor_mark": "mark", "status": "status",
}  # fmt: skip
ASSUMPTIONS = {
    "region": "region", "model": "model", "check": "check", "statistic": "statistic", "p_value": "p", "holds": "holds",
}  # fmt: skip
RECOVERY = {
    "subject_id": "animal", "session_id": "session", "probe_id": "probe", "method": "method", "condition": "condition",
    "recovery": "recovery", "recovery_ci_low": "95 % CI from", "recovery_ci_high": "to",
    "extracellular": "outside the membrane", "extracellular_ci_low": "95 % CI from", "extracellular_ci_high": "to",
    "unit": "unit", "n_samples": "samples", "n_levels": "levels", "change_p": "change p", "changed": "changed",
    "placement": "placement", "status": "status", "reason": "reason",
}  # fmt: skip
TURNOVER = {
    "subject_id": "animal", "session_id": "session", "probe_id": "probe", "sample_id": "sample", "group": "group",
    "condition": "condition", "time_min": "time (min)", "value": "ratio", "value_se": "SE", "unit": "unit",
    "percent_baseline": "% of baseline", "percent_baseline_se": "SE of %", "status": "status", "reason": "reason",
}  # fmt: skip
SAMPLES = {
    "subject_id": "animal", "session_id": "session", "probe_id": "probe", "sample_id": "sample",
    "condition": "condition", "time_min": "time (min)", "concentration": "concentration", "concentration_se": "SE",
    "unit": "unit", "percent_baseline": "% of baseline", "percent_baseline_se": "SE of %",
    "status": "status", "reason": "reason",
}  # fmt: skip
SAMPLE_KEY = {"session_id": "session_id", "probe_id": "probe_id", "sample_id": "sample_id"}


@dataclass(frozen=True)
class RunView:
    name: str
    summary: str
    suitability: TableView
    calibration: TableView
    figures: tuple[Picture, ...]
    refused: TableView
    accuracy: TableView
    troubles: TableView
    worst: TableView
    beside: TableView
    traces: tuple[Trace, ...]
    points: tuple[Points, ...]
    pages: tuple[Picture, ...]
    no_pages: str


@dataclass(frozen=True)
class ReleaseView:
    analyte: str
    figures: tuple[Picture, ...]
    sentences: tuple[str, ...]
    at_times: tuple[str, ...]
    statistics: TableView
    assumptions: TableView
    baselines: TableView
    summary: TableView
    recovery: TableView
    samples: TableView
    points: tuple[Points, ...]
    animals: tuple[Picture, ...]


@dataclass(frozen=True)
class TurnoverView:
    ratio: str
    figures: tuple[Picture, ...]
    sentences: tuple[str, ...]
    at_times: tuple[str, ...]
    statistics: TableView
    summary: TableView
    samples: TableView
    points: tuple[Points, ...]


def build_runs(tables: Tables, pictures: Pictures) -> list[RunView]:
    """One view per HPLC run, in order of their names."""
    peaks, calibration = (get(tables, f"dialysate/{name}") for name in ("peaks", "calibration"))
    runs = naturally({run for frame in (peaks, calibration) if len(frame) for run in frame["run"].dropna()})
    return [_run(run, tables, pictures) for run in runs]


def _of(frame: pd.DataFrame, column: str, value: str) -> pd.DataFrame:
    return frame[frame[column] == value] if len(frame) else frame


def _run(run: str, tables: Tables, pictures: Pictures) -> RunView:
    mine, lines, checked, suitability = (
        _of(get(tables, f"dialysate/{name}"), "run", run)
        for name in ("peaks", "calibration", "accuracy", "suitability")
    )
    refused = checked[checked["accepted"] == False] if len(checked) else checked  # noqa: E712
    injections = mine.drop_duplicates("injection_id") if len(mine) else mine
    # a blank without a peak is as it should be
    trouble = mine[(mine["status"] != "ok") & ~((mine["kind"] == "blank") & (mine["status"] == "not_found"))]
    fits = mine[mine["fit_score"].notna()].sort_values("fit_score", ascending=False, kind="stable")
    summary = plural(len(injections), "injection")
    if len(injections):
        summary += f": {counted(injections['kind'])}"
    accepted = len(checked) - len(refused)
    if len(checked):
        summary += f". {accepted} of {len(checked)} standard and quality control values were accepted"
    ids = set(mine["injection_id"]) if len(mine) else set()
    traces, vendor = (_among(get(tables, f"sources/{name}"), ids) for name in ("traces", "vendor_peaks"))
    drift, beside = _of(get(tables, "sources/drift"), "run", run), beside_vendor(mine, vendor)
    pages = pictures.of("chromatograms", run=run)
    return RunView(
        run, summary + "." + _suited(suitability),
        table(suitability, f"System suitability of {run} (USP <621>)", SUITABILITY),
        table(lines, f"Calibration of {run}", CALIBRATION),
        tuple(one for kind in ("calibration", "drift", "overlay") for one in pictures.of(kind, run=run)),
        table(refused, f"Standards and quality controls of {run} that were not accepted", ACCURACY),
        table(checked, f"Accuracy of all standards and quality controls of {run}", ACCURACY),
        table(trouble, f"Peaks of {run} whose status is not ok", PEAKS),
        table(fits.head(10), f"Peaks of {run} that fit worst (1 is perfect)", PEAKS),
        table(beside, f"Areas by the instrument's software beside ours in {run}, largest differences first", BESIDE),
        tuple(build_traces(mine, traces, drift, vendor, beside)) if len(traces) else (),
        worth_pointing([_sensitivity(drift, run), _retention(drift, run), _areas(beside, run)]),
        tuple(one for one in pages if one.address),
        left_out(pages, "further page of chromatograms", "further pages of chromatograms"),
    )  # fmt: skip


def _suited(suitability: pd.DataFrame) -> str:
    """How many tests of suitability passed, and which failed; failures first in words."""
    if suitability.empty:
        return ""
    tested = suitability[suitability["verdict"] != "not_tested"]
    failed = tested[tested["verdict"] == "fail"]
    if tested.empty:
        return " No limit of system suitability was tested."
    said = f" {len(tested) - len(failed)} of {plural(len(tested), 'tested limit')} of system suitability passed"
    names = [f"{analyte} {test}" for analyte, test in zip(failed["analyte"], failed["test"], strict=True)]
    return said + (f"; failed: {', '.join(names)}." if names else ".")


def _among(frame: pd.DataFrame, ids: set[str]) -> pd.DataFrame:
    return frame[frame["injection_id"].isin(ids)] if len(frame) else frame


def _by_analyte(frame: pd.DataFrame, x: pd.Series, y: pd.Series) -> tuple[Series, ...]:
    """One series per analyte; each point leads to its trace."""
    series = []
    for place, analyte in enumerate(sorted(set(frame["analyte"]) if len(frame) else set())):
        here = (frame["analyte"] == analyte) & x.notna() & y.notna()
        names = frame.loc[here, "injection_id"].astype(str).tolist()
        series.append(
            Series(analyte, colour(place), x[here].tolist(), y[here].tolist(), [f"{name}, {analyte}" for name in names],
                   [f"trace:{name}" for name in names])
        )  # fmt: skip
    return tuple(series)


def _sensitivity(drift: pd.DataFrame, run: str) -> Points:
    series = _by_analyte(drift, drift["order"], drift["sensitivity"]) if len(drift) else ()
    return Points(f"Sensitivity along {run}", "injection", "sensitivity, relative to the run", series)


def _retention(drift: pd.DataFrame, run: str) -> Points:
    series = _by_analyte(drift, drift["order"], drift["retention_time_min"]) if len(drift) else ()
    return Points(f"Retention along {run}", "injection", "retention time (min)", series)


def _areas(beside: pd.DataFrame, run: str) -> Points:
    series = _by_analyte(beside, beside["vendor_area"], beside["area"]) if len(beside) else ()
    return Points(f"Our areas and the vendor's in {run}", "vendor's area", "our area", series, x_log=True, y_log=True)


def _courses(samples: pd.DataFrame, title: str, looks: Mapping[str, list[str]], everyone: str) -> Points:
    """A line for each session and probe, in the words and the colour that the figure has for its arm (`looks`)."""
    series = []
    arms = samples["arm"].fillna(samples["group"]).fillna(everyone) if len(samples) else samples["group"]
    for (session, probe), part in samples.groupby(["session_id", "probe_id"], sort=False) if len(samples) else ():
        part = part.sort_values("time_min", kind="stable")
        arm = str(arms[part.index[0]])
        said, shade = looks.get(arm, (arm, GREY))
        names = [
            f"{session} {probe} {sample}, {said}, {status}"
            for sample, status in zip(part["sample_id"], part["status"], strict=True)
        ]
        series.append(
            Series(f"{session} {probe}, {said}" if session != probe else f"{session}, {said}", shade,
                   part["time_min"].tolist(), part["percent_baseline"].tolist(), names, line=True)
        )  # fmt: skip
    return Points(title, "time (min)", "% of baseline", series)


def _looks(pictures: Pictures, kind: str) -> dict[str, Mapping[str, list[str]]]:
    """Analyte or ratio → arm → its words and colour, in the order of the figures."""
    return {one.about("analyte"): json.loads(one.about("arms")) for one in pictures.of(kind)}


def build_release(tables: Tables, pictures: Pictures) -> list[ReleaseView]:
    """One view per analyte, in the order of the figures, then by name."""
    release, baselines = get(tables, "release/release"), get(tables, "release/baselines")
    summary, statistics = get(tables, "release/summary"), get(tables, "release/statistics")
    looks = _looks(pictures, "release")
    everyone = nameless(release) if len(release) else ""
    present = set(release["analyte"]) if len(release) else set()
    views = []
    for analyte in [*looks, *naturally(present - set(looks))]:
        tests, samples = _of(statistics, "analyte", analyte), _of(release, "analyte", analyte)
        views.append(
            ReleaseView(
                analyte,
                tuple(
                    one for kind in ("release", "recovery", "net_flux") for one in pictures.of(kind, analyte=analyte)
                ),
                *told(tests),
                table(tests, f"Statistics of {analyte}", STATISTICS),
                table(
                    _of(get(tables, "release/assumptions"), "analyte", analyte),
                    f"Assumptions of the models of {analyte}",
                    ASSUMPTIONS,
                ),
                table(_of(baselines, "analyte", analyte), f"Baselines of {analyte}", BASELINES),
                table(_of(summary, "analyte", analyte), f"Release of {analyte} in each probe", SUMMARY),
                table(_of(get(tables, "release/recovery"), "analyte", analyte), f"Recovery of {analyte}", RECOVERY),
                table(samples, f"Samples of {analyte}", SAMPLES, buttons(samples, "samples", SAMPLE_KEY)),
                worth_pointing(
                    [_courses(samples, f"Release of {analyte} in each probe", looks.get(analyte, {}), everyone)]
                ),
                tuple(pictures.of("release_animals", analyte=analyte)),
            )
        )
    return views


def build_turnover(tables: Tables, pictures: Pictures) -> list[TurnoverView]:
    """For each ratio of metabolite to transmitter its courses, how groups compare, and its samples."""
    turnover, statistics = get(tables, "release/turnover"), get(tables, "release/statistics")
    summary, looks = get(tables, "release/turnover_summary"), _looks(pictures, "turnover")
    everyone = nameless(turnover) if len(turnover) else ""
    views = []
    for ratio, part in turnover.groupby("ratio", sort=False) if len(turnover) else ():
        courses = _courses(part, f"Turnover, {ratio}, in each probe", looks.get(str(ratio), {}), everyone)
        tests = _of(statistics, "analyte", str(ratio))
        views.append(
            TurnoverView(
                str(ratio),
                tuple(pictures.of("turnover", analyte=str(ratio))),
                *told(tests),
                table(tests, f"Statistics of {ratio}", STATISTICS),
                table(_of(summary, "ratio", str(ratio)), f"Turnover, {ratio}, in each probe", SUMMARY),
                table(part, f"Turnover, {ratio}", TURNOVER),
                worth_pointing([courses]),
            )
        )
    return views
