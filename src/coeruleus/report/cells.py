"""Frames as tables of a page: numbers to four digits, statuses and verdicts marked, `n/a` for what is not known."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from coeruleus.report.packed import pack

PACKED_FROM = 100  # rows
MARKED = {"status", "verdict", "label", "severity", "stable", "accepted", "rules_label"}
REMARKS = {
    "reason",
    "waveform_reason",
    "held_reason",
    "quality_reason",
    "identity",
    "citation",
    "date",
    "dose",
    "dose_unit",
    "route",
}  # left out if empty
GOOD = {"ok", "pass", "yes"}
BAD = {"failed", "missing", "fail", "error", "no", "excluded", "saturated"}


@dataclass(frozen=True)
class Cell:
    """Text of a cell, and the class that styles it."""

    text: str
    look: str = ""


@dataclass(frozen=True)
class TableView:
    """A table of the page. The first cell of a row is its heading."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    decide: tuple[Mapping[str, Any], ...] = ()  # for each row, what a person may decide about

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def packed(self) -> str:
        """The table for the browser to build when it is looked at; a cell is its text, or its text and look."""
        rows = [[[one.text, one.look] if one.look else one.text for one in row] for row in self.rows]
        return pack(
            {"caption": self.caption, "head": self.head, "rows": rows, "decide": [dict(d) for d in self.decide]}
        )

    @property
    def long(self) -> bool:
        """Too long to stand in the page where it is folded away."""
        return len(self.rows) > PACKED_FROM

    @property
    def anchor(self) -> str:
        return f"table-{hashlib.sha256(f'{self.caption}{self.packed}'.encode()).hexdigest()[:12]}"

    def part(self, start: int, stop: int | None = None) -> TableView:
        return replace(self, rows=self.rows[start:stop], decide=self.decide[start:stop])


def number_words(value: float, digits: int = 4) -> str:
    """A number as it is read: `0.0123`, `1234`, `1.2e-05`, `n/a`."""
    if not math.isfinite(value):
        return "n/a"
    if value == round(value) and abs(value) < 1e6:
        return str(round(value)).replace("-", "−")
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:.0f}" if abs(value) < 1e7 else f"{value:.{digits - 1}e}"
    return f"{value:.{digits}g}".replace("-", "−", 1) if value < 0 else f"{value:.{digits}g}"


def cell(value: Any, column: str = "", digits: int = 4) -> Cell:
    """One value for the page."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return Cell("n/a", "none")
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        said = "yes" if value else "no"
        return Cell(said, _look(said) if column in MARKED else "")
    if isinstance(value, (int, float)):
        is_p = column.endswith(("p_value", "_p"))
        return Cell(p_value(float(value)) if is_p else number_words(float(value), digits), "number")
    return Cell(str(value), _look(str(value)) if column in MARKED else "")


def p_value(value: float) -> str:
    if not math.isfinite(value):
        return "n/a"
    return "< 0.0001" if value < 0.0001 else number_words(value, 2)


def _look(word: str) -> str:
    return "mark good" if word in GOOD else "mark bad" if word in BAD else "mark"


def table(
    frame: pd.DataFrame,
    caption: str,
    columns: Mapping[str, str] | Sequence[tuple[str, str]],
    decide: Sequence[Mapping[str, Any]] = (),
) -> TableView:
    """Columns of a frame under headings, as a table of the page; `decide`: a curation button for each row.

    Columns that the frame lacks, and columns of remarks without any, are left out.
    """
    pairs = list(columns.items()) if isinstance(columns, Mapping) else list(columns)
    pairs = [
        (name, head) for name, head in pairs if name in frame and not (name in REMARKS and frame[name].isna().all())
    ]
    parts = [[cell(value, name) for value in frame[name].tolist()] for name, _ in pairs]
    rows = tuple(zip(*parts, strict=True)) if parts else ()
    return TableView(caption, tuple(head for _, head in pairs), rows, tuple(decide))


def counted(values: pd.Series, none: str = "none given") -> str:
    """`3 ok, 2 missing`: how often each value stands, most frequent first."""
    counts = values.fillna(none).astype(str).value_counts()
    listed = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
    return ", ".join(f"{number} {name}" for name, number in listed)


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dictionaries."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def plural(number: int, noun: str, nouns: str | None = None) -> str:
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"
