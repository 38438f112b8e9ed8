"""A small version of benchmarks/spikes: the same simulation, scored without SpikeInterface."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from coeruleus.simulation.compare_units import match_units
from coeruleus.spikes.sort import sort_trace

FOLDER = Path(__file__).resolve().parents[3] / "benchmarks/spikes"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("spike_recordings", FOLDER / "recordings.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["spike_recordings"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["spike_recordings"]


def accuracies(recording):
    found = sort_trace(recording.trace, recording.rate_hz)
    true = {str(index): train for index, train in enumerate(recording.trains)}
    matched = match_units(true, {unit.unit_id: unit.times_s[0] for unit in found.units})
    return [accuracy for _, accuracy in matched.values()], found.units


@pytest.mark.parametrize(("kind", "units"), [("one electrode", 3), ("tetrode", 3)])
def test_three_units(bench, kind, units):
    """Large units of either polarity: none is taken for noise because another looks like it upside down."""
    options = bench.SETS[kind] | {"n_units": (units, units), "duration_s": 80.0, "snr": (9.0, 18.0)}
    found, units = accuracies(bench.record([4, 0, 3], kind, **options))
    assert min(found) >= 0.85 and np.median(found) >= 0.95
    assert len(units) == 3


def test_units_too_near_are_one_and_said(bench):
    options = bench.SETS["near"] | {"duration_s": 80.0}
    recording = next(r for i in range(20) if 2.5 < (r := bench.record([1, 1, i], "near", **options)).apart.max() < 4)
    [unit] = sort_trace(recording.trace, recording.rate_hz).units
    both = np.sort(np.concatenate(recording.trains))
    assert match_units({"both": both}, {"1": unit.times_s[0]})["both"][1] >= 0.8
    assert "multi-unit" in unit.reason
