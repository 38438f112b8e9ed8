"""Whether a response grows weaker, or stronger, from event to event."""

from __future__ import annotations

import numpy as np
from scipy import stats

from coeruleus.responses.decide import Decision
from coeruleus.responses.scan import Trials

FEWEST_TRIALS = 5  # at 4, no order of the events is rarer than 1 in 12
PERMUTATIONS = 1999
SEED = 7


def habituation(trials: Trials, found: Decision) -> tuple[float, float] | None:
    """Change of the response from the first to the last event, in per cent of its mean, and its two-sided p-value.

    The response of an event is its spikes in the excitation, where there is one, else in the inhibition; the change is
    that of a straight line over the events' order, the p-value that of Spearman's rank correlation with it, by
    permutation. None where there is no response, fewer than 5 events with the whole of its time, or no spike in it.
    """
    part = found.excitation if found.excitation.extent is not None else found.inhibition
    if part is None or part.extent is None:
        return None
    whole = trials.length >= part.extent.end_s - 1e-9
    onsets = np.sort(trials.onsets[whole])
    counts = np.searchsorted(trials.spikes, onsets + part.extent.end_s, side="right")
    counts = counts - np.searchsorted(trials.spikes, onsets + part.extent.start_s, side="left")
    if len(onsets) < FEWEST_TRIALS or not counts.any():
        return None
    order = np.arange(len(onsets)) - (len(onsets) - 1) / 2
    change = float((order @ counts) / (order @ order)) * (len(onsets) - 1)
    ranks = stats.rankdata(counts) - (len(counts) + 1) / 2
    rng = np.random.default_rng(SEED)
    drawn = rng.permuted(np.tile(ranks, (PERMUTATIONS, 1)), axis=1) @ order
    p = (1 + int((np.abs(drawn) >= abs(ranks @ order) - 1e-9).sum())) / (1 + PERMUTATIONS)
    return 100 * change / float(counts.mean()), p
