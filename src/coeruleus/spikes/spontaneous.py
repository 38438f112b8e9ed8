"""Which recorded time counts as spontaneous: baseline condition, outside events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from coeruleus.experiment.conditions import BASELINE, NAMELESS, condition_at, is_drug, stated_or_drug, told_before_drugs
from coeruleus.experiment.routes import reach_s
from coeruleus.tables.status import OK

MARGIN_S = 10.0  # after the end of an event: inhibition after a pinch lasts seconds
MARGIN_BEFORE_S = 1.0  # before an event whose onset a person typed or keyed
SHORTEST_S = 1.0

Key = tuple[str, int]


@dataclass(frozen=True)
class Stretch:
    """A stretch of one segment, seconds on the segment's clock, end excluded."""

    segment: int
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Spontaneous:
    """Spontaneous time of one site; where there is none, `reason` says why."""

    stretches: tuple[Stretch, ...]
    source: str | None
    reason: str | None

    @property
    def duration_s(self) -> float:
        return float(sum(stretch.end_s - stretch.start_s for stretch in self.stretches))


class Given(NamedTuple):
    """A drug on a segment's clock: its onset (s, negative in an earlier segment), name, and how long its effect is
    looked for (s)."""

    onset_s: float
    name: str
    reach_s: float


def drugs_by_segment(segments: pd.DataFrame, events: pd.DataFrame) -> dict[Key, list[Given]]:
    """Drugs that act in each (site_id, segment), in order of time.

    A drug given in an earlier segment of the site acts still, and so does one given at another site of the same session
    before this segment began, where both `session_id` and `started_at` are there to tell. How long ago it was given
    `started_at` says, else the segments of one session follow each other without a gap; of another session, or where
    its onset is not known, onset is −inf.
    """
    given: dict[Key, list[Given]] = {}
    drugs = events[events["trial_type"] == "drug"] if len(events) else events
    for row in drugs.to_dict("records"):
        onset = float(row["onset"]) if pd.notna(row["onset"]) else float("-inf")
        one = Given(onset, str(row.get("drug") or NAMELESS), reach_s(row.get("route")))
        given.setdefault((row["site_id"], int(row["segment"])), []).append(one)
    acting: dict[Key, list[Given]] = {}
    starts = _starts(segments) if given else {}
    lasts = _lasts(segments) if given else {}
    for row in segments[["site_id", "segment"]].to_dict("records"):
        here: Key = (row["site_id"], int(row["segment"]))
        earlier = [(key, drug) for key, found in given.items() if _before(key, here, starts) for drug in found]
        earlier.sort(key=lambda item: (starts.get(item[0], ("", 0.0))[1], item[0][1], item[1].onset_s))
        ago = [min(drug.onset_s - _apart(key, here, starts, lasts), 0.0) for key, drug in earlier]
        acting[here] = [drug._replace(onset_s=onset) for (_, drug), onset in zip(earlier, ago, strict=True)]
        acting[here] += sorted(given.get(here, []), key=lambda drug: drug.onset_s)
    return acting


def _starts(segments: pd.DataFrame) -> dict[Key, tuple[str, float]]:
    """(session_id, start in s of an absolute clock) of the segments that have both."""
    if not {"session_id", "started_at"} <= set(segments.columns):
        return {}
    known = segments[segments["session_id"].notna() & segments["started_at"].notna()]
    found: dict[Key, tuple[str, float]] = {}
    for row in known.to_dict("records"):
        moment = pd.to_datetime(str(row["started_at"]), errors="coerce")
        if pd.notna(moment):
            found[row["site_id"], int(row["segment"])] = (str(row["session_id"]), moment.timestamp())
    return found


def _before(there: Key, here: Key, starts: Mapping[Key, tuple[str, float]]) -> bool:
    if there[0] == here[0]:
        return there[1] < here[1]
    if there not in starts or here not in starts:
        return False
    return starts[there][0] == starts[here][0] and starts[there][1] < starts[here][1]


def _lasts(segments: pd.DataFrame) -> dict[Key, tuple[str, float]]:
    """(session, duration in s) of each segment; one whose duration is not known takes no time."""
    return {
        (row["site_id"], int(row["segment"])): (
            str(row.get("session_id")),
            float(np.nan_to_num(row["duration_s"] or 0)),
        )
        for row in segments.to_dict("records")
    }


def _apart(
    there: Key, here: Key, starts: Mapping[Key, tuple[str, float]], lasts: Mapping[Key, tuple[str, float]]
) -> float:
    """From the start of a segment to that of a later one, in s; inf where that is not known."""
    if there in starts and here in starts:
        return starts[here][1] - starts[there][1]
    if there not in lasts or lasts[there][0] != lasts[here][0]:
        return float("inf")
    return sum(lasts[key][1] for key in lasts if key[0] == here[0] and there[1] <= key[1] < here[1])


