"""Doses in a row: the rate of each unit under each dose, and the dose that halves it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coeruleus.figures.captions import caption, count
from coeruleus.figures.colours import BLACK, GREY, LABEL_COLOURS, PALE
from coeruleus.figures.drugs import drug_responses, labels_of_units
from coeruleus.figures.frames import numbers, p_words, records, span, split, take, words
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.save import Plotted, save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import few_ticks, fix_labels, log_axis, new_figure, place, printable, safe_name
from coeruleus.tables.units import DOSES

COLUMNS, ROWS = 3, 4  # panels of a page
PANEL_MM, ROW_MM, TOP_MM = (44.0, 26.0), 42.0, 10.0
LONGEST = 30  # characters of a unit's name that are shown
HALF = 50.0
LABEL = "rate (% of before)"


def draw_doses(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    """For each drug given in several doses, pages of units in order of units.tsv."""
    labels = labels_of_units(tables)
    given = drug_responses(tables)
    of_unit = split(given, "site_id", "unit_id", "drug")
    for (drug,), series in split(take(tables, DOSES), "drug").items():
        every = [
            (row, _doses_of(row, series, of_unit.get((row["site_id"], row["unit_id"], drug), given.iloc[:0])))
            for row in records(series)
        ]
        drawn = [(row, doses) for row, doses in every if len(doses) > 1]
        pages = range(0, len(drawn), COLUMNS * ROWS)
        for page, start in enumerate(pages, 1):
            shown = drawn[start : start + COLUMNS * ROWS]
            figure, plotted = _draw(shown, labels, settings)
            left_out = len(every) - len(drawn)
            yield save_figure(
                figure,
                directory,
                safe_name("dose_response", drug, f"{page:02d}"),
                plotted,
                kind="dose_response",
                title=f"Doses of {settings.say(drug)}" + (f", page {page} of {len(pages)}" if len(pages) > 1 else ""),
                caption=caption(
                    captions,
                    "dose_response",
                    f"n = {count(len(shown), 'series', 'series')} of doses",
                    f"{left_out} without rates under two doses not shown" if left_out else "",
                ),
                about={"drug": drug},
            )


def _doses_of(row: Mapping[str, Any], series: pd.DataFrame, doses: pd.DataFrame) -> pd.DataFrame:
    """Doses of one series with a rate: those counted from its first one to the first one of the unit's next."""

    def place_of(frame: pd.DataFrame) -> pd.Series:
        return pd.Series(list(zip(frame["segment"], frame["onset"], strict=True)), index=frame.index, dtype=object)

    begun = (row["segment"], row["onset"])
    own = series[(series["site_id"] == row["site_id"]) & (series["unit_id"] == row["unit_id"])]
    later = [place for place in place_of(own) if place > begun]
    given = place_of(doses)
    inside = given.map(lambda place: place >= begun and not any(place >= other for other in later)).astype(bool)
    known = doses["counted_dose"].notna() & doses["response_rate_hz"].notna()
    return doses[inside & known] if row["baseline_rate_hz"] > 0 else doses.iloc[:0]


