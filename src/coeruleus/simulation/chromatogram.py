"""One electrochemical chromatogram: peaks on the falling solvent front, a slow baseline, detector noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from coeruleus.simulation.noise import Noise, simulate_noise
from coeruleus.simulation.peaks import Shape, emg, peak


@dataclass(frozen=True)
class Peak:
    """A peak of known area (nA s) with its highest point at `apex_min`; widths in minutes."""

    name: str
    area: float
    apex_min: float
    sigma_min: float
    tau_min: float
    shape: Shape = "emg"


@dataclass(frozen=True)
class Baseline:
    """What a trace stands on. Times in minutes, heights in nA.

    The solvent front is a large peak at `front_min` with a slow tail of `tail_na` (its height 1 min after the
    front) that falls with `tail_min`. `slope_na` is the drift over the trace, `wave_na` a temperature cycle,
    `hump_na` an unresolved hump of late compounds.
    """

    level_na: float = 1.5
    slope_na: float = -0.05
    wave_na: float = 0.006
    wave_min: float = 9.0
    hump_na: float = 0.0
    front_min: float = 1.5
    front_na: float = 120.0
    tail_na: float = 2.5
    tail_min: float = 1.0


@dataclass(frozen=True)
class Chromatogram:
    """`time_min` and `signal` (nA), both (n,); `clean` is the signal without noise; `peaks` are the truth."""

    time_min: np.ndarray
    signal: np.ndarray
    clean: np.ndarray
    peaks: tuple[Peak, ...] = field(default=())


def sample_times(duration_min: float, rate_hz: float) -> np.ndarray:
    """Times (min) of samples at `rate_hz`, from 0 up to and without the end."""
    return np.arange(round(duration_min * 60 * rate_hz)) / (60 * rate_hz)


def baseline_signal(time_min: np.ndarray, baseline: Baseline, phase: float = 0.0) -> np.ndarray:
    """The trace without peaks and noise (nA). `phase` (radians) places the temperature cycle."""
    fraction = time_min / max(time_min[-1], 1e-9)
    slow = baseline.level_na + baseline.slope_na * fraction
    slow = slow + baseline.wave_na * np.sin(2 * np.pi * time_min / baseline.wave_min + phase)
    slow = slow + baseline.hump_na * np.exp(-0.5 * ((time_min - 13.5) / 2.5) ** 2)
    front = emg(time_min, baseline.front_min, 0.06, 0.12)
    front = baseline.front_na * front / front.max()
    # A dip before the front, where the solvent's own current is missing, and a shoulder behind it.
    dip = -0.01 * baseline.front_na * np.exp(-0.5 * ((time_min - baseline.front_min + 0.28) / 0.05) ** 2)
    shoulder = 0.06 * baseline.front_na * emg(time_min, baseline.front_min + 0.45, 0.09, 0.1) * 0.35
    since = time_min - baseline.front_min
    rise = 1 / (1 + np.exp(-np.clip(since / 0.05, -60, 60)))
    tail = baseline.tail_na * np.exp(np.minimum(-(since - 1.0) / baseline.tail_min, 4.0)) * rise
    return slow + front + dip + shoulder + tail


def peak_signal(time_min: np.ndarray, peaks: Sequence[Peak]) -> np.ndarray:
    """Sum of the peaks (nA): areas are nA s, times are minutes."""
    total = np.zeros(len(time_min))
    for item in peaks:
        unit_area = peak(time_min, item.apex_min, item.sigma_min, item.tau_min, item.shape)
        total += item.area / 60 * unit_area
    return total


def simulate_chromatogram(
    rng: np.random.Generator,
    peaks: Sequence[Peak],
    *,
    duration_min: float = 22.0,
    rate_hz: float = 2.0,
    noise: Noise | None = None,
    baseline: Baseline | None = None,
    glitch_min: float | None = None,
) -> Chromatogram:
    """One injection. `glitch_min` places an electrical spike of three samples there."""
    noise, baseline = noise or Noise(), baseline or Baseline()
    time = sample_times(duration_min, rate_hz)
    clean = baseline_signal(time, baseline, rng.uniform(0, 2 * np.pi)) + peak_signal(time, peaks)
    signal = clean + simulate_noise(rng, len(time), rate_hz, noise)
    if glitch_min is not None:
        start = int(np.searchsorted(time, glitch_min))
        signal[start : start + 3] += np.array([1.6, 0.9, 0.3])[: len(signal) - start]
    return Chromatogram(time, signal, clean, tuple(peaks))
