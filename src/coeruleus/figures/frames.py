"""Reading source tables for drawing: parts by key, words for numbers, lines thinned for the screen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coeruleus.tables.model import Table
from coeruleus.tables.order import natural

Numbers = NDArray[np.float64]


def take(tables: Mapping[str, pd.DataFrame], table: Table) -> pd.DataFrame:
    """A table by its name, empty where the experiment does not have it."""
    return tables[table.name] if table.name in tables else table.frame()


def split(frame: pd.DataFrame, *keys: str) -> dict[tuple[str, ...], pd.DataFrame]:
    """Rows by the values of these columns, in natural order of the values. Rows without a value are left out."""
    groups = {tuple(map(str, key)): rows for key, rows in frame.groupby(list(keys), sort=False, dropna=True)}
    return {key: groups[key] for key in sorted(groups, key=lambda key: tuple(map(natural, key)))}


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dictionaries."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def numbers(frame: pd.DataFrame, column: str) -> Numbers:
    return frame[column].to_numpy(dtype=float)


def words(value: float | None, digits: int = 3, unit: str = "") -> str:
    """A number in words: `1.23 ms`, or `n/a`."""
    if value is None or not math.isfinite(value):
        return "n/a"
    return f"{value:.{digits}g}{' ' + unit if unit else ''}"


def p_words(p: float) -> str:
    if not math.isfinite(p):
        return "p n/a"
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def steps(low: Numbers, high: Numbers, values: Numbers, gap: float = 0.0) -> tuple[Numbers, Numbers]:
    """Edges and heights of a histogram outline; bins that the table leaves out get the height `gap`.

    Bins without edges are left out.
    """
    edges: list[float] = []
    heights: list[float] = []
    there = np.isfinite(low) & np.isfinite(high)
    for left, right, value in zip(low[there], high[there], values[there], strict=True):
        if edges and not math.isclose(left, edges[-1], rel_tol=1e-6, abs_tol=1e-9):
            edges.append(float(left))
            heights.append(gap)
        if not edges:
            edges.append(float(left))
        edges.append(float(right))
        heights.append(float(value))
    return np.array(edges), np.array(heights)


def thin(y: Numbers, columns: int) -> NDArray[np.intp]:
    """Places of the least and the greatest of each pixel column: a long line of them looks the same on paper.

    Lines of up to two points per column keep all.
    """
    if len(y) <= 2 * columns:
        return np.arange(len(y))
    bounds = np.linspace(0, len(y), columns + 1).astype(int)
    keep = {0, len(y) - 1}
    for start, stop in pairwise(bounds.tolist()):
        part = np.where(np.isfinite(y[start:stop]), y[start:stop], 0.0)
        keep |= {start + int(part.argmin()), start + int(part.argmax())}
    return np.array(sorted(keep))


def span(*values: Sequence[float] | Numbers, margin: float = 0.06) -> tuple[float, float]:
    """Limits of an axis that hold all finite values."""
    pool = np.concatenate([np.atleast_1d(np.asarray(part, dtype=float)) for part in values] or [np.array([])])
    pool = pool[np.isfinite(pool)]
    if not len(pool):
        return 0.0, 1.0
    low, high = float(pool.min()), float(pool.max())
    room = margin * (high - low) if high > low else 0.5 * abs(high) or 1.0
    return low - room, high + room
