"""Every injection's trace for the browser of chromatograms, packed one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.report.cells import rows_of
from coeruleus.report.packed import noise_of, pack, pack_line, plain
from coeruleus.tables.order import natural

PEAK = ("analyte", "status", "reason", "retention_time_min", "width_half_min", "area", "area_se", "snr", "fit_score",
        "tailing", "resolution", "area_method")  # fmt: skip
VENDOR = ("retention_time_min", "start_min", "end_min", "area", "name")
TIME_STEP = 1e-5  # minutes, as the table has it


@dataclass(frozen=True)
class Trace:
    """One injection: what the list needs to know of it, and the packed rest."""

    injection: str
    about: dict[str, Any]
    packed: str


def build_traces(
    peaks: pd.DataFrame, traces: pd.DataFrame, drift: pd.DataFrame, vendor: pd.DataFrame, beside: pd.DataFrame
) -> list[Trace]:
    """The injections of one run, worst fit first: those without a fit, then by the largest misfit of a peak.

    `beside` is what `beside_vendor` says of them.
    """
    points = {str(name): part for name, part in traces.groupby("injection_id")} if len(traces) else {}
    theirs = {str(name): part for name, part in vendor.groupby("injection_id")} if len(vendor) else {}
    order = dict(zip(drift["injection_id"], drift["order"], strict=True)) if len(drift) else {}
    compared = dict(tuple(beside.groupby("injection_id"))) if len(beside) else {}
    made = []
    for place, (name, part) in enumerate(peaks.groupby("injection_id", sort=False), 1):
        fits = part["fit_score"].dropna()
        away = compared[name]["difference_percent"].abs().dropna() if name in compared else pd.Series(dtype=float)
        states = sorted(set(part["status"]) - {"ok"})
        about = {
            "id": str(name),
            "kind": plain(part["kind"].iloc[0]),
            "order": plain(order.get(name, place)),
            "misfit": plain(fits.max()) if len(fits) else None,
            "states": states,
            "vendor": plain(away.max()) if len(away) else None,
            "trace": name in points,
        }
        made.append(Trace(str(name), about, pack(_whole(part, points.get(str(name)), theirs.get(str(name))))))
    # without a fit there is most to look at
    return sorted(made, key=_worst_first)


def _worst_first(one: Trace) -> tuple[object, ...]:
    misfit = one.about["misfit"]
    return misfit is not None, -(misfit or 0), natural(one.injection)


def _whole(peaks: pd.DataFrame, points: pd.DataFrame | None, vendor: pd.DataFrame | None) -> dict[str, Any]:
    units = [unit for unit in peaks["signal_unit"] if unit is not None and unit == unit]
    whole: dict[str, Any] = {
        "unit": units[0] if units else None,
        "peaks": [{name: plain(row.get(name)) for name in PEAK} for row in rows_of(peaks)],
        "vendor": []
        if vendor is None
        else [{name: plain(row.get(name)) for name in VENDOR} for row in rows_of(vendor)],
    }
    if points is None:
        return whole
    points = points[np.isfinite(points["time_min"])].sort_values("time_min", kind="stable")
    signal = points["signal"].to_numpy(dtype=float)
    step = pack_line(signal)["step"] if noise_of(signal) > 0 else None
    return whole | {
        "time": pack_line(points["time_min"].to_numpy(dtype=float), TIME_STEP),
        **{name: pack_line(points[name].to_numpy(dtype=float), step) for name in ("signal", "baseline", "fitted")},
    }
