"""What the sheets say about a sample: its animal, group, probe, and the drugs before it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.experiment.conditions import condition_at
from coeruleus.release.arms import COURSE

DRUGS = ("drug", "perfusate")


def attach_sheets(
    samples: pd.DataFrame, subjects: pd.DataFrame, sessions: pd.DataFrame, probes: pd.DataFrame
) -> pd.DataFrame:
    """`samples` with group, placement and region; a missing subject is taken from its session or probe."""
    samples = samples.copy()
    for sheet, key in ((sessions, "session_id"), (probes, "probe_id")):
        owner = dict(zip(sheet[key], sheet["subject_id"], strict=True))
        samples["subject_id"] = samples["subject_id"].where(samples["subject_id"].notna(), samples[key].map(owner))
    for sheet, key, name in (
        (subjects, "subject_id", "group"),
        (probes, "probe_id", "placement"),
        (probes, "probe_id", "region"),
    ):
        known = dict(zip(sheet[key], sheet[name], strict=True))
        samples[name] = _text(samples[key].map(known))
    samples["subject_id"] = _text(samples["subject_id"])
    return samples


def conditions(samples: pd.DataFrame, events: pd.DataFrame, inlet_min: float = 0.0) -> pd.Series:
    """Condition of each sample at the middle of its interval, from the drugs of its session and probe.

    An event without a probe is of all probes of its animal, one without a session of all its sessions. A
    perfusate reaches the membrane `inlet_min` after its onset, and one with a duration (reverse dialysis)
    ends there: after it stands `after NAME`, until the next.
    """
    found = pd.Series("baseline", index=samples.index, dtype=object)
    drugs = events[events["trial_type"].isin(DRUGS)]
    for (session, probe), rows in samples.groupby(COURSE, sort=False):
        own = drugs[matches(drugs["session_id"], session) & matches(drugs["probe_id"], probe)]
        own = own[own["probe_id"].notna() | (own["subject_id"] == rows["subject_id"].iloc[0])]
        if len(own):
            onsets, names = _changes(own, inlet_min)
            named = condition_at(rows["time_min"].to_numpy(), onsets, names)
            found[rows.index] = np.array(named, dtype=object)
    return found


def _changes(events: pd.DataFrame, inlet_min: float) -> tuple[list[float], list[str | None]]:
    """Times at which the condition changes, and to what."""
    onsets: list[float] = []
    names: list[str | None] = []
    starts = []
    for event in events.to_dict("records"):
        late = inlet_min if event["trial_type"] == "perfusate" else 0.0
        starts.append((float(event["onset_min"]) + late, event))
    for onset, event in sorted(starts, key=lambda pair: pair[0]):
        onsets.append(onset)
        names.append(_name(event))
        duration = _positive(event.get("duration_min"))
        if event["trial_type"] == "perfusate" and duration is not None:
            over = onset + duration
            if not any(onset < other < over + 0.01 and event is not one for other, one in starts):
                onsets.append(over)
                names.append(f"after {_name(event)}" if _name(event) else None)
    return onsets, names


def _positive(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 < value < np.inf else None


def matches(values: pd.Series, wanted: object) -> pd.Series:
    return values.isna() | (values == wanted)


def _name(event: dict[Hashable, Any]) -> str | None:
    """A drug's name; a perfusate with an analyte in it (zero-net-flux) is named by that."""
    if isinstance(event["drug"], str):
        return event["drug"]
    if isinstance(event["analyte"], str):
        dose = event["perfusate_concentration"]
        amount = f" {dose:g}" if isinstance(dose, float) and np.isfinite(dose) else ""
        return f"{event['analyte']}{amount} in the perfusate"
    return None


def _text(values: pd.Series) -> pd.Series:
    values = values.astype(object)
    return values.where(values.notna(), None)
