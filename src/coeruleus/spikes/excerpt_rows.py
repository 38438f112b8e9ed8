"""Rows of EXCERPTS and EXCERPT_MARKS of one sorted site."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from coeruleus.formats.recording import RawRecording
from coeruleus.spikes.excerpt import Window, choose_windows, close_ups, condense, cut
from coeruleus.spikes.sort import SortResult

Row = dict[str, Any]


def excerpt_rows(
    site: str, segments: Sequence[int], recordings: Sequence[RawRecording], result: SortResult
) -> tuple[list[pd.DataFrame], list[Row]]:
    """Pieces of the site's traces, and what is marked on them, on the recordings' clocks; `segments` are their numbers.

    The channel shown is that on which the largest unit is largest, else the first.
    """
    trains = [unit.times_s for unit in result.units]
    channel = result.units[0].channel if result.units else 0
    traces: list[pd.DataFrame] = []
    marks: list[Row] = []
    for window in choose_windows(trains, result.artefacts, result.durations_s):
        recording = recordings[window.segment]
        begins = recording.start_s
        key: Row = {"site_id": site, "excerpt": window.kind, "segment": segments[window.segment]}
        time, signal, band = cut(recording.read, recording.n_samples, recording.sampling_rate_hz, channel, window)
        about: Row = key | {"channel": recording.channels[channel], "unit": recording.unit}
        traces.append(condense(time + begins, signal, band).assign(view="whole", **about))
        for mark in _marks(trains, [unit.unit_id for unit in result.units], result, window):
            on_clock = {"start_s": mark["start_s"] + begins, "end_s": mark["end_s"] + begins}
            marks.append(key | mark | on_clock)
        if window.kind != "spikes":
            continue
        for unit, near in close_ups(trains, window):
            inside = (time >= near.start_s) & (time < near.stop_s)
            name = result.units[unit].unit_id
            piece = condense(time[inside] + begins, signal[inside], band[inside], int(inside.sum()))
            traces.append(piece.assign(view=name, **about))
    return traces, marks


def _marks(trains: Sequence[Any], names: Sequence[str], result: SortResult, window: Window) -> list[Row]:
    rows: list[Row] = []
    for name, train in zip(names, trains, strict=True):
        times = train[window.segment]
        inside = times[(times >= window.start_s) & (times < window.stop_s)]
        rows += [{"mark": "spike", "unit_id": name, "start_s": time, "end_s": time} for time in inside]
    for one in result.artefacts:
        if one.segment == window.segment and one.start_s < window.stop_s and one.end_s > window.start_s:
            rows.append({"mark": one.kind, "unit_id": None, "start_s": one.start_s, "end_s": one.end_s})
    return rows
