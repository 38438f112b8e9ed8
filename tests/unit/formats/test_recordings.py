"""Recordings: known counts, durations and times of real files; spikes where the raw trace has them."""

import numpy as np
import pandas as pd
import pytest

from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import open_sorted, read_raw, read_sorted


def counts(recording):
    return {unit.unit_id: len(unit.times_s) for unit in recording.units}


def test_wavemark_codes_of_spike2(shared):
    file = shared / "realdata/ephys/Extracellular Spikes.smr"
    recording = open_sorted(file)
    assert counts(recording) == {"ch1_1": 290, "ch1_2": 171, "ch1_3": 139, "ch1_4": 37}
    assert any("left out 9 spikes" in note and "ch1_0: 9" in note for note in recording.notes)
    assert recording.duration_s == pytest.approx(119.947, abs=0.005)
    assert counts(open_sorted(file, channel="ch1_0")) == {"ch1_0": 9}
    assert sum(counts(open_sorted(file, channel="Spikes")).values()) == 9 + 290 + 171 + 139 + 37
    with pytest.raises(FormatError, match="no unit or channel 'ch7'"):
        open_sorted(file, channel="ch7")


def test_wavemark_times_are_where_the_raw_trace_peaks(shared):
    file = shared / "realdata/ephys/motor_units.smr"
    recording = open_sorted(file)
    assert counts(recording) == {"ch5_1": 50, "ch9_2": 62}
    raw = read_raw(file)
    assert (raw.channels, raw.unit, raw.sampling_rate_hz) == (("DIA SMU",), "µV", pytest.approx(25000))
    trace = np.concatenate(list(raw.chunks(50_000)))[:, 0]
    assert len(trace) == raw.n_samples
    unit = recording.units[0]
    near = np.arange(-25, 26)
    at = np.round((unit.times_s - raw.start_s) * raw.sampling_rate_hz).astype(int)
    assert np.median(np.abs(trace[at[:, None] + near].argmax(axis=1) - 25)) == 0
    assert unit.waveform_ms[unit.waveform.argmax()] == pytest.approx(0, abs=1e-9)


def test_neurons_of_neuroexplorer(shared):
    recording = open_sorted(shared / "realdata/ephys/File_neuroexplorer_1.nex")
    assert list(counts(recording).values()) == [18882, 13514, 3053, 2357, 3807, 3824]
    assert next(iter(counts(recording))) == "Neuron04a"
    assert recording.duration_s == pytest.approx(5196.2, abs=0.01)
    with pytest.raises(FormatError, match="ContChannel02 was paused"):
        read_raw(shared / "realdata/ephys/File_neuroexplorer_1.nex", channel="ContChannel02")


def test_plexon_without_sorted_units_says_so(shared):
    file = shared / "realdata/ephys/File_plexon_3.plx"
    with pytest.raises(FormatError, match=r"holds no sorted unit.*ch1_0.*name it in the column channel"):
        open_sorted(file)
    one = open_sorted(file, channel="ch1_0")
    assert counts(one) == {"ch1_0": 701} and one.duration_s == pytest.approx(600.8, abs=0.1)
    assert one.units[0].waveform_unit is None and any("nominal" in note for note in one.notes)
    assert read_raw(file).duration_s == pytest.approx(600.8, abs=0.01)


def test_blackrock_noise_and_unassigned_are_left_out_aloud(shared):
    recording = open_sorted(shared / "realdata/ephys/example_1.nev")
    assert counts(recording)["ch3_1"] == 37 and counts(recording)["ch3_2"] == 7
    assert not any(name.endswith(("_0", "_255")) for name in counts(recording))
    assert any("left out" in note for note in recording.notes)
    assert recording.duration_s == pytest.approx(3.64, abs=0.01)


def test_starling_spikes_stand_out_of_the_wav(shared):
    folder = shared / "realdata/ephys/starling_raw"
    truth = [
        np.array(line.split(), dtype=float) + 2.0 for line in (folder / "st11_1_2_1_A8.txt").read_text().splitlines()
    ]
    for trial, (times, expected) in enumerate(zip(truth, (18, 16, 18), strict=False), start=1):
        assert len(times) == expected
        raw = read_raw(folder / f"st11_1_2_A8_{trial}.wav")
        assert (raw.duration_s, raw.sampling_rate_hz, raw.unit) == (pytest.approx(13.28), 20000, None)
        trace = np.concatenate(list(raw.chunks(7001)))[:, 0]
        at = np.round(times * 20000).astype(int)[:, None] + np.arange(-20, 21)
        noise = np.median(np.abs(trace)) / 0.6745
        assert np.median(np.abs(trace[at]).max(axis=1)) > 5 * noise


def test_chunks_are_the_trace_whatever_their_size(shared):
    raw = read_raw(shared / "realdata/ephys/motor_units.smr")
    whole = np.concatenate(list(raw.chunks()))
    for size in (1000, 65_537, 400_000):
        np.testing.assert_array_equal(np.concatenate(list(raw.chunks(size))), whole)


def test_slow_channels_by_name_and_units_that_are_no_voltage(shared):
    file = shared / "realdata/ephys/motor_units.smr"
    raw = read_raw(file, channel="flow")
    assert (raw.sampling_rate_hz, raw.unit) == (pytest.approx(1000), None)
    assert "'L/s', no voltage" in " ".join(raw.notes)
    with pytest.raises(FormatError, match=r"no single channel 'EEG'; its channels are 1 = DIA SMU"):
        read_raw(file, channel="EEG")


def test_smrx_is_answered_with_how_to_export(tmp_path):
    (tmp_path / "a.smrx").write_bytes(b"S64\0" * 100)
    with pytest.raises(FormatError, match=r"Export As writes the 32-bit \.smr"):
        open_sorted(tmp_path / "a.smrx")


def test_nothing_is_written_beside_the_input(shared, tmp_path):
    for file in (shared / "realdata/ephys").iterdir():
        if file.suffix in (".smr", ".plx", ".nex", ".nev"):
            folder = tmp_path / file.stem
            folder.mkdir()
            (folder / file.name).write_bytes(file.read_bytes())
            for reader in (open_sorted, read_raw):
                try:
                    result = reader(folder / file.name)
                    [None for _ in result.chunks()] if reader is read_raw else None
                except FormatError:
                    pass
            assert [each.name for each in folder.iterdir()] == [file.name]
            assert (folder / file.name).read_bytes() == file.read_bytes()


def test_a_format_can_be_named(shared):
    file = shared / "realdata/ephys/motor_units.smr"
    assert len(open_sorted(file, format="Spike2").units) == 2
    with pytest.raises(FormatError, match=r"no format 'spike3'; known formats: .*spike2"):
        open_sorted(file, format="spike3")
    with pytest.raises(FormatError, match="Neo cannot read it as Plexon"):
        open_sorted(file, format="plexon")


def test_segment_of_neo_carries_unit_and_waveform(shared):
    folder = shared / "experiments/lc_footshock/ephys"
    segment = read_sorted(
        folder / "cell01_spontaneous_spikes.tsv", waveforms=folder / "cell01_waveform.tsv", duration_s=362
    )
    (train,) = segment.spiketrains
    spikes = pd.read_csv(folder / "cell01_spontaneous_spikes.tsv", sep="\t")
    np.testing.assert_array_equal(train.times.magnitude, spikes["time_s"])
    assert train.annotations["unit_id"] == "1" and float(train.t_stop) == 362
    assert len(train.annotations["waveform"]) == len(train.annotations["waveform_ms"]) > 100