def _draw(
    shown: list[tuple[dict[str, Any], pd.DataFrame]], labels: Mapping[tuple[str, str], str], settings: FigureSettings
) -> tuple[Any, Plotted]:
    rows = -(-len(shown) // COLUMNS)
    scale = settings.double_column_mm / 180
    figure = new_figure(settings.double_column_mm, TOP_MM + rows * ROW_MM + 2, settings.png_dpi)
    plotted = Plotted()
    for index, (row, doses) in enumerate(shown):
        across, down = index % COLUMNS, index // COLUMNS
        width, height = PANEL_MM
        axes = place(figure, (13 + across * 57) * scale, TOP_MM + down * ROW_MM, width * scale, height)
        label = labels.get((row["site_id"], row["unit_id"]), "undetermined")
        _panel(axes, row, doses, settings.colours.get(label, LABEL_COLOURS.get(label, BLACK)), plotted)
        if across:
            axes.set_ylabel("")
    first = figure.axes[0]
    first.plot([], [], "o-", color=BLACK, lw=0.7, ms=3, label="rate, 95 % interval of the change")
    first.plot([], [], "o", mfc="white", mec=BLACK, mew=0.6, ms=3, label="rate not steady before, or too little time")
    first.plot([], [], "D-", color=BLACK, lw=1.0, ms=3, label="dose that halves it, 95 % interval")
    figure.legend(*first.get_legend_handles_labels(), loc="lower left", bbox_to_anchor=(0.01, 0.0), ncols=3)
    return figure, plotted


def _panel(axes: Axes, row: Mapping[str, Any], doses: pd.DataFrame, colour: str, plotted: Plotted) -> None:
    """One unit: rates as per cent of that before the first dose, and the dose that halves it."""
    dose, tested = numbers(doses, "counted_dose"), numbers(doses, "from_first_dose_percent")
    low, high = (100 + numbers(doses, f"from_first_dose_percent_ci_{end}") for end in ("low", "high"))
    high = np.where(np.isfinite(low) & np.isnan(high), np.inf, high)  # drift leaves no upper end
    known = np.isfinite(numbers(doses, "from_first_dose_p"))
    left = np.where(
        np.isfinite(tested), 100 + tested, 100 * numbers(doses, "response_rate_hz") / row["baseline_rate_hz"]
    )
    top = span(left, [0.0, 100.0], margin=0.08)[1]
    limits = (0.0, span(np.clip(high, 0, top * 1.5), [0.0, top], margin=0.03)[1])
    room = float(np.log(dose.max() / dose.min())) * 0.12 or 0.5
    ends = dose.min() * np.exp(-room), dose.max() * np.exp(room)
    axes.axhline(100, color=PALE, lw=0.7, zorder=0)
    axes.axhline(HALF, color=PALE, lw=0.5, ls=(0, (4, 2)), zorder=0)
    for x, bottom, end in zip(dose, np.clip(low, *limits), np.clip(high, *limits), strict=True):
        axes.plot([x, x], [bottom, end], color=colour, lw=0.7)
    order = np.argsort(dose, kind="stable")
    axes.plot(dose[order], left[order], "-", color=colour, lw=0.5, alpha=0.6)
    for x, y, is_known in zip(dose, left, known, strict=True):
        axes.plot(x, y, "o", ms=3.2, mfc=colour if is_known else "white", mec=colour, mew=0.6)
    half = row["ed50"]
    if np.isfinite(half):
        around = [np.nan_to_num(row["ed50_ci_low"], nan=ends[0]), np.nan_to_num(row["ed50_ci_high"], nan=ends[1])]
        axes.plot(around, [HALF, HALF], color=BLACK, lw=1.0)
        axes.plot(half, HALF, "D", ms=3.2, color=BLACK)
    axes.set(xlim=ends, ylim=limits, ylabel=LABEL)
    few_ticks(axes, 4, 4)
    log_axis(axes, "x")
    unit = printable(row["dose_unit"] or "")
    each = "dose" if row["counted"] == "each" else "dose so far"
    axes.set_xlabel(f"{each} ({unit})" if unit else each)
    fix_labels(axes)
    name = f"{row['site_id']} · {row['unit_id']}"
    axes.set_title(printable(name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"), weight="bold", loc="left")
    said = f"{words(row['baseline_rate_hz'], 2, 'Hz')} before, {p_words(row['p_value'])}"
    axes.text(0.03, 0.04, said, transform=axes.transAxes, va="bottom", color=GREY)
    x_axis = f"{each} ({unit})"
    plotted.add(name, "rate under each dose", x_axis, dose, LABEL, left, y_low=low, y_high=high)
    if np.isfinite(half):
        plotted.add(name, "dose that halves the rate", x_axis, [half], LABEL, [HALF])
        interval = [row["ed50_ci_low"]], [row["ed50_ci_high"]]
        plotted.add(name, "its 95 % interval", x_axis, interval[0], LABEL, [HALF], x_high=interval[1])
