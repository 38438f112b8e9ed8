"""Source tables kept in the repository, the figures drawn from them, and checksums of those figures.

`python tests/unit/figures/kept.py` writes the checksums anew, after a change of how figures look.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import zlib
from pathlib import Path

import matplotlib

from coeruleus.figures.captions import read_captions
from coeruleus.figures.dialysate_set import draw_dialysate_figures
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.units_set import draw_unit_figures
from coeruleus.tables.io import read_table
from coeruleus.tables.registry import TABLES

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "tests" / "data" / "figures"
CHECKSUMS = FOLDER / "checksums.json"


def draw_kept(folder: Path) -> None:
    """Every figure of both halves from the tables in the repository."""
    files = {path.relative_to(FOLDER).with_suffix("").as_posix(): path for path in FOLDER.rglob("*.tsv")}
    tables = {name: read_table(path, TABLES[name]) for name, path in files.items()}
    captions = read_captions(ROOT / "workflow" / "report")
    draw_dialysate_figures(tables, folder / "dialysate", FigureSettings(pdf_of_all=True), captions)
    units = {name: frame for name, frame in tables.items() if not name.startswith("truth/")}
    draw_unit_figures(units, folder / "units", FigureSettings(pdf_of_all=True), captions)


def digest(path: Path) -> str:
    """Checksum of what a file says: a PDF's streams are inflated first, since builds of zlib deflate differently."""
    content = path.read_bytes()
    if path.suffix == ".pdf":
        content = re.sub(rb"/Length \d+|startxref\n\d+|^\d{10} \d{5} n.$", b"", content, flags=re.MULTILINE)
        content = re.sub(rb"stream\r?\n(.*?)\r?\nendstream", _inflated, content, flags=re.DOTALL)
    return hashlib.sha256(content).hexdigest()


def _inflated(match: re.Match[bytes]) -> bytes:
    try:
        return zlib.decompress(match[1])
    except zlib.error:
        return match[1]


def digests(folder: Path) -> dict[str, str]:
    """Of vectors and tables. PNGs are left out: their bytes are those of one build of the rasteriser and of zlib."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".svg", ".pdf", ".tsv"))
    return {path.relative_to(folder).as_posix(): digest(path) for path in files}


def read_checksums() -> dict[str, dict[str, str] | str]:
    return json.loads(CHECKSUMS.read_text(encoding="utf-8"))


def write_checksums(folder: Path) -> None:
    draw_kept(folder)
    record = {"matplotlib": matplotlib.__version__, "files": digests(folder)}
    CHECKSUMS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as made:
        write_checksums(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(made))
