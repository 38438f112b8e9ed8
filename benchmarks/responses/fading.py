"""How often a steady response is said to fade, where the rate of the whole cell drifts."""

from __future__ import annotations

import numpy as np
from benchmarks.responses.cells import Cell, simulate
from benchmarks.responses.lines import Line, share_bounds

from coeruleus.responses.decide import ALPHA, decide
from coeruleus.responses.habituation import habituation

CELLS = [
    Cell(1.0, 1.5, 20, excitation=5.0, suppression=0.3),
    Cell(1.0, 1.5, 20, True, excitation=5.0, suppression=0.3),
    Cell(1.0, 1.5, 50, True, excitation=5.0, suppression=0.3),
    Cell(4.0, 4.0, 50, True, excitation=5.0, suppression=0.3),
    Cell(4.0, 4.0, 30, True, suppression=0.2),
]


def share(cell: Cell, trains: int, seed: int) -> tuple[float, int]:
    """Share of responses said to change from event to event, and the number of responses."""
    said = []
    for number in range(trains):
        trials, before = simulate(cell, np.random.default_rng([seed, 30, number]))
        found = decide(trials, before, np.random.default_rng(number))
        slope = habituation(trials, found) if found is not None else None
        if slope is not None:
            said.append(slope[1] <= ALPHA)
    return float(np.mean(said)) if said else float("nan"), len(said)


def run(trains: int, seed: int) -> tuple[list[Line], list[dict[str, object]]]:
    """One line: no more than 5 % in any cell."""
    found = [(cell, *share(cell, trains, seed)) for cell in CELLS]
    worst, most, _ = max(found, key=lambda row: row[1])
    high = share_bounds(ALPHA, min(n for *_, n in found), len(CELLS))[1]
    figure = f"mean {100 * np.mean([row[1] for row in found]):.1f} %, most {100 * most:.1f} % ({worst.name})"
    line = Line("habituation of steady responses, with drift", f"<= 5 % (<= {100 * high:.1f})", figure, most <= high)
    return [line], [{"cell": cell.name, "faded": faded, "responses": n} for cell, faded, n in found]
