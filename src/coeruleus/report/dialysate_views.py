"""The dialysate half of the page: one part per HPLC run, one part per analyte's release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from coeruleus.report.cells import TableView, counted, number_words, p_value, plural, rows_of, table
from coeruleus.report.overview import Tables, get
from coeruleus.report.pictures import Picture, Pictures

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


@dataclass(frozen=True)
class RunView:
    name: str
    summary: str
    calibration: TableView
    figures: tuple[Picture, ...]
    refused: TableView
    accuracy: TableView
    troubles: TableView
    worst: TableView
    pages: tuple[Picture, ...]


@dataclass(frozen=True)
class ReleaseView:
    analyte: str
    figures: tuple[Picture, ...]
    sentences: tuple[str, ...]
    statistics: TableView
    baselines: TableView
    summary: TableView
    animals: tuple[Picture, ...]


def build_runs(tables: Tables, pictures: Pictures) -> list[RunView]:
    """One view per HPLC run, in order of their names."""
    peaks, calibration, accuracy = (get(tables, f"dialysate/{name}") for name in ("peaks", "calibration", "accuracy"))
    runs = sorted({run for frame in (peaks, calibration) if len(frame) for run in frame["run"].dropna()})
    return [_run(run, peaks, calibration, accuracy, pictures) for run in runs]


def _of(frame: pd.DataFrame, column: str, value: str) -> pd.DataFrame:
    return frame[frame[column] == value] if len(frame) else frame


def _run(
    run: str, peaks: pd.DataFrame, calibration: pd.DataFrame, accuracy: pd.DataFrame, pictures: Pictures
) -> RunView:
    mine, lines, checked = _of(peaks, "run", run), _of(calibration, "run", run), _of(accuracy, "run", run)
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
    return RunView(
        run, summary + ".",
        table(lines, f"Calibration of {run}", CALIBRATION),
        (*pictures.of("calibration", run=run), *pictures.of("drift", run=run)),
        table(refused, f"Standards and quality controls of {run} that were not accepted", ACCURACY),
        table(checked, f"Accuracy of all standards and quality controls of {run}", ACCURACY),
        table(trouble, f"Peaks of {run} whose status is not ok", PEAKS),
        table(fits.head(10), f"Peaks of {run} that fit worst (1 is perfect)", PEAKS),
        tuple(pictures.of("chromatograms", run=run)),
    )  # fmt: skip


def build_release(tables: Tables, pictures: Pictures) -> list[ReleaseView]:
    """One view per analyte, in the order of the figures, then by name."""
    release, baselines = get(tables, "release/release"), get(tables, "release/baselines")
    summary, statistics = get(tables, "release/summary"), get(tables, "release/statistics")
    drawn = [picture.about("analyte") for picture in pictures.of("release")]
    present = set(release["analyte"]) if len(release) else set()
    views = []
    for analyte in [*drawn, *sorted(present - set(drawn))]:
        tests = _of(statistics, "analyte", analyte)
        views.append(
            ReleaseView(
                analyte,
                tuple(pictures.of("release", analyte=analyte)),
                tuple(_sentence(row) for row in rows_of(tests)),
                table(tests, f"Statistics of {analyte}", STATISTICS),
                table(_of(baselines, "analyte", analyte), f"Baselines of {analyte}", BASELINES),
                table(_of(summary, "analyte", analyte), f"Release of {analyte} in each probe", SUMMARY),
                tuple(pictures.of("release_animals", analyte=analyte)),
            )
        )
    return views


def _sentence(row: dict[str, Any]) -> str:
    who = f"{number_words(row['n_subjects'])} animals, {number_words(row['n_samples'])} samples"
    remark = f" {row['reason']}." if row["reason"] else ""
    if pd.isna(row["estimate"]):
        return f"{row['model']}, {row['effect']}: no estimate ({who}).{remark}"
    p = p_value(row["p_value"])
    p = f"p {p}" if p.startswith("<") else f"p = {p}"
    interval = f"95 % CI {number_words(row['ci_low'])} to {number_words(row['ci_high'])}"
    return f"{row['model']}, {row['effect']}: {number_words(row['estimate'])} ({interval}), {p}; {who}.{remark}"
