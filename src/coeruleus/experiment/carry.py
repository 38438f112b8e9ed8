"""Columns that the contract does not know: kept, and carried along into results."""

from __future__ import annotations

import pandas as pd

from coeruleus.experiment.fields import Sheet

OURS = ("sheet_row", "order")  # columns that reading adds to sheets


def carry(results: pd.DataFrame, rows: pd.DataFrame, sheet: Sheet, on: str) -> pd.DataFrame:
    """`results` with the unknown columns of a sheet's `rows` beside them, matched by `on`.

    Where several rows match, the first counts. A name that the results have already is carried as NAME_in_sheet.
    """
    unknown = [str(name) for name in rows if name not in sheet.names and name not in OURS]
    if not unknown:
        return results
    beside = rows.drop_duplicates(on)[[on, *unknown]]
    beside = beside.rename(columns={name: f"{name}_in_sheet" for name in unknown if name in results})
    return results.merge(beside, on=on, how="left", sort=False)
