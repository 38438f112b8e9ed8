"""Which code and which sheets a rule depends on, as checksums: Snakemake sees neither by itself."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

PACKAGE = "coeruleus"
ROOT = Path(__file__).resolve().parent
# A module that says `DISCOVERS = "package"` imports every module of that package when it runs.
DISCOVERS = "DISCOVERS"


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
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == DISCOVERS:
            package = ast.literal_eval(node.value)
            names |= {f"{package}.{file.stem}" for file in _file(package).parent.glob("[!_]*.py")}
    modules = {name for name in names if _exists(name)}
    parents = {name.rsplit(".", depth)[0] for name in modules for depth in range(1, name.count(".") + 1)}
    return frozenset(modules | {parent for parent in parents if _exists(parent)})


def facts_digest(*facts: Any) -> str:
    """Checksum of settings and of parts of sheets: what they say, not how they are written."""
    text = json.dumps([_plain(fact) for fact in facts], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _cells(column: pd.Series) -> list[Any]:
    return [None if value != value else value for value in column.tolist()]


def _plain(fact: Any) -> Any:
    if isinstance(fact, pd.DataFrame):
        frame = fact.drop(columns="sheet_row", errors="ignore")
        return {str(name): _cells(frame[name]) for name in frame}
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
