"""Mutated files of every registered format, and mutated sheets: each must read soundly or be a named problem.

Mutated experiments that still read are also worked through as the rules do (`jobs`).

usage: python benchmarks/hostile/fuzz.py [--count 2000] [--seed 1] [--only NAME]

Prints a line per format, and exits 1 where a mutant gave a traceback, took more than 10 s, took more than 1 GB or wrote
a file. A format that nothing here can seed is said; damage its files by adding one to ../shared/realdata.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from experiment_seeds import RULESETS, files_that_people_write, write_experiments
from jobs import of_jobs

from coeruleus.formats.chromatogram import read_chromatogram
from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import file_events, open_sorted, read_raw
from coeruleus.formats.registry import PACKAGES, discover
from coeruleus.intake.find import find_experiments
from mutants import mutant
from seeds import seeds

ROOT = Path(__file__).resolve().parents[2]
LONGEST_S, MOST_MB, STUCK_S = 10.0, 1000.0, 60.0
FAULT = "by a fault of the software"

Work = Callable[[Path, str], str | None]  # a folder to work in, a seed; what went wrong, or None


def of_format(kind: str, files: list[Path]) -> Work:
    """Work on one mutant of a format."""

    def work(folder: Path, seed: str) -> str | None:
        original = files[random.Random(seed).randrange(len(files))]
        if original.is_dir():
            shutil.copytree(original, folder / original.name)
            target = random.Random(seed).choice([p for p in sorted((folder / original.name).rglob("*")) if p.is_file()])
        else:
            for beside in sorted(original.parent.glob(original.stem + ".*")):
                if beside.is_file():
                    shutil.copy(beside, folder / beside.name)
            target = random.Random(seed).choice([folder / original.name, *sorted(folder.iterdir())])
        target.write_bytes(mutant(target.read_bytes(), seed))
        for read in _readers(kind):
            try:
                read(folder / original.name)
            except FormatError as error:
                said = str(error)
                if original.name not in said or str(folder) in said or "Traceback" in said:
                    return f"says {said[:200]!r}"
        return None

    work.reads = len(_readers(kind))  # type: ignore[attr-defined]
    return work


def _readers(kind: str) -> list[Callable[[Path], object]]:
    if kind == "chromatogram":
        return [read_chromatogram]

    def every_sample(path: Path) -> None:
        for _ in read_raw(path).chunks(200_000):
            pass

    return [open_sorted, every_sample, file_events]


def of_sheets(experiments: list[Path]) -> Work:
    """Work on an experiment one of whose sheets, settings or rulesets is a mutant: each of all experiments in turn."""
    files = [(directory, file) for directory in experiments for file in files_that_people_write(directory)]

    def work(folder: Path, seed: str) -> str | None:
        original, file = files[int(seed.split()[-1]) % len(files)]
        directory = folder / original.name
        shutil.copytree(original, directory)
        target = directory / file.relative_to(original)
        target.write_bytes(mutant(target.read_bytes(), seed))
        found, refused = find_experiments([str(directory)], RULESETS)
        if not found and not (refused and refused[0].problems):
            return f"{target.name}: neither read nor refused"
        said = refused[0].text if refused else ""
        return f"{target.name}: {said[-300:]}" if FAULT in said or "Traceback" in said else None

    return work


def _worker(work: Work, name: str, numbers: range, seed: int, pipe: Connection) -> None:
    warnings.simplefilter("ignore")  # of libraries, about numbers that a mutant holds
    before = _megabytes()
    for number in numbers:
        with tempfile.TemporaryDirectory() as top:
            folder = Path(top) / "work"
            folder.mkdir()
            begun = time.process_time()
            try:
                wrong = work(folder, f"{seed} {name} {number}")
            except BaseException as error:
                place = traceback.extract_tb(error.__traceback__)[-1]
                where = f"{Path(place.filename).name}, line {place.lineno}"
                wrong = f"{type(error).__name__}: {str(error)[:200]} ({where})"
            seconds, more = time.process_time() - begun, _megabytes() - before
            if wrong is None and seconds > LONGEST_S * getattr(work, "reads", 1):
                wrong = f"took {seconds:.0f} s of CPU"
            if wrong is None and more > MOST_MB:
                wrong = f"took {more:.0f} MB"
            if wrong is None and [path.name for path in Path(top).iterdir()] != ["work"]:
                wrong = "wrote a file outside"
        pipe.send((number, wrong, seconds))
    pipe.close()


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def fuzz(work: Work, name: str, count: int, seed: int) -> Iterator[tuple[int, str | None, float]]:
    """Number, fault and seconds of each mutant.

    They are read in a process of its own, one after the other. It is ended where one hangs or dies, and after every
    fault: what a fault left in memory would hide the next.
    """
    number = 0
    while number < count:
        mine, theirs = multiprocessing.get_context("fork").Pipe(duplex=False)
        process = multiprocessing.get_context("fork").Process(
            target=_worker, args=(work, name, range(number, count), seed, theirs), daemon=True
        )
        process.start()
        theirs.close()
        try:
            while number < count:
                if not mine.poll(STUCK_S):
                    raise TimeoutError
                result = mine.recv()
                yield result
                number += 1
                if result[1]:
                    break
        except (EOFError, TimeoutError) as error:
            yield number, "hung" if isinstance(error, TimeoutError) else "ended the process", STUCK_S
            number += 1
        finally:
            process.kill()
            process.join()


def targets(folder: Path) -> tuple[dict[str, Work], list[str]]:
    """Every format that has a seed, and the sheets; and the names of formats without one."""
    shared = ROOT.parent / "shared"
    found = seeds(folder / "seeds", shared if shared.is_dir() else None)
    known = {(kind, each.name) for kind, package in PACKAGES.items() for each in discover(package)}
    experiments = write_experiments(folder / "sheets")
    works = {f"{kind}: {name}": of_format(kind, files) for (kind, name), files in found.items()}
    works["sheets"] = of_sheets(experiments)
    works["jobs"] = of_jobs(experiments)
    return works, sorted(f"{kind}: {name}" for kind, name in known - set(found))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        works, without = targets(Path(folder))
        for name, work in works.items():
            if asked.only not in name:
                continue
            results = list(fuzz(work, name, asked.count, asked.seed))
            wrong = [(number, fault) for number, fault, _ in results if fault]
            faults += len(wrong)
            slowest = max(seconds for _, _, seconds in results)
            print(f"{name}: {len(results)} mutants, {len(wrong)} faults (limit 0), slowest {slowest:.1f} s", flush=True)
            for number, fault in wrong[:5]:
                print(f"    mutant {number}: {fault}")
    print("no seed at hand for: " + (", ".join(without) or "none"))
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