def spontaneous_time(
    segments: Sequence[Mapping[str, Any]],
    events: Sequence[Mapping[str, Any]],
    drugs: Mapping[Key, Sequence[Given]],
    margin_s: float = MARGIN_S,
) -> Spontaneous:
    """Spontaneous time of one site.

    Whole segments without events where there are any in the baseline condition; else the time before the
    first drug, from `margin_s` after each event's end until the next event. A condition that says nothing of a drug,
    as the anaesthetic's name, does not hide it (`stated_or_drug`). `segments` and `events` are rows of one site,
    `drugs` comes from `drugs_by_segment`. Segments whose status is not `ok`, or whose duration is not known, give no
    time.
    """
    usable, refused = [], []
    for row in sorted(segments, key=lambda row: int(row["segment"])):
        problem = _unusable(row)
        if problem:
            refused.append(f"segment {int(row['segment'])}: {problem}")
        else:
            usable.append(row)
    told = told_before_drugs((row.get("condition"), *_acting(row, drugs)) for row in segments)
    calm = _calm_condition(usable, drugs, told)
    under = "" if calm == BASELINE else f", condition {calm}"
    by_segment: dict[int, list[Mapping[str, Any]]] = {}
    for event in events:
        by_segment.setdefault(int(event["segment"]), []).append(event)

    whole = [
        Stretch(int(row["segment"]), 0.0, float(row["duration_s"]))
        for row in usable
        if int(row["segment"]) not in by_segment and _condition(row, drugs, told) == calm
    ]
    if whole:
        return Spontaneous(tuple(whole), _named("without events", whole) + under, None)

    parts: list[Stretch] = []
    for row in (row for row in usable if _condition(row, drugs, told) == calm):
        parts += _outside_events(row, by_segment.get(int(row["segment"]), []), drugs, margin_s)
    if parts:
        text = _named("before any drug and outside events", parts) + under
        return Spontaneous(tuple(parts), f"{text} (from {margin_s:g} s after each event's end)", None)
    if not usable:
        return Spontaneous((), None, "; ".join(refused) or "no recording")
    reason = f"no baseline time before drugs that is {margin_s:g} s away from events"
    return Spontaneous((), None, "; ".join([reason, *refused]))


def _unusable(row: Mapping[str, Any]) -> str | None:
    if row["status"] != OK:
        return str(row["reason"] or row["status"])
    duration = row["duration_s"]
    if duration is None or not np.isfinite(duration):
        return "its duration is not known: give duration_s in recordings.tsv"
    return None if duration > 0 else f"its duration is {float(duration):g} s"


def _acting(row: Mapping[str, Any], drugs: Mapping[Key, Sequence[Given]]) -> tuple[list[float], list[str]]:
    found = drugs.get((row["site_id"], int(row["segment"])), [])
    return [drug.onset_s for drug in found], [drug.name for drug in found]


def _condition(row: Mapping[str, Any], drugs: Mapping[Key, Sequence[Given]], told: set[str]) -> str:
    """Condition at the start of a segment: what the sheet says, else what the drugs say."""
    onsets, names = _acting(row, drugs)
    (under,) = condition_at([0.0], onsets, names)
    return stated_or_drug(row.get("condition"), under, 0.0, onsets, names, told)


def _calm_condition(rows: Sequence[Mapping[str, Any]], drugs: Mapping[Key, Sequence[Given]], told: set[str]) -> str:
    """The condition that spontaneous firing is taken from: baseline, else what the sheet says of the first segment.

    Labs write what they like there, such as the anaesthetic; a drug that an event names is never calm, and neither is a
    segment that begins under one, unless it is called baseline.
    """
    conditions = [_condition(row, drugs, told) for row in rows]
    given = {drug.name for found in drugs.values() for drug in found}
    drugged = any(onset <= 0 for row in rows[:1] for onset in _acting(row, drugs)[0])
    if BASELINE in conditions or not conditions or drugged or is_drug(conditions[0], given):
        return BASELINE
    return conditions[0]


def _outside_events(
    row: Mapping[str, Any],
    events: Sequence[Mapping[str, Any]],
    drugs: Mapping[Key, Sequence[Given]],
    margin_s: float,
) -> list[Stretch]:
    segment, end = int(row["segment"]), float(row["duration_s"])
    onsets = [drug.onset_s for drug in drugs.get((row["site_id"], segment), []) if drug.onset_s > 0]
    end = min([end, *onsets])
    taken: list[tuple[float, float]] = []
    for event in events:
        if event["onset"] is None or not np.isfinite(event["onset"]):
            return []  # an event somewhere in this segment: no time can be called free of it
        lasts = event.get("duration")
        lasts = float(lasts) if lasts is not None and np.isfinite(lasts) else 0.0
        early = MARGIN_BEFORE_S if event.get("onset_source") in ("typed", "keyboard") else 0.0
        taken.append((float(event["onset"]) - early, float(event["onset"]) + lasts + margin_s))
    found, start = [], 0.0
    for first, last in sorted(taken):
        if min(first, end) - start >= SHORTEST_S:
            found.append(Stretch(segment, start, min(first, end)))
        start = max(start, last)
    if end - start >= SHORTEST_S:
        found.append(Stretch(segment, start, end))
    return found


def _named(what: str, stretches: Sequence[Stretch]) -> str:
    numbers = sorted({stretch.segment for stretch in stretches})
    return f"segment{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))} {what}"
