"""What every rule script needs: its log, the experiment that it works on, its problems written."""

from __future__ import annotations

import gc
import sys

if hasattr(sys.modules["__main__"], "snakemake"):  # in a rule script; not in tests
    gc.disable()  # until the work begins: what is imported stays, and looking for garbage in it takes a third of it

import atexit
import contextlib
import logging
import os
import resource
import time
import traceback
import warnings
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Any

from coeruleus.disk import ADVICE, disk_words
from coeruleus.experiment.load import load_experiment
from coeruleus.experiment.model import BrokenExperiment, Experiment
from coeruleus.experiment.settings import FILE
from coeruleus.experiment.sheets import SHEETS
from coeruleus.one_run import IMPORTED, end_with_the_run
from coeruleus.plan import changed_since, interim_folder
from coeruleus.tables.io import write_table
from coeruleus.tables.problems import PROBLEMS, Problem, problems_frame

SHEET_FILES = frozenset({FILE, "figures.yaml", *(f"{sheet.name}{end}" for sheet in SHEETS for end in (".tsv", ".csv"))})
KIB = 1024 if sys.platform.startswith("linux") else 1  # unit of ru_maxrss


class StoppedError(Exception):
    """Why a job cannot go on, in words for the person who started it."""


def begin(log: str, experiment: str) -> Experiment:
    """Send what a script prints to its log, and read the experiment directory that it works on.

    The log's last line says what the job used, for the resources that rules ask for. Raises StoppedError where sheets
    or settings are no longer those that the run was planned with.
    """
    handle = open(log, "w", encoding="utf-8")  # noqa: SIM115 (open until the script ends)
    sys.stdout = sys.stderr = handle
    logging.captureWarnings(True)
    logging.basicConfig(stream=handle, level=logging.WARNING, force=True)
    warnings.simplefilter("default")
    end_with_the_run()
    sys.excepthook = explain
    gc.freeze()
    gc.enable()
    atexit.register(gc.freeze)  # the process ends: nothing needs to be looked through
    before = float(os.environ.get(IMPORTED, 0))
    start = time.process_time()
    script = getattr(sys.modules["__main__"], "snakemake", None)
    asked = script and script.resources.get("mem_mb")
    atexit.register(lambda: print(used(before, start, asked)))
    loaded = load_experiment(Path(experiment), links=False)
    if script:
        stop_if_changed(loaded, script.config, SHEET_FILES)
    return loaded


def stop_if_changed(experiment: Experiment, config: dict[str, Any], names: Collection[str] | None = None) -> None:
    """Raises StoppedError where files of an experiment (of `names`, or any) are not as the run was planned with."""
    if changed := changed_since(interim_folder(config), experiment.name, experiment.path, names):
        raise StoppedError(
            f"inputs of {experiment.name} changed while the run was going on ({changed}), so its results would be of "
            "two states: run the same command again"
        )


def explain(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """One line on the screen for what stopped a job; where the fault is ours, the trace goes to the log."""
    if isinstance(error, (StoppedError, BrokenExperiment)):
        said = str(error)
        if isinstance(error, BrokenExperiment):
            said += ": " + "; ".join(f"{problem.item}: {problem.message}" for problem in error.problems)
    elif isinstance(error, OSError) and error.errno in ADVICE:
        said = disk_words(error)
    elif isinstance(error, MemoryError):
        said = "not enough memory: give the job more (--set-resources RULE:mem_mb=...)"
    else:
        traceback.print_exception(kind, error, trace)
        said = f"{kind.__name__}: {error}. This is a fault of the software: please report it with the job's log"
    for stream in (sys.stdout, sys.__stderr__):
        with contextlib.suppress(OSError, ValueError):
            print(f"stopped: {said}", file=stream, flush=True)


def used(before: float, start: float, asked: int | None) -> str:
    """CPU seconds before the work began, those before this process among them, and in all; its most memory, and what
    the rule asked for."""
    megabytes, end = most_memory() / 1e6, time.process_time()
    of = "" if asked is None else f" of {asked} MB asked for"
    return f"used {before + start:.2f} s of CPU to start, {before + end:.2f} s in all, {megabytes:.0f} MB{of}"


def most_memory() -> int:
    """Bytes that this process held at most. On Linux from its own record: `getrusage` counts what the parent held."""
    try:
        record = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return int(record.partition("VmHWM:")[2].split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB


def write_problems(problems: list[Problem], path: str | Path) -> None:
    write_table(problems_frame(problems), path, PROBLEMS)
