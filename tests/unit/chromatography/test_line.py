import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeruleus.chromatography.line import fit_line, robust_start

X = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
SE = np.full(5, 0.1)


def test_weighted_line_by_hand() -> None:
    y = np.array([2.1, 3.9, 8.3, 15.7, 32.4])
    w = 1 / X
    delta = w.sum() * (w * X * X).sum() - (w * X).sum() ** 2
    slope = (w.sum() * (w * X * y).sum() - (w * X).sum() * (w * y).sum()) / delta
    intercept = ((w * X * X).sum() * (w * y).sum() - (w * X).sum() * (w * X * y).sum()) / delta
    s2 = (w * (y - intercept - slope * X) ** 2).sum() / 3
    line = fit_line(X, y, SE, "linear", "1/x")
    assert line.coefficients[:2] == pytest.approx([intercept, slope])
    assert np.sqrt(line.covariance[1, 1]) == pytest.approx(np.sqrt(s2 * w.sum() / delta))


@given(c1=st.floats(0.1, 1e6), c0=st.floats(-10, 10), bend=st.floats(-0.02, 0.02), x=st.floats(0.01, 16))
def test_inverse_undoes_the_line(c1: float, c0: float, bend: float, x: float) -> None:
    y = c0 * c1 + c1 * X + bend * c1 * X**2
    line = fit_line(X, y, SE, "quadratic", "none")
    assert line.invert(float(line.at(x)[0])) == pytest.approx(x, rel=1e-5, abs=1e-6)


def test_through_origin_and_quadratic() -> None:
    assert fit_line(X, 3 * X, SE, "linear_through_origin", "1/x^2").coefficients == pytest.approx([0, 3, 0])
    assert fit_line(X, 1 + 3 * X - 0.05 * X**2, SE, "quadratic", "1/x").coefficients == pytest.approx([1, 3, -0.05])


def test_error_of_the_inverse_is_that_of_repeated_calibrations() -> None:
    rng = np.random.default_rng(0)
    x, found, claimed = np.repeat(X, 3), [], []
    for _ in range(800):
        line = fit_line(x, 5 + 10 * x + rng.normal(size=x.size), np.ones(x.size), "linear", "none")
        back = line.invert(5 + 60 + rng.normal())
        found.append(back)
        claimed.append(line.invert_se(back, 1.0))
    assert np.std(found) == pytest.approx(np.mean(claimed), rel=0.1)


def test_too_few_levels_and_falling_responses_are_said() -> None:
    with pytest.raises(ValueError, match="standards of two levels"):
        fit_line(np.array([1.0, 1.0]), np.array([2.0, 2.1]), np.ones(2), "linear", "1/x")
    with pytest.raises(ValueError, match="do not rise"):
        fit_line(X, -X, SE, "linear", "1/x")


def test_one_bad_standard_does_not_pull_the_start() -> None:
    y = 10 * X
    y[4] *= 0.5
    assert robust_start(X, y, "linear").coefficients[1] == pytest.approx(10, rel=0.02)
