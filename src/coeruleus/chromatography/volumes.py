"""Volumes of injections: amount on column, and dilution in the vial undone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Volumes:
    """Of one injection. x on the calibration axis = concentration × `injected` ÷ `undo`; NaN is not known."""

    injected: float
    undo: float
    reason: str | None = None


def volumes_of(injections: pd.DataFrame, on_column: bool) -> list[Volumes]:
    """One per row. `on_column`: the calibration of the run is in amount, so every injection needs its volume."""
    result = []
    for row in injections.to_dict("records"):
        injected, collected, added, dilution = (
            number_of(row.get(name)) for name in ("injected_ul", "collected_ul", "added_ul", "dilution")
        )
        reason = None
        undo = dilution if np.isfinite(dilution) else 1.0
        if np.isfinite(added) and added > 0:
            if np.isfinite(collected) and collected > 0:
                undo *= (collected + added) / collected
            else:
                reason = "added_ul is given without collected_ul: the dilution in the vial is not known"
        if on_column and not (np.isfinite(injected) and injected > 0):
            reason = "injected_ul is missing, and the other injections of the run have it"
        if reason is not None:
            undo = float("nan")
        result.append(Volumes(injected if on_column else 1.0, undo, reason))
    return result


def in_amounts(injections: pd.DataFrame, internal_standard: str | None) -> bool:
    """Whether a run is calibrated in amount on column.

    It is where `injected_ul` stands, except with an internal standard: a ratio of two areas of one injection
    does not change with the volume.
    """
    if internal_standard is not None or "injected_ul" not in injections:
        return False
    return bool(pd.to_numeric(injections["injected_ul"]).notna().any())


def number_of(value: object) -> float:
    """A cell as a number; NaN where it holds none."""
    return float(value) if isinstance(value, int | float | np.number) else float("nan")
