"""Extracellular spikes as functions of time, and what a high-pass filter makes of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.signal import butter, lfilter

START_MS, END_MS, GRID_MS = -4.0, 14.0, 0.002


@dataclass(frozen=True)
class SpikeForm:
    """A spike before any filter. Times in ms, parts as fractions of the main peak.

    Main peak: two half-Gaussians (`rise_ms`, `fall_ms`). `notch` is the bump of the initial segment on the
    rising limb, `notch_lead_ms` before the peak. `shoulder` lies on the falling limb. `after` is the slow wave
    of the other sign, greatest `after_ms` behind the peak. `amplitude_uv` is the main peak with its sign.
    """

    amplitude_uv: float = 150.0
    rise_ms: float = 0.27
    fall_ms: float = 0.38
    notch: float = 0.0
    notch_lead_ms: float = 0.62
    notch_ms: float = 0.15
    shoulder: float = 0.0
    shoulder_ms: float = 1.15
    after: float = 0.3
    after_ms: float = 2.4


LC_LIKE = SpikeForm(notch=0.3, shoulder=0.07, after=0.32)
BROAD = SpikeForm(amplitude_uv=120.0, rise_ms=0.26, fall_ms=0.42, after=0.22, after_ms=2.6)
MEDIUM = SpikeForm(amplitude_uv=-110.0, rise_ms=0.13, fall_ms=0.19, after=0.3, after_ms=0.85)
NARROW = SpikeForm(amplitude_uv=-100.0, rise_ms=0.07, fall_ms=0.10, after=0.35, after_ms=0.42)


@dataclass(frozen=True)
class Template:
    """A filtered spike on a fine grid with its main peak at 0, and its true measures."""

    time_ms: np.ndarray
    amplitude_uv: np.ndarray
    half_width_ms: float
    spike_width_ms: float

    def __call__(self, time_ms: np.ndarray) -> np.ndarray:
        """Amplitude (µV) at any times; 0 outside the grid."""
        return np.interp(time_ms, self.time_ms, self.amplitude_uv, left=0.0, right=0.0)


def _unfiltered(time_ms: np.ndarray, form: SpikeForm) -> np.ndarray:
    def bump(centre: float, width: float) -> np.ndarray:
        return np.exp(-0.5 * ((time_ms - centre) / width) ** 2)

    main = np.where(time_ms < 0, bump(0.0, form.rise_ms), bump(0.0, form.fall_ms))
    late = np.maximum(time_ms, 0) / form.after_ms
    after = (late * np.exp(1 - late)) ** 2.5
    shape = main + form.notch * bump(-form.notch_lead_ms, form.notch_ms)
    return shape + form.shoulder * bump(form.shoulder_ms, 0.25) - form.after * after


@lru_cache(maxsize=256)
def template(form: SpikeForm, highpass_hz: float = 0.0) -> Template:
    """The spike after a one-pole high-pass filter (0: none), scaled so that its main peak is as stated."""
    time = np.arange(round((END_MS - START_MS) / GRID_MS) + 1) * GRID_MS + START_MS
    shape = _unfiltered(time, form)
    if highpass_hz > 0:
        b, a = butter(1, highpass_hz, btype="highpass", fs=1000 / GRID_MS)
        shape = lfilter(b, a, shape)
    top = int(np.argmax(shape))
    half_width, spike_width = _measure(time, shape, top)
    return Template(time - time[top], shape / shape[top] * form.amplitude_uv, half_width, spike_width)


def _measure(time: np.ndarray, shape: np.ndarray, top: int) -> tuple[float, float]:
    """Full width at half maximum, and main peak to the lowest point that follows (ms)."""
    half = shape[top] / 2
    left = int(np.flatnonzero(shape[:top] < half)[-1])
    right = top + int(np.flatnonzero(shape[top:] < half)[0])
    start = np.interp(half, shape[left : left + 2], time[left : left + 2])
    end = np.interp(-half, -shape[right - 1 : right + 1], time[right - 1 : right + 1])
    return float(end - start), float(time[top + int(np.argmin(shape[top:]))] - time[top])


def varied(rng: np.random.Generator, form: SpikeForm, spread: float = 0.08) -> SpikeForm:
    """Another neuron of the same kind: each width and part changed by a factor of log-normal `spread`."""

    def other(value: float) -> float:
        return round(value * float(np.exp(spread * rng.standard_normal())), 4)

    return replace(
        form,
        amplitude_uv=other(form.amplitude_uv),
        rise_ms=other(form.rise_ms),
        fall_ms=other(form.fall_ms),
        notch=other(form.notch),
        after=other(form.after),
        after_ms=other(form.after_ms),
    )


def mean_waveform(
    rng: np.random.Generator, shape: Template, n_spikes: int, noise_uv: float = 12.0, rate_hz: float = 25000.0
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of `n_spikes` spikes as a sorting program exports it: times (ms, from 0; peak at 2 ms) and µV.

    What noise is left has the standard deviation `noise_uv` ÷ √n, smooth over a few samples.
    """
    time = np.arange(round(8.0 * rate_hz / 1000)) * 1000 / rate_hz
    white = rng.standard_normal(len(time) + 8)
    coloured = np.convolve(white, np.full(9, 1 / 3), mode="valid")
    return time, shape(time - 2.0) + noise_uv / np.sqrt(max(n_spikes, 1)) * coloured
