"""Found against true: what a run over a simulated experiment got right, and how well its errors are stated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.simulation.compare_units import label_row, number_row, unit_rows
from coeruleus.tables.sources import TRUTH

Frames = Mapping[str, pd.DataFrame]
Row = dict[str, Any]

_TEXT = {"group", "analyte", "reference"}  # and every id


def read_truth(directory: str | Path) -> dict[str, pd.DataFrame]:
    """The frames of an experiment's `truth` folder by name; numbers as numbers, ids as text."""
    frames = {}
    for path in sorted(Path(directory).glob("*.tsv")):
        raw = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False).astype(object)
        frame = raw.where(raw != "n/a", None)
        for name in frame:
            numbers = pd.to_numeric(frame[name], errors="coerce")
            is_text = name in _TEXT or str(name).endswith("_id")
            if not is_text and (numbers.notna() | frame[name].isna()).all():
                frame[name] = numbers.astype(float)
        frames[path.stem] = frame
    return frames


def compare_with_truth(truth: Frames, results: Frames) -> pd.DataFrame:
    """One row per quantity and item with a known truth (tables.sources.TRUTH).

    `truth` holds the frames of `read_truth`; `results` the result tables by name (`dialysate/peaks`,
    `dialysate/accuracy`, `dialysate/concentrations`, `release/release`, `release/summary`, `release/statistics`,
    `units/units`, `units/responses`, `units/drug_responses`, `units/classification`, and `units/spikes` of all sites as
    one frame). What either lacks is left out.
    """
    parts = (_dialysate_rows, _effect_rows, unit_rows, _status_rows)
    rows = [row for part in parts for row in part(truth, results)]
    return TRUTH.frame(rows)


def _both(truth: Frames, results: Frames, known: str, table: str, on: list[str]) -> list[Row]:
    """Rows of a result table with the truth's columns beside them as `true_...`."""
    if known not in truth or table not in results or truth[known].empty:
        return []
    right = truth[known].rename(columns={name: f"true_{name}" for name in truth[known] if name not in on})
    return [{str(k): v for k, v in row.items()} for row in results[table].merge(right, on=on).to_dict("records")]


def _dialysate_rows(truth: Frames, results: Frames) -> Iterator[Row]:
    for row in _both(truth, results, "peaks", "dialysate/peaks", ["injection_id", "analyte"]):
        analyte, item = row["analyte"], row["injection_id"]
        present = row["true_area"] > 0
        unit = f"{row['signal_unit']} s" if row.get("signal_unit") else None
        yield number_row(f"{analyte} area", item, unit, row["true_area"], row["area"], row["area_se"])
        if present:
            found = row["retention_time_min"]
            yield number_row(f"{analyte} retention time", item, "min", row["true_retention_time_min"], found)
        if row["status"] in ("ok", "not_found"):
            yield label_row(f"{analyte} detection", item, "ok" if present else "not_found", row["status"])
    on = ["sample_id", "analyte"]
    for row in _both(truth, results, "concentrations", "dialysate/concentrations", on):
        numbers = row["true_concentration"], row["concentration"], row["concentration_se"]
        yield number_row(f"{row['analyte']} concentration", row["injection_id"], row["unit"], *numbers)
    for row in _both(truth, results, "concentrations", "release/release", on):
        numbers = row["true_percent_baseline"], row["percent_baseline"], row["percent_baseline_se"]
        if np.isfinite(numbers[0]):
            yield number_row(f"{row['analyte']} per cent of baseline", row["sample_id"], "%", *numbers)
    on = ["session_id", "probe_id", "analyte"]
    for row in _both(truth, results, "release", "release/summary", on):
        for name, words, unit in (
            ("basal_concentration", "basal concentration", row["true_unit"]),
            ("peak_percent", "peak", "%"),
            ("auc_percent_min", "area under the curve", "% min"),
        ):
            true = row[f"true_{name}"]
            if np.isfinite(true):
                se = row.get(f"{name}_se", np.nan)
                yield number_row(f"{row['analyte']} {words}", row["probe_id"], unit, true, row[name], se)


