"""A lab's own tables of results as rows of concentrations.tsv: long, animals × times, or times × animals.

What is no concentration (per cents, areas) is left alone and said: a number under a wrong name is worse than none.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from statistics import median

from coeruleus.experiment.fields import BLANK
from coeruleus.intake.guess import ANALYTES

Cells = list[list[str]]
ANIMALS = ("animal", "animal id", "subject", "subject id", "subject_id", "rat", "mouse", "id", "rat id", "mouse id")
GROUPS = ("group", "treatment", "condition", "drug", "genotype", "gruppe")
HOURS = ("time (h)", "time_h", "time h", "time (hours)", "hours", "h", "zeit (h)")
MINUTES = ("time", "time (min)", "time_min", "time min", "min", "minutes", "start", "start_min", "t", "zeit (min)")
TIMES = (*MINUTES, *HOURS)
TIMES_WITH_UNIT = tuple(name for name in TIMES if name not in ("time", "start", "t"))
ENDS = ("end", "end_min", "end (min)", "end (h)", "end_h", "stop")
VALUES = ("concentration", "conc", "conc.", "value", "amount", "concentration (nm)")
TIME = re.compile(r"(?:t ?=? ?)?([-\u2212]?\d+(?:[.,]\d+)?) ?(?:min|mins|minutes|')?")
SPAN = re.compile(r"([-\u2212]?\d+(?:[.,]\d+)?) ?(?:-|\u2013|to|bis) ?([-\u2212]?\d+(?:[.,]\d+)?) ?(?:min)?")
VALUE = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?|<\s*\d+(?:[.,]\d+)?|nd|blq|blod", re.IGNORECASE)
SUMMARY = re.compile(r"(mean|average|median|s\.?d\.?|sem|s\.e\.m\.|n|cv|total|sum)\b.*", re.IGNORECASE)
NO_CONCENTRATION = re.compile(
    r"%|\b(?:per ?cent|prozent|area|areas|height|fold|ratio|auc|z-?score|normali[sz]ed|change|recovery)\b"
    r"|\b(?:s\.?e\.?m|s\.?d(?! rats?)|se|cv|error|lod|loq|rt|retention)\b"
)
UNIT = re.compile(r"(?<![A-Za-zµ])([pnuµm]M|[pn]g/[uµm][lL]|[uµ]g/m[lL]|fmol/[uµ][lL]|pmol/m[lL])(?![A-Za-z])")
IN_BRACKETS = re.compile(rf"[(\[] ?{UNIT.pattern} ?[)\]]")
LOOKED_AT = 20  # rows in which a header is looked for
FEWEST, MOST = 3, 300  # times of samples; more are a chromatogram
SHORTEST_MIN = 0.5  # between samples
TRACE = re.compile(r"signal|intensity|absorbance|response|detector|current|voltage|mau\b|mv\b|counts")


@dataclass
class Results:
    """Rows of concentrations.tsv, what had to be concluded, and the group of each animal where a column says it."""

    rows: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)


def results_of(cells: Cells, title: str) -> Results | None:
    """A sheet's tables of results, one below the other; None where it holds none.

    Long: columns of animal, time and one or more analytes. Wide: animals in the first column, times in the header, or
    the other way round. Analyte and unit are those of a header's corner, else of the line above, else of the sheet.
    """
    found, known = Results(), False
    for titles, block in _blocks(cells):
        one = _of_block(block, [*titles, title])
        if one is not None:
            known = True
            found.rows += one.rows
            found.notes += one.notes
            found.groups |= one.groups
    return found if known else None


def _blocks(cells: Cells) -> list[tuple[list[str], Cells]]:
    """Tables parted by empty rows, each with the lines of a single cell above it, nearest first."""
    blocks: list[tuple[list[str], Cells]] = []
    titles: list[str] = []
    block: Cells = []
    for row in [*cells, []]:
        filled = [cell for cell in row if cell]
        if len(filled) > 1:
            block.append(row)
            continue
        if block:
            blocks.append((titles[::-1], block))
            titles, block = [], []
        titles += filled
    return blocks


def _of_block(block: Cells, titles: list[str]) -> Results | None:
    for index, row in enumerate(block[:LOOKED_AT]):
        below = block[index + 1 :]
        rest = _up_to_next_header(row, below)
        above = [" ".join(filter(None, cells)) for cells in block[:index][::-1]]
        found = _below(row, rest, [*above, *titles])
        if found is not None:
            if left := len(below) - len(rest):
                found.notes.append(f"{left} rows from a second header on were not read; part tables by an empty row")
            return found
    return None


def _below(header: list[str], rest: Cells, titles: list[str]) -> Results | None:
    """The table that this row heads; None where it is no header."""
    if column_of(header, ANIMALS) is not None and column_of(header, TIMES) is not None:
        return _long(header, rest, titles)
    if _number_of(header[0]) is not None:
        return None  # a line of numbers
    corner = column_of(header[:1], TIMES) is not None
    hours = column_of(header[:1], HOURS) is not None
    times = [(column, span) for column, cell in enumerate(header) if column and (span := _span(cell, hours))]
    others = sum(bool(cell) for cell in header[1:]) - len(times)  # group, sex
    across = _rising([span for _, span in times]) and others <= len(times)
    numbered = across and _numbered([header[column] for column, _ in times])
    down = [row[0] for row in rest if row and _span(row[0])] if corner else []
    if _rising([span for cell in down if (span := _span(cell))]) and (numbered or not across or not _numbered(down)):
        found = _of_turned([list(column) for column in itertools.zip_longest(header, *rest, fillvalue="")], titles)
        if found is not None and across and (not numbered or _numbered(down)):
            return Results([], ["header and first column both read as times; left alone"])
        numbered = _numbered(down)
    else:
        found = _wide(header, times, rest, titles) if across else None
    if found is not None and found.rows and numbered and column_of(header[:1], TIMES_WITH_UNIT) is None:
        return Results([], ["samples are numbered, times are not said; left alone"])
    return found


def _rising(spans: list[tuple[float, float | None]]) -> bool:
    starts = [start for start, _ in spans]
    return len(starts) >= FEWEST and starts == sorted(set(starts))


def _numbered(cells: list[str]) -> bool:
    """1, 2, 3 or t1, t2, t3: animals or samples, unless something else says that they are times."""
    return [cell.strip().casefold().removeprefix("t").strip().removesuffix(".0") for cell in cells] == [
        str(number) for number in range(1, len(cells) + 1)
    ]


def _up_to_next_header(header: list[str], rows: Cells) -> Cells:
    """Rows of one table: what follows a second header may be of another analyte."""
    animal = column_of(header, ANIMALS) or 0
    again = (index for index, row in enumerate(rows) if column_of(row[animal : animal + 1], ANIMALS) is not None)
    return rows[: next(again, len(rows))]


def _of_turned(turned: Cells, titles: list[str]) -> Results | None:
    """Times in the first column, an animal in each other one."""
    hours = column_of(turned[0][:1], HOURS) is not None
    header = turned[0]
    spans = [(column, span) for column, cell in enumerate(header) if column and (span := _span(cell, hours))]
    starts = [span[0] for _, span in spans]
    steps = [after - before for before, after in itertools.pairwise(starts)]
    if not FEWEST <= len(spans) <= MOST or starts != sorted(set(starts)) or median(steps) < SHORTEST_MIN:
        return None
    if any(TRACE.search(name.casefold()) for name in (row[0] for row in turned[1:])):
        return None
    animals = [row for row in turned[1:] if row[0]]
    if any(word in ANALYTES for row in animals for word in _words(row[0])):
        return Results([], ["has a column for each analyte, but no column of animals; left alone"])
    return _wide(["", *header[1:]], spans, animals, [header[0], *titles])


def _words(text: str) -> list[str]:
    """Words in small letters, without nA, which is a current and no noradrenaline."""
    return [word.casefold() for word in re.split(r"[^A-Za-z0-9-]+", text) if word != "nA"]


def column_of(header: list[str], names: tuple[str, ...]) -> int | None:
    """Index of the first of these names in a header; Time[min] is time (min)."""
    brackets = str.maketrans({"[": " (", "]": ")", "(": " ("})
    folded = [" ".join(cell.casefold().translate(brackets).split()) for cell in header]
    return next((folded.index(name) for name in names if name in folded), None)


def _span(text: str, hours: bool = False) -> tuple[float, float | None] | None:
    """(start, end or None) in min of a time or span: "-20", "20 min", "0-20"."""
    text = text.strip().casefold()
    each = 60.0 if hours and not text.endswith(("min", "mins", "minutes", "'")) else 1.0
    if match := SPAN.fullmatch(text):
        return each * _number(match[1]), each * _number(match[2])
    match = TIME.fullmatch(text)
    return (each * _number(match[1]), None) if match else None


def _number(text: str) -> float:
    return float(text.replace(",", ".").replace("\u2212", "-"))


def _number_of(text: str) -> float | None:
    try:
        return _number(text)
    except ValueError:
        return None


def _ended(spans: list[tuple[float, float | None]], notes: list[str]) -> list[tuple[float, float]]:
    """Starts and ends; where only times are given they are starts, each lasting the usual step."""
    starts = sorted({start for start, _ in spans})
    steps = [after - before for before, after in itertools.pairwise(starts)]
    step = median(steps) if steps else 0.0
    if any(end is None for _, end in spans):
        notes.append(f"times were taken as the start of samples of {step:g} min: check start_min and end_min")
    return [(start, start + step if end is None else end) for start, end in spans]


def _name(animal: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", animal).strip("_") or BLANK


def _row(animal: str, start: float, end: float, analyte: str, value: str, unit: str) -> dict[str, str]:
    value = re.sub(r"\s+", "", value).replace(",", ".") or "n/a"
    place = {"subject_id": _name(animal), "start_min": f"{start:g}", "end_min": f"{end:g}"}
    return place | {"analyte": analyte, "concentration": value, "unit": unit}


def _analyte(*texts: str) -> tuple[str, str]:
    """(analyte or a blank, unit or n/a): of the first text that names one analyte, and the first that names a unit."""
    named = [{ANALYTES[word] for word in _words(text) if word in ANALYTES} for text in texts]
    first = next((each for each in named if each), set())
    units = next((said for text in texts if (said := set(UNIT.findall(text)))), set())
    unit = next(iter(units)).replace("L", "l") if len(units) == 1 else "n/a"
    unit = unit.replace("uM", "µM") if unit.endswith("M") else unit.replace("µ", "u")
    return (next(iter(first)) if len(first) == 1 else BLANK), unit


def _refused(*texts: str) -> Results | None:
    """Where a title says that the numbers are no concentrations."""
    if any(NO_CONCENTRATION.search(text.casefold().replace("_", " ")) for text in texts):
        return Results([], ["holds per cents, areas, errors or the like, and no concentrations; left alone"])
    return None


def _groups(header: list[str], rows: Cells, animal: int) -> dict[str, str]:
    """The group of every animal that has one and the same in all its rows."""
    column = column_of(header, GROUPS)
    said: dict[str, set[str]] = {}
    for row in rows if column is not None else []:
        if max(animal, column or 0) < len(row) and row[animal] and row[column or 0]:
            said.setdefault(_name(row[animal]), set()).add(row[column or 0])
    return {name: words.pop() for name, words in said.items() if len(words) == 1}


def _wide(
    header: list[str], times: list[tuple[int, tuple[float, float | None]]], rows: Cells, titles: list[str]
) -> Results | None:
    if refused := _refused(header[0], *titles):
        return refused
    notes: list[str] = []
    spans = _ended([span for _, span in times], notes)
    analyte, unit = _analyte(header[0], *titles)
    found, animals = [], []
    for row in rows:
        name = row[0].strip() if row else ""
        values = [row[column].strip() if column < len(row) else "" for column, _ in times]
        whole = all(not value or VALUE.fullmatch(value) for value in values)
        if not name or not whole or not any(values) or SUMMARY.fullmatch(name):
            continue
        animals.append(row)
        found += [_row(name, *span, analyte, value, unit) for span, value in zip(spans, values, strict=True) if value]
    notes.append(f"read as a table of animals × times, {len(found)} values")
    return Results(found, notes, _groups(header, animals, 0)) if found else None


def _long(header: list[str], rows: Cells, titles: list[str]) -> Results | None:
    notes: list[str] = []
    animal, time, end = (column_of(header, names) for names in (ANIMALS, TIMES, ENDS))
    value = column_of([IN_BRACKETS.sub("", cell) for cell in header], VALUES)
    named = column_of(header, ("analyte", "compound", "transmitter"))
    hours = time is not None and column_of(header[time : time + 1], HOURS) is not None
    end_words = _words(header[end].replace("_", " ")) if end is not None else []
    ends_in_hours = "h" in end_words or (hours and "min" not in end_words)
    values = [(index, *_analyte(cell, *titles)) for index, cell in enumerate(header) if not _refused(cell)]
    columns = [each for each in values if _analyte(header[each[0]])[0] != BLANK]
    columns = columns or ([(value, *_analyte(header[value], *titles))] if value is not None else [])
    if refused := _refused(*titles, *([] if columns else header)):
        return refused
    whole = [
        row
        for row in rows
        if len(row) > max(animal or 0, time or 0)
        and not SUMMARY.fullmatch(row[animal or 0] or "n")
        and _span(row[time or 0])
    ]
    if not columns or not whole:
        return None
    spans = []
    for row in whole:
        start, stop = _span(row[time or 0], hours) or (0.0, None)
        given = _span(row[end], ends_in_hours) if end is not None and end < len(row) else None
        spans.append((start, given[0] if given else stop))
    found = []
    for row, span in zip(whole, _ended(spans, notes), strict=True):
        for index, analyte, unit in columns:
            cell = row[index].strip() if index < len(row) else ""
            if cell and VALUE.fullmatch(cell):
                name = row[named] if named is not None and named < len(row) and row[named] else analyte
                found.append(_row(row[animal or 0], *span, ANALYTES.get(name.casefold(), name), cell, unit))
    notes.append(f"read as a table of animals and times, {len(found)} values")
    return Results(found, notes, _groups(header, whole, animal or 0)) if found else None
