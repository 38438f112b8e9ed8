"""The peaks of a trace without a list of analytes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeruleus.chromatography.peaks_and_dips import find_peaks_and_dips
from coeruleus.chromatography.trace_peaks import find_trace_peaks

from .simulated_run import coloured


def peak(time: np.ndarray, apex: float, height: float, sigma: float = 0.1) -> np.ndarray:
    return height * np.exp(-0.5 * ((time - apex) / sigma) ** 2)


@pytest.mark.parametrize(("pink", "ripple"), [(0.0, 0.0), (0.6, 0.0), (0.3, 0.4)])
def test_noise_and_drift_are_no_peaks(pink: float, ripple: float) -> None:
    time = np.arange(2400) / 120
    count = 0
    for seed in range(100, 115):
        noise = coloured(time.size, 0.5, np.random.default_rng(seed), 1.0, pink, ripple)
        count += len(find_trace_peaks(time, noise + 0.5 * time + 40 * np.exp(-time / 3)))
    assert count / 15 <= 1.0


def test_a_peak_of_ten_times_its_bound_is_found() -> None:
    """White noise: the error of the area of a known shape is sd √(2 √π sigma ÷ step) per unit of step."""
    step, sigma, sd = 1 / 120, 0.1, 1.0
    time = np.arange(2400) * step
    bound = sd * np.sqrt(2 * np.sqrt(np.pi) * sigma / step) * step
    height = 12 * bound / (sigma * np.sqrt(2 * np.pi))
    found = 0
    for seed in range(30):
        signal = np.random.default_rng(seed).normal(size=time.size) * sd + peak(time, 11, height)
        found += any(abs(p.apex - 11) < sigma for p in find_trace_peaks(time, signal))
    assert found >= 28


@pytest.mark.parametrize("rate", [1.0, 2.0, 10.0])
def test_ends_do_not_depend_on_the_sampling_rate(rate: float) -> None:
    time = np.arange(0, 20, 1 / 60 / rate)
    signal = 5 + 0.3 * time + peak(time, 8, 20) + peak(time, 14, 30, 0.2)
    signal += 0.01 * np.sqrt(rate) * np.random.default_rng(1).normal(size=time.size)
    found = [p for p in find_trace_peaks(time, signal) if p.height > 1]
    assert [p.apex for p in found] == pytest.approx([8, 14], abs=0.01)
    assert [p.height for p in found] == pytest.approx([20, 30], rel=0.05)  # smoothed a little
    for p, sigma in zip(found, (0.1, 0.2), strict=True):
        assert 2.7 * sigma < p.apex - p.start < 6 * sigma
        assert 2.7 * sigma < p.end - p.apex < 6 * sigma
        assert (p.first, p.last) == (p.start, p.end)


def test_half_resolved_peaks_share_a_baseline_and_meet_in_the_valley() -> None:
    time = np.arange(0, 20, 1 / 120)
    signal = 3 + peak(time, 9.8, 20) + peak(time, 10.2, 20) + 0.01 * np.random.default_rng(2).normal(size=time.size)
    first, second = (p for p in find_trace_peaks(time, signal) if p.height > 1)
    assert (first.end, second.start) == pytest.approx((10.0, 10.0), abs=0.01)
    assert (first.first, first.last) == (second.first, second.last)


def test_the_edge_of_a_step_is_no_peak() -> None:
    time = np.arange(0, 20, 1 / 120)
    step = 10 / (1 + np.exp((time - 10) / 0.1))
    noise = 0.02 * np.random.default_rng(3).normal(size=time.size)
    assert not [p for p in find_trace_peaks(time, step + noise) if p.height > 0.5]


@pytest.mark.parametrize("counts", [None, 5, 500])
def test_a_trace_without_noise_shows_its_peaks(counts: int | None) -> None:
    """Also where the detector's counts are all the noise there is."""
    time = np.arange(0, 20, 1 / 120)
    signal = peak(time, 6, 1.0, 0.15) + peak(time, 12, 0.6, 0.2)
    signal = signal if counts is None else np.round(counts * signal)
    found = [p for p in find_peaks_and_dips(time, signal) if p.height > 0.3 * (counts or 1)]
    assert [p.apex for p in found] == pytest.approx([6, 12], abs=0.05)


def test_nothing_in_a_short_or_constant_trace() -> None:
    assert find_trace_peaks(np.arange(5.0), np.arange(5.0)) == []
    assert find_trace_peaks(np.arange(100.0), np.full(100, 3.0)) == []


def test_a_rider_before_a_large_peak_keeps_its_top() -> None:
    """Its bend is greatest before its top, where the large one already lifts the trace."""
    time = np.arange(0, 20, 1 / 120)
    signal = peak(time, 9, 2, 0.25) + peak(time, 10, 100, 0.16)
    signal += 0.003 * np.random.default_rng(4).normal(size=time.size)
    rider, large = (p for p in find_trace_peaks(time, signal) if p.height > 0.5)
    assert (rider.apex, large.apex) == pytest.approx((9, 10), abs=0.06)
    assert rider.end == large.start == pytest.approx(9.45, abs=0.05)  # where the two slopes cancel, by hand


@pytest.mark.parametrize("at", [9.62, 10.38])
def test_a_shoulder_without_a_valley_is_one_of_the_peaks(at: float) -> None:
    time = np.arange(0, 20, 1 / 120)
    signal = peak(time, 10, 100, 0.16) + peak(time, at, 20, 0.1)
    signal += 0.003 * np.random.default_rng(4).normal(size=time.size)
    both = sorted(p.start for p in find_trace_peaks(time, signal) if p.height > 1)
    assert len(both) == 2
    assert sorted(p.start for p in find_peaks_and_dips(time, signal) if p.height > 1) == both


