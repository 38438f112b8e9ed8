"""The time axis of a chromatogram in minutes: its unit found out, its order checked."""

from __future__ import annotations

import re

import numpy as np

from coeruleus.formats.errors import FormatError

# Minutes per unit.
UNITS = {"min": 1.0, "mins": 1.0, "minute": 1.0, "minutes": 1.0, "minuten": 1.0, "minutos": 1.0}
UNITS |= dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek", "sekunden", "segundos"), 1 / 60)
UNITS |= dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1 / 60000)
UNITS |= dict.fromkeys(("h", "hr", "hour", "hours"), 60.0)
WORDS = frozenset({"time", "zeit", "temps", "tiempo", "tempo", "rt", "retention", "rtime", "t", "x"})


def words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-zäöüµ%°]+", name.casefold()) if word]


def is_time(name: str) -> bool:
    """Whether a column's name says that it is time."""
    parts = words(name)
    return bool(WORDS & set(parts)) or (len(parts) == 1 and parts[0] in UNITS and parts[0] not in ("s", "h", "ms"))


def minutes_per_unit(time: np.ndarray, name: str | None, file: str) -> tuple[float, str | None]:
    """(minutes per unit of the time column, a note where its unit had to be concluded).

    The column's name says the unit; else the sampling interval and the length do, as minutes between 0.01 s and
    2.1 s apart or as seconds between 0.01 s and 5 s apart over at least a minute. Raises FormatError where that
    does not decide.
    """
    for word in words(name or ""):
        if word in UNITS:
            return UNITS[word], None
    step, span = float(np.median(np.diff(time))), float(time[-1] - time[0])
    minutes = 0.01 / 60 <= step <= 0.035 and span >= 0.5
    seconds = 0.01 <= step <= 5 and span >= 60
    if minutes and not (seconds and step < 0.0166):
        return 1.0, f"the time column does not say its unit; taken as minutes ({step * 60:.3g} s apart, {span:.4g} min)"
    if seconds and not minutes:
        return 1 / 60, f"the time column does not say its unit; taken as seconds ({step:.3g} s apart, {span:.4g} s)"
    raise FormatError(
        f"{file}: the time column does not say whether it is in minutes or seconds, and its numbers ({step:.3g} apart, "
        f"{span:.4g} in all) do not decide; name the column time_min or time_s"
    )


def strictly_rising(time: np.ndarray, first_line: int, file: str) -> np.ndarray:
    """Time that rises at every sample. Times equal only because they were rounded are put back on their grid.

    Raises FormatError where time goes back or stands still.
    """
    steps = np.diff(time)
    if (steps > 0).all():
        return time
    if (steps < 0).any():
        at = int((steps < 0).argmax()) + 1
        raise FormatError(
            f"{file}: line {first_line + at}: time goes back from {time[at - 1]:g} to {time[at]:g}; a chromatogram is "
            f"one trace in order of time"
        )
    distinct = np.unique(time)
    grid = np.linspace(time[0], time[-1], len(time))
    if len(distinct) > 2:
        rounding = np.diff(distinct).min()
        if grid[1] - grid[0] < 0.99 * rounding and np.abs(grid - time).max() <= 1.01 * rounding:
            return grid
    at = int((steps == 0).argmax()) + 1
    raise FormatError(
        f"{file}: line {first_line + at}: the time {time[at]:g} stands twice; export it with more decimals"
    )
