"""Responses of units to events: tested, timed and measured, one row a unit, trial type and condition."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coeruleus.responses.curve import rate_curve
from coeruleus.responses.decide import FEWEST_EVENTS, SILENCE_S, Decision, decide
from coeruleus.responses.display import psth, raster, stacked
from coeruleus.responses.extent import after_onset
from coeruleus.responses.habituation import habituation
from coeruleus.responses.moved import STRETCH_S, Floats, Trials
from coeruleus.responses.not_held import Unit, gaps_of_units, held_part, while_held
from coeruleus.responses.scan import ALPHA
from coeruleus.responses.trials import (
    AFTER_EVENT_S,
    DRUG,
    LONGEST_S,
    Group,
    Segment,
    SegmentKey,
    given_conditions,
    make_groups,
    no_rest,
    rows_of,
    segment_table,
    trains_of,
)
from coeruleus.spikes.held import Gap
from coeruleus.spikes.spontaneous import Given, drugs_by_segment
from coeruleus.tables.problems import Problem
from coeruleus.tables.sources import PSTH, RASTERS, RESPONSE_CURVES
from coeruleus.tables.status import EXCLUDED, FAILED, INSUFFICIENT_SPIKES, MISSING, OK
from coeruleus.tables.units import RESPONSES

FIRST_SPIKE_S = 0.1
SUPPRESSION_S = (1.5, 4.5)
TYPED_DECIMALS = 1
NORMAL_95 = 1.959964


@dataclass(frozen=True)
class Responses:
    """Frames of RESPONSES, RASTERS, PSTH and RESPONSE_CURVES, and what is worth a look."""

    responses: pd.DataFrame
    rasters: pd.DataFrame
    psth: pd.DataFrame
    curves: pd.DataFrame
    problems: list[Problem]


def test_responses(
    spikes: pd.DataFrame,
    segments: pd.DataFrame,
    events: pd.DataFrame,
    *,
    recordings: pd.DataFrame,
    curation_trials: pd.DataFrame,
    units: pd.DataFrame,
    artefacts: pd.DataFrame | None = None,
    lost_of: Mapping[Unit, Sequence[Gap]] | None = None,
) -> Responses:
    """Test every unit against every kind of event at its site, drugs aside, each condition for itself.

    spikes: SPIKES; units: UNITS; segments: site_id, segment, duration_s, status, reason; events, recordings
    and curation_trials: the sheets; artefacts: stretches of raw traces that were not sorted. Events in time in which a
    unit was not held (`lost_of`: what `gaps_of_units` finds, where that is known already) are left out for that unit.
    Seeds depend on a unit's ids alone, so that a row does not change with the other units of the experiment. Methods:
    `scan`, `decide`, `onward`, `extent`, `habituation`.
    """
    table = segment_table(segments)
    acting = drugs_by_segment(segments, events)
    groups, problems = make_groups(events, table, given_conditions(recordings), curation_trials, artefacts, acting)
    quiet = _without_events(events, table, acting)
    happened = _events_of_sites(events)
    at_site = {site: rows_of(rows) for site, rows in units.groupby("site_id", sort=False)}
    wanted = {group.site_id for group in groups}
    trains = trains_of(spikes[spikes["site_id"].isin(wanted)])
    lost_of = gaps_of_units(segments, events, trains, artefacts) if lost_of is None else lost_of
    rows: list[dict[str, Any]] = []
    keys: list[tuple[str, str, str, str]] = []
    shown: list[tuple[dict[str, Floats], ...]] = []
    for group in groups:
        drugs = {number: acting.get((group.site_id, number), ()) for number in group.segment}
        lacking: list[dict[str, Any]] = [{"unit_id": None, "status": MISSING, "reason": "the site has no recording"}]
        for unit in at_site.get(group.site_id, lacking):
            lost = lost_of.get((group.site_id, str(unit["unit_id"])), [])
            own = while_held(group, lost)
            row = _empty(own, unit)
            rows.append(row)
            if row["status"] != OK:
                continue
            calm = set() if group.after_drug else quiet.get(group.site_id, set())
            train = trains.get((group.site_id, row["unit_id"]), {})
            trials = _trials(own, train, table, calm, lost, no_rest(own, happened[group.site_id], drugs, table))
            _measure(row, own, trials, {} if group.after_drug else unit)
            _test(row, own, trials)
            key = (group.site_id, row["unit_id"], group.trial_type, group.condition)
            keys.append(key)
            shown.append(_show(trials, own))
            if row["status"] != OK:
                message = f"{group.trial_type}, {group.condition}: {row['reason']}"
                problems.append(Problem("responses", f"{group.site_id}/{row['unit_id']}", "warning", message))
    return Responses(
        RESPONSES.frame(rows),
        RASTERS.frame(stacked(keys, [part[0] for part in shown])),
        PSTH.frame(stacked(keys, [part[1] for part in shown])),
        RESPONSE_CURVES.frame(stacked(keys, [part[2] for part in shown])),
        problems,
    )


def _empty(group: Group, unit: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "site_id": group.site_id,
        "unit_id": None if pd.isna(unit["unit_id"]) else str(unit["unit_id"]),
        "trial_type": group.trial_type,
        "condition": group.condition,
        "n_trials": len(group.onset),
        "after_drug": group.after_drug,
        "status": OK,
        "reason": "; ".join(group.notes()) or None,
    }
    if row["unit_id"] is None:
        row["n_trials"] = 0
        row["status"] = unit["status"] if unit["status"] not in (None, OK) else MISSING
        row["reason"] = unit["reason"] or "the site has no unit"
    elif unit["status"] in (EXCLUDED, FAILED):
        row["status"], row["reason"] = unit["status"], unit["reason"] or unit["status"]
    elif not group.onset:
        row["status"] = group.worst[0]
    return row


def _without_events(
    events: pd.DataFrame, table: Mapping[SegmentKey, Segment], acting: Mapping[SegmentKey, Sequence[Given]]
) -> dict[str, set[int]]:
    """Segments of each site that hold no event, and in which no drug acts."""
    busy = set(zip(events["site_id"], events["segment"].astype(int), strict=True))
    found: dict[str, set[int]] = {}
    for site, number in table:
        if (site, number) not in busy and not acting.get((site, number)):
            found.setdefault(site, set()).add(number)
    return found


def _events_of_sites(events: pd.DataFrame) -> dict[str, tuple[NDArray[np.object_], Floats, Floats, Floats]]:
    """Kind, segment, onset and end of what follows of the events of each site, drugs aside."""
    found = {}
    for site, rows in events[events["trial_type"] != DRUG].groupby("site_id", sort=False):
        onset = rows["onset"].to_numpy(dtype=float)
        lasting = np.nan_to_num(rows["duration"].to_numpy(dtype=float)) + AFTER_EVENT_S
        number, kind = rows["segment"].to_numpy(dtype=float), rows["trial_type"].to_numpy(dtype=object)
        found[str(site)] = (kind, number, onset, onset + np.minimum(lasting, LONGEST_S))
    return found


def _trials(
    group: Group,
    train: Mapping[int, Floats],
    table: Mapping[SegmentKey, Segment],
    calm: set[int],
    lost: Sequence[Gap],
    barred: Mapping[int, tuple[Floats, Floats]],
) -> Trials:
    """All segments of the group one after the other on one axis, far enough apart never to meet.

    A segment begins and ends where the unit was held.
    """
    start: dict[int, float] = {}
    held: dict[int, tuple[float, float]] = {}
    parts, at = [], 0.0
    for number in sorted(set(group.segment)):
        start[number] = at
        times = train.get(number, np.empty(0))
        duration = table[(group.site_id, number)].duration_s
        held[number] = held_part(lost, number, duration)
        parts.append(times[(times >= 0) & (times <= duration)] + at)
        at += duration + LONGEST_S + STRETCH_S + 1.0
    begin = np.array([start[number] for number in group.segment])
    low, high = np.array([held[number] for number in group.segment]).T
    rest = tuple(train[number] for number in sorted(calm) if number in train)
    return Trials(
        np.concatenate(parts),
        begin + np.array(group.onset),
        np.array(group.length),
        begin + low,
        begin + high,
        rest,
        (
            np.concatenate([start[number] + barred[number][0] for number in start]),
            np.concatenate([start[number] + barred[number][1] for number in start]),
        ),
    )


def _measure(row: dict[str, Any], group: Group, trials: Trials, unit: Mapping[str, Any]) -> None:
    """What needs no test: rate before, first spikes, and suppression against the unit's spontaneous firing."""
    before = np.array(group.before)
    counts = np.searchsorted(trials.spikes, trials.onsets) - np.searchsorted(trials.spikes, trials.onsets - before)
    # Where an event starts its recording there is no time before it: the whole of the recordings stands in.
    whole_s = float(sum(dict(zip(trials.start.tolist(), (trials.end - trials.start).tolist(), strict=True)).values()))
    row["baseline_rate_hz"] = counts.sum() / before.sum() if before.sum() > 0 else len(trials.spikes) / whole_s
    times, which = after_onset(trials)
    early = trials.length >= FIRST_SPIKE_S - 1e-9
    if early.any():
        close = (times > 0) & (times <= FIRST_SPIKE_S) & early[which]
        first = pd.Series(times[close]).groupby(which[close]).min()
        row["reliability_100ms"] = len(first) / int(early.sum())
        row["first_spike_latency_s"] = _to_source(float(first.median()), group) if len(first) else None
    _suppression(row, trials, unit, times, which)


