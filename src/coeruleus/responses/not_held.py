"""Time in which a unit was lost, absent or not yet found: neither silence nor inhibition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from coeruleus.responses.moved import Floats
from coeruleus.responses.trials import Group, rows_of
from coeruleus.spikes.held import SILENT_AFTER_DRUG, Gap, gaps
from coeruleus.spikes.spontaneous import drugs_by_segment
from coeruleus.tables.status import INSUFFICIENT_SPIKES

Unit = tuple[str, str]


def gaps_of_units(
    segments: pd.DataFrame, events: pd.DataFrame, trains: Mapping[Unit, Mapping[int, Floats]]
) -> dict[Unit, list[Gap]]:
    """Where each unit (site, unit) was not held, by the rule that fills `held` of the table of units."""
    acting = drugs_by_segment(segments, events)
    at_site = {
        site: rows_of(rows) for site, rows in segments[segments["segment"].notna()].groupby("site_id", sort=False)
    }
    found = {}
    for (site, unit), train in trains.items():
        drugs = {number: given for (where, number), given in acting.items() if where == site}
        found[site, unit] = gaps(at_site.get(site, []), train, drugs) or []
    return found


def while_held(group: Group, lost: Sequence[Gap]) -> Group:
    """The trials of a unit that lie in time in which it was held; the others are left out by name.

    Silence under a drug stays: it may be the drug's.
    """
    lost = [gap for gap in lost if gap.kind != SILENT_AFTER_DRUG]
    if not lost:
        return group
    own = replace(group, segment=[], onset=[], duration=[], length=[], before=[], left_out=dict(group.left_out))
    for index, (segment, onset) in enumerate(zip(group.segment, group.onset, strict=True)):
        here = [gap for gap in lost if gap.segment == segment]
        hit = next((g for g in here if g.start_s < onset + group.length[index] and onset < g.end_s), None)
        if hit is not None:
            own.leave_out(INSUFFICIENT_SPIKES, f"the unit was not held: {hit.text}")
            continue
        ended = max((gap.end_s for gap in here if gap.end_s <= onset), default=0.0)
        own.segment.append(segment)
        own.onset.append(onset)
        own.duration.append(group.duration[index])
        own.length.append(group.length[index])
        own.before.append(min(group.before[index], onset - ended))
    return own


def held_part(lost: Sequence[Gap], segment: int, duration_s: float) -> tuple[float, float]:
    """From where to where (s) a unit was held in a segment of which not all is lost."""
    low, high = 0.0, duration_s
    for gap in lost:
        if gap.segment == segment and gap.kind != SILENT_AFTER_DRUG:
            low, high = (gap.end_s, high) if gap.start_s <= 0 else (low, gap.start_s)
    return low, high


def unusable(lost: Sequence[Gap], starts: Mapping[int, float], drug_s: float) -> list[tuple[float, float, str]]:
    """Stretches (from, to, why) that tell nothing of a drug given at `drug_s`, on the axis on which `starts` lie.

    Silence that began after it may be its own; silence under an earlier drug that lasted when it came hides it.
    """
    found = []
    for gap in lost:
        if gap.segment in starts:
            low, high = starts[gap.segment] + gap.start_s, starts[gap.segment] + gap.end_s
            if gap.kind != SILENT_AFTER_DRUG or low < drug_s < high:
                found.append((low, high, gap.text))
    return found


def silent_to_the_end(lost: Sequence[Gap], starts: Mapping[int, float], times: Floats, drug_s: float) -> str | None:
    """A word on a silence after a drug that no later spike ends: the unit may have been lost."""
    for gap in lost:
        low = starts.get(gap.segment, np.inf) + gap.start_s
        if gap.kind == SILENT_AFTER_DRUG and drug_s <= low < np.inf and not (times > low).any():
            return f"{gap.text}; no later spike tells which"
    return None
