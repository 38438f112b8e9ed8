"""Sheets written by init: new ones begun, existing ones added to in their own columns and never changed."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

from coeruleus.experiment.fields import Sheet
from coeruleus.experiment.read_sheet import find_sheet
from coeruleus.tables.io import cell

Row = dict[str, str]
SUBJECT_COLUMNS = ("subject_id", "species", "sex", "age", "weight_g", "group")
FEW = 6  # columns of a sheet that is drafted whole


@dataclass
class Drafted:
    """What init did: files written or added to, and what a person should know."""

    written: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def old_rows(directory: Path, sheet: Sheet) -> list[Row]:
    path, _ = find_sheet(directory, sheet)
    if path is None:
        return []
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(path, text))
    return [{key: value or "" for key, value in row.items() if isinstance(key, str)} for row in reader]


def _delimiter(path: Path, text: str) -> str:
    first = text.partition("\n")[0]
    return "\t" if path.suffix == ".tsv" else ";" if ";" in first and "," not in first else ","


def add_rows(directory: Path, sheet: Sheet, columns: tuple[str, ...], rows: list[Row], done: Drafted) -> None:
    """Write a new sheet, or add rows below those of an existing one, in its own columns.

    What stands in a stranger's file is no formula here.
    """
    if not rows:
        return
    path, _ = find_sheet(directory, sheet)
    buffer = io.StringIO(newline="")
    if path is None:
        path = directory / f"{sheet.name}.tsv"
        path.parent.mkdir(exist_ok=True)
        names, delimiter = list(columns), "\t"
        # A column that says nothing of any file is left out, unless the sheet must have it.
        needed = {each.name for each in sheet.fields if each.required} | ({*columns} if len(columns) <= FEW else set())
        names = [name for name in names if name in needed or any(row[name] != "n/a" for row in rows)]
        buffer.write(delimiter.join(names) + "\n")
    else:
        text = path.read_text(encoding="utf-8-sig")
        delimiter = _delimiter(path, text)
        names = [name.strip() for name in next(csv.reader([text.partition("\n")[0].rstrip("\r")], delimiter=delimiter))]
        if text and not text.endswith("\n"):
            buffer.write("\n")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
    files = {each.name for each in sheet.fields if each.kind == "file"}  # their names stay as they are on the disk
    writer.writerows(
        [[row.get(name, "n/a") if name in files else cell(row.get(name)) for name in names] for row in rows]
    )
    with path.open("a", encoding="utf-8", newline="") as handle:
        handle.write(buffer.getvalue())
    done.written.append(f"{sheet.name}{path.suffix} ({len(rows)} rows)")
