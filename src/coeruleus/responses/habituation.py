"""Whether a response grows weaker, or stronger, from event to event, beside the rate that drifts by itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coeruleus.responses.decide import Decision
from coeruleus.responses.moved import Floats, Trials
from coeruleus.responses.trials import LONGEST_BASELINE_S

FEWEST_TRIALS = 5  # at 4, no order of the events is rarer than 1 in 12
PERMUTATIONS = 1999
SEED = 7
LEAST_BEFORE_S = 0.5
ANSWER_SHARE = 0.7  # of the time after an event, where its responses lie


def habituation(trials: Trials, found: Decision) -> tuple[float, float] | None:
    """Change of the response from the first to the last event, in per cent of its mean, and its two-sided p-value.

    The response of an event is its spikes in the excitation, where there is one, else in the inhibition, less those
    that the rate before this event lets expect at the ratio of all events: a cell whose whole rate drifts does not
    habituate. The change is that of a straight line over the events' order, the p-value that of Spearman's rank
    correlation with it, by permutation. None where there is no response, fewer than 5 events with the whole of its time
    and half a second before them that is free of the last event's response, or no spike in it.
    """
    part = found.excitation if found.excitation.extent is not None else found.inhibition
    if part is None or part.extent is None:
        return None
    ends = [one.extent.end_s for one in (found.excitation, found.inhibition) if one and one.extent]
    order = np.argsort(trials.onsets, kind="stable")
    onsets, length = trials.onsets[order], trials.length[order]
    free = _free_before(onsets, length, trials.start[order], max(ends))
    usable = (length >= part.extent.end_s - 1e-9) & (free >= LEAST_BEFORE_S)
    onsets, free = onsets[usable], free[usable]
    counts = _counts(trials.spikes, onsets + part.extent.start_s, onsets + part.extent.end_s).astype(float)
    if len(onsets) < FEWEST_TRIALS or not counts.any():
        return None
    before = _counts(trials.spikes, onsets - free, onsets) / free
    own = counts - before * (counts.mean() / before.mean()) if before.any() else counts
    place = np.arange(len(onsets)) - (len(onsets) - 1) / 2
    change = float((place @ own) / (place @ place)) * (len(onsets) - 1)
    ranks = pd.Series(own).rank().to_numpy() - (len(own) + 1) / 2
    rng = np.random.default_rng(SEED)
    drawn = rng.permuted(np.tile(ranks, (PERMUTATIONS, 1)), axis=1) @ place
    p = (1 + int((np.abs(drawn) >= abs(ranks @ place) - 1e-9).sum())) / (1 + PERMUTATIONS)
    return 100 * change / float(counts.mean()), p


def _counts(spikes: Floats, begin: Floats, end: Floats) -> NDArray[np.int64]:
    return np.searchsorted(spikes, end, side="right") - np.searchsorted(spikes, begin, side="left")


def _free_before(onsets: Floats, length: Floats, start: Floats, end_s: float) -> Floats:
    """Time before each event (s, 10 at most) after the last one's response, which ends `end_s` after it at least."""
    answered = onsets + np.maximum(ANSWER_SHARE * length, end_s)
    last = np.r_[-np.inf, np.maximum.accumulate(answered)[:-1]]
    return np.clip(onsets - np.maximum(start, last), 0.0, LONGEST_BASELINE_S)
