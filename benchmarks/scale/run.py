"""How planning scales: the DAG of 300 experiments (1,200 recordings, 600 runs, 36,000 injections), in CPU seconds.

usage: python benchmarks/scale/run.py [--count 300] [--demo N]

Prints each figure beside its target and exits 1 where one is missed. CPU seconds, since wall time on a shared machine
says little; they too may double where others use its cores, so the time to import pandas stands beside them, as a
yardstick. `--demo N` also runs N small demonstration experiments and says what of the work is start-up.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from many import write_many

from coeruleus.simulation.demo import write_small

ROOT = Path(__file__).resolve().parents[2]
USED = re.compile(r"used ([\d.]+) s of CPU to start, ([\d.]+) s in all, (\d+) MB")
missed = 0


def show(what: str, value: float, limit: float, unit: str) -> None:
    global missed
    missed += value > limit
    print(f"{what}: {value:.3g} {unit} (limit {limit:g} {unit}){', MISSED' if value > limit else ''}", flush=True)


def snakemake(folder: Path, experiments: str, *arguments: str) -> tuple[float, float, str]:
    """CPU seconds, megabytes and output of one call."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    code = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], stdout=sys.stderr)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6)\n"
    )
    call = [sys.executable, "-c", code, *command, "--cores", "2", *arguments, "--config", f"experiments={experiments}"]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    status, seconds, megabytes = done.stdout.split()
    if status != "0":
        sys.exit(done.stderr[-3000:])
    return float(seconds), float(megabytes), done.stderr


def yardstick() -> None:
    """What the machine needs for something that everybody has."""
    code = "import time, pandas; print(time.process_time())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    print(f"to import pandas: {float(done.stdout):.3g} s of CPU", flush=True)


def plan(top: Path, count: int) -> None:
    directories = write_many(top / "many", count)
    third = top / "third"
    third.mkdir()
    for directory in directories[: max(1, count // 3)]:
        (third / directory.name).symlink_to(directory)
    dry = ("--dry-run", "--quiet", "all")
    few, _, _ = snakemake(top / "plan", f"{third}/*", *dry)
    seconds, megabytes, _ = snakemake(top / "plan", f"{top}/many/*", *dry)
    show(f"DAG of {count} experiments", seconds, 30, "s of CPU")
    show(f"memory of the DAG of {count} experiments", megabytes / 1000, 1.5, "GB")
    show(f"DAG of {count} experiments, in DAGs of a third of them ({few:.3g} s)", seconds / few, 3.3, "times")
    pretend(top, f"{top}/many/*")
    seconds, megabytes, said = snakemake(top / "plan", f"{top}/many/*")
    assert "Nothing to be done" in said
    show(f"nothing to do in {count} experiments", seconds, 30, "s of CPU")
    show("memory of a call with nothing to do", megabytes / 1000, 1.5, "GB")


def pretend(top: Path, experiments: str) -> None:
    """Results as if all had been done: Snakemake takes whatever lies there for it."""
    _, _, table = snakemake(top / "plan", experiments, "--summary")
    for line in table.splitlines():
        name = Path(line.split("\t")[0])
        if "\t" in line and name.parts[0] == "results":
            path = top / "plan" / name if name.suffix else top / "plan" / name / "file"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    snakemake(top / "plan", experiments, "--touch", "--quiet", "all")


def work(top: Path, count: int) -> None:
    for number in range(count):
        write_small(top / "demo" / f"small_{number:03d}")
    all_seconds, _, _ = snakemake(top / "work", f"{top}/demo/*", "--quiet", "all")
    logs = [USED.search(path.read_text()) for path in sorted((top / "work" / "logs").rglob("*.log"))]
    starts = [float(found[1]) for found in logs if found]
    totals = [float(found[2]) for found in logs if found]
    pure = sum(totals) - sum(starts)
    show(f"slowest start of {len(starts)} jobs", max(starts), 2, "s of CPU")
    show("start of all jobs, of all work", 100 * sum(starts) / all_seconds, 20, "%")
    show(f"overhead on {count} small experiments (all CPU less pure work)", 100 * (all_seconds / pure - 1), 25, "%")
    _, _, said = snakemake(top / "work", f"{top}/demo/*")
    assert "Nothing to be done" in said


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--demo", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        yardstick()
        if asked.count:
            plan(Path(folder), asked.count)
        if asked.demo:
            work(Path(folder), asked.demo)
        yardstick()
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
