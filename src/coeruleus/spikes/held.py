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
NOT_RECORDED = "not_recorded"  # no word on the unit: its trace had not begun


def lost_time(times: Array, start_s: float, end_s: float, fano: float = 1.0) -> tuple[float, float, int]:
    """Part of a stretch in which a unit was held: (from, to, spikes that its rate predicts in what is cut off).

    A train that begins or ends so far inside the stretch that its own rate predicts 20 spikes there (more for an
    irregular one) was not held there: lost, or not yet found; that is not silence. (`start_s`, `end_s`, 0) if held.
    """
    if len(times) < LOST_EXPECTED:
        return start_s, end_s, 0
    low, high, missing = start_s, end_s, 0
    rate = (len(times) - 1) / max(float(times[-1] - times[0]), 1e-9)
    margin = 1 / rate
    needed = LOST_EXPECTED * max(1.0, fano)
    if (end_s - times[-1]) * rate >= needed:
        high = float(times[-1]) + margin
        missing += round((end_s - high) * rate)
    if (times[0] - start_s) * rate >= needed:
        low = float(times[0]) - margin
        missing += round((low - start_s) * rate)
    return low, high, missing


def without_masks(stretches: Sequence[Stretch], masks: Masks) -> list[Stretch]:
    """Stretches less the masked time of their segments (from, to, in s): no interval crosses a mask."""
    found: list[Stretch] = []
    for stretch in stretches:
        start = stretch.start_s
        for low, high in sorted(masks.get(stretch.segment, ())):
            if high <= start or low >= stretch.end_s:
                continue
            if low - start >= LEAST_S:
                found.append(Stretch(stretch.segment, start, low))
            start = max(start, high)
        if stretch.end_s - start >= LEAST_S:
            found.append(Stretch(stretch.segment, start, stretch.end_s))
    return found


def masked_within(low: float, high: float, masks: Sequence[tuple[float, float]]) -> float:
    """Masked time between two moments, stretches that overlap counted once."""
    total, reached = 0.0, low
    for start, end in sorted(masks):
        start, end = max(start, reached), min(end, high)
        if end > start:
            total += end - start
            reached = end
    return total


def while_held(stretches: Sequence[Stretch], by_segment: Mapping[int, Array]) -> tuple[list[Stretch], list[str]]:
    """Stretches cut to where the unit was held, and what was cut, segment by segment.

    A train that stops, or starts, inside a segment where its own rate predicts 20 spikes more was lost or not yet
    found there, unless it fires again later in the segment (earlier, for a start).
    """
    kept: list[Stretch] = []
    said: list[str] = []
    for segment in dict.fromkeys(stretch.segment for stretch in stretches):
        mine = [stretch for stretch in stretches if stretch.segment == segment]
        times = by_segment.get(segment, np.empty(0))
        start, end = min(s.start_s for s in mine), max(s.end_s for s in mine)
        inside = times[(times >= start) & (times < end)] if len(times) else times
        low, high, missing = lost_time(inside, start, end, _irregular(inside))
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


def _irregular(times: Array) -> float:
    """Squared CV of the intervals: the Fano factor of a renewal train."""
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
    spike before it is no further away than chance allows. One that goes on through segments keeps its cause. A segment
    begins where a mask from its start ends (`masks`: stretches of each segment that were not sorted).
    """
    lengths = {
        int(row["segment"]): float(row["duration_s"])
        for row in rows
        if row["status"] == OK and row.get("duration_s") and np.isfinite(row["duration_s"])
    }
    seen = [segment for segment in sorted(lengths) if len(by_segment.get(segment, ()))]
    if not seen:
        return None
    begins = {one: max((high for low, high in (masks or {}).get(one, ()) if low <= 0), default=0.0) for one in lengths}
    rate = sum(len(by_segment[one]) for one in seen) / sum(lengths[one] - begins[one] for one in seen)
    found: list[Gap] = []
    silent: Gap | None = None  # that lasted to the end of the segment before
    for segment in sorted(lengths):
        times, begin, length = by_segment.get(segment, np.empty(0)), begins[segment], lengths[segment]
        unseen = Gap(segment, 0.0, begin, NOT_RECORDED, f"not recorded before {begin:g} s of segment {segment}", True)
        back = segment < seen[-1]
        acting = drugs.get(segment, ())
        if len(times):
            irregular = _irregular(times)
            low, high, missing = lost_time(times, begin, length, irregular)
            slack = CHANCE_INTERVALS * max(1.0, irregular) * (times[-1] - times[0]) / max(len(times) - 1, 1)
            if low > begin:
                kind = FOUND_LATE if segment == seen[0] else ABSENT
                text = f"no spike before {low:.0f} s of segment {segment}"
                found.append(_or_drug(Gap(segment, 0.0, low, kind, text, True), acting, slack, silent))
            elif begin > 0:
                found.append(unseen)
            silent = None
            if high < length:
                kind = ABSENT if back else LOST
                text = f"no spike after {high:.0f} s of segment {segment} ({missing} more expected)"
                silent = _or_drug(Gap(segment, high, length, kind, text, back), acting, slack, None)
                found.append(silent)
        elif rate * (length - begin) >= LOST_EXPECTED:
            kind = FOUND_LATE if segment < seen[0] else ABSENT if back else LOST
            text = f"no spike in segment {segment} ({rate * (length - begin):.0f} expected)"
            silent = _or_drug(Gap(segment, 0.0, length, kind, text, back), acting, CHANCE_INTERVALS / rate, silent)
            found.append(silent)
        elif begin > 0:
            found.append(unseen)
    return found


def _or_drug(gap: Gap, acting: Sequence[Given], slack_s: float, silent: Gap | None) -> Gap:
    """The gap, as a drug's where it began within the reach of one; `silent`: the one that it goes on from."""
    if gap.kind == FOUND_LATE:
        return gap
    if silent is not None:
        causes = [drug for drug in acting if drug.name == silent.drug and np.isfinite(drug.onset_s)]
    else:
        causes = [drug for drug in acting if drug.onset_s - slack_s <= gap.start_s <= drug.onset_s + drug.reach_s]
    if not causes:
        return gap
    text = f"{gap.text}, after {causes[-1].name}: silenced or lost"
    start_s = max(gap.start_s, causes[-1].onset_s) if silent is None else gap.start_s
    return replace(gap, start_s=start_s, kind=SILENT_AFTER_DRUG, text=text, drug=causes[-1].name)
