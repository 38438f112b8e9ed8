"""Checking the instrument files of an experiment: what cannot be read, and what reads well but looks odd."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from coeruleus.experiment.read_sheet import find_sheet, read_sheet
from coeruleus.experiment.sheets import INJECTIONS, RECORDINGS
from coeruleus.intake.check_chromatograms import check_chromatograms
from coeruleus.intake.check_recordings import check_recordings
from coeruleus.tables.problems import Problem


class Experiment(Protocol):
    """What is needed of coeruleus.experiment.model.Experiment."""

    @property
    def path(self) -> Any: ...
    @property
    def settings(self) -> Any: ...
    @property
    def injections(self) -> pd.DataFrame: ...
    @property
    def standards(self) -> pd.DataFrame: ...
    @property
    def recordings(self) -> pd.DataFrame: ...
    @property
    def ephys_events(self) -> pd.DataFrame: ...
    @property
    def curation_trials(self) -> pd.DataFrame: ...


def check_files(experiment: Experiment) -> list[Problem]:
    """Open every file that the sheets name, once. Errors are files that will be lost; warnings are worth a look."""
    retention = {
        str(name): analyte.retention_time
        for name, analyte in experiment.settings.analytes.items()
        if analyte.retention_time is not None
    }
    problems = check_chromatograms(
        experiment.injections, experiment.path / "dialysate", retention, experiment.standards
    )
    rename = experiment.settings.events.rename
    curation = experiment.curation_trials if rename else None  # else it was held against the sheet alone
    problems += check_recordings(
        experiment.recordings, experiment.ephys_events, experiment.path / "ephys", rename, curation
    )
    return sorted(set(problems))


def check_files_of_broken(directory: Path) -> list[Problem]:
    """As `check_files` where a sheet is broken: of the rows that name a file, whatever else is wrong with them."""
    problems: list[Problem] = []
    path, _ = find_sheet(directory, INJECTIONS)
    if path is not None:
        frame, _ = read_sheet(path, INJECTIONS)
        frame = frame[frame["injection_id"].notna() & frame["file"].notna()]
        frame = frame.assign(run=frame["run"].where(frame["run"].notna(), "?"))
        problems += check_chromatograms(frame, directory / "dialysate", {})
    path, _ = find_sheet(directory, RECORDINGS)
    if path is not None:
        frame, _ = read_sheet(path, RECORDINGS)
        frame = frame[frame["site_id"].notna() & frame["file"].notna() & frame["kind"].notna()]
        order = frame.groupby("site_id").cumcount() + 1
        frame = frame.assign(segment=frame["segment"].where(frame["segment"].notna(), order).astype(int))
        none = pd.DataFrame(columns=["site_id", "segment", "onset", "trial_type"])
        problems += check_recordings(frame, none, directory / "ephys")
    return sorted(set(problems))
