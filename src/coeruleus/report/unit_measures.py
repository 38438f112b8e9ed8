"""What was measured of a unit, a row each with its interval and its meaning, and the quality of all units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from coeruleus.report.cells import TableView, number_words, rows_of, table
from coeruleus.tables.intervals import INTERVALS, ends_of
from coeruleus.tables.units import UNITS

FIRING = {
    "firing_rate_hz": "rate", "n_spikes": "spontaneous spikes", "duration_s": "spontaneous time",
    "spontaneous_from": "taken from", "isi_cv": "CV", "cv2": "CV2", "lv": "LV", "lvr": "LvR",
    "burst_fraction": "in bursts", "gamma_shape": "gamma shape", "gamma_burst_fraction": "in gamma bursts",
    "n_silences": "silences", "silent_fraction": "silent part", "longest_interval_s": "longest interval",
}  # fmt: skip
SPIKE = {
    "spike_width_ms": "width", "half_width_ms": "half-width", "notch": "notch", "asymmetry": "asymmetry",
    "highpass_hz": "high-pass", "waveform_reason": "why one is missing",
}  # fmt: skip
QUALITY = {
    "isolation": "isolation (d′)", "snr": "S/N", "contamination": "contamination",
    "isi_violation_fraction": "ISI violations", "missed_fraction": "missed spikes", "noise_fraction": "noise",
    "presence": "presence", "held": "held", "held_reason": "where not held", "masked_s": "time masked",
    "quality_reason": "remarks",
}  # fmt: skip
REASONS = {"waveform_reason", "held_reason", "quality_reason"}
HEAD = {"measure": "measure", "value": "value", "interval": "95 % interval", "meaning": "what it is"}
COLUMNS = {column.name: column for column in UNITS.columns}


def measures_of(row: Mapping[str, Any], item: str) -> tuple[tuple[str, TableView], ...]:
    """Firing, mean spike and quality of one row of UNITS, each as a heading and a table, with reasons if any."""
    views = []
    for heading, names in (("Firing", FIRING), ("Mean spike", SPIKE), ("Quality", QUALITY)):
        rows = [_row(row, name, said) for name, said in names.items() if name not in REASONS or not pd.isna(row[name])]
        frame = pd.DataFrame({name: pd.Series([one[name] for one in rows], dtype=object) for name in HEAD})
        frame = frame if frame["interval"].any() else frame.drop(columns="interval")
        views.append((heading, table(frame, f"{heading} of {item}", HEAD)))
    return tuple(views)


def _row(row: Mapping[str, Any], name: str, said: str) -> dict[str, Any]:
    value, column = row[name], COLUMNS[name]
    if name in REASONS:
        return {"measure": said, "value": "", "interval": "", "meaning": value}
    if column.unit and not pd.isna(value):
        value = f"{number_words(value)} {column.unit}"
    return {
        "measure": said,
        "value": value,
        "interval": _interval(row, name),
        "meaning": column.description,
    }


def quality(units: pd.DataFrame) -> TableView:
    """The quality of every unit, a row each."""
    heads = {"site_id": "site", "unit_id": "unit"}
    frame = units.copy()
    for name, said in QUALITY.items():
        heads[name] = said
        if name in INTERVALS and len(units):
            frame[f"{name} interval"] = [_interval(row, name) for row in rows_of(units)]
            heads[f"{name} interval"] = "95 % interval"
    return table(frame, "Quality of the units", heads)


def _interval(row: Mapping[str, Any], name: str) -> str:
    return interval_words(*ends_of(name, row))


def interval_words(low: float | None, high: float | None) -> str:
    """`0.2 to 0.5`, `up to 0.5`, `from 0.2`, or nothing where it is not known."""
    start, end = ("" if one is None or pd.isna(one) else number_words(one) for one in (low, high))
    if start and end:
        return f"{start} to {end}"
    return f"up to {end}" if end else f"from {start}" if start else ""
