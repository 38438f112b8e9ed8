"""Figures drawn from the tables in the repository are, to the byte, those whose checksums are kept there."""

import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from kept import ROOT, digests, draw_kept, read_checksums


@pytest.fixture(scope="module")
def kept() -> dict[str, str]:
    record = read_checksums()
    if record["matplotlib"] != matplotlib.__version__:
        pytest.skip(f"the checksums are those of Matplotlib {record['matplotlib']}, here is {matplotlib.__version__}")
    return record["files"]


def test_figures_are_those_that_were_kept(kept, tmp_path):
    draw_kept(tmp_path)
    drawn = digests(tmp_path)
    assert sorted(drawn) == sorted(kept)
    assert [name for name in kept if drawn[name] != kept[name]] == []


def test_every_kind_of_figure_is_kept_and_has_a_caption(kept):
    kinds = {Path(name).name.split("+")[0] for name in kept if "/cards/" not in name}
    kinds = {"truth" if kind.startswith("truth_") else kind for kind in kinds} | {"unit_card"}
    assert kinds == {path.stem for path in (ROOT / "workflow" / "report").glob("*.rst")}


def test_neither_time_zone_nor_language_nor_threads_matter(kept, tmp_path):
    """In a process of its own, as the library reads these when it starts."""
    code = f"from pathlib import Path; from kept import draw_kept; draw_kept(Path({str(tmp_path)!r}))"
    environment = os.environ | {"TZ": "Pacific/Auckland", "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8",
                                "OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "7",
                                "SOURCE_DATE_EPOCH": "86400"}  # fmt: skip
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, env=environment, check=True, timeout=300)
    drawn = digests(tmp_path)
    assert [name for name in kept if drawn.get(name) != kept[name]] == []
