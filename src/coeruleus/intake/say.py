"""Problems as lines for a person: what is wrong in the same way with many rows is said once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from coeruleus.tables.problems import Problem

CELL = re.compile(r"(?P<sheet>.+), row (?P<row>\d+), (?P<column>column .+)")


def lines_of(problems: Iterable[Problem]) -> list[str]:
    """A line for each problem, errors first; cells of one column with the same message share theirs (rows 2-10, 12)."""
    rows: dict[tuple[str, str, str, str, str], list[int]] = {}
    for one in set(problems):
        cell = CELL.fullmatch(one.item)
        place, column = (cell["sheet"], cell["column"]) if cell else (one.item, "")
        rows.setdefault((one.severity, one.stage, place, column, one.message), []).extend(
            [int(cell["row"])] if cell else []
        )
    found: list[tuple[tuple[Any, ...], str]] = []
    for (severity, stage, place, column, message), numbers in rows.items():
        numbers.sort()
        item = f"{place}, {_rows(numbers)}, {column}" if numbers else place
        found.append(((severity, stage, place, numbers[:1], column, message), f"{severity}: {item}: {message}"))
    return [line for _, line in sorted(found)]


def _rows(numbers: list[int]) -> str:
    """row 2; rows 2, 3; rows 2-10, 12."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    shown = [f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return f"row{'s' if len(numbers) > 1 else ''} {', '.join(shown)}"
