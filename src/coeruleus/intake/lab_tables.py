"""The spreadsheets of a lab: what they say of injections, and results that become concentrations.tsv."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from coeruleus.experiment.read_sheet import find_sheet
from coeruleus.experiment.sheets import CONCENTRATIONS, SHEETS, SUBJECTS
from coeruleus.formats.errors import FormatError
from coeruleus.intake.draft_injections import natural
from coeruleus.intake.guess import Guess
from coeruleus.intake.result_tables import Results, results_of
from coeruleus.intake.sheet_rows import SUBJECT_COLUMNS, Drafted, add_rows, old_rows
from coeruleus.intake.spreadsheets import read_cells, sequence_of

RESULT_COLUMNS = ("subject_id", "start_min", "end_min", "analyte", "concentration", "unit")
NOT_UNDERSTOOD = (
    "no table in it was understood; a sequence table has columns for file or sample name and type, results have "
    "animals and times (min), in rows or columns"
)


@dataclass
class LabTables:
    """What was read: guesses by name of file or sample, results by file; files that were understood, and others."""

    notes: dict[str, Guess] = field(default_factory=dict)
    results: list[tuple[str, Results]] = field(default_factory=list)
    files: set[Path] = field(default_factory=set)
    others: list[str] = field(default_factory=list)


def read_lab_tables(directory: Path, done: Drafted) -> LabTables:
    """Every .xlsx and .csv in the directory and in dialysate/ that is no sheet of the experiment."""
    tables = LabTables()
    names = {f"{sheet.name}{suffix}" for sheet in SHEETS for suffix in (".tsv", ".csv")}
    for path in sorted([*directory.glob("*"), *directory.glob("dialysate/*")]):
        file = path.relative_to(directory).as_posix()
        if path.suffix.lower() not in (".xlsx", ".csv") or file in names or not path.is_file():
            continue
        try:
            cells = read_cells(path)
        except FormatError as error:
            done.said.append(f"not read as a table: {error}")
            continue
        understood = [_take(tables, file, title, each, done) for title, each in cells]
        if any(understood):
            tables.files.add(path)
        else:
            tables.others.append(file)
    return tables


def _take(tables: LabTables, file: str, title: str, cells: list[list[str]], done: Drafted) -> bool:
    """Whether one table is understood; it is kept."""
    sequence = sequence_of(cells)
    if sequence:
        tables.notes = sequence | tables.notes
        injections = len({id(each) for each in sequence.values()})  # by file and by sample
        done.said.append(f"{file}: read as a sequence table of {injections} injections")
        return True
    found = results_of(cells, title)
    if found is not None:
        tables.results.append((file, found))
    return found is not None


def say_not_understood(tables: LabTables, chromatograms: list[str], done: Drafted) -> None:
    """Name the tables that nobody could read; a .csv may be a trace, of which more is said with the others."""
    for file in tables.others:
        if not file.startswith("dialysate/") and file not in chromatograms:
            done.said.append(f"{file}: {NOT_UNDERSTOOD}")


def add_results(directory: Path, tables: LabTables, done: Drafted) -> None:
    """Results as rows of dialysate/concentrations, and their animals; not where that sheet was there before."""
    old = find_sheet(directory, CONCENTRATIONS)[0]
    for file, found in tables.results:
        if old is not None:
            done.said.append(f"{file}: looks like results, but dialysate/concentrations is there already; left alone")
            continue
        add_rows(directory, CONCENTRATIONS, RESULT_COLUMNS, found.rows, done)
        done.said += [f"{file}: {note}" for note in found.notes]
        named = {row["subject_id"] for row in found.rows}
        known = {row.get("subject_id", "") for row in old_rows(directory, SUBJECTS)}
        new = [
            dict.fromkeys(SUBJECT_COLUMNS, "n/a") | {"subject_id": each, "group": found.groups.get(each, "n/a")}
            for each in sorted(named - known, key=natural)
        ]
        add_rows(directory, SUBJECTS, SUBJECT_COLUMNS, new, done)
