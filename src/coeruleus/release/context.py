"""What the sheets say about a sample: its animal, group, probe, and the drugs before it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.experiment.conditions import condition_at
from coeruleus.release.arms import COURSE
from coeruleus.release.timing import TOLERANCE_MIN

DRUGS = ("drug", "perfusate")
PERFUSATE = "perfusate"


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


def events_of(course: pd.DataFrame, events: pd.DataFrame, inlet_min: float) -> pd.DataFrame:
    """Drugs and perfusates of one session and probe, in order of time, `onset_min` on the brain's clock.

    An event without a probe is of all probes of its animal, one without a session of all its sessions. What is in
    the perfusate reaches the membrane `inlet_min` after the switch; where the treatment at 0 is such a one, the
    brain's clock counts from its arrival.
    """
    own = _drugs_of(course, events)
    late = inlet_min * (own["trial_type"] == PERFUSATE) - _late_zero(own, inlet_min)
    return own.assign(onset_min=own["onset_min"].astype(float) + late).sort_values("onset_min", kind="stable")


def late_zeros(samples: pd.DataFrame, events: pd.DataFrame, inlet_min: float) -> pd.Series:
    """Of each sample's course: minutes from the treatment at 0 on the bench clock to its arrival in the brain."""
    found = pd.Series(0.0, index=samples.index)
    for _, rows in samples.groupby(COURSE, sort=False) if inlet_min and len(events) else ():
        found[rows.index] = _late_zero(_drugs_of(rows, events), inlet_min)
    return found


def _drugs_of(course: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    session, probe, subject = (course[name].iloc[0] for name in (*COURSE, "subject_id"))
    own = events[events["trial_type"].isin(DRUGS)]
    own = own[_matches(own["session_id"], session) & _matches(own["probe_id"], probe)]
    return own[own["probe_id"].notna() | (own["subject_id"] == subject)]


def _late_zero(drugs: pd.DataFrame, inlet_min: float) -> float:
    zero = drugs[drugs["onset_min"].astype(float).abs() <= TOLERANCE_MIN]
    return inlet_min if len(zero) and (zero["trial_type"] == PERFUSATE).all() else 0.0


def conditions(samples: pd.DataFrame, events: pd.DataFrame, inlet_min: float = 0.0) -> pd.Series:
    """Condition of each sample at the middle of its interval, from the drugs of its session and probe.

    A perfusate with a duration (reverse dialysis) ends: after it stands `after NAME`, until the next.
    """
    found = pd.Series("baseline", index=samples.index, dtype=object)
    for _, rows in samples.groupby(COURSE, sort=False) if len(events) else ():
        own = events_of(rows, events, inlet_min)
        if len(own):
            onsets, names = _changes(own)
            named = condition_at(rows["time_min"].to_numpy(), onsets, names)
            found[rows.index] = np.array(named, dtype=object)
    return found


def _changes(events: pd.DataFrame) -> tuple[list[float], list[str | None]]:
    """Times at which the condition changes, and to what."""
    onsets: list[float] = []
    names: list[str | None] = []
    starts = [(float(event["onset_min"]), event) for event in events.to_dict("records")]
    for onset, event in starts:
        onsets.append(onset)
        names.append(_name(event))
        duration = _positive(event.get("duration_min"))
        if event["trial_type"] == PERFUSATE and duration is not None:
            over = onset + duration
            if not any(onset < other < over + 0.01 and event is not one for other, one in starts):
                onsets.append(over)
                names.append(f"after {_name(event)}" if _name(event) else None)
    return onsets, names


def _positive(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 < value < np.inf else None


def _matches(values: pd.Series, wanted: object) -> pd.Series:
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
