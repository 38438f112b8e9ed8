"""NWB, Spike2's exports to MATLAB, and the events that recording files hold."""

import struct
import zlib

import numpy as np
import pandas as pd
import pytest
import scipy.io

from coeruleus.formats.errors import FormatError
from coeruleus.formats.file_events import coincident, merge_file_events, suspect
from coeruleus.formats.recording import FileEvent, file_events, open_sorted, read_raw


@pytest.fixture
def ephys(shared):
    return shared / "realdata/ephys"


def test_nwb_units_of_a_file_that_neo_cannot_open(ephys):
    recording = open_sorted(ephys / "A8604-211122.nwb")
    assert [len(unit.times_s) for unit in recording.units] == [11020, 4690, 5644]
    assert recording.duration_s == pytest.approx(1087.5289)  # the end of its only epoch
    only = open_sorted(ephys / "A8604-211122.nwb", channel="191")
    assert [(unit.unit_id, len(unit.times_s)) for unit in only.units] == [("191", 4690)]
    with pytest.raises(FormatError, match="has no unit '9'; its units are 6, 191, 206"):
        open_sorted(ephys / "A8604-211122.nwb", channel="9")
    with pytest.raises(FormatError, match="its kind is sorted"):
        read_raw(ephys / "A8604-211122.nwb")


def test_nwb_written_by_pynwb(tmp_path):
    from datetime import UTC, datetime

    from pynwb import NWBHDF5IO, NWBFile
    from pynwb.ecephys import ElectricalSeries

    file = NWBFile("a", "b", datetime(2026, 1, 1, tzinfo=UTC))
    group = file.create_electrode_group("g", "d", "LC", file.create_device("probe"))
    file.add_electrode(group=group, location="LC")
    region = file.create_electrode_table_region([0], "all")
    counts = np.arange(20000, dtype="int16").reshape(-1, 1) % 1000
    trace = {"data": counts, "electrodes": region, "rate": 20000.0, "starting_time": 0.5, "conversion": 2e-7}
    file.add_acquisition(ElectricalSeries(name="trace", **trace))
    file.add_unit_column("quality", "by eye")
    file.add_unit(spike_times=[0.6, 0.7], quality="good", id=4)
    file.add_unit(spike_times=[0.8], quality="noise", id=7)
    file.add_trial(start_time=0.9, stop_time=1.1)
    with NWBHDF5IO(tmp_path / "a.nwb", "w") as handle:
        handle.write(file)
    found = read_raw(tmp_path / "a.nwb")
    assert (found.sampling_rate_hz, found.n_samples, found.unit, found.start_s) == (20000.0, 20000, "µV", 0.5)
    assert found.read(10, 12)[:, 0] == pytest.approx([2.0, 2.2])  # counts × 2e-7 V
    recording = open_sorted(tmp_path / "a.nwb")
    assert [unit.unit_id for unit in recording.units] == ["4"] and recording.duration_s == pytest.approx(1.5)
    assert any("left out 1 units" in note for note in recording.notes)
    (event,) = file_events(tmp_path / "a.nwb")
    assert (event.name, event.onset_s, event.duration_s) == ("trials", 0.9, pytest.approx(0.2))


def test_an_nwb_that_links_to_another_file_is_refused(tmp_path, ephys):
    import h5py

    copy = tmp_path / "a.nwb"
    copy.write_bytes((ephys / "A8604-211122.nwb").read_bytes())
    with h5py.File(copy, "a") as file:
        file["acquisition/other"] = h5py.ExternalLink("/etc/secrets.h5", "/x")
    with pytest.raises(FormatError, match="is a link to another file"):
        open_sorted(copy)


def test_nwb_cut_off(tmp_path, ephys):
    (tmp_path / "a.nwb").write_bytes((ephys / "A8604-211122.nwb").read_bytes()[:200000])
    with pytest.raises(FormatError, match=r"a\.nwb: damaged"):
        open_sorted(tmp_path / "a.nwb")


