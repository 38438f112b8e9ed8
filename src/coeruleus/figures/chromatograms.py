"""Pages of chromatograms: each injection with its baseline, its fitted peaks, and what they leave over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coeruleus.figures.captions import caption, count
from coeruleus.figures.frames import numbers, records, split, take
from coeruleus.figures.save import FigureRecord, save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    VERMILLION,
    few_ticks,
    new_figure,
    place,
    printable,
    safe_name,
)
from coeruleus.figures.trace_lines import SIGNAL, Injection, PlottedTraces, draw_lines, mark_peak
from coeruleus.tables.dialysate import PEAKS
from coeruleus.tables.sources import DRIFT, TRACES

ROW_MM, LEFT_MM = 33.0, 12.0
STATED = ("failed", "missing", "excluded", "saturated")  # statuses written over the panel


def draw_chromatograms(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    """Pages of each run, in run order."""
    points = take(tables, TRACES)
    traces = split(points[np.isfinite(numbers(points, "time_min"))], "injection_id")
    nothing = TRACES.frame()
    drift = take(tables, DRIFT)
    order = dict(zip(drift["injection_id"], drift["order"], strict=True))
    peaks = take(tables, PEAKS)
    peaks = peaks.assign(run=peaks["run"].fillna("run"))
    for (run,), of_run in split(peaks, "run").items():
        zoomed = settings.zoom_analyte or faintest(of_run)
        parts = split(of_run, "injection_id")
        names = sorted((name for (name,) in parts), key=lambda name: (order.get(name, np.inf), name))
        pages = range(0, len(names), settings.injections_per_page)
        for page, start in enumerate(pages, 1):
            shown = [
                Injection(name, traces.get((name,), nothing), parts[(name,)])
                for name in names[start : start + settings.injections_per_page]
            ]
            yield _page(shown, run, page, len(pages), zoomed, directory, settings, captions)


def faintest(peaks: pd.DataFrame) -> str | None:
    """The analyte of a run that is hardest to see: the right-hand panels magnify it."""
    found = peaks[(peaks["status"] == "ok") & np.isfinite(numbers(peaks, "retention_time_min"))]
    heights = {
        name: float(np.nanmedian(numbers(part, "height")))
        for (name,), part in split(found, "analyte").items()
        if np.isfinite(numbers(part, "height")).any()
    }
    return min(heights, key=lambda name: (heights[name], name), default=None)


def _page(
    shown: list[Injection],
    run: str,
    page: int,
    pages: int,
    zoomed: str | None,
    directory: Path,
    settings: FigureSettings,
    captions: Mapping[str, str],
) -> FigureRecord:
    width = settings.double_column_mm
    figure = new_figure(width, len(shown) * ROW_MM + 14, settings.card_dpi)
    plotted = PlottedTraces()
    whole = (width - LEFT_MM) * 0.64
    for row, injection in enumerate(shown):
        top = 9 + row * ROW_MM
        _draw_whole(place(figure, LEFT_MM, top, whole, ROW_MM - 10), injection, plotted, settings)
        zoom = place(figure, LEFT_MM + whole + 13, top, width - LEFT_MM - whole - 15, ROW_MM - 10)
        _draw_zoom(zoom, injection, zoomed, plotted, settings)
    drawn = [axes for axes in figure.axes if axes.axison]
    for last in drawn[-2:]:
        last.set_xlabel("time (min)")
    _key(figure.axes[0])
    failed = [one.name for one in shown if one.trace.empty]
    where = f"page {page} of {pages}" if pages > 1 else ""
    return save_figure(
        figure,
        directory,
        safe_name("chromatograms", run, f"{page:02d}"),
        plotted,
        kind="chromatograms",
        title=f"Chromatograms of {run}" + (f", {where}" if where else ""),
        caption=caption(
            captions,
            "chromatograms",
            f"n = {count(len(shown), 'injection')}",
            f"The right-hand panels magnify {settings.say(zoomed)}" if zoomed else "",
            f"Without a trace: {', '.join(failed)}" if failed else "",
        ),
        alt=f"Chromatograms of {', '.join(one.name for one in shown)} with fitted baseline, peaks and residual",
        about={"run": run, "page": str(page), "injections": ",".join(one.name for one in shown)},
        colours=128,
    )


def _key(axes: Axes) -> None:
    for colour, name in ((SIGNAL, "signal"), (GREEN, "baseline"), (BLUE, "fit"), (BLACK, "signal − fit, moved down")):
        axes.plot([], [], color=colour, lw=1.2, label=name)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.12), ncols=4)


def _draw_whole(axes: Axes, injection: Injection, plotted: PlottedTraces, settings: FigureSettings) -> None:
    kind = next((kind for kind in injection.peaks["kind"] if kind is not None), "")
    axes.set_title(printable(f"{injection.name}  {kind}"), weight="bold")
    bad = [row for row in records(injection.peaks) if row["status"] in STATED]
    if injection.trace.empty:
        why = bad[0] if bad else {"status": "no trace", "reason": "nothing was plotted for this injection"}
        _refuse(axes, why)
        return
    time = numbers(injection.trace, "time_min")
    fitted = np.isfinite(numbers(injection.trace, "baseline"))
    inside = fitted if fitted.any() else np.ones(len(time), dtype=bool)
    top = draw_lines(axes, injection, inside, plotted, "whole", (float(time[0]), float(time[-1])))
    unit = next((unit for unit in injection.peaks["signal_unit"] if unit is not None), None)
    axes.set_ylabel(printable(f"signal ({unit})" if unit else "signal"))
    _annotate(axes, injection, top, settings)
    states = sorted({f"{row['status']}: {settings.say(row['analyte'])}" for row in bad})
    if states:
        axes.text(
            1,
            0.98,
            printable("; ".join(states)),
            transform=axes.transAxes,
            ha="right",
            va="top",
            size="small",
            color=VERMILLION,
        )


def _refuse(axes: Axes, why: Mapping[str, Any]) -> None:
    few_ticks(axes, 1, 1)
    axes.set_axis_off()
    words = printable(f"{why['status']}: {why['reason'] or 'no reason was given'}")
    axes.text(0, 0.5, words if len(words) < 120 else words[:119] + "…", transform=axes.transAxes, color=VERMILLION)


def _annotate(axes: Axes, injection: Injection, top: float, settings: FigureSettings) -> None:
    """Each analyte's name at its place; open and grey where it was not found."""
    for row in records(injection.peaks):
        at = row["retention_time_min"]
        if not np.isfinite(at):
            continue
        found = row["status"] == "ok"
        mark_peak(axes, at, found)
        name = settings.say(row["analyte"])
        axes.text(
            at,
            top,
            printable(name if found else f"({name})"),
            ha="center",
            va="top",
            size="small",
            color=BLUE if found else GREY,
        )


def _draw_zoom(
    axes: Axes, injection: Injection, analyte: str | None, plotted: PlottedTraces, settings: FigureSettings
) -> None:
    row = next((row for row in records(injection.peaks) if row["analyte"] == analyte), None)
    if injection.trace.empty or row is None or not np.isfinite(row["retention_time_min"]):
        axes.set_axis_off()
        return
    width = row["width_half_min"] if np.isfinite(row["width_half_min"]) else 0.25
    at, reach = row["retention_time_min"], max(2.6 * width, 0.1)
    time = numbers(injection.trace, "time_min")
    if not ((time >= at - reach) & (time <= at + reach)).any():
        axes.set_axis_off()
        return
    inside = (time >= at - reach) & (time <= at + reach)
    draw_lines(axes, injection, inside, plotted, f"zoom on {analyte}", (at - reach, at + reach))
    said = f"S/N {row['snr']:.3g}" if np.isfinite(row["snr"]) else ""
    state = "" if row["status"] == "ok" else f"  {row['status']}"
    axes.set_title(printable(f"{settings.say(row['analyte'])}  {said}{state}"))
    mark_peak(axes, at, row["status"] == "ok")
