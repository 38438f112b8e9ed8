"""All tables by name."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coeruleus.tables import dialysate, interim, problems, release, sources, units
from coeruleus.tables.io import read_tables
from coeruleus.tables.model import Table

TABLES: dict[str, Table] = {
    value.name: value
    for module in (dialysate, release, units, sources, interim, problems)
    for value in vars(module).values()
    if isinstance(value, Table)
}


def read_named(paths: Mapping[str, list[str]]) -> dict[str, pd.DataFrame]:
    """Tables by name, each put together from its files."""
    return {name: read_tables(files, TABLES[name]) for name, files in paths.items()}
