"""What a perfect measurement of a simulated dialysis study would give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

CONCENTRATION_COLUMNS = [
    "subject_id",
    "session_id",
    "probe_id",
    "group",
    "sample_id",
    "start_min",
    "end_min",
    "analyte",
    "concentration",
    "unit",
    "percent_baseline",
]


def percent_of_baseline(study: pd.DataFrame, delay_min: float, samples: int = 3) -> pd.DataFrame:
    """True concentrations (frame of `simulate_study`) with their true per cent of baseline.

    The baseline is the mean of the last `samples` true concentrations whose corrected interval ends by 0.
    """
    parts = []
    for _, rows in study.groupby(["session_id", "probe_id", "analyte"], sort=True):
        before = rows[rows["end_min"] - delay_min <= 1e-6].sort_values("end_min").tail(samples)
        level = float(before["concentration"].mean()) if len(before) else float("nan")
        percent = rows["concentration"] / level * 100 if level > 0 else np.nan
        parts.append(rows.assign(percent_baseline=percent, unit="nM"))
    return pd.concat(parts)[CONCENTRATION_COLUMNS].sort_values(["sample_id", "analyte"], ignore_index=True)


def release_summary(concentrations: pd.DataFrame, delay_min: float, samples: int = 3) -> pd.DataFrame:
    """True basal level, peak, time to peak and area per session, probe and analyte.

    The area is the sum over samples after 0 of (per cent - 100) × length of the sample.
    """
    rows: list[dict[str, Any]] = []
    for key, part in concentrations.groupby(["session_id", "probe_id", "analyte"], sort=True):
        before = part[part["end_min"] - delay_min <= 1e-6].sort_values("end_min").tail(samples)
        after = part[part["start_min"] - delay_min >= -1e-6].sort_values("start_min")
        basal = float(before["concentration"].mean())
        row: dict[str, Any] = dict(zip(("session_id", "probe_id", "analyte"), key, strict=True))
        row |= {"subject_id": part["subject_id"].iloc[0], "group": part["group"].iloc[0]}
        row |= {"basal_concentration": basal, "unit": "nM"}
        if basal > 0 and len(after):
            highest = int(after["percent_baseline"].argmax())
            middle = (after["start_min"] + after["end_min"]) / 2 - delay_min
            lengths = after["end_min"] - after["start_min"]
            row |= {
                "peak_percent": float(after["percent_baseline"].iloc[highest]),
                "time_to_peak_min": float(middle.iloc[highest]),
                "auc_percent_min": float(((after["percent_baseline"] - 100) * lengths).sum()),
                "window_min": float(lengths.sum()),
            }
        else:
            row |= dict.fromkeys(("peak_percent", "time_to_peak_min", "auc_percent_min", "window_min"), float("nan"))
        rows.append(row)
    return pd.DataFrame(rows)
