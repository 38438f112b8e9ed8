"""Which files of a folder are chromatograms and which recordings; those outside dialysate/ and ephys/ are put there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Set
from pathlib import Path

from coeruleus.experiment.fields import is_odd
from coeruleus.experiment.sheets import SHEETS
from coeruleus.formats.chromatogram import read_chromatogram
from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import DISCOVERS
from coeruleus.formats.registry import discover
from coeruleus.formats.text import Source
from coeruleus.intake.draft_injections import natural
from coeruleus.intake.sheet_rows import Drafted
from coeruleus.tables.io import FORMULA

ROOMS = ("dialysate", "ephys")
NOT_LOOKED_INTO = frozenset({*ROOMS, "curation", "results", "truth"})
NEVER = frozenset({"readme.md", "readme.txt", "readme", "experiment.yaml", "figures.yaml", "thumbs.db", "desktop.ini"})
BESIDE = frozenset({".xlsx", ".xls", ".ods", ".yaml", ".yml", ".json", ".md", ".pdf", ".png", ".svg", ".doc", ".docx"})
COMPANIONS = (".eeg", ".vmrk", ".dat", ".json")  # read through another file: BrainVision's header, a sidecar
CLOSED = {
    **dict.fromkeys((".lcd", ".gcd"), "LabSolutions can export it as ASCII"),
    ".cmbx": "Chromeleon can export it as text or AIA",
    ".dx": "OpenLab can export it as AIA or text",
    ".prm": "Clarity can export it as text",
    ".adicht": "LabChart can export it as text",
    ".pl2": "Plexon's software can save it as .plx",
}
MOST_FILES = 20_000
DEEPEST = 5
SHOWN = 6


def sort_out(directory: Path, tables: Set[Path], done: Drafted) -> tuple[list[str], list[str]]:
    """Chromatogram and recording files, relative to dialysate/ and ephys/.

    Files elsewhere in the directory are put into one of these as well, under the folders in which they lie. `tables`
    are a lab's own, and no instrument's.
    """
    passed: list[Path] = []
    sheets = {directory / f"{sheet.name}{suffix}" for sheet in SHEETS for suffix in (".tsv", ".csv")}
    brought = dict.fromkeys(ROOMS, 0)
    outside = [each for each in _outside(directory) if not (each in tables or each in sheets or _is_companion(each))]
    for path in _well_named(directory, outside, directory, done):
        room = _room_of(path)
        if room is None:
            passed += [path.relative_to(directory)] if path.suffix.lower() != ".csv" else []
        else:
            brought[room] += _bring(path, directory / room / path.relative_to(directory))
    for room, count in brought.items():
        if count:
            files = "1 file was" if count == 1 else f"{count} files were"
            done.said.append(f"{files} put into {room}/ as well, where the sheet looks for them")
    if passed:
        shown = ", ".join(path.as_posix() for path in passed[:SHOWN])
        more = f", and {len(passed) - SHOWN} more" if len(passed) > SHOWN else ""
        hints = sorted({f"{suffix}: {CLOSED[suffix]}" for path in passed if (suffix := path.suffix.lower()) in CLOSED})
        done.said.append("; ".join([f"passed over, in no known format: {shown}{more}", *hints]))
    found = [_inside(directory, room, tables, done) for room in ROOMS]
    return found[0], found[1]


def _well_named(directory: Path, paths: list[Path], top: Path, done: Drafted) -> list[Path]:
    """Those whose names, from `top` on, can stand in a sheet; the others are said, by their place in `directory`."""
    good = {p for p in paths if not (is_odd(name := p.relative_to(top).as_posix()) or FORMULA.match(name))}
    odd = [path for path in paths if path not in good]
    if odd:
        shown = ", ".join(ascii(path.relative_to(directory).as_posix()) for path in odd[:SHOWN])
        more = f", and {len(odd) - SHOWN} more" if len(odd) > SHOWN else ""
        why = "the name holds signs that cannot be seen, or begins as a spreadsheet's formula does"
        done.said.append(f"passed over, rename and run init again: {shown}{more}: {why}")
    return [path for path in paths if path in good]


def _outside(directory: Path) -> list[Path]:
    """Files, and folders that are one measurement, that do not lie in a room; links to folders are not followed."""
    found: list[Path] = []
    for top, folders, files in os.walk(directory):
        here = Path(top)
        inner = [each for each in folders if not each.startswith(".")]
        if here == directory:
            inner = [each for each in inner if each not in NOT_LOOKED_INTO]
        units = [each for each in inner if is_unit(here / each)]
        deep = len(here.relative_to(directory).parts) >= DEEPEST
        folders[:] = [] if deep or len(found) > MOST_FILES else [each for each in inner if each not in units]
        found += [path for path in (here / each for each in [*files, *units]) if _is_candidate(path)]
    return sorted(found, key=lambda path: natural(path.relative_to(directory).as_posix()))[:MOST_FILES]


def _inside(directory: Path, room: str, tables: Set[Path], done: Drafted) -> list[str]:
    folder, found = directory / room, []
    for path in sorted(folder.rglob("*"), key=lambda each: natural(str(each))) if folder.is_dir() else []:
        if any(is_unit(folder / parent) for parent in path.relative_to(folder).parents):
            continue
        if path in tables or _is_companion(path):
            continue
        relative = path.relative_to(directory).as_posix()
        if _is_candidate(path) and not any(relative.startswith(f"{sheet.name}.") for sheet in SHEETS):
            found.append(path)
    files = [path.relative_to(folder).as_posix() for path in _well_named(directory, found, folder, done)]
    if len(files) > MOST_FILES:
        done.said.append(f"{room} holds {len(files)} files; only the first {MOST_FILES} were looked at")
    return files[:MOST_FILES]


def is_unit(path: Path) -> bool:
    """A folder that is one measurement: ChemStation .D, Waters .raw, the output of Kilosort or Phy."""
    return path.is_dir() and (path.suffix.lower() in (".d", ".raw") or (path / "spike_times.npy").is_file())


def _is_candidate(path: Path) -> bool:
    name = path.name.casefold()
    if name.startswith((".", "~")) or name in NEVER or (path.is_dir() and not is_unit(path)):
        return False
    return path.is_dir() or (path.suffix.lower() not in BESIDE and path.is_file() and path.stat().st_size > 0)


def _is_companion(path: Path) -> bool:
    return path.suffix.lower() in COMPANIONS and path.with_suffix(".vhdr").is_file()


def _room_of(path: Path) -> str | None:
    """dialysate or ephys by a file's content; None where no reader knows it."""
    try:
        source = Source(path)
        recording = next(
            (each for each in discover(DISCOVERS) if not each.generic and each.sniff(source) is None), None
        )
        if recording is not None:
            return "ephys"
        read_chromatogram(path)
        return "dialysate"
    except FormatError as error:
        return "dialysate" if "name one in the column 'channel'" in str(error) else None


def _bring(path: Path, target: Path) -> int:
    """How many files were put where the sheet looks for them, without those that go with one; none is replaced."""
    if target.exists():
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, target)
        return 1
    _link(path, target)
    if path.suffix.lower() in (".vhdr", ".dat", ".bin", ".raw"):
        names = [path.with_suffix(suffix) for suffix in COMPANIONS] + [path.with_name(f"{path.name}.json")]
        for beside in names:
            if beside.is_file() and beside != path and not target.with_name(beside.name).exists():
                _link(beside, target.with_name(beside.name))
    return 1


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)  # a recording may be large, and neither name is written to
    except OSError:
        shutil.copy2(path, target)
