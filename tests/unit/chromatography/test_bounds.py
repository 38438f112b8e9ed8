import numpy as np
import pytest

from coeruleus.chromatography.bounds import integrate
from coeruleus.chromatography.noise import Noise
from coeruleus.chromatography.shapes import emg


def test_triangle_by_hand() -> None:
    time = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    signal = np.array([1.0, 1.0, 5.0, 1.0, 1.0])
    found = integrate(time, signal, 1.0, 3.0, None, 1.0)
    assert found.area == pytest.approx(4.0 * 60)  # base 2 min, height 4: area 4 signal × min
    assert found.height == pytest.approx(4.0)
    assert found.width_half == pytest.approx(1.0)
    assert found.apex == 2.0


def test_sloping_baseline_is_taken_off_and_a_dip_is_negative() -> None:
    time = np.linspace(0, 10, 2001)
    assert integrate(time, 3 + 2 * time, 2.0, 7.0, None, 1.0).area == pytest.approx(0, abs=1e-9)
    dip = integrate(time, 3 + 2 * time - emg(time, 5, 0.2, 0.1), 3.0, 8.0, None, 1.0)
    assert dip.area == pytest.approx(-60, rel=1e-4)
    assert dip.height < 0


@pytest.mark.parametrize("step", [1 / 120, 1 / 600, 1 / 60])
def test_area_does_not_depend_on_the_sampling_rate(step: float) -> None:
    time = np.arange(0, 10, step)
    assert integrate(time, 7 * emg(time, 5, 0.1, 0.05), 4.123, 6.456, None, 1.0).area == pytest.approx(420, rel=1e-3)


def test_error_of_the_area_in_white_noise() -> None:
    step, sd = 0.01, 0.3
    noise = Noise(step, (np.arange(64) + 0.5) / 128, np.full(64, sd**2 / 64))
    rng = np.random.default_rng(3)
    time = np.arange(0, 4, step)
    areas = [integrate(time, rng.normal(size=time.size) * sd, 1.0, 3.0, noise, 1.0).area for _ in range(400)]
    assert np.std(areas) == pytest.approx(integrate(time, time, 1.0, 3.0, noise, 1.0).area_se, rel=0.12)


@pytest.mark.parametrize("bounds", [(-1.0, 3.0), (3.0, 3.0), (4.0, 2.0), (3.0, 99.0)])
def test_bounds_outside_the_trace_are_refused(bounds: tuple[float, float]) -> None:
    time = np.linspace(0, 10, 100)
    with pytest.raises(ValueError, match="not within"):
        integrate(time, time, *bounds, None, 1.0)
