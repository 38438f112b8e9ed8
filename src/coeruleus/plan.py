"""What a run was planned with. A job that finds other sheets or settings stops: no results are made of two states."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from coeruleus.provenance import changes, inventory, stamps


def results_folder(config: Mapping[str, Any]) -> str:
    """Where the workflow's configuration wants results."""
    return str(config.get("results") or "results").rstrip("/")


def interim_folder(config: Mapping[str, Any]) -> str:
    """Where jobs leave what only other jobs read."""
    return f"{results_folder(config)}/.interim"


def write_plan(interim: str, experiment: str, files: Collection[str]) -> None:
    """Note the files of an experiment (as `inventory`) as they were before the run read any of them."""
    path = _plan(interim, experiment)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(list(files)), encoding="ascii")


def changed_since(interim: str, experiment: str, folder: Path, names: Collection[str] | None = None) -> str:
    """Files of an experiment that are no longer as planned, in words: all of them, or only those of `names`."""
    path = _plan(interim, experiment)
    planned = json.loads(path.read_text(encoding="ascii"))
    if names is None:
        return changes(planned, inventory(folder))
    found = [f"{name}\t{stamp}" for name, stamp in stamps(folder, names) if name in names]
    return changes([line for line in planned if line.split("\t")[0] in names], found)


def _plan(interim: str, experiment: str) -> Path:
    return Path(interim) / ".planned" / f"{experiment}.json"
