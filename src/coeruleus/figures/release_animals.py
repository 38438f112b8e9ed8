"""Release in each animal: the concentration in its dialysate, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coeruleus.figures.captions import caption, count
from coeruleus.figures.colours import BLACK, GREY, PALE, VERMILLION
from coeruleus.figures.frames import numbers, records, span, split
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.release_panels import Panel
from coeruleus.figures.release_verdicts import TIME, Key, Verdicts
from coeruleus.figures.save import Plotted, save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import few_ticks, fix_labels, new_figure, place, printable, safe_name
from coeruleus.figures.treatments import draw_treatments, treatments

COLUMNS, ROW_MM = 4, 40
LONGEST = 26  # letters of a title


def draw_animals(
    analyte: str,
    samples: pd.DataFrame,
    verdicts: Verdicts,
    events: pd.DataFrame,
    panels: Sequence[Panel],
    directory: Path,
    settings: FigureSettings,
    captions: Mapping[str, str],
) -> Iterator[FigureRecord]:
    probes = list(split(samples, "session_id", "probe_id", "analyte").items())
    named = {panel.label: panel for panel in panels}
    pages = range(0, len(probes), settings.animals_per_page)
    for page, start in enumerate(pages, 1):
        shown = probes[start : start + settings.animals_per_page]
        rows = -(-len(shown) // COLUMNS)
        figure = new_figure(settings.double_column_mm, rows * ROW_MM + 2, settings.card_dpi)
        plotted = Plotted()
        each = settings.double_column_mm / COLUMNS
        for number, (key, part) in enumerate(shown):
            axes = place(figure, number % COLUMNS * each + 11, number // COLUMNS * ROW_MM + 9, each - 13.5, ROW_MM - 18)
            name = _name(samples, part)
            _animal(axes, (key[0], key[1], key[2]), name, part, verdicts, named, plotted)
            draw_treatments(axes, treatments(events, part), " ".join(key[:2]), plotted, settings)
        where = f", page {page} of {len(pages)}" if len(pages) > 1 else ""
        yield save_figure(
            figure,
            directory,
            safe_name("release_animals", analyte, f"{page:02d}"),
            plotted,
            kind="release_animals",
            title=f"{settings.say(analyte)} in each animal{where}",
            caption=caption(captions, "release_animals", f"n = {count(len(shown), 'probe')}"),
            about={"analyte": analyte, "page": str(page)},
            pdf=settings.pdf_of_all,
            colours=128,
        )


def _name(samples: pd.DataFrame, part: pd.DataFrame) -> str:
    """The animal; its session and probe where it has several."""
    animal = part["subject_id"].iloc[0]
    mine = samples[samples["subject_id"] == animal]
    names = [animal] + [part[key].iloc[0] for key in ("session_id", "probe_id") if mine[key].nunique() > 1]
    shown = " · ".join(str(name) for name in names)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def _animal(
    axes: Axes,
    key: Key,
    name: str,
    part: pd.DataFrame,
    verdicts: Verdicts,
    panels: Mapping[str, Panel],
    plotted: Plotted,
) -> None:
    part = part.sort_values("time_min", kind="stable")
    first = records(part)[0]
    time, level, error = (numbers(part, name) for name in ("time_min", "concentration", "concentration_se"))
    against = verdicts.against(key, part)
    colour = GREY if against else panels[first["panel"]].colour
    axes.set_title(f"{printable(name)}\n{printable(panels[first['panel']].said)}", linespacing=1.1)
    unit = first["unit"] or "unit not given"
    y = f"concentration ({unit})"
    baseline = first["baseline"]
    if np.isfinite(baseline):
        axes.axhline(baseline, color=PALE, lw=0.8, zorder=0)
    axes.axvline(0, color=BLACK, lw=0.5, ls=(0, (4, 1.5)), zorder=0)
    bars = np.where(np.isfinite(error), error, 0.0)
    axes.vlines(time, level - bars, level + bars, color=colour, lw=0.5)
    ok = (part["status"] == "ok").to_numpy()
    left_out = (part["status"] == "excluded").to_numpy()
    axes.plot(time, np.where(left_out, np.nan, level), color=colour, lw=0.8, ls=(0, (2, 1.5)) if against else "-")
    in_baseline = (part["in_baseline"] == True).to_numpy()  # noqa: E712
    axes.plot(time[ok], level[ok], "o", color=colour, ms=2.4, mew=0)
    axes.plot(time[~ok & ~left_out], level[~ok & ~left_out], "o", mfc="white", mec=colour, ms=2.4, mew=0.5)
    axes.plot(time[left_out], level[left_out], "x", color=GREY, ms=2.6)
    axes.plot(time[in_baseline], level[in_baseline], "o", mfc="none", mec=BLACK, ms=4.0, mew=0.4)
    lost = ~np.isfinite(level) & np.isfinite(time)
    low, high = span(level, [0.0], margin=0.22)  # a bar that is longer is cut
    axes.plot(time[lost], np.full(lost.sum(), max(low, 0.0)), "v", color=VERMILLION, ms=2.4, mew=0)
    axes.set(xlim=span(time, [0.0], margin=0.04), ylim=(low, high), ylabel=printable(f"{unit}"), xlabel="time (min)")
    fix_labels(axes, left=7.5)
    few_ticks(axes, 4, 3)
    if against:  # below zero, where no course is
        at: dict[str, Any] = {"transform": axes.transAxes, "ha": "right", "va": "bottom"}
        axes.text(1, 0.01, against, size="small", color=VERMILLION, **at)
    plotted.add(
        " ".join(key[:2]),
        str(first["panel"]),
        TIME,
        time,
        y,
        level,
        y_low=level - bars,
        y_high=level + bars,
        item=part["sample_id"].to_list(),
        note=part["status"].to_list(),
    )
