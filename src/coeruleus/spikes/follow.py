"""One unit whose amplitude changed at once, as between two files: two templates of one shape, one after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from coeruleus.spikes.match import Spikes
from coeruleus.spikes.refine import Model

LEAST_SCALE = 0.5
UNLIKE = 3.0  # d′ between the shapes once their sizes are equal
APART_IN_TIME = 0.9  # of the spikes of the first come before, and as many of the second after, one moment


def followed_on(model: Model, spikes: Spikes) -> tuple[Spikes, dict[int, str]]:
    """Spikes with the second of two such units given to the one with more spikes, and a word on it by unit.

    The electrode moved a little between two files, or the tissue; that another neuron of the same shape came as the
    first was lost cannot be excluded, and is said.
    """
    unit = spikes.unit.copy()
    said: dict[int, str] = {}
    rows = model.whitener(np.array(model.templates))
    for first in range(len(rows)):
        for second in range(len(rows)):
            before, after = spikes.time_s[unit == first], spikes.time_s[unit == second]
            if first == second or not len(before) or not len(after):
                continue
            scale = _one_shape(rows[first], rows[second])
            moment = float(np.quantile(before, APART_IN_TIME))
            if scale is None or np.quantile(after, 1 - APART_IN_TIME) <= moment:
                continue
            kept, gone = (first, second) if len(before) >= len(after) else (second, first)
            unit[unit == gone] = kept
            text = (
                f"followed through a change of amplitude to {100 * scale:.0f} %, if it is not another unit of its shape"
            )
            said[kept] = "; ".join(one for one in (said.pop(gone, None), said.get(kept), text) if one)
    return replace(spikes, unit=unit), said


def _one_shape(first: np.ndarray, second: np.ndarray) -> float | None:
    """Size of the second over the first where the two differ in size only."""
    scale = float(first @ second / (first @ first))
    if not LEAST_SCALE <= scale <= 1 / LEAST_SCALE:
        return None
    larger = max(scale, 1.0)
    return scale if np.linalg.norm(second - scale * first) / larger < UNLIKE else None
