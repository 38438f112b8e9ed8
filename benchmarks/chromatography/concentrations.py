"""Do the 95 % intervals of concentrations contain the truth?

usage: python benchmarks/chromatography/concentrations.py [--seed N] [--runs N]

Simulated areas with known errors, repeatability and loss of sensitivity, calibrated in every way that
experiment.yaml offers. Prints a table and exits 1 where a coverage lies outside 92 to 98 %.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from coeruleus.chromatography.calibration_rows import calibrate_run
from coeruleus.chromatography.concentration_rows import concentration_rows
from coeruleus.chromatography.settings import Analyte, Calibration
from coeruleus.simulation.areas import simulate_areas

LOW, HIGH = 92.0, 98.0
CASES: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "linear, 1/x": ({}, {}),
    "no weights": ({}, {"weighting": "none"}),
    "1/x^2": ({}, {"weighting": "1/x^2"}),
    "through origin": ({}, {"model": "linear_through_origin"}),
    "quadratic": ({}, {"model": "quadratic"}),
    "repeatability 5 %": ({"repeatability": 0.05}, {}),
    "repeatability 0.3 %": ({"repeatability": 0.003}, {}),
    "steady electrode": ({"sensitivity_loss": 0.0}, {}),
    "steady electrode, no correction": ({"sensitivity_loss": 0.0}, {"drift_correction": False}),
    "two blocks of standards": ({"blocks": 2, "samples": 20}, {}),
}


def scores(seed: int, run: Mapping[str, Any], calibration: Mapping[str, Any]) -> list[float]:
    """(concentration − truth) ÷ its standard error of every sample of one run."""
    made = simulate_areas(np.random.default_rng(seed), **run)
    settings = Calibration(**calibration)
    result = calibrate_run(made.injections, made.rows, made.standards, [Analyte("NE", None, "nM")], settings)
    rows = concentration_rows(made.injections, made.rows, result)
    return [(row["concentration"] - made.truth[row["injection_id"]]) / row["concentration_se"] for row in rows]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=60)
    given = parser.parse_args(arguments)
    missed = 0
    print("case | 95 % interval contains the truth | target | samples | held")
    for name, (run, calibration) in CASES.items():
        z = np.array([v for k in range(given.runs) for v in scores(1000 * given.seed + k, run, calibration)])
        cover = 100 * float(np.mean(np.abs(z) < 1.96))
        held = LOW <= cover <= HIGH
        missed += not held
        print(f"{name} | {cover:.1f} % | {LOW:.0f}–{HIGH:.0f} % | {z.size} | {'yes' if held else 'NO'}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
