"""Chromatograms hold the areas that their truth states; a run drifts as it says."""

from dataclasses import replace

import numpy as np
import pytest

from coeruleus.simulation.chromatogram import Baseline, Peak, baseline_signal, sample_times, simulate_chromatogram
from coeruleus.simulation.noise import Noise
from coeruleus.simulation.run import Column, Vial, sensitivity, simulate_run

SILENT = Noise(0.0, 0.0, 0.0)
STEADY = Column(
    retention_drift=0.0, retention_jitter=0.0, sensitivity_loss=0.0, volume_jitter=0.0, area_jitter=0.0, noise=SILENT
)


@pytest.mark.parametrize("rate_hz", [2.0, 10.0])
@pytest.mark.parametrize("shape", ["emg", "two_tails"])
def test_signal_without_baseline_integrates_to_the_true_area(rate_hz, shape):
    peaks = [Peak("NE", 1.4, 5.28, 0.082, 0.07, shape), Peak("DA", 3.0, 11.6, 0.18, 0.14, shape)]
    flat = Baseline(wave_na=0.0)
    trace = simulate_chromatogram(np.random.default_rng(1), peaks, rate_hz=rate_hz, noise=SILENT, baseline=flat)
    above = trace.signal - baseline_signal(trace.time_min, flat)
    for item, low, high in zip(peaks, (4.5, 10.0), (8.5, 18.0), strict=True):
        inside = (trace.time_min > low) & (trace.time_min < high)
        assert above[inside].sum() / rate_hz == pytest.approx(item.area, rel=2e-3)
    assert len(trace.time_min) == 22 * 60 * rate_hz
    assert np.diff(trace.time_min) == pytest.approx(1 / (60 * rate_hz))


def test_ne_lies_on_the_falling_tail_of_the_solvent_front():
    time = sample_times(22, 2)
    falling = np.diff(baseline_signal(time, Baseline(wave_na=0)))
    assert np.all(falling[(time[1:] > 2.5) & (time[1:] < 6.5)] < 0)
    assert baseline_signal(time, Baseline()).max() > 50


def test_area_follows_concentration_response_and_sensitivity():
    column = replace(STEADY, sensitivity_loss=0.2)
    vials = [Vial({"NE": 2.0})] * 11
    areas = [{peak.name: peak for peak in trace.peaks}["NE"].area for trace in simulate_run(rng(), vials, column)]
    assert areas[0] == pytest.approx(2.0 * 1.40)
    assert areas[-1] == pytest.approx(0.8 * areas[0])
    assert sensitivity(5, 11, 0.2) == pytest.approx(np.sqrt(0.8))


def test_retention_drifts_by_what_is_stated_and_jitters():
    vials = [Vial({"NE": 2.0})] * 200
    drifting = [trace.peaks[1].apex_min for trace in simulate_run(rng(), vials, replace(STEADY, retention_drift=-0.03))]
    assert drifting[0] == pytest.approx(5.28)
    assert drifting[-1] == pytest.approx(5.28 * 0.97)
    assert np.all(np.diff(drifting) < 0)
    jittery = [trace.peaks[1].apex_min for trace in simulate_run(rng(), vials, replace(STEADY, retention_jitter=0.003))]
    assert np.std(jittery) / 5.28 == pytest.approx(0.003, rel=0.2)


def test_what_the_vial_lacks_has_no_area_and_unknowns_are_named_so():
    vial = Vial({"NE": 1.0}, unknowns=((5.7, 0.8),), glitch_min=11.0)
    (trace,) = simulate_run(rng(), [vial], STEADY)
    areas = {peak.name: peak.area for peak in trace.peaks}
    assert areas["EPI"] == 0
    assert areas["unknown"] == pytest.approx(0.8)
    jump = trace.signal - trace.clean
    assert np.flatnonzero(np.abs(jump) > 0.1) == pytest.approx([1320, 1321, 1322])


def test_the_same_seed_gives_the_same_traces():
    first, second = (list(simulate_run(rng(), [Vial({"NE": 1.0})] * 3, Column())) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.signal, other.signal)


def rng() -> np.random.Generator:
    return np.random.default_rng(7)
