"""Events that the recording files themselves hold: event channels, keyboard markers, intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import FileEvent, file_events
from coeruleus.tables.problems import Problem

STAGE = "formats"
SAME_EVENT_S = 1.0
MOST_EVENTS = 100_000


def renamed(event: FileEvent, rename: Mapping[str, str]) -> str | None:
    """The trial_type of an event by "channel:word", by the channel, or by the word alone; None where not mapped."""
    channel, _, word = event.name.partition(":")
    return next((rename[name] for name in (event.name, channel, word) if name and name in rename), None)


def summary(events: list[FileEvent]) -> str:
    """Names of events with their counts: "Event04 (862), Frame (105)"."""
    counts = Counter(event.name for event in events)
    shown = ", ".join(f"{name} ({counts[name]})" for name in sorted(counts)[:12])
    return shown if len(counts) <= 12 else f"{shown}, and {len(counts) - 12} more"


def suspect(events: list[FileEvent], duration_s: float | None) -> str | None:
    """Why the times of these events cannot be trusted, as in files merged from several; None where they can."""
    times = np.array([event.onset_s for event in events])
    if not len(times):
        return None
    if not np.isfinite(times).all() or (times < -1e-3).any():
        return "events lie before the recording's start"
    late = 0 if duration_s is None else int((times > duration_s + 1).sum())
    if late:
        return f"{late} events lie after the end of the recording ({duration_s:.6g} s)"
    for name in sorted({event.name for event in events}):
        mine = np.array([event.onset_s for event in events if event.name == name])
        if (np.diff(mine) < 0).any():
            return f"the times of {name} go back; was the file merged from several?"
    return None


def merge_file_events(
    events: pd.DataFrame, recordings: pd.DataFrame, folder: Path, rename: Mapping[str, str]
) -> tuple[pd.DataFrame, list[Problem]]:
    """Events of the sheet and of the files whose names `rename` maps to a trial_type, sorted by site and time.

    An event of a file that lies within 1 s of one of the sheet with the same trial_type is that one: the sheet's row
    stays as it was typed. Files without mapped events, with times that cannot be trusted, or that cannot be read
    give a problem. Without `rename`, no file is opened.
    """
    if not rename or not len(recordings):
        return events, []
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for row in recordings.to_dict("records"):
        item = f"{row['site_id']} segment {int(row['segment'])}"
        if not isinstance(row.get("file"), str):
            continue
        try:
            found = file_events(folder / row["file"], _text(row.get("format")))
        except FormatError:
            continue  # said where its spikes or traces are read
        mapped = [(renamed(event, rename), event) for event in found]
        mine = [(str(name), event) for name, event in mapped if name is not None]
        length = row.get("duration_s")
        doubt = suspect([event for _, event in mine], None if length is None or length != length else float(length))
        if doubt or len(mine) > MOST_EVENTS:
            message = f"{row['file']}: its own events are left out: {doubt or 'there are more than 100 000'}"
            problems.append(Problem(STAGE, item, "warning", message))
            continue
        if found and not mine:
            message = f"{row['file']}: none of its events is in events.rename; it holds {summary(found)}"
            problems.append(Problem(STAGE, item, "warning", message))
        rows += _new(mine, events, str(row["site_id"]), int(row["segment"]))
    if not rows:
        return events, problems
    joined = pd.concat([events, pd.DataFrame(rows)[_columns(events)]], ignore_index=True)
    order = ["site_id", "segment", "onset", "trial_type"]
    return joined.sort_values(order, kind="stable").reset_index(drop=True)[list(events)], problems


def _columns(events: pd.DataFrame) -> list[str]:
    return [
        name for name in ("site_id", "segment", "onset", "duration", "trial_type", "onset_source") if name in events
    ]


def _new(mine: list[tuple[str, FileEvent]], events: pd.DataFrame, site: str, segment: int) -> list[dict[str, Any]]:
    """Rows of the events of one file that the sheet does not have."""
    here = events[(events["site_id"] == site) & (events["segment"] == segment)]
    rows = []
    for name, event in mine:
        known = here.loc[here["trial_type"] == name, "onset"].to_numpy(dtype=float)
        if not (np.abs(known - event.onset_s) <= SAME_EVENT_S).any():
            place = {"site_id": site, "segment": segment, "onset": event.onset_s, "duration": event.duration_s}
            rows.append(place | {"trial_type": name, "onset_source": event.source})
    return rows


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
