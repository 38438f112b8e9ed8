"""A lab's own tables: the sequence table of an HPLC run, and results as animals × times, as .xlsx or .csv."""

from __future__ import annotations

import csv
import io
import itertools
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from coeruleus.experiment.fields import BLANK
from coeruleus.formats.errors import FormatError
from coeruleus.formats.text import Source
from coeruleus.intake.guess import ANALYTES, Guess, guess

LARGEST = 2**25
MOST_UNPACKED = 2**28
MOST_ROWS, MOST_COLUMNS = 20_000, 400
Cells = list[list[str]]
FILES = ("file", "filename", "file name", "data file", "datafile", "raw file", "run", "chromatogram")
SAMPLES = ("sample", "sample name", "samplename", "name", "injection", "injection name")
KINDS = ("type", "sample type", "kind", "sampletype")
LEVELS = ("level", "cal level", "calibration level", "std level", "conc level")
ANIMALS = ("animal", "animal id", "subject", "subject id", "subject_id", "rat", "mouse", "id", "rat id", "mouse id")
TIMES = ("time", "time (min)", "time_min", "time min", "min", "minutes", "start", "start_min", "t")
ENDS = ("end", "end_min", "stop")
VALUES = ("concentration", "conc", "conc.", "value", "amount", "concentration (nm)")
TIME = re.compile(r"(?:t ?=? ?)?([-\u2212]?\d+(?:[.,]\d+)?) ?(?:min|mins|minutes|')?")
SPAN = re.compile(r"([-\u2212]?\d+(?:[.,]\d+)?) ?(?:-|\u2013|to|bis) ?([-\u2212]?\d+(?:[.,]\d+)?) ?(?:min)?")
VALUE = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?|<\s*\d+(?:[.,]\d+)?|nd|blq|blod", re.IGNORECASE)


@dataclass(frozen=True)
class Results:
    """Rows of concentrations.tsv, and what had to be concluded."""

    rows: list[dict[str, str]]
    notes: list[str]


def read_cells(path: Path) -> list[tuple[str, Cells]]:
    """Every table of a file as (title, cells as text). Raises FormatError where it is none, or too large."""
    source = Source(path)
    if source.size > LARGEST:
        raise FormatError(f"{source.name}: is larger than 32 MB, too large for a lab's table")
    if path.suffix.lower() == ".csv":
        text = source.text.decode("utf-8", "replace")
        first = text.partition("\n")[0]
        rows = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count))
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
            if sum(each.file_size for each in packed.infolist()) > MOST_UNPACKED:
                raise FormatError(f"{source.name}: unpacks to more than 256 MB")
        book = openpyxl.load_workbook(source.path, read_only=True, data_only=True, keep_links=False)
        tables = []
        for sheet in book.worksheets:
            rows = sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
            tables.append((sheet.title, [["" if cell is None else _shown(cell) for cell in row] for row in rows]))
        book.close()
    except FormatError:
        raise
    except Exception as error:
        raise FormatError(f"{source.name}: is no sound .xlsx ({type(error).__name__})") from None
    return tables


def _shown(cell: object) -> str:
    return f"{cell:.10g}" if isinstance(cell, float) else str(cell).strip()


def _column(header: list[str], names: tuple[str, ...]) -> int | None:
    folded = [" ".join(cell.casefold().split()) for cell in header]
    return next((folded.index(name) for name in names if name in folded), None)


def _header_at(cells: Cells, *wanted: tuple[str, ...]) -> int | None:
    """The first of the first 20 rows that has a column of each of the wanted names."""
    for index, row in enumerate(cells[:20]):
        if all(_column(row, names) is not None for names in wanted):
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
    file, sample, kind, level = (_column(header, names) for names in (FILES, SAMPLES, KINDS, LEVELS))
    found: dict[str, Guess] = {}
    seen: list[str] = []
    for row in cells[at + 1 :]:

        def cell(index: int | None, row: list[str] = row) -> str:
            return row[index] if index is not None and index < len(row) else ""

        stem = re.split(r"[\\/]", cell(file))[-1]
        stem = re.sub(r"\.(txt|csv|asc|cdf|d|arw|raw|dat|ch)$", "", stem, flags=re.IGNORECASE)
        known = guess(stem, cell(sample), cell(kind))
        if cell(level) and known.kind in ("standard", "qc") and not known.level:
            known = Guess(known.kind, re.sub(r"[^A-Za-z0-9._-]+", "_", cell(level)))
        for name in {stem.casefold(), cell(sample).casefold()} - {""}:
            seen.append(name)
            found[name] = known
    return {name: known for name, known in found.items() if seen.count(name) == 1}  # a name used twice tells nothing