def test_spike2_export_with_traces_and_binned_events(ephys):
    file = ephys / "kjx127a01@0-20_int16.mat"
    trace = read_raw(file)
    raw = scipy.io.loadmat(file, squeeze_me=True)["EEG"].item()
    assert (trace.channels, trace.n_samples, trace.unit) == (("EEG",), 340000, "µV")
    assert trace.sampling_rate_hz == pytest.approx(17000) and trace.duration_s == pytest.approx(20.0)
    values = raw[-1] if np.size(raw[-1]) == 340000 else next(each for each in raw if np.size(each) == 340000)
    assert trace.read(0, 100)[:, 0] == pytest.approx(values[:100] * 7.62939453125e-05 * 1000, rel=1e-5)  # mV × scale
    recording = open_sorted(file, channel="probeA07e")
    assert [(unit.unit_id, len(unit.times_s)) for unit in recording.units] == [("probeA07e", 18)]


def test_spike2_markers_by_code(ephys):
    file = ephys / "markerchan_demodata.mat"
    events = file_events(file)
    assert sum(event.name == "LTSmarker:01" for event in events) == 49
    times = scipy.io.loadmat(file, squeeze_me=True, struct_as_record=False)["LTSmarker"].times
    mine = sorted(event.onset_s for event in events if event.name.startswith("LTSmarker"))
    assert mine == pytest.approx(np.sort(times))
    units = open_sorted(file, channel="LTSmarker").units
    assert sum(len(unit.times_s) for unit in units) == 98


def test_a_mat_file_that_unpacks_to_far_more_than_it_is_is_refused(tmp_path):
    packer = zlib.compressobj(9)
    piece = packer.compress(struct.pack("<II", 14, 2**32 - 8))
    for _ in range(4100):
        piece += packer.compress(bytes(2**20))
    piece += packer.flush()
    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    (tmp_path / "bomb.mat").write_bytes(header + struct.pack("<II", 15, len(piece)) + piece)
    with pytest.raises(FormatError, match=r"bomb\.mat"):
        open_sorted(tmp_path / "bomb.mat", "spike2_mat")


def test_neuroexplorer_events_and_intervals(ephys):
    events = file_events(ephys / "File_neuroexplorer_1.nex")
    by_name = {name: [e for e in events if e.name == name] for name in {e.name for e in events}}
    assert [len(by_name[f"Event0{number}"]) for number in (4, 5, 6)] == [862, 752, 385]
    starts = np.array([event.onset_s for event in by_name["FrameStart"]])
    ends = np.array([event.onset_s for event in by_name["FrameEnd"]])
    frames = by_name["Frame"]
    assert [event.onset_s for event in frames] == pytest.approx(starts)
    assert [event.duration_s for event in frames] == pytest.approx(ends - starts)


def test_spike2_text_marks_are_by_hand(ephys):
    (event,) = file_events(ephys / "Extracellular Spikes.smr")
    assert (event.name, event.source) == ("Drug mark:Drug added", "keyboard")


@pytest.fixture
def sheets(ephys):
    recordings = pd.DataFrame(
        {
            "site_id": ["a"],
            "segment": [1],
            "file": ["File_neuroexplorer_1.nex"],
            "format": [None],
            "duration_s": [np.nan],
        }
    )
    columns = ["site_id", "segment", "onset", "duration", "trial_type", "side", "onset_source"]
    typed = pd.DataFrame([["a", 1, 21.6, 0.0, "foot_shock", "left", "typed"]], columns=columns)
    return recordings, typed, ephys


def test_a_typed_event_gets_the_onset_of_the_file_and_keeps_its_other_columns(sheets):
    recordings, typed, folder = sheets
    merged, problems = merge_file_events(typed, recordings, folder, {"Event04": "foot_shock"})
    own = np.array([e.onset_s for e in file_events(folder / "File_neuroexplorer_1.nex") if e.name == "Event04"])
    near = np.abs(own - 21.6) <= 1
    assert near.sum() > 1 and len(merged) == 1 + len(own) - near.sum()
    kept = merged[merged["side"] == "left"].iloc[0]
    assert (kept["onset"], kept["onset_in_sheet"], kept["onset_source"]) == (own[near].min(), 21.6, "ttl")
    assert set(merged["onset"]) == {own[near].min(), *own[~near]}
    assert "1 typed onset replaced" in problems[0].message and "the first was taken" in problems[1].message
    again, _ = merge_file_events(merged, recordings, folder, {"Event04": "foot_shock"})
    pd.testing.assert_frame_equal(again[list(typed)], merged[list(typed)])


