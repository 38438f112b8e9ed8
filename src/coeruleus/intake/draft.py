"""`coeruleus init`: an experiment directory drafted from the files that are there; nothing is ever overwritten."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from coeruleus.experiment.fields import BLANK, Sheet
from coeruleus.experiment.read_sheet import find_sheet
from coeruleus.experiment.sheets import CONCENTRATIONS, INJECTIONS, RECORDINGS, SHEETS, STANDARDS, SUBJECTS
from coeruleus.formats.chromatogram import Chromatogram, read_chromatogram
from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import DISCOVERS
from coeruleus.formats.registry import discover
from coeruleus.formats.text import Source
from coeruleus.intake import draft_injections, draft_recordings
from coeruleus.intake.draft_injections import Row, Seen, draft_rows, in_order, natural, settle_kinds, standards_rows
from coeruleus.intake.guess import Guess, guess
from coeruleus.intake.spreadsheets import Results, read_cells, results_of, sequence_of

SETTINGS = "experiment.yaml"
NEVER = frozenset({"readme.md", "readme.txt", "readme", SETTINGS, "figures.yaml"})
SUBJECT_COLUMNS = ("subject_id", "species", "sex", "age", "weight_g", "group")
RESULT_COLUMNS = ("subject_id", "start_min", "end_min", "analyte", "concentration", "unit")
MOST_FILES = 20_000
FEW = 6  # columns of a sheet that is drafted whole
BESIDE = frozenset({".xlsx", ".xls", ".ods", ".yaml", ".yml", ".json", ".md", ".pdf", ".png", ".svg", ".doc", ".docx"})


@dataclass
class Drafted:
    """What init did: files written or added to, and what a person should know."""

    written: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def draft(directory: Path, interval_min: float | None = None, start_min: float | None = None) -> Drafted:
    """Draft sheets and settings of a directory; rows are added only for files that no sheet names yet.

    Instrument files that lie in the directory itself are copied into dialysate/ or ephys/, where sheets expect them.
    """
    done = Drafted()
    if not directory.is_dir():
        raise FormatError(f"{directory.name}: is not a directory")
    chromatograms, recordings = _sort_out(directory, done)
    notes = read_spreadsheets(directory, done)
    injections = _old_rows(directory, INJECTIONS)
    known = {row.get("file", "") for row in injections}
    seen = settle_kinds(
        [one for file in chromatograms if file not in known and (one := _see(directory, file, notes, done))]
    )
    runs = in_order(seen)
    rows = draft_rows(runs, len(injections) + 1, {row.get("run", "") for row in injections}, interval_min, start_min)
    taken = {row.get("injection_id") for row in injections}
    for row in rows:
        while row["injection_id"] in taken:
            row["injection_id"] += "b"
        taken.add(row["injection_id"])
    _add(directory, INJECTIONS, draft_injections.COLUMNS, rows, done)
    levels = {(row.get("level", ""), row.get("analyte", "")) for row in _old_rows(directory, STANDARDS)}
    _add(directory, STANDARDS, ("level", "analyte", "concentration", "unit"), standards_rows(seen, levels), done)
    found = _draft_recordings(directory, recordings, done)
    _draft_subjects(directory, rows, found, done)
    _draft_settings(directory, seen, found, done)
    blanks = sum(value == BLANK for row in rows for value in row.values())
    kinds = Counter(row["kind"] if row["kind"] != BLANK else "unknown" for row in rows)
    if rows:
        shown = ", ".join(f"{kinds[kind]} {kind}" for kind in sorted(kinds))
        done.said.append(f"{len(rows)} injections in {len(runs)} runs ({shown}); {blanks} cells are to be filled in")
    if not done.written:
        done.said.append("nothing new was found; all files are in the sheets")
    return done


def _sort_out(directory: Path, done: Drafted) -> tuple[list[str], list[str]]:
    """Chromatogram and recording files, relative to dialysate/ and ephys/."""
    for path in sorted(directory.iterdir(), key=lambda each: natural(each.name)):
        if _is_candidate(path) and path.suffix.lower() != ".csv" and (room := _room_of(path)):
            _bring(path, directory / room / path.name, done)
    inside: list[list[str]] = []
    for room in ("dialysate", "ephys"):
        folder, files = directory / room, []
        for path in sorted(folder.rglob("*"), key=lambda each: natural(str(each))) if folder.is_dir() else []:
            if any(_is_unit(folder / parent) for parent in path.relative_to(folder).parents):
                continue
            relative = path.relative_to(directory).as_posix()
            if _is_candidate(path) and not any(relative.startswith(f"{sheet.name}.") for sheet in SHEETS):
                files.append(path.relative_to(folder).as_posix())
        inside.append(files[:MOST_FILES])
        if len(files) > MOST_FILES:
            done.said.append(f"{room} holds {len(files)} files; only the first {MOST_FILES} were looked at")
    return inside[0], inside[1]


def _is_unit(path: Path) -> bool:
    """A folder that is one measurement: ChemStation .D, Waters .raw, the output of Kilosort or Phy."""
    return path.is_dir() and (path.suffix.lower() in (".d", ".raw") or (path / "spike_times.npy").is_file())


def _is_candidate(path: Path) -> bool:
    name = path.name.casefold()
    if name.startswith((".", "~")) or name in NEVER or (path.is_dir() and not _is_unit(path)):
        return False
    return path.is_dir() or (path.suffix.lower() not in BESIDE and path.is_file() and path.stat().st_size > 0)


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


def _bring(path: Path, target: Path, done: Drafted) -> None:
    if target.exists():
        return
    target.parent.mkdir(exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, target)
    else:
        try:
            os.link(path, target)  # a recording may be large, and neither name is written to
        except OSError:
            shutil.copy2(path, target)
    done.said.append(f"{path.name} was put into {target.parent.name}/ as well, where its sheet looks for it")


def _see(directory: Path, file: str, notes: dict[str, Guess], done: Drafted) -> Seen | None:
    path = directory / "dialysate" / file
    try:
        trace = _first_channel(path)
    except FormatError as error:
        done.said.append(f"not in the sheets: {error}")
        return None
    name, kind = trace.header.get("sample_name", ""), trace.header.get("sample_type", "")
    if len(trace.channels) > 1:
        listed = ", ".join(trace.channels)
        done.said.append(f"{file}: holds several channels ({listed}); name one in the column channel")
    parent = Path(file).parent.name or directory.resolve().name
    known = notes.get(Path(file).stem.casefold()) or notes.get(name.casefold()) or guess(Path(file).stem, name, kind)
    return Seen(file, trace.channels, trace.header, known, parent)


def _first_channel(path: Path) -> Chromatogram:
    try:
        return read_chromatogram(path)
    except FormatError as error:
        if "name one in the column 'channel'" not in str(error):
            raise
        return read_chromatogram(path, "1")


def read_spreadsheets(directory: Path, done: Drafted) -> dict[str, Guess]:
    """What the lab's own tables say of injections, by name of file or sample; results become concentrations.tsv."""
    notes: dict[str, Guess] = {}
    names = {f"{sheet.name}{suffix}" for sheet in SHEETS for suffix in (".tsv", ".csv")}
    results: list[tuple[str, Results]] = []
    for path in sorted([*directory.glob("*"), *directory.glob("dialysate/*")]):
        file = path.relative_to(directory).as_posix()
        if path.suffix.lower() not in (".xlsx", ".csv") or file in names or not path.is_file():
            continue
        try:
            tables = read_cells(path)
        except FormatError as error:
            done.said.append(f"not read as a table: {error}")
            continue
        for title, cells in tables:
            sequence = sequence_of(cells)
            notes |= {name: known for name, known in sequence.items() if name not in notes}
            found = None if sequence else results_of(cells, title)
            if found is not None:
                results.append((file, found))
            if sequence:
                done.said.append(f"{file}: read as a sequence table of {len(sequence)} injections")
    old = find_sheet(directory, CONCENTRATIONS)[0]
    for file, found in results:
        if old is not None:
            done.said.append(f"{file}: looks like results, but dialysate/concentrations is there already; left alone")
            continue
        _add(directory, CONCENTRATIONS, RESULT_COLUMNS, found.rows, done)
        done.said += [f"{file}: {note}" for note in found.notes]
        named = {row["subject_id"] for row in found.rows}
        known = {row.get("subject_id", "") for row in _old_rows(directory, SUBJECTS)}
        new = [
            dict.fromkeys(SUBJECT_COLUMNS, "n/a") | {"subject_id": each} for each in sorted(named - known, key=natural)
        ]
        _add(directory, SUBJECTS, SUBJECT_COLUMNS, new, done)
    return notes


