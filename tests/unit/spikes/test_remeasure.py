"""Mean spikes of units sorted elsewhere, from the raw trace: simulated spikes are got back, strangers refused."""

import wave
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coeruleus.simulation.trace import Background, TraceUnit, simulate_trace
from coeruleus.simulation.waveforms import BROAD, MEDIUM, template
from coeruleus.spikes import remeasure_sites as remeasure_sites_module
from coeruleus.spikes.remeasure import remeasure
from coeruleus.spikes.remeasure_sites import remeasure_sites
from coeruleus.spikes.snippets import SnippetStore
from coeruleus.spikes.waveform import measure_waveform

RATE = 24000.0
NONE = pd.DataFrame(columns=["site_id", "unit_id", "time_ms", "amplitude_uv", "highpass_hz"])
QUIET = Background(distant_uv=3.0, white_uv=6.0)


@pytest.fixture(scope="module")
def recorded():
    rng = np.random.default_rng(11)
    broad, narrow = (np.sort(rng.uniform(1, 59, 150)), np.sort(rng.uniform(1, 59, 200)))
    units = [TraceUnit(broad, BROAD, (1.0, 0.3)), TraceUnit(narrow, MEDIUM, (0.2, 1.0))]
    trace = simulate_trace(rng, units, duration_s=60, rate_hz=RATE, n_channels=2, background=QUIET)
    return trace, {"a": broad, "b": narrow}


def write_wave(path, trace):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(int(RATE))
        file.writeframes(np.round(trace[:, 0] * 10).astype("<i2").tobytes())


def pieces(trace, size=100_000):
    return (trace[start : start + size] for start in range(0, len(trace), size))


@pytest.mark.parametrize("late_s", [0.0, 0.0004, -0.0006])
def test_simulated_spikes_are_got_back_whatever_the_sorter_timed(recorded, late_s):
    trace, trains = recorded
    rounded = {unit: np.round(times + late_s, 4) for unit, times in trains.items()}
    found = remeasure(pieces(trace), RATE, rounded)
    for unit, form, channel in (("a", BROAD, 0), ("b", MEDIUM, 1)):
        one, true = found[unit], template(form)
        assert one.reason is None and one.channel == channel
        assert np.ptp(one.amplitude_uv) == pytest.approx(np.ptp(true.amplitude_uv), rel=0.08)
        measured = measure_waveform(one.time_ms, one.amplitude_uv)
        assert measured.half_width_ms == pytest.approx(true.half_width_ms, rel=0.06)
        assert measured.spike_width_ms == pytest.approx(true.spike_width_ms, rel=0.1)
        assert one.snr > 6


def test_times_of_another_recording_are_refused_with_a_reason(recorded):
    trace, trains = recorded
    rng = np.random.default_rng(5)
    found = remeasure(pieces(trace), RATE, {"x": rng.uniform(1, 59, 150), "late": trains["a"] + 100, "no": np.empty(0)})
    assert "nothing stands out" in found["x"].reason and len(found["x"].time_ms) == 0
    assert "within the raw trace" in found["late"].reason
    assert "within the raw trace" in found["no"].reason


@pytest.mark.parametrize("late_s", [0.003, 0.0022, -0.003])
def test_times_that_are_late_or_early_do_not_make_a_spike_of_what_follows_it(recorded, late_s):
    trace, trains = recorded
    one = remeasure(pieces(trace), RATE, {"a": trains["a"] + late_s})["a"]
    assert f"{1000 * abs(late_s):.1f} ms {'before' if late_s > 0 else 'after'}" in one.reason


@pytest.mark.parametrize("value", [0.0, 3.0, np.nan])
@pytest.mark.parametrize("samples", [0, 9, 48000])
def test_a_dead_trace_gives_a_reason(value, samples):
    trace = np.full((samples, 1), value)
    found = remeasure([trace], RATE, {"a": np.linspace(0.1, 1.9, 30)})
    assert found["a"].reason


