"""Mean area under the curve of each group: what stands beside the animals in the group figure."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from coeruleus.release.area_test import bounded_interval, change_per_animal, exact, t_interval, uneven_windows
from coeruleus.release.courses import FEWEST_FOR_INTERVAL
from coeruleus.release.mixed import NotEstimable


def group_areas(summary: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of AREAS: mean over animals and its 95 % interval, per analyte, region and arm.

    `summary` holds the courses that groups are compared on. Each animal counts once: several probes or sessions of
    it in one arm are averaged first. The interval is Student's t; where the areas of some animals are only known
    between bounds, that of a censored normal model, as in the statistics of the mean change over the window. Windows
    of different lengths have no common area, and so no mean; fewer than three animals have a mean but no interval.
    """
    rows: list[dict[str, Any]] = []
    usable = summary[summary["auc_at_least"].notna() & summary["arm"].notna() & (summary["window_min"] > 0)]
    for (analyte, region), part in usable.groupby(["analyte", usable["region"].fillna("")], sort=True):
        window, uneven = float(part["window_min"].max()), uneven_windows(part)
        for arm, change in change_per_animal(part).groupby(level="arm", sort=True):
            row = {"analyte": analyte, "region": region or None, "arm": arm, "n_subjects": float(len(change))}
            row |= {"n_between_bounds": float((change["low"] != change["high"]).sum())}
            if uneven:
                row["reason"] = uneven
            else:
                row |= {"window_min": window} | _mean(change, window)
            rows.append(row)
    return rows


def _mean(change: pd.DataFrame, window: float) -> dict[str, Any]:
    mean = float(change["low"].mean()) * window if exact(change) else math.nan
    if len(change) < FEWEST_FOR_INTERVAL:
        return {"mean_percent_min": mean, "reason": f"fewer than {FEWEST_FOR_INTERVAL} animals: no interval"}
    try:
        found = t_interval(change["low"].to_numpy()) if exact(change) else bounded_interval(change)
    except NotEstimable as problem:
        return {"mean_percent_min": mean, "reason": f"no interval: {problem}"}
    ends = {"ci_low": found.ci_low * window, "ci_high": found.ci_high * window}
    return {"mean_percent_min": found.estimate * window} | ends
