"""The table of numbers inside a text file: where it begins and ends, its columns, its header."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coeruleus.formats.errors import FormatError
from coeruleus.formats.numerals import MISSING_WORDS, decimal_mark, is_missing, is_number

DELIMITERS = ("\t", ";", "|", ",", " ")
SEARCHED_BYTES = 2**19
LONGEST_LINE = 2**16
FEWEST_ROWS = 3
ENOUGH_ROWS = 50
COUNTS = frozenset({"data points", "# of points", "number of points", "total data points", "points"})
PLAIN = b'0123456789eE+-.,;|\t \n*"'
FOREIGN = re.compile(rb'\bnan\b|[^0-9eE+\-.,;|\t \n*"]')


@dataclass(frozen=True)
class NumberTable:
    """`values` is float64, rows × columns, NaN where a cell is empty or n.a.; `header` has a name per column.

    `first_line` is the line of the first row, from 1; `preamble` are the lines before the table.
    """

    values: np.ndarray
    header: tuple[str, ...] | None
    first_line: int
    preamble: tuple[str, ...]
    delimiter: str


@dataclass(frozen=True)
class Start:
    """Where a table of numbers begins: its byte, the lines above, the delimiter, the number of columns."""

    offset: int
    above: tuple[str, ...]
    delimiter: str
    width: int


def find_table(text: bytes, file: str) -> NumberTable:
    """The table of numbers of a text file (UTF-8, single line feeds).

    Raises FormatError where there is none, where rows are broken, where it holds several, or where it is cut off.
    """
    start = find_start(text, file)
    delimiter, width = start.delimiter, start.width
    _check_above(start, file)
    header, preamble = _find_header(start.above, delimiter, width)
    block, rest = _find_end(text[start.offset :])
    if b'"' in block:
        block = _unquote(block, delimiter)
        delimiter = "\t" if delimiter == "," else delimiter
    first_line = len(start.above) + 1
    _check_rest(rest, delimiter, width, first_line + block.count(b"\n"), file)
    values = parse_block(block, delimiter, width, first_line, file)
    _check_cut_off(block, delimiter, values, first_line + len(values) - 1, file)
    _check_count(preamble, len(values), file)
    return NumberTable(values, header, first_line, preamble, delimiter)


def parse_block(block: bytes, delimiter: str, width: int, first_line: int, file: str) -> np.ndarray:
    """Lines of numbers as float64, rows × `width`, by pandas' C parser. Raises FormatError naming line and cell."""
    decimal, thousands = decimal_mark(block, delimiter.encode(), file)
    # One column more than there are, so that a row with too many cells shows; delimiters may end every row.
    columns = width + 1 if delimiter == " " else max(width, block.split(b"\n", 1)[0].count(delimiter.encode())) + 1
    options: dict[str, object] = {
        "sep": r"\s+" if delimiter == " " else delimiter,
        "header": None,
        "names": range(columns),
        "index_col": False,
        "decimal": decimal,
        "thousands": thousands,
        "na_values": ["-", "--", "---", "*"],
        "skip_blank_lines": True,
        "skipinitialspace": True,
        "quoting": csv.QUOTE_NONE,
        "engine": "c",
    }
    try:
        values = pd.read_csv(io.BytesIO(block), dtype=float, **options).to_numpy()  # type: ignore[call-overload]
    except ValueError:  # a cell that is no number; ParserError is one too
        raise _bad_row(block, delimiter, width, first_line, file) from None
    if not np.isnan(values[:, width:]).all():
        raise _bad_row(block, delimiter, width, first_line, file)
    values = np.ascontiguousarray(values[:, :width])
    if np.isinf(values).any():
        raise FormatError(f"{file}: line {first_line + int(np.isinf(values).any(1).argmax())}: a number is infinite")
    return values


def split_cells(line: str, delimiter: str) -> list[str]:
    """Cells of a line without quotes and outer blanks; empty cells at its end are dropped."""
    if delimiter == " ":
        cells = line.replace('"', "").split()
    elif '"' in line:
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    else:
        cells = [cell.strip() for cell in line.split(delimiter)]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _width(line: str, delimiter: str) -> int:
    """Number of cells of a line of numbers; 0 where it is none, or has only one number."""
    if delimiter not in line or (line[0].isalpha() and not is_missing(line.split(delimiter)[0])):
        return 0
    cells = split_cells(line, delimiter)
    numbers = sum(map(is_number, cells))
    return len(cells) if numbers >= 2 and all(is_number(cell) or is_missing(cell) for cell in cells) else 0


