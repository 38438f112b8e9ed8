"""The experiment directory in memory: settings, one frame per sheet, and the warnings found on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from coeruleus.experiment.settings import Settings
from coeruleus.tables.problems import Problem


class BrokenExperiment(Exception):
    """The sheets cannot be used as they are. `problems` says every one of them."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        super().__init__(f"{name}: {len(problems)} problems")
        self.name = name
        self.problems = problems


@dataclass(frozen=True)
class Experiment:
    """One experiment directory. Frames hold every known column; unknown ones are carried after them."""

    path: Path
    name: str
    settings: Settings
    has_dialysate: bool
    has_ephys: bool
    subjects: pd.DataFrame
    sessions: pd.DataFrame
    probes: pd.DataFrame
    injections: pd.DataFrame
    standards: pd.DataFrame
    dialysate_events: pd.DataFrame
    areas: pd.DataFrame | None
    concentrations: pd.DataFrame | None
    recordings: pd.DataFrame
    ephys_events: pd.DataFrame
    identity: pd.DataFrame
    curation_peaks: pd.DataFrame
    curation_samples: pd.DataFrame
    curation_units: pd.DataFrame
    curation_trials: pd.DataFrame
    problems: list[Problem] = field(default_factory=list)

    @property
    def analytes(self) -> list[str]:
        """Analytes of experiment.yaml, in its order; then those that only sheets name."""
        names = list(self.settings.analytes)
        for frame in (self.areas, self.concentrations):
            if frame is not None:
                names += sorted(set(frame["analyte"]) - set(names))
        return names

    @property
    def runs(self) -> list[str]:
        return sorted(set(self.injections["run"]))
