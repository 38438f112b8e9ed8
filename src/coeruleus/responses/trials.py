"""Events as trials: sorted by site, trial type and condition, each with the time that belongs to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coeruleus.experiment.conditions import BASELINE, condition_at, is_drug, stated_or_drug, told_before_drugs
from coeruleus.responses.moved import Floats
from coeruleus.spikes.spontaneous import Given
from coeruleus.tables.problems import Problem
from coeruleus.tables.status import EXCLUDED, FAILED, MISSING, OK, worse

DRUG = "drug"
AFTER_EVENT_S = 5.0
LONGEST_S = 15.0
SAME_MOMENT_S = 0.1
LONGEST_BASELINE_S = 10.0
SEGMENT_STEP_S = 1e7  # far longer than any segment: puts segments of a site in order on one axis

SegmentKey = tuple[str, int]


@dataclass(frozen=True)
class Segment:
    """One recording of a site."""

    duration_s: float
    status: str
    reason: str | None


@dataclass
class Group:
    """Trials of one site, trial type and condition.

    segment, onset, duration, length and before have one value a trial: length is the time after onset that
    belongs to the trial (to the next event, the end of the recording, or 5 s after the event's own end),
    before is the time before it that is free of the previous event's response. after_drug: whether a drug acts in it,
    given at this site or at another of the session.
    """

    site_id: str
    trial_type: str
    condition: str
    segment: list[int] = field(default_factory=list)
    onset: list[float] = field(default_factory=list)
    duration: list[float] = field(default_factory=list)
    length: list[float] = field(default_factory=list)
    before: list[float] = field(default_factory=list)
    typed: bool = False
    worst: tuple[str, str | None] = (OK, None)
    left_out: dict[tuple[str, str], int] = field(default_factory=dict)  # by status and reason
    said: str | None = None  # of those that are tested
    after_drug: bool = False

    def leave_out(self, status: str, reason: str) -> None:
        self.worst = worse(self.worst, (status, reason))
        self.left_out[status, reason] = self.left_out.get((status, reason), 0) + 1

    def notes(self) -> list[str]:
        left_out = [
            f"{count} {'event' if count == 1 else 'events'} left out: {why}"
            for (_, why), count in self.left_out.items()
        ]
        return [*left_out, self.said] if self.said else left_out


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as plain mappings."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def trains_of(spikes: pd.DataFrame) -> dict[tuple[str, str], dict[int, Floats]]:
    """Sorted spike times of each unit and segment."""
    ordered = spikes.sort_values(["site_id", "unit_id", "segment", "time_s"], kind="stable")
    sites, units = ordered["site_id"].to_numpy(dtype=object), ordered["unit_id"].to_numpy(dtype=object)
    numbers, times = ordered["segment"].to_numpy(dtype=float), ordered["time_s"].to_numpy(dtype=float)
    new = (sites[1:] != sites[:-1]) | (units[1:] != units[:-1]) | (numbers[1:] != numbers[:-1])
    starts = np.r_[0, np.flatnonzero(new) + 1, len(times)] if len(times) else np.zeros(1, dtype=int)
    trains: dict[tuple[str, str], dict[int, Floats]] = {}
    for low, high in pairwise(starts.tolist()):
        trains.setdefault((str(sites[low]), str(units[low])), {})[int(numbers[low])] = times[low:high]
    return trains


def segment_table(segments: pd.DataFrame) -> dict[SegmentKey, Segment]:
    """Duration and status of each recording."""
    return {
        (row["site_id"], int(row["segment"])): Segment(
            float(row["duration_s"] or np.nan), row["status"] or OK, row["reason"]
        )
        for row in rows_of(segments)
        if pd.notna(row["segment"])
    }


def given_conditions(recordings: pd.DataFrame) -> dict[SegmentKey, str]:
    """Conditions that recordings.tsv states."""
    stated = rows_of(recordings[recordings["condition"].notna()])
    return {(row["site_id"], int(row["segment"])): str(row["condition"]) for row in stated}


def make_groups(
    events: pd.DataFrame,
    segments: Mapping[SegmentKey, Segment],
    conditions: Mapping[SegmentKey, str],
    curation_trials: pd.DataFrame,
    artefacts: pd.DataFrame | None = None,
    acting: Mapping[SegmentKey, Sequence[Given]] | None = None,
) -> tuple[list[Group], list[Problem]]:
    """Trials of every site, trial type and condition, drugs aside, sorted; and what is wrong with events.

    `artefacts`: stretches that were not sorted (site_id, segment, start_s, end_s, kind). An event with one in
    its time is left out: spikes hidden there would pass for silence. `acting`: the drugs of each segment, those given
    before at other sites of the session too, as `drugs_by_segment` gives them. Where a stated condition does not tell
    time before a drug from time after it, the drug does (`stated_or_drug`).
    """
    hidden: dict[SegmentKey, list[tuple[float, float, str]]] = {}
    for row in rows_of(artefacts) if artefacts is not None else []:
        stretch = (float(row["start_s"]), float(row["end_s"]), str(row["kind"]))
        hidden.setdefault((row["site_id"], int(row["segment"])), []).append(stretch)
    excluded = {
        (row["site_id"], int(row["segment"]), round(float(row["onset"]), 6)): str(row["reason"])
        for row in rows_of(curation_trials)
        if row["action"] == "exclude"
    }
    groups: list[Group] = []
    problems: list[Problem] = []
    drugs = {str(name) for name in events.loc[events["trial_type"] == DRUG, "drug"].dropna()}
    columns = ["site_id", "segment", "onset", "duration", "trial_type", "onset_source", "drug"]
    for site, rows in events[columns].sort_values(["site_id", "segment", "onset", "trial_type"]).groupby("site_id"):
        made = _of_site(str(site), rows, segments, conditions, excluded, hidden, acting or {}, drugs)
        groups.extend(made)
        for group in made:
            for (status, why), count in group.left_out.items():
                if status != EXCLUDED:
                    word = "event" if count == 1 else "events"
                    message = f"{count} {group.trial_type} {word} left out of the responses: {why}"
                    problems.append(Problem("responses", str(site), "warning", message))
    return groups, problems


def _of_site(
    site: str,
    rows: pd.DataFrame,
    segments: Mapping[SegmentKey, Segment],
    conditions: Mapping[SegmentKey, str],
    excluded: Mapping[tuple[str, int, float], str],
    hidden: Mapping[SegmentKey, list[tuple[float, float, str]]],
    acting: Mapping[SegmentKey, Sequence[Given]],
    drugs: Collection[str],
) -> list[Group]:
    numbers = rows["segment"].to_numpy(dtype=int)
    onsets = rows["onset"].to_numpy(dtype=float)
    durations = np.nan_to_num(rows["duration"].to_numpy(dtype=float))
    types = rows["trial_type"].to_numpy(dtype=object)
    place = numbers * SEGMENT_STEP_S + onsets
    drug = types == DRUG
    told = told_before_drugs(
        (words, *_onsets_and_names(acting.get(key, ()))) for key, words in conditions.items() if key[0] == site
    )
    groups: dict[tuple[str, str], Group] = {}
    for index in np.flatnonzero(~drug):
        number, onset = int(numbers[index]), float(onsets[index])
        given, names = _onsets_and_names(acting.get((site, number), ()))
        (under,) = condition_at([onset], given, names)
        condition = stated_or_drug(conditions.get((site, number)), under, onset, given, names, told)
        group = groups.setdefault((types[index], condition), Group(site, types[index], condition))
        stated_calm = condition.casefold() == BASELINE
        group.after_drug |= is_drug(condition, drugs) or (under != BASELINE and not stated_calm)
        segment = segments.get((site, number))
        by_hand = excluded.get((site, number, round(onset, 6)))
        if by_hand is not None:
            group.leave_out(EXCLUDED, f"excluded by hand ({by_hand})")
        elif segment is None:
            group.leave_out(MISSING, f"segment {number} is not among the recordings")
        elif segment.status in (MISSING, FAILED):
            group.leave_out(segment.status, f"segment {number}: {segment.reason or segment.status}")
        elif not segment.duration_s > 0:
            group.leave_out(FAILED, f"the duration of segment {number} is not known: state duration_s")
        elif not 0 <= onset < segment.duration_s:
            group.leave_out(FAILED, f"outside segment {number}, which lasts {segment.duration_s:g} s")
        else:
            # Rows are in the order of their places; a later segment's events lie far behind any length.
            later = int(np.searchsorted(place, place[index] + SAME_MOMENT_S))
            gap = float(place[later] - place[index]) if later < len(place) else np.inf
            length = min(durations[index] + AFTER_EVENT_S, LONGEST_S, segment.duration_s - onset, gap)
            masks = [m for m in hidden.get((site, number), []) if m[0] < onset + length and m[1] > onset]
            if masks:
                group.leave_out(FAILED, f"spikes are hidden by a {masks[0][2]}")
                continue
            group.segment.append(number)
            group.onset.append(onset)
            group.duration.append(float(durations[index]))
            group.length.append(float(length))
            seen_from = max((m[1] for m in hidden.get((site, number), []) if m[1] <= onset), default=0.0)
            group.before.append(min(_free_before(int(index), numbers, onsets, durations), onset - seen_from))
            group.typed |= rows["onset_source"].iloc[index] == "typed"
    return [groups[key] for key in sorted(groups)]


def _onsets_and_names(given: Sequence[Given]) -> tuple[list[float], list[str]]:
    return [one.onset_s for one in given], [one.name for one in given]


def _free_before(index: int, numbers: NDArray[np.int64], onsets: Floats, durations: Floats) -> float:
    """Time before an event outside the previous one's response; where there is little, the last second at most."""
    onset = onsets[index]
    previous = np.flatnonzero((numbers == numbers[index]) & (onsets <= onset - SAME_MOMENT_S))
    free = float(onset)
    if len(previous):
        gap = float((onset - onsets[previous]).min())
        over = float((onsets[previous] + durations[previous]).max()) + AFTER_EVENT_S
        free = max(float(onset) - over, min(1.0, gap / 2))
    return min(free, LONGEST_BASELINE_S)


def no_rest(
    group: Group,
    events: tuple[NDArray[np.object_], Floats, Floats, Floats],
    drugs: Mapping[int, Sequence[Given]],
    segments: Mapping[SegmentKey, Segment],
) -> dict[int, tuple[Floats, Floats]]:
    """Begin and end of the time in each of the group's segments that is not these events' rest: that of the site's
    other `events` (kind, segment, onset, end; drugs aside), and that between drugs that holds none of the group's."""
    kind, number, onset, end = events
    own_number, own_onset = np.array(group.segment, dtype=float), np.array(group.onset)
    other = (kind != group.trial_type) | ~np.isin(
        number * SEGMENT_STEP_S + onset, own_number * SEGMENT_STEP_S + own_onset
    )
    found = {}
    for one in sorted(set(group.segment)):
        mine = other & (number == one) & np.isfinite(onset)
        duration = segments[group.site_id, one].duration_s
        between = np.unique([0.0, *(drug.onset_s for drug in drugs[one] if 0 < drug.onset_s < duration), duration])
        empty = np.histogram(own_onset[own_number == one], between)[0] == 0
        found[one] = np.r_[onset[mine], between[:-1][empty]], np.r_[end[mine], between[1:][empty]]
    return found
