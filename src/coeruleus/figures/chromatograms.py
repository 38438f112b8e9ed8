"""Pages of chromatograms: each injection with its baseline, its fitted peaks, and what they leave over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from coeruleus.figures.captions import caption, count
from coeruleus.figures.colours import BLACK, BLUE, GREEN, GREY, VERMILLION
from coeruleus.figures.frames import numbers, records, split, take
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.save import save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import fix_labels, new_figure, place, printable, safe_name
from coeruleus.figures.trace_lines import SIGNAL, Injection, PlottedTraces, draw_lines, mark_peak
from coeruleus.tables.dialysate import PEAKS
from coeruleus.tables.order import natural
from coeruleus.tables.sources import DRIFT, TRACES

ROW_MM, LEFT_MM = 33.0, 12.0
NORADRENALINE = ("NE", "NA", "noradrenaline", "norepinephrine")
LETTER_MM = 1.5  # width of a letter of a peak's name
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
    pages_of: dict[int, _Page] = {}
    for (run,), of_run in split(peaks, "run").items():
        zoomed = settings.zoom_analyte or worth_a_look(of_run)
        parts = split(of_run, "injection_id")
        names = sorted((name for (name,) in parts), key=lambda name: (order.get(name, np.inf), natural(name)))
        pages = range(0, len(names), settings.injections_per_page)
        for page, start in enumerate(pages, 1):
            shown = [
                Injection(name, traces.get((name,), nothing), parts[(name,)])
                for name in names[start : start + settings.injections_per_page]
            ]
            if len(shown) not in pages_of:
                pages_of[len(shown)] = _Page(len(shown), settings)
            yield pages_of[len(shown)].save(shown, run, page, len(pages), zoomed, directory, captions)


def worth_a_look(peaks: pd.DataFrame) -> str | None:
    """What the right-hand panels magnify: noradrenaline, or else the analyte that is hardest to see."""
    present = set(peaks["analyte"])
    known = [name for name in NORADRENALINE if name in present]
    if known:
        return known[0]
    found = peaks[(peaks["status"] == "ok") & np.isfinite(numbers(peaks, "retention_time_min"))]
    heights = {
        name: float(np.nanmedian(numbers(part, "height")))
        for (name,), part in split(found, "analyte").items()
        if np.isfinite(numbers(part, "height")).any()
    }
    return min(heights, key=lambda name: (heights[name], name), default=None)


class _Page:
    """A figure of so many rows, drawn again for page after page: building axes costs more than drawing."""

    def __init__(self, rows: int, settings: FigureSettings) -> None:
        width = settings.double_column_mm
        self.settings = settings
        self.figure = new_figure(width, rows * ROW_MM + 14, settings.card_dpi)
        self.whole_mm = (width - LEFT_MM) * 0.64
        self.rows: list[tuple[Axes, Axes]] = []
        for row in range(rows):
            top = 9 + row * ROW_MM
            whole = place(self.figure, LEFT_MM, top, self.whole_mm, ROW_MM - 10)
            left = LEFT_MM + self.whole_mm + 13
            self.rows.append((whole, place(self.figure, left, top, width - left - 2, ROW_MM - 10)))
        for axes in self.figure.axes:
            fix_labels(axes)
        _key(self.rows[0][0])

    def save(
        self,
        shown: list[Injection],
        run: str,
        page: int,
        pages: int,
        zoomed: str | None,
        directory: Path,
        captions: Mapping[str, str],
    ) -> FigureRecord:
        plotted = PlottedTraces()
        for (whole, zoom), injection in zip(self.rows, shown, strict=True):
            _wipe(whole)
            _wipe(zoom)
            _draw_whole(whole, injection, plotted, self.settings, self.whole_mm)
            _draw_zoom(zoom, injection, zoomed, plotted, self.settings)
        for last in [axes for axes in self.figure.axes if axes.axison][-2:]:
            last.set_xlabel("time (min)")
        failed = [one.name for one in shown if one.trace.empty]
        where = f", page {page} of {pages}" if pages > 1 else ""
        return save_figure(
            self.figure,
            directory,
            safe_name("chromatograms", run, f"{page:02d}"),
            plotted,
            kind="chromatograms",
            title=f"Chromatograms of {run}{where}",
            caption=caption(
                captions,
                "chromatograms",
                f"n = {count(len(shown), 'injection')}",
                f"The right-hand panels magnify {self.settings.say(zoomed)}" if zoomed else "",
                f"Without a trace: {', '.join(failed)}" if failed else "",
            ),
            alt=f"Chromatograms of {', '.join(one.name for one in shown)} with fitted baseline, peaks and residual",
            about={"run": run, "page": str(page), "injections": ",".join(one.name for one in shown)},
            pdf=self.settings.pdf_of_all,
            colours=128,
        )


def _wipe(axes: Axes) -> None:
    """Take out what an injection has drawn; ticks and key stay."""
    for artist in [*axes.lines, *axes.texts]:
        artist.remove()
    axes.set_axis_on()
    axes.set(title="", xlabel="", ylabel="")


def _key(axes: Axes) -> None:
    entries = ((SIGNAL, "signal"), (GREEN, "baseline"), (BLUE, "fit"), (BLACK, "signal − fit, moved down"))
    lines = [Line2D([], [], color=colour, lw=1.2, label=name) for colour, name in entries]
    axes.legend(handles=lines, loc="lower right", bbox_to_anchor=(1.0, 1.12), ncols=4)


def _draw_whole(
    axes: Axes, injection: Injection, plotted: PlottedTraces, settings: FigureSettings, width_mm: float
) -> None:
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
    draw_lines(axes, injection, inside, plotted, "whole", (float(time[0]), float(time[-1])))
    unit = next((unit for unit in injection.peaks["signal_unit"] if unit is not None), None)
    axes.set_ylabel(printable(f"signal ({unit})" if unit else "signal"))
    _annotate(axes, injection, settings, width_mm)
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
    axes.set_axis_off()
    words = printable(f"{why['status']}: {why['reason'] or 'no reason was given'}")
    axes.text(0, 0.5, words if len(words) < 120 else words[:119] + "…", transform=axes.transAxes, color=VERMILLION)


def _annotate(axes: Axes, injection: Injection, settings: FigureSettings, width_mm: float) -> None:
    """Each analyte's name at its place, in two rows where they are close; in brackets where it was not found."""
    low, high = axes.get_xlim()
    ends = [-1.0, -1.0]  # where the last name of each row ends, in mm
    placed = [row for row in records(injection.peaks) if np.isfinite(row["retention_time_min"])]
    for row in sorted(placed, key=lambda row: (row["retention_time_min"], row["analyte"])):
        at, found = row["retention_time_min"], row["status"] == "ok"
        mark_peak(axes, at, found)
        name = settings.say(row["analyte"])
        name = printable(name if found else f"({name})")
        middle, half = (at - low) / (high - low) * width_mm, len(name) * LETTER_MM / 2
        level = 0 if middle - half > ends[0] or ends[0] < ends[1] else 1
        ends[level] = middle + half
        colour = BLUE if found else GREY
        height = axes.get_xaxis_transform()
        axes.text(at, 1.0 - 0.12 * level, name, ha="center", va="top", size="small", color=colour, transform=height)


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
    said = f"snr {row['snr']:.3g}" if np.isfinite(row["snr"]) else ""
    state = "" if row["status"] == "ok" else f", {row['status']}"
    axes.set_title(printable(f"{settings.say(row['analyte'])}  {said}{state}"))
    mark_peak(axes, at, row["status"] == "ok")
