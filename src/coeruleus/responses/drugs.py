"""What drugs do to the rate: before and after, tested against the cell's own drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from coeruleus.responses.drift import FEWEST_BLOCKS, Floats, change_p
from coeruleus.responses.drug_course import add_reversals, time_course
from coeruleus.responses.not_held import gaps_of_units, silent_to_the_end, unusable
from coeruleus.responses.scan import ALPHA
from coeruleus.responses.trials import AFTER_EVENT_S, DRUG, Segment, SegmentKey, rows_of, segment_table, trains_of
from coeruleus.spikes.held import Gap
from coeruleus.tables.problems import Problem
from coeruleus.tables.status import EXCLUDED, FAILED, INSUFFICIENT_SPIKES, MISSING, OK
from coeruleus.tables.units import DRUG_RESPONSES

LONGEST_S = 600.0
LONGEST_LOCAL_S = 120.0
LOCAL_ROUTES = ("local", "ionto", "pressure", "micro", "puff", "topical", "bath")
ONSETS_S = (0.0, 90.0)
SETTLING_S = 180.0  # after the last drug, before a rate counts as the baseline of the next
LOCAL_ONSETS_S = (0.0, 10.0)
BLOCK_S = 30.0
SHORTEST_BLOCK_S = 5.0
FEWEST_SPIKES = 10
QUARTERS = 4
UNSTABLE_RANGE = 0.5  # of the mean rate, between quarters of the baseline
UNSTABLE_P = 0.01
LEAST_DEVIATION = 0.5  # standard deviations that a p-value is taken for: near 1 it says nothing of the interval


@dataclass(frozen=True)
class Window:
    """Blocks of one side of a drug: middles (s from the drug), usable time (s) and spikes of each."""

    middle: Floats
    time: Floats
    count: Floats

    @property
    def rate(self) -> float:
        return float(self.count.sum() / self.time.sum())


def test_drugs(
    spikes: pd.DataFrame,
    segments: pd.DataFrame,
    events: pd.DataFrame,
    *,
    recordings: pd.DataFrame,
    units: pd.DataFrame,
    curation_trials: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, list[Problem]]:
    """Each unit and drug: rate before, rate after, change and p-value, as DRUG_RESPONSES, and problems.

    A drug that a person excluded (`curation_trials`) keeps its row, without numbers; its name still ends the
    baseline condition, since something was given.

    Before: up to 10 min, back to 3 min after the last drug or to the start; after: up to 10 min, to the next
    drug or the end (2 min each with a local route); segments of one session follow each other without a gap. Time in
    which the unit was not held (`not_held`) and the 5 s after every other event are left out. Tested in blocks of at
    most 30 s by `drift.change_p` on √(n + 3/8). The baseline is not stable where its quarters differ by more than half
    their mean and by more than counting allows; then there is neither a p-value nor an interval.
    """
    table = segment_table(segments)
    sessions = {(row["site_id"], int(row["segment"])): row.get("session_id") for row in rows_of(recordings)}
    drugs = events[events["trial_type"] == DRUG]
    trains = trains_of(spikes[spikes["site_id"].isin(set(drugs["site_id"]))])
    lost_of = gaps_of_units(segments, events, trains)
    at_site = {site: rows_of(rows) for site, rows in units.groupby("site_id", sort=False)}
    excluded = {
        (row["site_id"], int(row["segment"]), round(float(row["onset"]), 4)): str(row["reason"])
        for row in (rows_of(curation_trials) if curation_trials is not None else [])
    }
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for site, given in drugs.sort_values(["site_id", "segment", "onset"], kind="stable").groupby("site_id", sort=True):
        every = rows_of(events[events["site_id"] == site])
        for event in rows_of(given):
            number = int(event["segment"])
            numbers = [
                key[1] for key in sorted(table) if key[0] == site and sessions.get(key) == sessions.get((site, number))
            ]
            starts = _starts(str(site), numbers, table)
            wrong = _unusable(event, table)
            by_hand = excluded.get((site, number, round(float(event["onset"]), 4)))
            if by_hand is not None:
                wrong = EXCLUDED, f"excluded by hand ({by_hand})"
            elif wrong:
                message = f"{event['drug'] or DRUG} at {event['onset']:g} s: {wrong[1]}"
                problems.append(Problem("responses", str(site), "warning", message))
            for unit in at_site.get(
                site, [{"unit_id": None, "status": MISSING, "reason": "the site has no recording"}]
            ):
                row = _empty(event, unit, wrong)
                rows.append(row)
                if row["status"] == OK:
                    train = trains.get((str(site), row["unit_id"]), {})
                    parts = [train[n] + starts[n] for n in numbers if n in train]
                    times = np.concatenate(parts) if parts else np.empty(0)
                    lost = lost_of.get((str(site), str(row["unit_id"])), [])
                    _measure(row, event, every, starts, times, lost)
                    silent = silent_to_the_end(lost, starts, times, starts[number] + float(event["onset"]))
                    if silent and row["status"] == OK:
                        row["reason"] = "; ".join(text for text in (row["reason"], silent) if text)
    for row in rows:
        row["session_id"] = sessions.get((row["site_id"], int(row["segment"])))
    add_reversals(rows)
    return DRUG_RESPONSES.frame([{k: v for k, v in row.items() if k != "session_id"} for row in rows]), problems


def _starts(site: str, numbers: list[int], table: Mapping[SegmentKey, Segment]) -> dict[int, float]:
    """Start of each segment on one axis; -1 is its end. Recordings that are not there take no time."""
    starts, at = {}, 0.0
    for number in numbers:
        starts[number] = at
        at += float(np.nan_to_num(table[(site, number)].duration_s))
    return starts | {-1: at}


def _unusable(event: Mapping[str, Any], table: Mapping[SegmentKey, Segment]) -> tuple[str, str] | None:
    number = int(event["segment"])
    segment = table.get((event["site_id"], number))
    if segment is None:
        return MISSING, f"segment {number} is not among the recordings"
    if segment.status in (MISSING, FAILED):
        return segment.status, f"segment {number}: {segment.reason or segment.status}"
    if not segment.duration_s > 0:
        return FAILED, f"the duration of segment {number} is not known: state duration_s"
    if not 0 <= event["onset"] < segment.duration_s:
        return FAILED, f"outside segment {number}, which lasts {segment.duration_s:g} s"
    return None


def _empty(event: Mapping[str, Any], unit: Mapping[str, Any], wrong: tuple[str, str] | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: event[name] for name in ("site_id", "segment", "onset", "drug", "dose", "dose_unit", "route")
    }
    row["unit_id"] = None if pd.isna(unit["unit_id"]) else str(unit["unit_id"])
    row["status"], row["reason"] = wrong or (OK, None)
    if row["unit_id"] is None:
        row["status"] = unit["status"] if unit["status"] not in (None, OK) else MISSING
        row["reason"] = unit["reason"] or "the site has no unit"
    elif unit["status"] in (EXCLUDED, FAILED):
        row["status"], row["reason"] = unit["status"], unit["reason"] or unit["status"]
    return row


def _measure(
    row: dict[str, Any],
    event: Mapping[str, Any],
    every: list[dict[str, Any]],
    starts: Mapping[int, float],
    times: Floats,
    lost: Sequence[Gap],
) -> None:
    local = any(word in str(event["route"] or "").lower() for word in LOCAL_ROUTES)
    longest = LONGEST_LOCAL_S if local else LONGEST_S
    at = starts[int(event["segment"])] + float(event["onset"])
    placed = [(starts[int(e["segment"])] + float(e["onset"]), e) for e in every if int(e["segment"]) in starts]
    drugs = [place for place, other in placed if other["trial_type"] == DRUG]
    settled = [place + min(SETTLING_S, (at - place) / 2) for place in drugs if place < at]
    low = max([*settled, 0.0, at - longest])
    high = min([*(place for place in drugs if place > at), starts[-1], at + longest])
    size = float(np.clip(min(at - low, high - at) / 6, SHORTEST_BLOCK_S, BLOCK_S))
    taken = [(p, p + np.nan_to_num(float(e["duration"])) + AFTER_EVENT_S) for p, e in placed if e["trial_type"] != DRUG]
    hidden = unusable(lost, starts, at)
    free = np.array([*taken, *(stretch[:2] for stretch in hidden)], dtype=float).reshape(-1, 2)
    before, after = (_window(times, at, edge, size, free) for edge in (low, high))
    row["baseline_s"], row["response_s"] = float(before.time.sum()), float(after.time.sum())
    if min(len(before.time), len(after.time)) < FEWEST_BLOCKS:
        side = "before" if len(before.time) < FEWEST_BLOCKS else "after"
        row["status"] = INSUFFICIENT_SPIKES
        why = [f"; the unit was not held: {text}" for start, end, text in hidden if start < high and end > low]
        needed = f"{FEWEST_BLOCKS} blocks of {size:g} s are needed"
        row["reason"] = f"too little time {side} the drug: {needed}{''.join(why[:1])}"
        return
    row["baseline_rate_hz"], row["response_rate_hz"] = before.rate, after.rate
    expected = before.rate * after.time.sum()
    if max(expected, after.count.sum()) < FEWEST_SPIKES:
        row["status"] = INSUFFICIENT_SPIKES
        row["reason"] = (
            f"{expected:.0f} spikes expected after the drug at the rate before it, and {after.count.sum():.0f} found: "
            f"{FEWEST_SPIKES} are needed"
        )
        return
    if before.rate > 0:
        row["percent_change"] = 100 * (after.rate / before.rate - 1)
    drift = _drift(before)
    row["baseline_stable"] = drift is None
    if drift is not None:
        row["reason"] = f"the baseline is not stable, so the change is not tested: {drift}"
        return
    middle = np.r_[before.middle, after.middle] / size
    full = np.r_[before.count * size / before.time, after.count * size / after.time]
    onsets = [onset / size for onset in (LOCAL_ONSETS_S if local else ONSETS_S)]
    p = change_p(middle, np.sqrt(full + 3 / 8), onsets)
    row["p_value"] = p
    if p is None or not before.rate > 0:
        return
    row["percent_change_ci_low"], row["percent_change_ci_high"], counted = _interval(before, after, p)
    if p > ALPHA and counted:
        row["reason"] = (
            f"more than counts vary, but the rate's own drift may do as much: {row['baseline_s'] / 60:.3g} min before "
            f"and {row['response_s'] / 60:.3g} min after the drug do not tell them apart"
        )
    if p <= ALPHA:
        row |= time_course(before.rate, after.middle, after.time, after.count)


def _window(times: Floats, at: float, edge: float, size: float, taken: Floats) -> Window:
    """Blocks from the drug outwards; those that other events take more than half of are left out."""
    n = int(abs(edge - at) / size + 1e-9)
    if not n:
        return Window(np.empty(0), np.empty(0), np.empty(0))
    ends = np.sort(at + np.sign(edge - at) * size * np.arange(n + 1))
    inside = np.sort(times[(times >= ends[0]) & (times < ends[-1])])
    for low, high in taken:
        inside = inside[(inside < low) | (inside >= high)]
    points = np.sort(np.r_[ends, taken.ravel()])
    middles = (points[1:] + points[:-1]) / 2
    is_free = ~((middles[:, None] >= taken[:, 0]) & (middles[:, None] < taken[:, 1])).any(axis=1)
    block = np.searchsorted(ends, middles, side="right") - 1
    good = is_free & (block >= 0) & (block < n)
    time = np.histogram(block[good], np.arange(n + 1), weights=np.diff(points)[good])[0].astype(float)
    count = np.histogram(inside, ends)[0].astype(float)
    kept = time >= size / 2
    return Window(((ends[1:] + ends[:-1]) / 2 - at)[kept], time[kept], count[kept])


def _interval(before: Window, after: Window, p: float) -> tuple[float, float, bool]:
    """95 % interval of the change (per cent): log ratio of rates, counting variance scaled by the baseline's
    dispersion and by the memory between its blocks (Jones 1975, Biometrika 62: (1 + ρ) ÷ (1 − ρ)), and no narrower than
    the p-value allows, so that drift is in it (test-based; Miettinen 1976, Am J Epidemiol 103, 226).

    Third: whether no change lies outside the interval of the counts alone.
    """
    expected = before.rate * before.time
    scaled = (before.count - expected) / np.sqrt(expected)
    memory = float(np.clip((scaled[1:] * scaled[:-1]).mean() / max((scaled**2).mean(), 1e-9), 0.0, 0.8))
    dispersion = max(float((scaled**2).sum()) / (len(scaled) - 1), 0.5) * (1 + memory) / (1 - memory)
    n = before.count.sum() + 0.5, after.count.sum() + 0.5
    change = float(np.log((n[1] / after.time.sum()) / (n[0] / before.time.sum())))
    counted = float(stats.t.ppf(0.975, len(scaled) - 1) * np.sqrt(dispersion * (1 / n[0] + 1 / n[1])))
    tested = abs(change) * float(stats.norm.isf(0.025) / max(stats.norm.isf(p / 2), LEAST_DEVIATION))
    reach = max(counted, tested)
    low, high = (100 * float(np.expm1(change + end)) for end in (-reach, reach))
    return low, high, abs(change) > counted


def _drift(before: Window) -> str | None:
    """Where the baseline is not stable: how it runs."""
    parts = [part for part in np.array_split(np.arange(len(before.time)), QUARTERS) if len(part)]
    count = np.array([before.count[part].sum() for part in parts])
    time = np.array([before.time[part].sum() for part in parts])
    expected = before.rate * time
    if expected.min() <= 0:
        return None
    excess = float(((count - expected) ** 2 / expected).sum())
    spread = float(np.ptp(count / time)) / before.rate
    if spread > UNSTABLE_RANGE and stats.chi2.sf(excess, len(parts) - 1) < UNSTABLE_P:
        return "it runs " + ", ".join(f"{rate:.2g}" for rate in count / time) + " Hz"
    return None
