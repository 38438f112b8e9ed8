"""One axis for the segments of a session, and where on it a drug can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coeruleus.responses.moved import Floats
from coeruleus.responses.not_held import unusable
from coeruleus.responses.trials import AFTER_EVENT_S, DRUG, Segment, SegmentKey
from coeruleus.spikes.held import Gap

SETTLING_S = 180.0  # after the last drug, before a rate counts as the baseline of the next


@dataclass(frozen=True)
class Around:
    """A drug at `at` (s on the axis): from where to where it is alone, stretches not to be used (from, to), and those
    of them in which the unit was not held (from, to, why)."""

    at: float
    edges: tuple[float, float]
    taken: Floats
    hidden: list[tuple[float, float, str]]


def starts_of(site: str, numbers: Sequence[int], table: Mapping[SegmentKey, Segment]) -> dict[int, float]:
    """Start of each segment on one axis; -1 is its end. Recordings that are not there take no time."""
    starts, at = {}, 0.0
    for number in numbers:
        starts[number] = at
        at += float(np.nan_to_num(table[(site, number)].duration_s))
    return starts | {-1: at}


def around(
    event: Mapping[str, Any], every: Sequence[Mapping[str, Any]], starts: Mapping[int, float], lost: Sequence[Gap]
) -> Around:
    """Where a drug is alone: from 3 min after the last drug (half-way, where that is less) to the next."""
    at = starts[int(event["segment"])] + float(event["onset"])
    placed = [(starts[int(e["segment"])] + float(e["onset"]), e) for e in every if int(e["segment"]) in starts]
    drugs = [place for place, other in placed if other["trial_type"] == DRUG]
    settled = [place + min(SETTLING_S, (at - place) / 2) for place in drugs if place < at]
    edges = max([*settled, 0.0]), min([*(place for place in drugs if place > at), starts[-1]])
    taken = [(p, p + np.nan_to_num(float(e["duration"])) + AFTER_EVENT_S) for p, e in placed if e["trial_type"] != DRUG]
    hidden = unusable(lost, starts, at)
    free = np.array([*taken, *(stretch[:2] for stretch in hidden)], dtype=float).reshape(-1, 2)
    return Around(at, edges, free, hidden)
