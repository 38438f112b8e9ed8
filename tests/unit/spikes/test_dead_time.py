"""Dead time of recorders: found where spikes show it, and contamination that it would hide."""

import numpy as np
import pandas as pd
import pytest

from coeruleus.spikes.dead_time import dead_time
from coeruleus.spikes.measure import measure_units

LASTS = 1200.0


def site(seed, dead_s, neighbour_hz):
    """A gamma (2) cell of 4 Hz of whose spikes 30 % are others', and a neighbour, as a recorder with a dead time takes
    them down."""
    rng = np.random.default_rng(seed)
    own = np.cumsum(0.004 + rng.gamma(2, 0.123, 6000))
    own = own[own < LASTS]
    other = rng.uniform(0, LASTS, round(len(own) * 0.3 / 0.7))
    near = rng.uniform(0, LASTS, round(neighbour_hz * LASTS))
    times = np.concatenate([own, other, near])
    names = np.array(["a"] * (len(own) + len(other)) + ["b"] * len(near))
    kept, last = [], -1.0
    for place in np.argsort(times):
        if times[place] - last >= dead_s:
            kept.append(place)
            last = times[place]
    return {name: times[kept][names[kept] == name] for name in ("a", "b")}


@pytest.mark.parametrize(("neighbour_hz", "dead_s"), [(0.0, 0.001), (1.0, 0.001), (1.0, 0.0015), (5.0, 0.0025)])
def test_a_dead_time_is_found(neighbour_hz, dead_s):
    for seed in range(5):
        assert dead_time([(LASTS, site(seed, dead_s, neighbour_hz))]) == pytest.approx(dead_s, rel=0.25)


def test_what_is_no_dead_time_is_not_found():
    """None; one alone, whose own refractory period hides it; a clean unit; and a gap that chance may leave."""
    for seed in range(5):
        assert dead_time([(LASTS, site(seed, 0.0, 1.0))]) == 0.0
    alone = site(1, 0.0025, 0.0)
    assert dead_time([(LASTS, alone)]) == 0.0
    assert dead_time([(LASTS, {"a": np.arange(0.0, LASTS, 0.25)})]) == 0.0
    assert dead_time([(10.0, {"a": np.array([1.0, 2.0]), "b": np.array([1.003, 4.0])})]) == 0.0
    assert dead_time([(None, {"a": np.empty(0)}), (10.0, {})]) == 0.0


@pytest.mark.parametrize("dead_s", [0.0, 0.001, 0.0015, 0.0025])
def test_contamination_is_true_or_not_known(dead_s):
    trains = site(3, dead_s, 2.0)
    spikes = pd.concat(
        [
            pd.DataFrame({"site_id": "s", "unit_id": name, "segment": 1, "time_s": times})
            for name, times in trains.items()
        ]
    )
    row = {"site_id": "s", "segment": 1, "subject_id": "r", "duration_s": LASTS, "kind": "sorted", "status": "ok"}
    segments = pd.DataFrame([row]).assign(condition=None, highpass_hz=None, reason=None)
    empty = pd.DataFrame(columns=["site_id", "segment", "trial_type", "onset", "duration", "unit_id", "action"])
    shapes = pd.DataFrame(columns=["site_id", "unit_id", "time_ms", "amplitude_uv"])
    found = measure_units(spikes, segments, empty, shapes, empty)
    unit = found.units.set_index("unit_id").loc["a"]
    said = any("recorder or sorter seem to forbid" in problem.message for problem in found.problems)
    assert said == (dead_s > 0)
    if dead_s < 0.002:
        assert unit["contamination_ci_low"] - 0.02 <= 0.3 <= unit["contamination_ci_high"] + 0.02
    else:
        assert np.isnan(unit["contamination"]) and "closer than 2.5 ms" in unit["quality_reason"]
