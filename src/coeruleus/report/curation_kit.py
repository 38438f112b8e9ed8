"""What the page needs to write rows of the curation sheets: their columns, choices and present rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from coeruleus.experiment import sheets
from coeruleus.experiment.fields import Sheet
from coeruleus.report.cells import rows_of
from coeruleus.report.overview import Tables, get
from coeruleus.tables.io import MISSING

CURATION = (sheets.CURATION_PEAKS, sheets.CURATION_SAMPLES, sheets.CURATION_UNITS, sheets.CURATION_TRIALS)
WORDS = {
    "exclude": "exclude it",
    "set_bounds": "integrate between these bounds",
    "not_present": "there is no such peak",
    "label": "give it this label",
}


def build_kit(tables: Tables) -> dict[str, Any]:
    """Sheet by its short name (peaks, samples, units, trials): key, columns, choices, and the rows there are."""
    return {sheet.name.split("/")[1]: _sheet(sheet, get(tables, sheet.name)) for sheet in CURATION}


def _sheet(sheet: Sheet, frame: pd.DataFrame) -> dict[str, Any]:
    own = sheet.names
    columns = [*own, *(str(name) for name in frame if name not in (*own, "sheet_row"))]
    actions = next(field for field in sheet.fields if field.name == "action").choices
    labels = next((field.choices for field in sheet.fields if field.name == "label"), ())
    return {
        "file": f"{sheet.name}.tsv",
        "key": list(sheet.key),
        "columns": columns,
        "actions": [[name, WORDS[name]] for name in actions],
        "labels": list(labels),
        "rows": [[as_written(row.get(name)) for name in columns] for row in rows_of(frame)],
    }


def as_written(value: Any) -> str:
    """A value as a sheet has it; a number keeps every digit."""
    if value is None or value != value:
        return MISSING
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(int(value)) if value == int(value) else repr(float(value))
    return str(value)


def decide(sheet: str, name: str, **keys: Any) -> dict[str, Any]:
    """What a button says of the row that it decides about; `name` is read aloud."""
    return {"sheet": sheet, "name": name, "keys": {key: as_written(value) for key, value in keys.items()}}


def buttons(frame: pd.DataFrame, sheet: str, keys: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """A button for each row: `keys` maps columns of the sheet to columns of the frame."""
    return tuple(
        decide(sheet, " · ".join(as_written(row[column]) for column in keys.values()),
               **{key: row[column] for key, column in keys.items()})
        for row in rows_of(frame)
    )  # fmt: skip
