"""Measures of a mean spike: width, half-width, the notch on the rising limb; each with a reason where it fails.

Either polarity: the main peak is the largest deviation from the baseline before the spike, and everything is
measured on the waveform turned so that this peak points up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

Array = NDArray[np.floating]

HIGHPASS_LIMIT_HZ = 300.0  # above it the filter, not the neuron, makes the undershoot and the limb's slope
LEAST_SAMPLES = 8
SPANS_MS = (0.1, 200.0)  # of a waveform; outside, its times are of another unit
STEPS_MS = (1e-4, 0.01)  # in which the slope of the limb is looked at
BASELINE_PART = 0.1  # the first tenth of the time before the peak
OPPOSITE_LEAST = 0.03  # of the main peak: less is not a peak
LIMB_START = 0.05  # of the main peak: the rising limb begins here
SMOOTHING_MS = 0.04


@dataclass(frozen=True)
class Mark:
    """A point that a measure rests on: time in ms on the waveform's own clock, amplitude in µV as recorded."""

    time_ms: float
    amplitude_uv: float


@dataclass(frozen=True)
class WaveformMeasures:
    """NaN where a measure cannot be had; `reasons` says why, by measure."""

    peak_time_ms: float = float("nan")
    spike_width_ms: float = float("nan")
    half_width_ms: float = float("nan")
    notch: float = float("nan")
    marks: dict[str, Mark] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    asymmetry: float = float("nan")

    @property
    def reason(self) -> str | None:
        """The reasons in one line, equal ones said once."""
        grouped: dict[str, list[str]] = {}
        for name, why in self.reasons.items():
            grouped.setdefault(why, []).append(name)
        return "; ".join(f"{', '.join(names)}: {why}" for why, names in grouped.items()) or None


def measure_waveform(time_ms: Array, amplitude_uv: Array, highpass_hz: float | None = None) -> WaveformMeasures:
    """Measures of one mean spike (`time_ms` rising, both of shape (n,)).

    The baseline is the mean of the first tenth of the time before the peak. The half-width is the full width
    at half of the largest sample above it, by linear interpolation at the crossings: what a ruler gives. The
    spike width is main peak to the extreme of the other sign that follows, both placed between samples by a
    parabola, and `asymmetry` compares it with the one before. Above a high-pass of `HIGHPASS_LIMIT_HZ` only the
    peak is given.
    """
    good = np.isfinite(time_ms) & np.isfinite(amplitude_uv)
    order = np.argsort(time_ms[good], kind="stable")
    t, raw = np.asarray(time_ms[good][order], float), np.asarray(amplitude_uv[good][order], float)
    everything = ("spike_width_ms", "half_width_ms", "notch", "asymmetry")
    if len(t) < LEAST_SAMPLES or np.any(np.diff(t) <= 0):
        return WaveformMeasures(reasons=dict.fromkeys(everything, "the waveform has too few samples or times repeat"))
    if not SPANS_MS[0] <= t[-1] - t[0] <= SPANS_MS[1]:
        why = f"the waveform lasts {t[-1] - t[0]:.3g} ms, which no spike does: check that its times are milliseconds"
        return WaveformMeasures(reasons=dict.fromkeys(everything, why))
    if np.ptp(raw) == 0:
        return WaveformMeasures(reasons=dict.fromkeys(everything, "the waveform is flat"))
    peak, level = _main_peak(raw)
    sign = 1.0 if raw[peak] >= level else -1.0
    y = sign * (raw - level)
    peak_t, peak_y = _vertex(t, y, peak)
    marks = {"peak": Mark(peak_t, sign * peak_y + level)}
    if highpass_hz is not None and highpass_hz > HIGHPASS_LIMIT_HZ:
        why = f"the recording's high-pass filter at {highpass_hz:g} Hz has destroyed it"
        return WaveformMeasures(peak_t, marks=marks, reasons=dict.fromkeys(everything, why))

    reasons: dict[str, str] = {}
    width = half = notch = float("nan")
    cut = _starts_late(y, peak)
    opposite = _opposite(y, peak)
    asymmetry = float("nan")
    if isinstance(opposite, str):
        reasons["spike_width_ms"] = reasons["asymmetry"] = opposite
    else:
        asymmetry = _asymmetry(y, peak, opposite)
        low_t, low_y = _vertex(t, y, opposite)
        width = low_t - peak_t
        marks["opposite_peak"] = Mark(low_t, sign * low_y + level)
    if cut:
        reasons["half_width_ms"] = reasons["notch"] = cut
        return WaveformMeasures(peak_t, width, half, notch, marks, reasons, asymmetry)
    left, right = _crossing(t, y, peak, y[peak] / 2, -1), _crossing(t, y, peak, y[peak] / 2, 1)
    if left is None or right is None:  # what looks like the main peak may then be a flank
        reasons["half_width_ms"] = reasons["notch"] = "the waveform is cut off before it falls to half of its peak"
        return WaveformMeasures(peak_t, width, half, notch, marks, reasons, asymmetry)
    half = right - left
    marks["half_start"] = Mark(left, sign * float(y[peak]) / 2 + level)
    marks["half_end"] = Mark(right, sign * float(y[peak]) / 2 + level)
    found = _notch(t, y, peak)
    if found is None:
        reasons["notch"] = "the rising limb has too few samples"
    else:
        notch, where = found
        if notch > 0:
            marks["notch"] = Mark(where, sign * float(np.interp(where, t, y)) + level)
    return WaveformMeasures(peak_t, width, half, notch, marks, reasons, asymmetry)


