"""The unit plane: firing rate against half-width of every unit, by label."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from coeruleus.figures.captions import caption, count
from coeruleus.figures.colours import BLACK, LABEL_COLOURS
from coeruleus.figures.frames import numbers, split, take
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.save import Plotted, save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import (
    LABEL_MARKERS,
    few_ticks,
    log_axis,
    new_figure,
    place,
    printable,
    safe_name,
    say_nothing_to_show,
)
from coeruleus.tables.order import naturally
from coeruleus.tables.units import CLASSIFICATION, UNITS

INTERVALS_UP_TO = 80  # units; beyond, error bars hide the points
MOST_IDENTITIES = 6
LONGEST = 22  # letters of an identity for which there is room in two columns
RINGS = ("o", "s", "D", "^")  # one shape per identity that histology or tests found
X, Y = "spontaneous firing rate (Hz)", "half-width of the mean spike (ms)"


def draw_plane(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    """One figure per ruleset: where its labels lie."""
    units = take(tables, UNITS)
    units = units[units["unit_id"].notna()]
    labels = take(tables, CLASSIFICATION)
    for (ruleset,), part in split(labels, "ruleset").items():
        merged = units.merge(part[["site_id", "unit_id", "label", "identity"]], on=["site_id", "unit_id"], how="left")
        yield _draw(merged, ruleset, directory, settings, captions)
    if labels.empty:
        unlabelled = units.assign(label=None, identity=None)
        yield _draw(unlabelled, "none", directory, settings, captions)


def _draw(
    units: pd.DataFrame, ruleset: str, directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> FigureRecord:
    width = settings.single_column_mm
    if units["identity"].nunique() > MOST_IDENTITIES:
        units = units.assign(identity=units["identity"].where(units["identity"].isna(), "identity known"))
    identities = naturally(units["identity"].dropna())
    columns = 1 if any(len(name) > LONGEST for name in identities) else 2
    top = 3.0 + 3.4 * math.ceil((len(LABEL_COLOURS) + len(identities)) / columns)
    figure = new_figure(width, top + 62, settings.png_dpi)
    axes = place(figure, 12, top, width - 15, 51)
    rate, half = numbers(units, "firing_rate_hz"), numbers(units, "half_width_ms")
    shown = np.isfinite(half) & (rate > 0)
    plotted = Plotted()
    label = units["label"].fillna("undetermined").to_numpy()
    names = (units["site_id"] + " " + units["unit_id"]).to_list() if len(units) else []
    low, high = numbers(units, "firing_rate_ci_low_hz"), numbers(units, "firing_rate_ci_high_hz")
    if not shown.any():
        say_nothing_to_show(axes, "no unit with both a firing rate and a half-width")
    else:
        few_ticks(axes)
        log_axis(axes, "x")
        axes.set(xlabel=X, ylabel=Y)
    for name in ("other", "undetermined", "LC-NE"):
        here = shown & (label == name)
        if not here.any():
            continue
        colour = settings.colours.get(name, LABEL_COLOURS[name])
        if shown.sum() <= INTERVALS_UP_TO:
            bars = here & (low > 0) & np.isfinite(high)
            axes.hlines(half[bars], low[bars], high[bars], color=colour, lw=0.5, alpha=0.5)
        size = 3.6 if len(units) <= 100 else 2.4
        said = f"{settings.say(name)} ({here.sum()})"
        axes.plot(rate[here], half[here], LABEL_MARKERS[name], color=colour, ms=size, mec="white", mew=0.3, label=said)
        plotted.add(
            "plane",
            name,
            X,
            rate[here],
            Y,
            half[here],
            item=[name for name, yes in zip(names, here, strict=True) if yes],
        )
    for number, identity in enumerate(identities):
        identified = shown & (units["identity"] == identity).to_numpy()
        if not identified.any():
            continue
        axes.plot(
            rate[identified],
            half[identified],
            RINGS[number % len(RINGS)],
            mfc="none",
            mec=BLACK,
            ms=6.2,
            mew=0.5,
            label=printable(f"{identity} ({identified.sum()})"),
        )
        plotted.add(
            "plane",
            str(identity),
            X,
            rate[identified],
            Y,
            half[identified],
            item=[name for name, yes in zip(names, identified, strict=True) if yes],
        )
    if shown.any():
        figure.legend(*axes.get_legend_handles_labels(), loc="upper left", bbox_to_anchor=(0.09, 0.995), ncols=columns)
    left_out = int((~shown).sum())
    return save_figure(
        figure,
        directory,
        safe_name("unit_plane", ruleset),
        plotted,
        kind="unit_plane",
        title=f"Firing rate and half-width, labelled by {ruleset}",
        caption=caption(
            captions,
            "unit_plane",
            f"n = {count(int(shown.sum()), 'unit')}",
            f"{count(left_out, 'unit')} without rate or half-width not shown" if left_out else "",
        ),
        about={"ruleset": ruleset},
    )
