"""Wall time of whole runs on 2 cores: the demonstration experiment, and 560 sorted sites.

usage: python benchmarks/wall_time.py [demo] [sites]

Prints one line each with its limit and exits 1 where a limit is passed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from coeruleus.simulation.demo import write_demo, write_sites

ROOT = Path(__file__).resolve().parents[1]
CASES = {"demo": (write_demo, 90.0), "sites": (write_sites, 180.0)}


def main(names: list[str]) -> int:
    late = False
    for name in names or list(CASES):
        write, limit = CASES[name]
        with tempfile.TemporaryDirectory() as folder:
            directory = Path(folder) / name
            begun = time.perf_counter()
            write(directory)
            written = time.perf_counter() - begun
            command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"]
            command += ["--directory", folder, "--config", f"experiments={directory}"]
            done = subprocess.run(command, capture_output=True, check=False)
            seconds = time.perf_counter() - begun
            sound = done.returncode == 0 and (Path(folder) / "results" / name / "report.html").is_file()
        late |= seconds > limit or not sound
        print(f"{name}: {seconds:.0f} s (writing it {written:.0f} s), limit {limit:.0f} s{'' if sound else ', FAILED'}")
    return int(late)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
