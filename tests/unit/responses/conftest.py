"""Simulated trains with known responses, and frames as the other rooms make them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from coeruleus.responses.moved import Trials

Rate = Callable[[np.ndarray], np.ndarray]


def train(rng: np.random.Generator, shape: float, rate: Rate, duration_s: float) -> np.ndarray:
    """A gamma renewal train of the given shape, its clock warped to the rate (Hz); stationary at the start."""
    time = np.arange(0, duration_s + 0.002, 0.002)
    clock = np.r_[0, np.cumsum(rate(time[:-1])) * 0.002]
    steps = np.cumsum(rng.gamma(shape, 1 / shape, int(clock[-1] * 1.5 + 100))) - 5 - rng.random() * 5
    steps = steps[(steps > 0) & (steps < clock[-1])]
    return np.interp(steps, clock, time)


def trial_set(
    seed: int, shape: float, rate_hz: float, n_events: int, gap_s: float, parts: tuple[tuple[float, float, float], ...]
) -> Trials:
    """Events every `gap_s`; `parts` are (from, to, factor on the rate) after each onset."""
    onsets = 15.0 + np.arange(n_events) * gap_s
    duration_s = float(onsets[-1]) + max(gap_s, 10.0)

    def rate(time: np.ndarray) -> np.ndarray:
        index = np.searchsorted(onsets, time, side="right") - 1
        since = np.where(index >= 0, time - onsets[np.maximum(index, 0)], np.inf)
        value = np.full(len(time), rate_hz)
        for low, high, factor in parts:
            value[(since >= low) & (since < high)] *= factor
        return value

    spikes = train(np.random.default_rng(seed), shape, rate, duration_s)
    zeros = np.zeros(n_events)
    return Trials(spikes, onsets, np.full(n_events, min(gap_s, 5.0)), zeros, np.full(n_events, duration_s))


EVENT_COLUMNS = ["side", "intensity", "onset_source", "drug", "dose", "dose_unit", "route"]


@pytest.fixture
def sheets() -> Callable[..., dict[str, pd.DataFrame]]:
    """Frames of one site `s` from trains {segment: (duration, {unit: times})} and event rows."""

    def make(
        recordings: dict[int, tuple[float, dict[str, np.ndarray]]], events: list[dict], excluded: tuple = ()
    ) -> dict[str, pd.DataFrame]:
        parts = [
            pd.DataFrame({"site_id": "s", "unit_id": unit, "segment": float(number), "time_s": times})
            for number, (_, units) in recordings.items()
            for unit, times in units.items()
        ]
        segments = pd.DataFrame(
            [
                {"site_id": "s", "segment": number, "duration_s": duration, "status": "ok", "reason": None}
                for number, (duration, _) in recordings.items()
            ]
        )
        names = sorted({unit for _, units in recordings.values() for unit in units})
        first = next(iter(recordings.values()))
        base = dict.fromkeys(EVENT_COLUMNS) | {"site_id": "s", "duration": 0.0}
        return {
            "spikes": pd.concat(parts, ignore_index=True),
            "segments": segments,
            "events": pd.DataFrame([base | event for event in events]),
            "recordings": segments.assign(condition=None, session_id="day1"),
            "curation_trials": pd.DataFrame(
                [{"site_id": "s", "segment": 1, "onset": o, "action": "exclude", "reason": "slip"} for o in excluded],
                columns=["site_id", "segment", "onset", "action", "reason"],
            ),
            "units": pd.DataFrame(
                [
                    {
                        "site_id": "s",
                        "unit_id": name,
                        "status": "ok",
                        "reason": None,
                        "firing_rate_hz": len(first[1].get(name, ())) / first[0],
                    }
                    for name in names
                ]
            ),
        }

    return make
