"""One sheet of a file: decoded, split into cells, typed, with every problem named by row and column."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd

from coeruleus.experiment.fields import CellProblem, Field, Sheet, Value, read_cell
from coeruleus.experiment.nearest import nearest
from coeruleus.tables.io import GUARDED
from coeruleus.tables.problems import Problem

Report = Callable[[str, str], None]  # where in the sheet, what is wrong

RESERVED = ("status", "reason", "verdict", "label", "severity")  # words of result tables
LARGEST_BYTES = 200_000_000
MOST_PROBLEMS = 50  # of one sheet; a wrong separator would otherwise fill the screen


def find_sheet(directory: Path, sheet: Sheet) -> tuple[Path | None, list[Problem]]:
    """The sheet's file, `.tsv` or `.csv`; two of them are a problem."""
    found = [path for suffix in (".tsv", ".csv") if (path := directory / f"{sheet.name}{suffix}").is_file()]
    if len(found) > 1:
        message = "stands beside a .csv of the same name: keep one of them"
        return found[0], [Problem("experiment", f"{sheet.name}.tsv", "error", message)]
    return (found[0] if found else None), []


def read_sheet(path: Path, sheet: Sheet, waived: tuple[str, ...] = ()) -> tuple[pd.DataFrame, list[Problem]]:
    """A sheet as a frame with every known column, and its problems.

    Text is object with None for missing, numbers are float64 with NaN. The column `sheet_row` holds the
    row in the file, as a spreadsheet counts it; it serves messages. `waived` names required columns that
    may be lacking all the same.
    """
    name = f"{sheet.name}{path.suffix}"
    problems: list[Problem] = []

    def report(where: str, message: str) -> None:
        problems.append(Problem("experiment", f"{name}{where}", "error", message))

    try:
        rows = _cells(path)
    except CellProblem as problem:
        report("", str(problem))
        return empty_sheet(sheet), problems
    header = [_own_name(cell.strip(), sheet) for cell in rows[0][1]] if rows else []
    rows = rows[1:]
    extras = _check_header(header, rows, sheet, waived, report)
    for number, cells in rows:
        if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
            report(
                f", row {number}", f"has {len(cells)} cells where the header has {len(header)}: check the separators"
            )
    columns: dict[str, list[Value]] = {}
    wrong: list[tuple[int, int, str]] = []
    for place, column in enumerate(header):
        if column:
            raws = [cells[place] if place < len(cells) else "" for _, cells in rows]
            field = sheet.field(column) or Field(column, "", "number" if _is_open(column, sheet) else "text")
            if field.kind != "file":  # `init` and our own tables write what begins as a formula with an apostrophe
                raws = [GUARDED.sub("", raw) for raw in raws]
            columns[column], faults = _column(raws, field)
            wrong += [(row, place, message) for row, message in faults]
    for row, place, message in sorted(wrong):
        report(f", row {rows[row][0]}, column {header[place]}", message)
    columns["sheet_row"] = [float(number) for number, _ in rows]
    frame = _typed(columns, sheet, extras, len(rows))
    _check_key(frame, sheet, report)
    if len(problems) > MOST_PROBLEMS:
        more = len(problems) - MOST_PROBLEMS
        problems = problems[:MOST_PROBLEMS]
        report("", f"and {more} more problems of this sheet")
    return frame, problems


def empty_sheet(sheet: Sheet) -> pd.DataFrame:
    """The frame of a sheet that is not there."""
    return _empty(sheet).copy()


@cache
def _empty(sheet: Sheet) -> pd.DataFrame:
    return _typed({}, sheet, [], 0)


def _column(raws: list[str], field: Field) -> tuple[list[Value], list[tuple[int, str]]]:
    """The cells of one column, and what is wrong with which of them. The same words are read once."""
    read: dict[str, Value] = {}
    faults: dict[str, str] = {}
    for raw in dict.fromkeys(raws):
        try:
            read[raw] = read_cell(raw, field)
        except CellProblem as problem:
            read[raw], faults[raw] = None, str(problem)
    wrong = [(row, faults[raw]) for row, raw in enumerate(raws) if raw in faults] if faults else []
    return [read[raw] for raw in raws], wrong


