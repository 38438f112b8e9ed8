"""Animals × time, as spreadsheets and plotting programs take them: one table per analyte, region and measure."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from coeruleus.release.samples import COUNTED
from coeruleus.release.timing import align_times

MEASURES = ("concentration", "percent_baseline", "log_ratio", "difference_baseline", "status")
COURSE = ["subject_id", "session_id", "probe_id", "arm", "placement", "in_statistics", "left_out"]


def wide_tables(samples: pd.DataFrame, summary: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Frames by name, `analyte_region_measure`: a row per course, sorted by arm and animal, a column per minute.

    Courses that are left out of statistics stand there and say so. Values that do not count (lost, excluded,
    saturated) are n/a; the table of statuses says which they are. Times of different animals less than half
    a sample apart share a column.
    """
    found: dict[str, pd.DataFrame] = {}
    placed = samples[samples["time_min"].notna()].copy()
    placed["region"] = placed["region"].fillna("")
    several = placed["region"].nunique() > 1
    for (analyte, region), own in placed.groupby(["analyte", "region"], sort=True):
        width = float((own["end_min"] - own["start_min"]).min())  # so that no two samples of a course share a column
        time = np.full(len(own), np.nan)
        for period in sorted(set(own["period"])):
            here = (own["period"] == period).to_numpy()
            time[here] = align_times(own["time_min"].to_numpy()[here], width)
        rows = summary[(summary["analyte"] == analyte)][COURSE]
        rows = rows.merge(own[["session_id", "probe_id"]].drop_duplicates(), on=["session_id", "probe_id"])
        rows = rows.sort_values(["arm", "subject_id", "session_id", "probe_id"], na_position="last", kind="stable")
        counted = own["status"].isin(COUNTED)
        for measure in MEASURES:
            values = own[measure] if measure == "status" else own[measure].where(counted)
            cells = values.groupby([own["session_id"], own["probe_id"], pd.Series(time, index=own.index)]).first()
            grid = cells.unstack()
            grid.columns = [f"{value:g}" for value in grid.columns]
            table = rows.merge(grid.reset_index(), on=["session_id", "probe_id"], how="left", sort=False)
            parts = [str(analyte), str(region) or ("no_region" if several else ""), measure]
            name = "_".join(re.sub(r"[^A-Za-z0-9.-]+", "-", part) for part in parts if part and part != measure)
            for column in ("session_id", "probe_id"):
                table[column] = table[column].astype(object).where(table[column] != "", None)
            found[f"{name}_{measure}"] = table
    return found
