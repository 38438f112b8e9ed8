"""How often a train without responses is said to respond, for each sign by itself."""

from __future__ import annotations

import zlib
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
from benchmarks.responses.cells import Cell, simulate
from benchmarks.responses.kept import measured
from benchmarks.responses.lines import Line, share_bounds

from coeruleus.responses.decide import ALPHA, SILENCE_S, decide

LEAST_SHARE = 0.03
ENOUGH_EXPECTED = 5.0
SHAPES = (1.0, 4.0, 10.0, None)
RATES = (0.5, 1.5, 4.0)
EVENTS = (5, 10, 50)


def all_cells() -> list[Cell]:
    """Every regularity, rate and number of events, steady and drifting."""
    return [Cell(*kind, drift) for *kind, drift in product(SHAPES, RATES, EVENTS, (False, True))]


def further_cells() -> list[Cell]:
    """What the issue asks for beyond its table: 3 and 200 events, 0.2 and 10 Hz, events of 10 s, and events that
    follow each other before the time after them is over."""
    cells = [Cell(*kind) for kind in product(SHAPES, RATES, (3,))]
    cells += [Cell(shape, 0.2, events) for shape, events in product(SHAPES, (10, 50, 200))]
    cells += [Cell(shape, 10.0, events) for shape, events in product(SHAPES, (3, 10, 50))]
    cells += [Cell(shape, 1.5, 10, drift, duration_s=10.0) for shape, drift in product(SHAPES, (False, True))]
    for shape in SHAPES:
        cells += [Cell(shape, 1.5, 20, gap_s=3.0), Cell(shape, 1.5, 20, gap_s=8.0, duration_s=10.0)]
        cells += [Cell(shape, 1.5, 50, True, gap_s=1.0), Cell(shape, 1.5, 200)]
    return cells


def shares(cell: Cell, trains: int, seed: int) -> tuple[float, float, float]:
    """Shares of trains found excited, inhibited, and untestable for inhibition."""
    up = down = untested = 0
    start = zlib.crc32(f"{seed} {cell}".encode())
    for number in range(trains):
        trials, before = simulate(cell, np.random.default_rng([start, number]))
        found = decide(trials, before, np.random.default_rng(number))
        up += found is not None and found.excitation.p <= ALPHA
        down += found is not None and found.inhibition is not None and found.inhibition.p <= ALPHA
        untested += found is None or found.inhibition is None
    return up / trains, down / trains, untested / trains


def run_further(trains: int, seed: int, kept: Path | None = None) -> tuple[list[Line], list[dict[str, object]]]:
    """The same for cells beyond the table."""
    lines, rows = run(trains, seed, kept, further_cells())
    return [replace(line, quantity=f"{line.quantity}, further cells") for line in lines], rows


def run(
    trains: int, seed: int, kept: Path | None = None, cells: list[Cell] | None = None
) -> tuple[list[Line], list[dict[str, object]]]:
    """The table's first line: one for each sign, and every cell's shares. `kept`: see `kept.measured`."""
    cells = all_cells() if cells is None else cells
    high = share_bounds(ALPHA, trains, 2 * len(cells))[1]
    low = share_bounds(LEAST_SHARE, trains, 2 * len(cells))[0]
    rows: list[dict[str, object]] = []
    for cell in cells:
        up, down, untested = measured(cell, trains, seed, kept, shares)
        expected = cell.rate_hz * cell.events * SILENCE_S
        rows.append(
            {"cell": cell.name, "expected": expected, "excitation": up, "inhibition": down, "untested": untested}
        )
    lines = []
    for sign in ("excitation", "inhibition"):
        every = [(float(str(row[sign])), str(row["cell"])) for row in rows]
        most = max(every)
        full = [(float(str(row[sign])), str(row["cell"])) for row in rows if float(str(row["expected"])) >= 5]
        least = min(full)
        target = f"<= 5 % (<= {100 * high:.1f} in all {len(cells)} cells)"
        figure = f"mean {100 * np.mean([e[0] for e in every]):.1f} %, most {100 * most[0]:.1f} % ({most[1]})"
        lines.append(Line(f"false positives, {sign}", target, figure, most[0] <= high))
        target = f">= 3 % (>= {100 * low:.1f}), >= 5 expected"
        figure = f"least {100 * least[0]:.1f} % ({least[1]})"
        lines.append(Line(f"false positives, {sign}, not too few", target, figure, least[0] >= low))
    return lines, rows
