"""What jobs hold at most, beside what their rules ask for; exits 1 where a rule asks for too little, or for too much.

usage: python benchmarks/scale/memory.py [--runs 24 73 193] [--minutes 10 30 60] [--study RATS UNITS]

--runs      two HPLC runs of about so many injections each: quantify_run, draw_chromatograms
--minutes   raw traces of one electrode at 30 kHz, so long: sort_recording
--study     everything on an experiment of so many animals and units (40 120 where no numbers are given; takes minutes)

A job needs its own memory and, on a cluster, that of the two Snakemakes around it. `--study` is left out by default.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

from run import snakemake

from coeruleus.simulation.demo import write_small, write_study
from coeruleus.simulation.sheets import write_text

AROUND_MB = 300  # Snakemake on a cluster node, and that of the job's group
AT_MOST = 4.0  # times what is needed
CONTROLS, SAMPLES = 12, 6  # injections of a run, and of each of its animals, in a simulated study
RAW_S = 20.0  # length of the raw trace of the small experiment
USED = re.compile(r"(\d+) MB of (\d+) MB asked for")


def write_long(directory: Path, minutes: float) -> None:
    """The small experiment, its raw trace so often one after another that it lasts so long."""
    write_small(directory, raw=True)
    for trace in (directory / "ephys").glob("*.eeg"):
        samples = trace.read_bytes()
        with trace.open("wb") as out:
            for _ in range(round(60 * minutes / RAW_S)):
                out.write(samples)
    sheet = directory / "ephys" / "recordings.tsv"
    rows = [line.split("\t") for line in sheet.read_text("utf-8").splitlines()]
    length = rows[0].index("duration_s")
    for row in rows[1:]:
        if "raw" in row:
            row[length] = f"{60 * minutes:g}"
    write_text(sheet, "\n".join("\t".join(row) for row in [*rows, []]))


def measure(top: Path, name: str, *until: str) -> int:
    """Run an experiment and show its rules; how many of them ask for what is not right."""
    wrong = 0
    snakemake(top / f"run_{name}", str(top / name), "--quiet", "all", *(("--until", *until) if until else ()))
    for log in sorted((top / f"run_{name}" / "logs" / name).glob("*.log")):
        if found := USED.search(log.read_text("utf-8")):
            held, asked = map(int, found.groups())
            need = held + AROUND_MB
            verdict = "TOO LITTLE" if asked < need else "TOO MUCH" if asked > AT_MOST * need else "ok"
            wrong += verdict != "ok"
            print(f"{name}: {log.stem}: {held} MB held, asks for {asked} MB, {asked / need:.2f} of its need: {verdict}")
            sys.stdout.flush()
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, nargs="*", default=[24, 73, 193])
    parser.add_argument("--minutes", type=float, nargs="*", default=[10, 30, 60])
    parser.add_argument("--study", type=int, nargs="*")
    asked = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        for injections in asked.runs:
            name = f"injections_{injections}"
            write_study(top / name, n_rats=2 * round((injections - CONTROLS) / SAMPLES), n_units=1)
            wrong += measure(top, name, "draw_chromatograms")
        for minutes in asked.minutes:
            name = f"minutes_{minutes:g}"
            write_long(top / name, minutes)
            wrong += measure(top, name, "sort_recording")
        if asked.study is not None:
            rats, units = asked.study or (40, 120)
            name = f"study_{rats}_{units}"
            write_study(top / name, rats, units)
            wrong += measure(top, name)
    print(f"{wrong} rules ask for too little or too much")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
