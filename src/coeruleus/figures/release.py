"""Release: time course of each group over its animals, area under the curve, and each animal by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coeruleus.figures.captions import caption, count
from coeruleus.figures.colours import BLACK, GREY, PALE
from coeruleus.figures.frames import numbers, records, span, split, take
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.release_animals import draw_animals
from coeruleus.figures.release_verdicts import TIME, Verdicts, read_verdicts
from coeruleus.figures.save import Plotted, save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import (
    colours_for,
    few_ticks,
    named_ticks,
    new_figure,
    ordered,
    place,
    printable,
    safe_name,
    say_nothing_to_show,
)
from coeruleus.figures.treatments import EVENTS, draw_treatments, treatments
from coeruleus.tables.release import BASELINES, RELEASE, SUMMARY
from coeruleus.tables.sources import COURSES

PERCENT = "% of baseline"
NO_GROUP, EVERYONE = "no group", "all animals"
GROUPS_PER_ROW = 4
ROOM_FOR_NAMES = 24  # letters that stand side by side under the areas


def draw_release(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    """For each analyte: the groups' courses with their areas, then pages of single animals."""
    samples = take(tables, RELEASE)
    nameless = NO_GROUP if samples["group"].notna().any() else EVERYONE
    samples = samples.assign(group=samples["group"].fillna(nameless))
    verdicts = read_verdicts(take(tables, BASELINES))
    courses = split(take(tables, COURSES).assign(group=lambda frame: frame["group"].fillna(nameless)), "analyte")
    summaries = split(take(tables, SUMMARY).assign(group=lambda frame: frame["group"].fillna(nameless)), "analyte")
    by_analyte = split(samples, "analyte")
    groups = ordered(samples["group"].to_list(), settings.group_order)
    colours = colours_for(groups, settings)
    for analyte in ordered([name for (name,) in by_analyte], settings.analyte_order):
        part = by_analyte[(analyte,)]
        course = courses.get((analyte,), COURSES.frame())
        summary = summaries.get((analyte,), SUMMARY.frame())
        events = tables.get(EVENTS, pd.DataFrame())
        yield _groups(analyte, part, course, summary, verdicts, events, groups, colours, directory, settings, captions)
        yield from draw_animals(analyte, part, verdicts, colours, directory, settings, captions)


