import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeruleus.chromatography.shapes import emg, emg_apex, emg_shape


@given(sigma=st.floats(0.02, 0.5), ratio=st.floats(0.002, 4.0))
def test_emg_has_the_moments_of_a_gaussian_plus_an_exponential(sigma: float, ratio: float) -> None:
    tau = ratio * sigma
    x = np.linspace(-8 * sigma, 8 * sigma + 30 * tau, 60001)
    y = emg(x, 0.0, sigma, tau)
    area = np.trapezoid(y, x)
    mean = np.trapezoid(x * y, x)
    assert area == pytest.approx(1, abs=1e-6)
    assert mean == pytest.approx(tau, abs=1e-5)
    assert np.trapezoid((x - mean) ** 2 * y, x) == pytest.approx(sigma**2 + tau**2, rel=1e-4)


def test_emg_is_the_convolution_it_stands_for() -> None:
    x = np.linspace(-2, 6, 8001)
    step = x[1] - x[0]
    gauss = np.exp(-0.5 * (x / 0.2) ** 2) / (0.2 * np.sqrt(2 * np.pi))
    decay = np.where(x >= -1e-12, np.exp(-np.maximum(x, 0) / 0.3) / 0.3, 0)
    direct = np.convolve(gauss, decay)[2000 : 2000 + x.size] * step
    assert np.abs(emg(x, 0.0, 0.2, 0.3) - direct).max() < 0.01


@pytest.mark.parametrize("tau", [1e-9, 1e-4, 0.1, 50.0, -0.1])
def test_emg_never_overflows(tau: float) -> None:
    y = emg(np.linspace(-1e4, 1e4, 2001), 0.0, 0.1, tau)
    assert np.isfinite(y).all()
    assert (y >= 0).all()


def test_a_gaussian_has_the_width_and_symmetry_of_a_gaussian() -> None:
    shape = emg_shape(0.1, 0.0)
    assert shape.width_half == pytest.approx(0.1 * 2 * np.sqrt(2 * np.log(2)), rel=1e-3)
    assert shape.tailing == pytest.approx(1.0, abs=2e-3)
    assert shape.top == pytest.approx(1 / (0.1 * np.sqrt(2 * np.pi)), rel=1e-3)


def test_a_tabulated_shape_has_unit_area_and_its_apex_at_zero() -> None:
    shape = emg_shape(0.1, 0.15)
    x = np.linspace(-1, 3, 40001)
    assert np.trapezoid(shape.at(x), x) == pytest.approx(1, abs=1e-4)
    assert np.trapezoid(shape.at(x, 1.7), x) == pytest.approx(1, abs=1e-4)
    assert abs(x[np.argmax(shape.at(x))]) < 0.002
    assert shape.at(x) == pytest.approx(emg(x + emg_apex(0.1, 0.15), 0.0, 0.1, 0.15), abs=0.01)
    assert shape.tailing > 1.3
