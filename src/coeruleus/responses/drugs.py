"""What drugs do to the rate: before and after, tested against the cell's own drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from coeruleus.experiment.conditions import NAMELESS
from coeruleus.experiment.routes import is_local
from coeruleus.responses.drift import Floats
from coeruleus.responses.drug_axis import Sessions, around, on_axis
from coeruleus.responses.drug_course import add_reason, add_reversals, time_course
from coeruleus.responses.drug_scales import LOCAL, SLOW, SYSTEMIC
from coeruleus.responses.drug_windows import Tried, at_scale, interval
from coeruleus.responses.not_held import Unit, gaps_of_units, silent_to_the_end
from coeruleus.responses.scan import ALPHA
from coeruleus.responses.trials import DRUG, Segment, SegmentKey, rows_of, trains_of
from coeruleus.spikes.held import Gap
from coeruleus.spikes.spontaneous import drugs_by_segment
from coeruleus.tables.problems import Problem
from coeruleus.tables.status import EXCLUDED, FAILED, INSUFFICIENT_SPIKES, MISSING, OK
from coeruleus.tables.units import DRUG_RESPONSES

USUAL, LONG = "percent_change", "percent_change_long"
PASSING = ("session_id", "left_hz")  # of rows while they are made


def test_drugs(
    spikes: pd.DataFrame,
    segments: pd.DataFrame,
    events: pd.DataFrame,
    *,
    recordings: pd.DataFrame,
    units: pd.DataFrame,
    curation_trials: pd.DataFrame | None = None,
    lost_of: Mapping[Unit, Sequence[Gap]] | None = None,
) -> tuple[pd.DataFrame, list[Problem]]:
    """Each unit and drug: rate before, rate after, change and p-value, as DRUG_RESPONSES, and problems.

    A drug that a person excluded (`curation_trials`) keeps its row, without numbers; its name still ends the
    baseline condition, since something was given. `lost_of`: what `gaps_of_units` finds, where that is known already.

    Before: up to 10 min, back to 3 min after the last drug or to the start; after: up to 10 min, to the next
    drug or the end (2 min each with a local route); segments of one session follow each other without a gap. Time in
    which the unit was not held or nothing was recorded of it (`not_held`) and the 5 s after every other event are left
    out. Tested in blocks of at most 30 s by `drift.change_p` on √(n + 3/8). Where both sides last 20 min, up to 60 min
    are compared as well, for effects that come slowly: that change has its own columns, and of the two p-values the
    smaller is given, doubled (Bonferroni). The baseline is not stable where its quarters differ by more than half their
    mean and by more than counting allows; then there is neither a p-value nor an interval.
    """
    sessions = Sessions(segments, recordings)
    acting = drugs_by_segment(segments, events)
    drugs = events[events["trial_type"] == DRUG]
    trains = trains_of(spikes[spikes["site_id"].isin(set(drugs["site_id"]))])
    lost_of = gaps_of_units(segments, events, trains) if lost_of is None else lost_of
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
            starts = sessions.starts(str(site), number)
            before = [one.name for one in acting.get((str(site), number), ()) if one.onset_s < event["onset"]]
            wrong = _unusable(event, sessions.segments)
            by_hand = excluded.get((site, number, round(float(event["onset"]), 4)))
            if by_hand is not None:
                wrong = EXCLUDED, f"excluded by hand ({by_hand})"
            elif wrong:
                message = f"{event['drug'] or NAMELESS} at {event['onset']:g} s: {wrong[1]}"
                problems.append(Problem("responses", str(site), "warning", message))
            for unit in at_site.get(
                site, [{"unit_id": None, "status": MISSING, "reason": "the site has no recording"}]
            ):
                row = _empty(event, unit, wrong) | {"given_before": "; ".join(dict.fromkeys(before)) or None}
                rows.append(row)
                if row["status"] == OK:
                    times = on_axis(trains.get((str(site), row["unit_id"]), {}), starts)
                    lost = lost_of.get((str(site), str(row["unit_id"])), [])
                    _measure(row, event, every, starts, times, lost)
    for row in rows:
        row["session_id"] = sessions.of.get((row["site_id"], int(row["segment"])))
    add_reversals(rows)
    return DRUG_RESPONSES.frame([{k: v for k, v in row.items() if k not in PASSING} for row in rows]), problems


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
    local, place = is_local(event["route"]), around(event, every, starts, lost)
    at, edges = place.at, place.edges
    scale = (LOCAL if local else SYSTEMIC)[0]
    first = at_scale(scale, times, at, edges, place.taken)
    row |= first.fields
    silent = silent_to_the_end(lost, starts, at, min(edges[1], at + scale.longest_s))
    if silent and row["status"] == OK:
        add_reason(row, silent)
    if row["status"] == INSUFFICIENT_SPIKES:
        reach = scale.longest_s
        why = [(min(end, at + reach) - max(start, at - reach), text) for start, end, text in place.hidden]
        longest, text = max(why, default=(0.0, ""))
        row["reason"] += f"; the unit was not held: {text}" if longest > 0 else ""
    tried = [first]
    if not local and min(at - edges[0], edges[1] - at) >= SLOW.least_s:
        slow = at_scale(SLOW, times, at, edges, place.taken)
        tried.append(slow)
        if "percent_change" in slow.fields:
            row[LONG], row["compared_long_s"] = slow.fields["percent_change"], slow.fields["response_s"]
    _test(row, tried)


def _test(row: dict[str, Any], tried: Sequence[Tried]) -> None:
    """The p-value over the times tried, the interval of each change, and the course of the effect that is found.

    Where the usual time, which comes first, cannot be tested there is no p-value: it would be another change's.
    """
    tests = [(one.test, name) for one, name in zip(tried, (USUAL, LONG), strict=False) if one.test is not None]
    if not tests:
        return
    beyond_counts = False
    for test, name in tests:
        if test.before.rate > 0:
            low, high, beyond = interval(test.before, test.after, min(test.p * len(tests), 1.0))
            row[f"{name}_ci_low"], row[f"{name}_ci_high"] = low, high
            beyond_counts |= beyond and name == USUAL
    best, found = min(tests, key=lambda one: one[0].p)
    p = min(best.p * len(tests), 1.0)
    if p <= ALPHA and found == LONG and best.before.rate > 0:
        low, high = row[f"{LONG}_ci_low"], row[f"{LONG}_ci_high"]
        said = f"{row[LONG]:.3g} % (95 % interval {low:.3g} to {high:.3g})"
        add_reason(row, f"over {row['compared_long_s'] / 60:.3g} min after the drug the change is {said}")
    if tried[0].test is None:
        return
    row["p_value"] = p
    if p > ALPHA and beyond_counts:
        add_reason(
            row,
            f"more than counts vary, but the rate's own drift may do as much: {row['baseline_s'] / 60:.3g} min before "
            f"and {row['response_s'] / 60:.3g} min after the drug do not tell them apart",
        )
    if p <= ALPHA:
        row["left_hz"] = row["response_rate_hz"]
    if p <= ALPHA and best.before.rate > 0:
        if found == LONG:
            row["left_hz"] = row["baseline_rate_hz"] * (1 + row[LONG] / 100)
        row |= time_course(best.before.rate, best.after.middle, best.after.time, best.after.count)
