"""What calibrations add to an effect of groups: animals of one run share it, so that their scatter does not show it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coeruleus.release.bounds import LOW
from coeruleus.release.rows import Row
from coeruleus.release.shared import error_in_common, names_of
from coeruleus.release.timing import AFTER

WORTH_SAYING = 0.5  # of the standard error


def add_common_error(row: Row, samples: pd.DataFrame, in_logs: bool) -> Row:
    """The row of an effect with `calibration_se`, to first order, and a remark where it is more than half of `se`.

    `samples` are those that the effect's analyte and region is compared on. The effect is taken as that of means over
    samples with a number: of ln concentration at its time less those of the baseline, or without `in_logs`, or where
    the effect is at no one time, of per cents of baseline.
    """
    group, reference, time = row.get("group"), row.get("reference"), row.get("time_min")
    estimate = row.get("estimate")
    if group is None or not isinstance(estimate, float) or not np.isfinite(estimate):
        return row
    if not samples[names_of(samples)].to_numpy().any():
        return row
    known = samples[(samples["concentration"] > 0) & ~samples["status"].isin(LOW) & (samples["baseline"] > 0)]
    at = float(time) if isinstance(time, int | float) else np.nan
    timed = np.isfinite(at)
    weights = np.zeros(len(known))
    value, base = known["concentration"].to_numpy(), known["baseline"].to_numpy()
    before = known["in_baseline"].to_numpy(dtype=bool)
    after = (known["period"] == AFTER).to_numpy()
    if timed:
        width = float((known["end_min"] - known["start_min"]).median())
        after = after & (np.abs(known["time_min"].to_numpy() - at) <= width / 2)
    for arm, sign in ((group, 1.0), (reference, -1.0)):
        of_arm = (known["arm"] == arm).to_numpy()
        if arm is None or not (of_arm & after).any() or not (of_arm & before).any():
            continue
        here = of_arm & after
        if in_logs and timed:
            weights[here] += sign / here.sum() / value[here]
            there = of_arm & before
            weights[there] -= sign / there.sum() / value[there]
            continue
        weights[here] += sign * 100 / here.sum() / base[here]
        for series in sorted(set(known.loc[here, "series"])):  # 100 c ÷ b falls with b, the mean of its samples
            own = (known["series"] == series).to_numpy()
            share = float(np.sum(value[own & here] / base[own & here])) / here.sum()
            there = own & before
            weights[there] -= sign * 100 * share / there.sum() / base[there] if there.any() else 0.0
    found = error_in_common(known, weights)
    if not found > 0:
        return row
    row = {**row, "calibration_se": found}
    if isinstance(row.get("se"), float) and found > WORTH_SAYING * float(str(row["se"])):
        said = (
            f"the calibration, which animals of a run share, adds an error of {found:.2g} that is not in the interval"
        )
        row["reason"] = "; ".join(str(text) for text in (row["reason"], said) if text)
    return row
