"""The time in which a unit can be counted: spontaneous, not masked by artefacts, and not after it was lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coeruleus.spikes.spontaneous import Given, Stretch
from coeruleus.tables.status import OK

Array = NDArray[np.floating]
Masks = Mapping[int, Sequence[tuple[float, float]]]

LEAST_S = 0.01
LOST_EXPECTED = 20  # no spike where so many would be expected: lost, not silent
CHANCE_INTERVALS = float(np.log(1000))  # mean intervals that one Poisson interval in a thousand exceeds
HELD, LOST, FOUND_LATE, ABSENT, SILENT_AFTER_DRUG = "held", "lost", "found_late", "absent", "silent_after_drug"
NOT_RECORDED = "not_recorded"  # no word on the unit: its trace had not begun, or is masked


def lost_time(
    times: Array, start_s: float, end_s: float, fano: float = 1.0, masks: Sequence[tuple[float, float]] = ()
) -> tuple[float, float, int]:
    """Part of a stretch in which a unit was held: (from, to, spikes that its rate predicts in what is cut off).

    A train that begins or ends so far inside the stretch that its own rate predicts 20 spikes there (more for an
    irregular one) was not held there: lost, or not yet found; that is not silence. Masked time (from, to, in s) holds
    no spike of any unit, and predicts none. (`start_s`, `end_s`, 0) if held.
    """
    if len(times) < LOST_EXPECTED:
        return start_s, end_s, 0
    low, high, missing = start_s, end_s, 0
    rate = (len(times) - 1) / max(seen_within(times[0], times[-1], masks), 1e-9)
    margin = 1 / rate
    needed = LOST_EXPECTED * max(1.0, fano)
    if seen_within(times[-1], end_s, masks) * rate >= needed:
        high = float(times[-1]) + margin
        missing += round(seen_within(high, end_s, masks) * rate)
    if seen_within(start_s, times[0], masks) * rate >= needed:
        low = float(times[0]) - margin
        missing += round(seen_within(start_s, low, masks) * rate)
    return low, high, missing


def merged(
    masks: Sequence[tuple[float, float]], low: float = -np.inf, high: float = np.inf
) -> list[tuple[float, float]]:
    """Masks between two moments, in order, those that overlap or touch as one."""
    found: list[tuple[float, float]] = []
    for start, end in sorted(masks):
        start, end = max(start, low), min(end, high)
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def masked_within(low: float, high: float, masks: Sequence[tuple[float, float]]) -> float:
    """Masked time between two moments, stretches that overlap counted once."""
    return float(sum(end - start for start, end in merged(masks, low, high)))


def seen_within(low: float, high: float, masks: Sequence[tuple[float, float]]) -> float:
    """Time between two moments that is not masked."""
    return float(high - low - masked_within(low, high, masks))


def without_masks(stretches: Sequence[Stretch], masks: Masks) -> list[Stretch]:
    """Stretches less the masked time of their segments (from, to, in s): no interval crosses a mask."""
    found: list[Stretch] = []
    for stretch in stretches:
        start = stretch.start_s
        for low, high in merged(masks.get(stretch.segment, ()), start, stretch.end_s):
            if low - start >= LEAST_S:
                found.append(Stretch(stretch.segment, start, low))
            start = high
        if stretch.end_s - start >= LEAST_S:
            found.append(Stretch(stretch.segment, start, stretch.end_s))
    return found


def while_held(
    stretches: Sequence[Stretch], by_segment: Mapping[int, Array], masks: Masks | None = None
) -> tuple[list[Stretch], list[str]]:
    """Stretches cut to where the unit was held, and what was cut, segment by segment.

    A train that stops, or starts, inside a segment where its own rate predicts 20 spikes more was lost or not yet
    found there, unless it fires again later in the segment (earlier, for a start). Masked time (`masks`, left out of
    the stretches before) tells nothing of that.
    """
    kept: list[Stretch] = []
    said: list[str] = []
    for segment in dict.fromkeys(stretch.segment for stretch in stretches):
        mine = [stretch for stretch in stretches if stretch.segment == segment]
        times = by_segment.get(segment, np.empty(0))
        start, end = min(s.start_s for s in mine), max(s.end_s for s in mine)
        inside = times[(times >= start) & (times < end)] if len(times) else times
        hidden = (masks or {}).get(segment, ())
        low, high, missing = lost_time(inside, start, end, _irregular(inside, hidden), hidden)
        low = start if len(times) and times[0] < start else low
        high = end if len(times) and times[-1] >= end else high
        if low > start:
            said.append(f"not held before {low:.0f} s of segment {segment}")
        if high < end:
            said.append(f"lost at {high:.0f} s of segment {segment}")
        if (low, high) != (start, end):
            said[-1] += f" (its rate predicts {missing} more spikes; that time is not counted)"
        for stretch in mine:
            first, last = max(stretch.start_s, low), min(stretch.end_s, high)
            if last - first >= LEAST_S:
                kept.append(Stretch(segment, first, last))
    return kept, said


def _irregular(times: Array, masks: Sequence[tuple[float, float]]) -> float:
    """Squared CV of the intervals, less the masked time in them: the Fano factor of a renewal train."""
    edges = np.array(merged(masks)).reshape(-1, 2)
    if len(edges):
        lengths = edges[:, 1] - edges[:, 0]
        gone = np.cumsum(lengths)
        times = times - np.interp(times, edges.ravel(), np.column_stack([gone - lengths, gone]).ravel())
    gaps = np.diff(times)
    return float(np.var(gaps) / np.mean(gaps) ** 2) if len(gaps) > 1 else 1.0


@dataclass(frozen=True)
class Gap:
    """Part of a segment (from, to, in s) in which a unit was not held, why, and in words."""

    segment: int
    start_s: float
    end_s: float
    kind: str
    text: str
    back: bool  # whether the unit fires again later
    drug: str | None = None  # that may have silenced it


def followed(
    rows: Sequence[Mapping[str, Any]],
    by_segment: Mapping[int, Array],
    drugs: Mapping[int, Sequence[Given]],
    masks: Masks | None = None,
) -> tuple[str | None, str | None]:
    """Whether a unit was held through the segments of its site, and where not: (held, reason).

    Arguments as for `gaps`. (None, why) where no segment can be judged.
    """
    found = gaps(rows, by_segment, drugs, masks)
    if found is None:
        return None, "no segment of known duration holds a spike of it"
    found = [gap for gap in found if gap.kind != NOT_RECORDED]
    kinds = [gap.kind for gap in found]
    worst = next((kind for kind in (LOST, SILENT_AFTER_DRUG, ABSENT, FOUND_LATE) if kind in kinds), HELD)
    return worst, "; ".join(gap.text for gap in found) or None


def gaps(
    rows: Sequence[Mapping[str, Any]],
    by_segment: Mapping[int, Array],
    drugs: Mapping[int, Sequence[Given]],
    masks: Masks | None = None,
) -> list[Gap] | None:
    """Where a unit was not held, in order of time; None where no segment of known duration holds a spike of it.

    `rows` are its segments (segment, status, duration_s), `drugs` those that act in each. A silence that begins within
    the reach of a drug cannot be told from a loss, and is not said to be one; it begins with the drug where the last
    spike before it is no further away than chance allows. One that goes on through segments keeps its cause. Masked
    time (`masks`: stretches of each segment that were not sorted) tells neither of loss nor of silence: it is
    `NOT_RECORDED`, where it does not lie in time in which the unit was not held anyway.
    """
    lengths = {
        int(row["segment"]): float(row["duration_s"])
        for row in rows
        if row["status"] == OK and row.get("duration_s") and np.isfinite(row["duration_s"])
    }
    hidden = {one: merged((masks or {}).get(one, ()), 0.0, length) for one, length in lengths.items()}
    looked_at = {one: seen_within(0.0, length, hidden[one]) for one, length in lengths.items()}
    seen = [segment for segment in sorted(lengths) if len(by_segment.get(segment, ())) and looked_at[segment] > 0]
    if not seen:
        return None
    rate = sum(len(by_segment[one]) for one in seen) / sum(looked_at[one] for one in seen)
    found: list[Gap] = []
    silent: Gap | None = None  # that lasted to the end of the segment before
    for segment in sorted(lengths):
        times, length, masked = by_segment.get(segment, np.empty(0)), lengths[segment], hidden[segment]
        back = segment < seen[-1]
        acting = drugs.get(segment, ())
        here: list[Gap] = []
        if len(times):
            irregular = _irregular(times, masked)
            low, high, missing = lost_time(times, 0.0, length, irregular, masked)
            mean_s = seen_within(times[0], times[-1], masked) / max(len(times) - 1, 1)
            slack = CHANCE_INTERVALS * max(1.0, irregular) * mean_s
            if low > 0:
                kind = FOUND_LATE if segment == seen[0] else ABSENT
                text = f"no spike before {low:.0f} s of segment {segment}"
                here.append(_or_drug(Gap(segment, 0.0, low, kind, text, True), acting, slack, silent, masked))
            silent = None
            if high < length:
                kind = ABSENT if back else LOST
                text = f"no spike after {high:.0f} s of segment {segment} ({missing} more expected)"
                silent = _or_drug(Gap(segment, high, length, kind, text, back), acting, slack, None, masked)
                here.append(silent)
        elif rate * looked_at[segment] >= LOST_EXPECTED:
            kind = FOUND_LATE if segment < seen[0] else ABSENT if back else LOST
            text = f"no spike in segment {segment} ({rate * looked_at[segment]:.0f} expected)"
            whole = Gap(segment, 0.0, length, kind, text, back)
            silent = _or_drug(whole, acting, CHANCE_INTERVALS / rate, silent, masked)
            here.append(silent)
        gone = [gap for gap in here if gap.kind != SILENT_AFTER_DRUG]
        for start, end in masked:
            if not any(gap.start_s <= start and end <= gap.end_s for gap in gone):
                text = f"not recorded from {start:.7g} to {end:.7g} s of segment {segment}"
                here.append(Gap(segment, start, end, NOT_RECORDED, text, True))
        found += sorted(here, key=lambda gap: gap.start_s)
    return found


def _or_drug(
    gap: Gap, acting: Sequence[Given], slack_s: float, silent: Gap | None, masks: Sequence[tuple[float, float]]
) -> Gap:
    """The gap, as a drug's where it began within the reach of one; `silent`: the one that it goes on from.

    A unit may have fired on in masked time, to the drug that was given in it.
    """
    if gap.kind == FOUND_LATE:
        return gap
    if silent is not None:
        causes = [drug for drug in acting if drug.name == silent.drug and np.isfinite(drug.onset_s)]
    else:
        causes = [
            drug
            for drug in acting
            if seen_within(gap.start_s, drug.onset_s, masks) <= slack_s and gap.start_s <= drug.onset_s + drug.reach_s
        ]
    if not causes:
        return gap
    text = f"{gap.text}, after {causes[-1].name}: silenced or lost"
    start_s = max(gap.start_s, causes[-1].onset_s) if silent is None else gap.start_s
    return replace(gap, start_s=start_s, kind=SILENT_AFTER_DRUG, text=text, drug=causes[-1].name)
