"""The top of the page: what was done, what went wrong, and who took part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from coeruleus.report.cells import TableView, counted, plural, table
from coeruleus.report.facts import Facts

Tables = Mapping[str, pd.DataFrame]
PROBLEMS = {
    "severity": "severity",
    "stage": "stage",
    "item": "item",
    "message": "what was found, and what to do",
}
STUDY_COLUMNS = {
    "subject_id": "animal",
    "species": "species",
    "sex": "sex",
    "age": "age",
    "weight_g": "weight (g)",
    "group": "group",
    "sessions": "sessions",
    "probes": "probes",
    "samples": "samples",
    "sites": "recording sites",
    "units": "units",
}


@dataclass(frozen=True)
class Overview:
    sentences: tuple[str, ...]
    verdict: str
    problems: TableView
    statuses: TableView
    study: TableView


def get(tables: Tables, name: str) -> pd.DataFrame:
    """A table by name; an empty frame where the experiment does not have it."""
    return tables.get(name, pd.DataFrame())


def build_overview(tables: Tables, facts: Facts) -> Overview:
    problems = get(tables, "problems")
    if len(problems):
        problems = problems.sort_values("severity", key=lambda values: values != "error", kind="stable")
    errors = int((problems["severity"] == "error").sum()) if len(problems) else 0
    warnings = len(problems) - errors
    verdict = "Nothing was reported as wrong or odd."
    if len(problems):
        verdict = (
            f"{plural(errors, 'error')} (something was lost) and {plural(warnings, 'warning')} (worth a look) "
            "were reported. Everything else went on without them."
        )
    return Overview(
        tuple(_sentences(tables, facts)),
        verdict,
        table(problems, "What went wrong or looks odd", PROBLEMS),
        _statuses(tables),
        _study(tables),
    )


def _sentences(tables: Tables, facts: Facts) -> list[str]:
    said = []
    peaks = get(tables, "dialysate/peaks")
    if len(peaks):
        injections = peaks.drop_duplicates("injection_id")
        runs = injections["run"].nunique()
        said.append(
            f"{plural(len(injections), 'injection')} in {plural(runs, 'HPLC run')} ({counted(injections['kind'])}), "
            f"{plural(peaks['analyte'].nunique(), 'analyte')}."
        )
    release = get(tables, "release/release")
    if len(release):
        samples = release.drop_duplicates(["session_id", "probe_id", "sample_id"])
        said.append(
            f"{plural(len(samples), 'dialysate sample')} from {plural(samples['subject_id'].nunique(), 'animal')} "
            f"and {plural(len(samples.drop_duplicates(['session_id', 'probe_id'])), 'probe')}."
        )
        missed = samples.loc[samples["placement"] == "miss", "probe_id"].nunique()
        if missed:
            said.append(f"{plural(missed, 'probe')} missed the target: shown, and left out of group statistics.")
        if facts.setting("dialysis", "flow_rate_ul_per_min") is None:
            said.append("No flow rate was given, so times were not shifted by the dead volume of the tubing.")
    units = get(tables, "units/units")
    if len(units):
        named = units[units["unit_id"].notna()]
        said.append(f"{plural(len(named), 'unit')} at {plural(units['site_id'].nunique(), 'recording site')}.")
        labels = get(tables, "units/classification")
        first = labels[labels["ruleset"] == facts.first_ruleset] if len(labels) else labels
        if len(first):
            said.append(f"Labels by {facts.first_ruleset}: {counted(first['label'])}.")
    return said


def _statuses(tables: Tables) -> TableView:
    rows = []
    for name, what in (
        ("dialysate/peaks", "peaks (injection × analyte)"),
        ("dialysate/calibration", "calibrations (run × analyte)"),
        ("dialysate/concentrations", "concentrations (injection × analyte)"),
        ("release/release", "release (sample × analyte)"),
        ("units/units", "units"),
        ("units/responses", "responses (unit × trial type × condition)"),
        ("units/drug_responses", "drug responses (unit × drug)"),
    ):
        frame = get(tables, name)
        if len(frame):
            rows.append({"table": what, "rows": len(frame), "counts": counted(frame["status"])})
    heads = {"table": "table", "rows": "rows", "counts": "statuses"}
    return table(pd.DataFrame(rows), "How many rows have which status", heads)


def _study(tables: Tables) -> TableView:
    subjects = get(tables, "sheets/subjects")
    if subjects.empty:
        return table(subjects, "Animals", STUDY_COLUMNS)
    study = subjects.copy()
    release, units = get(tables, "release/release"), get(tables, "units/units")
    counts = {
        "sessions": _per_animal(get(tables, "sheets/sessions"), ["session_id"]),
        "probes": _per_animal(get(tables, "sheets/probes"), ["probe_id"]),
        "samples": _per_animal(release, ["session_id", "probe_id", "sample_id"]),
        "sites": _per_animal(units, ["site_id"]),
        "units": _per_animal(units[units["unit_id"].notna()] if len(units) else units, ["site_id", "unit_id"]),
    }
    for name, count in counts.items():
        if count is not None:
            study[name] = study["subject_id"].map(count).fillna(0)
    study = study.dropna(axis="columns", how="all")
    return table(study, "Animals", STUDY_COLUMNS)


def _per_animal(frame: pd.DataFrame, keys: list[str]) -> pd.Series | None:
    if frame.empty or "subject_id" not in frame:
        return None
    return frame.drop_duplicates(["subject_id", *keys]).groupby("subject_id").size()
