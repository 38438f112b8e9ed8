"""What every rule script needs: its log, the experiment that it works on, its problems written."""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path

from coeruleus.experiment.load import load_experiment
from coeruleus.experiment.model import Experiment
from coeruleus.tables.io import write_table
from coeruleus.tables.problems import PROBLEMS, Problem, problems_frame


def begin(log: str, experiment: str) -> Experiment:
    """Send what a script prints to its log, and read the experiment directory that it works on."""
    handle = open(log, "w", encoding="utf-8")  # noqa: SIM115 (open until the script ends)
    sys.stdout = sys.stderr = handle
    logging.captureWarnings(True)
    logging.basicConfig(stream=handle, level=logging.WARNING, force=True)
    warnings.simplefilter("default")
    return load_experiment(Path(experiment))


def write_problems(problems: list[Problem], path: str | Path) -> None:
    write_table(problems_frame(problems), path, PROBLEMS)