def test_an_onset_that_the_sheet_has_from_a_clock_stays(sheets):
    recordings, typed, folder = sheets
    merged, problems = merge_file_events(
        typed.assign(onset_source="ttl"), recordings, folder, {"Event04": "foot_shock"}
    )
    kept = merged[merged["side"] == "left"].iloc[0]
    assert kept["onset"] == 21.6 and np.isnan(kept["onset_in_sheet"]) and not problems


def test_each_typed_event_is_the_nearest_of_the_file_and_no_other_is_lost():
    """Every half second: eleven typed 0.1 to 0.2 s late, one forgotten, are eleven of the twelve."""
    onsets = np.arange(12) * 0.5
    late = np.delete(onsets + 0.1 + 0.01 * np.arange(12), 4)
    owner = coincident(late, onsets)
    assert owner[[0, 1, 2, 3]].tolist() == [0, 1, 2, 3] and owner[5:].tolist() == [4, 5, 6, 7, 8, 9, 10]
    assert coincident(np.array([]), onsets).tolist() == [-1] * 12
    assert coincident(np.array([2.0, np.nan]), np.array([0.9, 3.0, 9.0])).tolist() == [-1, 0, -1]


def test_matching_is_that_of_every_pair_compared():
    rng = np.random.default_rng(5)
    for _ in range(30):
        typed, onsets = rng.uniform(0, 12, rng.integers(0, 12)), np.sort(rng.uniform(0, 12, rng.integers(0, 12)))
        left = {(p, e): abs(typed[p] - onsets[e]) for p in range(len(typed)) for e in range(len(onsets))}
        left = {pair: gap for pair, gap in left.items() if gap <= 1}
        expected = dict.fromkeys(range(len(onsets)), -1)
        nearest = {e: min((gap, p) for (p, one), gap in left.items() if one == e) for _, e in left}
        while left:
            place, event = min(left, key=left.get)
            expected[event] = place
            left = {(p, e): gap for (p, e), gap in left.items() if p != place and e != event}
        expected |= {e: nearest[e][1] for e, p in expected.items() if p < 0 and e in nearest}
        assert coincident(typed, onsets).tolist() == list(expected.values())


def test_many_events_are_matched_quickly():
    onsets = np.arange(100_000) * 0.5
    assert (coincident(onsets[::20] + 0.1, onsets)[::20] == np.arange(5000)).all()


def test_without_names_to_map_no_file_is_opened(sheets):
    recordings, typed, folder = sheets
    merged, problems = merge_file_events(typed, recordings, folder / "nowhere", {})
    assert merged is typed and not problems


def test_events_that_nobody_mapped_are_said(sheets):
    recordings, typed, folder = sheets
    merged, problems = merge_file_events(typed, recordings, folder, {"Shock": "foot_shock"})
    assert len(merged) == 1
    assert "none of its events is in events.rename; it holds AllFile (1), Event04 (862)" in problems[0].message


def test_suspect_times_as_in_merged_files():
    events = [FileEvent("a", 5.0, 0, "ttl"), FileEvent("a", 2.0, 0, "ttl")]
    assert "go back" in suspect(events, 10.0)
    assert "after the end" in suspect(events[:1], 2.0)
    assert suspect(events[::-1], 10.0) is None


def test_edf_is_read_in_microvolts(tmp_path):
    """Written by the library of the format's author: 3 s at 1 kHz, a tenth of a microvolt a step."""
    pyedflib = pytest.importorskip("pyedflib")
    scale = {"physical_max": 3276.7, "physical_min": -3276.8, "digital_max": 32767, "digital_min": -32768}
    written = np.arange(3000) * 0.1 - 150
    with pyedflib.EdfWriter(str(tmp_path / "a.edf"), 1, file_type=pyedflib.FILETYPE_EDF) as writer:
        writer.setSignalHeader(0, {"label": "LC", "dimension": "uV", "sample_frequency": 1000} | scale)
        writer.writeSamples([written])
    recording = read_raw(tmp_path / "a.edf")
    assert (recording.sampling_rate_hz, recording.n_samples, recording.channels) == (1000.0, 3000, ("LC",))
    values = np.concatenate([np.ravel(block) for block in recording.chunks()])
    assert recording.unit == "µV" and values == pytest.approx(written, abs=0.1)
    (tmp_path / "a.edf").write_bytes((tmp_path / "a.edf").read_bytes()[:300])
    with pytest.raises(FormatError, match=r"a\.edf"):
        read_raw(tmp_path / "a.edf")
