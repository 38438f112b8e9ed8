"""Checking recording files: readable, as long as said, with spikes throughout and events within."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.experiment.curated_trials import find_trials
from coeruleus.formats.errors import FormatError
from coeruleus.formats.file_events import merge_file_events
from coeruleus.formats.read_recordings import read_recordings
from coeruleus.formats.recording import FAST_ENOUGH_HZ, RawRecording, read_raw
from coeruleus.tables.problems import Problem

STAGE = "intake"
SAME_RATE = 0.001
LOOKED_AT = 10  # pieces of a raw trace
FLAT_SAMPLES, FEWEST_RUNS = 4, 3
NARROWING_HZ = 160.0  # its time constant is 1 ms, which an LC spike lasts


def check_recordings(
    recordings: pd.DataFrame,
    events: pd.DataFrame,
    folder: Path,
    rename: Mapping[str, str] | None = None,
    curation: pd.DataFrame | None = None,
) -> list[Problem]:
    """Problems of the files of ephys/recordings.tsv, and of events against how long they last.

    `rename` maps names of the files' own events to trial types; rows of `curation` (curation/trials.tsv) must mean one
    of the sheet's or of the files' events.
    """
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
    problems += _check_filters(recordings)
    events, found = merge_file_events(events, recordings, folder, rename or {})
    found += [] if curation is None else find_trials(curation, events)[1]
    problems += [Problem(STAGE, each.item, each.severity, each.message) for each in found]
    return problems + _check_events(events, lengths) + _check_absent_events(recordings, events)


def _check_raw(recordings: pd.DataFrame, folder: Path, lengths: dict[tuple[str, int], float]) -> list[Problem]:
    problems: list[Problem] = []
    rates: dict[str, float] = {}
    for row in recordings.to_dict("records"):
        key = (str(row["site_id"]), int(row["segment"]))
        try:
            trace = read_raw(folder / str(row["file"]), _text(row.get("format")), _text(row.get("channel")))
        except FormatError as error:
            problems.append(Problem(STAGE, _item(key), "error", str(error)))
            continue
        lengths[key] = trace.end_s
        rates[_item(key)] = trace.sampling_rate_hz
        said = [*trace.notes, *_oddities(trace)]
        if trace.sampling_rate_hz < FAST_ENOUGH_HZ:
            said.append(f"is sampled at {trace.sampling_rate_hz:g} Hz, too slowly to find spikes by their shape")
        given = row.get("duration_s")
        if given is not None and given == given and abs(given / trace.end_s - 1) > 0.01:
            said.append(f"duration_s is {given:g} s, the file itself lasts {trace.end_s:.6g} s")
        problems += [Problem(STAGE, _item(key), "warning", f"{row['file']}: {each}") for each in said]
    usual = max(sorted(set(rates.values())), key=list(rates.values()).count, default=0.0)
    for item, rate in rates.items():
        if abs(rate / usual - 1) > SAME_RATE:
            message = f"is sampled at {rate:g} Hz, most other recordings at {usual:g} Hz"
            problems.append(Problem(STAGE, item, "warning", message))
    return problems


def _oddities(trace: RawRecording) -> list[str]:
    """Channels that are flat or cut off at the top, by ten pieces of a second spread over the trace."""
    length = max(1, int(min(trace.sampling_rate_hz, trace.n_samples)))
    starts = np.unique(np.linspace(0, max(0, trace.n_samples - length), LOOKED_AT).astype(int))
    try:
        parts = np.concatenate([trace.read(int(start), int(start) + length) for start in starts])
    except FormatError as error:
        return [str(error)]
    said = []
    for index, name in enumerate(trace.channels):
        values = parts[:, index]
        high, low = float(values.max()), float(values.min())
        if high == low:
            said.append(f"channel {name} is {high:g} throughout; was it connected?")
            continue
        for extreme in (high, low):
            at = values == extreme
            # Several samples in a row at the very extreme, again and again, are the end of the amplifier's range.
            runs = np.count_nonzero(at[FLAT_SAMPLES - 1 :] & _all_before(at))
            if runs >= FEWEST_RUNS:
                said.append(f"channel {name} stands at its extreme of {extreme:g} again and again; it looks saturated")
                break
    return said


def _all_before(at: np.ndarray) -> np.ndarray:
    """Whether each sample from FLAT_SAMPLES - 1 on ends a run of so many."""
    whole = np.ones(len(at) - FLAT_SAMPLES + 1, dtype=bool)
    for shift in range(FLAT_SAMPLES):
        whole &= at[shift : shift + len(whole)]
    return whole


def _check_filters(recordings: pd.DataFrame) -> list[Problem]:
    problems = []
    for row in recordings.to_dict("records"):
        edge = row.get("highpass_hz")
        if edge is not None and edge == edge and edge > NARROWING_HZ:
            message = (
                f"the high-pass of {edge:g} Hz (time constant {1000 / (2 * np.pi * edge):.2g} ms) shortens spikes: "
                f"their width means little, and criteria of width made with another filter are not tested"
            )
            problems.append(Problem(STAGE, _item((str(row["site_id"]), int(row["segment"]))), "warning", message))
    return problems


def _check_absent_events(recordings: pd.DataFrame, events: pd.DataFrame) -> list[Problem]:
    """Recordings without any event where most of the others have some."""
    having = set(zip(events["site_id"].astype(str), events["segment"].astype(int), strict=True))
    keys = [
        (str(site), int(segment)) for site, segment in zip(recordings["site_id"], recordings["segment"], strict=True)
    ]
    sites = {site for site, _ in having}
    lacking = sorted({key for key in keys if key[0] not in sites})
    if not sites or 3 * len({site for site, _ in lacking}) > len({site for site, _ in keys}):
        return []
    message = "has no event, unlike most other sites; is one missing in events.tsv, or a name in events.rename?"
    return [Problem(STAGE, _item(key), "warning", message) for key in lacking]


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
