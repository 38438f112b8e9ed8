"""Reading an experiment directory: every sheet, its defaults, and every problem at once."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from coeruleus.experiment import sheets
from coeruleus.experiment.complete import complete
from coeruleus.experiment.consistency import check_consistency, check_links
from coeruleus.experiment.fields import Sheet
from coeruleus.experiment.half_way import read_entries
from coeruleus.experiment.model import BrokenExperiment, Experiment
from coeruleus.experiment.nearest import nearest
from coeruleus.experiment.read_sheet import empty_sheet, find_sheet, read_sheet
from coeruleus.experiment.settings import FILE, Settings, parse_settings
from coeruleus.tables.problems import Problem

NAME = re.compile(r"[\w][\w .,+()-]*")


def load_experiment(path: Path, links: bool = True) -> Experiment:
    """Read an experiment directory.

    Raises BrokenExperiment with every problem of settings and sheets where one of them is an error;
    warnings come with the experiment. Instrument files are not opened here. `links` looks through
    all of their folders for links out, which is done once when a run is planned, and not again by each of its jobs.
    """
    name = path.resolve().name
    problems: list[Problem] = []
    if not path.is_dir():
        raise BrokenExperiment(name, [_error(str(path), "is not a directory: name an experiment directory")])
    if not NAME.fullmatch(name):
        message = "the folder's name becomes the experiment's: use letters, digits, blanks and . , + ( ) - _"
        problems.append(_error(repr(name), message))
    settings = _settings(path, problems)
    frames: dict[str, pd.DataFrame | None] = {}
    has_areas = find_sheet(path, sheets.AREAS)[0] is not None
    for sheet in sheets.SHEETS:
        waived = ("file",) if sheet is sheets.INJECTIONS and has_areas else ()
        frames[sheet.name] = _sheet(path, sheet, waived, problems)
    has_dialysate, has_ephys = (path / "dialysate").is_dir(), (path / "ephys").is_dir()
    _check_presence(frames, has_dialysate, has_ephys, problems)
    _check_names_of_sheets(path, frames, problems)
    if settings is None or any("is required and not there" in problem.message for problem in problems):
        raise BrokenExperiment(name, _as_named(path, problems))  # nothing more can be compared
    whole: dict[str, pd.DataFrame] = {}
    for sheet in sheets.SHEETS:
        frame = frames[sheet.name]
        whole[sheet.name] = empty_sheet(sheet) if frame is None else frame
    for sheet, column in ((sheets.AREAS, "area"), (sheets.CONCENTRATIONS, "concentration")):
        if frames[sheet.name] is not None:
            whole[sheet.name], found = read_entries(whole[sheet.name], column, sheet.name)
            problems += found
    problems += complete(whole)
    experiment = Experiment(
        path=path,
        name=name,
        settings=settings,
        has_dialysate=has_dialysate,
        has_ephys=has_ephys,
        subjects=whole["subjects"],
        sessions=whole["sessions"],
        probes=whole["dialysate/probes"],
        injections=whole["dialysate/injections"],
        standards=whole["dialysate/standards"],
        dialysate_events=whole["dialysate/events"],
        areas=None if frames["dialysate/areas"] is None else whole["dialysate/areas"],
        concentrations=None if frames["dialysate/concentrations"] is None else whole["dialysate/concentrations"],
        recordings=whole["ephys/recordings"],
        ephys_events=whole["ephys/events"],
        identity=whole["ephys/identity"],
        curation_peaks=whole["curation/peaks"],
        curation_samples=whole["curation/samples"],
        curation_units=whole["curation/units"],
        curation_trials=whole["curation/trials"],
    )
    try:
        problems += check_consistency(experiment)
        problems += check_links(experiment) if links else []
    except (AttributeError, KeyError, TypeError, ValueError):  # cells that could not be read stand in the way
        if not any(problem.severity == "error" for problem in problems):
            raise
    problems = _as_named(path, problems)
    if any(problem.severity == "error" for problem in problems):
        raise BrokenExperiment(name, problems)
    experiment.problems.extend(problems)
    return experiment


def _as_named(path: Path, problems: list[Problem]) -> list[Problem]:
    """Each problem once, in order, sheets called by the names of their files: some are .csv."""
    files = {
        f"{sheet.name}.tsv": f"{sheet.name}.csv"
        for sheet in sheets.SHEETS
        if (path / f"{sheet.name}.csv").is_file() and not (path / f"{sheet.name}.tsv").is_file()
    }
    short = {own.split("/")[-1]: file.split("/")[-1] for own, file in files.items()}
    files |= {own: file for own, file in short.items() if own != "events.tsv"}  # there are two of that name
    if not files:
        return sorted(set(problems))
    pattern = re.compile("|".join(rf"(?<![\w/]){re.escape(own)}\b" for own in sorted(files, key=len, reverse=True)))
    return sorted(
        {
            replace(
                problem,
                item=pattern.sub(lambda found: files[found[0]], problem.item),
                message=pattern.sub(lambda found: files[found[0]], problem.message),
            )
            for problem in problems
        }
    )


def _error(item: str, message: str) -> Problem:
    return Problem("experiment", item, "error", message)


def _settings(path: Path, problems: list[Problem]) -> Settings | None:
    file = path / FILE
    if not file.is_file():
        problems.append(_error(FILE, "is not there: write one with at least 'title: ...'"))
        return None
    if not file.resolve().is_relative_to(path.resolve()):
        problems.append(_error(FILE, "is a link that leaves the experiment directory: copy the file here"))
        return None
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        problems.append(_error(FILE, "is not UTF-8 text: save it as UTF-8"))
        return None
    settings, found = parse_settings(text)
    problems += found
    return settings


def _sheet(path: Path, sheet: Sheet, waived: tuple[str, ...], problems: list[Problem]) -> pd.DataFrame | None:
    file, found = find_sheet(path, sheet)
    problems += found
    if file is None:
        return None
    if not file.resolve().is_relative_to(path.resolve()):
        problems.append(
            _error(f"{sheet.name}{file.suffix}", "is a link that leaves the experiment directory: copy the file here")
        )
        return None
    frame, found = read_sheet(file, sheet, waived)
    problems += found
    return frame


def _check_names_of_sheets(path: Path, frames: dict[str, pd.DataFrame | None], problems: list[Problem]) -> None:
    """A sheet whose name is nearly right would be overlooked in silence."""
    used = {
        f"{folder}/{file}"
        for name, frame in frames.items()
        if frame is not None
        for folder in [name.split("/")[0]]
        for column in ("file", "waveforms", "raw_file")
        if column in frame
        for file in frame[column].dropna()
    }
    for folder in ("", "dialysate", "ephys", "curation"):
        known = [sheet.name.split("/")[-1] for sheet in sheets.SHEETS if sheet.name.rpartition("/")[0] == folder]
        for file in sorted([*(path / folder).glob("*.tsv"), *(path / folder).glob("*.csv")]):
            where = file.relative_to(path).as_posix()
            close = nearest(file.stem, known, cutoff=0.85)
            if close and file.stem not in known and where not in used:
                problems.append(_error(where, f"is no sheet: did you mean '{close}{file.suffix}'?"))


def _check_presence(
    frames: dict[str, pd.DataFrame | None], has_dialysate: bool, has_ephys: bool, problems: list[Problem]
) -> None:
    if frames["subjects"] is None:
        problems.append(_error("subjects.tsv", "is not there: write one with at least the column subject_id"))
    if not has_dialysate and not has_ephys:
        problems.append(_error("dialysate/, ephys/", "neither folder is there: an experiment has one of them or both"))
    if has_dialysate:
        injections, concentrations = frames["dialysate/injections"], frames["dialysate/concentrations"]
        if injections is None and concentrations is None:
            problems.append(
                _error("dialysate/injections.tsv", "is not there, nor is concentrations.tsv: write one of them")
            )
        if injections is not None and concentrations is not None:
            message = "stands beside injections.tsv: concentrations are given or measured, not both; move one away"
            problems.append(_error("dialysate/concentrations.tsv", message))
    if has_ephys and frames["ephys/recordings"] is None:
        problems.append(_error("ephys/recordings.tsv", "is not there: write one row per recording file"))
