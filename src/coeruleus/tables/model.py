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
        frame = rows.copy() if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
        for column in self.columns:
            values = frame[column.name] if column.name in frame else pd.Series(None, index=frame.index, dtype=object)
            if column.kind in ("number", "integer"):
                frame[column.name] = pd.to_numeric(values).astype(float)
            else:
                values = values.astype(object)
                frame[column.name] = values.where(values.notna(), None)
        frame = frame[self.names + [name for name in frame if name not in self.names]]
        return frame.sort_values(list(self.key), kind="stable", ignore_index=True) if self.key else frame


def text(name: str, description: str) -> Column:
    return Column(name, description)


def number(name: str, description: str, unit: str | None = None, decimals: int | None = None) -> Column:
    return Column(name, description, unit, "number", decimals)


def integer(name: str, description: str, unit: str | None = None) -> Column:
    return Column(name, description, unit, "integer")


def boolean(name: str, description: str) -> Column:
    return Column(name, description, None, "boolean")
