"""The parts of the benchmark that need no study: golden values, traps, and the starling's recording."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

Line = tuple[str, str, str, bool | None]

RATE_HZ = 24000.0
GOLDEN = np.array([1.0, 1.1, 1.13, 1.25, 1.42, 1.44, 4.0])


def trains() -> Iterator[Line]:
    """80/160 ms bursts, CV2, LV and LvR of the golden train against arithmetic by hand."""
    from coeruleus.spikes import trains as measures

    found = [(burst.start_s, burst.end_s, burst.n_spikes) for burst in measures.bursts(GOLDEN)]
    wanted = [(1.1, 1.25, 3), (1.42, 1.44, 2)]
    yield ("80/160 ms bursts", str(found), str(wanted), np.allclose(found, wanted))
    first, second = np.diff(GOLDEN)[:-1], np.diff(GOLDEN)[1:]
    apart, both = first - second, first + second
    by_hand = {
        "cv2": float(np.mean(2 * np.abs(apart) / both)),
        "lv": float(np.mean(3 * (apart / both) ** 2)),
        "lvr": float(np.mean(3 * (1 - 4 * first * second / both**2) * (1 + 4 * 0.005 / both))),
    }
    for name, value in by_hand.items():
        ours = float(getattr(measures, name)([GOLDEN]))
        yield (name, f"{ours:.6f}", f"{value:.6f}", bool(np.isclose(ours, value, rtol=1e-9)))


def bursts(seed: int) -> Iterator[Line]:
    """Bursts against a gamma neuron: how many of their spikes are found, and how many in trains that do not burst."""
    from coeruleus.simulation.trains import labelled_bursts
    from coeruleus.spikes.gamma_bursts import gamma_bursts

    cases = [(rate, shape) for rate in (0.5, 1.0, 2.0) for shape in (1.5, 3.0, 6.0)]
    for probability in (0.05, 0.3, 0.0):
        hits, false, text = [], [], []
        for rate, shape in cases:
            marked, within = [], []
            for turn in range(4):
                rng = np.random.default_rng([seed, turn, round(10 * rate), round(10 * shape)])
                train, inside = labelled_bursts(rng, rate, shape, probability)
                found = gamma_bursts([train])
                spans = found.bursts[0] if found else []
                marked.append(
                    np.any([(train >= one.start_s) & (train <= one.end_s) for one in spans], axis=0) & (train > 0)
                )
                within.append(inside)
            here, truth = np.concatenate(marked), np.concatenate(within)
            hits.append(float(here[truth].mean()) if truth.any() else 1.0)
            false.append(float(here[~truth].mean()))
            text.append(f"{hits[-1]:.2f}")
        if probability:
            value = float(np.median(hits))
            name = f"spikes of gamma bursts found, {probability:.0%} of events (0.5, 1, 2 Hz × shape 1.5, 3, 6)"
            yield (name, f"median {value:.2f} ({' '.join(text)})", "≥ 0.8", value >= 0.8)
        else:
            yield ("spikes in bursts of trains without any, largest", f"{max(false):.4f}", "≤ 0.01", max(false) <= 0.01)


def traps(seed: int) -> Iterator[Line]:
    """Traces without a unit: each gives none, and a reason."""
    from coeruleus.simulation.trace import Background, background_signal
    from coeruleus.spikes.sort import sort_trace

    n = round(60 * RATE_HZ)
    time = np.arange(n) / RATE_HZ
    hum = 300 * np.sin(2 * np.pi * 50 * time)
    cases: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
        "flat": lambda rng: np.full(n, 3.0),
        "clipped": lambda rng: np.clip(rng.normal(0, 100, n), -60, 60),
        "white noise": lambda rng: rng.normal(0, 10, n),
        "noise with distant spikes": lambda rng: background_signal(rng, n, RATE_HZ, Background()),
        "50 Hz hum": lambda rng: hum,
        "50 Hz hum in noise": lambda rng: hum + rng.normal(0, 8, n),
        "50 Hz hum with harmonics": lambda rng: (
            sum(300 / k * np.sin(2 * np.pi * 50 * k * time) for k in range(1, 41)) + rng.normal(0, 5, n)
        ),
    }
    for name, make in cases.items():
        result = sort_trace(make(np.random.default_rng(seed)), RATE_HZ)
        held = not result.units and bool(result.reason)
        yield (f"{name}: no unit, and a reason", str(result.reason)[:60], "0 units", held)


def starling(shared: Path) -> Iterator[Line]:
    """Three trials of a real recording whose spikes were sorted by its authors."""
    from coeruleus.spikes.sort import sort_segments

    folder = shared / "realdata/ephys/starling_raw"
    if not folder.is_dir():
        yield ("starling recording", f"not here: {folder.name}", "", None)
        return
    lines = [line.split() for line in (folder / "st11_1_2_1_A8.txt").read_text().splitlines() if line.strip()]
    true = [np.array(line, dtype=float) + 2.0 for line in lines]
    traces = []
    for number in (1, 2, 3):
        with wave.open(str(folder / f"st11_1_2_A8_{number}.wav")) as file:
            traces.append(np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(float))
    best = (0, 0)
    for unit in sort_segments(traces, 20000.0).units:
        hits = sum(
            int(np.count_nonzero(np.abs(mine[:, None] - theirs[None]).min(axis=1, initial=1.0) < 0.0015))
            for mine, theirs in zip(true, unit.times_s, strict=True)
        )
        best = max(best, (hits, hits - sum(len(times) for times in unit.times_s)))
    yield (
        "starling: spikes of the sorted unit in one unit, others in it",
        f"{best[0]}, {-best[1]}",
        "≥ 49, ≤ 6",
        best[0] >= 49 and -best[1] <= 6,
    )
