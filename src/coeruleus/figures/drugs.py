"""Responses to drugs: the rate of each unit before and after, and the change with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.experiment.conditions import NAMELESS
from coeruleus.figures.captions import caption, count
from coeruleus.figures.colours import BLACK, GREY, LABEL_COLOURS, PALE
from coeruleus.figures.frames import numbers, records, span, split, take
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.save import Plotted, save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import (
    few_ticks,
    log_axis,
    named_ticks,
    new_figure,
    place,
    printable,
    safe_name,
    say_nothing_to_show,
)
from coeruleus.tables.units import CLASSIFICATION, DRUG_RESPONSES

NAMED_UP_TO = 40  # units; beyond, rows of changes carry no names
LONGEST = 26
BELOW = 0.28  # rows between the change over the usual time and that over a long one
LEAST_HZ = 0.01  # where a rate of 0 stands on the logarithmic axis


def drug_responses(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The table, with a word for a drug that has no name."""
    responses = take(tables, DRUG_RESPONSES)
    return responses.assign(drug=responses["drug"].astype(object).fillna(NAMELESS))


def labels_of_units(tables: Mapping[str, pd.DataFrame]) -> dict[tuple[str, str], str]:
    """The label of each unit by the first ruleset."""
    labels: dict[tuple[str, str], str] = {}
    for row in records(take(tables, CLASSIFICATION)):
        labels.setdefault((row["site_id"], row["unit_id"]), row["label"])
    return labels


