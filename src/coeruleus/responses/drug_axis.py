"""One axis for the segments of a session, and where on it a drug can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.responses.moved import Floats
from coeruleus.responses.not_held import unusable
from coeruleus.responses.trials import AFTER_EVENT_S, DRUG, Segment, SegmentKey, rows_of, segment_table
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


class Sessions:
    """Segments by site and number, and the session of each, from SEGMENTS and the recordings' sheet."""

    def __init__(self, segments: pd.DataFrame, recordings: pd.DataFrame) -> None:
        self.segments: dict[SegmentKey, Segment] = segment_table(segments)
        self.of: dict[SegmentKey, Any] = {
            (row["site_id"], int(row["segment"])): row.get("session_id") for row in rows_of(recordings)
        }

    def same(self, site: str, one: int, other: int) -> bool:
        """Whether two segments of a site are of one session."""
        return bool(self.of.get((site, one)) == self.of.get((site, other)))

    def starts(self, site: str, number: int) -> dict[int, float]:
        """Start of each segment of a segment's session, one after the other on one axis; -1 is its end.

        Recordings that are not there take no time.
        """
        starts, at = {}, 0.0
        for key in sorted(self.segments):
            if key[0] == site and self.same(site, key[1], number):
                starts[key[1]] = at
                at += float(np.nan_to_num(self.segments[key].duration_s))
        return starts | {-1: at}


def on_axis(train: Mapping[int, Floats], starts: Mapping[int, float]) -> Floats:
    """Spikes of the segments on the axis of `Sessions.starts`, sorted."""
    parts = [train[number] + start for number, start in starts.items() if number in train]
    return np.concatenate(parts) if parts else np.empty(0)


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
