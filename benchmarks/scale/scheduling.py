"""What Snakemake itself needs to plan and schedule jobs that only make their files; exits 1 where that does not grow in
proportion.

usage: python benchmarks/scale/scheduling.py [--count 8] [SNAKEMAKE-ARGUMENTS]

Runs `count` experiments and four times as many, and counts calls of functions: unlike seconds they do not depend on
what else the machine does. `--scheduler ilp` shows Snakemake's own default.
"""

from __future__ import annotations

import argparse
import cProfile
import multiprocessing
import pstats
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from many import write_many

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 4.4


def make(_path: str, *given: Any, **_: Any) -> None:
    """Takes the place of a script: every output is there, and empty."""
    for output in given[2]:
        path = Path(str(output))
        if not path.suffix:
            path = path / "file"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def measure(count: int, more: list[str]) -> tuple[int, float]:
    """Calls of functions, and seconds of CPU with the counting."""
    import snakemake.script

    snakemake.script.script = make
    from snakemake.cli import main as run

    with tempfile.TemporaryDirectory() as folder:
        write_many(Path(folder) / "many", count)
        about = ["--snakefile", str(ROOT / "Snakefile"), "--directory", f"{folder}/out", "--cores", "2"]
        profile, begun = cProfile.Profile(), time.process_time()
        profile.enable()
        try:
            run([*about, "--config", f"experiments={folder}/many/*", "--quiet", "all", *more])
        except SystemExit as end:
            if end.code:
                raise
        profile.disable()
        return pstats.Stats(profile).total_calls, time.process_time() - begun  # type: ignore[attr-defined]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=8)
    asked, more = parser.parse_known_args()
    calls = []
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for count in (asked.count, 4 * asked.count):
            made, seconds = pool.apply(measure, (count, more))
            calls.append(made)
            each = f"{made / count / 1e6:.3g} million calls and {seconds / count:.2g} s of CPU for each"
            print(f"{count} experiments: {each}", flush=True)
    ratio = calls[1] / calls[0]
    words = f"Snakemake's calls for {4 * asked.count} experiments, for {asked.count}"
    print(f"{words}: {ratio:.3g} times (limit {LIMIT}){', MISSED' if ratio > LIMIT else ''}")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
