"""Rasters and peri-stimulus time histograms as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coeruleus.responses.moved import Floats, Trials

BEFORE_S = 2.0
BIN_S = 0.05
Keys = tuple[str, str, str, str]


def raster(trials: Trials, after_s: float) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Spike times around each onset (−2 s to `after_s`, within its segment) and trial numbers from 1."""
    low = np.searchsorted(trials.spikes, np.maximum(trials.onsets - BEFORE_S, trials.start), side="left")
    high = np.searchsorted(trials.spikes, np.minimum(trials.onsets + after_s, trials.end), side="left")
    which = np.repeat(np.arange(len(low)), high - low)
    place = np.arange(len(which)) - np.repeat(np.cumsum(high - low) - high, high - low)
    return trials.spikes[place] - trials.onsets[which], which + 1


def psth(times: Floats, trials: Trials, after_s: float) -> tuple[Floats, Floats, Floats]:
    """Bin edges (s), mean rate in each bin (Hz) and the events that were recorded throughout the bin."""
    edges = np.round(np.arange(-BEFORE_S, after_s + 1e-6, BIN_S), 6)
    counts = np.histogram(times, edges)[0]
    recorded = (trials.onsets[:, None] + edges[:-1] >= trials.start[:, None] - 1e-9) & (
        trials.onsets[:, None] + edges[1:] <= trials.end[:, None] + 1e-9
    )
    exposed = recorded.sum(axis=0).astype(float)
    rate = np.divide(counts, exposed * BIN_S, out=np.full(len(counts), np.nan), where=exposed > 0)
    return edges, rate, exposed


def stacked(keys: Sequence[Keys], parts: Sequence[dict[str, Floats]]) -> pd.DataFrame:
    """One frame of many parts, each with its unit, trial type and condition in front."""
    if not parts:
        return pd.DataFrame()
    lengths = [len(next(iter(part.values()))) for part in parts]
    frame = {
        name: np.repeat(np.array([key[index] for key in keys], dtype=object), lengths)
        for index, name in enumerate(("site_id", "unit_id", "trial_type", "condition"))
    }
    return pd.DataFrame(frame | {name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
