"""The peaks of a trace without a list of analytes."""

import numpy as np
import pytest

from coeruleus.chromatography.trace_peaks import find_peaks_and_dips, find_trace_peaks

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


def test_the_room_between_peaks_is_no_dip_and_a_dip_is_one() -> None:
    time = np.arange(0, 20, 1 / 120)
    signal = sum(peak(time, at, 20) for at in (5.0, 6.0, 7.5, 9.0)) - peak(time, 15, 10)
    signal += 0.1 * np.random.default_rng(5).normal(size=time.size)
    found = [p for p in find_peaks_and_dips(time, signal) if p.height > 1]
    assert sorted(p.apex for p in found) == pytest.approx([5, 6, 7.5, 9, 15], abs=0.02)
    turned = [p for p in find_peaks_and_dips(time, -signal) if p.height > 1]
    assert sorted(p.apex for p in turned) == pytest.approx([5, 6, 7.5, 9, 15], abs=0.02)
