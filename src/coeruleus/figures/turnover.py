"""Turnover: time course of each arm's ratio of metabolite to transmitter, and its area, drawn as release is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from coeruleus.figures.frames import split, take
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.release import draw_groups
from coeruleus.figures.release_panels import nameless, panels_of, with_panels
from coeruleus.figures.release_verdicts import read_verdicts
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.treatments import EVENTS
from coeruleus.tables.release import TURNOVER, TURNOVER_SUMMARY
from coeruleus.tables.sources import AREAS, COURSES


def draw_turnover(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    """One figure for each ratio that has a number in some sample."""
    samples = take(tables, TURNOVER).rename(columns={"ratio": "analyte"})
    samples = samples[samples.groupby("analyte")["value"].transform("count") > 0]
    summary = take(tables, TURNOVER_SUMMARY).rename(columns={"ratio": "analyte"})
    verdicts = read_verdicts(
        summary.assign(stable=summary["baseline_stable"], n_samples=np.isfinite(summary["basal_concentration"]))
    )
    wanted = {"samples": samples, "courses": take(tables, COURSES), "areas": take(tables, AREAS), "summary": summary}
    named = with_panels(wanted, nameless(samples))
    panels, events = panels_of(named["samples"], settings), tables.get(EVENTS, pd.DataFrame())
    parts = {name: split(frame, "analyte") for name, frame in named.items()}
    for key in parts["samples"]:
        mine = {name: parts[name].get(key, frame[:0]) for name, frame in named.items()}
        yield draw_groups(key[0], mine, verdicts, events, panels, directory, settings, captions, "turnover")
