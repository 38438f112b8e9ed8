"""Recordings that SpikeInterface generates, as a second opinion on the simulation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from recordings import NEAR, Recording
from scipy.signal import butter, sosfiltfilt

RATE_HZ = 30000.0
SECONDS = 240.0
LEAST_SNR = 6.0


def generated(count: int, seed: int) -> Iterator[Recording]:
    """One electrode (first half) or four channels; two or three slow units whose SNR is at least 6."""
    for index in range(count):
        yield _one(seed * 1000 + index, 1 if index < (count + 1) // 2 else 4, 2 + index % 2, f"generated {index + 1}")


def _one(seed: int, channels: int, units: int, name: str) -> Recording:
    from spikeinterface.core import generate_ground_truth_recording

    for turn in range(100):
        recording, sorting = generate_ground_truth_recording(
            durations=[SECONDS],
            sampling_frequency=RATE_HZ,
            num_channels=channels,
            num_units=units,
            generate_sorting_kwargs={"firing_rates": (0.5, 4.0), "refractory_period_ms": 4.0},
            noise_kwargs={"noise_levels": 10.0, "strategy": "on_the_fly"},
            seed=seed + 7919 * turn,
        )
        trace = np.asarray(recording.get_traces(), dtype=np.float32)
        trains = [sorting.get_unit_spike_train(unit) / RATE_HZ for unit in sorting.unit_ids]
        band = sosfiltfilt(butter(3, (300, 5000), btype="bandpass", fs=RATE_HZ, output="sos"), trace, axis=0)
        noise = np.median(np.abs(band), axis=0) / 0.6745
        means = np.array([_mean(band, train) for train in trains])
        snr = np.max(np.abs(means) / noise, axis=(1, 2))
        apart = np.array([[np.linalg.norm((a - b) / noise) / np.sqrt(3) for b in means] for a in means])
        if (snr >= LEAST_SNR).all() and (apart + 99 * np.eye(units)).min() >= NEAR:
            return Recording(name, trace, RATE_HZ, trains, snr, apart)
    raise RuntimeError("no recording with large, distinct units in a hundred draws")


def _mean(band: np.ndarray, train: np.ndarray) -> np.ndarray:
    centre = np.round(train * RATE_HZ).astype(int)
    centre = centre[(centre > 60) & (centre < len(band) - 60)]
    return np.asarray(band[centre[:, None] + np.arange(-30, 45)].mean(axis=0))
