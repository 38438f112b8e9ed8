"""A unit whose spikes are of two kinds that can be told apart, parted: a rare neuron that a frequent one took in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coeruleus.spikes.cluster import APART
from coeruleus.spikes.follow import within_bursts
from coeruleus.spikes.refine import Model, Sample, learn
from coeruleus.spikes.spread import Kinds, residuals, two_kinds

Array = NDArray[np.floating]
Ints = NDArray[np.int_]

LEAST = 12  # spikes of the rarer kind
GAIN = 30.0  # log likelihood over one kind
LOOSE_MOST = 2.0
TURNS = 4


def parted(model: Model, sample: Sample, noise: Array) -> tuple[Model, list[Kinds | None]]:
    """The model with such units parted, and the two kinds that each unit is best divided into (None: too few spikes).

    Both parts are learnt anew beside the other units. They stay where more units hold than before, or as many of
    which fewer are of two kinds: else it was one neuron after all. `noise` as for `spread.residuals`.
    """
    found = _kinds(model, sample, noise)
    refused: set[int] = set()
    for _ in range(TURNS):
        able = [unit for unit in _double(found, sample) if unit not in refused]
        if not able:
            break
        unit = max(able, key=lambda one: found[one].gain)
        anew, _ = learn(sample, _groups(model, unit, found[unit]), model.whitener, model.grid_s)
        refused.add(unit)
        more = len(anew.templates) - len(model.templates) if anew else -1
        if anew is None or more < 0:
            continue
        fresh = _kinds(anew, sample, noise)
        if more or len(_double(fresh, sample)) < len(_double(found, sample)):
            model, found, refused = anew, fresh, set()
    return model, [found.get(unit) for unit in range(len(model.templates))]


def _kinds(model: Model, sample: Sample, noise: Array) -> dict[int, Kinds]:
    rest = {unit: residuals(model, sample, unit, noise) for unit in range(len(model.templates))}
    return {unit: two_kinds(place, candidate) for unit, (candidate, place) in rest.items() if len(place)}


def _double(found: dict[int, Kinds], sample: Sample) -> list[int]:
    """Units that are two neurons: far enough apart, each of one kind, and the rarer one not the other's bursts."""
    return [
        unit
        for unit, kinds in found.items()
        if kinds.gain >= GAIN
        and kinds.apart >= APART
        and np.count_nonzero(kinds.rarer) >= LEAST
        and kinds.loose <= LOOSE_MOST
        and not bursting(kinds, sample)
    ]


def bursting(kinds: Kinds, sample: Sample) -> bool:
    """Whether the rarer kind are the spikes within bursts of the other."""
    times = sample.clock[kinds.candidate]
    return within_bursts(times[kinds.rarer], times[~kinds.rarer])


def _groups(model: Model, unit: int, kinds: Kinds) -> list[Ints]:
    """The candidates of each unit, those of this one by their kind."""
    groups = [
        np.sort(model.spikes.candidate[(model.spikes.unit == other) & ~model.spikes.doubtful])
        for other in range(len(model.templates))
        if other != unit
    ]
    return [*groups, np.sort(kinds.candidate[~kinds.rarer]), np.sort(kinds.candidate[kinds.rarer])]