def results_of(cells: Cells, title: str) -> Results | None:
    """A table of results as rows of concentrations.tsv; None where it is none.

    Long: columns of animal, time and one or more analytes. Wide: animals in the first column, times in the header.
    """
    at = _header_at(cells, ANIMALS, TIMES)
    if at is not None:
        return _long(cells[at], cells[at + 1 :], title)
    for index, row in enumerate(cells[:20]):
        times = [(column, span) for column, cell in enumerate(row) if column and (span := _span(cell))]
        if len(times) >= 3 and len(times) >= 0.8 * sum(bool(cell) for cell in row[1:]):
            return _wide(row, times, cells[index + 1 :], title)
    return None


def _span(text: str) -> tuple[float, float | None] | None:
    """(start, end or None) of a time or span in a header: "-20", "20 min", "0-20"."""
    text = text.strip().casefold()
    if match := SPAN.fullmatch(text):
        return _number(match[1]), _number(match[2])
    match = TIME.fullmatch(text)
    return (_number(match[1]), None) if match else None


def _number(text: str) -> float:
    return float(text.replace(",", ".").replace("\u2212", "-"))


def _ended(spans: list[tuple[float, float | None]], notes: list[str]) -> list[tuple[float, float]]:
    """Starts and ends; where only times are given they are starts, each lasting the usual step."""
    starts = sorted({start for start, _ in spans})
    steps = [after - before for before, after in itertools.pairwise(starts)]
    step = median(steps) if steps else 0.0
    if any(end is None for _, end in spans):
        notes.append(f"times were taken as the start of samples of {step:g} min: check start_min and end_min")
    return [(start, start + step if end is None else end) for start, end in spans]


def _row(subject: str, start: float, end: float, analyte: str, value: str, unit: str) -> dict[str, str]:
    subject = re.sub(r"[^A-Za-z0-9._-]+", "_", subject).strip("_") or BLANK
    value = re.sub(r"\s+", "", value).replace(",", ".") or "n/a"
    place = {"subject_id": subject, "start_min": f"{start:g}", "end_min": f"{end:g}"}
    return place | {"analyte": analyte, "concentration": value, "unit": unit}


def _analyte(*texts: str) -> tuple[str, str]:
    """(analyte or a blank, unit or n/a) from the words of a title."""
    words = [word for text in texts for word in re.split(r"[^A-Za-z0-9-]+", text.casefold())]
    named = {ANALYTES[word] for word in words if word in ANALYTES}
    units = re.findall(r"(?<![A-Za-z])([pnuµm]M|[pn]g/[um]l|fmol/ul)(?![A-Za-z])", " ".join(texts))
    return (named.pop() if len(named) == 1 else BLANK), (units[0].replace("uM", "µM") if units else "n/a")


def _wide(
    header: list[str], times: list[tuple[int, tuple[float, float | None]]], rows: Cells, title: str
) -> Results | None:
    notes: list[str] = []
    spans = _ended([span for _, span in times], notes)
    analyte, unit = _analyte(header[0], title)
    found = []
    for row in rows:
        name = row[0].strip() if row else ""
        values = [row[column].strip() if column < len(row) else "" for column, _ in times]
        whole = all(not value or VALUE.fullmatch(value) for value in values)
        if not name or not whole or not any(values) or re.match(r"(?i)mean|average|sd\b|sem\b|n$|total", name):
            continue
        found += [_row(name, *span, analyte, value, unit) for span, value in zip(spans, values, strict=True) if value]
    notes.append(f"read as a table of animals × times, {len(found)} values")
    return Results(found, notes) if found else None


def _long(header: list[str], rows: Cells, title: str) -> Results | None:
    notes: list[str] = []
    animal, time, end, value = (_column(header, names) for names in (ANIMALS, TIMES, ENDS, VALUES))
    named = _column(header, ("analyte", "compound", "transmitter"))
    values = [(index, *_analyte(cell)) for index, cell in enumerate(header)]
    columns = [each for each in values if each[1] != BLANK] or (
        [(value, *_analyte(title))] if value is not None else []
    )
    whole = [
        row for row in rows if len(row) > max(animal or 0, time or 0) and row[animal or 0] and _span(row[time or 0])
    ]
    if not columns or not whole:
        return None
    spans = []
    for row in whole:
        start, stop = _span(row[time or 0]) or (0.0, None)
        given = _span(row[end]) if end is not None and end < len(row) else None
        spans.append((start, given[0] if given else stop))
    found = []
    for row, span in zip(whole, _ended(spans, notes), strict=True):
        for index, analyte, unit in columns:
            cell = row[index].strip() if index < len(row) else ""
            if cell and VALUE.fullmatch(cell):
                name = row[named] if named is not None and named < len(row) and row[named] else analyte
                found.append(_row(row[animal or 0], *span, ANALYTES.get(name.casefold(), name), cell, unit))
    notes.append(f"read as a table of animals and times, {len(found)} values")
    return Results(found, notes) if found else None
