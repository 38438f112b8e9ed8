"""Bursts and silences against a gamma neuron, where rate and time are cut up: trains of known making."""

import warnings

import numpy as np
import pytest

from coeruleus.spikes.gamma_bursts import gamma_bursts
from coeruleus.spikes.quality_columns import regularity

SEEDS = pytest.mark.parametrize("seed", [1, 2, 3])


def regular(seed, n=600, shape=4.0):
    """A gamma train of 1 Hz."""
    return np.cumsum(np.random.default_rng(seed).gamma(shape, 1 / shape, n))


@SEEDS
def test_a_train_of_bursts_alone_is_all_bursts_and_never_silent(seed):
    """Bursts of four at 1 Hz: every spike lies in one, none in two, and no interval between them is a silence."""
    found = gamma_bursts([np.sort(np.concatenate([regular(seed) + 0.01 * turn for turn in range(4)]))])
    assert found.fraction == pytest.approx(1.0, abs=0.005) and found.fraction <= 1.0
    assert len(found.silences_s) == 0
    assert found.shape == pytest.approx(4.0, rel=0.2)


@SEEDS
def test_a_rate_that_falls_is_not_silence(seed):
    """A regular cell from 3 down to 0.5 Hz within 20 min, and one that falls from 3 to 1 Hz at once."""
    rng = np.random.default_rng(seed)
    times = [0.0]
    while times[-1] < 1200:
        times.append(times[-1] + rng.gamma(9, 1 / 9) * np.exp(times[-1] / 1200 * np.log(6)) / 3)
    fast = np.cumsum(rng.gamma(9, 1 / 27, 600))
    slow = fast[-1] + np.cumsum(rng.gamma(9, 1 / 9, 200))
    for train in (np.array(times), np.concatenate([fast, slow])):
        row = regularity([train], [(0.0, float(train[-1]))])
        assert row["silent_fraction"] <= 0.01 and row["gamma_burst_fraction"] <= 0.02


@SEEDS
@pytest.mark.parametrize("every", [300, 50])
def test_silences_are_found_and_make_no_bursts(seed, every):
    """20 s of nothing once, or after every 50 spikes, of a cell that never bursts."""
    train = regular(seed)
    own = np.diff(train)[every - 1 :: every]
    for place in range(every, 600, every):
        train[place:] += 20.0
    found = gamma_bursts([train])
    assert found.silences_s == pytest.approx(own[: len(found.silences_s)] + 20.0)
    assert len(found.silences_s) == len(range(every, 600, every))
    assert found.fraction <= 0.005
    row = regularity([train], [(0.0, 1000.0)])
    assert row["n_silences"] == len(found.silences_s)
    assert row["longest_interval_s"] == found.silences_s.max()
    assert row["silent_fraction"] == pytest.approx(found.silences_s.sum() / 1000)


@pytest.mark.parametrize(("rate", "length"), [(1.0, 5.0), (0.3, 10.0)])
def test_short_stretches_of_a_poisson_cell_neither_burst_nor_seem_regular(rate, length):
    """300 expected spikes in the pieces that events leave: a shape near 1, and hardly a unit with a false burst."""
    shapes, bursting = [], 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        starts = 2 * length * np.arange(round(300 / rate / length))
        pieces = [np.sort(rng.uniform(start, start + length, rng.poisson(rate * length))) for start in starts]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = gamma_bursts(pieces)
        shapes.append(found.shape)
        bursting += found.fraction > 0
    assert np.median(shapes) == pytest.approx(1.0, abs=0.2) and np.quantile(shapes, 0.9) < 1.5
    assert bursting <= 5
