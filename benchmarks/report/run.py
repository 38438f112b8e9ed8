"""The page of a large study (1,000 injections, 100 units) and of the demonstration: size, and work in a real browser.

usage: python benchmarks/report/run.py [study] [demo] [--page study=report.html] [--seed N]

Simulates the experiment, runs the workflow, opens the page in headless Chromium from the file. Prints each figure
beside its limit and exits 1 where one is passed. `--page` measures a page that is there already. Times are
wall times.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coeruleus.simulation.demo import SEED, write_demo, write_study

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "unit" / "report"))
from browser import Visit, browser  # noqa: E402

RATS, UNITS = 163, 100  # of 6 samples each, and the standards and blanks of two runs: 1,004 injections
CASES: dict[str, tuple[Callable[[Path, int], None], float]] = {
    "study": (lambda folder, seed: write_study(folder, RATS, UNITS, seed), 30.0),
    "demo": (write_demo, 8.0),
}
OPENED_S, PART_S, HEAP_MB = 5.0, 1.0, 400.0
missed = 0


def show(what: str, value: float, limit: float, unit: str) -> None:
    global missed
    missed += not value <= limit
    print(f"{what}: {value:.3g} {unit} (limit {limit:g} {unit}){'' if value <= limit else ', MISSED'}", flush=True)


def make(name: str, folder: Path, seed: int) -> Path:
    """The page of one case, by way of the whole workflow."""
    CASES[name][0](folder / name, seed)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2", "--quiet"]
    command += ["all", "--directory", str(folder), "--config", f"experiments={folder / name}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder / "results" / name / "report.html"


def timed(page: Any, act: str, until: str) -> float:
    """Seconds from an action to its effect, both in JavaScript; infinite where it does not come."""
    begun = time.perf_counter()
    page.evaluate(act)
    while not page.evaluate(until):  # the page's policy forbids Playwright's own waiting, which evaluates text
        if time.perf_counter() - begun > 30:
            return float("inf")
        time.sleep(0.01)
    return time.perf_counter() - begun


def measure(name: str, file: Path, opened: Any) -> None:
    show(f"{name}: size", file.stat().st_size / 1e6, CASES[name][1], "MB")
    begun = time.perf_counter()
    visit = Visit(opened, file)
    page = visit.page
    show(f"{name}: opened, scripts run", time.perf_counter() - begun, OPENED_S, "s")
    injections, units = page.evaluate("""[
        [...document.querySelectorAll('[id^=index-]')].reduce((n, one) => n + JSON.parse(one.textContent).length, 0),
        document.querySelectorAll('details.unit').length]""")
    print(f"{name}: {injections} injections, {units} units, {page.evaluate('document.all.length')} elements")
    for case, least in (("study", (1000, 100)), ("demo", (1, 1))):
        if case == name and (injections < least[0] or units < least[1]):
            show(f"{name}: injections and units short of {least}", 1, 0, "")
    last = """(() => { const box = [...document.querySelectorAll('select.injections')].at(-1);
        box.value = box.options[box.options.length - 1].value; box.dispatchEvent(new Event('change')); window.want =
        box.value; })()"""
    seen = "[...document.querySelectorAll('.traces h4')].at(-1).textContent.startsWith(window.want)"
    show(f"{name}: the last trace shown", timed(page, last, seen), PART_S, "s")
    card = "(() => { window.card = [...document.querySelectorAll('details.unit')].at(-1); window.card.open = true; })()"
    drawn = "[...window.card.querySelectorAll('img')].every((one) => { one.loading = 'eager'; return one.complete; })"
    show(f"{name}: the last card shown", timed(page, card, drawn), PART_S, "s")
    search = """(() => { const box = document.querySelector('#card-search input');
        box.value = 'no such unit'; box.dispatchEvent(new Event('input')); })()"""
    found = "[...document.querySelectorAll('details.unit')].every((one) => one.hidden)"
    show(f"{name}: a search among the cards", timed(page, search, found), PART_S, "s")
    heap = page.evaluate("performance.memory ? performance.memory.usedJSHeapSize / 1e6 : 0")
    show(f"{name}: memory of the scripts", heap, HEAP_MB, "MB")
    show(f"{name}: requests to anywhere", len(visit.requests()), 0, "")
    show(f"{name}: messages in the console", len(visit.said), 0, "")
    visit.context.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="case", help="study, demo; both if none")
    parser.add_argument("--page", action="append", default=[], metavar="CASE=FILE")
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    pages = {name: Path(file).resolve() for name, file in (one.split("=", 1) for one in asked.page)}
    with tempfile.TemporaryDirectory() as folder, browser() as opened:
        for name in asked.cases or list(pages or CASES):
            measure(name, pages.get(name) or make(name, Path(folder), asked.seed), opened)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
