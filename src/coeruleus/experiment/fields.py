"""What a sheet is: its columns with kind, unit and meaning, and how one cell is read."""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from coeruleus.experiment.nearest import did_you_mean

Kind = Literal["id", "text", "number", "integer", "time", "file", "choice"]
Value = str | float | None

ID = re.compile(r"[A-Za-z0-9._-]+")
NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
MISSING = ("", "n/a")
# Beyond these no lab's number lies, and sums and squares of numbers are no numbers any more.
LARGEST, SMALLEST = 1e15, 1e-30
LARGEST_OF = {"min": 1e6, "s": 1e8}  # two years, three years
LARGEST_WHOLE = 1e6
YEARS = range(1950, 2150)
BLANK = "FILL_IN"  # what init leaves where no file says it


@dataclass(frozen=True)
class Field:
    """One column of a sheet that people write."""

    name: str
    description: str
    kind: Kind = "text"
    unit: str | None = None
    required: bool = False  # the column must be there
    filled: bool = False  # and every cell must hold a value
    choices: tuple[str, ...] = ()
    lowest: float | None = None


@dataclass(frozen=True)
class Sheet:
    """One sheet: where it lies, what a row is, its key and columns."""

    name: str
    rows: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    open_columns: str | None = None  # a pattern of further known columns, all of them numbers

    @property
    def names(self) -> list[str]:
        return [field.name for field in self.fields]

    def field(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)


class CellProblem(ValueError):
    """What is wrong with one cell, and what to do."""


def impossible(value: float, most: float = LARGEST) -> str | None:
    """What is wrong with a number that no lab measures; None for any other. `LARGEST_OF` has `most` of some units."""
    if not abs(value) <= most:
        return f"no number here is beyond {most:g}: check it and its unit"
    if 0 < abs(value) < SMALLEST:
        return f"no number here is so close to 0: write 0, or above {SMALLEST:g}"
    return None


def read_cell(raw: str, field: Field) -> Value:
    """One cell as its column's kind. Raises CellProblem in words for the person who typed it."""
    raw = raw.strip()
    if raw == BLANK:
        what = " (or n/a where it is not known)" if not field.filled else ""
        raise CellProblem(f"is a blank that init left: replace {BLANK} by {field.description}{what}")
    if raw in MISSING:
        if field.filled:
            raise CellProblem("is empty: a value is needed here")
        return None
    if field.kind == "id":
        if not ID.fullmatch(raw) or raw in (".", ".."):
            raise CellProblem(f"found '{raw}': an id is made of letters (a-z), digits, '.', '_' and '-'")
        return raw
    if field.kind in ("number", "integer"):
        return _number(raw, field)
    if field.kind == "time":
        try:
            year = datetime.datetime.fromisoformat(raw).year
        except ValueError:
            raise CellProblem(f"found '{raw}': write date and time as 2026-03-14T09:30:00") from None
        if year not in YEARS:
            raise CellProblem(f"found '{raw}': the year {year} cannot be")
        return raw
    if field.kind == "file":
        return _relative(raw)
    if field.kind == "choice" and raw not in field.choices:
        raise CellProblem(f"found '{raw}': {did_you_mean(raw, field.choices)}")
    return raw


def _number(raw: str, field: Field) -> float:
    if DECIMAL_COMMA.fullmatch(raw):
        raise CellProblem(f"found '{raw}': write the decimal point as '.'")
    if not NUMBER.fullmatch(raw) or not math.isfinite(float(raw)):
        raise CellProblem(f"found '{raw}': a number is needed, or n/a")
    value = float(raw)
    if field.kind == "integer" and value != round(value):
        raise CellProblem(f"found '{raw}': a whole number is needed")
    if field.lowest is not None and value < field.lowest:
        raise CellProblem(f"found '{raw}': cannot be below {field.lowest:g}")
    most = LARGEST_WHOLE if field.kind == "integer" else LARGEST_OF.get(field.unit or "", LARGEST)
    if wrong := impossible(value, most):
        raise CellProblem(f"found '{raw}': {wrong}")
    return value


def is_odd(name: str) -> bool:
    """Whether a file's name holds what nobody can read or type: ends of lines, tabs, signs without a shape."""
    return not all(sign.isprintable() or unicodedata.category(sign) == "Zs" for sign in name)


def _relative(raw: str) -> str:
    if is_odd(raw):
        raise CellProblem(f"found {raw!r}: the name holds signs that cannot be seen: rename the file")
    if "\\" in raw:
        raise CellProblem(f"found '{raw!r}': separate folders with '/'")
    if raw.startswith(("/", "~")) or re.match(r"[A-Za-z]:", raw) or ".." in raw.split("/"):
        raise CellProblem(
            f"found '{raw}': files are named relative to the sheet's folder and stay inside the experiment"
        )
    return raw
