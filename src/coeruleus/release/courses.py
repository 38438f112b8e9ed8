"""Mean time course of each group: what the group figure plots."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from coeruleus.release.bounds import LOW, percent_bounds
from coeruleus.release.samples import COUNTED
from coeruleus.release.timing import align_times

FEWEST_FOR_INTERVAL = 3


def group_courses(samples: pd.DataFrame) -> pd.DataFrame:
    """Mean per cent of baseline over animals and its 95 % t-interval, per analyte, arm and time.

    `samples` are those of courses that groups are compared on, with `arm`, `region`, `period`. Each
    animal counts once at a time: several probes or sessions of it are averaged first. Samples with a
    number enter, also those below a limit, which `n_below_limit` counts; excluded, failed and saturated
    ones do not. Where samples below a limit have no number, there is no mean: the interval then holds those with all
    such samples at their least and at their most. Times of different animals closer than half a sample are one
    time. With several regions, each is a group of its own. Fewer than three animals have a mean but no interval.
    """
    samples = samples.copy()
    samples["least"], samples["most"] = percent_bounds(samples, samples["baseline"])
    for name in ("least", "most"):
        samples[name] = samples["percent_baseline"].fillna(samples[name])
    entering = samples[samples["status"].isin(COUNTED) & samples["least"].notna()]
    entering = entering[entering["time_min"].notna() & entering["arm"].notna()].copy()
    if entering.empty:
        return pd.DataFrame()
    entering["low"] = entering["status"].isin(LOW)
    entering["region"] = entering["region"].fillna("")
    width = entering["end_min"] - entering["start_min"]
    entering["time"] = np.nan
    for _, rows in entering.groupby(["analyte", "region", "period"]):
        entering.loc[rows.index, "time"] = align_times(rows["time_min"].to_numpy(), float(width[rows.index].median()))
    key = ["analyte", "arm", "region", "time"]
    animals = entering.groupby([*key, "subject_id"]).agg(
        least=("least", "mean"),
        most=("most", "mean"),
        low=("low", "sum"),
        value=("concentration", "mean"),
        base=("own_baseline", "mean"),
    )
    courses = animals.groupby(key).agg(
        n_subjects=("least", "size"),
        mean=("least", "mean"),
        highest=("most", "mean"),
        sd=("least", "std"),
        sd_highest=("most", "std"),
        low=("low", "sum"),
        value=("value", "mean"),
        base=("base", "mean"),
    )
    courses = courses.reset_index()
    number = courses["n_subjects"].to_numpy(dtype=float)
    quantile = np.where(number >= FEWEST_FOR_INTERVAL, stats.t.ppf(0.975, np.maximum(number - 1, 1)), np.nan)
    ends = [
        courses[mean] + sign * quantile * courses[sd] / np.sqrt(number)
        for mean, sd, sign in (("mean", "sd", -1), ("highest", "sd_highest", 1))
    ]
    exact = courses["mean"] == courses["highest"]
    low, high = (end.where(np.isfinite(end)) for end in ends)
    several = courses["region"].nunique() > 1
    labels = courses["arm"] + ", " + courses["region"].replace("", "no region") if several else courses["arm"]
    return pd.DataFrame(
        {
            "analyte": courses["analyte"],
            "group": labels,
            "time_min": courses["time"],
            "n_subjects": number,
            "mean_percent": courses["mean"].where(exact),
            "ci_low": low,
            "ci_high": high,
            "region": courses["region"].replace("", None),
            "n_below_limit": courses["low"].astype(float),
            "percent_of_grand_mean": 100 * courses["value"] / courses["base"].where(exact & (courses["base"] > 0)),
            "arm": courses["arm"],
        }
    )
