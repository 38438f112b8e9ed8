"""A unit through the files of a site: its amplitude falls between two of them; another neuron stays another."""

from dataclasses import replace

import numpy as np
import pytest

from coeruleus.simulation.trace import Background, TraceUnit, simulate_trace
from coeruleus.simulation.waveforms import LC_LIKE, MEDIUM
from coeruleus.spikes.follow import too_near
from coeruleus.spikes.match import Spikes, Whitener, no_habits
from coeruleus.spikes.refine import Model
from coeruleus.spikes.sort import sort_segments

from .raw_traces import accuracy

HZ = 24000.0


def two_files(first, second):
    rng = np.random.default_rng(2)
    files, trains = [], []
    for units in (first, second):
        times = [np.sort(rng.uniform(0.5, 59, 110)) for _ in units]
        made = [TraceUnit(train, form, (1.0,)) for train, form in zip(times, units, strict=True)]
        quiet = Background(distant_uv=6.0, white_uv=8.0)
        files.append(simulate_trace(rng, made, duration_s=60, rate_hz=HZ, background=quiet))
        trains.append(times)
    return sort_segments(files, HZ).units, trains


def lc(amplitude):
    return replace(LC_LIKE, amplitude_uv=amplitude)


@pytest.mark.parametrize("scale", [0.8, 0.65])
def test_a_unit_keeps_its_name_when_its_amplitude_falls_between_files(scale):
    other = replace(MEDIUM, amplitude_uv=-110.0)
    units, trains = two_files([lc(90.0), other], [lc(90.0 * scale), other])
    assert len(units) == 2
    for number in (0, 1):
        best = max(units, key=lambda unit: accuracy(trains[0][number], unit.times_s[0]))
        assert accuracy(trains[0][number], best.times_s[0]) > 0.9
        assert accuracy(trains[1][number], best.times_s[1]) > 0.85


def test_two_units_of_one_shape_at_one_time_stay_two():
    units, _ = two_files([lc(150.0), lc(90.0)], [lc(150.0), lc(90.0)])
    assert len(units) == 2


def test_another_shape_after_the_first_stays_another_unit():
    units, _ = two_files([lc(120.0)], [replace(MEDIUM, amplitude_uv=110.0)])
    assert len(units) == 2


def spikes_of(times_by_unit):
    time = np.concatenate(times_by_unit)
    unit = np.repeat(np.arange(len(times_by_unit)), [len(times) for times in times_by_unit])
    order = np.argsort(time)
    n = np.arange(len(time))
    return Spikes(n, unit[order], time[order], np.ones(len(n)), 10.0 + unit[order], np.zeros(len(n), dtype=bool))


@pytest.mark.parametrize(("apart", "units"), [(3.0, 1), (6.0, 2)])
def test_units_nearer_than_four_are_one_with_the_reason(apart, units):
    """In white noise, one bump and the same plus another bump of norm `apart`; a moment that both claim counts once."""
    time = np.arange(68) / 15000
    common = 20 * np.exp(-0.5 * ((time - 0.002) / 2e-4) ** 2)[:, None]
    other = np.exp(-0.5 * ((time - 0.0035) / 2e-4) ** 2)[:, None]
    templates = [common, common + apart * other / np.linalg.norm(other)]
    spikes = spikes_of([np.arange(1, 901) * 0.1, np.append(0.05 + np.arange(1, 100) * 0.9, 50.0004)])
    model = Model(templates, [], [], no_habits(2), Whitener(np.eye(68)), 1 / 15000, None, spikes)
    joined, said, followed = too_near(model, spikes, {1: "followed through a change"})
    assert len(np.unique(joined.unit)) == units
    if units == 1:
        assert said[0].startswith("multi-unit") and "d′ 2.9 away that fires 10 %" in said[0]
        assert len(joined.unit) == 900 + 99 and followed == {0: "of one of them: followed through a change"}
        assert np.count_nonzero(np.abs(joined.time_s - 50.0) < 0.001) == 1
    else:
        assert not said and len(joined.unit) == 1000 and followed == {1: "followed through a change"}
