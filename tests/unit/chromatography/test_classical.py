"""Classical integration against areas known by calculation."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from coeruleus.chromatography import classical
from coeruleus.chromatography.bounds import integrate
from coeruleus.chromatography.classical import Drawn, Workbench, integrate_peak
from coeruleus.chromatography.noise import Noise
from coeruleus.chromatography.peaks_and_dips import find_peaks_and_dips
from coeruleus.chromatography.prepare import Cells
from coeruleus.chromatography.settings import Integration
from coeruleus.chromatography.shapes import emg

SIGMA = 0.1
RATES = [1.0, 2.0, 10.0, 50.0]


def white(step: float, sd: float) -> Noise:
    return Noise(step, (np.arange(64) + 0.5) / 128, np.full(64, sd**2 / 64))


def bench(signal_at: object, rate_hz: float = 10.0, sd: float = 1e-3, seed: int = 1, stop: float = 20.0) -> Workbench:
    """The trace with a little noise, of one density at any rate, on cells as a run has them."""
    step = 1 / (60 * rate_hz)
    time = np.arange(0, stop, step)
    signal = signal_at(time) + sd * np.sqrt(rate_hz) * np.random.default_rng(seed).normal(size=time.size)  # type: ignore[operator]
    cells = Cells(time, signal, np.zeros(time.size, bool)).averaged(max(1, int(SIGMA / 4 / step)))
    return Workbench(cells, white(cells.step, sd / np.sqrt(60 * cells.step)), 1.0)


def measured(work: Workbench, expected: float, mode: str, **more: object) -> Drawn:
    how = Integration(mode=mode, **more)  # type: ignore[arg-type]
    return integrate_peak(work, how, expected, 0.1, (expected - 0.3, expected + 0.3), 2.355 * SIGMA)


def gauss(time: np.ndarray, apex: float, height: float) -> np.ndarray:
    return height * np.exp(-0.5 * ((time - apex) / SIGMA) ** 2)


def full(height: float) -> float:
    return height * SIGMA * np.sqrt(2 * np.pi) * 60


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("slope", [0.0, 0.5, -0.5])
def test_two_equal_gaussians_by_perpendicular_drop(rate: float, slope: float) -> None:
    """Four sigma apart, the drop stands midway: what one loses to the other it gets back."""
    work = bench(lambda t: 10 + slope * t + gauss(t, 9.8, 5) + gauss(t, 10.2, 5), rate)
    for apex in (9.8, 10.2):
        found = measured(work, apex, "perpendicular_drop")
        assert found.found
        assert found.area == pytest.approx(full(5), rel=0.01)
        assert found.apex == pytest.approx(apex, abs=0.01)


@pytest.mark.parametrize("rate", RATES)
def test_unequal_gaussians_by_perpendicular_drop(rate: float) -> None:
    """The drop stands at the valley, where the derivatives cancel; each side holds known parts of both."""
    first, second, a, b = 9.8, 10.25, 10.0, 3.0
    valley = brentq(lambda t: (t - first) * gauss(np.array(t), first, a) + (t - second) * gauss(np.array(t), second, b),
                    9.95, 10.2)  # fmt: skip
    cut = [norm.cdf((valley - apex) / SIGMA) for apex in (first, second)]
    left = full(a) * cut[0] + full(b) * cut[1]
    work = bench(lambda t: gauss(t, first, a) + gauss(t, second, b), rate)
    assert measured(work, first, "perpendicular_drop").area == pytest.approx(left, rel=0.004)
    assert measured(work, second, "perpendicular_drop").area == pytest.approx(full(a) + full(b) - left, rel=0.01)


def test_valley_to_valley_loses_what_lies_below_the_line_to_the_valley() -> None:
    work = bench(lambda t: gauss(t, 9.8, 5) + gauss(t, 10.2, 5))
    valley = 2 * 5 * np.exp(-2)
    drop, line = (measured(work, 9.8, mode) for mode in ("perpendicular_drop", "valley_to_valley"))
    lost = 0.5 * valley * (line.end - line.start) * 60
    assert drop.area - line.area == pytest.approx(lost, rel=0.04)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("tau", [1.5, 5.0])
def test_a_rider_on_an_exponential_tail_is_skimmed_off(rate: float, tau: float) -> None:
    """The line that touches the true curve on both sides, found on a fine grid, says what a tangent skim is."""

    def curve(t: np.ndarray) -> np.ndarray:
        front = (1 - np.exp(-np.maximum(t - 4.6, 0) / 0.05)) * (t > 4.6)
        return 5 + 100 * np.exp(-(t - 5) / tau) * front + gauss(t, 8, 4)

    fine = np.arange(7.0, 9.0, 1e-3)
    value = curve(fine)
    best = (0.0, 0, 0)
    for left in range(0, 1000, 5):  # of all chords that never cross the curve, the one deepest under the apex
        slopes = (value[1005::5] - value[left]) / (fine[1005::5] - fine[left])
        right = 1005 + 5 * int(np.argmin(slopes))
        depth = float(value[1000] - np.interp(8.0, fine[[left, right]], value[[left, right]]))
        best = max(best, (depth, left, right))
    _, left, right = best
    line = np.interp(fine, fine[[left, right]], value[[left, right]])
    true = float(np.trapezoid((value - line)[left : right + 1], fine[left : right + 1])) * 60
    found = measured(bench(curve, rate), 8, "tangent_skim")
    assert found.area == pytest.approx(true, rel=0.02)
    assert true < full(4)
    assert true == pytest.approx(full(4), rel=0.07 if tau > 4 else 0.15)


def test_the_parent_keeps_what_lies_under_the_skim() -> None:
    """A large peak with a small narrow rider on its tail: skimmed and parent together are the whole."""
    narrow = 3 * 0.04 * np.sqrt(2 * np.pi) * 60
    work = bench(lambda t: 3 + 60 * emg(t, 9, 0.15, 0.5) + 3 * np.exp(-0.5 * ((t - 10.2) / 0.04) ** 2))
    rider = measured(work, 10.2, "tangent_skim")
    parent = integrate_peak(work, Integration("tangent_skim"), 9.15, 0.3, (8, 10), 0.6)
    peaks = [p for p in work.peaks(False) if p.height > 1]
    assert len(peaks) == 2
    whole = integrate(work.cells.time, work.cells.signal, peaks[0].first, peaks[-1].last, None, 1.0).area
    assert rider.area == pytest.approx(narrow, rel=0.3)
    assert rider.area < narrow
    assert rider.area + parent.area == pytest.approx(whole, rel=1e-3)
    assert whole == pytest.approx(60 * 60 + narrow, rel=0.15)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("mode", ["perpendicular_drop", "valley_to_valley", "tangent_skim"])
def test_a_dip_has_a_negative_area(rate: float, mode: str) -> None:
    work = bench(lambda t: 20 - 0.3 * t - gauss(t, 10, 5), rate)
    found = measured(work, 10, mode, negative=True)
    assert found.found
    assert found.area == pytest.approx(-full(5), rel=0.005)
    assert found.height == pytest.approx(-5, rel=0.01)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("baseline", ["straight", "automatic"])
def test_fixed_bounds(rate: float, baseline: str) -> None:
    work = bench(lambda t: 3 + 0.2 * t + gauss(t, 10, 5), rate, sd=0.005)
    found = measured(work, 10, "fixed_bounds", from_min=9.5, to_min=10.55, baseline=baseline)
    assert found.area == pytest.approx(full(5), rel=0.01)
    assert (found.start, found.end) == (9.5, 10.55)
    assert found.width_half == pytest.approx(2.355 * SIGMA, rel=0.02)
    assert found.tailing == pytest.approx(1, abs=0.04)


@pytest.mark.parametrize("rate", [2.0, 10.0])
def test_an_automatic_baseline_under_a_peak_on_a_bent_one(rate: float) -> None:
    work = bench(lambda t: 30 * np.exp(-t / 6) + gauss(t, 10, 5), rate, sd=0.005)
    found = measured(work, 10, "perpendicular_drop", baseline="automatic")
    assert found.area == pytest.approx(full(5), rel=0.015)


@pytest.mark.parametrize("depth", [0.0, 3.0, 30.0, 100.0])
@pytest.mark.parametrize("way", [1, -1])
def test_an_automatic_baseline_passes_an_injection_dip(depth: float, way: int) -> None:
    """However sharp it is; and in a trace turned over, where the peaks to be measured are dips."""
    heights = {5.0: 20.0, 6.0: 20.0, 7.5: 20.0, 9.0: 20.0, 12.0: 3.0}

    def trace(time: np.ndarray) -> np.ndarray:
        made = sum(gauss(time, apex, height) for apex, height in heights.items())
        return way * (made - depth * np.exp(-0.5 * ((time - 2) / 0.06) ** 2))

    work = bench(trace, 2.0, sd=0.02)
    for apex, height in heights.items():
        found = measured(work, apex, "perpendicular_drop", baseline="automatic", negative=way < 0)
        assert found.area == pytest.approx(way * full(height), rel=0.02)


def test_what_stands_out_is_looked_for_once_for_all_analytes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        classical, "find_peaks_and_dips", lambda *given: asked.append(given) or find_peaks_and_dips(*given)
    )
    work = bench(lambda t: gauss(t, 8, 5) + gauss(t, 12, 5))
    for width in (0.2, 0.3, 0.4):
        work.baseline(width)
    assert len(asked) == 1


@pytest.mark.parametrize("how", [
    Integration("fixed_bounds", from_min=9.6, to_min=10.4),
    Integration("fixed_bounds", baseline="automatic", from_min=9.6, to_min=10.4),
    Integration("perpendicular_drop"),
])  # fmt: skip
def test_the_error_is_what_the_noise_makes_of_the_area(how: Integration) -> None:
    """Noise of one sign for a while (a moving mean), which white-noise formulas would underrate."""
    step, n, count = 1 / 120, 2400, 60
    rng = np.random.default_rng(5)
    kernel = np.ones(8) / np.sqrt(8)
    lags = np.arange(256)
    frequency = (np.arange(128) + 0.5) / 256
    acf = 0.05**2 * np.clip(1 - lags / 8, 0, None)
    density = np.maximum(acf[0] + 2 * acf[1:] @ np.cos(2 * np.pi * np.outer(lags[1:], frequency)), 1e-9)
    noise = Noise(step, frequency, density / density.sum() * 0.05**2)
    time = np.arange(n) * step
    areas, errors = [], []
    for _ in range(count):
        wander = 0.05 * np.convolve(rng.normal(size=n + 7), kernel, "valid")
        cells = Cells(time, 3 + gauss(time, 10, 5) + wander, np.zeros(n, bool))
        found = integrate_peak(Workbench(cells, noise, 1.0), how, 10, 0.2, (9.6, 10.4), 2.355 * SIGMA)
        areas.append(found.area)
        errors.append(found.area_se)
    assert np.std(areas) == pytest.approx(np.mean(errors), rel=0.35)
    if how.mode == "fixed_bounds":
        assert abs(np.mean(areas) - full(5)) < 5 * np.mean(errors) / np.sqrt(count) + 0.01 * full(5)


def test_a_blank_holds_nothing() -> None:
    found = [
        measured(bench(lambda t: 5 + 50 * np.exp(-t / 2), sd=0.01, seed=seed), 10, mode).found
        for seed in range(40)
        for mode in ("perpendicular_drop", "tangent_skim")
    ]
    assert np.mean(found) <= 0.05


def test_bounds_outside_the_trace_are_refused() -> None:
    with pytest.raises(ValueError, match="not within"):
        measured(bench(lambda t: gauss(t, 10, 5)), 10, "fixed_bounds", from_min=18, to_min=30)
