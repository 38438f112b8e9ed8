"""How results came about: versions, settings, checksums of inputs and outputs; nothing of the day or the machine."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import shutil
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import coeruleus
from coeruleus.experiment.files import stamps as stamps
from coeruleus.experiment.files import stamps_below

PACKAGES = ("elephant", "matplotlib", "neo", "numpy", "pandas", "pybaselines", "scipy", "snakemake")
NAME = "provenance.json"
SETTINGS = "experiment.yaml"
CHUNK = 1 << 20


def versions() -> dict[str, str]:
    """Versions that a methods section names."""
    found = {"coeruleus": coeruleus.__version__, "python": platform.python_version()}
    return found | {name: metadata.version(name) for name in PACKAGES}


def all_versions() -> dict[str, str]:
    """Versions of everything that is installed for this software to run, and that some byte may depend on."""
    found, waiting = versions(), ["coeruleus", *PACKAGES]
    seen = set()
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in seen:
            continue
        seen.add(name)
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # needed on other systems, or by another Python
            continue
        found.setdefault(name, package.version)
        wanted = [one for one in package.requires or [] if "extra ==" not in one]
        waiting += [re.split(r"[^A-Za-z0-9._-]", one, maxsplit=1)[0] for one in wanted]
    return dict(sorted(found.items()))


def checksum(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    sha = hashlib.sha256()
    with path.open("rb") as handle:
        while piece := handle.read(CHUNK):
            sha.update(piece)
    return sha.hexdigest()


def checksums(folder: Path, without: tuple[str, ...] = ()) -> dict[str, str]:
    """Checksums of every file below a folder, by relative path. Links that lead elsewhere are not followed."""
    top = folder.resolve()
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {
        name: checksum(path)
        for name, path in sorted(files.items())
        if name not in without and path.resolve().is_relative_to(top)
    }


def inventory(folder: Path) -> list[str]:
    """Name, size and time of change of every file below a folder."""
    return [f"{name}\t{stamp}" for name, stamp in sorted(stamps_below(str(folder)))]


def total_mb(stamped: Iterable[tuple[str, str]]) -> float:
    """Size of stamped files."""
    return sum(int(stamp.partition("\t")[0]) for _, stamp in stamped) / 1e6


def changes(before: list[str], after: list[str], most: int = 3) -> str:
    """Names of the files in which two inventories differ, the first few of them; empty where they agree."""
    names = sorted({line.split("\t")[0] for line in {*before} ^ {*after}})
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def provenance(inputs: Path, results: Path, settings: dict[str, Any], code: Mapping[str, str]) -> str:
    """provenance.json as text. `code`: script of each rule → checksum of it and of all that it imports."""
    record = {
        "experiment": inputs.resolve().name,
        "versions": all_versions(),
        "code": dict(code),
        "settings": settings,
        "inputs": checksums(inputs, without=(SETTINGS,)),  # what it says stands in `settings`, comments aside
        "outputs": checksums(results, without=(NAME,)),
    }
    return json.dumps(record, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def remove_absent_halves(results: Path, absent: list[str]) -> None:
    """Remove what an earlier run left of parts that the experiment no longer has: its folders, by name."""
    for name in absent:
        if (results / name).is_dir() and (results / name).resolve().is_relative_to(results.resolve()):
            shutil.rmtree(results / name)
