"""Result tables that no part of the page shows in its own way: each by itself, as its own description has it."""

from __future__ import annotations

from coeruleus.report.cells import TableView, table
from coeruleus.report.overview import Tables
from coeruleus.tables.registry import TABLES

SHOWN = {
    "dialysate/peaks", "dialysate/calibration", "dialysate/accuracy", "dialysate/concentrations",
    "dialysate/suitability", "release/release", "release/baselines", "release/summary", "release/statistics",
    "release/assumptions", "release/recovery", "release/turnover", "release/turnover_summary", "units/units",
    "units/responses", "units/drug_responses", "units/evidence", "units/classification", "units/statistics",
    "units/sensitivity", "units/disagreements",
}  # fmt: skip
HALVES = ("dialysate/", "release/", "units/")
MOST_ROWS = 400


def build_further(tables: Tables) -> list[TableView]:
    """One view for each other result table that has rows, in order of names; long ones are cut, and say so."""
    views = []
    for name in sorted(set(tables) & set(TABLES) - SHOWN):
        frame = tables[name]
        if not name.startswith(HALVES) or frame.empty:
            continue
        heads = {c.name: c.name.replace("_", " ") + (f" ({c.unit})" if c.unit else "") for c in TABLES[name].columns}
        said = f"{name}.tsv: a row for each {TABLES[name].rows}"
        cut = f", the first {MOST_ROWS} of {len(frame)}" if len(frame) > MOST_ROWS else ""
        views.append(table(frame.head(MOST_ROWS), said + cut, heads))
    return views
