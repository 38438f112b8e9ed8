"""Units that are alike: the distance between templates, overlaps of one with itself, and what short intervals say."""

import numpy as np
import pytest

from coeruleus.spikes.accept import unit_note
from coeruleus.spikes.match import Whitener, is_overlap, make_whitener, shifted, template_distance
from coeruleus.spikes.spread import AXES, COUNT_LEAST, GAIN, SHARE_LEAST, two_kinds

GRID_S = 1 / 15000
WHITE = Whitener(np.eye(68))


def bump(place_s=0.0, width_s=2e-4):
    time = (np.arange(68) - 30) * GRID_S - place_s
    return (10 * np.exp(-0.5 * (time / width_s) ** 2))[:, None]


def test_distance_is_that_of_white_noise_at_the_best_lag():
    """Two bumps of one shape, the second of 0.7 times the size and 0.2 ms late: d′ is 0.3 times the norm."""
    apart, lag = template_distance(bump(), 0.7 * bump(2e-4), WHITE, GRID_S)
    assert lag == pytest.approx(-2e-4, abs=1e-9)
    assert apart == pytest.approx(0.3 * np.linalg.norm(bump()), rel=0.01)


def test_distance_does_not_depend_on_where_between_samples_a_spike_fell():
    """Large spikes 20 µs apart would be d′ 2 from themselves on a grid of lags of 50 µs."""
    apart, lag = template_distance(bump(), bump(2e-5), WHITE, GRID_S)
    assert lag == pytest.approx(-2e-5, abs=1e-9)
    assert apart < 0.01 * np.linalg.norm(bump())


def test_an_overlap_of_one_with_itself_counts_only_where_asked():
    twice = bump() + shifted(bump(), np.array([8e-4]), GRID_S)[0]
    assert not is_overlap(twice, [bump()], WHITE, GRID_S)
    assert is_overlap(twice, [bump()], WHITE, GRID_S, itself=True)
    assert not is_overlap(bump(width_s=6e-4) * 3, [bump()], WHITE, GRID_S, itself=True)


def refractory(rng, count):
    gaps = 0.004 + rng.exponential(0.246, count)
    return np.cumsum(gaps)


def test_two_slow_neurons_in_one_train_are_said_and_one_is_not():
    """At 4 Hz each, one interval in a hundred is short: what chance makes of two neurons, and one never."""
    rng = np.random.default_rng(5)
    one, other = refractory(rng, 1600), refractory(rng, 1600)
    both = np.sort(np.concatenate([one, other]))
    both = both[np.append(True, np.diff(both) > 0.001)]
    assert unit_note([one], [400.0], 0.0, None) is None
    word = unit_note([both], [400.0], 0.0, None)
    assert word is not None and word.startswith("multi-unit")


def said(kinds, count):
    return kinds.gain >= GAIN and kinds.share >= max(SHARE_LEAST, COUNT_LEAST / count)


@pytest.mark.parametrize("count", [60, 300])
def test_noise_seldom_looks_like_two_neurons(count):
    rng = np.random.default_rng(9)
    found = [two_kinds(rng.normal(size=(count, AXES))) for _ in range(200)]
    assert not any(said(one, count) for one in found)  # less than 0.001 by design


def test_strays_are_no_second_neuron():
    """Six of 300 spikes at odd places, as overlaps leave them."""
    rng = np.random.default_rng(10)
    for _ in range(20):
        place = rng.normal(size=(300, AXES))
        place[:6] += 6 * rng.normal(size=(6, AXES))
        assert not said(two_kinds(place), 300)


@pytest.mark.parametrize(("apart", "share"), [(2.0, 0.5), (2.5, 0.2), (3.0, 0.08)])
def test_two_neurons_are_said_and_their_distance_and_share_recovered(apart, share):
    rng = np.random.default_rng(4)
    found = []
    for _ in range(20):
        place = rng.normal(size=(600, AXES))
        place[: round(share * 600), 0] += apart
        found.append(two_kinds(place))
    assert all(said(one, 600) for one in found)
    assert np.median([one.apart for one in found]) == pytest.approx(apart, rel=0.1)
    assert np.median([one.share for one in found]) == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize("count", [900, 3000])
def test_noise_that_was_not_learnt_from_is_larger_by_what_the_whitener_says(count):
    """Four channels of 68 correlated samples: the fewer the snippets, the more."""
    rng = np.random.default_rng(8)
    noise = np.cumsum(rng.normal(size=(2 * count, 68, 4)), axis=1) + rng.normal(size=(2 * count, 68, 4))
    whitener = make_whitener(noise[:count], np.ones(4))
    assert whitener.inflation == pytest.approx(count / (count - 273))
    _, vectors = np.linalg.eigh(np.cov(noise.reshape(-1, 272).T))
    loud = vectors[:, -5:] @ vectors[:, -5:].T  # where there is signal the shrinkage does not reach
    rows = whitener(noise[count:])
    axes, _ = np.linalg.qr(whitener.matrix.T @ loud @ rng.normal(size=(272, 5)))
    assert np.var(rows @ axes) == pytest.approx(whitener.inflation, rel=0.12)
