"""`coeruleus init`: an experiment directory drafted from the files that are there; nothing is ever overwritten."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

from coeruleus.experiment.fields import BLANK
from coeruleus.experiment.read_sheet import find_sheet
from coeruleus.experiment.sheets import CONCENTRATIONS, INJECTIONS, RECORDINGS, STANDARDS, SUBJECTS
from coeruleus.formats.chromatogram import Chromatogram, read_chromatogram
from coeruleus.formats.errors import FormatError
from coeruleus.intake import draft_injections, draft_recordings
from coeruleus.intake.draft_injections import Row, Seen, draft_rows, in_order, natural, settle_kinds, standards_rows
from coeruleus.intake.guess import Guess, guess, subject_in
from coeruleus.intake.guess_times import Peak, Standard, retention_times
from coeruleus.intake.lab_tables import add_results, read_lab_tables, say_not_understood
from coeruleus.intake.sheet_rows import SUBJECT_COLUMNS, Drafted, add_rows, old_rows
from coeruleus.intake.sort_out import sort_out
from coeruleus.tables.io import plain

SETTINGS = "experiment.yaml"


def draft(directory: Path, interval_min: float | None = None, start_min: float | None = None) -> Drafted:
    """Draft sheets and settings of a directory; rows are added only for files that no sheet names yet.

    Instrument files that lie in the directory itself are copied into dialysate/ or ephys/, where sheets expect them.
    """
    done = Drafted()
    if not directory.is_dir():
        raise FormatError(f"{directory.name}: is not a directory")
    tables = read_lab_tables(directory, done)
    chromatograms, recordings = sort_out(directory, tables.files, done)
    say_not_understood(tables, chromatograms, done)
    add_results(directory, tables, done)
    injections = old_rows(directory, INJECTIONS)
    known = {row.get("file", "") for row in injections}
    seen = settle_kinds(
        [one for file in chromatograms if file not in known and (one := _see(directory, file, tables.notes, done))]
    )
    runs = in_order(seen)
    in_rows = [one for run in runs for one in run]
    rows = draft_rows(runs, len(injections) + 1, {row.get("run", "") for row in injections}, interval_min, start_min)
    taken = {row.get("injection_id") for row in injections}
    for row in rows:
        while row["injection_id"] in taken:
            row["injection_id"] += "b"
        taken.add(row["injection_id"])
    add_rows(directory, INJECTIONS, draft_injections.COLUMNS, rows, done)
    levels = {(row.get("level", ""), row.get("analyte", "")) for row in old_rows(directory, STANDARDS)}
    add_rows(directory, STANDARDS, ("level", "analyte", "concentration", "unit"), standards_rows(seen, levels), done)
    found = _draft_recordings(directory, recordings, done)
    _draft_subjects(directory, rows, found, done)
    _draft_settings(directory, seen, found, done)
    blanks = sum(value == BLANK for row in rows for value in row.values())
    kinds = Counter(row["kind"] if row["kind"] != BLANK else "unknown" for row in rows)
    if rows:
        shown = ", ".join(f"{kinds[kind]} {kind}" for kind in sorted(kinds))
        done.said.append(f"{len(rows)} injections in {len(runs)} runs ({shown}); {blanks} cells are to be filled in")
        numbered = sum(
            row["start_min"] == BLANK and one.guess.sample is not None for row, one in zip(rows, in_rows, strict=True)
        )
        if numbered:
            said = f"with --interval and --start, init proposes the collection times of {numbered}"
            done.said.append(f"the samples are numbered: {said}")
    if not done.written:
        sheets = any(find_sheet(directory, sheet)[0] for sheet in (INJECTIONS, RECORDINGS, CONCENTRATIONS))
        new = "nothing new was found; all files are in the sheets"
        done.said.append(new if sheets else "no file of an instrument and no table was found that is understood")
    done.said = [plain(line) for line in done.said]
    return done


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
    known = next((notes[each] for each in (Path(file).stem.casefold(), name.casefold()) if each in notes), Guess())
    known = known if known.kind else guess(Path(file).stem, name, kind)
    if known.kind == "dialysate" and known.subject is None:
        known = replace(known, subject=subject_in(file))
    return Seen(file, trace.channels, trace.header, known, parent, _peaks(trace))


def _peaks(trace: Chromatogram) -> tuple[Peak, ...]:
    """Peaks of the instrument's own table; none where a file has several channels and a person must say which."""
    table = trace.vendor_peaks
    if table is None or len(trace.channels) > 1:
        return ()
    rows = zip(table["retention_time_min"], table["area"], table["name"], strict=True)
    return tuple((float(time), float(area), name if isinstance(name, str) else "") for time, area, name in rows)


def _first_channel(path: Path) -> Chromatogram:
    try:
        return read_chromatogram(path)
    except FormatError as error:
        if "name one in the column 'channel'" not in str(error):
            raise
        return read_chromatogram(path, "1")


def _draft_recordings(directory: Path, files: list[str], done: Drafted) -> list[draft_recordings.Found]:
    old = old_rows(directory, RECORDINGS)
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
    add_rows(directory, RECORDINGS, draft_recordings.COLUMNS, [one.row for one in found], done)
    return found


def _draft_subjects(directory: Path, rows: list[Row], found: list[draft_recordings.Found], done: Drafted) -> None:
    named = {row["subject_id"] for row in [*rows, *(one.row for one in found)]} - {"n/a", BLANK}
    known = {row.get("subject_id", "") for row in old_rows(directory, SUBJECTS)}
    new = [{"subject_id": each} for each in sorted(named - known, key=natural)]
    if not new and not known and (rows or found):
        new = [{"subject_id": BLANK}]
    add_rows(directory, SUBJECTS, SUBJECT_COLUMNS, [dict.fromkeys(SUBJECT_COLUMNS, "n/a") | row for row in new], done)


def _draft_settings(directory: Path, seen: list[Seen], found: list[draft_recordings.Found], done: Drafted) -> None:
    path = directory / SETTINGS
    results = find_sheet(directory, CONCENTRATIONS)[0] is not None
    if path.exists() or not (seen or found or results):
        return
    units = Counter(one.guess.unit for one in seen if one.guess.unit)
    units.update(row["unit"] for row in old_rows(directory, CONCENTRATIONS) if row.get("unit", "n/a") != "n/a")
    analytes = sorted({one.guess.analyte for one in seen if one.guess.analyte})
    lines = [f"title: {json.dumps(directory.resolve().name)}"]
    if seen or results:
        unit = min(units, key=lambda each: (-units[each], each)) if units else BLANK
        lines += [f"concentration_unit: {unit}  # of standards.tsv and of concentrations out"]
    if seen:
        lines += ["analytes:"]
        times = retention_times(
            [
                Standard(one.guess.analyte, one.guess.concentration, one.peaks)
                for one in seen
                if one.guess.kind == "standard" and one.guess.analyte and one.guess.concentration
            ],
            [one.peaks for one in seen],
        )
        for name in sorted({*analytes, *times}) or [BLANK]:
            said = "minutes, from the peak tables of the files" if name in times else "minutes, nominal"
            lines += [f"  {name}: {{retention_time: {times.get(name, BLANK)}}}  # {said}"]
    names = sorted({event.name for one in found for event in one.events})
    if names:
        lines += ["events:", "  rename: {}  # names in the recording files to trial types, as in {Event04: foot_shock}"]
        lines += [f"  # in these files: {_comment(name)}" for name in names[:40]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done.written.append(SETTINGS)


def _comment(name: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in name)[:80]
