"""House rules of the workflow: Snakemake's own lint, and what every rule must say."""

from __future__ import annotations

import re
from pathlib import Path

from running import ROOT, snakemake

ALLOWED = "Specify a conda environment or container for each rule."  # no image is published; the lock is pinned
RULES = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")))


def test_lint(tmp_path: Path, small_input: Path) -> None:
    done = snakemake(tmp_path, "--config", f"experiments={small_input}", "--lint")
    assert "Lints for rule" in done.stdout, done.stdout
    assert set(re.findall(r"^    \* (.*):$", done.stdout, flags=re.MULTILINE)) <= {ALLOWED}


def test_every_rule_says_what_it_does_and_needs() -> None:
    bodies = re.split(r"^rule ", RULES, flags=re.MULTILINE)[1:]
    assert len(bodies) > 10
    for body in bodies:
        name = body.split(":")[0]
        assert re.fullmatch(r"[a-z]+_[a-z_]+", name), f"{name}: verb_noun"
        for part in ("message:", "log:", "resources:", "mem_mb=", "runtime=", "script:"):
            assert part in body, f"{name} lacks {part}"
