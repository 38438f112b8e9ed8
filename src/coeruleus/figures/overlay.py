"""All injections of a run over each other: standards, then dialysates, on the run's aligned time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes

from coeruleus.figures.captions import caption, count
from coeruleus.figures.chromatograms import worth_a_look
from coeruleus.figures.colours import BLACK, BLUE, GREY
from coeruleus.figures.frames import Numbers, numbers, records, span, split, take
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.save import Plotted, save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import colours_for, few_ticks, new_figure, ordered, place, printable, safe_name
from coeruleus.tables.dialysate import ACCURACY, PEAKS
from coeruleus.tables.sources import DRIFT, TRACES

LINES_UP_TO = 40  # injections; beyond, their median and the range of nine tenths of them
POINTS = 900
KINDS = (("standard", "Standards"), ("dialysate", "Dialysates"))


def draw_overlays(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    """One figure per run that has traces."""
    traces = split(take(tables, TRACES), "injection_id")
    drifts = split(take(tables, DRIFT), "run")
    levels = dict(zip(*(take(tables, ACCURACY)[name] for name in ("injection_id", "level")), strict=True))
    for (run,), peaks in split(take(tables, PEAKS), "run").items():
        drift = drifts.get((run,), DRIFT.frame())
        kinds = {row["injection_id"]: row["kind"] for row in records(peaks)}
        shown = {
            kind: {name: traces[(name,)] for name in sorted(kinds) if kinds[name] == kind and (name,) in traces}
            for kind, _ in KINDS
        }
        if not any(shown.values()):
            continue
        yield _run(run, shown, peaks, drift, levels, directory, settings, captions)


def _run(
    run: str,
    shown: Mapping[str, Mapping[str, pd.DataFrame]],
    peaks: pd.DataFrame,
    drift: pd.DataFrame,
    levels: Mapping[str, str],
    directory: Path,
    settings: FigureSettings,
    captions: Mapping[str, str],
) -> FigureRecord:
    width = settings.double_column_mm
    figure = new_figure(width, 112, settings.png_dpi)
    plotted = Plotted()
    middle: dict[str, float] = {
        name: float(np.nanmedian(numbers(part, "retention_model_min")))
        for (name,), part in split(drift[np.isfinite(numbers(drift, "retention_model_min"))], "analyte").items()
    }
    zoomed = settings.zoom_analyte or worth_a_look(peaks)
    widths = numbers(peaks[peaks["analyte"] == zoomed], "width_half_min")
    wide = (width - 30) * 0.66
    counts = []
    for number, (kind, title) in enumerate(KINDS):
        axes = place(figure, 13, 8 + number * 54, wide, 34)
        near = place(figure, wide + 26, 8 + number * 54, width - wide - 28, 34)
        lines = {name: _line(trace) for name, trace in shown[kind].items()}
        lines = {name: line for name, line in lines.items() if len(line[0]) > 1}
        axes.set_title(f"{title} (n = {len(lines)})", weight="bold")
        counts.append(count(len(lines), kind))
        if not lines:
            axes.set_axis_off()
            near.set_axis_off()
            axes.text(0.5, 0.5, f"no {kind} has a fitted trace", transform=axes.transAxes, ha="center", color=GREY)
            continue
        grid, heights = _panel(axes, kind, lines, levels, plotted, settings)
        _magnify(axes, near, grid, heights, zoomed, middle, widths, settings)
        unit = next((unit for unit in peaks["signal_unit"] if unit is not None), None)
        axes.set(
            xlabel="time (min), aligned", ylabel=printable(f"above baseline ({unit})" if unit else "above baseline")
        )
        few_ticks(axes, 8, 4)
        _names(axes, middle, settings)
    return save_figure(
        figure,
        directory,
        safe_name("overlay", run),
        plotted,
        kind="overlay",
        title=f"Injections of {run} overlaid",
        caption=caption(captions, "overlay", "n = " + " and ".join(counts)),
        about={"run": run},
    )


def _line(trace: pd.DataFrame) -> tuple[Numbers, Numbers]:
    """Aligned time and signal above baseline, where a baseline was fitted."""
    trace = trace[np.isfinite(numbers(trace, "baseline")) & np.isfinite(numbers(trace, "aligned_min"))]
    trace = trace.sort_values("aligned_min", kind="stable")
    return numbers(trace, "aligned_min"), numbers(trace, "signal") - numbers(trace, "baseline")


def _panel(
    axes: Axes,
    kind: str,
    lines: Mapping[str, tuple[Numbers, Numbers]],
    levels: Mapping[str, str],
    plotted: Plotted,
    settings: FigureSettings,
) -> tuple[Numbers, Numbers]:
    """Draw all lines on one grid of times, which come back with the heights on it."""
    first = max(float(time[0]) for time, _ in lines.values())
    last = min(float(time[-1]) for time, _ in lines.values())
    grid = np.linspace(first, last, POINTS) if last > first else np.array([first, first + 1e-6])
    heights = np.vstack([np.interp(grid, *line) for line in lines.values()])
    x, y = "time (min), aligned", "signal above baseline"
    if len(lines) > LINES_UP_TO:
        low, centre, high = np.nanpercentile(heights, [5, 50, 95], axis=0)
        axes.fill_between(grid, low, high, color=BLUE, alpha=0.25, lw=0, label="nine tenths")
        axes.plot(grid, centre, color=BLUE, lw=0.9, label="median")
        plotted.add(kind, "median, 5th and 95th centile", x, grid, y, centre, y_low=low, y_high=high)
    else:
        of_level = {name: str(levels[name]) for name in lines if levels.get(name) is not None}
        names = ordered(list(of_level.values()), [])
        ramp: dict[str, Any] = {
            name: colormaps["viridis"](0.9 * place_ / max(1, len(names) - 1)) for place_, name in enumerate(names)
        }
        ramp |= {name: colour for name, colour in colours_for(names, settings).items() if name in settings.colours}
        said: set[str] = set()
        for (name, _), height in zip(lines.items(), heights, strict=True):
            level = of_level.get(name)
            colour = ramp[level] if level else BLACK if kind == "standard" else BLUE
            label = level if level and level not in said else None
            said.add(level or "")
            axes.plot(grid, height, color=colour, lw=0.5, alpha=0.8, label=label)
            plotted.add(kind, level or kind, x, grid, y, height, item=name)
    axes.set(xlim=(grid[0], grid[-1]), ylim=span(heights, margin=0.1))
    keys = sorted(zip(*axes.get_legend_handles_labels(), strict=True), key=lambda key: str(key[1]))
    if keys:
        beside = max(1, min(10, 90 // (max(len(str(label)) for _, label in keys) + 6)))  # letters that fit
        axes.legend(*zip(*keys, strict=True), loc="upper left", bbox_to_anchor=(-0.02, -0.24), ncols=beside)
    return grid, heights


def _magnify(
    whole: Axes,
    near: Axes,
    grid: Numbers,
    heights: Numbers,
    analyte: str | None,
    middle: Mapping[str, float],
    widths: Numbers,
    settings: FigureSettings,
) -> None:
    """What the whole panel shows, around one analyte."""
    width = float(np.nanmedian(widths)) if np.isfinite(widths).any() else 0.25
    at, reach = middle.get(analyte or "", np.nan), max(2.6 * width, 0.1)
    inside = np.abs(grid - at) <= reach
    if not inside.any():
        near.set_axis_off()
        return
    for line in whole.lines:
        near.plot(*line.get_data(), color=line.get_color(), lw=line.get_linewidth(), alpha=line.get_alpha())
    if len(heights) > LINES_UP_TO:
        low, high = np.nanpercentile(heights, [5, 95], axis=0)
        near.fill_between(grid, low, high, color=BLUE, alpha=0.25, lw=0)
    near.set(xlim=(at - reach, at + reach), ylim=span(heights[:, inside], margin=0.08), xlabel="time (min), aligned")
    near.set_title(printable(f"{settings.say(analyte or '')}, magnified"), weight="bold")
    few_ticks(near, 4, 4)


def _names(axes: Axes, places: Mapping[str, float], settings: FigureSettings) -> None:
    low, high = axes.get_xlim()
    last, row = -np.inf, 0
    for name, at in sorted(places.items(), key=lambda pair: (pair[1], pair[0])):
        if not low <= at <= high:
            continue
        row = (row + 1) % 2 if (at - last) / (high - low) < 0.06 else 0
        last = at
        inside = max(at, low + 0.045 * (high - low))  # no name over the axis
        axes.text(
            inside, 1.0 - 0.07 * row, printable(settings.say(name)), transform=axes.get_xaxis_transform(),
            ha="center", va="top", size="small", color=GREY,
        )  # fmt: skip
