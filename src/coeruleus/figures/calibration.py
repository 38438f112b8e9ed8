"""Calibration: standards, the line through them, back-calculated accuracy, and the limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coeruleus.figures.captions import caption, count
from coeruleus.figures.colours import BLUE, GREEN, GREY, PALE, VERMILLION
from coeruleus.figures.frames import numbers, records, span, split, take, words
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.save import Plotted, save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import (
    few_ticks,
    log_axis,
    new_figure,
    ordered,
    place,
    printable,
    safe_name,
    say_nothing_to_show,
)
from coeruleus.tables.dialysate import ACCURACY, CALIBRATION
from coeruleus.tables.sources import CALIBRATION_POINTS

COLUMNS, ROWS, ROW_MM = 3, 3, 66.0
NAMED = 2  # rejected standards; the caption names all
LONGEST = 38  # letters of a reason
SERIES = (("standard", True, "o", BLUE), ("qc", True, "s", GREEN), ("rejected", False, "x", VERMILLION))


def draw_calibration(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    """Pages of each run, one panel per analyte."""
    points = split(take(tables, CALIBRATION_POINTS), "run", "analyte")
    accuracy = take(tables, ACCURACY)
    found = {(row["injection_id"], row["analyte"]): row for row in records(accuracy)}
    for (run,), of_run in split(take(tables, CALIBRATION), "run").items():
        lines = {row["analyte"]: row for row in records(of_run)}
        analytes = ordered(list(lines), settings.analyte_order)
        pages = range(0, len(analytes), COLUMNS * ROWS)
        for page, start in enumerate(pages, 1):
            shown = analytes[start : start + COLUMNS * ROWS]
            rows = -(-len(shown) // COLUMNS)
            figure = new_figure(settings.double_column_mm, rows * ROW_MM + 2, settings.png_dpi)
            plotted = Plotted()
            rejected: list[str] = []
            each = settings.double_column_mm / COLUMNS
            for number, analyte in enumerate(shown):
                left, top = number % COLUMNS * each + 13, number // COLUMNS * ROW_MM + 7
                part = points.get((run, analyte), CALIBRATION_POINTS.frame())
                above = place(figure, left, top, each - 17, 29)
                below = place(figure, left, top + 38, each - 17, 13)
                rejected += _draw_line(above, lines[analyte], part, plotted, settings)
                _draw_accuracy(below, lines[analyte], part, found, plotted)
            where = f", page {page} of {len(pages)}" if len(pages) > 1 else ""
            yield save_figure(
                figure,
                directory,
                safe_name("calibration", run, f"{page:02d}"),
                plotted,
                kind="calibration",
                title=f"Calibration of {run}{where}",
                caption=caption(
                    captions,
                    "calibration",
                    *(_used(lines[name], settings) for name in shown),
                    f"Left out of the fit: {'; '.join(rejected)}" if rejected else "",
                ),
                about={"run": run, "page": str(page)},
            )


def _used(line: Mapping[str, Any], settings: FigureSettings) -> str:
    used = line["n_standards"]
    return f"{settings.say(line['analyte'])}: n = {count(int(used), 'standard') if np.isfinite(used) else 'n/a'}"


def _draw_line(
    axes: Axes, line: Mapping[str, Any], points: pd.DataFrame, plotted: Plotted, settings: FigureSettings
) -> list[str]:
    analyte, unit = line["analyte"], line["unit"] or "unit not given"
    x, y = f"nominal ({unit})", str(line["response"] or "response")
    axes.set_title(printable(settings.say(analyte)), weight="bold")
    if points.empty:
        say_nothing_to_show(axes, printable(f"{line['status']}: {line['reason'] or 'no standards'}")[:48])
        return []
    nominal, response, error = (numbers(points, name) for name in ("nominal", "response", "response_se"))
    used, kind = points["used"].to_numpy() == True, points["kind"].to_numpy()  # noqa: E712
    names: list[str] = []
    refused: list[str] = []
    for series, in_fit, marker, colour in SERIES:
        here = _members(series, in_fit, used, kind)
        if not here.any():
            continue
        bars = np.where(np.isfinite(error[here]), error[here], 0.0)
        axes.vlines(nominal[here], response[here] - bars, response[here] + bars, color=colour, lw=0.5)
        axes.plot(
            nominal[here],
            response[here],
            marker,
            color=colour,
            ms=3,
            mfc="none" if marker != "x" else None,
            label=f"{series} ({here.sum()})",
        )
        plotted.add(
            analyte,
            series,
            x,
            nominal[here],
            y,
            response[here],
            y_low=response[here] - bars,
            y_high=response[here] + bars,
            item=points["injection_id"][here].to_list(),
            note=points["reason"][here].to_list(),
        )
        if series == "rejected":
            names = [
                f"{row['injection_id']} ({row['reason']})" if row["reason"] else str(row["injection_id"])
                for row in records(points[here])
            ]
            refused = points["injection_id"][here].to_list()
    _curve(axes, line, span([0.0], nominal, margin=0.0), plotted, (analyte, x, y))
    few_ticks(axes)
    axes.set(ylabel=y, xlabel=printable(x))
    _say_limits(axes, line, unit)
    if refused:
        shown = ", ".join(refused[:NAMED]) + (f" and {len(refused) - NAMED} more" if len(refused) > NAMED else "")
        note = printable(f"rejected: {shown}")
        axes.text(0.03, 0.79, note, transform=axes.transAxes, va="top", size="small", color=VERMILLION)
    axes.legend(loc="lower right")
    return [f"{settings.say(analyte)} {', '.join(names)}"] if names else []


def _say_limits(axes: Axes, line: Mapping[str, Any], unit: str) -> None:
    if np.isfinite(line["slope"]):
        said = printable(f"LOD {words(line['lod'])}, LOQ {words(line['loq'])} {unit}")
        said = f"{said}\nr² = {words(line['r_squared'], 5)}"
    else:
        reason = printable(f"no line: {line['reason'] or line['status']}")
        said = reason if len(reason) <= LONGEST else f"{reason[: LONGEST - 1]}…"
    axes.text(0.03, 0.99, said, transform=axes.transAxes, va="top", size="small", linespacing=1.3)


def _members(series: str, in_fit: bool, used: np.ndarray, kind: np.ndarray) -> np.ndarray:
    if series == "qc":
        return np.asarray(kind == "qc")
    return np.asarray((kind != "qc") & (used == in_fit))


def _curve(
    axes: Axes, line: Mapping[str, Any], limits: tuple[float, float], plotted: Plotted, names: tuple[str, str, str]
) -> None:
    """The line that calibration.tsv states, over the standards."""
    slope, start = line["slope"], line["intercept"] if np.isfinite(line["intercept"]) else 0.0
    if not np.isfinite(slope):
        return
    bend = line["quadratic"] if np.isfinite(line["quadratic"]) else 0.0
    at = np.linspace(*limits, 60 if bend else 2)
    height = start + slope * at + bend * at**2
    axes.plot(at, height, color=GREY, lw=0.8, zorder=0)
    plotted.add(names[0], "line", names[1], at, names[2], height)


def _draw_accuracy(
    axes: Axes, line: Mapping[str, Any], points: pd.DataFrame, found: Mapping[Any, Mapping[str, Any]], plotted: Plotted
) -> None:
    analyte, unit = line["analyte"], line["unit"] or "unit not given"
    percent = np.array(
        [found.get((name, analyte), {}).get("accuracy_percent", np.nan) for name in points["injection_id"]], dtype=float
    )
    nominal = numbers(points, "nominal")
    there = np.isfinite(percent) & (nominal > 0)
    if not there.any():
        say_nothing_to_show(axes, "no accuracy to show")
        return
    used, kind = points["used"].to_numpy() == True, points["kind"].to_numpy()  # noqa: E712
    x, y = f"nominal ({unit})", "accuracy (%)"
    axes.axhspan(85, 115, color=PALE, alpha=0.5, lw=0)
    axes.axhline(100, color=GREY, lw=0.6)
    for series, in_fit, marker, colour in SERIES:
        here = there & _members(series, in_fit, used, kind)
        axes.plot(nominal[here], percent[here], marker, color=colour, ms=2.6, mfc="none" if marker != "x" else None)
        plotted.add(
            f"{analyte}, accuracy",
            series,
            x,
            nominal[here],
            y,
            percent[here],
            item=points["injection_id"][here].to_list(),
        )
    for limit, dashes in (("lod", (0, (1, 1))), ("loq", (0, (4, 1.5)))):
        if np.isfinite(line[limit]) and line[limit] > 0:
            axes.axvline(line[limit], color=VERMILLION, lw=0.6, ls=dashes)
            above = axes.get_xaxis_transform()
            axes.text(line[limit], 1.03, limit.upper(), transform=above, ha="center", size="small", color=VERMILLION)
            plotted.add(f"{analyte}, accuracy", limit.upper(), x, line[limit], y, None)
    few_ticks(axes)
    log_axis(axes, "x")
    axes.set(xlabel=printable(x), ylabel=y, ylim=span(percent[there], [80.0, 120.0]))
