"""A unit's hump on the flank of the background: drawn from known distributions."""

import numpy as np
import pytest

from coeruleus.spikes.heights import hump


def background(rng, n=4000):
    return 3.5 + rng.exponential(0.45, n)


@pytest.mark.parametrize(("mode", "count"), [(7.0, 150), (7.5, 400), (8.0, 60)])
def test_a_unit_on_the_flank_is_counted(mode, count):
    rng = np.random.default_rng(round(mode * count))
    heights = np.concatenate([background(rng), rng.normal(mode, 1.0, count)])
    found = hump(heights, mode * 1.05)
    assert found is not None and found.gain > 20
    assert found.mode == pytest.approx(mode, abs=0.35)
    assert found.count == pytest.approx(count, rel=0.2)
    limit = np.array([mode - 1])
    true, false = (heights[4000:] > limit).sum(), (heights[:4000] > limit).sum()
    assert found.true_beyond(limit)[0] == pytest.approx(true, rel=0.2)
    assert abs(found.false_beyond(limit)[0] - false) < 4 * np.sqrt(false + 5)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("spread", [0.3, 0.45])
def test_a_flank_alone_has_no_hump(seed, spread):
    rng = np.random.default_rng(seed)
    found = hump(3.5 * np.exp(np.abs(rng.normal(0, spread, 4000)) * 0.4), 7.0)
    assert found is None or found.gain < 20


def test_few_heights_say_nothing():
    assert hump(np.linspace(4, 8, 12), 7.0) is None
    assert hump(np.empty(0), 7.0) is None