def _groups(
    analyte: str,
    samples: pd.DataFrame,
    courses: pd.DataFrame,
    summary: pd.DataFrame,
    verdicts: Verdicts,
    events: pd.DataFrame,
    groups: Sequence[str],
    colours: Mapping[str, str],
    directory: Path,
    settings: FigureSettings,
    captions: Mapping[str, str],
) -> FigureRecord:
    width = settings.double_column_mm
    panels = len(groups)
    columns = min(panels + 1, GROUPS_PER_ROW)
    rows = -(-(panels + 1) // columns)
    figure = new_figure(width, rows * 56 + 2, settings.png_dpi)
    each = width / columns
    plotted = Plotted()
    limits = _percent_limits(samples, courses)
    times = span(numbers(samples, "time_min"), [0.0], margin=0.04)
    counts: list[str] = []
    for number, group in enumerate([*groups, None]):
        axes = place(figure, number % columns * each + 12, number // columns * 56 + 8, each - 15, 36)
        if group is None:
            _areas(axes, summary, verdicts, samples, groups, colours, plotted, settings)
            continue
        mine = samples[samples["group"] == group]
        course = courses[courses["group"] == group]
        _course(axes, mine, course, verdicts, colours[group], plotted, settings)
        animals = mine["subject_id"].nunique()
        inside = int(np.nanmax(numbers(course, "n_subjects"), initial=0))
        counts.append(f"{settings.say(group)}: n = {count(animals, 'animal')}, {inside} in the mean")
        axes.set_title(printable(f"{settings.say(group)} (n = {inside})"), weight="bold", color=colours[group])
        given = treatments(events, set(mine["subject_id"]), set(mine["probe_id"]))
        high = limits[1] + 0.12 * min(len({name for name, *_ in given}), 4) * (limits[1] - limits[0])
        axes.set(xlim=times, ylim=(limits[0], high), xlabel=TIME, ylabel=PERCENT)
        draw_treatments(axes, given, group, plotted, settings)
    return save_figure(
        figure,
        directory,
        safe_name("release", analyte),
        plotted,
        kind="release",
        title=f"Release of {settings.say(analyte)}",
        caption=caption(captions, "release", *counts),
        about={"analyte": analyte},
    )


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
    colour: str,
    plotted: Plotted,
    settings: FigureSettings,
) -> None:
    axes.axhline(100, color=PALE, lw=0.6, zorder=0)
    axes.axvline(0, color=BLACK, lw=0.6, ls=(0, (4, 1.5)), zorder=0)
    group = str(samples["group"].iloc[0]) if len(samples) else ""
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
    if not np.isfinite(mean).any():
        why = "no mean" if np.isfinite(numbers(samples, "percent_baseline")).any() else "no animal has a baseline"
        axes.text(0.5, 0.92, why, transform=axes.transAxes, ha="center", va="top", color=GREY, backgroundcolor="white")
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


def _areas(
    axes: Axes,
    summary: pd.DataFrame,
    verdicts: Verdicts,
    samples: pd.DataFrame,
    groups: Sequence[str],
    colours: Mapping[str, str],
    plotted: Plotted,
    settings: FigureSettings,
) -> None:
    low, high = numbers(summary, "auc_at_least"), numbers(summary, "auc_at_most")
    # The same number twice where the area is known, else bounds, of which the upper one may be missing.
    area = numbers(summary, "auc_percent_min")
    low, high = np.where(np.isfinite(area), area, low), np.where(np.isfinite(area), area, high)
    summary = summary.assign(low=low, high=np.where(np.isfinite(high), high, low))
    axes.set_title("Area under the curve", weight="bold")
    if not np.isfinite(low).any():
        say_nothing_to_show(axes, "no area could be computed")
        return
    missed = set(samples.loc[samples["placement"] == "miss", "probe_id"])
    y = "area above 100 % (% min)"
    axes.axhline(0, color=PALE, lw=0.6, zorder=0)
    for place_, group in enumerate(groups):
        mine = [row for row in records(summary) if row["group"] == group and np.isfinite(row["low"])]
        mine.sort(key=lambda row: (row["low"], row["session_id"], row["probe_id"]))
        spread = min(0.6 if len(mine) <= 40 else 0.8, 0.12 * (len(mine) - 1)) if len(mine) > 1 else 0.0
        size = 3.4 if len(mine) <= 40 else 2.2
        for number, row in enumerate(mine):
            step = (0.5 + number * 0.618034) % 1  # neighbours in value stand apart, in no pattern
            at = place_ + spread * (step - 0.5)
            key = (row["session_id"], row["probe_id"], row["analyte"])
            bad = "probe missed" if row["probe_id"] in missed else verdicts.unstable.get(key)
            look: dict[str, Any] = {"mfc": "none", "mec": GREY} if bad else {"mfc": colours[group], "mec": "white"}
            known, bounds = np.isfinite(row["auc_percent_min"]), {"y_low": row["low"], "y_high": row["high"]}
            if known:
                axes.plot(at, row["low"], "o", ms=size, mew=0.6 if bad else 0.3, **look)
            else:
                axes.plot([at, at], [row["low"], row["high"]], color=GREY if bad else colours[group], lw=1.4)
                if not np.isfinite(row["auc_at_most"]):
                    axes.plot(at, row["low"], "^", ms=size, **look)  # at least this
            plotted.add(
                "area",
                group,
                "group",
                float(place_),
                y,
                row["auc_percent_min"],
                item=row["subject_id"],
                note=bad or ("" if known else "only known between bounds"),
                **({} if known else bounds),
            )
    few_ticks(axes, 4, 5)
    names = [printable(settings.say(group)) for group in groups]
    named_ticks(axes, "x", names, rotation=0 if sum(map(len, names)) <= ROOM_FOR_NAMES else 30)
    axes.set(xlim=(-0.6, len(groups) - 0.4), ylabel=y, ylim=span(low, summary["high"].to_numpy(), [0.0]))
