"""Permutation tests of one number per animal: no distribution is assumed. All permutations where they are few."""

from __future__ import annotations

import itertools
import math

import numpy as np

from coeruleus.release.mixed import NotEstimable
from coeruleus.release.reml import Floats

EXACT = 20_000  # permutations up to which all are tried
DRAWS = 9_999
SEED = 20240229


def permute_groups(values: Floats, reference: Floats) -> tuple[float, float, int]:
    """Welch's t of two groups, the share of permutations of animals at least as far from 0, and how many.

    With all permutations tried the share is exact; else it is (1 + hits) ÷ (1 + draws) (Phipson & Smyth
    2010). Raises NotEstimable for fewer than two animals in a group.
    """
    size, total = len(values), len(values) + len(reference)
    if min(size, len(reference)) < 2:
        raise NotEstimable("two animals in each group are needed")
    pool = np.concatenate([values, reference])
    number = math.comb(total, size)
    if number <= EXACT:
        chosen = np.zeros((number, total), dtype=bool)
        places = np.array(list(itertools.combinations(range(total), size)))
        np.put_along_axis(chosen, places, True, axis=1)
    else:
        order = np.argsort(np.random.default_rng(SEED).random((DRAWS, total)), axis=1)
        chosen = order < size
    found = _welch(pool, chosen)
    own = float(_welch(pool, (np.arange(total) < size)[None, :])[0])
    return own, _share(found, own, number <= EXACT), len(chosen)


def flip_signs(values: Floats) -> tuple[float, float, int]:
    """The mean's t against 0 and the share of sign changes at least as far, as `permute_groups`."""
    number = len(values)
    if number < 2:
        raise NotEstimable("two animals are needed")
    if 2**number <= EXACT:
        signs = np.array(list(itertools.product((1.0, -1.0), repeat=number)))
    else:
        signs = np.random.default_rng(SEED).choice([1.0, -1.0], size=(DRAWS, number))
    found = np.abs((signs * values).mean(axis=1))
    own = float(values.mean())
    t = own / (float(values.std(ddof=1)) / math.sqrt(number))
    return t, _share(found, abs(own), 2**number <= EXACT), len(signs)


def _welch(pool: Floats, chosen: np.ndarray) -> Floats:
    def moments(mask: np.ndarray) -> tuple[Floats, Floats]:
        number = mask.sum(axis=1)
        mean = (mask * pool).sum(axis=1) / number
        squares = (mask * (pool - mean[:, None]) ** 2).sum(axis=1)
        return mean, squares / (number - 1) / number

    (one, first), (two, second) = moments(chosen), moments(~chosen)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((one - two) / np.sqrt(first + second))


def _share(found: Floats, own: float, exact: bool) -> float:
    hits = int((np.abs(found) >= abs(own) * (1 - 1e-9)).sum())
    return hits / len(found) if exact else (1 + hits) / (1 + len(found))
