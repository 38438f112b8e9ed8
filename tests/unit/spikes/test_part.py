"""A rare neuron beside a frequent one that is like it; and one neuron whose spikes are smaller within its bursts."""

from dataclasses import replace

import numpy as np
import pytest

from coeruleus.simulation.trace import Background, TraceUnit, simulate_trace
from coeruleus.simulation.waveforms import LC_LIKE
from coeruleus.spikes.follow import within_bursts
from coeruleus.spikes.match import Habits, Whitener, fit, make_bank, no_habits
from coeruleus.spikes.sort import sort_trace

from .raw_traces import accuracy, slow_train

HZ = 24000.0
GRID_S = 1 / 15000
QUIET = Background(distant_uv=6.0, white_uv=8.0)


def sort(trains_and_forms, seconds, seed=3):
    units = [TraceUnit(times, form, (1.0,)) for times, form in trains_and_forms]
    trace = simulate_trace(np.random.default_rng(seed), units, duration_s=seconds, rate_hz=HZ, background=QUIET)
    return sort_trace(trace, HZ).units


@pytest.mark.parametrize(
    ("share", "place", "unit"),
    [([0.5, 0.5], 2.2, 1), ([0.95, 0.05], 2.2, 0), ([0.95, 0.05], 3.0, 1)],
)
def test_of_two_like_units_the_more_frequent_is_likelier(share, place, unit):
    """d′ 4 apart in white noise, 19 to 1: the border is where (p² − (4 − p)²) ÷ 2 = ln 19, at p = 2.74."""
    time = np.arange(68) * GRID_S
    common = 20 * np.exp(-0.5 * ((time - 0.002) / 2e-4) ** 2)
    other = np.exp(-0.5 * ((time - 0.0035) / 2e-4) ** 2)
    other *= 4 / np.linalg.norm(other)
    habits = Habits(np.array(share), np.full(2, 0.001))
    bank = make_bank([common[:, None], (common + other)[:, None]], Whitener(np.eye(68)), GRID_S, habits=habits)
    found = fit((common + place / 4 * other)[None], bank, np.ones((1, 2)))
    assert found.unit[0] == unit


def test_nothing_known_is_no_preference():
    habits = no_habits(4)
    assert habits.share == pytest.approx(np.full(4, 0.25))


def test_a_rare_neuron_within_a_frequent_one_is_a_unit():
    """44 spikes among 717: taken for one unit, or swamped by what lies halfway, if rates are not looked at."""
    rng = np.random.default_rng(1)
    frequent, rare = slow_train(rng, 5.0, 4, 140), slow_train(rng, 0.35, 3, 140)
    form = replace(LC_LIKE, amplitude_uv=120.0)
    found = sort([(frequent, form), (rare, replace(form, amplitude_uv=100.0, fall_ms=0.52))], 140)
    assert len(found) == 2
    for train, least in ((frequent, 0.97), (rare, 0.85)):
        assert max(accuracy(train, unit.times_s[0]) for unit in found) >= least


@pytest.mark.parametrize("size", [0.85, 0.7])
def test_smaller_spikes_within_bursts_are_the_same_neuron(size):
    rng = np.random.default_rng(2)
    first = slow_train(rng, 2.0, 3, 120, refractory=0.06)
    later = first[rng.uniform(size=len(first)) < 0.2] + 0.02
    form = replace(LC_LIKE, amplitude_uv=130.0)
    [unit] = sort([(first, form), (later, replace(form, amplitude_uv=130.0 * size))], 120)
    assert accuracy(np.sort(np.concatenate([first, later])), unit.times_s[0]) >= 0.97
    assert "within its bursts" in unit.reason and "multi-unit" not in unit.reason


def test_a_smaller_neuron_with_bursts_of_its_own_is_another():
    rng = np.random.default_rng(4)
    larger = slow_train(rng, 2.0, 3, 300)
    starts = slow_train(rng, 0.3, 2, 300, refractory=0.5)
    bursts = np.sort(np.concatenate([starts + step * 0.02 for step in range(6)]))
    assert not within_bursts(bursts, larger)
    after = larger[::8]
    assert within_bursts(np.sort(np.concatenate([after + 0.02, after + 0.04])), larger)


def test_a_smaller_neuron_of_the_same_shape_is_another():
    rng = np.random.default_rng(5)
    form = replace(LC_LIKE, amplitude_uv=130.0)
    trains = slow_train(rng, 2.0, 3, 90), slow_train(rng, 1.0, 3, 90)
    found = sort([(trains[0], form), (trains[1], replace(form, amplitude_uv=85.0))], 90)
    assert len(found) == 2