def draw_drugs(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    """For each drug, pages of units ordered by how much their rate changed."""
    labels = labels_of_units(tables)
    for (drug,), of_drug in split(drug_responses(tables), "drug").items():
        known = np.isfinite(numbers(of_drug, "baseline_rate_hz")) & np.isfinite(numbers(of_drug, "response_rate_hz"))
        measured = of_drug[known].sort_values(
            ["percent_change", "site_id", "unit_id", "segment", "onset"], kind="stable"
        )
        pages = range(0, max(1, len(measured)), settings.units_per_page)
        for page, start in enumerate(pages, 1):
            shown = measured.iloc[start : start + settings.units_per_page]
            where = f", page {page} of {len(pages)}" if len(pages) > 1 else ""
            figure, plotted = _draw(shown, labels, settings)
            left_out = len(of_drug) - len(measured)
            yield save_figure(
                figure,
                directory,
                safe_name("drug_response", drug, f"{page:02d}"),
                plotted,
                kind="drug_response",
                title=f"Rate before and after {settings.say(drug)}{where}",
                caption=caption(
                    captions,
                    "drug_response",
                    f"n = {count(len(shown), 'response')} of {count(_units(shown), 'unit')}",
                    f"{count(left_out, 'response')} without a rate before and after not shown" if left_out else "",
                ),
                about={"drug": drug},
            )


def _units(frame: pd.DataFrame) -> int:
    return len(frame[["site_id", "unit_id"]].drop_duplicates())


def _draw(shown: pd.DataFrame, labels: Mapping[tuple[str, str], str], settings: FigureSettings) -> tuple[Any, Plotted]:
    named = len(shown) <= NAMED_UP_TO
    height = max(42.0, len(shown) * (3.2 if named else 1.4))
    figure = new_figure(settings.double_column_mm, height + 20, settings.png_dpi)
    scale = settings.double_column_mm / 180
    pairs = place(figure, 13 * scale, 9, 48 * scale, min(height, 60))
    changes = place(figure, (112 if named else 82) * scale, 9, 62 * scale, height)
    plotted = Plotted()
    if shown.empty:
        say_nothing_to_show(pairs, "no unit has a rate before and after")
        changes.set_axis_off()
        return figure, plotted
    before, after = (np.maximum(numbers(shown, f"{when}_rate_hz"), LEAST_HZ) for when in ("baseline", "response"))
    names = [f"{row['site_id']} · {row['unit_id']}" for row in records(shown)]
    colours = [
        settings.colours.get(label, LABEL_COLOURS.get(label, BLACK))
        for label in (labels.get((row["site_id"], row["unit_id"]), "undetermined") for row in records(shown))
    ]
    change, low, high = (numbers(shown, f"percent_change{end}") for end in ("", "_ci_low", "_ci_high"))
    longer, long_low, long_high = (numbers(shown, f"percent_change_long{end}") for end in ("", "_ci_low", "_ci_high"))
    limits = _limits(np.r_[change, longer], np.r_[low, long_low], np.r_[high, long_high])
    changes.axvline(0, color=PALE, lw=0.6, zorder=0)
    for row, colour in enumerate(colours):
        steady = shown["baseline_stable"].iloc[row] is True
        look: dict[str, Any] = {"mfc": colour if steady else "white", "mec": colour, "mew": 0.6}
        pairs.plot([0, 1], [before[row], after[row]], "o-", color=colour, lw=0.6, ms=2.6, **look)
        changes.plot(np.clip([low[row], high[row]], *limits), [row, row], color=colour, lw=0.7)
        changes.plot(np.clip(change[row], *limits), row, "o", ms=3.0, **look)
        changes.plot(np.clip([long_low[row], long_high[row]], *limits), [row + BELOW] * 2, color=GREY, lw=0.5)
        changes.plot(np.clip(longer[row], *limits), row + BELOW, "D", ms=2.0, mfc=GREY, mew=0)
    log_axis(pairs, "y")
    named_ticks(pairs, "x", ["before", "after"])
    pairs.set(xlim=(-0.3, 1.3), ylabel="firing rate (Hz)")
    pairs.set_title("Rate", weight="bold")
    few_ticks(changes, 5, 4)
    changes.set(xlim=limits, ylim=(len(shown) - 0.5, -0.5), xlabel="change of the rate (%), 95 % interval")
    changes.set_title("Change", weight="bold")
    if named:
        named_ticks(changes, "y", [printable(n if len(n) <= LONGEST else n[: LONGEST - 1] + "…") for n in names])
    else:
        changes.set_yticks([])
    for label in sorted({labels.get((row["site_id"], row["unit_id"]), "undetermined") for row in records(shown)}):
        colour = settings.colours.get(label, LABEL_COLOURS.get(label, BLACK))
        pairs.plot([], [], "o", color=colour, ms=3, label=settings.say(label))
    pairs.plot([], [], "o", mfc="white", mec=GREY, ms=3, label="rate not steady before")
    if np.isfinite(longer).any():
        pairs.plot([], [], "D", mfc=GREY, mew=0, ms=2.0, label="change over up to 60 min")
    figure.legend(*pairs.get_legend_handles_labels(), loc="lower left", bbox_to_anchor=(0.01, 0.0), ncols=4)
    stable = ["" if value is True else "rate not steady before" for value in shown["baseline_stable"]]
    plotted.add(
        "rate",
        "before",
        "",
        np.zeros(len(shown)),
        "firing rate (Hz)",
        numbers(shown, "baseline_rate_hz"),
        item=names,
        note=stable,
    )
    plotted.add(
        "rate", "after", "", np.ones(len(shown)), "firing rate (Hz)", numbers(shown, "response_rate_hz"), item=names
    )
    plotted.add(
        "change", "units", "row", list(range(len(shown))), "change (%)", change, y_low=low, y_high=high, item=names
    )
    if np.isfinite(longer).any():
        rows = list(np.arange(len(shown)) + BELOW)
        plotted.add(
            "change",
            "units, up to 60 min",
            "row",
            rows,
            "change (%)",
            longer,
            y_low=long_low,
            y_high=long_high,
            item=names,
        )
    return figure, plotted


def _limits(change: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
    """All changes, and intervals as far as they go beyond by the same width again."""
    left, right = span(change, [0.0], margin=0.08)
    room = right - left
    ends = np.concatenate([low, high])
    return span(np.clip(ends, left - room, right + room), [left, right], margin=0.03)
