"""What a job imports before it works: most of its start. Heavy modules are for those who need them."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from coeruleus import job

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow" / "scripts"
HEAVY = {"scipy.stats", "scipy.signal", "matplotlib", "neo", "elephant", "pybaselines"}
NEEDED = {
    "compute_release": {"scipy.stats"},
    "draw_chromatograms": {"matplotlib"},
    "draw_dialysate_figures": {"matplotlib"},
    "draw_unit_figures": {"matplotlib"},
    "measure_units": {"scipy.stats", "scipy.signal", "neo", "elephant"},  # all that Elephant brings
    "sort_recording": {"scipy.stats", "scipy.signal", "neo", "elephant"},
}


@pytest.mark.parametrize("script", sorted(path.stem for path in SCRIPTS.glob("*.py")))
def test_a_script_imports_no_more_than_it_needs(script: str) -> None:
    tree = ast.parse((SCRIPTS / f"{script}.py").read_text("utf-8"))
    imports = ast.Module([node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))], [])
    code = f"import sys\n{ast.unparse(imports)}\nprint(*sorted(set(sys.modules) & {HEAVY!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= NEEDED.get(script, set())


def test_memory_is_that_of_the_process() -> None:
    """More by what is taken, and not less afterwards."""
    before = job.most_memory()
    taken = bytearray(before + 50_000_000)
    assert job.most_memory() >= len(taken)
    del taken
    assert before + 50_000_000 <= job.most_memory() < 3 * before + 200_000_000
