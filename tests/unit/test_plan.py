"""What a run was planned with, and what has changed since."""

from pathlib import Path

from coeruleus.plan import changed_since, interim_folder, write_plan
from coeruleus.provenance import inventory


def test_changes_are_named(tmp_path: Path) -> None:
    folder, interim = tmp_path / "a", interim_folder({"results": str(tmp_path / "out") + "/"})
    (folder / "ephys").mkdir(parents=True)
    for name in ("subjects.tsv", "ephys/s.tsv", "ephys/two\nlines\u2028.tsv"):
        (folder / name).write_text("1")
    write_plan(interim, "a", inventory(folder))
    sheets = {"subjects.tsv", "sessions.tsv"}
    assert changed_since(interim, "a", folder) == changed_since(interim, "a", folder, sheets) == ""
    (folder / "ephys/s.tsv").write_text("12")
    assert changed_since(interim, "a", folder) == "ephys/s.tsv"
    assert changed_since(interim, "a", folder, sheets) == ""
    (folder / "sessions.tsv").write_text("new")
    (folder / "subjects.tsv").unlink()
    assert changed_since(interim, "a", folder, sheets) == "sessions.tsv, subjects.tsv"
