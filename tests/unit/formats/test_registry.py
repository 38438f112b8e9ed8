"""Formats register themselves, are listed, and unknown files are answered with what was tried."""

import pytest

from coeruleus.formats.chromatogram import read_chromatogram
from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import file_events, open_sorted, read_raw
from coeruleus.formats.registry import PACKAGES, discover, list_formats


def test_generic_formats_come_last():
    for package in PACKAGES.values():
        order = [each.generic for each in discover(package)]
        assert order == sorted(order) and order[-1]


def test_the_list_says_all_of_each_format_once():
    rows = list_formats()
    names = [(row["kind"], row["name"]) for row in rows]
    assert len(set(names)) == len(names)
    assert {("chromatogram", "delimited"), ("chromatogram", "shimadzu"), ("recording", "spike_table")} <= set(names)
    assert all(row["title"] and row["suffixes"] and row["notes"] for row in rows)


def test_an_unknown_file_is_told_what_was_tried(tmp_path):
    (tmp_path / "a.dat").write_bytes(bytes(range(256)) * 20)
    with pytest.raises(
        FormatError,
        match=r"a\.dat: is no chromatogram in a known format. Tried: .*Shimadzu.*delimited text \(not text\)",
    ):
        read_chromatogram(tmp_path / "a.dat")


def test_content_decides_and_not_the_suffix(tmp_path, shared):
    source = shared / "experiments/diauxic_shift/dialysate/2021-02-15_HPLC_calibration_glucose_1mM.txt"
    (tmp_path / "x.smr").write_bytes(source.read_bytes())
    assert read_chromatogram(tmp_path / "x.smr").format == "shimadzu"


@pytest.mark.parametrize("name", ["plexon", "nwb", "spike2_mat", "wav", "spike_table"])
def test_a_folder_named_as_a_format_of_files_is_said(tmp_path, name):
    (tmp_path / "day1").mkdir()
    for read in (open_sorted, read_raw, file_events):
        with pytest.raises(FormatError, match=r"^day1: is a folder, and .* is a file; name the file in it$"):
            read(tmp_path / "day1", name)


def test_complaints_of_a_damaged_nwb_hold_no_time(tmp_path):
    (tmp_path / "a.nwb").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(400))
    with pytest.raises(FormatError) as error:
        open_sorted(tmp_path / "a.nwb")
    assert "a.nwb: " in str(error.value) and "time = " not in str(error.value)
