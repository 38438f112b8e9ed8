"""Size and time of instrument files, by which a job knows that one has changed."""

import os
from pathlib import Path

from coeruleus.provenance import changes, inventory, stamps


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
    for name in ("experiment.yaml", "subjects.tsv", "dialysate/x.txt"):
        (tmp_path / name).write_text("1")
    before = inventory(tmp_path)
    assert [line.split("\t")[0] for line in before] == ["dialysate/x.txt", "subjects.tsv"]
    (tmp_path / "dialysate/x.txt").write_text("12")
    (tmp_path / "experiment.yaml").write_text("12")  # whose comments do not count
    assert changes(before, inventory(tmp_path)) == "dialysate/x.txt"
