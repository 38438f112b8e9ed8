"""Found against true, where the truth is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coeruleus.figures.captions import caption, count
from coeruleus.figures.colours import BLUE, GREY
from coeruleus.figures.frames import numbers, span, split, take
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.save import Plotted, save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import few_ticks, fix_labels, new_figure, place, printable, say_nothing_to_show
from coeruleus.tables.sources import TRUTH

COLUMNS, ROWS = 4, 4
LONG_TITLE = 24
MOST_LABELS = 3  # that fit beside each other; more are written out
LETTERS = 48  # in two neighbours among the words under a panel, times the number of words: more are too close


def draw_truth(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    """Pages of panels, one for each quantity: numbers as points about the line of identity, labels as counts."""
    quantities = list(split(take(tables, TRUTH), "quantity").items())
    for start in range(0, len(quantities), COLUMNS * ROWS):
        shown = quantities[start : start + COLUMNS * ROWS]
        page = start // (COLUMNS * ROWS) + 1
        rows = -(-len(shown) // COLUMNS)
        width = settings.double_column_mm
        figure = new_figure(width, rows * 46 + 3, settings.png_dpi)
        plotted = Plotted()
        each = width / COLUMNS
        for number, ((quantity,), part) in enumerate(shown):
            left, top = number % COLUMNS * each, number // COLUMNS * 46
            axes = place(figure, left + 12, top + 6, each - 15, 30)
            fix_labels(axes, left=9.0)
            words = settings.say(quantity)
            axes.set_title(printable(words), size="small" if len(words) > LONG_TITLE else None)
            if part["true_label"].notna().any():
                _labels(axes, quantity, part, plotted)
            else:
                _numbers(axes, quantity, part, plotted)
        yield save_figure(
            figure,
            directory,
            f"truth_{page:02d}",
            plotted,
            kind="truth",
            title="Found against true",
            colours=128,
            caption=caption(captions, "truth", *(f"{quantity}: n = {len(part)}" for (quantity,), part in shown)),
        )


def _numbers(axes: Axes, quantity: str, part: pd.DataFrame, plotted: Plotted) -> None:
    true, found, se = numbers(part, "true"), numbers(part, "found"), numbers(part, "se")
    there = np.isfinite(true) & np.isfinite(found)
    unit = next((str(unit) for unit in part["unit"] if unit is not None), "")
    x_axis, y_axis = (f"{what} ({unit})" if unit else what for what in ("true", "found"))
    if not there.any():
        say_nothing_to_show(axes, "no number was found")
        return
    error = np.where(np.isfinite(se), se, 0.0)
    low, high = span(true[there], found[there])
    axes.plot([low, high], [low, high], color=GREY, lw=0.6, zorder=1)
    axes.vlines(true[there], (found - error)[there], (found + error)[there], color=BLUE, lw=0.4, alpha=0.5)
    axes.plot(true[there], found[there], "o", color=BLUE, ms=2.2, mew=0, alpha=0.7)
    axes.set(xlim=(low, high), ylim=(low, high), xlabel=x_axis, ylabel=y_axis)
    few_ticks(axes)
    missing = int((~there).sum())
    if missing:
        axes.text(1, 0.02, f"{missing} not found", transform=axes.transAxes, ha="right", size="small", color=GREY)
    plotted.add(
        quantity,
        "found",
        x_axis,
        true[there],
        y_axis,
        found[there],
        y_low=(found - error)[there],
        y_high=(found + error)[there],
        item=part["item"][there].to_list(),
    )


def _labels(axes: Axes, quantity: str, part: pd.DataFrame, plotted: Plotted) -> None:
    true, found = part["true_label"].fillna("n/a"), part["found_label"].fillna("n/a")
    rows, columns = sorted(set(true)), sorted(set(found))
    table = pd.crosstab(true, found).reindex(index=rows, columns=columns, fill_value=0)
    if max(len(rows), len(columns)) > MOST_LABELS:
        _list_labels(axes, quantity, table, plotted)
        return
    largest = max(1, int(table.to_numpy().max()))
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5), xlabel="found", ylabel="true")
    if _crowded(columns):
        fix_labels(axes, below=7.0, left=9.0)
    axes.set_xticks(range(len(columns)), _apart(columns, "\n{}"))
    axes.set_yticks(range(len(rows)), _apart(rows, "{}\n"), rotation=90, va="center")
    axes.tick_params(length=0, labelsize="small")
    for row, right in enumerate(rows):
        for column, name in enumerate(columns):
            number = int(table.loc[right, name])
            colour = BLUE if right == name else GREY
            axes.plot(column, row, "s", color=colour, ms=16, mew=0, alpha=0.08 + 0.5 * number / largest)
            axes.text(column, row, str(number), ha="center", va="center")
            plotted.add(
                quantity,
                "count",
                "found",
                column,
                "true",
                row,
                item=f"true {right}, found {name}",
                note=count(number, "item"),
            )


def _crowded(names: Sequence[str]) -> bool:
    return max((len(one) + len(other) for one, other in pairwise(names)), default=0) * len(names) > LETTERS


def _apart(names: Sequence[str], farther: str) -> list[str]:
    """Words along an axis; where they are too close, every other one stands farther from it."""
    shown = [printable(name) for name in names]
    return (
        [farther.format(name) if place % 2 else name for place, name in enumerate(shown)] if _crowded(names) else shown
    )


def _list_labels(axes: Axes, quantity: str, table: pd.DataFrame, plotted: Plotted) -> None:
    """Many labels, a line for each pair that occurs."""
    pairs = [(true, found, int(table.loc[true, found])) for true in table.index for found in table.columns]
    pairs = [pair for pair in pairs if pair[2]]
    axes.set(xlim=(0, 1), ylim=(max(len(pairs), 8), 0))
    axes.axis("off")
    for line, (true, found, number) in enumerate(pairs):
        words = f"{true}: as it is" if true == found else f"{true}: found {found}"
        axes.text(
            0, line, f"{number} × {printable(words)}", va="top", size="small", color=BLUE if true == found else GREY
        )
        plotted.add(quantity, "count", "pair", line, "count", number, item=f"true {true}, found {found}")
