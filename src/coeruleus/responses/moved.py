"""One unit's train and its events, and the spikes around events that are moved within their stretches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.integer[Any]]

GRID_S = 0.005
STRETCH_S = 30.0
SHORTEST_STRETCH_S = 4.0
DRIFT_BIN_S = 7.5
FEWEST_BINS = 9
NONE = (np.empty(0), np.empty(0))


@dataclass(frozen=True)
class Trials:
    """One unit's train and its events on one time axis.

    spikes: sorted times (s); onsets: event times (s); length: time after each onset that belongs to it (s);
    start, end: the segment that each event lies in, on the same axis (s); rest: the unit's trains in recordings
    without events, each on its own clock; no_rest: begin and end of time that is none of these events' rest, that of
    other events and that under other drugs, on the axis.
    """

    spikes: Floats
    onsets: Floats
    length: Floats
    start: Floats
    end: Floats
    rest: tuple[Floats, ...] = ()
    no_rest: tuple[Floats, Floats] = NONE


def stretches(trials: Trials, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Start and usable length of the stretch in which each event is moved.

    The events lie anywhere in their stretches with equal chance, so that under the null the data are one more
    replicate; all at the same place, so that stretches of neighbours do not overlap: replicates in which events meet
    vary less than the data. Stretches are as long as events are apart, at most STRETCH_S.
    """
    gaps = np.diff(np.sort(trials.onsets))
    apart = float(np.median(gaps)) if len(gaps) else STRETCH_S
    wanted = np.clip(apart, SHORTEST_STRETCH_S, STRETCH_S)
    last = trials.end - np.minimum(trials.length, trials.end - trials.onsets)
    length = np.minimum(wanted, last - trials.start)
    first = trials.onsets - rng.random() * length
    first = np.clip(first, trials.start, last - length)
    return first, length


def cumulative(trials: Trials, reach_s: float) -> NDArray[np.int32]:
    """Spikes before each point of a grid of GRID_S, from the first segment's start to the last one's end."""
    origin = float(trials.start.min())
    size = int(np.ceil((trials.end.max() - origin + reach_s) / GRID_S)) + 2
    places = np.floor((trials.spikes - origin) / GRID_S + 1e-6).astype(np.int64)
    places = places[(places >= 0) & (places < size - 1)]
    grid = np.zeros(size, dtype=np.int32)
    grid[1:] = np.cumsum(np.bincount(places, minlength=size - 1))
    return grid


def drift(trials: Trials, grid: NDArray[np.int32], first: Floats, room: Floats) -> Floats | None:
    """What the rate's slow drift adds to the spikes before each point of the grid. None where none is seen.

    Events come at even intervals and so sample a drift more evenly than replicates do, which would vary more than the
    data. What neighbouring bins of the train share is drift, as counting noise is not shared: by its part in their
    variance, less one standard error, bins are shrunk to the mean; between their middles the rate runs straight.
    It is taken from the train alone, whatever the events, so that data and replicates are alike under the null; all of
    them lose the same constant as well, by which it adds nothing where events are moved (`first` and `room`, as of
    `stretches`): counts keep the mean that the train has there.
    """
    bins = round(DRIFT_BIN_S / GRID_S)
    origin = float(trials.start.min())
    middles, parts = [], []
    for start, end in sorted(set(zip(trials.start.tolist(), trials.end.tolist(), strict=True))):
        places = np.arange(round((start - origin) / GRID_S), round((end - origin) / GRID_S) + 1, bins)
        if len(places) > 1:
            count = np.diff(grid[places])
            middles.append(places[:-1] + bins / 2)
            parts.append(count - count.mean())
    every = np.concatenate(parts) if parts else np.empty(0)
    if len(every) < FEWEST_BINS or not every.any():
        return None
    shared = sum(float(part[1:] @ part[:-1]) for part in parts) / float(every @ every) - len(every) ** -0.5
    if shared <= 0:
        return None
    slow = np.cumsum(np.interp(np.arange(len(grid)), np.concatenate(middles), shared * every / bins))
    low = np.rint((first - origin) / GRID_S).astype(int)
    high = np.minimum(np.rint((first + room + trials.length - origin) / GRID_S).astype(int), len(slow) - 1)
    return slow - np.arange(len(slow)) * ((slow[high] - slow[low]).sum() / max((high - low).sum(), 1))


def counts(
    trials: Trials,
    level: NDArray[np.int32] | Floats,
    edges: Floats,
    mask: NDArray[np.bool_],
    onsets: Floats,
) -> Counts:
    """Spikes per bin over all events, (replicates, bins); `onsets` (replicates, events). `level`: what lies before
    each point of the grid, spikes or spikes less their drift, which is rounded when it is summed."""
    at = np.round((onsets - float(trials.start.min())) / GRID_S).astype(np.intp)
    steps = np.round(edges / GRID_S).astype(np.intp)
    until = level.take(at[:, :, None] + steps)
    if mask.all():
        bins = np.diff(until.sum(axis=1, dtype=until.dtype), axis=1)
    else:
        bins = (np.diff(until, axis=2) * mask).sum(axis=1)
    if level.dtype.kind == "i":
        return np.asarray(bins, dtype=np.int32)
    return np.diff(np.rint(np.cumsum(bins, axis=1)), axis=1, prepend=0).astype(np.int32)