def _draft_recordings(directory: Path, files: list[str], done: Drafted) -> list[draft_recordings.Found]:
    old = _old_rows(directory, RECORDINGS)
    known, taken = {row.get("file", "") for row in old}, {row.get("site_id", "") for row in old}
    found = []
    for file in files:
        if file in known:
            continue
        try:
            one = draft_recordings.look(directory / "ephys" / file, file)
        except FormatError as error:
            done.said.append(f"not in the sheets: {error}")
            continue
        one.row["site_id"] = draft_recordings.site_of(file, taken)
        taken.add(one.row["site_id"])
        found.append(one)
    _add(directory, RECORDINGS, draft_recordings.COLUMNS, [one.row for one in found], done)
    return found


def _draft_subjects(directory: Path, rows: list[Row], found: list[draft_recordings.Found], done: Drafted) -> None:
    named = {row["subject_id"] for row in rows} - {"n/a", BLANK}
    known = {row.get("subject_id", "") for row in _old_rows(directory, SUBJECTS)}
    new = [{"subject_id": each} for each in sorted(named - known, key=natural)]
    if not new and not known and (rows or found):
        new = [{"subject_id": BLANK}]
    _add(directory, SUBJECTS, SUBJECT_COLUMNS, [dict.fromkeys(SUBJECT_COLUMNS, "n/a") | row for row in new], done)


