"""Area under the curve: each animal, and beside the animals the mean of their group with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coeruleus.figures.colours import BLACK, GREY, PALE
from coeruleus.figures.frames import Numbers, numbers, records, span
from coeruleus.figures.release_panels import Panel
from coeruleus.figures.release_verdicts import Verdicts
from coeruleus.figures.save import Plotted
from coeruleus.figures.style import few_ticks, named_ticks, printable, say_nothing_to_show

ROOM_FOR_NAMES = 24  # letters that stand side by side under the areas
AREA = "area above 100 % (% min)"
MEAN = "mean and 95 % interval"


def draw_areas(
    axes: Axes,
    tables: Mapping[str, pd.DataFrame],
    verdicts: Verdicts,
    panels: Sequence[Panel],
    plotted: Plotted,
) -> None:
    """One place on the x axis for each panel; areas that are only known between bounds are lines."""
    samples, summary = tables["samples"], tables["summary"]
    low, high = numbers(summary, "auc_at_least"), numbers(summary, "auc_at_most")
    # The same number twice where the area is known, else bounds, of which the upper one may be missing.
    area = numbers(summary, "auc_percent_min")
    low, high = np.where(np.isfinite(area), area, low), np.where(np.isfinite(area), area, high)
    summary = summary.assign(low=low, high=np.where(np.isfinite(high), high, low))
    axes.set_title("Area under the curve", weight="bold")
    if not np.isfinite(low).any():
        say_nothing_to_show(axes, "no area could be computed")
        return
    missed = set(samples.loc[samples["placement"] == "miss", "probe_id"])
    axes.axhline(0, color=PALE, lw=0.6, zorder=0)
    means = {row["panel"]: row for row in records(tables["areas"])}
    for place, panel in enumerate(panels):
        mine = [row for row in records(summary) if row["panel"] == panel.label and np.isfinite(row["low"])]
        mine.sort(key=lambda row: (row["low"], row["session_id"], row["probe_id"]))
        spread = min(0.6 if len(mine) <= 40 else 0.8, 0.12 * (len(mine) - 1)) if len(mine) > 1 else 0.0
        size = 3.4 if len(mine) <= 40 else 2.2
        for number, row in enumerate(mine):
            step = (0.5 + number * 0.618034) % 1  # neighbours in value stand apart, in no pattern
            at = place + spread * (step - 0.5)
            key = (row["session_id"], row["probe_id"], row["analyte"])
            bad = "probe missed" if row["probe_id"] in missed else verdicts.unstable.get(key)
            look: dict[str, Any] = {"mfc": "none", "mec": GREY} if bad else {"mfc": panel.colour, "mec": "white"}
            known, bounds = np.isfinite(row["auc_percent_min"]), {"y_low": row["low"], "y_high": row["high"]}
            if known:
                axes.plot(at, row["low"], "o", ms=size, mew=0.6 if bad else 0.3, **look)
            else:
                axes.plot([at, at], [row["low"], row["high"]], color=GREY if bad else panel.colour, lw=1.4)
                if not np.isfinite(row["auc_at_most"]):
                    axes.plot(at, row["low"], "^", ms=size, **look)  # at least this
            plotted.add(
                "area",
                panel.label,
                "group",
                float(place),
                AREA,
                row["auc_percent_min"],
                item=row["subject_id"],
                note=bad or ("" if known else "only known between bounds"),
                **({} if known else bounds),
            )
        if panel.label in means:
            _mean(axes, place + spread / 2 + 0.17, place, means[panel.label], panel, plotted)
    few_ticks(axes, 4, 5)
    names = [printable(panel.said) for panel in panels]
    named_ticks(axes, "x", names, rotation=0 if sum(map(len, names)) <= ROOM_FOR_NAMES else 30)
    axes.set(xlim=(-0.6, len(panels) - 0.35), ylabel=AREA, ylim=_limits(low, summary, tables["areas"]))


def _mean(axes: Axes, at: float, place: int, row: Mapping[str, Any], panel: Panel, plotted: Plotted) -> None:
    mean, low, high = row["mean_percent_min"], row["ci_low"], row["ci_high"]
    axes.vlines(at, low, high, color=BLACK, lw=0.8)
    axes.plot(at, mean, "D", ms=3.0, mfc=panel.colour, mec=BLACK, mew=0.6)
    words = f"n = {row['n_subjects']:.0f}" + (f"; {row['reason']}" if row["reason"] else "")
    plotted.add("area", MEAN, "group", float(place), AREA, mean, y_low=low, y_high=high, item=panel.label, note=words)


def _limits(low: Numbers, summary: pd.DataFrame, areas: pd.DataFrame) -> tuple[float, float]:
    """All animals and means, and intervals as far as they go beyond by the same height again."""
    least, most = span(low, summary["high"].to_numpy(), numbers(areas, "mean_percent_min"), [0.0])
    ends = np.concatenate([numbers(areas, "ci_low"), numbers(areas, "ci_high")])
    return span(np.clip(ends, least - (most - least), most + (most - least)), [least, most], margin=0.03)
