"""The work of a run without anything around it: Snakemake with every rule script inside its own process.

usage: python benchmarks/scale/pure.py SNAKEMAKE-ARGUMENTS

Modules are imported and the experiment is read before the clock starts, once for all scripts. Prints the seconds of CPU
of each rule and of all.
"""

from __future__ import annotations

import ast
import functools
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import snakemake.script
from snakemake.iocontainers import Snakemake

from coeruleus import job

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow" / "scripts"
seconds: Counter[str] = Counter()


@functools.cache
def compiled(name: str) -> Any:
    """A rule script, its modules imported."""
    tree = ast.parse((SCRIPTS / name).read_text("utf-8"))
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    exec(compile(ast.Module(imports, []), name, "exec"), {})  # noqa: S102 (the project's own scripts)
    return compile(tree, name, "exec")


@functools.cache
def read(log: str, experiment: str) -> Any:
    return job.load_experiment(Path(experiment))


def script(path: str, *given: Any, **_: Any) -> None:
    """Takes the place of Snakemake's own, which would start a process."""
    _, inputs, output, params, wildcards, threads, resources, log, config, rule = given[:10]
    about = Snakemake(inputs, output, params, wildcards, threads, resources, log, config, rule, None)
    code = compiled(Path(path).name)
    read("", about.params.directory)
    begun = time.process_time()
    exec(code, {"snakemake": about, "__name__": "__main__"})  # noqa: S102
    seconds[rule] += time.process_time() - begun


def main() -> None:
    job.begin = lambda log, experiment: read("", experiment)
    snakemake.script.script = script
    from snakemake.cli import main as run

    try:
        run(["--cores", "1", *sys.argv[1:]])
    finally:
        for rule, used in seconds.most_common():
            print(f"{rule}: {used:.2f} s of CPU")
        print(f"all: {sum(seconds.values()):.2f} s of CPU")


if __name__ == "__main__":
    main()
