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
from coeruleus.figures.style import printable, size_of

EVENTS = "sheets/events"  # dialysate/events.tsv
Treatment = tuple[str, float, float]  # name, onset, end (min)
MOST, ROW_MM = 4, 3.5  # rows of bars, each with its words
LETTER = 0.18  # mm of a letter for each point of the font


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
    """Bars under the upper edge of the panel, on the bench clock, one row for each name.

    The panel's limits are those of its data; room for the bars is added above.
    """
    across, (left, right), (low, high) = axes.get_xaxis_transform(), axes.get_xlim(), axes.get_ylim()
    found = [one for one in found if one[1] <= right and one[2] >= left]
    width, height_mm = size_of(axes)
    share = ROW_MM / height_mm
    axes.set_ylim(low, low + (high - low) / (1 - share * min(len({name for name, *_ in found}), MOST)))
    rows: dict[str, int] = {}
    said: set[str] = set()
    for name, onset, end in found:
        if rows.setdefault(name, len(rows)) >= MOST:
            continue
        plotted.add(panel, "treatment", "bench time (min)", onset, "", None, x_high=end, note=name)
        height = 0.985 - share * rows[name]
        if end > onset:
            axes.plot([onset, end], [height] * 2, color=BLACK, lw=2.2, solid_capstyle="butt", transform=across)
        else:
            axes.plot([onset], [height], "v", color=BLACK, ms=2.6, transform=across)
        if name not in said:
            said.add(name)
            # Under the bar, which may go on to the edge, or beside the mark: a blank before words is lost in browsers.
            place, points, va = (height - 0.02, 1.5, "top") if end > onset else (height, 3.5, "center")
            words = printable(settings.say(name))
            start = max(onset, left)
            before, after = (width * part / (right - left) for part in (start - left, right - start))
            # Words that would leave the panel end where others begin.
            late = after < len(words) * settings.font_size_pt * LETTER and before > after
            axes.annotate(
                words,
                (min(end, right) if late else start, place),
                (-points if late else points, 0),
                xycoords=across,
                textcoords="offset points",
                size="small",
                ha="right" if late else "left",
                va=va,
                annotation_clip=False,
            )
