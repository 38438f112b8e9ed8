"""A piece of the raw trace of each site that was sorted here: as recorded, band-passed, and its spikes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coeruleus.figures.captions import caption, count
from coeruleus.figures.colours import BLACK, CYCLE, GREY, PALE
from coeruleus.figures.frames import Numbers, numbers, records, span, split, take
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.save import Plotted, save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import few_ticks, new_figure, place, printable, safe_name
from coeruleus.tables.order import naturally
from coeruleus.tables.sources import EXCERPT_MARKS, EXCERPTS

TIME = "time in the segment (s)"
LANES = (("signal", "as recorded"), ("band", "spike band"))
TITLES = {"spikes": "A typical piece", "masked": "Around the longest masked stretch"}


def draw_raw_traces(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    """One figure per site with an excerpt; a site whose units were sorted elsewhere has none."""
    traces, marks = take(tables, EXCERPTS), take(tables, EXCERPT_MARKS)
    marked = split(marks[np.isfinite(numbers(marks, "start_s"))], "site_id")
    for (site,), pieces in split(traces[np.isfinite(numbers(traces, "time_s"))], "site_id").items():
        yield _site(site, pieces, marked.get((site,), EXCERPT_MARKS.frame()), directory, settings, captions)


def _site(
    site: str,
    pieces: pd.DataFrame,
    marks: pd.DataFrame,
    directory: Path,
    settings: FigureSettings,
    captions: Mapping[str, str],
) -> FigureRecord:
    whole = [kind for kind in TITLES if kind in set(pieces["excerpt"])]
    views = [view for view in dict.fromkeys(pieces["view"].dropna()) if view != "whole"]
    width, top = settings.double_column_mm, 8.0
    figure = new_figure(width, top + 48 * len(whole) + (34 if views else 0), settings.png_dpi)
    plotted = Plotted()
    spikes = marks[marks["mark"] == "spike"]
    names = naturally({*spikes["unit_id"].dropna(), *views})
    colours = {name: CYCLE[number % len(CYCLE)] for number, name in enumerate(names)}
    unit = next((unit for unit in pieces["unit"] if unit is not None), None)
    lanes = [f"{words} ({unit})" if unit else f"{words} (as stored)" for _, words in LANES]
    for kind in whole:
        shown = pieces[(pieces["excerpt"] == kind) & (pieces["view"] == "whole")]
        here = marks[marks["excerpt"] == kind]
        for (lane, _), label, height, below in zip(LANES, lanes, (14, 20), (0, 17), strict=True):
            axes = place(figure, 15, top + below, width - 19, height)
            _whole(axes, kind, lane, label, shown, here, colours, plotted)
            if below:
                axes.set_xlabel(TIME)
            else:
                axes.set_xticklabels([])
                segment = f", segment {shown['segment'].iloc[0]:g}, channel {shown['channel'].iloc[0]}"
                axes.set_title(printable(TITLES[kind] + segment), weight="bold", pad=5)
        top += 48
    for number, view in enumerate(views):
        room = (width - 36) / max(len(views), 2.5)
        axes = place(figure, 15 + number * room, top, room - 10, 24)
        _close(axes, view, lanes, pieces[pieces["view"] == view], spikes, colours, plotted)
        axes.set_ylabel(printable(unit or "as stored") if number == 0 else "")
        if number == len(views) - 1:
            axes.legend(loc="lower left", bbox_to_anchor=(1.0, 0.0))
    if len(names):
        handles = [
            figure.axes[0].plot([], [], "|", color=colours[name], ms=5, label=f"unit {name}")[0] for name in names
        ]
        figure.legend(handles=handles, loc="upper right", bbox_to_anchor=(0.995, 1.0), ncols=8)
    seen = spikes[spikes["excerpt"] == "spikes"]
    fired = [f"{count(int(n), 'spike')} of unit {name}" for name, n in seen.groupby("unit_id").size().items()]
    return save_figure(
        figure,
        directory,
        safe_name("raw_trace", site),
        plotted,
        kind="raw_trace",
        title=f"Raw trace of site {site}",
        caption=caption(
            captions, "raw_trace", f"n = {', '.join(fired)}" if fired else "n = 0 spikes: no unit fires here"
        ),
        about={"site_id": site},
        colours=64,
    )


def _whole(
    axes: Axes,
    kind: str,
    lane: str,
    label: str,
    shown: pd.DataFrame,
    marks: pd.DataFrame,
    colours: Mapping[str, str],
    plotted: Plotted,
) -> None:
    time, low, high = (numbers(shown, name) for name in ("time_s", f"{lane}_low", f"{lane}_high"))
    step = float(np.median(np.diff(time))) if len(time) > 1 else 0.0
    masked = [row for row in records(marks) if row["mark"] != "spike"]
    clear = np.ones(len(time), dtype=bool)
    for row in masked:
        clear &= (time + step < row["start_s"]) | (time > row["end_s"])
    bottom, ceiling = span(low[clear] if clear.any() else low, high[clear] if clear.any() else high, margin=0.06)
    edges = (float(time[0]), float(time[-1]) + step)
    for row in masked:
        axes.axvspan(max(row["start_s"], edges[0]), min(row["end_s"], edges[1]), color=PALE, lw=0, zorder=0)
        if lane == "signal":
            middle = (max(row["start_s"], edges[0]) + min(row["end_s"], edges[1])) / 2
            axes.text(middle, 1.0, f"masked: {row['mark']}", transform=axes.get_xaxis_transform(), ha="center",
                      va="top", size="small", bbox={"fc": "white", "ec": "none", "pad": 0.8, "alpha": 0.9})  # fmt: skip
            plotted.add(kind, "masked", TIME, [row["start_s"]], "", [np.nan], x_high=[row["end_s"]], note=row["mark"])
    axes.plot(*_zigzag(time, step, low, high), color=BLACK, lw=0.4)
    plotted.add(kind, label, TIME, time, label, (low + high) / 2, x_high=time + step, y_low=low, y_high=high)
    room = 0.2 * (ceiling - bottom) if lane == "band" else 0.0
    for number, (name, colour) in enumerate(colours.items()):  # each unit at a height of its own
        at = numbers(marks[(marks["mark"] == "spike") & (marks["unit_id"] == name)], "start_s")
        if lane == "band":
            height = ceiling + room * (0.25 + 0.65 * (number % 5) / 4)
            axes.plot(at, np.full(len(at), height), "|", color=colour, ms=4.5, mew=0.9)
            plotted.add(kind, "spikes", TIME, at, "", np.full(len(at), np.nan), item=f"unit {name}")
    axes.set(xlim=edges, ylim=(bottom, ceiling + room), ylabel=printable(label).replace(" (", "\n("))
    few_ticks(axes, 7, 3)


def _zigzag(time: Numbers, step: float, low: Numbers, high: Numbers) -> tuple[Numbers, Numbers]:
    """A line through the least and the greatest value of each piece of time."""
    return np.column_stack([time, time + step / 2]).ravel(), np.column_stack([low, high]).ravel()


def _close(
    axes: Axes,
    view: str,
    lanes: list[str],
    piece: pd.DataFrame,
    spikes: pd.DataFrame,
    colours: Mapping[str, str],
    plotted: Plotted,
) -> None:
    """One spike of a unit, sample by sample; other units' spikes nearby are marked in their colours."""
    time = numbers(piece, "time_s")
    inside = spikes[(spikes["excerpt"] == "spikes") & spikes["start_s"].between(time[0], time[-1])]
    own = numbers(inside[inside["unit_id"] == view], "start_s")
    at = float(own[0]) if len(own) else float(time[0])
    for (lane, words), label, colour in zip(LANES, lanes, (GREY, colours[view]), strict=True):
        y = numbers(piece, f"{lane}_low")
        y = y - (np.nanmedian(y) if lane == "signal" else 0.0)
        axes.plot(1000 * (time - at), y, color=colour, lw=0.8, label=words)
        plotted.add(f"one spike of unit {view}", label, "time around the spike (ms)", 1000 * (time - at), label, y)
    for row in records(inside):
        axes.axvline(1000 * (row["start_s"] - at), ymin=0.92, color=colours.get(row["unit_id"], GREY), lw=0.9)
    axes.set(xlabel="time around the spike (ms)", xlim=(1000 * (time[0] - at), 1000 * (time[-1] - at)))
    axes.set_title(printable(f"One spike of unit {view}"), weight="bold")
    few_ticks(axes, 4, 3)
