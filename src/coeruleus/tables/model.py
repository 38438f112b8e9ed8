"""What a result table is: its columns with meaning and unit, its key, and how frames are made to fit it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

Kind = Literal["text", "number", "integer", "boolean"]


@dataclass(frozen=True)
class Column:
    """One column: its name, what it says, its unit, and how it is written."""

    name: str
    description: str
    unit: str | None = None
    kind: Kind = "text"
    decimals: int | None = None  # fixed decimals instead of significant digits


@dataclass(frozen=True)
class Table:
    """One result table. `name` is its path below the results folder, without suffix."""

    name: str
    rows: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def frame(self, rows: Iterable[Mapping[str, Any]] | pd.DataFrame = ()) -> pd.DataFrame:
        """Rows as a frame with every column of the table, in order; further columns follow.

        Text and booleans are objects with None for missing, numbers are float64 with NaN. Rows are
        sorted by the key, as text in order of code points and as numbers by value.
        """
        given = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
        known: dict[Any, pd.Series] = {}
        for column in self.columns:
            values = given[column.name] if column.name in given else pd.Series(None, index=given.index, dtype=object)
            if column.kind in ("number", "integer"):
                known[column.name] = pd.to_numeric(values).astype(float)
            else:
                values = values.astype(object)
                known[column.name] = values.where(values.notna(), None)
        further = {name: given[name] for name in given if name not in known}
        frame = pd.DataFrame(known | further, index=given.index)
        return frame.sort_values(list(self.key), kind="stable", ignore_index=True) if self.key else frame


def text(name: str, description: str) -> Column:
    return Column(name, description)


def number(name: str, description: str, unit: str | None = None, decimals: int | None = None) -> Column:
    return Column(name, description, unit, "number", decimals)


def integer(name: str, description: str, unit: str | None = None) -> Column:
    return Column(name, description, unit, "integer")


def boolean(name: str, description: str) -> Column:
    return Column(name, description, None, "boolean")
