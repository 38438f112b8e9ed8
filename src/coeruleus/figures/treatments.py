"""Treatments over a time course: a bar as long as each lasted, or a mark where it was given at once."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coeruleus.figures.colours import BLACK
from coeruleus.figures.frames import numbers, records
from coeruleus.figures.save import Plotted
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import printable

EVENTS = "sheets/events"  # dialysate/events.tsv
Treatment = tuple[str, float, float]  # name, onset, end (min)
MOST, ROW = 4, 0.1  # rows of bars, and the share of the panel that each takes


def treatments(events: pd.DataFrame, samples: pd.DataFrame) -> list[Treatment]:
    """Name, onset and end (min) of each treatment of the animals, probes and sessions of these samples, each once."""
    if events.empty:
        return []
    ours = {name: events[name].isin(samples[name]) for name in ("subject_id", "session_id", "probe_id")}
    whose = ours["probe_id"].where(events["probe_id"].notna(), ours["subject_id"])  # a probe's own, or the animal's
    mine = events[whose.astype(bool) & (events["session_id"].isna() | ours["session_id"])]
    found = set()
    for row in records(mine[np.isfinite(numbers(mine, "onset_min"))]):
        lasts = row["duration_min"] if math.isfinite(row["duration_min"]) else 0.0
        name = row["drug"] if pd.notna(row["drug"]) else row["trial_type"]
        if name == "perfusate" and pd.notna(row.get("analyte")):
            name = f"{row['analyte']} in the perfusate"
        found.add((str(name), float(row["onset_min"]), float(row["onset_min"] + lasts)))
    return sorted(found, key=lambda one: (one[1], one[2], one[0]))


def draw_treatments(axes: Axes, found: list[Treatment], panel: str, plotted: Plotted, settings: FigureSettings) -> None:
    """Bars under the upper edge of the panel, on the bench clock, one row for each name."""
    across = axes.get_xaxis_transform()
    rows: dict[str, int] = {}
    for name, onset, end in found:
        row = rows.setdefault(name, len(rows))
        if row >= MOST:
            continue
        height = 0.985 - ROW * row
        if end > onset:
            axes.plot([onset, end], [height] * 2, color=BLACK, lw=2.2, solid_capstyle="butt", transform=across)
        else:
            axes.plot([onset], [height], "v", color=BLACK, ms=2.6, transform=across)
        if onset == min(start for one, start, _ in found if one == name):
            # Under the bar, which may go on to the edge, or beside the mark: a blank before words is lost in browsers.
            place, points, va = (height - 0.02, 1.5, "top") if end > onset else (height, 3.5, "center")
            axes.annotate(
                printable(settings.say(name)),
                (onset, place),
                (points, 0),
                xycoords=across,
                textcoords="offset points",
                size="small",
                va=va,
                annotation_clip=False,
            )
        plotted.add(panel, "treatment", "bench time (min)", onset, "", None, x_high=end, note=name)
