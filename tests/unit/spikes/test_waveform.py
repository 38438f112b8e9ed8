"""Measures of a mean spike against triangles, sines and real juxtacellular spikes."""

import numpy as np
import pandas as pd
import pytest

from coeruleus.spikes.waveform import measure_waveform

TRIANGLE_T = np.array([0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
TRIANGLE_Y = np.array([0, 0.0, 0.0, 0.0, 0.0, 100.0, 0.0, -40.0, 0.0, 0.0])


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("offset", [0.0, 7.0])
def test_triangle(sign, offset):
    """Half height 50 is crossed at 2.5 and 3.5 ms; the peaks are symmetric, so 3 ms and 5 ms."""
    found = measure_waveform(TRIANGLE_T, sign * TRIANGLE_Y + offset)
    assert found.half_width_ms == pytest.approx(1.0)
    assert found.spike_width_ms == pytest.approx(2.0)
    assert found.marks["half_start"].amplitude_uv == pytest.approx(sign * 50 + offset)


def test_peaks_between_samples():
    """Peak and trough of a sampled curve are found to a hundredth of the sampling step."""
    t = np.arange(0, 8, 0.05)
    y = np.exp(-(((t - 2.013) / 0.5) ** 2)) - 0.4 * np.exp(-(((t - 4.487) / 0.6) ** 2))
    found = measure_waveform(t, y)
    assert found.peak_time_ms == pytest.approx(2.013, abs=0.002)
    assert found.spike_width_ms == pytest.approx(4.487 - 2.013, abs=0.002)


def test_notch_strength():
    """None on a plain limb; 1 - valley / smaller slope on a limb built from known slopes; 1 for a separate peak."""
    t = np.arange(0, 6, 0.02)
    plain = np.exp(-(((t - 2) / 0.5) ** 2))
    assert measure_waveform(t, plain).notch == 0
    middle = np.where((t > 1.0) & (t < 2.5), 0.5 + 0.5 * np.cos(4 * np.pi * (t - 1.0) / 1.5 - np.pi), 0.0)
    rise = np.where((t > 1.0) & (t < 2.5), 0.2 + 0.8 * middle, 0.0)
    fall = np.where(t >= 2.5, np.exp(-(((t - 3) / 0.3) ** 2)), 0.0)
    slope = rise - fall * rise.sum() / fall.sum()
    built = measure_waveform(t, np.cumsum(slope) * 0.02)
    assert built.notch == pytest.approx(0.8, abs=0.03)
    assert built.marks["notch"].time_ms == pytest.approx(1.75, abs=0.03)
    double = plain + 0.6 * np.exp(-(((t - 1.0) / 0.25) ** 2))
    assert measure_waveform(t, double).notch == 1


def test_cut_off_waveforms_give_reasons():
    t = np.arange(0, 6, 0.02)
    y = np.exp(-(((t - 2) / 0.5) ** 2)) - 0.3 * np.exp(-(((t - 4) / 0.7) ** 2))
    early = measure_waveform(t[:150], y[:150])
    assert np.isnan(early.spike_width_ms) and "cut off" in early.reasons["spike_width_ms"]
    assert early.half_width_ms > 0
    late = measure_waveform(t[80:], y[80:])
    assert np.isnan(late.half_width_ms) and "inside the spike" in late.reasons["half_width_ms"]
    decay = measure_waveform(t[100:], y[100:])
    assert np.isnan([decay.half_width_ms, decay.spike_width_ms, decay.notch]).all()
    stub = measure_waveform(t[:105], y[:105])
    assert "cut off" in stub.reasons["half_width_ms"]
    assert "flat" in (measure_waveform(t, np.zeros_like(t)).reason or "")
    assert "too few" in (measure_waveform(t[:3], y[:3]).reason or "")
    monophasic = measure_waveform(t, np.exp(-(((t - 2) / 0.4) ** 2)))
    assert np.isnan(monophasic.spike_width_ms) and monophasic.half_width_ms > 0


def test_a_steep_filter_leaves_no_measure():
    found = measure_waveform(TRIANGLE_T, TRIANGLE_Y, highpass_hz=600)
    assert np.isnan([found.spike_width_ms, found.half_width_ms, found.notch]).all()
    assert "600 Hz" in (found.reason or "")
    assert measure_waveform(TRIANGLE_T, TRIANGLE_Y, highpass_hz=300).half_width_ms == pytest.approx(1.0)


def test_half_width_of_real_spikes_by_hand(shared):
    """Half of the largest sample, straight lines between samples, zero as baseline: within 0.3 %."""
    files = sorted((shared / "experiments/lc_footshock/ephys").glob("*_waveform.tsv"))
    assert len(files) == 26
    for path in files:
        frame = pd.read_csv(path, sep="\t")
        t, y = frame["time_ms"].to_numpy(), frame["amplitude_uv"].to_numpy()
        peak = int(np.argmax(y))
        left = int(np.flatnonzero(y[:peak] < y[peak] / 2)[-1])
        right = peak + int(np.flatnonzero(y[peak:] < y[peak] / 2)[0])
        start = np.interp(y[peak] / 2, y[left : left + 2], t[left : left + 2])
        end = np.interp(-y[peak] / 2, -y[right - 1 : right + 1], t[right - 1 : right + 1])
        assert measure_waveform(t, y).half_width_ms == pytest.approx(end - start, rel=0.003), path.name


@pytest.mark.parametrize("factor", [1e-6, 1e-3, 1e3, 1e20, 1e300])
def test_times_that_are_no_milliseconds_are_said(factor):
    time = np.arange(-1, 3, 0.05)
    found = measure_waveform(factor * time, -80 * np.exp(-(time**2) / 0.1))
    assert np.isnan([found.spike_width_ms, found.half_width_ms, found.notch]).all()
    assert "check that its times are milliseconds" in found.reason
