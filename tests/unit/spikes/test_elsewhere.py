"""Isolation and missing spikes of units sorted elsewhere: simulated units, spikes taken away where the test says."""

import numpy as np
import pytest

from coeruleus.simulation.trace import Background, TraceUnit, simulate_trace
from coeruleus.simulation.waveforms import BROAD, MEDIUM
from coeruleus.spikes.detect import collect
from coeruleus.spikes.elsewhere import cut_off, isolation_and_missed
from coeruleus.spikes.filter import bandpass
from coeruleus.spikes.sort import sort_trace

RATE = 24000.0


@pytest.fixture(scope="module")
def recorded():
    rng = np.random.default_rng(23)
    trains = {"a": np.sort(rng.uniform(1, 119, 260)), "b": np.sort(rng.uniform(1, 119, 400))}
    units = [TraceUnit(trains["a"], BROAD), TraceUnit(trains["b"], MEDIUM)]
    quiet = Background(distant_uv=5.0, white_uv=9.0)
    return simulate_trace(rng, units, duration_s=120, rate_hz=RATE, background=quiet), trains


def measured(trace, trains):
    return isolation_and_missed(collect([trace], RATE), trains)


@pytest.mark.parametrize("late_s", [0.0, 0.0008])
def test_as_for_the_same_units_sorted_here(recorded, late_s):
    trace, trains = recorded
    here = {len(unit.times_s[0]): unit for unit in sort_trace(trace, RATE).units}
    found = measured(trace, {unit: times + late_s for unit, times in trains.items()})
    for unit, times in trains.items():
        ours = here[min(here, key=lambda count: abs(count - len(times)))]
        assert found[unit][0] == pytest.approx(ours.isolation, rel=0.25)
        assert found[unit][1] < 0.12 and ours.missed_fraction < 0.12


def test_a_threshold_set_too_high_shows(recorded):
    trace, trains = recorded
    band = np.abs(bandpass(trace, RATE)[:, 0])
    at = np.round(trains["b"] * RATE).astype(int)
    size = band[at[:, None] + np.arange(-6, 7)].max(axis=1)
    cut = trains["b"][size > np.quantile(size, 0.35)]
    whole, part = (measured(trace, {"a": trains["a"], "b": one})["b"] for one in (trains["b"], cut))
    assert part[1] > whole[1] + 0.12
    assert part[1] == pytest.approx(0.35, abs=0.15)


@pytest.mark.parametrize("hidden", [0.0, 0.1, 0.3, 0.5])
@pytest.mark.parametrize("sd", [1.0, 2.5])
def test_the_part_below_a_threshold_by_hand(hidden, sd):
    """Normal sizes with so much cut off: got back within a twelfth, on the mean of ten trains of 400."""
    found = []
    for seed in range(10):
        sizes = np.sort(np.random.default_rng(seed).normal(12, sd, 400))
        found.append(cut_off(sizes[round(hidden * 400) :]))
    assert np.mean(found) == pytest.approx(hidden, abs=0.085)
    assert np.isnan(cut_off(np.linspace(8, 12, 60)))


@pytest.mark.parametrize("hidden", [0.7, 0.9])
def test_a_half_or_more_hidden_is_said_to_be_a_half(hidden):
    """The threshold lies beyond the most frequent size: how far beyond, what is left does not tell."""
    found = []
    for seed in range(10):
        sizes = np.sort(np.random.default_rng(seed).normal(12, 1.0, 2000))
        found.append(cut_off(sizes[round(hidden * 2000) :]))
    assert max(found) == 0.5 == np.median(found)


def test_a_cluster_cut_in_two_is_not_isolated(recorded):
    trace, trains = recorded
    halves = measured(trace, {"a": trains["a"], "b": trains["b"][::2], "c": trains["b"][1::2]})
    assert halves["b"][0] < 2 and halves["c"][0] < 2 and halves["a"][0] > 4


def test_strangers_and_dead_traces_have_no_entry(recorded):
    trace, _ = recorded
    rng = np.random.default_rng(2)
    assert "x" not in measured(trace[: int(20 * RATE)], {"x": rng.uniform(30, 60, 90), "y": np.array([np.nan])})
    assert measured(np.zeros((48000, 1)), {"x": np.linspace(0.1, 1.9, 50)}) == {}
    assert measured(np.empty((0, 1)), {"x": np.linspace(0.1, 1.9, 50)}) == {}