def find_start(text: bytes, file: str) -> Start:
    """The start of the longest stretch of lines of numbers among the first lines; FormatError if there is none."""
    lines = text[:SEARCHED_BYTES].split(b"\n")
    if max(map(len, lines)) > LONGEST_LINE:
        raise FormatError(f"{file}: has a line longer than {LONGEST_LINE // 1024} KB, so it is no table")
    if len(lines) > 1 and len(text) > SEARCHED_BYTES:
        lines.pop()  # cut by the limit of the search
    shown = b"\n".join(lines).decode("utf-8", "replace").split("\n")
    best = (0, 0, "", 0)
    for delimiter in DELIMITERS:
        if delimiter.encode() not in text[:SEARCHED_BYTES]:
            continue
        best = max(best, _longest_stretch(shown, delimiter), key=lambda stretch: stretch[0])
        if best[0] >= ENOUGH_ROWS:
            break
    length, start, delimiter, width = best
    if length < FEWEST_ROWS:
        raise FormatError(f"{file}: no table of numbers with a column of time and one of signal")
    return Start(sum(len(line) + 1 for line in lines[:start]), tuple(shown[:start]), delimiter, width)


def _longest_stretch(lines: list[str], delimiter: str) -> tuple[int, int, str, int]:
    """(length, first line, delimiter, columns) of the longest stretch of lines of numbers; one of 50 is enough."""
    best = (0, 0, delimiter, 0)
    start, length, width = 0, 0, 0
    for index, line in enumerate([*lines, ""]):
        cells = _width(line, delimiter)
        if cells and length and (cells == width or min(cells, width) > 2):  # last cells of a row may be empty
            length, width = length + 1, max(width, cells)
            if length >= ENOUGH_ROWS:
                break
            continue
        best = max(best, (length, start, delimiter, width), key=lambda stretch: stretch[0])
        start, length, width = index, int(cells > 0), cells
    return max(best, (length, start, delimiter, width), key=lambda stretch: stretch[0])


