"""Time of a whole sort against one band-pass of the same samples, and peak memory of half an hour and four hours.

Run by the benchmark as `python limits.py time` and `python limits.py memory HOURS`, each in a fresh process.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

RATE_HZ = 30000.0
SEED = 61
PIECE_S = 60.0


def pieces(seconds: float) -> Iterator[np.ndarray]:
    """A recording of any length, a minute at a time: new spikes of two units in a minute of background, repeated."""
    from coeruleus.simulation.trace import Background, TraceUnit, simulate_trace, spikes_signal
    from coeruleus.simulation.trains import flat_rate, spike_train
    from coeruleus.simulation.waveforms import LC_LIKE, MEDIUM, template

    rng = np.random.default_rng(SEED)
    background = Background(distant_uv=7.0, white_uv=9.0)
    minute = simulate_trace(rng, [], duration_s=PIECE_S, rate_hz=RATE_HZ, background=background, artefacts_s=[20.0])[
        :, 0
    ]
    for _ in range(round(seconds / PIECE_S)):
        trace = np.roll(minute, rng.integers(len(minute)))
        for form, hz in ((LC_LIKE, 2.0), (MEDIUM, 1.0)):
            unit = TraceUnit(spike_train(rng, flat_rate(PIECE_S, hz), 4.0), form)
            trace = trace + spikes_signal(unit, template(form), len(trace), RATE_HZ)
        yield trace.astype(np.float32)


def measure_time(seconds: float = 1800.0, turns: int = 3) -> dict[str, list[float]]:
    """CPU seconds of each of `turns`, taken by turns, of the sort and of SciPy's sosfiltfilt (3rd order, 300–6000 Hz).

    Both take longer where other processes use the caches: several turns show how far that goes.
    """
    from scipy.signal import butter, sosfiltfilt

    from coeruleus.spikes.sort import sort_trace

    trace = np.concatenate(list(pieces(seconds)))
    sos = butter(3, (300.0, 6000.0), btype="bandpass", fs=RATE_HZ, output="sos")
    sort_trace(trace[: round(60 * RATE_HZ)], RATE_HZ)  # imports and caches
    ours, scipy = [], []
    for _ in range(turns):
        begun = time.process_time()
        sosfiltfilt(sos, trace)
        between = time.process_time()
        sort_trace(trace, RATE_HZ)
        scipy.append(between - begun)
        ours.append(time.process_time() - between)
    return {"sort_s": ours, "filter_s": scipy}


def measure_memory(hours: float) -> dict[str, float]:
    """Peak resident memory (MB) of a process that sorts a stream of that length."""
    from coeruleus.spikes.sort import sort_trace

    result = sort_trace(pieces(3600.0 * hours), RATE_HZ)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"peak_mb": peak, "units": len(result.units)}


def alone(*arguments: str) -> dict[str, Any]:
    """One measurement in a fresh process."""
    done = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    print(json.dumps(measure_time() if sys.argv[1] == "time" else measure_memory(float(sys.argv[2]))))
