"""The rate without bins: constant rates, steps, and recordings that end early."""

from __future__ import annotations

import numpy as np
import pytest

from coeruleus.responses.curve import rate_curve
from coeruleus.responses.display import raster

from .conftest import trial_set


def test_a_constant_rate_is_flat_up_to_the_ends_and_in_the_band() -> None:
    inside = []
    for seed in range(20):
        trials = trial_set(seed, 1, 2.0, 30, 20.0, ())
        times, trial = raster(trials, 5.0)
        curve = rate_curve(times, trial.astype(float), trials, 5.0)
        assert curve.time_s[0] == pytest.approx(-1.9875, abs=0.01) and curve.time_s[-1] == pytest.approx(4.99, abs=0.02)
        assert curve.bandwidth_s >= 0.04
        inside.append(((curve.low_hz <= 2.0) & (curve.high_hz >= 2.0)).mean())
    assert 0.85 <= np.mean(inside) <= 0.99


def test_a_short_strong_response_is_not_smoothed_away() -> None:
    trials = trial_set(1, 1, 1.0, 40, 15.0, ((0.05, 0.15, 40.0),))
    times, trial = raster(trials, 5.0)
    curve = rate_curve(times, trial.astype(float), trials, 5.0)
    assert curve.bandwidth_s <= 0.02
    peak = int(np.argmax(curve.rate_hz))
    assert 0.05 <= curve.time_s[peak] <= 0.15 and curve.rate_hz[peak] == pytest.approx(40, rel=0.3)


def test_time_that_was_not_recorded_is_not_silence() -> None:
    """Every event's recording ends 1 s after it: the rate up to there is what was recorded, beyond it is unknown."""
    trials = trial_set(3, 1, 4.0, 40, 15.0, ())
    short = type(trials)(trials.spikes, trials.onsets, trials.length, trials.start, trials.onsets + 1.0)
    times, trial = raster(short, 5.0)
    curve = rate_curve(times, trial.astype(float), short, 5.0)
    assert curve.rate_hz[(curve.time_s > 0.5) & (curve.time_s < 1)].mean() == pytest.approx(4, rel=0.2)
    assert np.isnan(curve.rate_hz[curve.time_s > 1.1]).all()
