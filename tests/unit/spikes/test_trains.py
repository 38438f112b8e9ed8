"""Measures of trains against hand calculation, published definitions and gamma processes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc, gammaln
from scipy.stats import chi2

from coeruleus.spikes import trains

GOLDEN = np.array([1, 1.1, 1.13, 1.25, 1.42, 1.44, 4])


def test_golden_bursts():
    found = trains.bursts(GOLDEN)
    assert [(burst.start_s, burst.end_s, burst.n_spikes) for burst in found] == [(1.1, 1.25, 3), (1.42, 1.44, 2)]
    assert trains.burst_fraction([GOLDEN]) == pytest.approx(5 / 7)


def test_bursts_at_the_limits():
    """80 ms still starts a burst and 160 ms does not end one, however the sums round."""
    assert [burst.n_spikes for burst in trains.bursts(np.array([10.1, 10.18, 10.34]))] == [3]
    assert [burst.n_spikes for burst in trains.bursts(np.array([10.1, 10.18, 10.3401]))] == [2]
    assert trains.bursts(np.array([10.1, 10.1801, 10.3])) == []


def test_measures_by_hand():
    """Intervals 1, 3, 2 s: mean 2, sd sqrt(2/3); neighbours (1, 3) and (3, 2)."""
    times = [np.array([0.0, 1.0, 4.0, 6.0])]
    assert trains.isi_cv(times) == pytest.approx(np.sqrt(2 / 3) / 2)
    assert trains.cv2(times) == pytest.approx((2 * 2 / 4 + 2 * 1 / 5) / 2)
    assert trains.lv(times) == pytest.approx(3 * ((2 / 4) ** 2 + (1 / 5) ** 2) / 2)
    r = 0.005
    expected = 1.5 * ((1 - 4 * 3 / 16) * (1 + 4 * r / 4) + (1 - 4 * 6 / 25) * (1 + 4 * r / 5))
    assert trains.lvr(times, r) == pytest.approx(expected)


def test_no_interval_crosses_a_border():
    first, second = np.array([0.0, 1.0, 3.0]), np.array([100.0, 101.0, 104.0])
    assert trains.isi_cv([first, second]) == pytest.approx(np.std([1, 2, 1, 3]) / np.mean([1, 2, 1, 3]))
    assert trains.cv2([first, second]) == pytest.approx((2 * 1 / 3 + 2 * 2 / 4) / 2)
    assert sum(count for _, _, count in trains.log_histogram([first, second])) == 4


@pytest.mark.parametrize("shape", [1.0, 2.0, 5.0])
def test_gamma_trains(shape):
    """CV of a gamma train is 1/sqrt(k), LV is 3/(2k + 1) (Shinomoto 2003), CV2 from the beta distribution."""
    rng = np.random.default_rng(3)
    times = [np.cumsum(rng.gamma(shape, 1 / shape, 60000))]
    # I1/(I1+I2) is Beta(k, k): E|2B - 1| = 2 (1/2)^(2k) / (k B(k, k))
    log_beta = 2 * gammaln(shape) - gammaln(2 * shape)
    cv2 = 2 * 2 * 0.5 ** (2 * shape) / (shape * np.exp(log_beta))
    assert betainc(shape, shape, 0.5) == pytest.approx(0.5)
    assert trains.isi_cv(times) == pytest.approx(shape**-0.5, rel=0.02)
    assert trains.lv(times) == pytest.approx(3 / (2 * shape + 1), rel=0.02)
    assert trains.cv2(times) == pytest.approx(cv2, rel=0.02)


def test_rate_interval_is_poissons_for_a_regular_train():
    times = np.arange(0.5, 100, 1.0)
    rate = trains.firing_rate([times], [(0.0, 100.0)])
    assert (rate.hz, rate.fano) == (1.0, 1.0)
    assert rate.low == pytest.approx(chi2.ppf(0.025, 200) / 200)
    assert rate.high == pytest.approx(chi2.ppf(0.975, 202) / 200)


def test_rate_of_a_silent_unit():
    rate = trains.firing_rate([np.empty(0)], [(0.0, 100.0)])
    assert (rate.hz, rate.low) == (0.0, 0.0)
    assert rate.high == pytest.approx(-np.log(0.025) / 100)


def test_rate_interval_covers_the_truth_of_an_irregular_neuron():
    """A gamma train of shape 0.4 (CV 1.6): Poisson's interval covers the true rate in some 80 %, this one in 95 %."""
    rng = np.random.default_rng(11)
    covered = plain = 0
    for _ in range(300):
        times = np.cumsum(rng.gamma(0.4, 1 / 0.4, 400)) - 100
        times = times[(times > 0) & (times < 200)]
        rate = trains.firing_rate([times], [(0.0, 200.0)])
        covered += rate.low <= 1 <= rate.high
        plain += chi2.ppf(0.025, 2 * len(times)) / 400 <= 1 <= chi2.ppf(0.975, 2 * len(times) + 2) / 400
    assert covered / 300 >= 0.93
    assert plain / 300 < 0.90


def test_violations_with_their_interval():
    times = [np.concatenate([np.arange(0.0, 98.0), [97.0015]])]
    fraction, low, high = trains.isi_violations(times)
    assert fraction == pytest.approx(1 / 98)
    assert low == pytest.approx(0.000258, rel=0.01)
    assert high == pytest.approx(0.0555, rel=0.01)
    assert trains.isi_violations(times, 0.001)[0] == 0


TRAIN = st.lists(st.integers(1, 5000), min_size=25, max_size=60).map(lambda steps: np.cumsum(steps) / 1000)


@settings(max_examples=40, deadline=None)
@given(first=TRAIN, second=TRAIN, shift=st.integers(-100, 1000))
def test_measures_do_not_depend_on_clock_or_order(first, second, shift):
    for measure in (trains.isi_cv, trains.cv2, trains.lv, trains.lvr, trains.burst_fraction):
        assert measure([first + shift, second]) == pytest.approx(measure([second, first]), rel=1e-6)
    assert trains.isi_violations([first + shift])[0] == trains.isi_violations([first])[0]
