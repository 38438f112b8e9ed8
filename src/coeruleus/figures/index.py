"""The list of an experiment's figures, as the report reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

INDEX = "figures.json"


@dataclass(frozen=True)
class FigureRecord:
    """One figure as the report needs it. `files` are names below the figures' directory; `about` says
    what it shows (run, analyte, site_id, unit_id, ...)."""

    name: str
    kind: str
    title: str
    caption: str
    alt: str
    files: tuple[str, ...]
    about: Mapping[str, str] = field(default_factory=dict)

    def file(self, suffix: str) -> str:
        """The file of this kind, e.g. `.png`."""
        return next(name for name in self.files if name.endswith(suffix))


def write_index(records: Iterable[FigureRecord], directory: Path) -> list[FigureRecord]:
    """Write the list of figures for the report, in the order given, and return it."""
    directory.mkdir(parents=True, exist_ok=True)
    listed = list(records)
    content = json.dumps([asdict(record) for record in listed], indent=1, ensure_ascii=False)
    (directory / INDEX).write_text(content + "\n", encoding="utf-8")
    return listed


def read_index(directory: Path) -> list[FigureRecord]:
    """The figures that `write_index` listed."""
    loaded: Sequence[dict[str, Any]] = json.loads((directory / INDEX).read_text(encoding="utf-8"))
    return [FigureRecord(**(entry | {"files": tuple(entry["files"])})) for entry in loaded]
