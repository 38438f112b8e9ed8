"""Drugs given in several doses of one session: each dose against the time before the first, and the trend across."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.experiment.routes import is_local
from coeruleus.responses.dose_change import changes
from coeruleus.responses.dose_series import Dosed
from coeruleus.responses.dose_trend import FEWEST_DOSES, halving_dose, trend
from coeruleus.responses.drift import FEWEST_BLOCKS
from coeruleus.responses.drug_axis import Sessions, around, on_axis
from coeruleus.responses.drug_course import add_reason
from coeruleus.responses.drug_scales import LOCAL, SYSTEMIC
from coeruleus.responses.drug_windows import FEWEST_SPIKES, Window, baseline_drift, blocks_of
from coeruleus.responses.moved import Floats
from coeruleus.responses.not_held import Unit, gaps_of_units, silent_to_the_end
from coeruleus.responses.trials import SegmentKey, rows_of, trains_of
from coeruleus.spikes.held import Gap
from coeruleus.spikes.spontaneous import Given, drugs_by_segment
from coeruleus.tables.status import EXCLUDED, FAILED, INSUFFICIENT_SPIKES, MISSING, OK
from coeruleus.tables.units import DOSES, DRUG_RESPONSES

Row = dict[str, Any]
Position = tuple[int, float]

BLOCKS, MOST_BLOCKS = 40, 80  # of a series
SHORTEST_BLOCK_S = 5.0
FEWEST_OF_DOSE = 2  # blocks
TOO_FEW = "too few blocks to tell what each dose did from what the rate drifts by"


def test_doses(
    spikes: pd.DataFrame,
    segments: pd.DataFrame,
    events: pd.DataFrame,
    *,
    recordings: pd.DataFrame,
    drug_responses: pd.DataFrame,
    lost_of: Mapping[Unit, Sequence[Gap]] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """DOSES, and DRUG_RESPONSES with what each dose changed from before the first.

    A series is what a session gave of one drug until another came, two doses or more. Systemic doses add up
    (`cumulative`), but not where another site of the session had some before; local ones (`experiment.routes`) count by
    themselves. A dose lasts to the next drug, 10 min at most (2 min local). Tests: `dose_trend`, and
    `dose_change` for each dose against the time before the first.
    """
    sessions = Sessions(segments, recordings)
    trains = trains_of(spikes[spikes["site_id"].isin(set(drug_responses["site_id"]))])
    lost_of = gaps_of_units(segments, events, trains) if lost_of is None else lost_of
    rows = rows_of(drug_responses)
    systemic = events[(events["dose"] != 0) & ~events["route"].map(is_local).astype(bool)]
    elsewhere = {
        site: _given_elsewhere(site, segments, systemic, sessions.of) for site in {row["site_id"] for row in rows}
    }
    found: list[Row] = []
    for (site, unit), own in _by_unit(rows).items():
        every = rows_of(events[events["site_id"] == site])
        for series in _series_of(own, sessions.of):
            row = _empty(series, elsewhere[site].get((site, int(series[0]["segment"])), ()))
            found.append(row)
            if row["status"] != OK or row["reason"]:
                continue
            starts = sessions.starts(site, int(row["segment"]))
            times = on_axis(trains.get((site, unit), {}), starts)
            _measure(row, series, every, starts, times, lost_of.get((site, unit), []))
    return DOSES.frame(found), DRUG_RESPONSES.frame(rows)


def _given_elsewhere(
    site: str, segments: pd.DataFrame, drugs: pd.DataFrame, sessions: Mapping[SegmentKey, object]
) -> dict[SegmentKey, list[Given]]:
    """Drugs that act in each segment of a site, of those given at other sites of its sessions."""
    own = {session for (one, _), session in sessions.items() if one == site and session is not None}
    others = {one for (one, _), session in sessions.items() if session in own} - {site}
    there = drugs[drugs["site_id"].isin(others)]
    return drugs_by_segment(segments[segments["site_id"].isin({site, *others})], there) if len(there) else {}


def _by_unit(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    units: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if not pd.isna(row["unit_id"]):
            units.setdefault((str(row["site_id"]), str(row["unit_id"])), []).append(row)
    return units


def _position(row: Mapping[str, Any]) -> Position:
    return int(row["segment"]), float(row["onset"])


def _series_of(own: Sequence[Row], sessions: Mapping[SegmentKey, object]) -> Iterator[list[Row]]:
    """Doses (none of them 0) of one drug in one session until another drug; two or more."""
    given = sorted((row for row in own if row["dose"] != 0), key=_position)
    begun: set[tuple[object, str]] = set()
    for index, first in enumerate(given):
        session = sessions.get((first["site_id"], int(first["segment"])))
        if pd.isna(first["drug"]) or (session, first["drug"]) in begun:
            continue
        begun.add((session, first["drug"]))
        later = [row for row in given[index:] if sessions.get((row["site_id"], int(row["segment"]))) == session]
        series = list(takewhile(lambda row: row["drug"] == first["drug"], later))  # noqa: B023
        if len(series) > 1:
            yield series


def _empty(series: Sequence[Row], elsewhere: Sequence[Given]) -> Row:
    """The row of a series, with its doses counted, or why they cannot be; `elsewhere`: systemic drugs of the session's
    other sites that act in the segment of the first dose."""
    first = series[0]
    row: Row = {name: first[name] for name in ("site_id", "unit_id", "segment", "onset", "drug", "route", "dose_unit")}
    row |= {"status": OK, "reason": None}
    local = is_local(first["route"])
    units = sorted({str(dose["dose_unit"]) for dose in series})
    routes = sorted({str(dose["route"]) for dose in series})
    unplaced = next((dose for dose in series if dose["status"] in (MISSING, FAILED)), None)
    if all(dose["status"] == EXCLUDED for dose in series):
        row["status"], row["reason"] = EXCLUDED, first["reason"]
    elif unplaced is not None:
        row["status"], row["reason"] = unplaced["status"], unplaced["reason"]
    elif any(pd.isna(dose["dose"]) for dose in series):
        row["status"], row["reason"] = MISSING, "a dose is not stated in ephys/events.tsv"
    elif len(units) > 1 or len(routes) > 1:
        differ = "units" if len(units) > 1 else "routes"
        row["reason"] = f"the doses have different {differ}: {', '.join(units if len(units) > 1 else routes)}"
    elif not local and any(one.name == first["drug"] and -np.inf < one.onset_s < 0 for one in elsewhere):
        row["reason"] = f"{first['drug']} was given before at another site of the session: its doses do not add up here"
    else:
        row["counted"] = "each" if local else "cumulative"
        doses = np.array([float(dose["dose"]) for dose in series])
        for dose, counted in zip(series, doses if local else np.cumsum(doses), strict=True):
            dose["counted_dose"] = float(counted)
    return row


def _measure(
    row: Row,
    series: Sequence[Row],
    every: Sequence[Row],
    starts: Mapping[int, float],
    times: Floats,
    lost: Sequence[Gap],
) -> None:
    scale = (LOCAL if row["counted"] == "each" else SYSTEMIC)[0]
    places = [around(dose, every, starts, lost) for dose in series]
    start, taken = places[0].at, places[0].taken
    low = max(places[0].edges[0], start - scale.longest_s)
    ends = [min(place.edges[1], place.at + scale.longest_s) for place in places]
    lasting = [end - place.at for end, place in zip(ends, places, strict=True)]
    total = start - low + sum(lasting)
    size = max(SHORTEST_BLOCK_S, total / MOST_BLOCKS, min(total / BLOCKS, min(lasting) / FEWEST_OF_DOSE))
    before = blocks_of(times, start, low, size, taken)
    silent = silent_to_the_end(lost, starts, start, max(ends))
    if silent:
        add_reason(row, silent)
    kept: list[tuple[Row, Window, float]] = []  # and how long after the first dose it was given (s)
    for dose, place, end in zip(series, places, ends, strict=True):
        window = blocks_of(times, place.at, end, size, taken)
        if len(window.time) >= FEWEST_OF_DOSE and dose["status"] != EXCLUDED:
            later = place.at - start
            kept.append((dose, Window(window.middle + later, window.time, window.count), later))
            reached = silent_to_the_end(lost, starts, start, end)
            if reached and reached not in str(dose["reason"]):
                add_reason(dose, reached)
        elif dose["status"] != EXCLUDED:
            add_reason(dose, f"too little time: {FEWEST_OF_DOSE} blocks of {size:.3g} s are needed")
    given = np.array([later for *_, later in kept])
    counted = np.array([dose["counted_dose"] for dose, *_ in kept])
    row["n_doses"] = len(np.unique(counted))
    if len(before.time) < FEWEST_BLOCKS:
        row["status"] = INSUFFICIENT_SPIKES
        add_reason(row, f"too little time before the first dose: {FEWEST_BLOCKS} blocks of {size:.3g} s are needed")
        return
    row["baseline_rate_hz"] = before.rate
    if before.rate * sum(window.time.sum() for _, window, _ in kept) < FEWEST_SPIKES:
        row["status"] = INSUFFICIENT_SPIKES
        add_reason(row, f"fewer than {FEWEST_SPIKES} spikes expected under all doses at the rate before them")
        return
    dosed = Dosed(before, [window for _, window, _ in kept], given, counted, size)
    drift = baseline_drift(before)
    found = changes(dosed, scale.onsets_s) if drift is None else None
    if found is None:
        why = TOO_FEW if drift is None else f"the baseline is not stable: {drift}"
        for dose, window, _ in kept:
            dose["from_first_dose_percent"] = 100 * (window.rate / before.rate - 1)
            add_reason(dose, f"change from the first dose not tested: {why}")
    for (dose, *_), change in zip(kept, found or [], strict=False):
        dose["from_first_dose_percent"], dose["from_first_dose_p"] = change.percent, change.p
        dose["from_first_dose_percent_ci_low"] = change.low
        dose["from_first_dose_percent_ci_high"] = change.high
        if np.isnan(change.high):
            add_reason(dose, "drift since the first dose leaves no upper end")
    if drift is None and found is None:
        add_reason(row, TOO_FEW)
    if len(kept) < len(series):
        add_reason(row, f"{len(series) - len(kept)} of {len(series)} doses left out: by hand, or too little time")
    if drift is not None:
        add_reason(row, f"the baseline is not stable, so the trend is not tested: {drift}")
    if row["n_doses"] < FEWEST_DOSES:
        add_reason(row, f"{row['n_doses']} different doses with enough time: a trend needs {FEWEST_DOSES}")
        return
    row |= {"lowest_dose": float(counted.min()), "highest_dose": float(counted.max())}
    if drift is not None:
        return
    across = trend(dosed, scale.onsets_s)
    row |= {"percent_per_doubling": across.per_doubling, "p_value": across.p}
    row["percent_per_doubling_ci_low"], row["percent_per_doubling_ci_high"] = across.interval
    half = halving_dose(dosed, across)
    if isinstance(half, str):
        row["ed50_reason"] = half
    else:
        row["ed50"], row["ed50_ci_low"], row["ed50_ci_high"] = half
