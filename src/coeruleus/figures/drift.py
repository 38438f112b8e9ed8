"""Drift along a run: where each analyte elutes, and how sensitive the electrode is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from coeruleus.figures.captions import caption, count
from coeruleus.figures.colours import BLUE, GREEN, GREY, ORANGE, VERMILLION
from coeruleus.figures.frames import numbers, split, take
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.save import Plotted, save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import few_ticks, fix_labels, new_figure, ordered, place, printable, safe_name
from coeruleus.tables.sources import DRIFT

KINDS = {"standard": ("o", BLUE), "qc": ("s", GREEN), "dialysate": ("o", GREY), "blank": ("^", ORANGE)}
ROW_MM, ANALYTES = 25.0, 9
X = "injection, in run order"


def draw_drift(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    """One figure per run: a row per analyte, retention at the left and sensitivity at the right."""
    for (run,), of_run in split(take(tables, DRIFT), "run").items():
        parts = split(of_run, "analyte")
        analytes = ordered([name for (name,) in parts], settings.analyte_order)
        pages = range(0, len(analytes), ANALYTES)
        for page, start in enumerate(pages, 1):
            shown = analytes[start : start + ANALYTES]
            width = settings.double_column_mm
            figure = new_figure(width, len(shown) * ROW_MM + 17, settings.png_dpi)
            plotted = Plotted()
            each = (width - 36) / 2
            for number, analyte in enumerate(shown):
                part, top = parts[(analyte,)], 12 + number * ROW_MM
                left, right = place(figure, 15, top, each, ROW_MM - 8), place(figure, each + 33, top, each, ROW_MM - 8)
                left.set_title(printable(f"{settings.say(analyte)}, retention"), weight="bold")
                right.set_title(printable(f"{settings.say(analyte)}, sensitivity"), weight="bold")
                _draw(left, part, "retention_time_min", "retention_model_min", "time (min)", plotted)
                _draw(right, part, "sensitivity", "sensitivity_model", "relative", plotted)
            for axes in figure.axes[-2:]:
                axes.set_xlabel(X)
            _key(figure.axes[0], of_run)
            where = f", page {page} of {len(pages)}" if len(pages) > 1 else ""
            yield save_figure(
                figure,
                directory,
                safe_name("drift", run, f"{page:02d}"),
                plotted,
                kind="drift",
                title=f"Drift along {run}{where}",
                caption=caption(captions, "drift", f"n = {count(of_run['injection_id'].nunique(), 'injection')}"),
                about={"run": run, "page": str(page)},
            )


def _key(axes: Axes, drift: pd.DataFrame) -> None:
    present = set(drift["kind"])
    for kind, (marker, colour) in KINDS.items():
        if kind in present:
            axes.plot([], [], marker, color=colour, ms=3, mew=0, label=kind)
    axes.plot([], [], color=VERMILLION, lw=0.9, label="model of the run")
    axes.legend(loc="lower left", bbox_to_anchor=(0.25, 1.22), ncols=5)


def _draw(axes: Axes, part: pd.DataFrame, found: str, model: str, y: str, plotted: Plotted) -> None:
    part = part.sort_values("order", kind="stable")
    analyte = str(part["analyte"].iloc[0])
    order, measured, line = (numbers(part, name) for name in ("order", found, model))
    axes.set(ylabel=y, xlim=(0.0, float(np.nanmax(order, initial=1)) + 1))
    few_ticks(axes, 6, 3)
    fix_labels(axes, left=10.0)
    if not np.isfinite(measured).any():
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", va="center", color=GREY)
        axes.yaxis.set_major_locator(NullLocator())
    kinds = part["kind"].to_numpy()
    for kind, (marker, colour) in KINDS.items():
        here: np.ndarray = (kinds == kind) & np.isfinite(measured)
        many = 1.6 if len(part) <= 150 else 0.9
        size, above = (many, 2) if kind == "dialysate" else (2.6, 3)  # the many stand behind the few
        axes.plot(order[here], measured[here], marker, color=colour, ms=size, mew=0, zorder=above)
        plotted.add(
            f"{analyte}, {y}", kind, X, order[here], y, measured[here], item=part["injection_id"][here].to_list()
        )
    if np.isfinite(line).any():
        axes.plot(order, line, color=VERMILLION, lw=0.7, zorder=1)
        plotted.add(f"{analyte}, {y}", "model of the run", X, order, y, line)
