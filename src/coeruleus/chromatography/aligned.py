"""Time of each trace moved so that the peaks of all injections of a run lie over each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from coeruleus.chromatography.arrays import Floats


def aligned_minutes(traces: pd.DataFrame, predicted: Mapping[tuple[str, str], float]) -> Floats:
    """Aligned time (n,) of the rows of TRACES, min.

    `predicted` is where the run's retention model puts each (injection, analyte). Each analyte is moved to the
    median of its places over the run; between two analytes the shift is interpolated, beyond them it is that of the
    nearest. An injection without a model keeps its time.
    """
    places = pd.DataFrame([(*key, at) for key, at in predicted.items()], columns=["injection", "analyte", "at"])
    places = places[np.isfinite(places["at"].to_numpy(dtype=float))]
    places["shift"] = places.groupby("analyte")["at"].transform("median") - places["at"]
    shifts = {name: part.sort_values("at") for name, part in places.groupby("injection")}
    aligned: Floats = traces["time_min"].to_numpy(dtype=float).copy()
    for injection, rows in traces.groupby("injection_id", sort=False).indices.items():
        if injection in shifts:
            mine = shifts[injection]
            aligned[rows] += np.interp(aligned[rows], mine["at"], mine["shift"])
    return aligned
