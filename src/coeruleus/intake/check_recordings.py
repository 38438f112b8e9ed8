"""Checking recording files: readable, as long as said, with spikes throughout and events within."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from coeruleus.formats.errors import FormatError
from coeruleus.formats.read_recordings import read_recordings
from coeruleus.formats.recording import FAST_ENOUGH_HZ, read_raw
from coeruleus.tables.problems import Problem

STAGE = "intake"


def check_recordings(recordings: pd.DataFrame, events: pd.DataFrame, folder: Path) -> list[Problem]:
    """Problems of the files of ephys/recordings.tsv, and of events against how long they last."""
    read = read_recordings(recordings, folder)
    problems = [Problem(STAGE, each.item, each.severity, each.message) for each in read.problems]
    lengths: dict[tuple[str, int], float] = {}
    last_spike = read.spikes.groupby(["site_id", "segment"])["time_s"].max()
    for row in read.segments[read.segments["status"] == "ok"].to_dict("records"):
        key = (str(row["site_id"]), int(row["segment"]))
        lengths[key] = float(row["duration_s"])
        if key not in last_spike.index:
            problems.append(Problem(STAGE, _item(key), "warning", "holds no spike"))
        elif last_spike[key] < 0.5 * lengths[key]:
            where = f"the last spike is at {last_spike[key]:.6g} of {lengths[key]:.6g} s"
            message = f"{where}; is duration_s right, are times in s?"
            problems.append(Problem(STAGE, _item(key), "warning", message))
    problems += _check_raw(recordings[recordings["kind"] == "raw"], folder, lengths)
    return problems + _check_events(events, lengths)


def _check_raw(recordings: pd.DataFrame, folder: Path, lengths: dict[tuple[str, int], float]) -> list[Problem]:
    problems: list[Problem] = []
    for row in recordings.to_dict("records"):
        key = (str(row["site_id"]), int(row["segment"]))
        try:
            trace = read_raw(folder / str(row["file"]), _text(row.get("format")), _text(row.get("channel")))
        except FormatError as error:
            problems.append(Problem(STAGE, _item(key), "error", str(error)))
            continue
        lengths[key] = trace.duration_s
        said = list(trace.notes)
        if trace.sampling_rate_hz < FAST_ENOUGH_HZ:
            said.append(f"is sampled at {trace.sampling_rate_hz:g} Hz, too slowly to find spikes by their shape")
        given = row.get("duration_s")
        if given is not None and given == given and abs(given / trace.duration_s - 1) > 0.01:
            said.append(f"duration_s is {given:g} s, the file itself lasts {trace.duration_s:.6g} s")
        problems += [Problem(STAGE, _item(key), "warning", f"{row['file']}: {each}") for each in said]
    return problems


def _check_events(events: pd.DataFrame, lengths: dict[tuple[str, int], float]) -> list[Problem]:
    problems: list[Problem] = []
    for site, segment in sorted(set(zip(events["site_id"].astype(str), events["segment"].astype(int), strict=True))):
        part = events[(events["site_id"] == site) & (events["segment"] == segment)]
        length = lengths.get((site, segment))
        late = part[part["onset"] > length] if length is not None else part.iloc[:0]
        if len(late):
            message = (
                f"{len(late)} events begin after the end of the recording ({length:.6g} s), the first at "
                f"{late['onset'].min():.6g} s; are onsets in seconds from the start of this segment?"
            )
            problems.append(Problem(STAGE, _item((site, segment)), "warning", message))
    return problems


def _item(key: tuple[str, int]) -> str:
    return f"{key[0]} segment {key[1]}"


def _text(value: Any) -> str | None:
    return None if value is None or value != value else str(value)
