"""Turnover: time course of each group's ratio of metabolite to transmitter, and its area, drawn as release is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from coeruleus.figures.frames import split, take
from coeruleus.figures.release import EVERYONE, NO_GROUP, draw_groups
from coeruleus.figures.release_verdicts import read_verdicts
from coeruleus.figures.save import FigureRecord
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import colours_for, ordered
from coeruleus.figures.treatments import EVENTS
from coeruleus.tables.release import TURNOVER, TURNOVER_SUMMARY
from coeruleus.tables.sources import COURSES


def draw_turnover(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    """One figure for each ratio that has a number in some sample."""
    samples = take(tables, TURNOVER).rename(columns={"ratio": "analyte"})
    samples = samples[samples.groupby("analyte")["value"].transform("count") > 0]
    nameless = NO_GROUP if samples["group"].notna().any() else EVERYONE
    samples, summary, courses = (
        frame.assign(group=frame["group"].fillna(nameless))
        for frame in (
            samples,
            take(tables, TURNOVER_SUMMARY).rename(columns={"ratio": "analyte"}),
            take(tables, COURSES),
        )
    )
    verdicts = read_verdicts(
        summary.assign(stable=summary["baseline_stable"], n_samples=np.isfinite(summary["basal_concentration"]))
    )
    groups = ordered(samples["group"].to_list(), settings.group_order)
    colours, events = colours_for(groups, settings), tables.get(EVENTS, pd.DataFrame())
    of_courses, of_summaries = split(courses, "analyte"), split(summary, "analyte")
    for key, part in split(samples, "analyte").items():
        course, areas = of_courses.get(key, COURSES.frame()), of_summaries.get(key, summary.iloc[:0])
        yield draw_groups(
            key[0], part, course, areas, verdicts, events, groups, colours, directory, settings, captions, "turnover"
        )
