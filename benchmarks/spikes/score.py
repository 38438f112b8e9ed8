"""Sorted against true spikes: accuracy by SpikeInterface, units invented, and what was done with units too near."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from recordings import Recording

TOLERANCE_MS = 1.0
REAL = 0.5  # a unit that agrees less than this with what it fits best was invented


@dataclass(frozen=True)
class Found:
    """Trains (s) of one sort, a word on each (None for other sorters), and how long it took (CPU s)."""

    trains: list[np.ndarray]
    reasons: list[str | None]
    seconds: float = 0.0
    failed: str | None = None


@dataclass(frozen=True)
class Score:
    """`accuracy` of each true group; `single` marks groups of one unit; `found` the index of the unit that fits."""

    accuracy: list[float]
    single: list[bool]
    found: list[int | None]
    invented: int


def score(recording: Recording, found: Found) -> Score:
    """TP ÷ (TP + FN + FP) of the best assignment (Hungarian). Spikes within artefacts count as all others do.

    A found unit is invented unless it is the assigned one of a group with an agreement of a half: parts of units
    count as invented too.
    """
    groups = recording.groups()
    true = [np.sort(np.concatenate([recording.trains[unit] for unit in group])) for group in groups]
    single = [len(group) == 1 for group in groups]
    if not true or not found.trains:
        return Score([0.0] * len(true), single, [None] * len(true), len(found.trains))
    comparison = _compare(true, found.trains, recording)
    agreement = comparison.agreement_scores.to_numpy()
    chosen: list[int | None] = []
    for index in range(len(true)):
        match = comparison.hungarian_match_12[index]
        chosen.append(int(match) if match != -1 else None)
    accuracy = [float(agreement[i, j]) if j is not None else 0.0 for i, j in enumerate(chosen)]
    real = {j for i, j in enumerate(chosen) if j is not None and accuracy[i] >= REAL}
    return Score(accuracy, single, chosen, len(found.trains) - len(real))


def _compare(true, found, recording: Recording):
    from spikeinterface.comparison import compare_sorter_to_ground_truth
    from spikeinterface.core import NumpySorting

    def sorting(trains):
        samples = [np.unique(np.round(train * recording.rate_hz).astype(np.int64)) for train in trains]
        return NumpySorting.from_unit_dict([dict(enumerate(samples))], recording.rate_hz)

    return compare_sorter_to_ground_truth(
        sorting(true), sorting(found), delta_time=TOLERANCE_MS, match_score=0.0, exhaustive_gt=True
    )


def ours(recording: Recording) -> Found:
    """The project's sorter."""
    import time

    from coeruleus.spikes.sort import sort_trace

    begun = time.process_time()
    result = sort_trace(recording.trace, recording.rate_hz)
    spent = time.process_time() - begun
    return Found([unit.times_s[0] for unit in result.units], [unit.reason for unit in result.units], spent)
