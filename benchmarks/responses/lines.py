"""One line of the table: what was asked, what came out, and whether it is enough."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from scipy import stats


@dataclass(frozen=True)
class Line:
    """`held` None: reported, no target."""

    quantity: str
    target: str
    figure: str
    held: bool | None

    def text(self) -> str:
        verdict = {True: "held", False: "MISSED", None: "-"}[self.held]
        return f"{self.quantity:62s} | {self.target:34s} | {self.figure:44s} | {verdict}"


def share_bounds(wanted: float, n: int, cells: int, level: float = 0.05) -> tuple[float, float]:
    """Shares between which a true share `wanted` of `n` is found in all of `cells` cells with probability 1 − level."""
    tail = level / cells
    return float(stats.binom.ppf(tail, n, wanted)) / n, float(stats.binom.isf(tail, n, wanted)) / n


def standard_error(share: float, n: int) -> float:
    return math.sqrt(max(share * (1 - share), 1 / n) / n)


def write_cells(path: Path, cells: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(cells, indent=1))
