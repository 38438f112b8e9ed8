"""The table of problems: what went wrong or looks odd, in words for the person at the bench."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import pandas as pd

from coeruleus.tables import status
from coeruleus.tables.model import Table, text

PROBLEMS = Table(
    "problems",
    "problem",
    ("severity", "stage", "item", "message"),
    (
        text("stage", "room in which it was seen"),
        text("item", "injection, run, site, file or sheet"),
        text("severity", "error or warning"),
        text("message", "what was found, and what to do"),
    ),
)


@dataclass(frozen=True, order=True)
class Problem:
    """One problem. `severity` is error (an item was lost) or warning (worth a look)."""

    stage: str
    item: str
    severity: str
    message: str


def problems_frame(problems: list[Problem]) -> pd.DataFrame:
    return PROBLEMS.frame([asdict(problem) for problem in sorted(set(problems))])


# Which rows of result tables are problems by their status: table → (stage, item column, detail column).
_SPEAKING = {
    "dialysate/peaks": ("chromatography", "injection_id", "analyte"),
    "dialysate/calibration": ("chromatography", "run", "analyte"),
    "dialysate/concentrations": ("chromatography", "injection_id", "analyte"),
    "release/release": ("release", "sample_id", "analyte"),
    "units/units": ("spikes", "site_id", "unit_id"),
    "units/responses": ("responses", "site_id", "unit_id"),
    "units/drug_responses": ("responses", "site_id", "unit_id"),
}
_ERRORS = (status.FAILED, status.MISSING, status.SATURATED)
_WARNINGS = (status.NOT_FOUND, status.INSUFFICIENT_SPIKES)


def from_statuses(tables: Mapping[str, pd.DataFrame], told: list[Problem]) -> list[Problem]:
    """Problems that only the status of a row tells, one for each item and reason, so that none is overlooked.

    What a room has said of an item already (`told`), or an earlier table, is not said again. Peaks that are
    not found are problems in dialysate only.
    """
    said = {(problem.item, problem.message) for problem in told}
    problems: list[Problem] = []
    for name, (stage, item, detail) in _SPEAKING.items():
        frame = tables.get(name)
        if frame is None or frame.empty:
            continue
        rows = frame[frame["status"].isin(_ERRORS + _WARNINGS)]
        if name == "dialysate/peaks":
            rows = rows[(rows["status"] != status.NOT_FOUND) | (rows["kind"] == "dialysate")]
        for (of, word, reason), group in rows.groupby([item, "status", "reason"], dropna=False, sort=True):
            if any(str(of) == other and str(reason) in message for other, message in said):
                continue
            details = ", ".join(str(value) for value in dict.fromkeys(group[detail]) if value is not None)
            message = f"{word}: {reason}" + (f" ({details})" if details and word in _WARNINGS else "")
            said.add((str(of), message))
            problems.append(Problem(stage, str(of), "error" if word in _ERRORS else "warning", message))
    return problems
