"""Which columns hold the ends of a measure's interval, and its level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Interval(NamedTuple):
    """Columns of the ends, and the level in per cent."""

    low: str
    high: str
    percent: int = 95


# Of units/units, units/responses and units/drug_responses; no two of these measures share a name.
INTERVALS = {
    "firing_rate_hz": Interval("firing_rate_ci_low_hz", "firing_rate_ci_high_hz"),
    "isi_violation_fraction": Interval("isi_violation_ci_low", "isi_violation_ci_high"),
    **{
        name: Interval(f"{name}_ci_low", f"{name}_ci_high")
        for name in (
            "contamination",
            "suppression_index",
            "percent_change",
            "percent_change_long",
            "from_first_dose_percent",
            "reversal_percent",
        )
    },
    **{
        f"{part}_{measure}_{unit}": Interval(f"{part}_{measure}_ci_low_{unit}", f"{part}_{measure}_ci_high_{unit}", 90)
        for part in ("excitation", "inhibition")
        for measure, unit in (("latency", "s"), ("duration", "s"), ("rate", "hz"))
    },
}


def ends_of(measure: str, row: Mapping[str, Any]) -> tuple[float, float]:
    """Both ends of a measure's interval in a row of its table; NaN where it has none, or one is not known."""
    low, high, _ = INTERVALS.get(measure, (None, None, None))
    start, end = (None if name is None else row.get(name) for name in (low, high))
    return float("nan") if start is None else float(start), float("nan") if end is None else float(end)
