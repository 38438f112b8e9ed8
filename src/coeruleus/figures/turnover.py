"""Turnover: time course of each arm's ratio of metabolite to transmitter, and its area, drawn as release is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from coeruleus.figures.frames import take
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.release import by_analyte, draw_groups
from coeruleus.figures.release_verdicts import read_verdicts
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.treatments import EVENTS
from coeruleus.tables.release import TURNOVER, TURNOVER_SUMMARY


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
    events = tables.get(EVENTS, pd.DataFrame())
    for ratio, mine, panels in by_analyte(tables, samples, summary, settings):
        title = f"Turnover, {settings.say(ratio)}"
        yield draw_groups("turnover", title, ratio, mine, verdicts, events, panels, directory, settings, captions)
