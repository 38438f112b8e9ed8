"""Effect sizes of large studies, where the noncentral F is far out."""

import pytest

from coeruleus.release.effect_size import partial_eta_squared


def test_share_of_variance_of_a_large_effect_has_an_interval():
    """With thousands of degrees of freedom F ÷ its mean is nearly normal: sd of F ≈ √(2 (a + 2 nc)) ÷ a."""
    f, a, b = 205.0, 18.0, 3500.0
    found = partial_eta_squared(f, a, b)
    nc = a * (f - 1)
    half = 1.645 * (2 * (a + 2 * nc) + 2 * (a + nc) ** 2 / b) ** 0.5
    assert found.low == pytest.approx((nc - half) / (nc - half + a + b + 1), rel=0.01)
    assert found.high == pytest.approx((nc + half) / (nc + half + a + b + 1), rel=0.01)


def test_both_ways_to_the_noncentral_f_meet():
    one, two = (partial_eta_squared(f, 18.0, 3000.0) for f in (54.0, 54.01))  # on both sides of the change
    assert (two.low - one.low, two.high - one.high) == pytest.approx((3e-5, 3e-5), abs=2e-4)
