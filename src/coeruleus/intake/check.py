"""Checking the instrument files of an experiment: what cannot be read, and what reads well but looks odd."""

from __future__ import annotations

from typing import Any, Protocol

import pandas as pd

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
    def recordings(self) -> pd.DataFrame: ...
    @property
    def ephys_events(self) -> pd.DataFrame: ...


def check_files(experiment: Experiment) -> list[Problem]:
    """Open every file that the sheets name, once. Errors are files that will be lost; warnings are worth a look."""
    retention = {
        str(name): analyte.retention_time
        for name, analyte in experiment.settings.analytes.items()
        if analyte.retention_time is not None
    }
    problems = check_chromatograms(experiment.injections, experiment.path / "dialysate", retention)
    problems += check_recordings(experiment.recordings, experiment.ephys_events, experiment.path / "ephys")
    return sorted(set(problems))