def _main_peak(raw: Array) -> tuple[int, float]:
    """Index of the largest deviation from the baseline before it, and that baseline."""
    level = float(np.median(raw[: max(3, len(raw) // 20)]))
    for _ in range(2):
        peak = int(np.argmax(np.abs(raw - level)))
        level = float(np.mean(raw[: _baseline_samples(peak)]))
    return int(np.argmax(np.abs(raw - level))), level


def _baseline_samples(peak: int) -> int:
    return max(3, int(BASELINE_PART * peak))


def _starts_late(y: Array, peak: int) -> str | None:
    """Whether the waveform begins inside the spike, so that there is no baseline before it."""
    first = y[: _baseline_samples(peak)]
    if peak < 4 or np.ptp(first) > 0.2 * y[peak]:
        return "the waveform begins inside the spike: there is no baseline before it"
    return None


def _vertex(t: Array, y: Array, index: int) -> tuple[float, float]:
    """Vertex of the parabola through an extreme sample and its neighbours."""
    if index == 0 or index == len(y) - 1:
        return float(t[index]), float(y[index])
    a, b = t[index] - t[index - 1], t[index + 1] - t[index]
    before, after = (y[index] - y[index - 1]) / a, (y[index + 1] - y[index]) / b
    bend = (after - before) / (a + b)
    if bend == 0:
        return float(t[index]), float(y[index])
    slope = (before * b + after * a) / (a + b)
    shift = float(np.clip(-slope / (2 * bend), -a, b))
    return float(t[index] + shift), float(y[index] + slope * shift + bend * shift**2)


def _opposite(y: Array, peak: int) -> int | str:
    """Index of the opposite peak after the main one, or why there is none."""
    after = y[peak + 1 :]
    if not len(after):
        return "the waveform ends at its main peak"
    index = peak + 1 + int(np.argmin(after))
    noise = 3 * float(np.std(y[: _baseline_samples(peak)]))
    if index == len(y) - 1:
        return "the waveform is cut off before its opposite peak"
    if y[index] > -max(OPPOSITE_LEAST * y[peak], noise):
        return "no opposite peak follows the main peak within the waveform"
    return index


def _asymmetry(y: Array, peak: int, opposite: int) -> float:
    """(after − before) ÷ (after + before) of the extremes of the other sign on either side (Barthó et al. 2004)."""
    before, after = max(0.0, -float(np.min(y[:peak]))), -float(y[opposite])
    return (after - before) / (after + before)


def _crossing(t: Array, y: Array, peak: int, level: float, step: int) -> float | None:
    """Time at which the spike crosses `level` nearest to the peak, walking by `step`."""
    index = peak
    while 0 <= index + step < len(y):
        if y[index + step] < level:
            part = (y[index] - level) / (y[index] - y[index + step])
            return float(t[index] + part * (t[index + step] - t[index]))
        index += step
    return None


def _notch(t: Array, y: Array, peak: int) -> tuple[float, float] | None:
    """Strength and time of an inflection on the rising limb.

    The slope of a plain limb rises once and falls once. Where it has two maxima with a valley between, the
    strength is 1 − valley ÷ smaller maximum: 0 without a valley, 1 where the limb halts or turns back. The
    slope is taken after smoothing with a Gaussian of 0.04 ms; a valley no deeper than three times the noise of
    the slope before the spike is none.
    """
    start = peak
    while start > 0 and y[start - 1] > LIMB_START * y[peak]:
        start -= 1
    if peak - start < 4:
        return None
    step = float(np.clip(np.median(np.diff(t)), *STEPS_MS))
    fine_t = np.arange(t[0], t[peak] + 2 * float(np.median(np.diff(t))), step)
    fine_t = fine_t[fine_t <= t[-1]]
    slope = np.gradient(gaussian_filter1d(CubicSpline(t, y)(fine_t), SMOOTHING_MS / step, mode="nearest"), step)
    quiet = slope[: max(2, int(np.searchsorted(fine_t, t[_baseline_samples(peak) - 1])))]
    limb = slice(int(np.searchsorted(fine_t, t[start])), int(np.searchsorted(fine_t, t[peak])) + 1)
    rising, times = slope[limb], fine_t[limb]
    valleys = np.flatnonzero((rising[1:-1] < rising[:-2]) & (rising[1:-1] <= rising[2:])) + 1
    best, where = 0.0, float("nan")
    for valley in valleys:
        smaller = min(float(rising[:valley].max()), float(rising[valley:].max()))
        if smaller < 0.1 * rising.max() or smaller - rising[valley] < 3 * float(np.std(quiet)):
            continue
        strength = float(np.clip(1 - rising[valley] / smaller, 0, 1))
        if strength > best:
            best, where = strength, float(times[valley])
    return best, where
