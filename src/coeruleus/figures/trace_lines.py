"""One chromatogram in one panel: signal, baseline, fit, and what the fit leaves over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coeruleus.figures.colours import BLACK, BLUE, GREEN, GREY, PALE
from coeruleus.figures.frames import Numbers, numbers, span, thin
from coeruleus.figures.style import few_ticks
from coeruleus.tables.model import Table, number, text
from coeruleus.tables.sources import TRACES

COLUMNS = 320  # of pixels, each of which keeps the least and the greatest of a line
SIGNAL = "#8A8A8A"
PLOTTED_TRACES = Table(
    "figures/plotted_traces",
    "injection × panel × point",
    (),
    (
        TRACES.columns[0],
        text("panel", "whole, or the analyte that is magnified"),
        *TRACES.columns[1:5],
        number("residual", "signal − fitted; drawn below, moved down", "signal unit"),
    ),
)


@dataclass(frozen=True)
class Injection:
    """One injection's trace and peaks."""

    name: str
    trace: pd.DataFrame
    peaks: pd.DataFrame


class PlottedTraces:
    """Collects the points of each panel for the table beside the figure."""

    table = PLOTTED_TRACES

    def __init__(self) -> None:
        self._parts: list[pd.DataFrame] = []

    def add(self, injection: str, panel: str, trace: pd.DataFrame, residual: Numbers) -> None:
        part = trace[["injection_id", "time_min", "signal", "baseline", "fitted"]]
        self._parts.append(part.assign(panel=panel, residual=residual))

    def frame(self) -> pd.DataFrame:
        return pd.concat(self._parts, ignore_index=True) if self._parts else PLOTTED_TRACES.frame()


def mark_peak(axes: Axes, at: float, found: bool) -> None:
    """A short line above a peak; dashed and grey where it was not found."""
    axes.axvline(at, ymin=0.68, ymax=0.76, color=BLUE if found else GREY, lw=0.5, ls="-" if found else (0, (1.5, 1.5)))


def draw_lines(
    axes: Axes,
    injection: Injection,
    inside: np.ndarray,
    plotted: PlottedTraces,
    panel: str,
    limits: tuple[float, float],
) -> None:
    """Signal, baseline, fit and residual within limits of time."""
    times = numbers(injection.trace, "time_min")
    here = (times >= limits[0]) & (times <= limits[1])
    keep = np.flatnonzero(here)[
        thin(numbers(injection.trace, "signal")[here], COLUMNS if panel == "whole" else COLUMNS // 2)
    ]
    shown = injection.trace.iloc[keep]
    inside = inside[keep]
    time, signal, baseline, fitted = (numbers(shown, name) for name in ("time_min", "signal", "baseline", "fitted"))
    left_over = signal - fitted
    low, high = span(signal[inside], fitted[inside], baseline[inside], margin=0.0)
    room = high - low
    swing = float(np.nanmax(np.abs(left_over), initial=0.0))
    drop = low - 0.08 * room - swing
    axes.set(xlim=limits, ylim=(max(drop - swing - 0.05 * room, low - 1.2 * room), high + 0.32 * room))
    axes.axhline(drop, color=PALE, lw=0.5, zorder=0)
    axes.plot(time, signal, color=SIGNAL, lw=1.1)
    axes.plot(time, baseline, color=GREEN, lw=0.7)
    axes.plot(time, fitted, color=BLUE, lw=0.7)
    axes.plot(time, left_over + drop, color=BLACK, lw=0.4)
    few_ticks(axes, 7 if panel == "whole" else 4, 3)
    plotted.add(injection.name, panel, shown, left_over)
