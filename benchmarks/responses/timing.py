"""Latency and durations of responses against what was simulated, how often intervals hold it, and the time taken."""

from __future__ import annotations

import time

import numpy as np
from benchmarks.responses.cells import Cell, simulate
from benchmarks.responses.lines import Line

from coeruleus.responses.decide import decide
from coeruleus.responses.habituation import habituation

STEP_S = 0.001
SHOCK = {"excitation": 15.0, "excitation_s": 0.3, "suppression": 0.05, "suppression_s": 2.0, "latency_s": 0.05}
CELLS = [Cell(shape, rate, 20, **SHOCK) for shape, rate in ((1.0, 1.0), (2.0, 1.0), (4.0, 1.5))]
COVERED = (0.85, 0.95)
UNITS, EVENTS, LIMIT_S = 1000, 100, 60.0


def run(trains: int, seed: int) -> tuple[list[Line], list[dict[str, object]]]:
    """Errors over all found responses, and the share of 90 % intervals that hold the truth, of each measure."""
    errors: dict[str, list[float]] = {}
    held: dict[str, list[bool]] = {}
    rows: list[dict[str, object]] = []
    for cell in CELLS:
        for number in range(trains):
            trials, before = simulate(cell, np.random.default_rng([seed, 3, number]), STEP_S)
            found = decide(trials, before, np.random.default_rng(number))
            if found is None or found.excitation.extent is None:
                continue
            up, down = found.excitation.extent, found.inhibition.extent if found.inhibition else None
            measured = [("latency", up.start_s, up.start_ci, cell.latency_s)]
            measured.append(("excitation", up.end_s - up.start_s, up.duration_ci, cell.excitation_s))
            if down is not None:
                measured.append(("inhibition", down.end_s - down.start_s, down.duration_ci, cell.suppression_s))
            for name, value, (low, high), truth in measured:
                scale = 1.0 if name == "latency" else truth
                errors.setdefault(name, []).append(abs(value - truth) / scale)
                held.setdefault(name, []).append(low <= truth <= high)
    lines = []
    for name, most, words in (("latency", 0.008, "8 ms"), ("excitation", 0.15, "15 %"), ("inhibition", 0.15, "15 %")):
        median, share = float(np.median(errors[name])), float(np.mean(held[name]))
        rows.append({"measure": name, "n": len(held[name]), "median_error": median, "covered": share})
        shown = f"{1000 * median:.1f} ms" if name == "latency" else f"{100 * median:.1f} %"
        what = "latency" if name == "latency" else f"duration of {name}"
        lines.append(
            Line(f"{what}, median error, 20 events", f"<= {words}", f"{shown} (n = {len(held[name])})", median <= most)
        )
        fine = COVERED[0] <= share <= COVERED[1] if name == "latency" else None
        lines.append(Line(f"{what}, 90 % intervals hold", "85-95 %", f"{100 * share:.1f} %", fine))
    return lines, rows


def run_speed(units: int, seed: int) -> list[Line]:
    """1,000 units with 100 events each, half of them responding, on one core."""
    cells = [Cell(1.0, 1.5, EVENTS), Cell(4.0, 1.5, EVENTS, excitation=5.0, suppression=0.0)]
    made = [simulate(cells[n % 2], np.random.default_rng([seed, 4, n])) for n in range(min(units, 100))]
    begun = time.process_time()
    for number in range(units):
        trials, before = made[number % len(made)]
        found = decide(trials, before, np.random.default_rng(number))
        if found is not None:
            habituation(trials, found)
    seconds = (time.process_time() - begun) * UNITS / units
    return [
        Line("1,000 units x 100 events, one core", f"<= {LIMIT_S:g} s", f"{seconds:.0f} s of CPU", seconds <= LIMIT_S)
    ]
