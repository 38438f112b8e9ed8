"""Release and unit rate of one session on one time axis: minutes of the session's bench clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.figures.captions import caption, count
from coeruleus.figures.colours import BLACK, CYCLE, GREY, LABEL_COLOURS, PALE
from coeruleus.figures.drugs import drug_responses
from coeruleus.figures.frames import numbers, span, split, take
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.release_verdicts import TIME
from coeruleus.figures.save import Plotted, save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import (
    DASHES,
    colours_for,
    few_ticks,
    new_figure,
    ordered,
    place,
    printable,
    safe_name,
)
from coeruleus.figures.treatments import EVENTS, Treatment, draw_treatments, treatments
from coeruleus.tables.order import naturally
from coeruleus.tables.release import RELEASE
from coeruleus.tables.sources import RATES, SEGMENT_CLOCK
from coeruleus.tables.units import CLASSIFICATION

UNITS_UP_TO = 12  # lines; beyond, they are drawn thin and without names
LINES_UP_TO = 12  # of release, each with its name; beyond, analytes and probes are named apart
MARKERS = "os^D"  # colours come again after some: then these tell analytes apart


def draw_joint(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    """One figure for each session that has release and units whose segments have a place on its clock."""
    clock = take(tables, SEGMENT_CLOCK)
    clock = clock[np.isfinite(numbers(clock, "start_min"))]
    release = take(tables, RELEASE)
    both = naturally(set(clock["session_id"]) & set(release["session_id"]))
    if not both:
        return
    rates = take(tables, RATES).merge(
        clock[["site_id", "segment", "session_id", "start_min"]], on=["site_id", "segment"], how="inner"
    )
    labels: dict[tuple[str, str], str] = {}
    for site, unit, label in zip(
        *(take(tables, CLASSIFICATION)[n] for n in ("site_id", "unit_id", "label")), strict=True
    ):
        labels.setdefault((site, unit), label)
    events, drugs = (
        tables.get(EVENTS, pd.DataFrame()),
        drug_responses(tables).merge(
            clock[["site_id", "segment", "session_id", "start_min"]], on=["site_id", "segment"], how="inner"
        ),
    )
    for session in both:
        mine, fired, given = (frame[frame["session_id"] == session] for frame in (release, rates, drugs))
        mine = mine[mine.groupby("analyte")["percent_baseline"].transform("count") > 0]
        if len(fired) and len(mine):
            found = treatments(events, mine), _drugs(given)
            yield _session(session, mine, fired, labels, found, directory, settings, captions)


def _drugs(responses: pd.DataFrame) -> list[Treatment]:
    """Drugs of the recordings on the session's clock, each once."""
    onsets = numbers(responses, "start_min") + numbers(responses, "onset") / 60
    found = {(str(name), round(at, 3), round(at, 3)) for name, at in zip(responses["drug"], onsets, strict=True)}
    return sorted(found, key=lambda one: (one[1], one[0]))