def test_the_room_between_peaks_is_no_dip_and_a_dip_is_one() -> None:
    time = np.arange(0, 20, 1 / 120)
    signal = sum(peak(time, at, 20) for at in (5.0, 6.0, 7.5, 9.0)) - peak(time, 15, 10)
    signal += 0.1 * np.random.default_rng(5).normal(size=time.size)
    found = [p for p in find_peaks_and_dips(time, signal) if p.height > 1]
    assert sorted(p.apex for p in found) == pytest.approx([5, 6, 7.5, 9, 15], abs=0.02)
    turned = [p for p in find_peaks_and_dips(time, -signal) if p.height > 1]
    assert sorted(p.apex for p in turned) == pytest.approx([5, 6, 7.5, 9, 15], abs=0.02)


@pytest.mark.parametrize("dips", [0, 1, 2])
def test_what_is_there_is_found_once_and_the_right_way_up(dips: int) -> None:
    """Rows of Gaussians of 3 to 100 over a slope, some of them dips, from 4.5 sigma apart: 30 to 1000 times the noise.

    Nearly all are, also dips that are narrower than the peaks, and none is cut in two.
    """
    time, held, once, more = np.arange(0, 20, 1 / 120), 0, 0, 0
    for seed in range(1000, 1030):
        rng = np.random.default_rng([seed, dips])
        sigma = 0.06 * np.exp(rng.uniform(0, 1))
        gaps = sigma * np.where(rng.random(9) < 0.5, rng.uniform(4.5, 9, 9), rng.uniform(9, 40, 9))
        at = (1.5 + np.cumsum(gaps))[1.5 + np.cumsum(gaps) < 19]
        height = np.exp(rng.uniform(np.log(3), np.log(100), at.size))
        way = np.where(np.isin(np.arange(at.size), rng.permutation(at.size)[:dips]), -1, 1)
        signal = 5 + 0.1 * time + 0.1 * rng.normal(size=time.size)
        for where, tall, up in zip(at, way * height, way, strict=True):
            signal += peak(time, where, tall, sigma * (0.6 if up < 0 and seed % 2 else 1))
        found = find_peaks_and_dips(time, signal)
        for where, up in zip(at, way, strict=True):
            near = [p for p in found if abs(p.apex - where) < sigma]
            upright = [up * np.interp([p.apex, p.start, p.end], time, signal) for p in near]
            there = sum(top > 0.5 * (first + last) for top, first, last in upright)
            held, once, more = held + 1, once + (there == 1), more + (there > 1)
    assert more == 0
    assert once >= (0.98 if not dips else 0.93) * held


@pytest.mark.parametrize("depth", [0.0, 3.0, 30.0, 100.0])
@pytest.mark.parametrize("way", [1, -1])
def test_an_injection_dip_leaves_the_peaks_what_they_are(depth: float, way: int) -> None:
    """However much sharper it is, and in a trace turned over, where it is a peak among dips."""
    time, at = np.arange(0, 20, 1 / 120), (5.0, 6.0, 7.5, 9.0, 12.0)
    signal = sum(peak(time, apex, 3 if apex == 12 else 20) for apex in at) - peak(time, 2, depth, 0.06)
    signal = way * (signal + 0.05 * np.random.default_rng(6).normal(size=time.size))
    found = [p for p in find_peaks_and_dips(time, signal) if p.height > 1]
    assert sorted(p.apex for p in found) == pytest.approx([2.0, *at] if depth else list(at), abs=0.02)


@pytest.mark.parametrize("apart", [0.3, 0.4])
@pytest.mark.parametrize("second", [5.0, 20.0, 60.0])
def test_a_trace_may_begin_anywhere_on_touching_peaks(apart: float, second: float) -> None:
    """As behind a solvent front, or in an export that starts late; what comes later is found all the same."""
    time = np.arange(0, 12, 1 / 120)
    signal = 3 + peak(time, 2, 20) + peak(time, 2 + apart, second) + peak(time, 9, 20)
    signal += 0.05 * np.random.default_rng(2).normal(size=time.size)
    for first in range(210, 320):
        for shown in (signal[first:], signal[:first:-1]):
            found = find_trace_peaks(time[: shown.size], shown)
            assert sum(abs(p.height - 20) < 1 for p in found) >= 1
            assert all(p.start <= p.apex <= p.end for p in found)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-0.5, 6.5), st.floats(-50, 50), st.floats(0.005, 0.5)), min_size=1, max_size=8),
    st.integers(0, 10**6),
    st.sampled_from([0.0, 0.01, 0.3]),
    st.sampled_from([None, 1.0, 5.0]),
    st.integers(16, 720),
)
def test_peaks_lie_within_their_own_bounds_and_these_within_the_trace(
    made: list[tuple[float, float, float]], seed: int, noise: float, counts: float | None, size: int
) -> None:
    time = np.arange(size) / 120
    signal = sum(peak(time, *one) for one in made) + noise * np.random.default_rng(seed).normal(size=size)
    signal = signal if counts is None else np.round(counts * signal) / counts
    for dips in (False, True):
        for p in find_trace_peaks(time, signal, dips=dips):
            assert time[0] <= p.first <= p.start <= p.apex <= p.end <= p.last <= time[-1]
            assert p.height > 0
    for p in find_peaks_and_dips(time, signal):
        assert time[0] <= p.first <= p.start < p.apex < p.end <= p.last <= time[-1]