def _find_header(lines: tuple[str, ...], delimiter: str, width: int) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Column names, if the last line before the table has one per column; and the lines before."""
    above = list(lines)
    while above and not above[-1].strip():
        above.pop()
    if not above:
        return None, ()
    names = _names(above[-1], delimiter, width)
    if names is None:
        return None, tuple(above)
    if len(above) > 1 and all(re.fullmatch(r"[\[(]?[%°µμA-Za-z/]{0,5}[\])]?", name) for name in names):
        upper = _names(above[-2], delimiter, width)  # a row of units below the row of names
        if upper is not None:
            joined = (
                f"{name} ({unit.strip('[]()')})" if unit else name for name, unit in zip(upper, names, strict=True)
            )
            return tuple(joined), tuple(above[:-2])
    return names, tuple(above[:-1])


def _names(line: str, delimiter: str, width: int) -> tuple[str, ...] | None:
    candidates = [split_cells(line, delimiter)]
    if delimiter == " ":
        apart = [cell.strip() for cell in re.split(r"\t|\s{2,}", line.strip())]
        joined = re.sub(r"\s+(?=[(\[])", "\0", line.strip()).split()
        candidates = [apart, [cell.replace("\0", " ") for cell in joined], *candidates]
    for names in candidates:
        if len(names) == width and not all(is_number(name) for name in names):
            return tuple(names)
    return None


def _find_end(text: bytes) -> tuple[bytes, bytes]:
    """The lines that hold nothing but numbers, with "nan" for every word for missing; and what follows them."""
    if not text.translate(None, PLAIN):
        return text, b""
    block = MISSING_WORDS.sub(b"nan", text)
    for match in FOREIGN.finditer(block) if block.translate(None, PLAIN + b"nan") else ():
        if match[0] != b"nan":
            end = block.rfind(b"\n", 0, match.start()) + 1
            return block[:end], block[end:]
    return block, b""


def _check_above(start: Start, file: str) -> None:
    """The lines above the table are words: rows of numbers there mean that a broken row split the table."""
    rows = [_width(line, start.delimiter) == start.width for line in start.above]
    before, last = ["", "", *(line for line in start.above if line.strip())][-2:]
    cells = split_cells(last, start.delimiter)
    broken = len(cells) == start.width and is_number(cells[0]) and not all(map(is_number, cells))
    broken = broken or re.fullmatch(r"[-+\d.,;|\seE]*\d[-+\d.,;|\seE]*", last) is not None
    broken = broken or (
        re.match(r"\s*[-+]?\d", last) is not None and len(split_cells(before, start.delimiter)) == start.width
    )
    if broken or any(rows[-3:]) or sum(rows) >= FEWEST_ROWS:
        line = f"line {len(start.above)}: {last[:60]!r}"
        raise FormatError(f"{file}: {line} stands in the middle of the numbers; mend or remove it")


def _check_rest(rest: bytes, delimiter: str, width: int, line: int, file: str) -> None:
    """What follows the table may be words, but not more of the table."""
    lines = [each.decode("utf-8", "replace") for each in rest[:SEARCHED_BYTES].split(b"\n")][:2000]
    cells = split_cells(lines[0], delimiter)
    broken = len(cells) == width and is_number(cells[0])
    rows = [_width(each, delimiter) == width for each in lines]
    if broken or any(rows[:3]) or sum(rows) >= FEWEST_ROWS:
        raise FormatError(
            f"{file}: line {line}: {lines[0][:60]!r} stands in the middle of the numbers; mend or remove it"
        )


def _check_cut_off(block: bytes, delimiter: str, values: np.ndarray, line: int, file: str) -> None:
    """A last line without line end that has fewer cells or decimals than the lines before was cut off."""
    if block.endswith(b"\n"):
        return
    tail = [each for each in block[-4096:].decode("utf-8", "replace").split("\n")[1:] if each.strip()]
    decimals = [len(re.split(r"[.,]", (split_cells(each, delimiter) or [""])[-1])[-1]) for each in tail]
    marked = [re.search(r"[.,]", (split_cells(each, delimiter) or [""])[-1]) is not None for each in tail]
    fixed = len(tail) > 30 and all(marked[:-1]) and len(set(decimals[:-1])) == 1
    shorter = fixed and (not marked[-1] or decimals[-1] < decimals[0])
    if shorter or np.isnan(values[-1]).sum() > np.isnan(values[-2]).sum():
        last = block[block.rfind(b"\n") + 1 :].decode("utf-8", "replace")[:60]
        raise FormatError(f"{file}: line {line}: the file ends in the middle of a row ({last!r}); it was cut off")


def _check_count(preamble: tuple[str, ...], rows: int, file: str) -> None:
    """Where the lines above say how many points there are, so many must be there."""
    for line in preamble:
        cells = re.split(r"[\t;,:=]+", line.strip())
        if len(cells) > 1 and cells[0].strip().casefold() in COUNTS and cells[1].strip().isdecimal():
            if int(cells[1]) != rows:
                raise FormatError(f"{file}: says {cells[0].strip()} {cells[1].strip()} but has {rows}; it was cut off")
            return


def _unquote(block: bytes, delimiter: str) -> bytes:
    return (block.replace(b'","', b"\t") if delimiter == "," else block).replace(b'"', b"")


def _bad_row(block: bytes, delimiter: str, width: int, first_line: int, file: str) -> FormatError:
    """The first row that is not `width` numbers, in words."""
    for number, line in enumerate(block.decode("utf-8", "replace").split("\n"), start=first_line):
        cells = split_cells(line, delimiter)
        if len(cells) > width:
            return FormatError(f"{file}: line {number}: {len(cells)} cells instead of {width}: {line[:60]!r}")
        for cell in cells:
            if not is_number(cell) and not is_missing(cell):
                return FormatError(f"{file}: line {number}: {cell[:40]!r} is not a number")
    return FormatError(f"{file}: the numbers from line {first_line} on cannot be read")