def _suppression(
    row: dict[str, Any], trials: Trials, unit: Mapping[str, Any], times: Floats, which: NDArray[np.int64]
) -> None:
    """Suppression index, with a 95 % interval from the log ratio of the two rates (index = tanh(log ratio / 2)).

    The variance of the late rate is that between events, the variance of the spontaneous rate its interval's.
    """
    low, high = SUPPRESSION_S
    whole = trials.length >= high - 1e-9
    n = int(whole.sum())
    rate = float(unit.get("firing_rate_hz") or np.nan)
    late = (times >= low) & (times < high) & whole[which]
    counts = np.bincount(which[late], minlength=len(whole))[whole]
    if not n or not rate + counts.sum() > 0:
        return
    mean = counts.mean() / (high - low)
    row["suppression_index"] = (mean - rate) / (mean + rate)
    least, most = (float(unit.get(f"firing_rate_ci_{end}_hz") or np.nan) for end in ("low", "high"))
    if n >= FEWEST_EVENTS and least > 0:
        total = counts.sum() + 0.5
        variance = max(n * counts.var(ddof=1), 0.5) / total**2 + (np.log(most / least) / (2 * NORMAL_95)) ** 2
        middle = np.log(total / (n * (high - low)) / rate)
        reach = NORMAL_95 * np.sqrt(variance)
        row["suppression_index_ci_low"], row["suppression_index_ci_high"] = np.tanh(
            (middle + np.array([-reach, reach])) / 2
        )


