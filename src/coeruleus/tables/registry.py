"""All tables by name."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coeruleus.tables import dialysate, interim, problems, release, sources, units
from coeruleus.tables.io import read_tables
from coeruleus.tables.model import Table
from coeruleus.tables.order import sort_naturally

TABLES: dict[str, Table] = {
    value.name: value
    for module in (dialysate, release, units, sources, interim, problems)
    for value in vars(module).values()
    if isinstance(value, Table)
}


def read_named(paths: Mapping[str, list[str]]) -> dict[str, pd.DataFrame]:
    """Tables by name, each put together from its files."""
    return {name: read_tables(files, TABLES[name]) for name, files in paths.items()}


def as_read(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables with their rows in natural order of their keys, as figures and the report show them.

    Files keep the order of code points; long source tables are left as they are, and found by name.
    """
    keys = {name: TABLES[name].key for name in tables if name in TABLES and not name.startswith("sources/")}
    return {name: sort_naturally(frame, keys[name]) if keys.get(name) else frame for name, frame in tables.items()}
