"""What is measured: the rows of tables as plain values, sorted spike times, and segments that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coeruleus.tables.problems import Problem
from coeruleus.tables.status import FAILED, OK
from coeruleus.tables.units import SPIKES

Array = NDArray[np.floating]
Row = dict[str, Any]

STAGE = "spikes"
END_TOLERANCE_S = 0.5  # a duration in a sheet may be rounded


def by_site(frame: pd.DataFrame) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in frame.to_dict("records") if len(frame) else []:
        found.setdefault(row["site_id"], []).append({str(name): _plain(value) for name, value in row.items()})
    return dict(sorted(found.items()))


def _plain(value: Any) -> Any:
    return None if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)) else value


def times_of(spikes: pd.DataFrame, problems: list[Problem]) -> dict[str, dict[str, dict[int, Array]]]:
    """Sorted times per site, unit and segment; unreadable ones dropped and equal ones counted once, and said."""
    found: dict[str, dict[str, dict[int, Array]]] = {}
    if not len(spikes):
        return found
    for place, group in spikes.groupby(["site_id", "unit_id", "segment"], sort=True)["time_s"]:
        site, unit, segment = cast(tuple[str, str, float], place)
        raw = group.to_numpy(float)
        finite = raw[np.isfinite(raw)]
        kept = np.unique(finite)
        item = f"{site}/{unit}"
        if len(finite) < len(raw):
            text = f"segment {int(segment)}: {len(raw) - len(finite)} spike times are not numbers and were left out"
            problems.append(Problem(STAGE, item, "error", text))
        if len(kept) < len(finite):
            text = f"segment {int(segment)}: {len(finite) - len(kept)} spike times stand twice and were counted once"
            problems.append(Problem(STAGE, item, "warning", text))
        found.setdefault(str(site), {}).setdefault(str(unit), {})[int(segment)] = kept
    return found


def counted(times: Mapping[str, Mapping[str, Mapping[int, Array]]]) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"site_id": site, "unit_id": unit, "segment": float(segment), "time_s": one})
        for site, units in times.items()
        for unit, segments in units.items()
        for segment, one in segments.items()
    ]
    return SPIKES.frame(pd.concat(parts, ignore_index=True) if parts else ())


def checked(row: Row, units: Mapping[str, Mapping[int, Array]], problems: list[Problem]) -> Row:
    """The segment's row, marked failed where spikes lie outside it: then clock or duration is wrong."""
    row = row | {"segment": int(row["segment"]), "status": row.get("status") or OK, "reason": row.get("reason")}
    duration = row.get("duration_s")
    all_times = [times[row["segment"]] for times in units.values() if len(times.get(row["segment"], ()))]
    if row["status"] != OK or not all_times:
        return row
    first, last = min(times[0] for times in all_times), max(times[-1] for times in all_times)
    reason = None
    if duration is not None and last > duration + END_TOLERANCE_S:
        reason = f"a spike at {last:g} s lies beyond the end of the recording ({duration:g} s): correct duration_s"
    elif first < -END_TOLERANCE_S:
        reason = f"a spike at {first:g} s lies before the start: times count from the segment's own start"
    if reason:
        problems.append(Problem(STAGE, f"{row['site_id']} segment {row['segment']}", "error", reason))
        return row | {"status": FAILED, "reason": reason}
    return row
