"""Events that the recording files themselves hold: event channels, keyboard markers, intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import FileEvent, TooManyEventsError, file_events
from coeruleus.tables.problems import Problem

STAGE = "formats"
SAME_EVENT_S = 1.0
TOLERANCE_S = 1e-4  # onsets that differ by less are the same
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

    An event of a file within 1 s of one of the sheet with the same trial_type is that one. Spikes are on the file's
    clock, so its onset stands in place of a typed one (kept in `onset_in_sheet`), with the sheet's other columns; a row
    whose onset_source is ttl or keyboard has its onset from a clock already, and stays. Of several events of the file
    within that second, as the pulses of a train, the first is the onset. Files without mapped events, with times that
    cannot be trusted, or that cannot be read give a problem. Without `rename`, no file is opened.
    """
    if not rename or not len(recordings):
        return events, []
    merged = events.assign(onset_in_sheet=np.nan, onset_source=events["onset_source"].astype(object))
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for row in recordings.to_dict("records"):
        item = f"{row['site_id']} segment {int(row['segment'])}"
        if not isinstance(row.get("file"), str):
            continue
        try:
            found = file_events(folder / row["file"], _text(row.get("format")))
        except TooManyEventsError as error:
            problems.append(Problem(STAGE, item, "warning", f"its own events are left out: {error}"))
            continue
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
        new, said = _take(mine, merged, str(row["site_id"]), int(row["segment"]))
        rows += new
        problems += [Problem(STAGE, item, "warning", f"{row['file']}: {each}") for each in said]
    if rows:
        merged = pd.concat([merged, pd.DataFrame(rows)], ignore_index=True)
    order = ["site_id", "segment", "onset", "trial_type"]
    return merged.sort_values(order, kind="stable").reset_index(drop=True), problems


def _take(
    mine: list[tuple[str, FileEvent]], merged: pd.DataFrame, site: str, segment: int
) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows of one file's events that the sheet does not have; those that it has get their onset in `merged`."""
    rows: list[dict[str, Any]] = []
    moved: list[float] = []
    several = 0
    here = (merged["site_id"] == site) & (merged["segment"] == segment)
    for name in sorted({name for name, _ in mine}):
        events = sorted((event for own, event in mine if own == name), key=lambda event: event.onset_s)
        typed = merged[here & (merged["trial_type"] == name)]
        onsets = np.array([event.onset_s for event in events])
        owner = coincident(typed["onset"].to_numpy(dtype=float), onsets)
        for place, (label, source) in enumerate(zip(typed.index, typed["onset_source"], strict=True)):
            own = np.flatnonzero(owner == place)
            if len(own) and source not in ("ttl", "keyboard"):
                first = events[int(own[0])]
                moved.append(first.onset_s - float(typed.loc[label, "onset"]))
                several += len(own) > 1
                merged.loc[label, ["onset", "onset_in_sheet"]] = [first.onset_s, typed.loc[label, "onset"]]
                merged.loc[label, "onset_source"] = first.source
        for event, place in zip(events, owner, strict=True):
            if place < 0:
                where = {"site_id": site, "segment": segment, "onset": event.onset_s, "duration": event.duration_s}
                rows.append(where | {"trial_type": name, "onset_source": event.source})
    return rows, _said(moved, several)


def coincident(typed: np.ndarray, onsets: np.ndarray) -> np.ndarray:
    """For each onset of a file, the place of the typed one that it is, or -1; both in s, (n,) and (m,).

    The nearest pairs within 1 s are matched first, one to one; what is left within 1 s of a typed onset belongs to
    the nearest.
    """
    owner = np.full(len(onsets), -1)
    order = np.argsort(typed)  # NaN last, and so never near
    first = np.searchsorted(typed[order], onsets - SAME_EVENT_S, "left")
    near = np.searchsorted(typed[order], onsets + SAME_EVENT_S, "right") - first
    event = np.repeat(np.arange(len(onsets)), near)
    place = order[np.arange(near.sum()) - np.repeat(np.cumsum(near) - near - first, near)]
    nearest = np.lexsort((event, place, np.abs(typed[place] - onsets[event])))
    pairs = list(zip(event[nearest].tolist(), place[nearest].tolist(), strict=True))
    taken: set[int] = set()
    for one, other in pairs:
        if owner[one] < 0 and other not in taken:
            owner[one] = other
            taken.add(other)
    for one, other in pairs:
        if owner[one] < 0:
            owner[one] = other
    return owner


def _said(moved: list[float], several: int) -> list[str]:
    said = []
    if np.abs(moved).max(initial=0.0) > TOLERANCE_S:
        count = f"{len(moved)} typed onset{'s' if len(moved) > 1 else ''}"
        said.append(
            f"{count} replaced by the file's own, which lie {np.median(moved):+.3g} s (median) and at most "
            f"{np.abs(moved).max():.3g} s from them; onset_source ttl or keyboard in events.tsv keeps the sheet's"
        )
    if several:
        said.append(f"{several} typed onsets have several of the file's events within 1 s: the first was taken")
    return said


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
