"""Found against true for units: sorting, rates, waveforms, responses, labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

Frames = Mapping[str, pd.DataFrame]
Row = dict[str, Any]
Unit = tuple[str, str]

TOLERANCE_S = 0.001
ALPHA = 0.05
SILENCED_PERCENT = -50.0


def matching_accuracy(true_s: np.ndarray, found_s: np.ndarray, tolerance_s: float = TOLERANCE_S) -> float:
    """TP ÷ (TP + FN + FP) of two spike trains (s); each spike is matched once, within the tolerance.

    A constant offset below 2 ms is taken out first: which point of a spike is its time, is a convention.
    """
    if len(true_s) == 0 or len(found_s) == 0:
        return 0.0
    true_s, found_s = np.sort(true_s), np.sort(found_s)
    apart = found_s - _nearest(true_s, found_s)
    near = apart[np.abs(apart) < 0.002]
    shifted = found_s - (float(np.median(near)) if len(near) else 0.0)
    hits, j = 0, 0
    for time in true_s:
        while j < len(shifted) and shifted[j] < time - tolerance_s:
            j += 1
        if j < len(shifted) and shifted[j] <= time + tolerance_s:
            hits += 1
            j += 1
    return hits / (len(true_s) + len(found_s) - hits)


def _nearest(among: np.ndarray, times: np.ndarray) -> np.ndarray:
    right = np.clip(np.searchsorted(among, times), 1, max(len(among) - 1, 1))
    left, right = among[right - 1], among[np.minimum(right, len(among) - 1)]
    return np.where(times - left <= right - times, left, right)


def match_units(true: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray]) -> dict[str, tuple[str | None, float]]:
    """For each true unit the found one and the accuracy; best pairs first, each found unit once."""
    pairs = sorted(
        ((matching_accuracy(true[a], found[b]), a, b) for a in true for b in found), key=lambda p: (-p[0], p[1], p[2])
    )
    matched: dict[str, tuple[str | None, float]] = {}
    taken: set[str] = set()
    for accuracy, mine, theirs in pairs:
        if accuracy > 0 and mine not in matched and theirs not in taken:
            matched[mine] = (theirs, accuracy)
            taken.add(theirs)
    return {name: matched.get(name, (None, 0.0)) for name in true}


def unit_rows(truth: Frames, results: Frames) -> Iterator[Row]:
    """Rows of the comparison for every true unit; units of raw traces by their matched spikes."""
    if "units" not in truth or truth["units"].empty or "units/units" not in results:
        return
    known: dict[Unit, Row] = {
        (row["site_id"], row["unit_id"]): {str(k): v for k, v in row.items()}
        for row in truth["units"].to_dict("records")
    }
    names: dict[Unit, Unit | None] = {unit: unit for unit in known}
    yield from _sorting_rows(truth, results, names)
    tables = {
        name: _by_unit(frame) for name, frame in results.items() if name.startswith("units/") and "unit_id" in frame
    }
    for unit, row in known.items():
        yield from _one_unit(row, names[unit], tables)


def _by_unit(frame: pd.DataFrame | None) -> dict[Unit, list[Row]]:
    """Rows of a table by (site_id, unit_id)."""
    grouped: dict[Unit, list[Row]] = {}
    for row in [] if frame is None else frame.to_dict("records"):
        grouped.setdefault((row["site_id"], row["unit_id"]), []).append({str(k): v for k, v in row.items()})
    return grouped


def _sorting_rows(truth: Frames, results: Frames, names: dict[Unit, Unit | None]) -> Iterator[Row]:
    """Accuracy of sorting; `names` is filled with what each unit of a raw trace was called."""
    spikes, found = truth.get("spikes"), results.get("units/spikes")
    if spikes is None or found is None:
        return
    for site, part in spikes.groupby("site_id", sort=True):
        name = str(site)
        mine = {str(unit): rows["time_s"].to_numpy(float) for unit, rows in part.groupby("unit_id")}
        here = found[found["site_id"] == name]
        theirs = {str(unit): rows["time_s"].to_numpy(float) for unit, rows in here.groupby("unit_id")}
        yield number_row("units sorted from a raw trace", name, "units", len(mine), len(theirs))
        for unit, (match, accuracy) in match_units(mine, theirs).items():
            names[name, unit] = (name, match) if match is not None else None
            yield number_row("sorting accuracy", f"{name}/{unit}", "fraction", 1.0, accuracy)


def _one_unit(row: Row, found: Unit | None, tables: Mapping[str, dict[Unit, list[Row]]]) -> Iterator[Row]:
    item = f"{row['site_id']}/{row['unit_id']}"

    def rows(table: str) -> list[Row]:
        return tables.get(table, {}).get(found, []) if found is not None else []

    for measured in rows("units/units")[:1]:
        if _known(row["rate_hz"]):
            low, high = measured.get("firing_rate_ci_low_hz", np.nan), measured.get("firing_rate_ci_high_hz", np.nan)
            se = (high - low) / (2 * 1.96)
            yield number_row("firing rate", item, "Hz", row["rate_hz"], measured["firing_rate_hz"], se)
        yield number_row("half-width", item, "ms", row["half_width_ms"], measured["half_width_ms"])
        yield number_row("spike width", item, "ms", row["spike_width_ms"], measured["spike_width_ms"])
    for response in rows("units/responses"):
        if (response["trial_type"], response["condition"]) == ("paw_pinch", "baseline") and _known(row["biphasic"]):
            answer = _yes(response["biphasic"]) if response["status"] == "ok" else response["status"]
            yield label_row("biphasic to paw pinch", item, _yes(row["biphasic"]), answer)
    for test in rows("units/drug_responses"):
        if test["drug"] == "clonidine" and _known(row["silenced"]):
            silent = test["p_value"] < ALPHA and test["percent_change"] <= SILENCED_PERCENT
            answer = _yes(silent) if test["status"] == "ok" else test["status"]
            yield label_row("silenced by clonidine", item, _yes(row["silenced"]), answer)
    for label in rows("units/classification"):
        yield label_row(f"label by {label['ruleset']}", item, row["label"], label["label"])


def _known(value: Any) -> bool:
    return value is not None and value == value


def _yes(value: Any) -> str:
    return "yes" if value in (True, "true") else "no"


def number_row(quantity: str, item: str, unit: str | None, true: float, found: float, se: float = np.nan) -> Row:
    """A row of the comparison for a number."""
    return {"quantity": quantity, "item": item, "unit": unit, "true": true, "found": found, "se": se}


def label_row(quantity: str, item: str, true: str, found: str) -> Row:
    """A row of the comparison for a label or status."""
    return {"quantity": quantity, "item": item, "true_label": true, "found_label": found}
