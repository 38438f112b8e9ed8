"""What figures plot of a run: traces with their fits, and drift along the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.chromatography.arrays import Floats
from coeruleus.chromatography.calibration_rows import RunCalibration
from coeruleus.chromatography.classical import Drawn
from coeruleus.chromatography.measure import Peak
from coeruleus.chromatography.peak_rows import Row
from coeruleus.chromatography.prepare import Cells, Trace
from coeruleus.tables import sources, status


def trace_frame(entries: Sequence[tuple[str, Trace, Cells | None, Sequence[Peak | Drawn]]]) -> pd.DataFrame:
    """Signal, baseline and fitted model of each injection, on the cells that were fitted.

    Where the windows of two analytes overlap, that of the nearer one is shown; outside of all windows baseline
    and fit are NaN. A classically integrated peak shows its line and, as the fit, the trace itself between its bounds.
    """
    parts = []
    for injection, trace, cells, peaks in sorted(entries, key=lambda e: e[0]):
        time = cells.time if cells is not None else np.asarray(trace.time_min, float)
        signal = cells.signal if cells is not None else np.asarray(trace.signal, float)
        baseline, fitted = _fitted(time, signal, peaks)
        parts.append(
            pd.DataFrame(
                {"injection_id": injection, "time_min": time, "signal": signal, "baseline": baseline, "fitted": fitted}
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else sources.TRACES.frame()


def _fitted(time: Floats, signal: Floats, peaks: Sequence[Peak | Drawn]) -> tuple[Floats, Floats]:
    baseline, fitted = np.full(time.size, np.nan), np.full(time.size, np.nan)
    nearest = np.full(time.size, np.inf)
    for peak in peaks:
        if isinstance(peak, Drawn):
            inside = np.flatnonzero(np.isfinite(peak.baseline))
            baseline[inside], fitted[inside], nearest[inside] = peak.baseline[inside], signal[inside], 0.0
            continue
        if peak.fit is None:
            continue
        first, last = np.searchsorted(time, [peak.fit.time[0], peak.fit.time[-1]], side="left")
        window = slice(int(first), int(last) + 1)
        distance = np.abs(time[window] - peak.fit.components[0].centre) / peak.width
        better = np.flatnonzero(distance < nearest[window]) + int(first)
        at = time[better]
        baseline[better] = peak.fit.baseline(at)
        fitted[better] = baseline[better] + peak.fit.peaks(at)
        nearest[better] = distance[better - int(first)]
    return baseline, fitted


def drift_rows(
    injections: pd.DataFrame,
    rows: Mapping[tuple[str, str], Row],
    predicted: Mapping[tuple[str, str], float],
    result: RunCalibration,
) -> list[dict[str, Any]]:
    """Retention and sensitivity of every injection × analyte along the run."""
    table = []
    used = {(p["injection_id"], p["analyte"]) for p in result.points if p["used"]}
    for place, injection in enumerate(injections.to_dict("records")):
        for analyte in result.analytes:
            key = (injection["injection_id"], analyte.name)
            row, done = rows[key], result.by_analyte[analyte.name]
            model, seen = None, None
            if done.line is not None:
                model = float(np.exp(done.sensitivity.log[place]))
                if key in used:
                    at = result.nominal[key] * result.volume(*key).injected / result.volume(*key).undo
                    seen = result.responses[key].value / float(done.line.at(at)[0])
            table.append(
                {
                    "run": injection["run"],
                    "analyte": analyte.name,
                    "order": injection.get("order", place + 1),
                    "injection_id": key[0],
                    "kind": injection["kind"],
                    "retention_time_min": row.get("retention_time_min") if row["status"] == status.OK else None,
                    "retention_model_min": predicted.get(key),
                    "sensitivity": seen,
                    "sensitivity_model": model,
                }
            )
    return table
