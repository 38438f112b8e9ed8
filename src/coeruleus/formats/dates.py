"""Dates in instrument files: read only where the order of day and month is beyond doubt."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

NUMERIC = re.compile(
    r"\s*(\d{1,4})\s*([./-])\s*(\d{1,2})\s*\2\s*(\d{1,4})\.?"
    r"(?:[\sT,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp][Mm])?)?\s*"
)

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def iso_date(text: str, others: Iterable[str] = ()) -> str | None:
    """A date with time as ISO 8601, or None where it has no time, is no date, or its order stays open.

    The year first is year-month-day; dots are day.month.year; with slashes or dashes a number above 12, here
    or in `others` (dates of the same file, written in the same order), tells day from month.
    """
    match = NUMERIC.fullmatch(_numeric(text))
    if match is None or match[5] is None:
        return None
    first, separator, second, third = int(match[1]), match[2], int(match[3]), int(match[4])
    if len(match[1]) == 4:
        year, month, day = first, second, third
    elif len(match[4]) != 4:
        return None
    elif separator == ".":
        day, month, year = first, second, third
    else:
        matches = [NUMERIC.fullmatch(other) for other in (text, *others)]
        pairs = [(int(m[1]), int(m[3])) for m in matches if m and m[2] == separator and len(m[1]) < 4]
        day_first = any(one > 12 for one, _ in pairs)
        month_first = any(two > 12 for _, two in pairs)
        if day_first == month_first:
            return None
        day, month, year = (first, second, third) if day_first else (second, first, third)
    hour, minute, seconds = int(match[5]), int(match[6]), int(match[7] or 0)
    if match[8]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match[8].lower() == "pm" else 0)
    try:
        return datetime(year, month, day, hour, minute, seconds).isoformat()
    except ValueError:
        return None


def _numeric(text: str) -> str:
    """A month by its English name, day first (24-Jul-23, 21:37:10), as a date in dots; any other text as it is."""
    named = re.fullmatch(r"\s*(\d{1,2})[-. ]([A-Za-z]{3})[a-z]*[-. ](\d{4}|\d{2}),?\s+(.*)", text)
    if named is None or named[2].casefold() not in MONTHS:
        return text
    year = named[3] if len(named[3]) == 4 else f"{'19' if int(named[3]) >= 80 else '20'}{named[3]}"
    return f"{named[1]}.{MONTHS.index(named[2].casefold()) + 1}.{year} {named[4]}"
