"""Which code and which sheets a rule depends on, as checksums: Snakemake sees neither by itself."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

PACKAGE = "coeruleus"
ROOT = Path(__file__).resolve().parent
# Imports by their words: to parse every module would take a second of each call. What only looks like an import, in a
# docstring, at most makes more stale than need be.
FROM = re.compile(r"^[ \t]*from[ \t]+([\w.]+)[ \t]+import[ \t]+(?:\(([^)]*)\)|([^\n]*))", re.MULTILINE)
IMPORT = re.compile(r"^[ \t]*import[ \t]+([^\n]*)", re.MULTILINE)
# A module that says `DISCOVERS = "package"` imports every module of that package when it runs.
DISCOVERING = re.compile(r"^DISCOVERS = [\"']([\w.]+)[\"']", re.MULTILINE)


def code_digest(script: Path) -> str:
    """Checksum of a rule script and of every library module that it imports, directly or through others.

    What lies beside the modules of an imported package (templates, scripts, style sheets) counts too.
    """
    sha = hashlib.sha256(script.read_bytes())
    for module in sorted(imported_modules(script)):
        path = _file(module)
        for file in [path, *(_kept_beside(path.parent) if path.name == "__init__.py" else ())]:
            sha.update(module.encode() + b"\0" + file.read_bytes())
    return sha.hexdigest()[:16]


def imported_modules(script: Path) -> set[str]:
    """Names of all library modules that a script imports, directly or through others."""
    found: set[str] = set()
    waiting = list(_imports(script, PACKAGE))
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += _imports(_file(module), module)
    return found


def _file(module: str) -> Path:
    path = ROOT.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _kept_beside(folder: Path) -> list[Path]:
    """Files that are no modules, in this folder and in those below it that are no packages."""
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name != "__pycache__" and not (path / "__init__.py").exists():
            found += [file for file in sorted(path.rglob("*")) if file.is_file()]
        elif path.is_file() and path.suffix != ".py":
            found.append(path)
    return found


def _exists(module: str) -> bool:
    return module.split(".")[0] == PACKAGE and _file(module).is_file()


@cache
def _imports(path: Path, module: str) -> frozenset[str]:
    text, names = path.read_text("utf-8"), set()
    for source, within_brackets, on_the_line in FROM.findall(text):
        names |= {source} | {f"{source}.{name}" for name in re.findall(r"\w+", within_brackets or on_the_line)}
    for line in IMPORT.findall(text):
        names |= set(re.findall(r"[\w.]+", line))
    for package in DISCOVERING.findall(text):
        names |= {f"{package}.{file.stem}" for file in _file(package).parent.glob("[!_]*.py")}
    modules = {name for name in names if _exists(name)}
    parents = {name.rsplit(".", depth)[0] for name in modules for depth in range(1, name.count(".") + 1)}
    return frozenset(modules | {parent for parent in parents if _exists(parent)})


def facts_digest(*facts: Any) -> str:
    """Checksum of settings and of parts of sheets: what they say, not how they are written."""
    text = json.dumps([_plain(fact) for fact in facts], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _cells(column: pd.Series) -> list[Any]:
    values = column.tolist()
    return [None if value != value else value for value in values] if column.dtype.kind in "fO" else values


def _plain(fact: Any) -> Any:
    if isinstance(fact, pd.DataFrame):
        return {str(name): _cells(column) for name, column in fact.items() if name != "sheet_row"}
    if isinstance(fact, dict):
        return {str(key): _plain(value) for key, value in fact.items()}
    if isinstance(fact, (list, tuple)):
        return [_plain(value) for value in fact]
    if hasattr(fact, "model_dump"):
        return fact.model_dump()
    if dataclasses.is_dataclass(fact) and not isinstance(fact, type):
        return dataclasses.asdict(fact)
    if isinstance(fact, float) and fact != fact:
        return None
    return fact
