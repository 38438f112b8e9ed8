"""The evidence matrix: each unit against each criterion of a ruleset, in pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from coeruleus.figures.captions import caption, count
from coeruleus.figures.colours import BLUE, LABEL_COLOURS, PALE, VERMILLION
from coeruleus.figures.frames import records, split, take
from coeruleus.figures.index import FigureRecord
from coeruleus.figures.save import Plotted, save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import named_ticks, new_figure, place, printable, safe_name
from coeruleus.tables.units import CLASSIFICATION, EVIDENCE

MARKS = {"pass": ("o", BLUE, "pass"), "fail": ("X", VERMILLION, "fail"), "not_tested": ("_", "#8C8C8C", "not tested")}
WEIGHTS: dict[str, dict[str, Any]] = {
    "required": {"weight": "bold"},
    "if_tested": {},
    "advisory": {"style": "italic"},
}
ROW_MM = 3.0
LONGEST = 34  # characters of a unit's name that are shown


def draw_evidence(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    """Pages of units for each ruleset."""
    labels: dict[tuple[str, ...], str | None] = {
        (row["site_id"], row["unit_id"], row["ruleset"]): row["label"] for row in records(take(tables, CLASSIFICATION))
    }
    for (ruleset,), evidence in split(take(tables, EVIDENCE), "ruleset").items():
        units = list(split(evidence, "site_id", "unit_id"))
        weights = {name: part["weight"].iloc[0] or "advisory" for (name,), part in split(evidence, "criterion").items()}
        criteria = sorted(weights, key=lambda name: (list(WEIGHTS).index(weights[name]), name))
        pages = range(0, len(units), settings.units_per_page)
        for page, start in enumerate(pages, 1):
            shown = units[start : start + settings.units_per_page]
            here = {(*unit, ruleset): labels.get((*unit, ruleset)) for unit in shown}
            figure, plotted = _draw(evidence, shown, criteria, weights, here, settings)
            yield save_figure(
                figure,
                directory,
                safe_name("evidence", ruleset, f"{page:02d}"),
                plotted,
                kind="evidence",
                title=f"Evidence by {ruleset}" + (f", page {page} of {len(pages)}" if len(pages) > 1 else ""),
                caption=caption(
                    captions,
                    "evidence",
                    f"n = {count(len(shown), 'unit')}" + (f" of {len(units)}" if len(pages) > 1 else ""),
                ),
                about={"ruleset": ruleset},
            )


def _draw(
    evidence: pd.DataFrame,
    units: list[tuple[str, ...]],
    criteria: list[str],
    weights: Mapping[str, str],
    labels: Mapping[tuple[str, ...], str | None],
    settings: FigureSettings,
) -> tuple[Figure, Plotted]:
    names = [" · ".join(unit) for unit in units]
    rows = {unit: number for number, unit in enumerate(units)}
    columns = {name: number for number, name in enumerate(criteria)}
    height = len(units) * ROW_MM
    longest = max(min(len(name), LONGEST) for name in names)
    left = 4 + longest * 1.25 * settings.font_size_pt / 7
    width = min(settings.double_column_mm - left - 24, max(30.0, len(criteria) * 9.0))
    top = 6 + 0.9 * max(len(settings.say(name)) for name in criteria) * settings.font_size_pt / 7
    figure = new_figure(left + width + 24, top + height + 8, settings.png_dpi)
    axes = place(figure, left, top, width, height)
    axes.set(xlim=(-0.5, len(criteria) - 0.5), ylim=(len(units) - 0.5, -0.5))
    axes.hlines([row + 0.5 for row in range(len(units) - 1)], -0.5, len(criteria) - 0.5, color=PALE, lw=0.3)
    named_ticks(axes, "y", [printable(name if len(name) <= LONGEST else name[: LONGEST - 1] + "…") for name in names])
    named_ticks(axes, "x", [printable(settings.say(name)) for name in criteria])
    axes.xaxis.tick_top()
    for tick, name in zip(axes.get_xticklabels(), criteria, strict=True):
        tick.set(rotation=45, ha="left", rotation_mode="anchor", **WEIGHTS[weights[name]])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    plotted = Plotted()
    evidence = evidence[[unit in rows for unit in zip(evidence["site_id"], evidence["unit_id"], strict=True)]]
    for verdict, (marker, colour, said) in MARKS.items():
        part = evidence[evidence["verdict"] == verdict]
        x = [columns[name] for name in part["criterion"]]
        y = [rows[unit] for unit in zip(part["site_id"], part["unit_id"], strict=True)]
        axes.plot(x, y, marker, color=colour, ms=3.4, mew=0.8 if marker == "_" else 0, label=settings.say(said))
        plotted.add(
            "matrix",
            verdict,
            "criterion",
            x,
            "unit",
            y,
            item=[names[row] for row in y],
            note=part["criterion"].to_list(),
        )
    for unit, row in rows.items():
        label = next((said for key, said in labels.items() if key[:2] == unit), None) or "not classified"
        axes.text(
            len(criteria) - 0.3,
            row,
            settings.say(label),
            va="center",
            size="small",
            color=LABEL_COLOURS.get(label, "#222222"),
        )
    figure.legend(*axes.get_legend_handles_labels(), loc="lower left", bbox_to_anchor=(0.01, 0.0), ncols=3)
    return figure, plotted
