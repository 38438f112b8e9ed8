"""Sorting: simulated truth, what must never become a unit, and a real recording."""

import time
import wave

import numpy as np
import pytest

from coeruleus.spikes.filter import bandpass
from coeruleus.spikes.sort import sort_segments, sort_trace
from coeruleus.spikes.waveform import measure_waveform

from .raw_traces import RATE, accuracy, add, background, matched, slow_train, waveform


@pytest.mark.parametrize("amplitude", [80.0, 160.0, 600.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_one_slow_unit(amplitude, sign):
    rng = np.random.default_rng(int(amplitude) + sign)
    shape = waveform(notch=0.35)
    true = slow_train(rng, 1.5, 3, 60)
    noise = background(rng, 60)
    quiet = np.median(np.abs(bandpass(noise[:, None], RATE))) / 0.6745
    alone = bandpass(add(np.zeros(int(RATE)), [0.5], shape, amplitude)[:, None], RATE)
    found = sort_trace(add(noise, true, (shape[0], sign * shape[1]), amplitude), RATE)
    assert len(found.units) == 1 and found.reason is None
    assert found.units[0].snr == pytest.approx(np.abs(alone).max() / quiet, rel=0.1)
    assert accuracy(true, found.units[0].times_s[0]) >= (0.95 if amplitude > 80 else 0.9)  # 80 µV: SNR 5


def test_three_units_an_artefact_and_the_shapes():
    rng = np.random.default_rng(3)
    shapes = [waveform(0.9, 0.3, 0.35), waveform(0.45, 0.6), waveform(0.65, 0.3)]
    trains = [slow_train(rng, rate, 3, 120) for rate in (1.5, 3.0, 1.0)]
    trace = background(rng, 120)
    for train, (t, y), amplitude in zip(trains, shapes, (160.0, -120.0, 220.0), strict=True):
        add(trace, train, (t, y), amplitude)
    shaken = slice(int(90 * RATE), int(91.2 * RATE))
    n = shaken.stop - shaken.start
    trace[shaken] += (np.cumsum(rng.normal(0, 40, n)) + rng.normal(0, 300, n)) * np.hanning(n)
    found = sort_trace(trace, RATE)
    assert len(found.units) == 3
    for train, (t, y) in zip(trains, shapes, strict=True):
        train = train[(train < 89.5) | (train > 91.7)]
        unit = max(found.units, key=lambda unit: accuracy(train, unit.times_s[0]))
        assert accuracy(train, unit.times_s[0]) >= 0.9
        true, seen = measure_waveform(t, y), measure_waveform(unit.waveform_time_ms, unit.waveform_uv)
        assert seen.half_width_ms == pytest.approx(true.half_width_ms, rel=0.05)
        assert seen.spike_width_ms == pytest.approx(true.spike_width_ms, abs=0.2)
        assert seen.notch == pytest.approx(true.notch, abs=0.1)
        assert abs(seen.peak_time_ms) < 0.1
    [artefact] = found.artefacts
    assert artefact.kind == "movement artefact" and 89.5 < artefact.start_s < artefact.end_s < 91.7


def test_units_too_alike_are_one_and_said_so():
    rng = np.random.default_rng(7)
    shape = waveform()
    trace = background(rng, 150)
    for rate, amplitude in ((2.0, 100.0), (2.0, 130.0)):
        add(trace, slow_train(rng, rate, 3, 150), shape, amplitude)
    [unit] = sort_trace(trace, RATE).units
    assert "multi-unit" in (unit.reason or "")


def test_a_unit_that_shrinks_is_one_unit():
    """A fifth of its height lost in two minutes."""
    rng = np.random.default_rng(6)
    true = slow_train(rng, 3.0, 3, 120)
    trace = background(rng, 120)
    for spike in true:
        add(trace, [spike], waveform(), 150.0 * (1 - 0.2 * spike / 120))
    [unit] = sort_trace(trace, RATE).units
    assert accuracy(true, unit.times_s[0]) >= 0.97


def test_four_channels_tell_units_apart():
    rng = np.random.default_rng(2)
    gains = np.array([[1.0, 0.5, 0.3, 0.6], [0.3, 1.0, 0.7, 0.2]])
    trace = np.stack([background(rng, 60) for _ in range(4)], axis=1)
    trains = [slow_train(rng, 2.0, 3, 60), slow_train(rng, 1.0, 3, 60)]
    for train, gain in zip(trains, gains, strict=True):
        trace += add(np.zeros(len(trace)), train, waveform(), 110.0)[:, None] * gain
    found = sort_trace(trace, RATE)
    assert len(found.units) == 2
    for train, channel in zip(trains, (0, 1), strict=True):
        unit = max(found.units, key=lambda unit: accuracy(train, unit.times_s[0]))
        assert accuracy(train, unit.times_s[0]) >= 0.95 and unit.channel == channel


def hum(seconds, harmonics=1):
    t = np.arange(int(seconds * RATE)) / RATE
    return 300 * sum(np.sin(2 * np.pi * 50 * k * t) / k for k in range(1, harmonics + 1))


def spiky(rng, seconds=40):
    return add(background(rng, seconds), slow_train(rng, 2.0, 3, seconds), waveform(), 300.0)


NEVER_A_UNIT = {
    "white noise": (lambda rng: rng.normal(0, 10, int(60 * RATE)), "noise"),
    "coloured noise": (lambda rng: background(rng, 60), "no unit"),
    "hum": (lambda rng: hum(30), "no unit"),
    "hum in noise": (lambda rng: hum(30) + rng.normal(0, 5, int(30 * RATE)), "no unit"),
    "rounded hum": (lambda rng: np.round(hum(30)), "no unit"),
    "hum with harmonics": (lambda rng: hum(30, 40) + rng.normal(0, 5, int(30 * RATE)), "50 Hz"),
    "flat": (lambda rng: np.full(int(30 * RATE), 7.0), "flat"),
    "clipped hum": (lambda rng: np.clip(5 * hum(30) + rng.normal(0, 5, int(30 * RATE)), -500, 500), "clipped"),
    "clipped noise": (lambda rng: np.clip(spiky(rng), -12, 12), "clipped"),
    "clipped spikes": (lambda rng: np.clip(spiky(rng), -200, 200), "no unit"),
    "missing": (lambda rng: np.full(int(5 * RATE), np.nan), "missing samples"),
    "empty": (lambda rng: np.empty(0), "empty"),
    "ten samples": (lambda rng: np.arange(10.0), "lasts only"),
}


@pytest.mark.parametrize("name", sorted(NEVER_A_UNIT))
def test_never_a_unit(name):
    make, word = NEVER_A_UNIT[name]
    found = sort_trace(make(np.random.default_rng(5)), RATE)
    assert found.units == ()
    assert word in (found.reason or "")


def test_pieces_and_repetition_change_nothing():
    rng = np.random.default_rng(4)
    trace = add(background(rng, 45), slow_train(rng, 2.0, 3, 45), waveform(), 150.0)
    whole = sort_trace(trace, RATE)
    cuts = np.sort(rng.integers(0, len(trace), 30))
    pieces = sort_trace(iter(np.split(trace, cuts)), RATE)
    assert len(whole.units) == 1
    np.testing.assert_array_equal(whole.units[0].times_s[0], pieces.units[0].times_s[0])
    np.testing.assert_array_equal(whole.units[0].waveform_uv, pieces.units[0].waveform_uv)


def test_bad_input_is_refused_in_words():
    with pytest.raises(ValueError, match="sampled at 500 Hz"):
        sort_trace(np.random.default_rng(0).normal(size=5000), 500.0)
    with pytest.raises(ValueError, match="channels"):
        sort_trace(iter([np.zeros((10, 1)), np.zeros((10, 2))]), RATE)


def test_starling(shared):
    folder = shared / "realdata/ephys/starling_raw"
    lines = (folder / "st11_1_2_1_A8.txt").read_text().splitlines()
    true = [np.array([float(word) for word in line.split()]) + 2.0 for line in lines if line.strip()]
    traces = []
    for number in (1, 2, 3):
        with wave.open(str(folder / f"st11_1_2_A8_{number}.wav")) as file:
            traces.append(np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(float))
    found = sort_segments(traces, 20000.0)
    unit = found.units[0]
    counts = np.array([matched(t, f, 0.0015) for t, f in zip(true, unit.times_s, strict=True)]).sum(axis=0)
    assert counts[0] >= 49 and counts[1] <= 6


def test_speed():
    """A hundred seconds at 24 kHz; the limit leaves room for a slow and busy machine."""
    rng = np.random.default_rng(8)
    trace = add(background(rng, 100), slow_train(rng, 2.0, 3, 100), waveform(), 120.0)
    start = time.process_time()
    sort_trace(trace, RATE)
    assert time.process_time() - start < 6
