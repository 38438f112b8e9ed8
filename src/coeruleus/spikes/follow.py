"""Two templates that are reported as one unit: one neuron whose amplitude changed at once or is smaller within its
bursts, or two neurons that are too alike to be told apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from coeruleus.spikes.cluster import APART
from coeruleus.spikes.match import LAGS_S, Spikes, make_bank, once
from coeruleus.spikes.propose import nearest
from coeruleus.spikes.refine import Model

Array = NDArray[np.floating]

LEAST_SCALE = 0.5
UNLIKE = 3.0  # d′ between the shapes once their sizes are equal
APART_IN_TIME = 0.9  # of the spikes of the first come before, and as many of the second after, one moment
BURST_S = 0.1  # within it a neuron's spike has not recovered from the one before
BURST_MOST, BURST_CHANCE = 0.8, 1e-4  # of the smaller spikes come so soon, and how likely chance may do that
BURST_LIKE, BURST_LEAST = 0.85, 0.3  # cosine between the shapes (spikes broaden as they shrink), and scale


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
            if scale is not None and np.quantile(after, 1 - APART_IN_TIME) > moment:
                kept, gone = (first, second) if len(before) >= len(after) else (second, first)
                text = (
                    f"followed through a change of amplitude to {100 * scale:.0f} %, "
                    "if it is not another unit of its shape"
                )
            elif _smaller_in_bursts(model, first, second) and within_bursts(after, before):
                kept, gone = first, second
                text = f"{len(after)} smaller spikes within its bursts are counted as its own"
            else:
                continue
            unit[unit == gone] = kept
            said[kept] = "; ".join(one for one in (said.pop(gone, None), said.get(kept), text) if one)
    return replace(spikes, unit=unit), said


def too_near(model: Model, spikes: Spikes, followed: dict[int, str]) -> tuple[Spikes, dict[int, str], dict[int, str]]:
    """Spikes with those of units nearer than d′ 4 given to the one of them with the most, and a word on it by unit.
    The words that `followed_on` had on those that are given away are the other's now: the last of what is returned."""
    unit, followed = spikes.unit.copy(), dict(followed)
    near: dict[int, list[tuple[float, int]]] = {}
    alive = np.unique(unit).tolist()
    while len(alive) > 1:
        counts = [int(np.count_nonzero(unit == one)) for one in alive]
        apart, i, j = nearest([model.templates[one] for one in alive], counts, model.whitener, model.grid_s)
        if apart >= APART:
            break
        kept, gone = (alive[i], alive[j]) if counts[i] >= counts[j] else (alive[j], alive[i])
        near[kept] = [*near.get(kept, []), *near.pop(gone, []), (apart, min(counts[i], counts[j]))]
        unit[unit == gone] = kept
        alive.remove(gone)
        if gone in followed:
            followed[kept] = "; ".join(filter(None, (followed.get(kept), f"of one of them: {followed.pop(gone)}")))
    said = {}
    for one, others in near.items():
        total = int(np.count_nonzero(unit == one))
        parts = ", ".join(f"one d′ {apart:.1f} away that fires {100 * count / total:.0f} %" for apart, count in others)
        said[one] = (
            f"multi-unit: its spikes are those of two or more units ({parts}); {APART:g} is needed to tell them apart"
        )
    return (once(replace(spikes, unit=unit)) if near else spikes), said, followed


def _one_shape(first: Array, second: Array) -> float | None:
    """Size of the second over the first where the two differ in size only."""
    scale = float(first @ second / (first @ first))
    if not LEAST_SCALE <= scale <= 1 / LEAST_SCALE:
        return None
    larger = max(scale, 1.0)
    return scale if np.linalg.norm(second - scale * first) / larger < UNLIKE else None


def _smaller_in_bursts(model: Model, first: int, second: int) -> bool:
    """Whether the second template is the first one made smaller, at some lag."""
    own = model.whitener(model.templates[first][None])[0]
    bank = make_bank([model.templates[second]], model.whitener, model.grid_s, LAGS_S)
    dots = bank.rows @ own
    like = float(np.max(dots / np.sqrt(bank.norms))) / float(np.linalg.norm(own))
    return like >= BURST_LIKE and BURST_LEAST <= float(np.max(dots)) / float(own @ own) < 1


def within_bursts(smaller: Array, larger: Array) -> bool:
    """Whether the `smaller` spikes (s) follow `larger` ones sooner than chance has it, nearly all of them.

    Of several smaller ones in a row the first counts: a neuron with bursts of its own is another neuron.
    """
    smaller, larger = np.sort(smaller), np.sort(larger)
    if not len(smaller) or not len(larger):
        return False
    onsets = smaller[np.diff(smaller, prepend=-np.inf) >= BURST_S]
    before = np.searchsorted(larger, onsets) - 1
    near = int(np.count_nonzero((before >= 0) & (onsets - larger[np.maximum(before, 0)] < BURST_S)))
    chance = 1 - np.exp(-BURST_S * len(larger) / max(float(np.ptp(larger)), BURST_S))
    return near >= BURST_MOST * len(onsets) and bool(binom.sf(near - 1, len(onsets), chance) < BURST_CHANCE)
