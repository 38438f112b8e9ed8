"""What a perfect measurement of a simulated dialysis study would give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.simulation.dialysate import Effect, mean_percent

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


def group_effects(
    start_min: np.ndarray, length_min: float, effects: Mapping[str, Mapping[str, Effect]], reference: str
) -> pd.DataFrame:
    """What groups differ by in truth: per cent of baseline of a group ÷ that of the reference × 100.

    `start_min` is on the brain's clock; `effects` by group and analyte. One row per analyte, group and sample
    after 0, at the middle of the sample.
    """
    starts = start_min[start_min >= 0]
    rows: list[dict[str, Any]] = []
    for group in effects:
        for analyte in sorted(set(effects[group]) | set(effects[reference])):
            own, other = (
                mean_percent(starts, starts + length_min, effects[name].get(analyte, Effect(100.0)))
                for name in (group, reference)
            )
            for start, ratio in zip(starts.tolist(), (own / other * 100).tolist(), strict=True):
                row: dict[str, Any] = {"analyte": analyte, "group": group, "reference": reference}
                rows.append(row | {"time_min": start + length_min / 2, "percent": ratio})
    frame = pd.DataFrame(rows)
    return frame[frame["group"] != reference].reset_index(drop=True)
