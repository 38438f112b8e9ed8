"""Zero-net-flux: loss from the perfusate against its concentration, each probe with its points and lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coeruleus.figures.captions import caption, count
from coeruleus.figures.colours import GREY, PALE
from coeruleus.figures.frames import numbers, span, split, take, words
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.save import Plotted, save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import colours_for, few_ticks, new_figure, ordered, place, printable, safe_name
from coeruleus.tables.release import RECOVERY
from coeruleus.tables.sources import FLUX_POINTS

COLUMNS, ROWS = 3, 4
KEY = ("session_id", "probe_id", "analyte")


def draw_net_flux(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    """For each analyte, pages of probes; nothing where no probe was perfused with an analyte."""
    points = take(tables, FLUX_POINTS)
    recovery = take(tables, RECOVERY)
    lines = split(recovery[recovery["method"] == "zero_net_flux"], *KEY)
    by_analyte = split(points, "analyte")
    colours = colours_for(ordered(points["condition"].to_list(), ["baseline"]), settings)
    for analyte in ordered([name for (name,) in by_analyte], settings.analyte_order):
        probes = list(split(by_analyte[(analyte,)], *KEY).items())
        pages = range(0, len(probes), COLUMNS * ROWS)
        for page, start in enumerate(pages, 1):
            shown = probes[start : start + COLUMNS * ROWS]
            where = f", page {page} of {len(pages)}" if len(pages) > 1 else ""
            rows = -(-len(shown) // COLUMNS)
            figure = new_figure(settings.double_column_mm, rows * 47 + 8, settings.png_dpi)
            plotted = Plotted()
            each = settings.double_column_mm / COLUMNS
            for number, (key, part) in enumerate(shown):
                axes = place(figure, number % COLUMNS * each + 13, number // COLUMNS * 47 + 7, each - 17, 34)
                _probe(axes, key, part, lines.get(key, RECOVERY.frame()), colours, plotted)
            present = [name for name in colours if any(name in set(part["condition"]) for _, part in shown)]
            for name in present:
                figure.axes[0].plot([], [], "o-", color=colours[name], ms=3, label=printable(settings.say(name)))
            if len(present) > 1:
                handles = figure.axes[0].get_legend_handles_labels()
                figure.legend(*handles, loc="lower left", bbox_to_anchor=(0.01, 0.0), ncols=6)
            samples = sum(len(part) for _, part in shown)
            yield save_figure(
                figure,
                directory,
                safe_name("net_flux", analyte, f"{page:02d}"),
                plotted,
                kind="net_flux",
                title=f"Zero-net-flux of {settings.say(analyte)}{where}",
                caption=caption(
                    captions, "net_flux", f"n = {count(samples, 'sample')} of {count(len(shown), 'probe')}"
                ),
                about={"analyte": analyte},
            )


def _probe(
    axes: Axes,
    key: tuple[str, ...],
    points: pd.DataFrame,
    lines: pd.DataFrame,
    colours: Mapping[str, str],
    plotted: Plotted,
) -> None:
    unit = next((unit for unit in points["unit"] if unit is not None), None)
    in_unit = f" ({unit})" if unit else ""
    x_axis, y_axis = f"perfused{in_unit}", f"perfused − collected{in_unit}"
    name = key[0] if key[0] == key[1] else f"{key[0]} {key[1]}"
    axes.axhline(0, color=PALE, lw=0.6, zorder=0)
    fits = {row["condition"]: row for row in lines.to_dict("records")}
    said: list[tuple[str, str]] = []
    outsides: list[float] = []
    intervals: list[float] = []
    for (condition,), part in split(points, "condition").items():
        part = part.sort_values(["perfused", "sample_id"], kind="stable")
        colour, fit = colours[condition], fits.get(condition, {})
        perfused, lost, fitted = (numbers(part, column) for column in ("perfused", "lost", "fitted"))
        axes.plot(perfused, lost, "o", color=colour, ms=2.8, mew=0, alpha=0.7)
        axes.plot(perfused, fitted, "-", color=colour, lw=0.9)
        plotted.add(name, f"samples, {condition}", x_axis, perfused, y_axis, lost, item=part["sample_id"].to_list())
        plotted.add(name, f"regression, {condition}", x_axis, perfused, y_axis, fitted)
        outside = float(fit.get("extracellular", np.nan))
        low, high = (float(fit.get(f"extracellular_ci_{end}", np.nan)) for end in ("low", "high"))
        if np.isfinite(outside):
            axes.plot([low, high], [0, 0], color=colour, lw=2.2, solid_capstyle="butt", alpha=0.5)
            axes.plot(outside, 0, "D", mfc="white", mec=colour, ms=3.6, mew=0.8)
            note = f"95 % interval {words(low)} to {words(high)}; recovery {words(fit['recovery'])}"
            plotted.add(name, f"outside the membrane, {condition}", x_axis, [outside], y_axis, [0.0], note=note)
            outsides.append(outside)
            intervals += [low, high]
            said.append((colour, f"recovery {words(fit['recovery'], 2)}, outside {words(outside, 3, unit or '')}"))
        else:
            said.append((GREY, f"{condition}: no line"))
    axes.set_title(printable(name), weight="bold")
    for line, (colour, text) in enumerate(said[:3]):
        axes.text(0.02, 0.98 - 0.085 * line, printable(text), transform=axes.transAxes, va="top", size="small",
                  color=colour)  # fmt: skip
    low, high = span(numbers(points, "lost"), numbers(points, "fitted"), [0.0], margin=0.06)
    left, right = span(numbers(points, "perfused"), outsides)
    ends = np.clip(intervals, left - (right - left) / 2, right + (right - left) / 2)  # cut at the edge
    axes.set(
        xlim=span(ends, [left, right], margin=0.03),
        xlabel=printable(x_axis),
        ylabel=printable(y_axis),
        ylim=(low, high + 0.1 * len(said[:3]) * (high - low)),
    )
    few_ticks(axes, 4, 4)