def _draft_settings(directory: Path, seen: list[Seen], found: list[draft_recordings.Found], done: Drafted) -> None:
    path = directory / SETTINGS
    results = find_sheet(directory, CONCENTRATIONS)[0] is not None
    if path.exists() or not (seen or found or results):
        return
    units = Counter(one.guess.unit for one in seen if one.guess.unit)
    analytes = sorted({one.guess.analyte for one in seen if one.guess.analyte})
    lines = [f"title: {json.dumps(directory.resolve().name)}"]
    if seen:
        unit = min(units, key=lambda each: (-units[each], each)) if units else BLANK
        lines += [f"concentration_unit: {unit}  # of standards.tsv and of concentrations out", "analytes:"]
        lines += [f"  {name}: {{retention_time: {BLANK}}}  # minutes, nominal" for name in analytes or [BLANK]]
    names = sorted({event.name for one in found for event in one.events})
    if names:
        lines += ["events:", "  rename: {}  # names in the recording files to trial types, as in {Event04: foot_shock}"]
        lines += [f"  # in these files: {_comment(name)}" for name in names[:40]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done.written.append(SETTINGS)


def _comment(name: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in name)[:80]


def _old_rows(directory: Path, sheet: Sheet) -> list[Row]:
    path, _ = find_sheet(directory, sheet)
    if path is None:
        return []
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(path, text))
    return [{key: value or "" for key, value in row.items() if isinstance(key, str)} for row in reader]


def _delimiter(path: Path, text: str) -> str:
    first = text.partition("\n")[0]
    return "\t" if path.suffix == ".tsv" else ";" if ";" in first and "," not in first else ","


def _add(directory: Path, sheet: Sheet, columns: tuple[str, ...], rows: list[Row], done: Drafted) -> None:
    """Write a new sheet, or add rows below those of an existing one, in its own columns."""
    if not rows:
        return
    path, _ = find_sheet(directory, sheet)
    buffer = io.StringIO(newline="")
    if path is None:
        path = directory / f"{sheet.name}.tsv"
        path.parent.mkdir(exist_ok=True)
        names, delimiter = list(columns), "\t"
        # A column that says nothing of any file is left out, unless the sheet must have it.
        needed = {each.name for each in sheet.fields if each.required} | ({*columns} if len(columns) <= FEW else set())
        names = [name for name in names if name in needed or any(row[name] != "n/a" for row in rows)]
        buffer.write(delimiter.join(names) + "\n")
    else:
        text = path.read_text(encoding="utf-8-sig")
        delimiter = _delimiter(path, text)
        names = [name.strip() for name in next(csv.reader([text.partition("\n")[0].rstrip("\r")], delimiter=delimiter))]
        if text and not text.endswith("\n"):
            buffer.write("\n")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
    writer.writerows([[row.get(name, "n/a") for name in names] for row in rows])
    with path.open("a", encoding="utf-8", newline="") as handle:
        handle.write(buffer.getvalue())
    done.written.append(f"{sheet.name}{path.suffix} ({len(rows)} rows)")
