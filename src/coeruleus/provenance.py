"""How results came about: versions, settings, checksums of inputs and outputs; nothing of the day or the machine."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import coeruleus

PACKAGES = ("elephant", "matplotlib", "neo", "numpy", "pandas", "pybaselines", "scipy", "snakemake")
NAME = "provenance.json"
SETTINGS = "experiment.yaml"
CHUNK = 1 << 20
HEADER = 1 << 16  # bytes of a header in which names of further files are looked for


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
    return [f"{name}\t{stamp}" for name, stamp in sorted(_stamps_below(str(folder)))]


def stamps(folder: Path, names: Iterable[str | None]) -> list[tuple[str, str]]:
    """Name and stamp of each file that is there; of the files within, where a name is a folder's.

    Readers open more than the file that a sheet names: others of the same name but for its ending (samples beside
    their header), what a BrainVision header names, and files of the folder of one injection, `x.D`.
    """
    found: dict[str, str] = {}
    groups: dict[str, dict[str, list[str]]] = {}  # folder → name without its ending → files
    for name in sorted({name for name in names if name}):
        path = f"{folder}/{name}"
        if one := _stamp(path):
            found[name] = one
            where, _, file = name.rpartition("/")
            if where not in groups:
                groups[where] = _by_stem(f"{folder}/{where}")
                if Path(where).suffix.lower() == ".d":
                    found |= {f"{where}/{inner}": one for inner, one in _stamps_below(f"{folder}/{where}")}
            for other in (*groups[where].get(file.rpartition(".")[0], ()), *_named_in_header(path)):
                other = f"{where}/{other}" if where else other
                if one := _stamp(f"{folder}/{other}"):
                    found[other] = one
        elif Path(path).is_dir():
            found |= {f"{name}/{inner}": one for inner, one in _stamps_below(path)}
    return sorted(found.items())


def total_mb(stamped: Iterable[tuple[str, str]]) -> float:
    """Size of stamped files."""
    return sum(int(stamp.partition("\t")[0]) for _, stamp in stamped) / 1e6


def _by_stem(folder: str) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    with contextlib.suppress(OSError):
        for file in os.listdir(folder):  # noqa: PTH208 (for speed)
            stem = file.rpartition(".")[0]
            if stem:
                groups.setdefault(stem, []).append(file)
    return groups


def _named_in_header(path: str) -> list[str]:
    """Files of samples and markers that a BrainVision header names."""
    if not path.lower().endswith(".vhdr"):
        return []
    text = ""
    with contextlib.suppress(OSError), Path(path).open("rb") as handle:
        text = handle.read(HEADER).decode("utf-8", "replace")
    return [name.strip() for name in re.findall(r"^(?:Data|Marker)File=([^/\\\r\n]+)", text, re.MULTILINE)]


def _stamps_below(folder: str) -> Iterator[tuple[str, str]]:
    """By strings: there are many thousands of files. Folders that are links are not entered."""
    for where, _, files in os.walk(folder):
        below = where[len(folder) + 1 :].replace(os.sep, "/")
        for file in files:
            if one := _stamp(f"{where}/{file}"):
                yield (f"{below}/{file}" if below else file), one


def _stamp(path: str) -> str | None:
    """Size and time of last change, by which a changed file is known without reading it; None for what is no file."""
    try:
        status = os.stat(path)  # noqa: PTH116 (for speed)
    except (OSError, ValueError):
        return None
    return f"{status.st_size}\t{status.st_mtime_ns}" if stat.S_ISREG(status.st_mode) else None


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
