"""A raw extracellular trace of known units: background of distant spikes, coloured noise, hum, artefacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, fftconvolve, lfilter

from coeruleus.simulation.waveforms import MEDIUM, NARROW, SpikeForm, Template, template


@dataclass(frozen=True)
class TraceUnit:
    """A unit in a trace: its spike times (s), its spike, and its gain on each channel.

    `drift_per_hour` is the fraction of amplitude gained (lost, if negative) in an hour.
    """

    times_s: np.ndarray
    form: SpikeForm
    gains: Sequence[float] = (1.0,)
    drift_per_hour: float = 0.0


@dataclass(frozen=True)
class Background:
    """What a trace holds besides its units. Amplitudes in µV.

    `white_uv` is the standard deviation of white noise below `lowpass_hz`. `slow_uv` is that of a field
    potential whose power falls as 1/f² above 4 Hz. `distant_uv` is the median amplitude of spikes of the
    `distant_units` that fire at `distant_hz`. `hum_uv` is the amplitude at `hum_hz`.
    """

    white_uv: float = 6.0
    lowpass_hz: float = 6000.0
    slow_uv: float = 12.0
    distant_uv: float = 13.0
    distant_units: int = 120
    distant_hz: float = 8.0
    hum_uv: float = 1.5
    hum_hz: float = 50.0


def spikes_signal(unit: TraceUnit, shape: Template, n: int, rate_hz: float) -> np.ndarray:
    """One unit's spikes (µV, gain 1) on `n` samples, each placed between samples where it falls."""
    signal = np.zeros(n)
    before = int(np.ceil(-shape.time_ms[0] * rate_hz / 1000))
    after = int(np.ceil(shape.time_ms[-1] * rate_hz / 1000))
    offsets = np.arange(-before, after + 1)
    centres = np.round(unit.times_s * rate_hz).astype(int)
    samples = centres[:, None] + offsets[None, :]
    time_ms = (samples / rate_hz - unit.times_s[:, None]) * 1000
    size = 1 + unit.drift_per_hour * unit.times_s[:, None] / 3600
    values = shape(time_ms) * size
    inside = (samples >= 0) & (samples < n)
    np.add.at(signal, samples[inside], values[inside])
    return signal


def background_signal(rng: np.random.Generator, n: int, rate_hz: float, background: Background) -> np.ndarray:
    """White noise, field potential, distant spikes and hum (µV), shape (n,)."""
    signal = background.white_uv * rng.standard_normal(n)
    for shape, polarity in ((NARROW, 1.0), (MEDIUM, 1.0), (MEDIUM, -1.0)):
        hits = np.zeros(n)
        count = int(rng.poisson(background.distant_units / 3 * background.distant_hz * n / rate_hz))
        # A neuron farther away is smaller and there are more of them: amplitudes are log-normal.
        sizes = background.distant_uv * np.exp(0.35 * rng.standard_normal(count))
        np.add.at(hits, rng.integers(0, n, count), polarity * sizes)
        form = template(shape)
        kernel = form(np.arange(-2 * rate_hz / 1000, 6 * rate_hz / 1000) * 1000 / rate_hz) / abs(shape.amplitude_uv)
        signal += fftconvolve(hits, kernel, mode="same")
    if background.lowpass_hz < rate_hz / 2:
        b, a = butter(2, background.lowpass_hz, fs=rate_hz)
        signal = lfilter(b, a, signal)
    if background.slow_uv > 0:
        keep = np.exp(-2 * np.pi * 4.0 / rate_hz)
        signal += lfilter([background.slow_uv * np.sqrt(1 - keep**2)], [1, -keep], rng.standard_normal(n))
    phase = rng.uniform(0, 2 * np.pi)
    return signal + background.hum_uv * np.sin(2 * np.pi * background.hum_hz * np.arange(n) / rate_hz + phase)


def artefact_signal(
    rng: np.random.Generator, n: int, rate_hz: float, onsets_s: Sequence[float], amplitude_uv: float = 400.0
) -> np.ndarray:
    """Movement at each onset (µV): a slow swing of 0.2 to 0.5 s with a burst of muscle activity on it."""
    signal = np.zeros(n)
    b, a = butter(2, [80, min(900, 0.45 * rate_hz)], btype="bandpass", fs=rate_hz)
    for onset in onsets_s:
        length = rng.uniform(0.2, 0.5)
        start, stop = round(onset * rate_hz), min(round((onset + length) * rate_hz), n)
        m = stop - start
        if m <= 0:
            continue
        x = np.arange(m) / m
        swing = np.sin(2 * np.pi * x * rng.uniform(0.7, 2.0)) * np.sin(np.pi * x) ** 2
        muscle = lfilter(b, a, rng.standard_normal(m)) * np.sin(np.pi * x) ** 2
        signal[start:stop] += amplitude_uv * rng.uniform(0.5, 1.3) * (swing + 0.3 * muscle / max(muscle.std(), 1e-9))
    return signal


def simulate_trace(
    rng: np.random.Generator,
    units: Sequence[TraceUnit],
    *,
    duration_s: float,
    rate_hz: float = 20000.0,
    n_channels: int = 1,
    highpass_hz: float = 1.0,
    background: Background | None = None,
    artefacts_s: Sequence[float] = (),
) -> np.ndarray:
    """The trace in µV, shape (n_samples, n_channels), after a one-pole high-pass at `highpass_hz`.

    What channels see in common is half of the background, as on a tetrode; artefacts are on all of them.
    """
    background = background or Background()
    n = round(duration_s * rate_hz)
    signal = np.zeros((n, n_channels))
    if n_channels == 1:
        signal[:, 0] = background_signal(rng, n, rate_hz, background)
    else:
        common = background_signal(rng, n, rate_hz, background)
        for channel in range(n_channels):
            own = background_signal(rng, n, rate_hz, background)
            signal[:, channel] = np.sqrt(0.5) * (common + own)
    for unit in units:
        alone = spikes_signal(unit, template(unit.form), n, rate_hz)
        signal += alone[:, None] * np.asarray(unit.gains, float)[None, :n_channels]
    signal += artefact_signal(rng, n, rate_hz, artefacts_s)[:, None]
    if highpass_hz > 0:
        b, a = butter(1, highpass_hz, btype="highpass", fs=rate_hz)
        signal = lfilter(b, a, signal, axis=0)
    return signal
