"""What calibrations add to an effect of groups: animals of one run share it, so that their scatter does not show it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from coeruleus.release.area_test import change_weights
from coeruleus.release.rows import Row, samples_behind
from coeruleus.release.shared import OF_PERCENT, RUNS, Floats, error_in_common, loadings_of
from coeruleus.tables import status

WORTH_SAYING = 0.5  # of the standard error


def add_common_error(row: Row, samples: pd.DataFrame, summary: pd.DataFrame, in_logs: bool) -> Row:
    """The row of an effect with `calibration_se`, to first order, and a remark where it is more than half of `se`.

    `samples` and `summary` are those that the effect's analyte and region is compared on. An effect at one time is
    taken as that of means over samples with a number: of ln concentration less those of the baseline, or without
    `in_logs` of per cents of baseline; one over the window as that of means of areas. None is given where an arm has no
    such sample, or where per cents are of the mean of all animals.
    """
    time, estimate = row.get("time_min"), row.get("estimate")
    if row.get("group") is None or not isinstance(estimate, float) or not math.isfinite(estimate):
        return row
    if RUNS not in samples:
        return row
    if not (isinstance(time, int | float) and math.isfinite(time)):
        reference = row.get("reference")
        weights = change_weights(summary, str(row["group"]), None if reference is None else str(reference))
        own = summary.loc[weights.index]
        found = error_in_common(weights.to_numpy()[:, None] * loadings_of(own), own[RUNS])
    else:
        parts = _at_one_time(row, samples, in_logs)
        if not parts:
            return row
        found = error_in_common(np.concatenate([moved for moved, _ in parts]), pd.concat([runs for _, runs in parts]))
    if not found > 0:
        return row
    row = {**row, "calibration_se": found}
    if isinstance(row.get("se"), float) and found > WORTH_SAYING * float(str(row["se"])):
        said = (
            f"the calibration, which animals of a run share, adds an error of {found:.2g} that is not in the interval"
        )
        row["reason"] = "; ".join(str(text) for text in (row["reason"], said) if text)
    return row


def _at_one_time(row: Row, samples: pd.DataFrame, in_logs: bool) -> list[tuple[Floats, pd.Series]]:
    """Loadings and runs of what the effect is the sum of; nothing where an arm has no sample with a number."""
    known = samples["status"].isin((status.OK, status.ABOVE_RANGE)) & (samples["concentration"] > 0)
    samples = samples[known & (samples["baseline"] > 0)]
    behind = samples_behind(row, samples)
    parts = []
    for arm, sign in ((row["group"], 1.0), (row.get("reference"), -1.0)):
        if arm is None:
            continue
        after = behind[behind["arm"] == arm]
        before = samples[(samples["arm"] == arm) & samples["in_baseline"].astype(bool)]
        if after.empty or (in_logs and before.empty):
            return []
        for own, weight in ((after, sign), (before, -sign))[: 2 if in_logs else 1]:
            moved = loadings_of(own) / own[["concentration"]].to_numpy() if in_logs else loadings_of(own, OF_PERCENT)
            parts.append((weight / len(own) * moved, own[RUNS]))
    return parts
