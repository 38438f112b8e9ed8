"""The dead time of a recorder or sorter elsewhere, where its spikes show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from coeruleus.spikes.trains import REFRACTORY_S

Array = NDArray[np.floating]

LONGEST_S = 0.004  # no snippet of a spike blocks for longer
CLEAR = float(np.log(1000))  # chance leaves a gap as wide once in a thousand recordings


def dead_time(recordings: Sequence[tuple[float | None, Mapping[str, Array]]]) -> float:
    """Least distance (s) of any two spikes of a site where chance would have put some nearer; else 0: it is not known.

    Each recording is its duration (s) and its trains (sorted times, s) by unit. Systems that cut out snippets take no
    second spike while one lasts (some 0.8 to 3 ms). Two different neurons come at any distance, Ni · Nj · 2x ÷ T pairs
    nearer than x; and those pairs of one unit nearer than its refractory period, which others' spikes make, come evenly
    over it.
    """
    least, between, within = np.inf, 0.0, 0
    for duration, units in recordings:
        trains = [times for times in units.values() if len(times)]
        counts = np.array([len(times) for times in trains])
        if not len(counts) or not duration:
            continue
        least = min(least, float(np.diff(np.sort(np.concatenate(trains))).min(initial=np.inf)))
        between += float(counts.sum() ** 2 - (counts**2).sum()) / duration
        within += sum(int(np.count_nonzero(np.diff(times) < REFRACTORY_S - 1e-9)) for times in trains)
    if not 0 < least <= LONGEST_S:
        return 0.0
    evidence = between * least
    if within and least < REFRACTORY_S:
        evidence -= within * float(np.log1p(-least / REFRACTORY_S))
    return least if evidence >= CLEAR else 0.0
