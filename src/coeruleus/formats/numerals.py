"""How a file writes its numbers: which sign is the decimal mark, and whether thousands are grouped."""

from __future__ import annotations

import re

from coeruleus.formats.errors import FormatError

NUMBER = re.compile(r"[+-]?(?:\d[\d.,]*|[.,]\d[\d.,]*)(?:[eE][+-]?\d+)?")
MISSING = frozenset({"", "n.a.", "n/a", "na", "nan", "null", "none", "-", "--", "---", "*"})
MISSING_WORDS = re.compile(rb"(?<![A-Za-z])(?:n\.a\.|n/a|nan|na|null|none)(?![A-Za-z])", re.IGNORECASE)


def is_number(cell: str) -> bool:
    return NUMBER.fullmatch(cell.strip()) is not None


def is_missing(cell: str) -> bool:
    return cell.strip().casefold() in MISSING


def decimal_mark(block: bytes, delimiter: bytes, file: str) -> tuple[str, str | None]:
    """(decimal mark, thousands mark or None) of a block of numbers.

    A mark repeated within a number groups thousands; the later of two marks is the decimal one; the only mark,
    once in a number, is the decimal one. Raises FormatError where marks contradict each other.
    """
    dots, commas = b"." in block, b"," in block and delimiter != b","
    if not commas:
        grouped = dots and re.search(rb"\.\d+\.", block) is not None
        return _checked(block, ",", ".", file) if grouped else (".", None)
    if not dots:
        if re.search(rb",\d+,", block):
            return _checked(block, ".", ",", file)
        # A lone comma before three digits might group thousands: 1,250. One number that cannot be so decides.
        if re.search(rb"(?<!\d)0\d*,|(?<!\d),|\d{4},|,(?!\d{3}(?!\d))", block):
            return ",", None
        raise FormatError(
            f"{file}: every comma stands before exactly three digits, so it may group thousands or be the decimal "
            f"mark; export the file with more decimals or with a decimal point"
        )
    comma_last = re.search(rb"\.\d+,", block) is not None
    dot_last = re.search(rb",\d+\.", block) is not None
    if comma_last == dot_last:
        raise FormatError(
            f"{file}: has both '.' and ',' in its numbers, which cannot be told apart; export it with one decimal mark"
        )
    return _checked(block, ",", ".", file) if comma_last else _checked(block, ".", ",", file)


def _checked(block: bytes, decimal: str, thousands: str, file: str) -> tuple[str, str]:
    """The two marks, if every thousands mark stands where one can: after 1-3 digits, before exactly 3."""
    mark, point = re.escape(thousands.encode()), re.escape(decimal.encode())
    wrong = re.search(
        rb"(?<!\d)%(m)s|%(m)s(?!\d{3}(?!\d))|\d{4}%(m)s|%(p)s\d+%(m)s|(?<![\d.,])0\d*%(m)s" % {b"m": mark, b"p": point},
        block,
    )
    if wrong:
        line = block.rfind(b"\n", 0, wrong.start()) + 1
        found = block[line : line + 60].split(b"\n")[0].decode("utf-8", "replace").strip()
        raise FormatError(
            f"{file}: {thousands!r} groups thousands in some numbers but not in {found!r}; export it with one "
            f"decimal mark and no grouping"
        )
    return decimal, thousands
