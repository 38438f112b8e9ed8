"""Time in which a unit was lost, absent, not yet found or not recorded: neither silence nor inhibition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from coeruleus.responses.moved import Floats
from coeruleus.responses.trials import Group, rows_of
from coeruleus.spikes.held import NOT_RECORDED, SILENT_AFTER_DRUG, Gap, gaps
from coeruleus.spikes.spontaneous import Given, drugs_by_segment
from coeruleus.tables.status import INSUFFICIENT_SPIKES

Unit = tuple[str, str]


def gaps_of_units(
    segments: pd.DataFrame,
    events: pd.DataFrame,
    trains: Mapping[Unit, Mapping[int, Floats]],
    artefacts: pd.DataFrame | None = None,
) -> dict[Unit, list[Gap]]:
    """Where each unit (site, unit) was not held, by the rule that fills `held` of the table of units."""
    masks: dict[str, dict[int, list[tuple[float, float]]]] = {}
    for row in rows_of(artefacts) if artefacts is not None else []:
        here = masks.setdefault(row["site_id"], {}).setdefault(int(row["segment"]), [])
        here.append((float(row["start_s"]), float(row["end_s"])))
    acting: dict[str, dict[int, list[Given]]] = {}
    for (site, number), given in drugs_by_segment(segments, events).items():
        acting.setdefault(site, {})[number] = given
    at_site = {
        site: rows_of(rows) for site, rows in segments[segments["segment"].notna()].groupby("site_id", sort=False)
    }
    return {
        (site, unit): gaps(at_site.get(site, []), train, acting.get(site, {}), masks.get(site)) or []
        for (site, unit), train in trains.items()
    }


def while_held(group: Group, lost: Sequence[Gap]) -> Group:
    """The trials of a unit that lie in time in which it was held; the others are left out by name.

    Silence under a drug stays: it may be the drug's. Where the unit does not fire again that is doubtful, and said.
    """
    if not lost:
        return group
    doubtful = [gap for gap in lost if gap.kind == SILENT_AFTER_DRUG and not gap.back]
    lost = [gap for gap in lost if gap.kind != SILENT_AFTER_DRUG]
    own = replace(group, segment=[], onset=[], duration=[], length=[], before=[], left_out=dict(group.left_out))
    silent = 0
    for index, (segment, onset) in enumerate(zip(group.segment, group.onset, strict=True)):
        here = [gap for gap in lost if gap.segment == segment]
        hit = _met(here, onset, group.length[index])
        if hit is not None:
            own.leave_out(INSUFFICIENT_SPIKES, f"the unit was not held: {hit.text}")
            continue
        silent += _met([gap for gap in doubtful if gap.segment == segment], onset, group.length[index]) is not None
        ended = max((gap.end_s for gap in here if gap.end_s <= onset), default=0.0)
        own.segment.append(segment)
        own.onset.append(onset)
        own.duration.append(group.duration[index])
        own.length.append(group.length[index])
        own.before.append(min(group.before[index], onset - ended))
    if silent:
        own.said = f"{silent} of {len(own.onset)} events in a silence: {doubtful[0].text}"
    return own


def _met(gaps_: Sequence[Gap], onset: float, length: float) -> Gap | None:
    return next((gap for gap in gaps_ if gap.start_s < onset + length and onset < gap.end_s), None)


def held_part(lost: Sequence[Gap], segment: int, duration_s: float) -> tuple[float, float]:
    """From where to where (s) a unit was held in a segment of which not all is lost; masks inside do not end that."""
    low, high = 0.0, duration_s
    for gap in lost:
        if gap.segment != segment or gap.kind == SILENT_AFTER_DRUG:
            continue
        if gap.start_s <= 0:
            low = max(low, gap.end_s)
        elif gap.kind != NOT_RECORDED or gap.end_s >= duration_s:
            high = min(high, gap.start_s)
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


def silent_to_the_end(lost: Sequence[Gap], starts: Mapping[int, float], low: float, high: float) -> str | None:
    """A word on a silence that began under a drug between two moments and that no later spike ends: the unit may have
    been lost. Axis as for `unusable`."""
    for gap in lost:
        begun = starts.get(gap.segment, np.inf) + gap.start_s
        if gap.kind == SILENT_AFTER_DRUG and not gap.back and low <= begun < high:
            return f"{gap.text}; no later spike tells which"
    return None