def _cells(path: Path) -> list[tuple[int, list[str]]]:
    if path.stat().st_size > LARGEST_BYTES:
        raise CellProblem("is too large for a sheet")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CellProblem(f"is not UTF-8 text (byte {error.start}): save it as UTF-8") from None
    if "\x00" in text:
        raise CellProblem("is not text: save it as tab-separated UTF-8")
    first = text.splitlines()[0] if text.strip() else ""
    delimiter = "\t" if path.suffix == ".tsv" else ";" if ";" in first and "," not in first else ","
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows, first_line = [], 1
        for row in reader:
            if any("\n" in cell or "\r" in cell for cell in row):
                raise CellProblem(f"row {first_line}: a cell goes on over several rows: check its quotation marks")
            if any(cell.strip() for cell in row):
                rows.append((first_line, row))
            first_line = reader.line_num + 1
    except csv.Error as error:
        raise CellProblem(f"cannot be split into cells ({error}): check quotes") from None
    if not rows:
        raise CellProblem("is empty: it needs a header")
    return rows


def _own_name(column: str, sheet: Sheet) -> str:
    """A column that the contract does not know keeps out of the way of the results' own columns."""
    return f"{column}_in_sheet" if column in RESERVED and column not in sheet.names else column


def _is_open(column: str, sheet: Sheet) -> bool:
    return bool(sheet.open_columns and re.fullmatch(sheet.open_columns, column))


def _check_header(
    header: list[str], rows: list[tuple[int, list[str]]], sheet: Sheet, waived: tuple[str, ...], report: Report
) -> list[str]:
    extras = []
    for index, column in enumerate(header):
        if not column:
            if any(len(cells) > index and cells[index].strip() for _, cells in rows):
                report(f", column {index + 1}", "has values but no name: name it in the header")
        elif header.index(column) != index:
            report(f", column {column}", "stands twice in the header: keep one")
        elif column not in sheet.names and not _is_open(column, sheet):
            close = nearest(column, sheet.names)
            if close:
                report(f", column {column}", f"unknown column: did you mean '{close}'?")
            elif column == "sheet_row":
                report(f", column {column}", "is a name that coeruleus uses itself: choose another")
            extras.append(column)
    lacking = [field.name for field in sheet.fields if field.required and field.name not in (*header, *waived)]
    for column in lacking:
        hint = "" if len(header) > 1 else " (the header has one cell only: is the file tab-separated?)"
        report("", f"the column '{column}' is required and not there{hint}")
    return list(dict.fromkeys(extras + [column for column in header if _is_open(column, sheet)]))


def _typed(columns: dict[str, list[Value]], sheet: Sheet, extras: list[str], rows: int) -> pd.DataFrame:
    typed, index, missing = {}, pd.RangeIndex(rows), [None] * rows
    for column in [*sheet.names, *extras, "sheet_row"]:
        field = sheet.field(column)
        numeric = (
            column == "sheet_row"
            or _is_open(column, sheet)
            or (field is not None and field.kind in ("number", "integer"))
        )
        typed[column] = pd.Series(columns.get(column, missing), index=index, dtype=float if numeric else object)
    return pd.DataFrame(typed, index=index)


def _check_key(frame: pd.DataFrame, sheet: Sheet, report: Report) -> None:
    if not sheet.key or frame.empty:
        return
    filled = [
        column for column in sheet.key if ((field := sheet.field(column)) and field.filled) or column == "segment"
    ]
    twice = frame.duplicated(list(sheet.key), keep="first")
    if not twice.any():
        return
    repeated = frame[frame[filled].notna().all(axis=1) & twice]  # a default that is filled in later is compared later
    for _, row in repeated.iterrows():
        key = ", ".join(f"{column} {row[column]}" for column in sheet.key if row[column] is not None)
        report(f", row {int(row['sheet_row'])}", f"{key} stands twice: each must be unique")