def _effect_rows(truth: Frames, results: Frames) -> Iterator[Row]:
    """Differences between groups at each time, as a ratio in per cent, from the model of log concentration."""
    statistics = results.get("release/statistics")
    columns = {"group", "reference", "time_min", "percent", "percent_ci_low", "percent_ci_high"}
    if statistics is None or not columns <= set(statistics):
        return
    named = {"release/statistics": statistics[statistics["group"].notna() & statistics["time_min"].notna()]}
    on = ["analyte", "group", "reference", "time_min"]
    for row in _both(truth, named, "effects", "release/statistics", on):
        se = (row["percent_ci_high"] - row["percent_ci_low"]) / (2 * 1.96)
        item = f"{row['group']} / {row['reference']} at {row['time_min']:g} min ({row['model']})"
        yield number_row(f"{row['analyte']} group difference", item, "%", row["true_percent"], row["percent"], se)


def _status_rows(truth: Frames, results: Frames) -> Iterator[Row]:
    """Faults that the simulation put in, and what became of them."""
    faults = truth.get("statuses", pd.DataFrame(columns=["table", "item", "analyte", "status"]))
    for fault in faults.to_dict("records"):
        found = _found_status(fault["table"], fault["item"], fault["analyte"], results)
        if found is not None:
            item = " ".join(str(part) for part in (fault["item"], fault["analyte"]) if part and part == part)
            yield label_row("fault handled", item, fault["status"], found)


def _found_status(table: str, item: str, analyte: str, results: Frames) -> str | None:
    names = {
        "concentrations": "dialysate/concentrations",
        "accuracy": "dialysate/accuracy",
        "release": "release/release",
        "units": "units/units",
    }
    frame = results.get(names[table])
    if frame is None:
        return None
    if table == "units":
        rows = frame[frame["site_id"] + "/" + frame["unit_id"].fillna("") == item]
    elif table == "release":
        rows = frame[frame["probe_id"] == item]
    else:
        rows = frame[(frame["injection_id"] == item) & (frame["analyte"] == analyte)]
    if rows.empty:
        return "no row"
    first = rows.iloc[0]
    if table == "accuracy":
        return "accepted" if first["accepted"] else "rejected"
    return str(first["placement" if table == "release" else "status"])


def summarise_truth(frame: pd.DataFrame) -> pd.DataFrame:
    """Per quantity of a comparison: how far off, whether the stated errors hold, how often labels agree.

    Columns: quantity, n (items with a truth), n_found (with an answer), median_error_percent (signed) and
    median_abs_error_percent over items whose truth is not 0, coverage (share of items with a standard error
    whose truth lies within found ± 1.96 se), agreement (share of labels that equal the truth).
    """
    rows = []
    for quantity, part in frame.groupby("quantity", sort=True):
        labelled = part["true_label"].notna()
        numeric = part["true"].notna() & part["found"].notna()
        row: Row = {"quantity": quantity, "n": len(part)}
        row["n_found"] = int(numeric.sum() + (labelled & part["found_label"].notna()).sum())
        sized = part[numeric & (part["true"] != 0)]
        error = (sized["found"] / sized["true"] - 1) * 100
        row["median_error_percent"] = error.median()
        row["median_abs_error_percent"] = error.abs().median()
        stated = part[numeric & (part["se"] > 0)]
        inside = (stated["found"] - stated["true"]).abs() <= 1.96 * stated["se"]
        row["coverage"] = inside.mean() if len(stated) else np.nan
        agree = part["true_label"][labelled] == part["found_label"][labelled]
        row["agreement"] = agree.mean() if labelled.any() else np.nan
        rows.append(row)
    columns = ["quantity", "n", "n_found", "median_error_percent", "median_abs_error_percent", "coverage", "agreement"]
    return pd.DataFrame(rows, columns=columns)