def _test(row: dict[str, Any], group: Group, trials: Trials) -> None:
    notes = group.notes()
    found = None
    if len(group.onset) < FEWEST_EVENTS:
        row["events_needed"] = FEWEST_EVENTS
        notes.insert(0, f"{len(group.onset)} usable events: a test needs {FEWEST_EVENTS} or more")
    elif not len(trials.spikes):
        notes.insert(0, "no spike in the segments that hold the events")
    else:
        seed = zlib.crc32("\t".join((group.site_id, row["unit_id"], group.trial_type, group.condition)).encode())
        found = decide(trials, row["baseline_rate_hz"], np.random.default_rng(seed))
        if found is None:
            notes.insert(0, "too little time after the events to test")
    if found is None:
        row["status"] = INSUFFICIENT_SPIKES
    else:
        notes = _fill(row, group, trials, found) + notes
        slope = habituation(trials, found)
        row["habituation_percent"], row["habituation_p"] = slope if slope else (None, None)
    row["reason"] = "; ".join(notes) or None


def _fill(row: dict[str, Any], group: Group, trials: Trials, found: Decision) -> list[str]:
    notes = []
    for name, part in (("excitation", found.excitation), ("inhibition", found.inhibition)):
        if part is None:
            continue
        row[f"{name}_p"] = part.p
        if part.extent is not None:
            row[f"{name}_latency_s"] = _to_source(part.extent.start_s, group)
            row[f"{name}_duration_s"] = part.extent.end_s - part.extent.start_s
            row[f"{name}_rate_hz"] = part.extent.rate_hz
            for measure, around in (
                ("latency", part.extent.start_ci),
                ("duration", part.extent.duration_ci),
                ("rate", part.extent.rate_ci),
            ):
                unit = "hz" if measure == "rate" else "s"
                row[f"{name}_{measure}_ci_low_{unit}"], row[f"{name}_{measure}_ci_high_{unit}"] = around
            if part.extent.open_ended:
                notes.append(f"{name} lasts to the end of the time scanned")
    if found.inhibition is None:
        row["status"] = INSUFFICIENT_SPIKES
        row["events_needed"] = found.events_needed
        enough = "" if np.isnan(found.events_needed) else f"; about {found.events_needed:.0f} events would do"
        notes.append(f"inhibition: too few spikes expected to see a silence of {SILENCE_S:g} s{enough}")
        return notes
    excited, inhibited = found.excitation.extent, found.inhibition.extent
    both = found.excitation.p <= ALPHA and found.inhibition.p <= ALPHA
    row["biphasic"] = bool(both and excited and inhibited and inhibited.start_s >= excited.start_s)
    if row["biphasic"] and excited and inhibited:
        interval = float(np.median(np.diff(trials.spikes))) if len(trials.spikes) > 1 else np.nan
        if inhibited.end_s - excited.end_s < interval:
            notes.append("the pause is no longer than the cell's usual interval, as it is after any spike")
    return notes


def _to_source(latency_s: float, group: Group) -> float:
    """Latencies are no finer than the onsets: to 0.1 s where these were typed."""
    return round(latency_s, TYPED_DECIMALS) if group.typed else latency_s


def _show(trials: Trials, group: Group) -> tuple[dict[str, Floats], ...]:
    after_s = min(max(group.duration) + AFTER_EVENT_S, LONGEST_S)
    times, which = raster(trials, after_s)
    edges, rate, exposed = psth(times, trials, after_s)
    curve = rate_curve(times, which.astype(float), trials, after_s)
    return (
        {"trial": which.astype(float), "time_s": times},
        {"time_low_s": edges[:-1], "time_high_s": edges[1:], "rate_hz": rate, "n_trials": exposed},
        {
            "time_s": curve.time_s,
            "rate_hz": curve.rate_hz,
            "low_hz": curve.low_hz,
            "high_hz": curve.high_hz,
            "bandwidth_s": np.full(len(curve.time_s), curve.bandwidth_s),
        },
    )
