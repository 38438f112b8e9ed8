"""The error predicted from the estimated spectrum is the error that filtered noise really has."""

import numpy as np
import pytest

from coeruleus.chromatography.arrays import stretches
from coeruleus.chromatography.noise import estimate_noise

from .simulated_run import coloured


@pytest.mark.parametrize(("pink", "ripple"), [(0.0, 0.0), (0.3, 0.1), (1.0, 0.0), (0.1, 0.5)])
def test_predicted_error_of_an_area_is_the_real_one(pink: float, ripple: float) -> None:
    rng = np.random.default_rng(0)
    signals = [coloured(2000, 0.5, rng, 0.5, pink, ripple) for _ in range(40)]
    quiet = np.zeros(2000, bool)
    for start in (0, 700, 1500):
        quiet[start : start + 300] = True
    noise, scale = estimate_noise(signals, [quiet] * 40, 0.5 / 60, 300)
    pieces = np.array([s[k : k + 300] for s in signals for k in (0, 300, 900, 1300)])
    time = np.arange(300) - 150
    for sigma in (6, 20):
        peak = np.exp(-(time**2) / 2 / sigma**2)
        design = np.column_stack([peak, np.ones(300), time])
        weights = noise.weights(300)
        whitened = weights.whitener @ design
        estimator = np.linalg.solve(whitened.T @ whitened, whitened.T @ weights.whitener)[0]
        predicted = np.sqrt(estimator @ noise.matrix(300) @ estimator)
        assert (pieces @ estimator).std() == pytest.approx(predicted, rel=0.15)
    assert np.median(scale) == pytest.approx(1, abs=0.1)


def test_averaged_cells_have_the_covariance_of_averages() -> None:
    rng = np.random.default_rng(1)
    signals = [coloured(1500, 0.5, rng, 0.5, 0.3, 0.0) for _ in range(30)]
    noise, _ = estimate_noise(signals, [np.ones(1500, bool)] * 30, 0.5 / 60, 120)
    full = noise.matrix(40)
    fold = np.kron(np.eye(10), np.full((1, 4), 0.25))
    assert noise.matrix(10, 4) == pytest.approx(fold @ full @ fold.T, rel=1e-3, abs=1e-6)


def test_a_peak_in_some_pieces_does_not_pass_for_noise() -> None:
    rng = np.random.default_rng(2)
    signals = [rng.normal(size=1000) for _ in range(20)]
    clean, _ = estimate_noise(signals, [np.ones(1000, bool)] * 20, 0.01, 100)
    for k in range(5):
        signals[k] = signals[k] + 50 * np.exp(-0.5 * ((np.arange(1000) - 400) / 8) ** 2)
    spoilt, _ = estimate_noise(signals, [np.ones(1000, bool)] * 20, 0.01, 100)
    assert spoilt.sd == pytest.approx(clean.sd, rel=0.15)


def test_without_quiet_pieces_noise_is_white_and_above_zero() -> None:
    noise, scale = estimate_noise([np.linspace(0, 1, 200)], [np.zeros(200, bool)], 0.01, 100)
    assert noise.sd > 0
    assert scale == pytest.approx([1.0])


def test_noise_from_short_pieces_does_not_repeat_itself_in_a_long_window() -> None:
    """White noise seen only in pieces of 20 cells: over 96 cells no direction is without variance."""
    rng = np.random.default_rng(8)
    signals = [rng.standard_normal(400) for _ in range(12)]
    quiet = [np.arange(400) % 40 < 20 for _ in signals]
    noise, _ = estimate_noise(signals, quiet, 0.01, 12)
    values = np.linalg.eigvalsh(noise.matrix(96))
    assert noise.sd == pytest.approx(1.0, rel=0.1)
    assert values.min() > 0.01


@pytest.mark.parametrize(
    ("mask", "runs"),
    [("", []), ("000", []), ("111", [(0, 3)]), ("0110100", [(1, 3), (4, 5)]), ("101", [(0, 1), (2, 3)])],
)
def test_stretches_of_a_mask(mask: str, runs: list[tuple[int, int]]) -> None:
    assert stretches(np.array([one == "1" for one in mask], bool)) == runs
