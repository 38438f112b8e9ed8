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


def share(cell: Cell, trains: int, seed: int, index: int) -> tuple[float, int]:
    """Share of responses said to change from event to event, and the number of responses; cells draw by `index`."""
    said = []
    for number in range(trains):
        trials, before = simulate(cell, np.random.default_rng([seed, 30, index, number]))
        found = decide(trials, before, np.random.default_rng(number))
        slope = habituation(trials, found) if found is not None else None
        if slope is not None:
            said.append(slope[1] <= ALPHA)
    return float(np.mean(said)) if said else float("nan"), len(said)


def run(trains: int, seed: int) -> tuple[list[Line], list[dict[str, object]]]:
    """One line: no more than 5 % in any cell."""
    found = [(cell, *share(cell, trains, seed, index)) for index, cell in enumerate(CELLS)]
    measured = [row for row in found if row[2]]
    rows: list[dict[str, object]] = [{"cell": cell.name, "faded": faded, "responses": n} for cell, faded, n in found]
    title = "habituation of steady responses, with drift"
    if not measured:
        return [Line(title, "<= 5 %", "no cell has a response", False)], rows
    worst, most, _ = max(measured, key=lambda row: row[1])
    high = share_bounds(ALPHA, min(n for *_, n in measured), len(CELLS))[1]
    figure = f"mean {100 * np.mean([row[1] for row in measured]):.1f} %, most {100 * most:.1f} % ({worst.name})"
    empty = len(found) - len(measured)
    if empty:
        figure += f", {empty} {'cell' if empty == 1 else 'cells'} without a response"
    return [Line(title, f"<= 5 % (<= {100 * high:.1f})", figure, most <= high and not empty)], rows
