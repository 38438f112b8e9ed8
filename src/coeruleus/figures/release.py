"""Release: time course of each group over its animals, area under the curve, and each animal by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coeruleus.figures.captions import caption, count
from coeruleus.figures.colours import BLACK, GREY, PALE
from coeruleus.figures.frames import numbers, span, split, take
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.release_animals import draw_animals
from coeruleus.figures.release_areas import draw_areas
from coeruleus.figures.release_panels import Panel, panels_of, with_panels
from coeruleus.figures.release_verdicts import TIME, Verdicts, nameless, read_verdicts
from coeruleus.figures.save import Plotted, save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import (
    few_ticks,
    new_figure,
    ordered,
    place,
    printable,
    safe_name,
)
from coeruleus.figures.treatments import EVENTS, draw_treatments, treatments
from coeruleus.tables.release import BASELINES, RELEASE, SUMMARY
from coeruleus.tables.sources import AREAS, COURSES

PERCENT = "% of baseline"
GROUPS_PER_ROW = 4
BLANK = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}


def draw_release(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    """For each analyte: the arms' courses with their areas, then pages of single animals."""
    verdicts, events = read_verdicts(take(tables, BASELINES)), tables.get(EVENTS, pd.DataFrame())
    for analyte, mine, panels in by_analyte(tables, take(tables, RELEASE), take(tables, SUMMARY), settings):
        title = f"Release of {settings.say(analyte)}"
        yield draw_groups("release", title, analyte, mine, verdicts, events, panels, directory, settings, captions)
        yield from draw_animals(analyte, mine["samples"], verdicts, events, panels, directory, settings, captions)


def by_analyte(
    tables: Mapping[str, pd.DataFrame], samples: pd.DataFrame, summary: pd.DataFrame, settings: FigureSettings
) -> Iterator[tuple[str, dict[str, pd.DataFrame], list[Panel]]]:
    """Each analyte or ratio of `samples`: its samples, courses, areas and summary, and the panels of all."""
    whole = {"samples": samples, "courses": take(tables, COURSES), "areas": take(tables, AREAS), "summary": summary}
    named = with_panels(whole, nameless(samples))
    panels = panels_of(named["samples"], settings)
    parts = {name: split(frame, "analyte") for name, frame in named.items()}
    for analyte in ordered([name for (name,) in parts["samples"]], settings.analyte_order):
        yield analyte, {name: parts[name].get((analyte,), frame[:0]) for name, frame in named.items()}, panels


