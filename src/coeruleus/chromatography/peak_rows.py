"""Rows of peaks.tsv for one run: measured, curated, typed in, or why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.chromatography.bounds import integrate
from coeruleus.chromatography.measure import Peak
from coeruleus.chromatography.noise import Noise
from coeruleus.chromatography.prepare import Trace
from coeruleus.tables import status

Row = dict[str, Any]


def measured_row(peak: Peak) -> Row:
    error = peak.area_se
    return {
        "retention_time_min": peak.predicted if peak.status == status.NOT_FOUND else peak.retention,
        "height": peak.height,
        "area": peak.area,
        "area_se": error,
        "snr": peak.area / error if error > 0 else float("nan"),
        "width_half_min": peak.width,
        "tailing": peak.tailing,
        "resolution": peak.resolution,
        "status": peak.status,
        "reason": peak.reason,
        "area_method": "fit" if np.isfinite(peak.area) else None,
        "fit_score": peak.score,
    }


def lost_row(state: str, reason: str) -> Row:
    return {"status": state, "reason": reason}


def curate(row: Row, decision: Mapping[str, Any], trace: Trace | None, noise: Noise | None, scale: float) -> Row:
    """The row after a person's decision; `area_uncurated` keeps what was there before."""
    said = f"{decision.get('reason') or 'no reason given'} ({decision.get('author') or 'no author given'})"
    row = {**row, "area_uncurated": row.get("area", float("nan"))}
    if decision["action"] == "exclude":
        return {**row, "status": status.EXCLUDED, "reason": f"excluded by a person: {said}"}
    if decision["action"] == "not_present":
        if not np.isfinite(row.get("area", np.nan)):
            return row
        return {**row, "status": status.NOT_FOUND, "reason": f"a person says that there is no peak: {said}"}
    if trace is None:
        return row
    good = np.isfinite(trace.time_min) & np.isfinite(trace.signal)
    time, signal = np.asarray(trace.time_min, float)[good], np.asarray(trace.signal, float)[good]
    try:
        found = integrate(time, signal, float(decision["from_min"]), float(decision["to_min"]), noise, scale)
    except ValueError as problem:
        return {**row, "status": status.FAILED, "reason": f"the bounds set by a person cannot be used: {problem}"}
    return {
        **row,
        "retention_time_min": found.apex,
        "height": found.height,
        "area": found.area,
        "area_se": found.area_se,
        "snr": found.area / found.area_se if found.area_se > 0 else float("nan"),
        "width_half_min": found.width_half,
        "tailing": float("nan"),
        "resolution": float("nan"),
        "status": status.OK,
        "reason": f"bounds set by a person: {said}",
        "area_method": "bounds",
        "start_min": float(decision["from_min"]),
        "end_min": float(decision["to_min"]),
        "fit_score": float("nan"),
    }


def typed_rows(injections: pd.DataFrame, names: Sequence[str], areas: pd.DataFrame) -> dict[tuple[str, str], Row]:
    """Rows from areas.tsv, for every injection × analyte."""
    given: dict[tuple[str, str], Row] = {}
    for entry in areas.to_dict("records"):
        state, area = entry.get("status"), entry.get("area")
        key = (str(entry["injection_id"]), str(entry["analyte"]))
        number = float(area) if area is not None and not pd.isna(area) else float("nan")
        if isinstance(state, str) and state != status.OK:
            text = entry.get("reason")
            reason = text if isinstance(text, str) else "areas.tsv says that nothing was found or that it is too low"
            given[key] = {"area": number, "status": status.NOT_FOUND, "reason": reason, "area_method": "typed"}
            if state == status.MISSING:
                given[key] = lost_row(status.MISSING, reason)
            elif state in (status.BELOW_LOD, status.BELOW_LOQ, status.ABOVE_RANGE):
                given[key]["entered"] = state
        elif np.isfinite(number):
            given[key] = {"area": number, "status": status.OK, "reason": None, "area_method": "typed"}
        else:
            given[key] = lost_row(status.MISSING, "areas.tsv has no number here")
    missing = lost_row(status.MISSING, "areas.tsv has no row for this injection and analyte")
    return {(i, a): given.get((i, a), dict(missing)) for i in injections["injection_id"] for a in names}
