"""Damaged experiments that still read, worked through by the scripts of the rules: no job may end with a fault."""

from __future__ import annotations

import random
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
from experiment_seeds import RULESETS, files_that_people_write

from coeruleus import job
from coeruleus.experiment.model import Experiment
from coeruleus.intake.find import Found, find_experiments
from coeruleus.tables import dialysate, io, units
from mutants import extreme, mutant

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow" / "scripts"


class Files(dict[Any, Any]):
    """Inputs or outputs of a job: named as rules name them, each a table of its own."""

    def __init__(self, folder: Path, **known: object) -> None:
        super().__init__(known)
        self.folder = folder

    def __missing__(self, name: object) -> str:
        return str(self.folder / f"{name}.tsv")

    __getattr__ = dict.__getitem__


def of_jobs(experiments: list[Path]) -> Callable[[Path, str], str | None]:
    """Work on an experiment one of whose sheets or instrument files is a mutant.

    A fault is an exception of a job; a row that went; and, where one chromatogram is lost, any number of another
    injection that is not what it is where the file is not there.
    """
    without: dict[tuple[str, str], list[pd.DataFrame]] = {}

    def work(folder: Path, seed: str) -> str | None:
        chance = random.Random(seed)
        original = chance.choice(experiments)
        written = files_that_people_write(original)
        data = sorted({path for path in original.rglob("*.t*") if path.is_file()} - {*written})
        file = chance.choice(data if data and chance.random() < 0.5 else written)
        directory = folder / original.name
        shutil.copytree(original, directory)
        target = directory / file.relative_to(original)
        change = extreme if chance.random() < 0.7 else mutant
        target.write_bytes(change(target.read_bytes(), seed))
        found, _ = find_experiments([str(directory)], RULESETS)
        if not found:
            return None  # refused, which the target `sheets` looks at
        sound = found[directory.name]
        wrong = run_jobs(sound, folder / "results")
        if wrong is None and file in data and sound.experiment.runs:
            tables, injection = _of_run(folder / "results"), file.stem
            own = tables[0][tables[0]["injection_id"] == injection]
            if own["status"].isin(["failed", "missing"]).all():
                if (original.name, injection) not in without:
                    target.unlink()
                    run_jobs(sound, folder / "without")
                    without[original.name, injection] = _of_run(folder / "without")
                for found, expected in zip(tables, without[original.name, injection], strict=True):
                    if not _others(found, injection).equals(_others(expected, injection)):
                        wrong = f"{file.name} is lost, and numbers of other injections differ"
        return None if wrong is None else f"{file.relative_to(original)}: {wrong}"

    work.reads = 4  # type: ignore[attr-defined]
    return work


def _of_run(results: Path) -> list[pd.DataFrame]:
    tables = {"peaks": dialysate.PEAKS, "concentrations": dialysate.CONCENTRATIONS}
    return [io.read_table(results / f"day1/{name}.tsv", table) for name, table in tables.items()]


def _others(frame: pd.DataFrame, injection: str) -> pd.DataFrame:
    return frame[frame["injection_id"] != injection].reset_index(drop=True)


def run_jobs(sound: Found, results: Path) -> str | None:
    """Run the jobs of a sound experiment; what went wrong, or None. An exception of a job is raised."""
    experiment, concentrations = sound.experiment, []
    for run in experiment.runs:
        folder = results / run
        _run("quantify_run", experiment, Files(folder), Files(folder), run=run)
        peaks = io.read_table(folder / "peaks.tsv", dialysate.PEAKS)
        wanted = int((experiment.injections["run"] == run).sum()) * len(experiment.analytes)
        if len(peaks) != wanted:
            return f"{len(peaks)} peaks of {wanted}"
        if not (peaks["status"].eq("ok") | peaks["reason"].notna()).all():
            return "a peak is not ok and has no reason"
        concentrations.append(folder / "concentrations.tsv")
    if experiment.has_dialysate:
        merged = io.read_tables(concentrations, dialysate.CONCENTRATIONS)
        io.write_table(merged, results / "merged.tsv", dialysate.CONCENTRATIONS)
        _run("compute_release", experiment, Files(results, concentrations=[results / "merged.tsv"]), Files(results))
    if experiment.has_ephys and not experiment.recordings["kind"].eq("raw").any():
        made = Files(results)
        sorted_here: dict[str, object] = {
            name: [] for name in ("spikes", "waveforms", "segments", "quality", "artefacts")
        }
        _run("measure_units", experiment, Files(results, **sorted_here), made)
        of_units = Files(results, artefacts=[], rulesets=sound.rulesets)
        _run("test_responses", experiment, of_units, made)
        _run("classify_units", experiment, of_units, made)
        measured = io.read_table(made["units"], units.UNITS)
        labelled = io.read_table(made["classification"], units.CLASSIFICATION)
        if len(labelled) < len(measured):
            return f"{len(labelled)} labels of {len(measured)} units"
    return None


def _run(script: str, experiment: Experiment, inputs: Files, outputs: Files, **wildcards: str) -> None:
    """One job in this process, without its log, which would take what is printed here."""
    snakemake = SimpleNamespace(
        log=[""],
        input=inputs,
        output=outputs,
        params=SimpleNamespace(directory=str(experiment.path)),
        wildcards=SimpleNamespace(**wildcards),
    )
    begin, job.begin = job.begin, lambda log, directory: experiment
    try:
        runpy.run_path(str(SCRIPTS / f"{script}.py"), {"snakemake": snakemake})
    finally:
        job.begin = begin
