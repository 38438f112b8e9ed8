"""How planning and running scale, each figure beside its target; exits 1 where one is missed.

usage: python benchmarks/scale/run.py [--count 300] [--demos N] [--small N] [--grow]

--count N   the DAG of N experiments (of 300: 1,200 recordings, 600 runs, 36,000 injections), and nothing to do in them
--demos N   runs N demonstration experiments on two cores: overhead over their pure work (see pure.py), starts of jobs
--small N   the same with small ones
--grow      1, 2, 4 and 8 small ones: whether time grows with their number

CPU seconds double where others use the machine's cores, so the time to import pandas stands beside them, as a
yardstick, and what others used beside wall time. Both are read from the same minutes.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from many import write_many

from coeruleus.simulation.demo import write_demo, write_small

ROOT = Path(__file__).resolve().parents[2]
CORES = 2
RULES = [path.stem for path in (ROOT / "workflow" / "scripts").glob("*.py")]
USED = re.compile(r"used ([\d.]+) s of CPU to start, ([\d.]+) s in all, (\d+) MB")
PURE = re.compile(r"^all: ([\d.]+) s of CPU$", re.MULTILINE)
missed = 0


def show(what: str, value: float, limit: float, unit: str) -> None:
    global missed
    missed += value > limit
    print(f"{what}: {value:.3g} {unit} (limit {limit:g} {unit}){', MISSED' if value > limit else ''}", flush=True)


@dataclass(frozen=True)
class Call:
    """What one call of Snakemake took; `others`: CPU seconds that everything else on the machine used meanwhile."""

    cpu: float
    wall: float
    others: float
    megabytes: float
    said: str


def call(*command: str) -> Call:
    code = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], stdout=sys.stderr)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6)\n"
    )
    busy, begun = machine(), time.monotonic()
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)
    wall, busy = time.monotonic() - begun, machine() - busy
    status, seconds, megabytes = done.stdout.split()
    if status != "0":
        sys.exit(done.stderr[-3000:])
    return Call(float(seconds), wall, busy - float(seconds), float(megabytes), done.stderr)


def machine() -> float:
    """CPU seconds that the whole machine has used."""
    user, nice, system = Path("/proc/stat").read_text().split()[1:4]
    return (int(user) + int(nice) + int(system)) / os.sysconf("SC_CLK_TCK")


def snakemake(folder: Path, experiments: str, *arguments: str) -> Call:
    command = [sys.executable, "-m", "snakemake", "--cores", str(CORES), *_about(folder, experiments)]
    return call(*command, *arguments)


def _about(folder: Path, experiments: str) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    config = ["--config", f"experiments={experiments}"]
    return ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder), *config]


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
    few = snakemake(top / "plan", f"{third}/*", *dry)
    every = snakemake(top / "plan", f"{top}/many/*", *dry)
    show(f"DAG of {count} experiments", every.cpu, 30, "s of CPU")
    show(f"memory of the DAG of {count} experiments", every.megabytes / 1000, 1.5, "GB")
    words = f"DAG of {count} experiments, in DAGs of a third of them ({few.cpu:.3g} s)"
    show(words, every.cpu / few.cpu, 3.3, "times")
    pretend(top, f"{top}/many/*")
    nothing = snakemake(top / "plan", f"{top}/many/*")
    assert "Nothing to be done" in nothing.said
    show(f"nothing to do in {count} experiments", nothing.cpu, 30, "s of CPU")
    show("memory of a call with nothing to do", nothing.megabytes / 1000, 1.5, "GB")


def pretend(top: Path, experiments: str) -> None:
    """Results as if all had been done: Snakemake takes whatever lies there for it."""
    table = snakemake(top / "plan", experiments, "--summary").said
    for line in table.splitlines():
        name = Path(line.split("\t")[0])
        if "\t" in line and name.parts[0] == "results":
            path = top / "plan" / name if name.suffix else top / "plan" / name / "file"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    snakemake(top / "plan", experiments, "--touch", "--quiet", "all")


def work(top: Path, kind: str, write: Callable[[Path], object], count: int) -> None:
    """Overhead: what a run takes beyond its pure work, in CPU seconds and in wall time × cores."""
    for number in range(count):
        write(top / kind / f"{kind}_{number:03d}")
    experiments = f"{top}/{kind}/*"
    first = f"{top}/{kind}/{kind}_000"  # all are the same
    done = call(sys.executable, str(ROOT / "benchmarks/scale/pure.py"), *_about(top / f"pure_{kind}", first))
    pure = float(PURE.findall(done.said)[-1]) * count
    done = snakemake(top / f"work_{kind}", experiments, "--quiet", "all")
    logs = sorted((top / f"work_{kind}" / "logs").rglob("*.log"))
    used = {path: USED.search(path.read_text()) for path in logs}
    starts = [float(found[1]) for found in used.values() if found]
    for rule in sorted(RULES):
        most = [int(found[3]) for path, found in used.items() if found and path.name.startswith(rule)]
        if most:
            print(f"most memory of {rule}: {max(most)} MB", flush=True)
    limit, words = (25 if count > 1 else 40), f"{count} {kind} experiments"
    print(f"{words}: {pure:.4g} s of pure work, {done.cpu:.4g} s of CPU, {done.wall:.4g} s of wall time", flush=True)
    show(f"slowest start of {len(starts)} jobs", max(starts), 2, "s of CPU")
    show("start of all jobs, of all work", 100 * sum(starts) / done.cpu, 20, "%")
    show(f"overhead on {words}, CPU", 100 * (done.cpu / pure - 1), limit, "%")
    others = f"others used {100 * done.others / (done.wall * CORES):.0f} % of the cores"
    show(f"overhead on {words}, wall time x {CORES} cores ({others})", 100 * (done.wall * CORES / pure - 1), limit, "%")
    assert "Nothing to be done" in snakemake(top / f"work_{kind}", experiments).said


def grow(top: Path) -> None:
    """Whether twice as many experiments take twice as long."""
    calls = {}
    for count in (1, 2, 4, 8):
        for number in range(count):
            write_small(top / f"grow_{count}" / f"small_{number}")
        calls[count] = snakemake(top / f"growing_{count}", f"{top}/grow_{count}/*", "--quiet", "all")
        each = calls[count].cpu / count, calls[count].wall / count
        print(
            f"{count} small experiments: {each[0]:.3g} s of CPU and {each[1]:.3g} s of wall time for each", flush=True
        )
    show("CPU time of 8 experiments, of 2", calls[8].cpu / calls[2].cpu, 4.4, "times")
    show("wall time of 8 experiments, of 2", calls[8].wall / calls[2].wall, 4.4, "times")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--demos", type=int, default=0)
    parser.add_argument("--small", type=int, default=0)
    parser.add_argument("--grow", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        yardstick()
        if asked.count:
            plan(Path(folder), asked.count)
        for kind, write, count in (("demo", write_demo, asked.demos), ("small", write_small, asked.small)):
            if count:
                work(Path(folder), kind, write, count)
        if asked.grow:
            grow(Path(folder))
        yardstick()
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
