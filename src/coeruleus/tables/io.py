"""Reading and writing tables: tab-separated UTF-8, `n/a` for missing, a JSON data dictionary beside each."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from coeruleus.tables.model import Column, Table

MISSING = "n/a"
SIGNIFICANT_DIGITS = 7
# Text that a spreadsheet would run when the table is opened gets an apostrophe before it; ids and numbers never do.
# So does text that begins with one and would then be run, so that what is read is what was written.
FORMULA = re.compile(r"'*(?:[=@]|[+-](?![\w.-]*$)(?![\d.]+(?:[eE][+-]?\d+)?$))")
GUARDED = re.compile(rf"^'(?={FORMULA.pattern})")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # what moves a terminal's cursor, and no letter at all


def plain(text: str) -> str:
    """Text without signs that steer a terminal, ends of lines among them: a blank stands for each."""
    return CONTROL.sub(" ", text)


def guarded(text: str) -> str:
    """Text as a cell that no spreadsheet runs."""
    return f"'{text}" if FORMULA.match(text) else text


def cell(value: Any, column: Column | None = None) -> str:
    """One value as it stands in a file. Tabs and line ends inside text become blanks."""
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return MISSING
    if isinstance(value, (bool,)) or type(value).__name__ in ("bool_", "bool"):
        return "true" if value else "false"
    if column is not None and column.kind == "integer":
        return str(round(float(value)))
    if isinstance(value, (int, float)) or hasattr(value, "dtype"):
        if column is not None and column.decimals is not None:
            return f"{float(value):.{column.decimals}f}"
        shown = f"{float(value):.{SIGNIFICANT_DIGITS}g}"
        return "0" if shown == "-0" else shown
    shown = " ".join(plain(str(value)).split())
    return guarded(shown) or MISSING


def cells(values: pd.Series, column: Column | None = None) -> list[str]:
    """A column as it stands in a file: what `cell` says of each, sooner."""
    if values.dtype == "float64" and (column is None or column.kind != "integer"):
        decimals = None if column is None else column.decimals
        form = f".{SIGNIFICANT_DIGITS}g" if decimals is None else f".{decimals}f"
        shown = [format(value, form) if math.isfinite(value) else MISSING for value in values.tolist()]
        return shown if decimals is not None else ["0" if one == "-0" else one for one in shown]
    known: dict[str, str] = {}  # the same words stand in many rows
    found = []
    for value in values:
        if type(value) is not str:
            found.append(cell(value, column))
            continue
        if value not in known:
            known[value] = cell(value, column)
        found.append(known[value])
    return found


def write_table(frame: pd.DataFrame, path: str | Path, table: Table, carried: Mapping[str, str] | None = None) -> None:
    """Write a table and its data dictionary, sorted by key, every column of the contract present.

    `carried` describes columns that came along from the user's sheets.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = table.frame(frame)
    known: dict[str, Column] = {column.name: column for column in table.columns}
    names = [str(name) for name in frame]
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
        writer.writerow([guarded(name) for name in names])
        columns = [cells(frame[name], known.get(name)) for name in names]
        writer.writerows(zip(*columns, strict=True))
    dictionary: dict[str, dict[str, str | None]] = {}
    for name in names:
        if name in known:
            dictionary[name] = {"description": known[name].description, "unit": known[name].unit}
        else:
            dictionary[name] = {"description": (carried or {}).get(name, "carried along from the input"), "unit": None}
    text = json.dumps(dictionary, indent=2, ensure_ascii=False) + "\n"
    path.with_suffix(".json").write_text(text, encoding="utf-8")


def read_table(path: str | Path, table: Table) -> pd.DataFrame:
    """Read a table that `write_table` wrote, with the types of its columns."""
    raw = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, encoding="utf-8", quoting=csv.QUOTE_MINIMAL)
    raw.columns = [GUARDED.sub("", str(name)) for name in raw]
    frame = raw.astype(object).where(raw != MISSING, None)
    other = {column.name for column in table.columns if column.kind in ("number", "integer", "boolean")}
    for name in [name for name in raw if name not in other and raw[name].str.startswith("'").any()]:
        frame[name] = frame[name].str.replace(GUARDED, "", regex=True).where(frame[name].notna(), None)
    booleans = [column.name for column in table.columns if column.kind == "boolean" and column.name in frame]
    for name in booleans:
        frame[name] = frame[name].map({"true": True, "false": False}).astype(object)
    return table.frame(frame)


def read_tables(paths: list[str] | list[Path], table: Table) -> pd.DataFrame:
    """Several files of one table as one frame."""
    parts = [read_table(path, table) for path in sorted(map(str, paths))]
    parts = [part for part in parts if len(part)]
    if len(parts) == 1:
        return parts[0]
    return table.frame(pd.concat(parts, ignore_index=True)) if parts else table.frame()
