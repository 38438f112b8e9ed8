"""The time in which a unit can be counted: spontaneous, not masked by artefacts, and not after it was lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from coeruleus.spikes.quality import lost_time
from coeruleus.spikes.spontaneous import Stretch

Array = NDArray[np.floating]
Masks = Mapping[int, Sequence[tuple[float, float]]]

LEAST_S = 0.01


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
        gaps = np.diff(inside)
        irregular = float(np.var(gaps) / np.mean(gaps) ** 2) if len(gaps) > 1 else 1.0
        low, high, missing = lost_time(inside, start, end, irregular)
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
