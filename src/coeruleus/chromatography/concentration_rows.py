"""From responses back to concentrations, of samples and of what standards and controls should hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.chromatography.calibrate import Calibrated
from coeruleus.chromatography.calibration_rows import RunCalibration
from coeruleus.chromatography.peak_rows import Row
from coeruleus.chromatography.shared_errors import share_errors
from coeruleus.tables import status
from coeruleus.tables.dialysate import LOADINGS

CARRIED = ("subject_id", "session_id", "probe_id", "sample_id", "start_min", "end_min", "run")


def _back(result: RunCalibration, injection: str, name: str) -> tuple[float, float, float]:
    """Concentration and its standard error: area, calibration, sensitivity and repeatability; NaN if not known.

    The third is the part of the error that another injection of the sample in this run would share.
    """
    done = result.by_analyte[name]
    response, volumes, place = (
        result.responses[injection, name],
        result.volume(injection, name),
        result.place[injection],
    )
    if done.line is None or not np.isfinite(response.value) or not np.isfinite(volumes.undo):
        return float("nan"), float("nan"), float("nan")
    factor = float(np.exp(done.sensitivity.log[place]))
    value, error = response.value / factor, response.se / factor
    relative = float(np.hypot(done.sensitivity.log_se[place], done.repeatability))
    if not np.isfinite(error):  # typed areas have no error of their own: what the standards scatter
        error = done.sigma if np.isfinite(done.sigma) else 0.0
    x = done.line.invert(value)
    of_run = float(done.sensitivity.log_se[place]) * value
    errors = (float(np.hypot(error, relative * value)), of_run)
    se, shared = (done.line.invert_se(x, own) if np.isfinite(x) else float("nan") for own in errors)
    scale = volumes.undo / volumes.injected
    return x * scale, se * scale, shared * scale


def accuracy_rows(injections: pd.DataFrame, result: RunCalibration) -> list[dict[str, Any]]:
    """Back-calculated standards and quality controls against the limits of accuracy."""
    rows = []
    used = {(p["injection_id"], p["analyte"]): p for p in result.points}
    for injection in injections.to_dict("records"):
        if injection["kind"] not in ("standard", "qc"):
            continue
        for analyte in result.analytes:
            key = (injection["injection_id"], analyte.name)
            if key not in result.nominal:
                continue
            nominal, done = result.nominal[key], result.by_analyte[analyte.name]
            found, _, _ = _back(result, *key)
            percent = 100 * found / nominal if nominal > 0 else float("nan")
            accepted, reason = _judge(used[key], injection["kind"], percent, nominal, done, result, key)
            rows.append(
                {
                    "injection_id": key[0],
                    "analyte": key[1],
                    "nominal": nominal,
                    "found": found,
                    "accuracy_percent": percent,
                    "accepted": accepted,
                    "reason": reason,
                    "unit": analyte.unit,
                    "run": injection["run"],
                    "level": injection["level"],
                    "kind": injection["kind"],
                }
            )
    return rows


def _judge(
    point: Mapping[str, Any],
    kind: str,
    percent: float,
    nominal: float,
    done: Calibrated,
    result: RunCalibration,
    key: tuple[str, str],
) -> tuple[bool | None, str | None]:
    if done.line is None:
        return None, f"no calibration: {done.reason}"
    if kind == "standard" and not point["used"]:
        return False, point["reason"]
    response = result.responses[key]
    if response.status not in (status.OK, status.NOT_FOUND):
        return None, f"{response.status}: {response.reason}"
    if result.volume(*key).reason is not None:
        return None, result.volume(*key).reason
    if nominal == 0:
        return None, "the level holds none of it"
    lowest = min((p["nominal"] for p in result.points if p["analyte"] == key[1] and p["used"]), default=0.0)
    limit = 100 * (
        result.settings.accuracy_limit_lowest if point["nominal"] <= lowest else result.settings.accuracy_limit
    )
    off = percent - 100
    if np.isfinite(off) and abs(off) <= limit:
        return True, None
    return False, f"{off:+.0f} % from nominal, where {limit:.0f} % is allowed"


def concentration_rows(
    injections: pd.DataFrame, rows: Mapping[tuple[str, str], Row], result: RunCalibration
) -> list[dict[str, Any]]:
    """A row for every dialysate injection × analyte, with the worst status of peak, calibration and range."""
    tops = {row["analyte"]: row for row in result.table if row["status"] == status.OK}
    dialysate = injections[injections["kind"] == "dialysate"]
    ids = dialysate["injection_id"].tolist()
    loadings = {a.name: dict(zip(ids, share_errors(result, ids, a.name), strict=True)) for a in result.analytes}
    table = []
    for injection in dialysate.to_dict("records"):
        for analyte in result.analytes:
            name, key = analyte.name, (injection["injection_id"], analyte.name)
            value, error, shared = _back(result, *key)
            volumes, done = result.volume(*key), result.by_analyte[name]
            sensitivity = float(np.exp(done.sensitivity.log[result.place[key[0]]]))
            scale = volumes.undo / volumes.injected / sensitivity
            limits = tops.get(name)
            lod, loq = (float("nan"),) * 2
            state = (result.responses[key].status, result.responses[key].reason)
            if (entered := rows[key].get("entered")) is not None:
                state = (entered, state[1])  # a person wrote BLQ or ND: concentrations say so in those words
            if limits is None:
                state = status.worse(state, (status.FAILED, f"{name} has no calibration in this run: {done.reason}"))
            else:
                lod, loq = limits["lod"] * scale, limits["loq"] * scale
                axis = value / (volumes.undo / volumes.injected)
                if volumes.reason is not None:
                    state = status.worse(state, (status.FAILED, volumes.reason))
                elif np.isfinite(result.responses[key].value):
                    if name == result.internal_standard and limits["lowest"] == limits["highest"]:
                        axis = min(axis, limits["highest"])  # it is the same everywhere, and scatters about its level
                    state = status.worse(state, _range(value, lod, loq, axis, limits, analyte.unit))
            table.append(
                {
                    **{column: injection.get(column) for column in CARRIED},
                    "injection_id": key[0],
                    "analyte": name,
                    "concentration": value,
                    "concentration_se": error,
                    "unit": analyte.unit,
                    "status": state[0],
                    "reason": state[1] if state[0] != status.OK else None,
                    "lod": lod,
                    "loq": loq,
                    "calibration_se": shared,
                    **dict(zip(LOADINGS, loadings[name][key[0]].tolist(), strict=True)),
                    "sensitivity": sensitivity if done.line is not None else None,
                }
            )
    return table


def _range(
    value: float, lod: float, loq: float, axis: float, limits: Mapping[str, Any], unit: str
) -> tuple[str, str | None]:
    if not np.isfinite(value):
        return status.FAILED, "its response is beyond what the calibration can turn into a concentration"
    if value < 0:
        return status.BELOW_LOD, "its response is below that of the calibration line at zero"
    if value < lod:
        return status.BELOW_LOD, f"below the limit of detection, {lod:.3g} {unit}"
    if value < loq:
        return status.BELOW_LOQ, f"below the limit of quantification, {loq:.3g} {unit}"
    if axis > limits["highest"] * (1 + 1e-9):
        return status.ABOVE_RANGE, f"above the highest standard, {limits['highest']:.4g} {limits['unit']}: extrapolated"
    return status.OK, None
