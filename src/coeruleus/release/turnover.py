"""Turnover: metabolite ÷ transmitter, sample by sample, with the errors of both."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coeruleus.release.samples import SAMPLE
from coeruleus.tables import status

FIT = (status.OK, status.ABOVE_RANGE, status.BELOW_LOQ, status.TRANSITION)
PLACE = SAMPLE[:3]


def measure_turnover(samples: pd.DataFrame, ratios: list[str]) -> pd.DataFrame:
    """Rows of TURNOVER for every ratio whose two analytes are both measured.

    A ratio has the worse status of its two concentrations, and a value where both are fit (not where one is
    below detection, lost or excluded). Errors are to first order: (se ÷ ratio)² is the sum of both; a
    standard error that is not known leaves none. The baseline is the geometric mean over samples in the
    baseline of both; its error is that of the mean of logs, from scatter.
    """
    parts = [_one(samples, ratio, *ratio.split("/")) for ratio in ratios]
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _one(samples: pd.DataFrame, ratio: str, metabolite: str, transmitter: str) -> pd.DataFrame:
    columns = ["concentration", "concentration_se", "unit", "status", "reason", "in_baseline"]
    below = samples.loc[samples["analyte"] == transmitter, [*PLACE, *columns]]
    joined = samples[samples["analyte"] == metabolite].merge(below, on=PLACE, suffixes=("", "_below"), sort=False)
    if joined.empty:
        return joined
    pairs = zip(joined["status"], joined["reason"], joined["status_below"], joined["reason_below"], strict=True)
    worst = [
        status.worse((one, f"{metabolite}: {why}"), (two, f"{transmitter}: {because}"))
        for one, why, two, because in pairs
    ]
    joined["status"] = [state for state, _ in worst]
    joined["reason"] = [None if state == status.OK else reason for state, reason in worst]
    top, bottom = joined["concentration"], joined["concentration_below"]
    fit = joined["status"].isin(FIT) & (top > 0) & (bottom > 0)
    joined["value"] = (top / bottom).where(fit)
    relative = np.sqrt((joined["concentration_se"] / top) ** 2 + (joined["concentration_se_below"] / bottom) ** 2)
    joined["value_se"] = joined["value"] * relative
    same = joined["unit"].fillna("") == joined["unit_below"].fillna("")
    names = joined["unit"].fillna("no unit") + " per " + joined["unit_below"].fillna("no unit")
    joined["unit"] = names.mask(same, "1")
    base = fit & joined["in_baseline"] & joined["in_baseline_below"]
    logs = np.log(joined["value"].where(base))
    by = logs.groupby([joined["session_id"], joined["probe_id"]])
    number, mean = by.transform("count"), by.transform("mean")
    joined["baseline"] = np.exp(mean)
    joined["percent_baseline"] = 100 * joined["value"] / joined["baseline"]
    shared = (relative**2 / number).where(base, 0.0)
    variance = relative**2 + by.transform("var") / number - 2 * shared
    joined["percent_baseline_se"] = joined["percent_baseline"] * np.sqrt(variance.clip(lower=0.0))
    joined["ratio"] = ratio
    return joined
