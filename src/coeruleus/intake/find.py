"""Which experiment directories a run works on, each read and checked; broken ones are refused, the others go on."""

from __future__ import annotations

import glob
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from coeruleus.experiment.load import load_experiment
from coeruleus.experiment.model import BrokenExperiment, Experiment
from coeruleus.experiment.nearest import did_you_mean
from coeruleus.figures.settings import FigureSettings
from coeruleus.intake.figures import FILE, read_figures_yaml
from coeruleus.provenance import inventory
from coeruleus.tables.problems import Problem


@dataclass(frozen=True)
class Found:
    """One sound experiment, with its files as they were before they were read (as `provenance.inventory`), the files of
    its rulesets, and how its figures look."""

    experiment: Experiment
    files: list[str]
    rulesets: list[Path]
    figures: FigureSettings


@dataclass(frozen=True)
class Refused:
    """One experiment that cannot run, and every reason."""

    name: str
    problems: list[Problem]

    @property
    def text(self) -> str:
        lines = [f"{self.name} was refused:"]
        return "\n".join(lines + [f"  {problem.item}: {problem.message}" for problem in self.problems])


def find_experiments(
    wanted: Any, shipped: Path, only: set[str] | None = None
) -> tuple[dict[str, Found], list[Refused]]:
    """Sound experiments by name and refused ones, from a directory, a list of them, or a glob.

    `shipped` is the folder of rulesets that come with the workflow. `only` names those to read, where not all are
    needed: a job on a cluster node starts with its own.
    """
    paths, refused = _paths(wanted)
    names = Counter(path.resolve().name for path in paths)
    sound = {}
    for path in paths:
        name = path.resolve().name
        if only is not None and name not in only:
            continue
        if names[name] > 1:
            message = "another experiment has the same folder name, and results are named by it: rename one"
            refused.append(Refused(name, [Problem("experiment", str(path), "error", message)]))
            continue
        try:
            sound[name] = read_experiment(path, shipped)
        except BrokenExperiment as broken:
            refused.append(Refused(name, broken.problems))
        except Exception as error:  # a fault of ours in reading one experiment must not stop the others
            message = (
                f"could not be read, by a fault of the software ({type(error).__name__}: {error}): please report it"
            )
            refused.append(Refused(name, [Problem("experiment", str(path), "error", message)]))
    return dict(sorted(sound.items())), sorted(refused, key=lambda one: (one.name, one.text))


def read_experiment(path: Path, shipped: Path) -> Found:
    """One experiment with its rulesets and figure settings. Raises BrokenExperiment with every problem."""
    problems: list[Problem] = []
    files = inventory(path)
    experiment = None
    try:
        experiment = load_experiment(path)
    except BrokenExperiment as broken:
        problems += broken.problems
    figures, errors = read_figures_yaml(path)
    problems += [Problem("experiment", FILE, "error", error) for error in errors]
    rulesets: list[Path] = []
    if experiment is not None and experiment.has_ephys:
        rulesets, found = _rulesets(experiment, shipped)
        problems += found
    if experiment is None or problems:
        raise BrokenExperiment(path.resolve().name, problems)
    return Found(experiment, files, rulesets, figures)


def _paths(wanted: Any) -> tuple[list[Path], list[Refused]]:
    items = wanted if isinstance(wanted, list) else [wanted] if wanted else []
    paths: dict[Path, Path] = {}
    refused = []
    if not items:
        message = "no experiment is named: add --config experiments=DIR"
        refused.append(Refused("experiments", [Problem("experiment", "config", "error", message)]))
    for item in map(str, items):
        found = [Path(item)]
        if not found[0].exists() and any(mark in item for mark in "*?["):
            found = [path for path in map(Path, sorted(glob.glob(item))) if path.is_dir()]  # noqa: PTH207
            if not found:
                message = "no directory matches this pattern"
                refused.append(Refused(item, [Problem("experiment", item, "error", message)]))
        for path in found:
            paths.setdefault(path.resolve(), path)
    return list(paths.values()), refused


@cache
def _problems_of_ruleset(content: bytes, name: str) -> tuple[Problem, ...]:
    from coeruleus.classification.rulesets import read_ruleset

    _, errors = read_ruleset(content, name)
    return tuple(Problem("experiment", f"rulesets/{name}.yaml", "error", error) for error in errors)


def _rulesets(experiment: Experiment, shipped: Path) -> tuple[list[Path], list[Problem]]:
    own = experiment.path / "rulesets"
    known = {path.stem: path for folder in (shipped, own) for path in sorted(folder.glob("*.yaml"))}
    files, problems = [], []
    for name in experiment.settings.units.rulesets:
        if name not in known:
            message = f"there is no ruleset '{name}': {did_you_mean(name, known)}"
            problems.append(Problem("experiment", "experiment.yaml, key units.rulesets", "error", message))
            continue
        if not known[name].resolve().is_relative_to((own if known[name].parent == own else shipped).resolve()):
            message = "is a link that leaves the experiment directory: copy the file here"
            problems.append(Problem("experiment", f"rulesets/{name}.yaml", "error", message))
            continue
        problems += _problems_of_ruleset(known[name].read_bytes(), name)
        files.append(known[name])
    return files, problems
