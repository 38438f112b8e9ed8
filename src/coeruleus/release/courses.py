"""Mean time course of each group: what the group figure plots."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from coeruleus.release.samples import COUNTED
from coeruleus.release.timing import align_times
from coeruleus.tables import status

FEWEST_FOR_INTERVAL = 3


def group_courses(samples: pd.DataFrame) -> pd.DataFrame:
    """Mean per cent of baseline over animals and its 95 % t-interval, per analyte, arm and time.

    `samples` are those of courses that groups are compared on, with `arm`, `region`, `period`. Each
    animal counts once at a time: several probes or sessions of it are averaged first. Samples with a
    number enter, also those below a limit, which `n_below_limit` counts; excluded, failed and saturated
    ones do not. Times of different animals closer than half a sample are one time. With several regions,
    each is a group of its own. Fewer than three animals have a mean but no interval.
    """
    entering = samples[samples["status"].isin(COUNTED) & samples["percent_baseline"].notna()]
    entering = entering[entering["time_min"].notna() & entering["arm"].notna()].copy()
    if entering.empty:
        return pd.DataFrame()
    entering["low"] = entering["status"].isin([status.BELOW_LOQ, status.BELOW_LOD, status.NOT_FOUND])
    entering["region"] = entering["region"].fillna("")
    width = entering["end_min"] - entering["start_min"]
    entering["time"] = np.nan
    for _, rows in entering.groupby(["analyte", "region", "period"]):
        entering.loc[rows.index, "time"] = align_times(rows["time_min"].to_numpy(), float(width[rows.index].median()))
    key = ["analyte", "arm", "region", "time"]
    animals = entering.groupby([*key, "subject_id"]).agg(
        percent=("percent_baseline", "mean"),
        low=("low", "sum"),
        value=("concentration", "mean"),
        base=("own_baseline", "mean"),
    )
    courses = animals.groupby(key).agg(
        n_subjects=("percent", "size"),
        mean=("percent", "mean"),
        sd=("percent", "std"),
        low=("low", "sum"),
        value=("value", "mean"),
        base=("base", "mean"),
    )
    courses = courses.reset_index()
    number = courses["n_subjects"].to_numpy(dtype=float)
    half = stats.t.ppf(0.975, np.maximum(number - 1, 1)) * courses["sd"] / np.sqrt(number)
    half = half.where(number >= FEWEST_FOR_INTERVAL)
    several = courses["region"].nunique() > 1
    labels = courses["arm"] + ", " + courses["region"].replace("", "no region") if several else courses["arm"]
    return pd.DataFrame(
        {
            "analyte": courses["analyte"],
            "group": labels,
            "time_min": courses["time"],
            "n_subjects": number,
            "mean_percent": courses["mean"],
            "ci_low": courses["mean"] - half,
            "ci_high": courses["mean"] + half,
            "region": courses["region"].replace("", None),
            "n_below_limit": courses["low"].astype(float),
            "percent_of_grand_mean": 100 * courses["value"] / courses["base"].where(courses["base"] > 0),
        }
    )