def test_a_raw_file_beside_a_table_of_spikes_gives_waveform_and_snr(recorded, tmp_path):
    trace, trains = recorded
    write_wave(tmp_path / "raw.wav", trace)
    spikes = pd.DataFrame({"site_id": "s", "unit_id": "a", "segment": 1.0, "time_s": trains["a"]})
    rows = {"site_id": "s", "segment": 1.0, "kind": "sorted", "file": "spikes.tsv", "highpass_hz": 10.0}
    given = remeasure_sites(pd.DataFrame([rows | {"raw_file": "raw.wav"}]), tmp_path, spikes, NONE)
    assert not given.problems and given.quality["snr"].item() > 6
    assert measure_waveform(
        given.waveforms["time_ms"].to_numpy(), given.waveforms["amplitude_uv"].to_numpy()
    ).half_width_ms == pytest.approx(template(BROAD).half_width_ms, rel=0.06)
    gone = remeasure_sites(pd.DataFrame([rows | {"raw_file": "gone.wav"}]), tmp_path, spikes, NONE)
    assert len(gone.problems) == 1 and not len(gone.waveforms)


def test_a_unit_first_seen_later_is_measured_beside_those_seen_before(tmp_path):
    """Two units of nearly the same spike; the first was measured in segment 1 and fires in segment 2 as well."""
    rng = np.random.default_rng(12)
    trains = {"a": np.sort(rng.uniform(1, 59, 200)), "b": np.sort(rng.uniform(1, 59, 200))}
    alike = replace(BROAD, amplitude_uv=0.95 * BROAD.amplitude_uv)
    units = [TraceUnit(trains["a"], BROAD), TraceUnit(trains["b"], alike)]
    write_wave(tmp_path / "raw.wav", simulate_trace(rng, units, duration_s=60, rate_hz=RATE, background=QUIET))

    def isolation(given):
        parts = [{"site_id": "s", "unit_id": u, "segment": float(n), "time_s": trains[u]} for n, u in given]
        sheet = [
            {"site_id": "s", "segment": float(n), "kind": "sorted", "file": "x.tsv", "raw_file": "raw.wav"}
            for n in sorted({n for n, _ in given})
        ]
        spikes = pd.concat([pd.DataFrame(part) for part in parts])
        found = remeasure_sites(pd.DataFrame(sheet), tmp_path, spikes, NONE)
        return found.quality.set_index("unit_id")["isolation"]

    together = isolation([(1, "a"), (1, "b")])
    later = isolation([(1, "a"), (2, "a"), (2, "b")])
    assert together["b"] < 3 < later["a"]  # alone on its trace, it has no neighbour
    assert later["b"] == pytest.approx(together["b"])


@pytest.mark.parametrize("named", [True, False])
def test_where_isolation_fails_the_mean_spikes_stay(recorded, tmp_path, monkeypatch, named):
    trace, trains = recorded
    write_wave(tmp_path / "raw.wav", trace)
    closed = []
    monkeypatch.setattr(SnippetStore, "close", lambda self: closed.append(self))

    def fail(found, given):
        raise np.linalg.LinAlgError("singular")

    monkeypatch.setattr(remeasure_sites_module, "isolation_and_missed", fail)
    spikes = pd.DataFrame({"site_id": "s", "unit_id": "a", "segment": 1.0, "time_s": trains["a"]})
    sheet = {"site_id": "s", "segment": 1.0, "kind": "sorted", "file": "spikes.tsv", "raw_file": "raw.wav"}
    if not named:
        sheet |= {"file": "raw.wav", "raw_file": None}
    found = remeasure_sites(pd.DataFrame([sheet]), tmp_path, spikes, NONE)
    assert len(found.waveforms) and found.quality["snr"].item() > 6 and np.isnan(found.quality["isolation"].item())
    assert [problem.message for problem in found.problems] == ["raw.wav: isolation not measured: singular"]
    assert len(closed) == 1


def test_no_spike_is_looked_for_where_no_unit_belongs_to_the_trace(recorded, tmp_path, monkeypatch):
    write_wave(tmp_path / "raw.wav", recorded[0])
    monkeypatch.setattr(remeasure_sites_module, "collect", lambda *_: pytest.fail("the trace was read for nothing"))
    strange = np.random.default_rng(5).uniform(1, 59, 150)
    spikes = pd.DataFrame({"site_id": "s", "unit_id": "a", "segment": 1.0, "time_s": np.sort(strange)})
    sheet = {"site_id": "s", "segment": 1.0, "kind": "sorted", "file": "spikes.tsv", "raw_file": "raw.wav"}
    found = remeasure_sites(pd.DataFrame([sheet]), tmp_path, spikes, NONE)
    assert len(found.problems) == 1 and "nothing stands out" in found.problems[0].message
