import numpy as np
import pytest

from coeruleus.chromatography.sensitivity import follow, has_repeats

RUN = np.arange(60.0)
BLOCKS = np.concatenate([np.arange(6.0), np.arange(18.0, 24), np.arange(36.0, 42), np.arange(54.0, 60)])


def test_a_linear_loss_is_followed_between_the_brackets() -> None:
    rng = np.random.default_rng(0)
    truth = np.log(1 - 0.25 * RUN / 59)
    se = np.full(BLOCKS.size, 0.02)
    found = follow(BLOCKS, truth[BLOCKS.astype(int)] + 0.02 * rng.normal(size=24), se, RUN)
    away = (found.log - found.log.mean()) - (truth - truth.mean())
    assert np.abs(away).max() < 0.02
    assert np.sqrt(np.mean(away**2)) < 1.5 * np.sqrt(np.mean(found.log_se**2))


def test_no_drift_in_the_data_is_no_drift_in_the_correction() -> None:
    spans = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        found = follow(BLOCKS, 0.02 * rng.normal(size=24), np.full(24, 0.02), RUN)
        spans.append(np.ptp(found.log))
    assert np.mean(np.array(spans) == 0) > 0.7
    assert max(spans) < 0.05


def test_two_exact_standards_bracket_as_a_straight_line() -> None:
    order = np.array([0.0, 10.0, 20.0])
    found = follow(order, np.array([0.0, -0.1, -0.2]), np.full(3, 1e-4), np.arange(21.0))
    assert found.log[5] - found.log[0] == pytest.approx(-0.05, abs=0.002)


def test_drift_needs_a_level_that_came_back() -> None:
    assert not has_repeats(np.arange(5.0), np.arange(5.0))
    assert not has_repeats(np.arange(4.0), np.array([1.0, 1, 2, 2]))
    assert has_repeats(np.array([0.0, 1, 9]), np.array([1.0, 2, 1]))
