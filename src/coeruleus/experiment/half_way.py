"""Areas and concentrations that people enter themselves: numbers, `<0.05`, `ND` and `BLQ` as what they say."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from coeruleus.experiment.fields import NUMBER, impossible
from coeruleus.tables import status
from coeruleus.tables.dialysate import CONCENTRATIONS
from coeruleus.tables.problems import Problem

LIMIT = re.compile(r"([<>])\s*(.+)")
WORDS = {
    "nd": (status.BELOW_LOD, "entered as not detected"),
    "n.d.": (status.BELOW_LOD, "entered as not detected"),
    "bld": (status.BELOW_LOD, "entered as below the limit of detection"),
    "<lod": (status.BELOW_LOD, "entered as below the limit of detection"),
    "blq": (status.BELOW_LOQ, "entered as below the limit of quantification"),
    "bloq": (status.BELOW_LOQ, "entered as below the limit of quantification"),
    "<loq": (status.BELOW_LOQ, "entered as below the limit of quantification"),
}


@dataclass(frozen=True)
class Entry:
    """One entered value: the number where there is one, its status, and the limit that it names."""

    value: float | None
    status: str
    reason: str | None
    limit: float | None = None


def read_entry(raw: str | None) -> Entry:
    """One entered value. Raises ValueError, in words, for what is neither number nor limit."""
    if raw is None:
        return Entry(None, status.MISSING, "no value was entered")
    if raw.lower() in WORDS:
        return Entry(None, *WORDS[raw.lower()])
    if found := LIMIT.fullmatch(raw):
        if not NUMBER.fullmatch(found[2]):
            raise ValueError(f"found '{raw}': after '{found[1]}' a number is needed")
        limit = _possible(found[2], raw)
        if found[1] == "<":
            return Entry(None, status.BELOW_LOD, f"entered as '{raw}'", limit)
        return Entry(None, status.ABOVE_RANGE, f"entered as '{raw}'", limit)
    if not NUMBER.fullmatch(raw):
        raise ValueError(f"found '{raw}': a number, '<0.05', 'ND', 'BLQ' or n/a is needed")
    return Entry(_possible(raw, raw), status.OK, None)


def _possible(number: str, raw: str) -> float:
    if wrong := impossible(float(number)):
        raise ValueError(f"found '{raw}': {wrong}")
    return float(number)


def read_entries(frame: pd.DataFrame, column: str, sheet: str) -> tuple[pd.DataFrame, list[Problem]]:
    """A sheet with `column` as numbers and `status`, `reason` and `limit` beside it, and its problems."""
    entries, problems = [], []
    for _, row in frame.iterrows():
        try:
            entries.append(read_entry(row[column]))
        except ValueError as error:
            where = f"{sheet}.tsv, row {int(row['sheet_row'])}, column {column}"
            problems.append(Problem("experiment", where, "error", str(error)))
            entries.append(Entry(None, status.FAILED, str(error)))
    frame = frame.copy()
    frame[column] = pd.Series([entry.value for entry in entries], index=frame.index, dtype=float)
    frame["status"] = pd.Series([entry.status for entry in entries], index=frame.index, dtype=object)
    frame["reason"] = pd.Series([entry.reason for entry in entries], index=frame.index, dtype=object)
    frame["limit"] = pd.Series([entry.limit for entry in entries], index=frame.index, dtype=float)
    return frame, problems


def entered_concentrations(sheet: pd.DataFrame, unit_of: Callable[[str], str]) -> pd.DataFrame:
    """The sheet dialysate/concentrations.tsv as the table that chromatography would have written.

    A value below its own limits, where the sheet gives them, keeps its number and says so.
    """
    frame = sheet.rename(columns={"se": "concentration_se"}).drop(columns=["sheet_row"])
    frame["injection_id"] = frame["sample_id"]
    own_unit = frame["unit"].notna()
    frame["unit"] = frame["unit"].where(own_unit, frame["analyte"].map(unit_of))
    entered_below = frame["status"] == status.BELOW_LOD
    frame["lod"] = frame["lod"].where(frame["lod"].notna() | ~entered_below, frame["limit"])
    for limit, word in (("loq", status.BELOW_LOQ), ("lod", status.BELOW_LOD)):  # the worse one last
        below = (frame["concentration"] < frame[limit]) & frame["status"].isin([status.OK, status.BELOW_LOQ])
        frame.loc[below, "status"] = word
        frame.loc[below, "reason"] = f"below the {limit.upper()} of the sheet"
    return CONCENTRATIONS.frame(frame.drop(columns="limit"))
