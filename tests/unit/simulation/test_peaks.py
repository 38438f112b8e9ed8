"""Peaks have the area, the apex and the moments that theory gives them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeruleus.simulation.peaks import emg, peak

SHAPES = ("emg", "two_tails", "bigaussian", "lognormal")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SHAPES), st.floats(0.03, 0.4), st.floats(0.0, 3.0))
def test_area_is_one_and_the_apex_is_where_it_was_put(shape, sigma, ratio):
    time = np.arange(0, 40, 0.002)
    signal = peak(time, 15.0, sigma, ratio * sigma, shape)
    assert np.sum(signal) * 0.002 == pytest.approx(1, abs=2e-3)
    assert time[np.argmax(signal)] == pytest.approx(15.0, abs=0.003)
    assert signal.min() >= 0


@pytest.mark.parametrize(("sigma", "tau"), [(0.08, 0.06), (0.05, 0.5), (0.3, 0.01), (0.1, 1e-9)])
def test_emg_has_the_moments_of_a_gaussian_plus_an_exponential(sigma, tau):
    time = np.arange(0, 30, 0.001)
    weight = emg(time, 8.0, sigma, tau) * 0.001
    mean = np.sum(time * weight)
    assert mean == pytest.approx(8.0 + tau, abs=1e-4)
    assert np.sum((time - mean) ** 2 * weight) == pytest.approx(sigma**2 + tau**2, rel=1e-3)


@pytest.mark.parametrize("shape", SHAPES)
def test_area_does_not_depend_on_the_sampling_rate(shape):
    areas = []
    for rate_hz in (1, 2, 5, 10, 50):
        time = np.arange(22 * 60 * rate_hz) / (60 * rate_hz)
        areas.append(np.sum(peak(time, 5.2, 0.083, 0.07, shape)) / (60 * rate_hz))
    np.testing.assert_allclose(areas, 1, rtol=2e-3)


def test_far_tails_neither_overflow_nor_vanish_wrongly():
    time = np.array([-1e3, 0.0, 5.0, 50.0, 1e4])
    values = emg(time, 5.0, 0.05, 5.0)
    assert np.isfinite(values).all()
    assert values[3] == pytest.approx(np.exp(-45 / 5) * np.exp(0.5 * 0.01**2) / 5, rel=1e-9)


def test_an_unknown_shape_is_refused():
    with pytest.raises(ValueError, match="triangle"):
        peak(np.arange(3.0), 1.0, 0.1, 0.1, "triangle")
