"""The order in which people read names: rat9 before rat10, whatever the order in files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import pandas as pd


def natural(name: object) -> tuple[tuple[int | str, ...], str]:
    """A sort key that takes the numbers in a name as numbers; names that differ in zeros before them stay apart."""
    parts = re.split(r"([0-9]+)", str(name))
    return tuple(int(part) if place % 2 else part for place, part in enumerate(parts)), str(name)


def naturally(names: Iterable[str]) -> list[str]:
    """Distinct names in natural order."""
    return sorted(set(names), key=natural)


def sort_naturally(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Rows by these columns, text in natural order, numbers by value, missing last; equal ones stay as they are."""

    def ranks(values: pd.Series) -> pd.Series:
        if values.dtype != object and not isinstance(values.dtype, pd.StringDtype):
            return values
        places = {name: place for place, name in enumerate(naturally(values.dropna()))}
        return values.map(places)

    return frame.sort_values(list(columns), key=ranks, kind="stable") if len(frame) else frame
