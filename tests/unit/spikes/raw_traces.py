"""Raw traces with known spikes, for the tests of sorting: coloured noise, LC-like waveforms, slow renewal trains."""

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfilt

RATE = 24000.0


def waveform(width=1.0, after=0.4, notch=0.0):
    """Time (ms) and a spike with its main peak of 1 near 0 ms."""
    t = np.arange(-3.0, 8.0, 1000 / RATE)
    y = np.exp(-0.5 * (t / (0.3 * width)) ** 2) - after * np.exp(-0.5 * ((t - 2 * width) / (0.9 * width)) ** 2)
    y = y + notch * np.exp(-0.5 * ((t + 0.6) / 0.18) ** 2)
    return t, y / np.abs(y).max()


def slow_train(rng, rate, shape, duration, refractory=0.01):
    """Gamma renewal train with a refractory period."""
    intervals = refractory + rng.gamma(shape, (1 / rate - refractory) / shape, int(2 * duration * rate) + 50)
    times = np.cumsum(intervals)
    return times[times < duration - 0.02]


def background(rng, duration, noise=10.0):
    """Noise with more power at low frequencies, as recordings have."""
    n = int(duration * RATE)
    fast = sosfilt(butter(1, 4000, fs=RATE, output="sos"), rng.normal(0, 1, n))
    slow = sosfilt(butter(1, 150, fs=RATE, output="sos"), rng.normal(0, 1, n))
    return noise * (fast / fast.std() + slow / slow.std())


def add(trace, times, shape, amplitude):
    """Spikes of one unit added in place, placed between samples."""
    t, y = shape
    curve = CubicSpline(t, y)
    for time in times:
        sample = np.arange(int(np.ceil((time + t[0] / 1000) * RATE)), int((time + t[-1] / 1000) * RATE))
        sample = sample[(sample >= 0) & (sample < len(trace))]
        trace[sample] += amplitude * curve((sample / RATE - time) * 1000)
    return trace


def matched(true, found, tolerance=0.001):
    """(TP, FP, FN) of two sorted trains."""
    i = j = hits = 0
    while i < len(true) and j < len(found):
        late = found[j] - true[i]
        if abs(late) <= tolerance:
            hits, i, j = hits + 1, i + 1, j + 1
        elif late > 0:
            i += 1
        else:
            j += 1
    return hits, len(found) - hits, len(true) - hits


def accuracy(true, found):
    return matched(true, found)[0] / sum(matched(true, found))
