"""Recordings as they come: a dead channel, no channel, clipped spikes, a moment only."""

import json

import numpy as np
import pandas as pd
import pytest

from coeruleus.simulation.trace import Background, TraceUnit, simulate_trace
from coeruleus.simulation.waveforms import LC_LIKE
from coeruleus.spikes.sort import sort_segments, sort_trace
from coeruleus.spikes.sort_sites import sort_sites

from .raw_traces import accuracy

HZ = 24000.0


@pytest.fixture(scope="module")
def stereo():
    rng = np.random.default_rng(8)
    unit = TraceUnit(np.sort(rng.uniform(0.5, 44.5, 90)), LC_LIKE, (1.0, 0.6))
    quiet = Background(distant_uv=6.0, white_uv=8.0)
    return simulate_trace(rng, [unit], duration_s=45, rate_hz=HZ, n_channels=2, background=quiet), unit.times_s


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan])
@pytest.mark.parametrize("since", [0, 20])
def test_a_dead_channel_does_not_cost_the_other(stereo, value, since):
    trace, true = stereo
    trace = trace.copy()
    trace[round(since * HZ) :, 1] = value
    found = sort_trace(trace, HZ)
    assert len(found.units) == 1 and found.units[0].channel == 0
    assert accuracy(true, found.units[0].times_s[0]) > 0.95
    assert any(text.startswith("channel 2 is flat for") for text in found.problems)


def test_both_channels_dead_is_a_flat_trace():
    assert "flat" in sort_trace(np.zeros((48000, 2)), HZ).reason


def test_a_trace_of_numbers_that_are_none_says_so():
    assert "missing samples" in sort_trace(np.full((48000, 1), np.nan), HZ).reason


@pytest.mark.parametrize(
    ("samples", "said"), [(0, "empty"), (1, "lasts only"), (20, "lasts only"), (1000, "lasts only")]
)
def test_a_moment_is_no_recording(stereo, samples, said):
    assert said in sort_trace(stereo[0][:samples], HZ).reason
    assert len(sort_segments([stereo[0][:samples], stereo[0]], HZ).units) == 1


def test_no_channel_is_said():
    assert "no channel" in sort_trace(np.zeros((48000, 0)), HZ).reason


@pytest.mark.parametrize(("width", "channel", "status"), [(6, None, "failed"), (6, "3", "ok"), (4, None, "ok")])
def test_an_array_is_not_sorted_as_one_electrode(tmp_path, width, channel, status):
    rng = np.random.default_rng(3)
    rng.normal(0, 300, (round(2 * HZ), width)).astype("<i2").tofile(tmp_path / "a.dat")
    facts = {"sampling_rate_hz": HZ, "n_channels": width, "dtype": "int16", "microvolts_per_bit": 0.05}
    (tmp_path / "a.json").write_text(json.dumps(facts))
    row = {"site_id": "s1", "subject_id": "r1", "file": "a.dat", "kind": "raw", "segment": 1, "format": None}
    found = sort_sites(pd.DataFrame([row | {"channel": channel, "highpass_hz": None}]), tmp_path)
    assert found.segments["status"].tolist() == [status]
    assert (status == "ok") != any("6 channels" in problem.message for problem in found.problems)


def test_clipped_spikes_are_the_reason(stereo):
    found = sort_trace(np.clip(stereo[0][:, 0], -80, 80), HZ)
    assert not found.units and "clipped" in found.reason
