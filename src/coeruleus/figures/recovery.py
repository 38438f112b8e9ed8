"""Recovery of each probe and what lies outside its membrane, by method, with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.figures.captions import caption, count
from coeruleus.figures.colours import BLUE, GREEN, GREY, VERMILLION
from coeruleus.figures.frames import numbers, records, span, split
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.save import Plotted, save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import (
    few_ticks,
    named_ticks,
    new_figure,
    ordered,
    place,
    printable,
    safe_name,
    say_nothing_to_show,
)
from coeruleus.tables.order import sort_naturally

RECOVERY = "release/recovery"
METHODS = {"in_vitro": (GREY, "in vitro"), "retrodialysis": (BLUE, "retrodialysis"),
           "zero_net_flux": (GREEN, "zero net flux")}  # fmt: skip
LONGEST = 30
PANELS = (("recovery", "recovery (fraction)"), ("extracellular", "outside the membrane"))


def draw_recovery(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    """For each analyte, pages of probes; nothing where recovery was not asked for."""
    recovery = tables.get(RECOVERY, pd.DataFrame())
    if recovery.empty:
        return
    parts = split(recovery, "analyte")
    for analyte in ordered([name for (name,) in parts], settings.analyte_order):
        rows = records(sort_naturally(parts[(analyte,)], ["session_id", "probe_id", "method", "condition"]))
        pages = range(0, len(rows), settings.units_per_page)
        for page, start in enumerate(pages, 1):
            shown = rows[start : start + settings.units_per_page]
            figure, plotted = _draw(shown, settings)
            probes = len({(row["session_id"], row["probe_id"]) for row in shown})
            where = f", page {page} of {len(pages)}" if len(pages) > 1 else ""
            changed = sum(row["changed"] is True for row in shown)
            yield save_figure(
                figure,
                directory,
                safe_name("recovery", analyte, f"{page:02d}"),
                plotted,
                kind="recovery",
                title=f"Recovery of {settings.say(analyte)}{where}",
                caption=caption(
                    captions,
                    "recovery",
                    f"n = {count(probes, 'probe')}",
                    f"Recovery changed under treatment in {count(changed, 'row')} (red)" if changed else "",
                ),
                about={"analyte": analyte},
            )


def _name(row: Mapping[str, Any]) -> str:
    name = f"{row['probe_id']} {row['condition']}" if row["condition"] else str(row["probe_id"])
    return printable(name if len(name) <= LONGEST else name[: LONGEST - 1] + "…")


def _draw(rows: list[dict[str, Any]], settings: FigureSettings) -> tuple[Any, Plotted]:
    height = max(20.0, 4.0 * len(rows))
    scale = settings.double_column_mm / 180
    figure = new_figure(settings.double_column_mm, height + 19, settings.png_dpi)
    plotted = Plotted()
    frame = pd.DataFrame(rows)
    names = [_name(row) for row in rows]
    units = sorted({str(row["unit"]) for row in rows if row["unit"]})
    for number, (what, words) in enumerate(PANELS):
        axes = place(figure, (42 + number * 72) * scale, 3, 60 * scale, height)
        value, low, high = (numbers(frame, f"{what}{end}") for end in ("", "_ci_low", "_ci_high"))
        label = words if what == "recovery" else f"{words} ({', '.join(units)})" if units else words
        if not np.isfinite(value).any():
            say_nothing_to_show(axes, "not estimated")
            continue
        for place_, row in enumerate(rows):
            colour = VERMILLION if row["changed"] is True else METHODS.get(row["method"], (GREY, ""))[0]
            axes.plot([low[place_], high[place_]], [place_, place_], color=colour, lw=0.8)
            axes.plot(value[place_], place_, "o", color=colour, ms=3.2)
        few_ticks(axes, 4, 4)
        named_ticks(axes, "y", names if number == 0 else [""] * len(rows))
        left, right = span(value, [0.0])
        room = right - left
        ends = np.clip(np.concatenate([low, high]), left - room, right + room)
        axes.set(ylim=(len(rows) - 0.5, -0.5), xlim=span(ends, [left, right], margin=0.02), xlabel=printable(label))
        plotted.add(what, "rows", "row", list(range(len(rows))), label, value, y_low=low, y_high=high, item=names,
                    note=[str(row["method"]) for row in rows])  # fmt: skip
    for method in sorted({str(row["method"]) for row in rows}):
        colour, words = METHODS.get(method, (GREY, method))
        figure.axes[0].plot([], [], "o", color=colour, ms=3, label=settings.say(words))
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="lower left", bbox_to_anchor=(0.01, 0.0), ncols=4)
    return figure, plotted
