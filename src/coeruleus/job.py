"""What every rule script needs: its log, the experiment that it works on, its problems written."""

from __future__ import annotations

import gc
import sys

if hasattr(sys.modules["__main__"], "snakemake"):  # in a rule script; not in tests
    gc.disable()  # until the work begins: what is imported stays, and looking for garbage in it takes a third of it

import atexit
import contextlib
import errno
import logging
import os
import resource
import time
import traceback
import warnings
from pathlib import Path
from types import TracebackType

from coeruleus.experiment.load import load_experiment
from coeruleus.experiment.model import BrokenExperiment, Experiment
from coeruleus.one_run import IMPORTED, end_with_the_run
from coeruleus.tables.io import write_table
from coeruleus.tables.problems import PROBLEMS, Problem, problems_frame

DISK = {
    errno.ENOSPC: "The disk is full: make room",
    errno.EDQUOT: "Your share of the disk is used up: make room",
    errno.EROFS: "The disk can only be read: name a place that can be written (results=OTHER)",
    errno.EACCES: "It may not be read or written: see its permissions",
}
KIB = 1024 if sys.platform.startswith("linux") else 1  # unit of ru_maxrss


class StoppedError(Exception):
    """Why a job cannot go on, in words for the person who started it."""


def begin(log: str, experiment: str) -> Experiment:
    """Send what a script prints to its log, and read the experiment directory that it works on.

    The log's last line says what the job used, for the resources that rules ask for.
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
    return load_experiment(Path(experiment))


def explain(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """One line on the screen for what stopped a job; where the fault is ours, the trace goes to the log."""
    if isinstance(error, (StoppedError, BrokenExperiment)):
        said = str(error) if isinstance(error, StoppedError) else f"{error}: " + "; ".join(map(str, error.problems))
    elif isinstance(error, OSError) and error.errno in DISK:
        said = (
            f"{error.strerror}: {error.filename or 'the results'}. {DISK[error.errno]}; then run the same command again"
        )
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
