"""The whole table: `python -m benchmarks.responses [--quick] [--seed N] [--only PART ...] ...`.

Prints a line for each target, with what was measured, and exits 1 where one is missed. ZETA needs zetapy (make peers):
`PYTHONPATH=src .venv-bench/bin/python -m benchmarks.responses`.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks.responses import doses, drug_effects, fading, false_positives, footshock, power, timing
from benchmarks.responses.lines import Line, write_cells

PARTS = ("false_positives", "further", "power", "zeta", "timing", "footshock", "drugs", "doses", "fading", "speed")
SEED = 20260
FULL = {"false_positives": 2000, "further": 1000, "power": 1000, "zeta": 200, "timing": 300, "drugs": 500}
FULL |= {"fading": 400, "speed": 300, "doses": 400}
SHARED = Path(__file__).resolve().parents[3] / "shared" / "experiments" / "lc_footshock"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.responses")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the trains")
    parser.add_argument("--trains", type=int, help="so many trains (of each cell) instead; limits follow")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--footshock", type=Path, default=SHARED, help="the experiment directory lc_footshock")
    parser.add_argument("--cells", type=Path, help="write the figures of every cell to this file (JSON)")
    parser.add_argument("--keep", type=Path, help="file to which each cell without responses is added once measured")
    asked = parser.parse_args(arguments)
    trains = {part: max(count // 20, 20) if asked.quick else count for part, count in FULL.items()}
    trains = {part: asked.trains or count for part, count in trains.items()}
    cells: list[dict[str, object]] = []
    missed = False
    for part in asked.only:
        begun = time.process_time()
        lines, rows = _run(part, trains.get(part, 0), asked.seed, asked.footshock, asked.keep)
        cells += [{"part": part} | row for row in rows]
        for line in lines:
            print(line.text(), flush=True)
            missed |= line.held is False
        print(f"  ({part}: {time.process_time() - begun:.0f} s of CPU)", flush=True)
    if asked.cells:
        write_cells(asked.cells, cells)
    return int(missed)


def _run(
    part: str, trains: int, seed: int, directory: Path, kept: Path | None
) -> tuple[list[Line], list[dict[str, object]]]:
    if part == "footshock":
        return footshock.run(directory), []
    if part == "speed":
        return timing.run_speed(trains, seed), []
    if part in ("false_positives", "further"):
        return (false_positives.run if part == "false_positives" else false_positives.run_further)(trains, seed, kept)
    runs = {
        "power": power.run,
        "zeta": power.run_zeta,
        "timing": timing.run,
        "drugs": drug_effects.run,
        "doses": doses.run,
        "fading": fading.run,
    }
    return runs[part](trains, seed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
