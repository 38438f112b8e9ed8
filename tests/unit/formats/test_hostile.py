"""Mutants of every format that has a seed, and of the sheets: as benchmarks/hostile/fuzz.py, fewer of them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from recording_seeds import write_recordings

from coeruleus.formats.recording import open_sorted
from coeruleus.formats.registry import PACKAGES, discover
from fuzz import fuzz, of_sheets, targets
from seeds import REFUSED, readable, seeds

VENDORS = ("blackrock", "nwb", "plexon", "spike2", "spike2_mat")

COUNT = int(os.environ.get("COERULEUS_MUTANTS", "100"))
SECONDS = 15.0  # of work for one format; large files are slow to read, and the full run has them all


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> dict:
    return targets(tmp_path_factory.mktemp("seeds"))[0]


def test_mutants_are_read_or_named(works: dict) -> None:
    registered = {f"{kind}: {each.name}" for kind, package in PACKAGES.items() for each in discover(package)}
    assert {name for name in works if ": " in name} == registered
    assert "sheets" in works
    faults = []
    for name, work in works.items():
        spent, done = 0.0, 0
        for number, fault, seconds in fuzz(work, name, COUNT, seed=1):
            spent, done = spent + seconds, done + 1
            if fault:
                faults.append(f"{name}, mutant {number}: {fault}")
            if spent > SECONDS:
                break
        print(f"{name}: {done} mutants")
    assert faults == []


def test_every_sheet_is_damaged_in_its_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from experiment_seeds import RULESETS, files_that_people_write, write_experiments

    from coeruleus.experiment.sheets import SHEETS
    from coeruleus.intake.find import find_experiments

    experiments = write_experiments(tmp_path / "sheets")
    found, refused = find_experiments([str(directory) for directory in experiments], RULESETS)
    assert len(found) == len(experiments) and not refused
    files = {(d, path.relative_to(d)) for d in experiments for path in files_that_people_write(d)}
    names = {path.with_suffix("").as_posix() for _, path in files}
    assert names == {sheet.name for sheet in SHEETS} | {"experiment", "figures", "rulesets/own"}
    assert {path.suffix for _, path in files} == {".tsv", ".csv", ".yaml"}
    damaged: set[bytes] = set()
    monkeypatch.setattr("fuzz.mutant", lambda data, seed: damaged.add(data) or data)
    work = of_sheets(experiments)
    for number in range(len(files)):
        (tmp_path / str(number)).mkdir()
        assert work(tmp_path / str(number), f"1 sheets {number}") is None
    assert damaged == {(directory / path).read_bytes() for directory, path in files}
    assert len(files) <= COUNT


def test_links_in_a_circle_and_links_out_are_harmless(tmp_path: Path) -> None:
    from coeruleus.formats.chromatogram import read_chromatogram
    from coeruleus.formats.errors import FormatError
    from coeruleus.provenance import checksums, inventory

    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "up").symlink_to(tmp_path)
    (tmp_path / "out.txt").symlink_to("/etc/passwd")
    with pytest.raises(FormatError, match=r"^a: "):
        read_chromatogram(tmp_path / "a")
    assert "out.txt" not in checksums(tmp_path)
    assert len(inventory(tmp_path)) <= 1


def test_seeds_are_sound(tmp_path: Path) -> None:
    """Damage to a file that is refused anyway would find nothing; of those without real files, all are written here."""
    found = seeds(tmp_path, None)
    registered = {(kind, each.name) for kind, package in PACKAGES.items() for each in discover(package)}
    assert set(found) == registered
    for (kind, name), files in found.items():
        if (kind, name) not in REFUSED:
            assert all(readable(kind, path) for path in files), name
    for name in VENDORS:
        assert set().union(*(readable("recording", path) for path in found["recording", name])) == {"units", "traces"}


@pytest.mark.parametrize("name", ["plexon.plx", "blackrock.nev", "spike2.smr", "spike2_export.mat"])
def test_written_recordings_come_back(tmp_path: Path, name: str) -> None:
    """Two units in turn, from tick 400 on, one in 60 of 20 000 a second (30 000 of Blackrock's)."""
    write_recordings(tmp_path)
    units = [unit for unit in open_sorted(tmp_path / name).units if len(unit.times_s) == 30]
    ticks = np.sort(np.concatenate([unit.times_s for unit in units]))[[0, -1]] * (30_000 if "nev" in name else 20_000)
    shift = 8 if name == "spike2.smr" else 0  # from the snippet's start to the spike
    assert len(units) == 2
    assert ticks == pytest.approx([400 + shift, 400 + 59 * 60 + shift], abs=1e-3)
