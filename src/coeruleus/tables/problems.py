"""The table of problems: what went wrong or looks odd, in words for the person at the bench."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import pandas as pd

from coeruleus.tables import status
from coeruleus.tables.io import plain
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

    def __post_init__(self) -> None:
        for name in ("item", "message"):  # they quote what strangers' files hold
            object.__setattr__(self, name, plain(getattr(self, name)))


def problems_frame(problems: list[Problem]) -> pd.DataFrame:
    return PROBLEMS.frame([asdict(problem) for problem in sorted(set(problems))])


# Which rows of result tables are problems by their status: table → (stage, item column), upstream first.
_SPEAKING = {
    "dialysate/peaks": ("chromatography", "injection_id"),
    "dialysate/calibration": ("chromatography", "run"),
    "dialysate/concentrations": ("chromatography", "injection_id"),
    "release/release": ("release", "sample_id"),
    "units/units": ("spikes", "unit"),
    "units/responses": ("responses", "unit"),
    "units/drug_responses": ("responses", "unit"),
}
_ERRORS = (status.FAILED, status.MISSING, status.SATURATED)
_WARNINGS = (status.NOT_FOUND, status.INSUFFICIENT_SPIKES)
_NUMBER = r"-?\d+(\.\d+)?"
_EACH = 5  # items of one reason that get a line each; more share one
_NAMED = 12  # items named in that line


def from_statuses(tables: Mapping[str, pd.DataFrame], told: list[Problem]) -> list[Problem]:
    """Problems that only the status of a row tells, so that none is overlooked and none is said twice.

    A reason that several items share is one problem that names them; what a room has said of an item already
    (`told`), or an earlier table, is left out.
    """
    problems: list[Problem] = []
    said: set[str] = set()
    for name, (stage, item) in _SPEAKING.items():
        frame = tables.get(name)
        if frame is None or frame.empty:
            continue
        rows = frame[frame["status"].isin(_ERRORS + _WARNINGS)]
        if name == "dialysate/peaks":
            problems += _without_peaks(frame)
            said |= set(rows.loc[rows["status"] == status.NOT_FOUND, "reason"].dropna())
            rows = rows[rows["status"] != status.NOT_FOUND]
        if item == "unit":
            units = rows["unit_id"].map(lambda unit: f"/{unit}" if unit is not None else "")
            rows = rows.assign(unit=rows["site_id"] + units)
        rows = rows[~rows["reason"].isin(said)]
        said |= set(rows["reason"].dropna())
        rows = rows.assign(reason=rows["reason"].fillna("no reason was given"))
        alike = rows["reason"].str.replace(_NUMBER, "#", regex=True)  # one cause, other numbers
        for (word, _), group in rows.groupby([rows["status"], alike], sort=True):
            pairs = dict.fromkeys(zip(group[item].map(str), group["reason"], strict=True))
            new = [(of, why) for of, why in pairs if not _is_told(of, why, told)]
            names = list(dict.fromkeys(of for of, _ in new))
            severity = "error" if word in _ERRORS else "warning"
            if len(names) > _EACH:
                one, example = new[0]
                if len({why for _, why in new}) > 1:
                    word = f"{word}, e.g. {one}"
                message = f"{word}: {example} ({_names(names)})"
                problems.append(Problem(stage, f"{one} and {len(names) - 1} more", severity, message))
            else:
                problems += [Problem(stage, of, severity, f"{word}: {why}") for of, why in new]
    return problems


def _without_peaks(peaks: pd.DataFrame) -> list[Problem]:
    """Dialysate in which nothing was found, each by name; and each analyte that was not found in some of a run."""
    problems = []
    samples = peaks[peaks["kind"] == "dialysate"]
    absent = samples["status"] == status.NOT_FOUND
    nothing = absent.groupby(samples["injection_id"]).all()
    bare = sorted(nothing.index[nothing])
    for injection in bare:
        problems.append(Problem("chromatography", str(injection), "warning", "no peak of any analyte was found"))
    rest = samples[absent & ~samples["injection_id"].isin(bare)]
    for (run, analyte), group in rest.groupby(["run", "analyte"], sort=True):
        of = samples[(samples["run"] == run) & (samples["analyte"] == analyte)]
        message = f"{analyte} was not found in {len(group)} of {len(of)} dialysate injections"
        injections = list(group["injection_id"])
        problems.append(Problem("chromatography", f"run {run}", "warning", f"{message}: {_names(injections)}"))
    return problems


def _is_told(item: str, reason: str, told: list[Problem]) -> bool:
    own = [
        problem.message
        for problem in told
        if item == problem.item or item in problem.item.replace(",", " ").replace("/", " ").split()
    ]
    return any(reason in message or message in reason for message in own)


def _names(items: list[str]) -> str:
    more = f" and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
    return ", ".join(items[:_NAMED]) + more
