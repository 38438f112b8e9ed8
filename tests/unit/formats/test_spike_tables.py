"""Plain tables of spikes and waveforms, and the frames made of them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coeruleus.formats.errors import FormatError
from coeruleus.formats.read_recordings import read_recordings, recording_frames
from coeruleus.formats.recording import open_sorted
from coeruleus.tables.sources import WAVEFORMS
from coeruleus.tables.units import SPIKES


def put(tmp_path, text, name="s.tsv"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


def row(**more):
    base = {"site_id": "a1", "segment": 1, "subject_id": "r1", "session_id": "r1", "file": "s.tsv", "kind": "sorted"}
    return base | {"duration_s": 10.0, "waveforms": None, "format": None, "channel": None, "highpass_hz": np.nan} | more


def test_ids_stay_text_and_times_are_sorted(tmp_path):
    put(tmp_path, "unit_id\ttime_s\textra\n007\t3.5\tx\n7\t1.0\t\n007\t0.25\t\n")
    units = open_sorted(tmp_path / "s.tsv").units
    assert [(unit.unit_id, unit.times_s.tolist()) for unit in units] == [("007", [0.25, 3.5]), ("7", [1.0])]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unit_id\ttime_s\n1\t0.5\n1\tabc\n", r"s\.tsv: line 3, column time_s: 'abc' is not a number"),
        ("unit_id\ttime_s\n1\t0,5\n", r"line 2, column time_s: '0,5' is not a number"),
        ("unit_id\ttime_s\n1\t0.5\n\n1\tn/a\n", r"line 4, column time_s: is missing"),
        ("unit_id\ttime_s\nn/a\t0.5\n", r"line 2, column unit_id: is missing"),
        ("unit_id\ttime_s\n1\tinf\n", r"line 2, column time_s: 'inf' is not a number"),
        ("unit_id\ttime_s\n1\t0.5\n1\t-0.1\n", r"line 3, column time_s: -0.1 is before the recording's start"),
        ("unit_id\ttime_s\n1\t0.5\n1\t10.5\n", r"spike at 10.5 s, after the end of the recording \(duration_s 10\)"),
        ("unit_id\ttime_s\n1\t0.5\t9\t9\n", r"more cells|line 2"),
        ("unit\ttime_s\n1\t0.5\n", r"no column unit_id"),
        ("1\t0.5\n1\t0.7\n", r"no column unit_id and no time_s"),
        ("unit_id\tunit_id\ttime_s\n1\t1\t0.5\n", r"column unit_id stands twice"),
    ],
)
def test_broken_rows_are_named(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        open_sorted(put(tmp_path, text), duration_s=10)


def test_a_table_with_a_header_only_holds_no_spikes(tmp_path):
    put(tmp_path, "unit_id\ttime_s\n")
    frames = recording_frames(row(), tmp_path)
    assert frames.segments["status"].tolist() == ["ok"] and frames.problems == [] and len(frames.spikes) == 0
    assert list(frames.spikes) == SPIKES.names and set(WAVEFORMS.names) <= set(frames.waveforms)


def test_frames_of_good_and_bad_rows_together(tmp_path):
    put(tmp_path, "unit_id\ttime_s\n1\t0.5\n1\t2\n")
    put(tmp_path, "unit_id,time_ms,amplitude_uv\n1,0,0\n1,0.1,5\n1,0.2,0\n", "w.csv")
    put(tmp_path, "unit_id,time_ms,amplitude_uv\n1,0,0\n1,0.1,x\n", "bad.csv")
    sheet = pd.DataFrame(
        [
            row(waveforms="w.csv", highpass_hz=300.0),
            row(segment=2, waveforms="bad.csv", duration_s=np.nan),
            row(site_id="a2", file="none.tsv"),
            row(site_id="a3", kind="raw"),
        ]
    )
    frames = read_recordings(sheet, tmp_path)
    assert frames.segments[["site_id", "segment", "status"]].values.tolist() == [
        ["a1", 1.0, "ok"],
        ["a1", 2.0, "ok"],
        ["a2", 1.0, "missing"],
    ]
    assert frames.segments["duration_s"].isna().tolist() == [False, True, False]
    assert frames.spikes.groupby("segment")["time_s"].apply(list).tolist() == [[0.5, 2.0], [0.5, 2.0]]
    assert frames.waveforms[["time_ms", "amplitude_uv", "highpass_hz"]].values.tolist() == [
        [0, 0, 300],
        [0.1, 5, 300],
        [0.2, 0, 300],
    ]
    said = {(each.item, each.severity): each.message for each in frames.problems}
    assert "none.tsv: the file is not there" in said[("a2 segment 1", "error")]
    assert "bad.csv: line 3, column amplitude_uv: 'x' is not a number" in said[("a1 segment 2", "error")]
    assert "fill in duration_s" in said[("a1 segment 2", "warning")]


def test_waveforms_are_checked(tmp_path):
    put(tmp_path, "unit_id\ttime_s\n1\t0.5\n")
    for text, message in [
        ("unit_id,time_ms,amplitude_uv\n1,0,0\n1,0.2,5\n1,0.1,0\n", "line 4, column time_ms: 0.1 does not follow 0.2"),
        ("unit_id,time_ms,amplitude_uv\n1,0,0\n1,0.2,5\n", "waveform of 2 samples"),
        ("unit_id,time_ms\n1,0\n", "no column amplitude_uv"),
    ]:
        put(tmp_path, text, "w.csv")
        frames = recording_frames(row(waveforms="w.csv"), tmp_path)
        assert len(frames.spikes) == 1 and len(frames.waveforms) == 0 and message in frames.problems[0].message


def test_spikes_entered_twice_are_said(tmp_path):
    put(tmp_path, "unit_id\ttime_s\n1\t0.5\n1\t0.5\n")
    assert "several spikes at one time" in recording_frames(row(), tmp_path).problems[0].message


def test_the_footshock_experiment(shared):
    folder = shared / "experiments/lc_footshock/ephys"
    sheet = pd.read_csv(folder / "recordings.tsv", sep="\t", dtype={"site_id": str})
    frames = read_recordings(sheet.assign(session_id=sheet["subject_id"]), folder)
    assert frames.problems == [] and (frames.segments["status"] == "ok").all()
    assert len(frames.segments) == len(sheet) and frames.waveforms["site_id"].nunique() == 26
    for file, segment in zip(sheet["file"], frames.segments.to_dict("records"), strict=True):
        mine = frames.spikes[
            (frames.spikes["site_id"] == segment["site_id"]) & (frames.spikes["segment"] == segment["segment"])
        ]
        np.testing.assert_array_equal(mine["time_s"], pd.read_csv(folder / file, sep="\t")["time_s"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["1", "01", "u.a", "x-2"]), st.integers(0, 10**7)), max_size=40),
    st.sampled_from("\t,;"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_any_table_reads_back_equal(tmp_path, spikes, delimiter, ending, encoding):
    lines = [delimiter.join(("unit_id", "time_s")), *(f"{unit}{delimiter}{time / 1e6!r}" for unit, time in spikes)]
    (tmp_path / "s.tsv").write_bytes((ending.join(lines) + ending).encode(encoding))
    found = [(unit.unit_id, time) for unit in open_sorted(tmp_path / "s.tsv").units for time in unit.times_s]
    assert found == sorted((unit, time / 1e6) for unit, time in spikes)


def test_times_in_the_column_of_ids_are_seen(tmp_path):
    (tmp_path / "a.tsv").write_text("unit_id\ttime_s\n" + "".join(f"{n / 100}\t1\n" for n in range(20_000)))
    with pytest.raises(FormatError, match=r"a\.tsv: has 20000 units, .* right column"):
        open_sorted(tmp_path / "a.tsv")
