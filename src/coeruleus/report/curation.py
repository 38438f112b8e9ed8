"""Decisions of people, with what stood before them and what stands now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from coeruleus.experiment.curated_trials import find_trials
from coeruleus.report.cells import TableView, number_words, rows_of, table
from coeruleus.report.overview import Tables, get
from coeruleus.tables.interim import EVENTS

COLUMNS = {
    "sheet": "sheet", "item": "item", "action": "action", "before": "before", "now": "now", "reason": "reason",
    "author": "by", "date": "on",
}  # fmt: skip
Row = Mapping[str, Any]


def build_curation(tables: Tables) -> TableView:
    """One row for each row of the curation sheets."""
    rows: list[dict[str, Any]] = []
    for sheet, key, effect in (
        ("peaks", ("injection_id", "analyte"), _peak),
        ("samples", ("session_id", "probe_id", "sample_id"), _sample),
        ("units", ("site_id", "unit_id"), _unit),
        ("trials", ("site_id", "segment", "onset"), _trial),
    ):
        for row in rows_of(get(tables, f"curation/{sheet}")):
            before, now = effect(row, tables)
            words = [_words(row.get(name)) for name in key]
            action = _words(row["action"])
            if sheet == "peaks" and row["action"] == "set_bounds":
                action += f" {_words(row.get('from_min'))} to {_words(row.get('to_min'))} min"
            if sheet == "units" and row["action"] == "label":
                action += f" {_words(row.get('label'))}"
            said = {name: row.get(name) for name in ("reason", "author", "date")}
            rows.append(
                {"sheet": sheet, "item": " · ".join(words), "action": action, "before": before, "now": now} | said
            )
    return table(pd.DataFrame(rows), "Decisions of people, from the curation sheets", COLUMNS)


def _words(value: Any) -> str:
    if value is None or value != value:
        return "n/a"
    return number_words(float(value)) if isinstance(value, (int, float)) else str(value)


def _first(words: Iterable[str], between: str) -> str:
    """The first four."""
    listed = list(words)
    return between.join([*listed[:4], "…"] if len(listed) > 4 else listed)


def _match(frame: pd.DataFrame, row: Row, *keys: str) -> list[dict[str, Any]]:
    for key in keys:
        if key in frame and row.get(key) is not None:
            frame = frame[frame[key] == row[key]]
    return rows_of(frame)


def _peak(row: Row, tables: Tables) -> tuple[str, str]:
    found = _match(get(tables, "dialysate/peaks"), row, "injection_id", "analyte")
    if not found:
        return "n/a", "matches nothing"
    if len(found) == 1:
        one = found[0]
        return f"area {_words(one['area_uncurated'])}", f"{one['status']}, area {_words(one['area'])}"
    before = (f"{one['analyte']} {_words(one['area_uncurated'])}" for one in found)
    now = (f"{one['analyte']} {one['status']}, {_words(one['area'])}" for one in found)
    return f"areas {_first(before, ', ')}", f"areas {_first(now, '; ')}"


def _sample(row: Row, tables: Tables) -> tuple[str, str]:
    found = _match(get(tables, "release/release"), row, "session_id", "probe_id", "sample_id")
    if not found:
        return "n/a", "matches nothing"
    values = (f"{one['analyte']} {_words(one['concentration'])} {_words(one['unit'])}" for one in found)
    return _first(values, ", "), ", ".join(dict.fromkeys(one["status"] for one in found))


def _unit(row: Row, tables: Tables) -> tuple[str, str]:
    if row["action"] == "label":
        found = _match(get(tables, "units/classification"), row, "site_id", "unit_id")
        rules = [f"{one['rules_label'] or one['label']} ({one['ruleset']})" for one in found]
        return ", ".join(rules) or "n/a", found[0]["label"] if found else "matches nothing"
    found = _match(get(tables, "units/units"), row, "site_id", "unit_id")
    return ("measured with the others", found[0]["status"]) if found else ("n/a", "matches nothing")


def _trial(row: Row, tables: Tables) -> tuple[str, str]:
    found, _ = find_trials(pd.DataFrame([row]), EVENTS.frame(get(tables, EVENTS.name)))
    if found.empty:
        return "n/a", "matches nothing"
    return "tested with the others", "left out of the responses of its site"
