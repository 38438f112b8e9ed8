"""Size and time of instrument files, by which a job knows that one has changed."""

import os
from pathlib import Path

from coeruleus.provenance import changes, inventory, stamps, total_mb


def test_files_folders_and_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("12345")
    os.utime(tmp_path / "a.txt", ns=(0, 7))
    (tmp_path / "run.D/deep").mkdir(parents=True)
    (tmp_path / "run.D/b.ch").write_text("1")
    (tmp_path / "run.D/deep/c.txt").write_text("12")
    found = stamps(tmp_path, ["run.D", "a.txt", "a.txt", None, "lost.txt", "nul\0"])
    assert [name for name, _ in found] == ["a.txt", "run.D/b.ch", "run.D/deep/c.txt"]
    assert found[0][1] == "5\t7"


def test_links_in_a_circle_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "up").symlink_to(tmp_path)
    (tmp_path / "run.D").mkdir()
    (tmp_path / "run.D/again").symlink_to(tmp_path / "run.D")
    assert stamps(tmp_path, ["a", "run.D"]) == []
    assert inventory(tmp_path) == []


def test_a_changed_file_is_named_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "dialysate").mkdir()
    for name in ("subjects.tsv", "dialysate/x.txt"):
        (tmp_path / name).write_text("1")
    before = inventory(tmp_path)
    assert [line.split("\t")[0] for line in before] == ["dialysate/x.txt", "subjects.tsv"]
    (tmp_path / "dialysate/x.txt").write_text("12")
    assert changes(before, inventory(tmp_path)) == "dialysate/x.txt"


def test_what_a_reader_opens_beside_the_file_of_the_sheet(tmp_path: Path) -> None:
    """Samples lie beside their header; a BrainVision header may give them any name; an .ch lies in a .D of reports."""
    header = "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nDataFile={}\nMarkerFile=b.vmrk\r\n"
    (tmp_path / "a.vhdr").write_text(header.format("other.dat"))
    for name in ("a.eeg", "b.vmrk", "other.dat", "c.dat", "c.json", "alone.txt", "a_b.eeg", ".json"):
        (tmp_path / name).write_text("1")
    (tmp_path / "x.D").mkdir()
    (tmp_path / "x.D/FID1A.ch").write_text("1")
    (tmp_path / "x.D/Report.txt").write_text("12")
    names = {name: [found for found, _ in stamps(tmp_path, [name])] for name in ("a.vhdr", "c.dat", "alone.txt")}
    assert names == {
        "a.vhdr": ["a.eeg", "a.vhdr", "b.vmrk", "other.dat"], "c.dat": ["c.dat", "c.json"], "alone.txt": ["alone.txt"]
    }  # fmt: skip
    inside = stamps(tmp_path, ["x.D/FID1A.ch"])
    assert [name for name, _ in inside] == ["x.D/FID1A.ch", "x.D/Report.txt"]
    assert total_mb(inside) == 3e-6


def test_a_header_names_no_file_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_text("1")
    (tmp_path / "in/a.vhdr").write_text("DataFile=../secret\nMarkerFile=..\\secret\n")
    assert [name for name, _ in stamps(tmp_path / "in", ["a.vhdr"])] == ["a.vhdr"]
