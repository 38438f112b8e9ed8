"""Release against simulated truth: coverage, false positives, bias, speed, each beside its target.

usage: python benchmarks/release/run.py [PART ...] [--studies N] [--seed N]

PART: effects, summaries, no_flux, speed, censored, calibration, censored_ar1; all of them by default.

Exits 1 where a target is missed. 2,000 studies of each by default.
"""

from __future__ import annotations

import argparse
import os
import sys

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402
from studies import PARTS  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=list(PARTS))
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    missed = 0
    for part in arguments.parts:
        rng = np.random.default_rng([arguments.seed, list(PARTS).index(part)])
        for what, figure, low, high in PARTS[part](rng, arguments.studies):
            held = low <= figure <= high
            missed += not held
            target = f"target {low:g} to {high:g}" if np.isfinite(high) else "no target: beside it"
            print(f"{part}: {what}: {figure:.4g} ({target}){'' if held else ' MISSED'}", flush=True)
    print(f"{missed} targets missed, {arguments.studies} studies, seed {arguments.seed}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