def _line(place_: int) -> dict[str, Any]:
    """A line like no other of this figure: dashes, and then widths."""
    return {"ls": DASHES[place_ % len(DASHES)], "lw": 0.9 + 0.4 * (place_ // len(DASHES))}


def _session(
    session: str,
    release: pd.DataFrame,
    rates: pd.DataFrame,
    labels: Mapping[tuple[str, str], str],
    given: tuple[list[Treatment], list[Treatment]],
    directory: Path,
    settings: FigureSettings,
    captions: Mapping[str, str],
) -> FigureRecord:
    width = settings.double_column_mm
    figure = new_figure(width, 94, settings.png_dpi)
    above, below = place(figure, 13, 7, width - 46, 36), place(figure, 13, 49, width - 46, 36)
    plotted = Plotted()
    analytes = ordered(release["analyte"].to_list(), settings.analyte_order)
    colours = colours_for(analytes, settings)
    courses = split(release, "analyte", "probe_id")
    probes = naturally({probe for _, probe in courses})
    apart = len(probes) > 1 and len(courses) > LINES_UP_TO
    marks = {name: MARKERS[place_ // len(CYCLE) % len(MARKERS)] for place_, name in enumerate(analytes)}
    lines = {probe: _line(place_) for place_, probe in enumerate(probes)}
    for analyte, probe in sorted(courses, key=lambda key: analytes.index(key[0])):
        part = courses[analyte, probe].sort_values("time_min", kind="stable")
        time, percent = numbers(part, "time_min"), numbers(part, "percent_baseline")
        name = f"{settings.say(analyte)}, {probe}" if len(probes) > 1 else settings.say(analyte)
        look: dict[str, Any] = {"color": colours[analyte], "marker": marks[analyte], "ms": 2.6, **lines[probe]}
        above.plot(time, percent, label=None if apart else printable(name), **look)
        plotted.add("release", name, TIME, time, "% of baseline", percent, y_low=None, note=part["status"].to_list())
    for analyte in analytes if apart else ():
        look = {"color": colours[analyte], "marker": marks[analyte], "ms": 2.6, "ls": ""}
        above.plot([], [], label=printable(settings.say(analyte)), **look)
    for probe in probes if apart else ():
        above.plot([], [], color=BLACK, label=printable(probe), **lines[probe])
    units = split(rates, "site_id", "unit_id")
    named, of_label = len(units) <= UNITS_UP_TO, Counter[str]()
    for (site, unit), part in units.items():
        part = part.sort_values(["segment", "time_low_s"], kind="stable")
        said = labels.get((site, unit), "not classified")
        colour, place_ = settings.colours.get(said, LABEL_COLOURS.get(said, BLACK)), of_label[said]
        of_label[said] += 1
        # Units of one label have one colour: dashes and widths tell them apart.
        look = {"color": colour, "lw": 0.4}
        if named:
            look |= {"ls": DASHES[place_ % len(DASHES)], "lw": 0.7 + 0.4 * (place_ // len(DASHES))}
        middle = numbers(part, "start_min") + (numbers(part, "time_low_s") + numbers(part, "time_high_s")) / 120
        rate = numbers(part, "rate_hz")
        breaks = np.flatnonzero(np.diff(numbers(part, "segment")) != 0) + 1  # no line across a pause of the recording
        label = printable(f"{site} · {unit}") if named else None
        below.plot(np.insert(middle, breaks, np.nan), np.insert(rate, breaks, np.nan), label=label, **look)
        plotted.add("rate", f"{site} · {unit}", TIME, middle, "rate (Hz)", rate)
    for said, number in sorted(of_label.items()) if not named else ():
        colour = settings.colours.get(said, LABEL_COLOURS.get(said, BLACK))
        below.plot([], [], color=colour, label=printable(f"{settings.say(said)} ({number})"))
    times = span(numbers(release, "time_min"), numbers(rates, "start_min") + numbers(rates, "time_high_s") / 60, [0.0])
    for axes in (above, below):
        axes.axvline(0, color=BLACK, lw=0.6, ls=(0, (4, 1.5)), zorder=0)
        few_ticks(axes, 8, 4)
        axes.set(xlim=times)
        if shown := len(axes.get_legend_handles_labels()[0]):
            axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), ncols=-(-shown // UNITS_UP_TO))
    above.axhline(100, color=PALE, lw=0.6, zorder=0)
    above.set(ylabel="% of baseline")
    above.tick_params(labelbottom=False)
    above.set_title("Release", weight="bold")
    below.set(ylabel="rate (Hz)", ylim=(0, None), xlabel=TIME)
    below.set_title("Firing rate of units", weight="bold", color=BLACK if len(units) else GREY)
    for axes, panel, found in ((above, "release", given[0]), (below, "rate", given[1])):
        draw_treatments(axes, found, panel, plotted, settings)
    samples = release[["probe_id", "sample_id"]].drop_duplicates()
    return save_figure(
        figure,
        directory,
        safe_name("joint", session),
        plotted,
        kind="joint",
        title=f"Release and firing rate in session {session}",
        caption=caption(captions, "joint", f"n = {count(len(samples), 'sample')} and {count(len(units), 'unit')}"),
        about={"session_id": session},
    )
