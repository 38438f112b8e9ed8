"""The area of the instrument's own software beside ours, where the file holds one."""

from __future__ import annotations

import numpy as np
import pandas as pd

COLUMNS = ["injection_id", "analyte", "kind", "retention_time_min", "area", "area_se", "vendor_retention_min",
           "vendor_area", "difference_percent", "vendor_name", "vendor_mark", "status"]  # fmt: skip


def beside_vendor(peaks: pd.DataFrame, vendor: pd.DataFrame) -> pd.DataFrame:
    """Our peaks whose apex lies within the limits of a peak of the vendor's table, largest differences first.

    Where the vendor's table has no limits, half of our peak's width at half height on either side of its apex
    stands for them. Of several vendor peaks the one with the nearest apex is taken. `difference_percent` is
    ours ÷ theirs − 1; a vendor's area of 0 has none.
    """
    if peaks.empty or vendor.empty:
        return pd.DataFrame(columns=COLUMNS)
    pairs = peaks.merge(vendor, on="injection_id", suffixes=("", "_vendor"))
    apex, theirs = pairs["retention_time_min"], pairs["retention_time_min_vendor"]
    half = pairs["width_half_min"].fillna(0.1) / 2
    inside = (apex >= pairs["start_min"].fillna(theirs - half)) & (apex <= pairs["end_min"].fillna(theirs + half))
    pairs = pairs.assign(away=(apex - theirs).abs(), vendor_retention_min=theirs)[inside]
    pairs = pairs.sort_values(["injection_id", "analyte", "away"], kind="stable")
    pairs = pairs.drop_duplicates(["injection_id", "analyte"])
    given = pairs["area_vendor"].where(pairs["area_vendor"] != 0, np.nan)
    pairs = pairs.assign(
        vendor_area=pairs["area_vendor"],
        vendor_name=pairs["name"],
        vendor_mark=pairs["mark"],
        difference_percent=100 * (pairs["area"] / given - 1),
    )
    order = pairs["difference_percent"].abs().sort_values(ascending=False, kind="stable", na_position="last").index
    return pairs.loc[order, COLUMNS].reset_index(drop=True)
