"""Points and lines of zero-net-flux: what the perfusate lost or gained, against what it held."""

from __future__ import annotations

from typing import Any

import pandas as pd

from coeruleus.experiment.settings import RecoverySettings
from coeruleus.release.recovery import by_condition, perfused_courses, usable_samples
from coeruleus.release.samples import SERIES


def flux_points(
    samples: pd.DataFrame,
    events: pd.DataFrame,
    recovered: pd.DataFrame,
    settings: RecoverySettings,
    inlet_min: float = 0.0,
) -> pd.DataFrame:
    """Rows of FLUX_POINTS: each sample that entered a regression of `recovered` (RECOVERY), and its line there.

    `lost` is perfused − collected: below 0 the probe gained from the tissue. The line is recovery × (perfused −
    extracellular); a regression that failed has points and no line. `inlet_min` as in `measure_recovery`.
    """
    if recovered.empty or not (recovered["method"] == "zero_net_flux").any():
        return pd.DataFrame()
    fits = recovered[recovered["method"] == "zero_net_flux"].to_dict("records")
    lines = {tuple(row[name] for name in (*SERIES, "condition")): row for row in fits}
    rows: list[dict[str, Any]] = []
    fit = usable_samples(samples, events, inlet_min)
    for key, course in perfused_courses(fit, events, settings.equilibration_min, inlet_min):
        for condition, part in by_condition(course):
            line = lines[(*key, condition)]
            about = {**dict(zip(SERIES, key, strict=True)), "condition": condition}
            for sample in part.to_dict("records"):
                inside, collected = sample["inside"], sample["concentration"]
                row = {"sample_id": sample["sample_id"], "subject_id": sample["subject_id"], "unit": sample["unit"]}
                row |= {"perfused": inside, "collected": collected, "lost": inside - collected}
                fitted = line.get("recovery", float("nan")) * (inside - line.get("extracellular", float("nan")))
                rows.append({**about, **row, "fitted": fitted})
    return pd.DataFrame(rows)