def draw_groups(
    kind: str,
    title: str,
    analyte: str,
    tables: Mapping[str, pd.DataFrame],
    verdicts: Verdicts,
    events: pd.DataFrame,
    panels: Sequence[Panel],
    directory: Path,
    settings: FigureSettings,
    captions: Mapping[str, str],
) -> FigureRecord:
    """Courses and areas of all groups, of one analyte, or of a ratio in the same columns."""
    samples, courses = tables["samples"], tables["courses"]
    width = settings.double_column_mm
    columns = min(len(panels) + 1, GROUPS_PER_ROW)
    rows = -(-(len(panels) + 1) // columns)
    figure = new_figure(width, rows * 56 + 2, settings.png_dpi)
    each = width / columns
    plotted = Plotted()
    limits = _percent_limits(samples, courses)
    times = span(numbers(samples, "time_min"), [0.0], margin=0.04)
    counts: list[str] = []
    for number, panel in enumerate([*panels, None]):
        axes = place(figure, number % columns * each + 12, number // columns * 56 + 8, each - 15, 36)
        if panel is None:
            draw_areas(axes, tables, verdicts, panels, plotted)
            continue
        mine, course = (frame[frame["panel"] == panel.label] for frame in (samples, courses))
        _course(axes, mine, course, verdicts, panel, plotted)
        animals = mine["subject_id"].nunique()
        inside = int(np.nanmax(numbers(course, "n_subjects"), initial=0))
        counts.append(f"{panel.said}: n = {count(animals, 'animal')}, {inside} in the mean")
        axes.set_title(printable(f"{panel.said} (n = {inside})"), weight="bold", color=panel.colour)
        given = treatments(events, mine)
        axes.set(xlim=times, ylim=limits, xlabel=TIME, ylabel=PERCENT)
        if not np.isfinite(numbers(course, "mean_percent")).any():
            some = np.isfinite(numbers(mine, "percent_baseline")).any()
            _say_below(axes, "no mean" if some else "no animal has a baseline")
        draw_treatments(axes, given, panel.label, plotted, settings)
    return save_figure(
        figure,
        directory,
        safe_name(kind, analyte),
        plotted,
        kind=kind,
        title=title,
        caption=caption(captions, kind, *counts),
        about={"analyte": analyte, "arms": json.dumps({one.arm: (one.arm_said, one.colour) for one in panels})},
    )


def _say_below(axes: Axes, words: str) -> None:
    """Words under all that is drawn, but over the line of the treatment."""
    low, high = axes.get_ylim()
    axes.set_ylim(low - 0.12 * (high - low), high)
    axes.text(0.5, 0.01, words, transform=axes.transAxes, ha="center", va="bottom", color=GREY, bbox=BLANK)


def _percent_limits(samples: pd.DataFrame, courses: pd.DataFrame) -> tuple[float, float]:
    """All animals and means, and intervals as far as they go beyond by the same height again."""
    low, high = span(numbers(samples, "percent_baseline"), numbers(courses, "mean_percent"), [100.0])
    ends = np.concatenate([numbers(courses, "ci_low"), numbers(courses, "ci_high")])
    return span(np.clip(ends, low - (high - low), high + (high - low)), [low, high], margin=0.0)


def _course(
    axes: Axes,
    samples: pd.DataFrame,
    course: pd.DataFrame,
    verdicts: Verdicts,
    panel: Panel,
    plotted: Plotted,
) -> None:
    group, colour = panel.label, panel.colour
    axes.axhline(100, color=PALE, lw=0.6, zorder=0)
    axes.axvline(0, color=BLACK, lw=0.6, ls=(0, (4, 1.5)), zorder=0)
    courses = split(samples, "session_id", "probe_id", "analyte")
    pale = 0.5 if len(courses) <= 12 else 0.3 if len(courses) <= 30 else 0.15  # many must not hide their mean
    for key, rows in courses.items():
        rows = rows.sort_values("time_min", kind="stable")
        against = verdicts.against((key[0], key[1], key[2]), rows)
        time, percent = numbers(rows, "time_min"), numbers(rows, "percent_baseline")
        left_out = (rows["status"] == "excluded").to_numpy()
        line = np.where(left_out, np.nan, percent)
        dashes: dict[str, Any] = (
            {"color": GREY, "ls": (0, (2, 1.5)), "lw": 0.6} if against else {"color": colour, "lw": 0.5, "alpha": pale}
        )
        axes.plot(time, line, **dashes)
        uncertain = (rows["status"] != "ok").to_numpy() & ~left_out
        axes.plot(time[uncertain], percent[uncertain], "o", mfc="white", mec=dashes["color"], ms=1.8, mew=0.4)
        axes.plot(time[left_out], percent[left_out], "x", color=GREY, ms=2.2, mew=0.5)
        plotted.add(
            group,
            against or "animal",
            TIME,
            time,
            PERCENT,
            percent,
            item=str(rows["subject_id"].iloc[0]),
            note=rows["status"].to_list(),
        )
    time, mean = numbers(course, "time_min"), numbers(course, "mean_percent")
    low, high = numbers(course, "ci_low"), numbers(course, "ci_high")
    axes.fill_between(time, low, high, color=colour, alpha=0.3, lw=0, zorder=2.5)
    axes.plot(time, mean, color="white", lw=2.3, zorder=2.9)
    axes.plot(time, mean, color=colour, lw=1.3, marker="o", ms=2.6, mew=0, zorder=3)
    few_ticks(axes, 5, 5)
    animals = numbers(course, "n_subjects")
    plotted.add(
        group,
        "mean and 95 % interval",
        TIME,
        time,
        PERCENT,
        mean,
        y_low=low,
        y_high=high,
        note=[f"n = {int(n)}" if np.isfinite(n) else "n n/a" for n in animals],
    )
