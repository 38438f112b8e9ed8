"""Cells measured so far, one JSON line each, so that a long study that was stopped goes on where it was."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from benchmarks.responses import cells
from benchmarks.responses.cells import Cell

from coeruleus.responses import decide, extent, moved, onward, scan, trials
from coeruleus.simulation import trains

Measured = tuple[float, float, float]


def measured(cell: Cell, n: int, seed: int, path: Path | None, measure: Callable[..., Measured]) -> Measured:
    """What `measure` says of a cell, from the file at `path` where the same code has said it of the same trains."""
    if path is None:
        return measure(cell, n, seed)
    key = [code(), seed, n, repr(cell)]
    if path.exists():
        for line in path.read_text().splitlines():
            known = json.loads(line)
            if known["key"] == key:
                return tuple(known["measured"])
    found = measure(cell, n, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as kept:
        kept.write(json.dumps({"key": key, "cell": cell.name, "measured": found}) + "\n")
    return found


@cache
def code() -> int:
    """Checksum of what tests and simulates, as it was when the study began."""
    modules = (cells, decide, extent, moved, onward, scan, trials, trains)
    return zlib.crc32(b"".join(Path(str(module.__file__)).read_bytes() for module in modules))
