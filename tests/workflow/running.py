"""Running the workflow as people do, and reading what it leaves."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]


def snakemake(
    folder: Path, *arguments: str, project: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(project / "Snakefile"), "--directory", str(folder)]
    done = subprocess.run(
        [*command, *arguments],
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ | {"LC_ALL": "C.UTF-8"} | environment,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout + done.stderr)


def rules_run(output: str) -> dict[str, int]:
    """Rules and how many of their jobs a run (or a dry run) had, from its table of jobs."""
    table = output.rsplit("Job stats:", 1)[-1].split("total")[0] if "Job stats:" in output else ""
    found = re.findall(r"^(\w+) +(\d+)$", table, flags=re.MULTILINE)
    return {rule: int(count) for rule, count in found if rule not in ("default", "all")}


def table(results: Path, name: str) -> pd.DataFrame:
    frame = pd.read_csv(results / f"{name}.tsv", sep="\t", dtype=str, keep_default_na=False)
    return frame.replace("n/a", None)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
