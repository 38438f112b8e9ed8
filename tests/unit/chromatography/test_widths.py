"""Widths along a run: how they follow retention is learnt, since columns differ in it."""

import numpy as np
import pytest

from coeruleus.chromatography.retention import model_widths


@pytest.mark.parametrize("power", [0.0, 1.0])
@pytest.mark.parametrize("bad", [0, 4])
def test_widths_follow_retention_as_the_run_says(power: float, bad: int) -> None:
    """By its first power where plates stay, and not at all where peaks are as wide whenever they come."""
    rng = np.random.default_rng(8)
    n, own = 60, np.array([1.0, 1.02, 0.97, 1.01])
    start = (1 + 0.03 * np.arange(n)[:, None] / n) * np.exp(0.003 * rng.normal(size=(n, 1))) * np.ones(4)
    true = own * start**power
    se = np.full((n, 4), 0.003)
    measured = true * np.exp(se * rng.normal(size=(n, 4)))
    measured[10 : 10 + bad] *= 1.2  # an air bubble
    measured[::3, 0], se[::3, 0] = np.nan, np.nan
    widths = model_widths(measured, se, start)
    assert widths.predicted == pytest.approx(true, rel=0.002)
    assert np.median(widths.sd) < 0.003


def test_without_jitter_or_without_peaks_plates_are_taken_to_stay() -> None:
    start = np.tile(1 + 0.001 * np.arange(5)[:, None], (1, 2))
    nothing = np.full(start.shape, np.nan)
    assert model_widths(nothing, nothing, start).predicted == pytest.approx(start)
    few = model_widths(1.1 * start, np.full(start.shape, 0.01), start)
    assert few.predicted == pytest.approx(1.1 * start, rel=0.003)
