"""How well and how fast noradrenaline is measured in simulated runs, beside the targets.

usage: python benchmarks/chromatography [--seed N] [--rounds N] [--peer-traces N] [--all]

Prints a table and exits 1 where a target is missed. `--rounds` is the number of times that six runs of 73 injections
are simulated (half of them with peak shapes outside the fitted family); `--peer-traces 0` leaves hplc-py out, which
otherwise needs `make peers`. `--all` then runs the two other studies of this folder, which also run by themselves:
`concentrations.py`, whether 95 % intervals of concentrations hold the truth, and `real_files.py`, areas of real files
against the tables of vendors' software.
"""

from __future__ import annotations

import argparse
import sys

import concentrations
import real_files
from score import accuracy_lines, concentration_line, detection_lines, study
from timing import peer_lines, timing_lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=20240318)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--peer-traces", type=int, default=6)
    parser.add_argument("--all", action="store_true")
    asked = parser.parse_args()
    table = study(asked.seed, asked.rounds)
    lines = [
        *accuracy_lines(table),
        *detection_lines(table),
        concentration_line(asked.seed, 4),
        *timing_lines(asked.seed),
    ]
    if asked.peer_traces:
        lines += peer_lines(asked.seed, asked.peer_traces)
    print(f"{'quantity':<58} {'figure':>9} {'target':>16}")
    for line in lines:
        low, high = line.limits
        limit = f"≤ {high:g}" if low == 0 else f"≥ {low:g}" if high == 1 else f"{low:g} to {high:g}"
        print(f"{line.quantity:<58} {line.value:9.3f} {limit:>16}  {'held' if line.held else 'MISSED':<6}  {line.note}")
    missed = sum(not line.held for line in lines)
    print(f"{len(lines) - missed} of {len(lines)} held; seed {asked.seed}, {table['run_number'].nunique()} runs")
    statuses = [int(missed > 0)]
    if asked.all:
        print("\nconcentrations.py\n")
        statuses.append(concentrations.main([]))
        print("\nreal_files.py\n")
        statuses.append(real_files.main([]))
    return max(statuses)


if __name__ == "__main__":
    sys.exit(main())
