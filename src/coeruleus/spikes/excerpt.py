"""Short pieces of a raw trace to look at: as recorded, band-passed, with its spikes and what was masked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coeruleus.spikes.artefacts import Artefact
from coeruleus.spikes.filter import MARGIN_S, bandpass, bridge

Array = NDArray[np.floating]
Read = Callable[[int, int], NDArray[np.float32]]

LENGTH_S = 3.0
SHORTEST_S = 0.05  # of a segment that is worth a look
COLUMNS = 1000  # of a piece, each of which keeps the least and the greatest of its samples
CLOSE_S = (0.004, 0.008)  # before and after the peak
CLOSE_UNITS = 4


@dataclass(frozen=True, order=True)
class Window:
    """Part of one segment, counted from 0, in s. `kind`: `spikes`, or `masked` where an artefact was masked."""

    kind: str
    segment: int
    start_s: float
    stop_s: float


def choose_windows(
    trains: Sequence[Sequence[Array]], artefacts: Sequence[Artefact], durations_s: Sequence[float]
) -> list[Window]:
    """Where to look: a piece that is typical, and the longest masked stretch.

    `trains[u][i]` are the spikes (n,) of unit u in segment i. Pieces of LENGTH_S that follow each other, clear of
    masked stretches, are compared; of those in which most units fire the one with the median number of spikes is
    taken (the first of several), so that it shows neither the best nor the worst.
    """
    found: list[tuple[int, int, int, float, float]] = []
    for segment, duration in enumerate(durations_s):
        if duration < SHORTEST_S:
            continue
        length = min(LENGTH_S, duration)
        starts = np.arange(max(1, int(duration / LENGTH_S))) * LENGTH_S
        counts = np.zeros((len(trains), len(starts)), dtype=int)
        for unit, train in enumerate(trains):
            place = (train[segment] / LENGTH_S).astype(int)
            counts[unit] = np.bincount(place[place < len(starts)], minlength=len(starts))
        clear = np.ones(len(starts), dtype=bool)
        for one in artefacts:
            if one.segment == segment:
                clear &= (starts >= one.end_s) | (starts + length <= one.start_s)
        firing, spikes = np.count_nonzero(counts, axis=0), counts.sum(axis=0)
        found += [
            (int(firing[n]), int(spikes[n]), segment, starts[n], starts[n] + length) for n in np.flatnonzero(clear)
        ]
    windows = []
    if found:
        most = max(row[0] for row in found)
        best = sorted((row for row in found if row[0] == most), key=lambda row: (row[1], row[2], row[3]))
        middle = best[len(best) // 2][1]
        _, _, segment, start, stop = next(row for row in best if row[1] == middle)
        windows.append(Window("spikes", segment, float(start), float(stop)))
    seen = [one for one in artefacts if durations_s[one.segment] >= SHORTEST_S]
    if seen:
        longest = max(seen, key=lambda one: (one.end_s - one.start_s, -one.segment, -one.start_s))
        start = max(0.0, min(longest.start_s - LENGTH_S / 4, durations_s[longest.segment] - LENGTH_S))
        windows.append(Window("masked", longest.segment, start, min(start + LENGTH_S, durations_s[longest.segment])))
    return windows


def cut(
    read: Read, n_samples: int, sampling_rate_hz: float, channel: int, window: Window
) -> tuple[Array, Array, Array]:
    """Times (s), signal as recorded and signal in the band of spikes, each (n,), of one channel in a window.

    `read(start, stop)` gives samples (n, channels). Raises ValueError where the sampling rate leaves no band.
    """
    first, last = round(window.start_s * sampling_rate_hz), min(n_samples, round(window.stop_s * sampling_rate_hz))
    margin = round(MARGIN_S * sampling_rate_hz)
    start = max(0, first - margin)
    raw = np.asarray(read(start, min(n_samples, last + margin)), dtype=float)[:, channel : channel + 1]
    band = bandpass(bridge(raw), sampling_rate_hz)[first - start : last - start, 0]
    return np.arange(first, last) / sampling_rate_hz, raw[first - start : last - start, 0], band


def condense(time_s: Array, signal: Array, band: Array, columns: int = COLUMNS) -> pd.DataFrame:
    """Least and greatest value of both traces in each of `columns` equal pieces; n/a where nothing is finite."""
    edges = np.linspace(0, len(time_s), min(columns, len(time_s)) + 1).astype(int)[:-1]
    frame = {"time_s": time_s[edges]}
    for name, values in (("signal", signal), ("band", band)):
        frame[f"{name}_low"] = np.fmin.reduceat(values, edges)
        frame[f"{name}_high"] = np.fmax.reduceat(values, edges)
    return pd.DataFrame(frame)


def close_ups(trains: Sequence[Sequence[Array]], window: Window) -> list[tuple[int, Window]]:
    """Up to CLOSE_UNITS units (by their place) with the surroundings of their first spike that lies whole inside."""
    found = []
    before, after = CLOSE_S
    for unit, train in enumerate(trains):
        times = train[window.segment]
        inside = times[(times - before >= window.start_s) & (times + after <= window.stop_s)]
        if len(inside):
            at = float(inside[0])
            found.append((unit, Window("close", window.segment, at - before, at + after)))
    return found[:CLOSE_UNITS]
