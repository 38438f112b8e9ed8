"""A lab's own tables, .xlsx or .csv, as cells; and the sequence table of an HPLC run."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from typing import Any

from coeruleus.formats.errors import FormatError
from coeruleus.formats.text import Source
from coeruleus.formats.time_limit import time_limit
from coeruleus.intake.guess import Guess, guess
from coeruleus.intake.result_tables import Cells, column_of

LARGEST = 2**25
MOST_UNPACKED = 2**26
MOST_ROWS, MOST_COLUMNS = 20_000, 400
MOST_CELLS, ROW = 2_000_000, 2  # of a workbook; a row, also an empty one, counts as so many cells more
PASTED = ("xl/media/", "xl/embeddings/")  # pictures and documents, which are not opened
ONE_SHEET = "save the sheet with the table as .csv"
FILES = ("file", "filename", "file name", "data file", "datafile", "raw file", "run", "chromatogram")
SAMPLES = ("sample", "sample name", "samplename", "name", "injection", "injection name")
KINDS = ("type", "sample type", "kind", "sampletype")
LEVELS = ("level", "level#", "cal level", "calibration level", "std level", "conc level")
SUFFIX = re.compile(r"\.(?:txt|csv|asc|ascii|cdf|nc|d|arw|raw|dat|ch|lcd|gcd|dx|cmbx|prm|adicht|mzml)$", re.IGNORECASE)


def read_cells(path: Path) -> list[tuple[str, Cells]]:
    """Every table of a file as (title, cells as text). Raises FormatError where it is none, or too large."""
    source = Source(path)
    if source.size > LARGEST:
        raise FormatError(f"{source.name}: is larger than 32 MB, too large for a lab's table")
    if path.suffix.lower() == ".csv":
        text = source.text.decode("utf-8", "replace")
        first = text.split("\n", 20)[:20]  # decimal commas are many, but not in every line of a header
        sign = max("\t;,", key=lambda each: sum(each in line for line in first))
        rows = csv.reader(io.StringIO(text), delimiter=sign)
        try:
            return [
                (
                    path.stem,
                    [
                        [cell.strip() for cell in row[:MOST_COLUMNS]]
                        for row, _ in zip(rows, range(MOST_ROWS), strict=False)
                    ],
                )
            ]
        except csv.Error as error:
            raise FormatError(f"{source.name}: cannot be split into cells ({error})") from None
    return _workbook(source)


def _workbook(source: Source) -> list[tuple[str, Cells]]:
    import openpyxl  # type: ignore[import-untyped]

    try:
        with zipfile.ZipFile(source.path) as packed:
            parts = [each for each in packed.infolist() if not each.filename.startswith(PASTED)]
            if sum(each.file_size for each in parts) > MOST_UNPACKED:
                raise FormatError(
                    f"{source.name}: unpacks to more than 64 MB, too large for a lab's table; {ONE_SHEET}"
                )
        with time_limit(30):
            book = openpyxl.load_workbook(source.path, read_only=True, data_only=True, keep_links=False)
            tables, left = [], MOST_CELLS
            for sheet in book.worksheets:
                cells = _cells(sheet, left, source.name)
                left -= sum(len(row) + ROW for row in cells)
                tables.append((sheet.title, cells))
            book.close()
    except FormatError:
        raise
    except Exception as error:
        raise FormatError(f"{source.name}: is no sound .xlsx ({type(error).__name__})") from None
    return tables


def _cells(sheet: Any, most: int, file: str) -> Cells:
    """Rows up to the last filled one, each up to its last filled cell."""
    cells: Cells = []
    nothing = (None,) * MOST_COLUMNS
    filled = 0
    for row in sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True):
        shown = [] if row == nothing else ["" if cell is None else _shown(cell) for cell in row]
        while shown and not shown[-1]:
            shown.pop()
        cells.append(shown)
        if (filled := filled + len(shown) + ROW) > most:
            raise FormatError(f"{file}: has more than {MOST_CELLS // 1_000_000} million cells; {ONE_SHEET}")
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _shown(cell: object) -> str:
    return f"{cell:.10g}" if isinstance(cell, float) else str(cell).strip()


def _header_at(cells: Cells, *wanted: tuple[str, ...]) -> int | None:
    """The first of the first 20 rows that has a column of each of the wanted names."""
    for index, row in enumerate(cells[:20]):
        if all(column_of(row, names) is not None for names in wanted):
            return index
    return None


def sequence_of(cells: Cells) -> dict[str, Guess]:
    """What a sequence table says of each injection, by file name without suffix and by sample name, case folded.

    Empty where the table is none. A level in its own column wins over the one in the sample's name.
    """
    at = _header_at(cells, FILES, SAMPLES)
    if at is None:
        at = _header_at(cells, SAMPLES, KINDS)
    if at is None:
        return {}
    header = cells[at]
    file, sample, kind, level = (column_of(header, names) for names in (FILES, SAMPLES, KINDS, LEVELS))
    found: dict[str, Guess] = {}
    seen: list[str] = []
    for row in cells[at + 1 :]:

        def cell(index: int | None, row: list[str] = row) -> str:
            return row[index] if index is not None and index < len(row) else ""

        stem = re.split(r"[\\/]", cell(file))[-1]
        stem = SUFFIX.sub("", stem)
        known = guess(stem, cell(sample), cell(kind))
        if cell(level) and known.kind in ("standard", "qc") and not known.level:
            known = Guess(known.kind, re.sub(r"[^A-Za-z0-9._-]+", "_", cell(level)))
        for name in {stem.casefold(), cell(sample).casefold()} - {""}:
            seen.append(name)
            found[name] = known
    return {name: known for name, known in found.items() if seen.count(name) == 1}  # a name used twice tells nothing
