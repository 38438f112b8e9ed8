"""The panel of a response: raster and mean rate around events, with the tested excitation and inhibition."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle
from matplotlib.ticker import MaxNLocator, NullLocator

from coeruleus.figures.colours import BLACK, BLUE, GREY, PALE, VERMILLION
from coeruleus.figures.frames import numbers, p_words, span, steps
from coeruleus.figures.save import Plotted
from coeruleus.figures.style import fix_labels, printable
from coeruleus.figures.unit_panels import STEPS, ResponseData, fill_outline, outline, words_in

WRAPPED = 42  # letters of a reason on one line
RASTER_LIMIT = 2000  # spikes; beyond, the raster is an image inside the SVG


class ResponsePanel:
    def __init__(self, raster: Axes, psth: Axes, first: bool) -> None:
        self.raster, self.psth = raster, psth
        raster.xaxis.set_major_locator(NullLocator())
        raster.yaxis.set_major_locator(NullLocator())
        raster.spines[["left", "bottom"]].set_visible(False)
        fix_labels(psth)
        fix_labels(raster)
        psth.set_xlabel("time from onset (s)")
        if first:
            raster.set_ylabel("trials")
            psth.set_ylabel("rate (Hz)")
        psth.xaxis.set_major_locator(MaxNLocator(5, steps=STEPS))
        psth.yaxis.set_major_locator(MaxNLocator(3, steps=STEPS))
        self.title = raster.set_title("")
        (self.spikes,) = raster.plot([], [], color=BLACK, lw=0.5, solid_capstyle="butt")
        self.bars = outline(psth, True, PALE)
        self.band = Polygon([(0.0, 0.0)], closed=True, color=GREY, alpha=0.45, lw=0)
        psth.add_patch(self.band)
        (self.curve,) = psth.plot([], [], color=BLACK, lw=0.9)
        (self.baseline,) = psth.plot([], [], color=BLACK, lw=0.6, ls=(0, (4, 1.5)))
        line: dict[str, Any] = {"color": VERMILLION, "lw": 0.6, "zorder": 0}  # a spike at the onset is seen on it
        (self.onset,) = psth.plot([0, 0], [0, 1], transform=psth.get_xaxis_transform(), **line)
        (self.onset_above,) = raster.plot([0, 0], [0, 1], transform=raster.get_xaxis_transform(), **line)
        self.spans: dict[str, Rectangle] = {}
        self.says: dict[str, Any] = {}
        for effect, colour, height in (("excitation", VERMILLION, 1.0), ("inhibition", BLUE, 0.87)):
            across = psth.get_xaxis_transform()
            patch = Rectangle((0, 0), 0, 1, transform=across, color=colour, alpha=0.25, lw=0, zorder=0)
            psth.add_patch(patch)
            self.spans[effect] = patch
            self.says[effect] = psth.text(1, height, "", transform=psth.transAxes, ha="right", va="top", size="small")
            self.says[effect].set_color(colour)
        self.empty = words_in(psth, 0.5, 1.0)

    def draw(self, data: ResponseData | None, plotted: Plotted) -> None:
        self.raster.set_visible(data is not None)
        self.psth.set_visible(data is not None)
        if data is None:
            return
        row, raster, psth = data.row, data.raster, data.psth
        panel = f"{row['trial_type']}, {row['condition']}"
        trials = int(np.nanmax(numbers(psth, "n_trials"), initial=0)) or int(np.nan_to_num(row["n_trials"]))
        self.title.set_text(printable(f"{panel} (n = {trials})"))
        low, high, rate = (numbers(psth, name) for name in ("time_low_s", "time_high_s", "rate_hz"))
        edges, heights = steps(low, high, rate)
        fill_outline(self.bars, edges, heights)
        time, trial = numbers(raster, "time_s"), numbers(raster, "trial")
        nothing = np.full(len(time), math.nan)
        self.spikes.set_data(
            np.column_stack([time, time, nothing]).ravel(),
            np.column_stack([trial - 0.45, trial + 0.45, nothing]).ravel(),
        )
        self.spikes.set_rasterized(len(time) > RASTER_LIMIT)
        limits = (float(edges[0]), float(edges[-1])) if len(edges) else span(time, [0.0])
        self.psth.set_xlim(*limits)
        self.raster.set_xlim(*limits)
        self.raster.set_ylim(max(trials, float(np.nanmax(trial, initial=1))) + 0.5, 0.5)
        base = float(row["baseline_rate_hz"])
        self.baseline.set_data(limits, [base, base])
        time_s, mean, lower, upper = (numbers(data.curve, name) for name in ("time_s", "rate_hz", "low_hz", "high_hz"))
        self.curve.set_data(time_s, mean)
        banded = np.isfinite(lower) & np.isfinite(upper)
        self.band.set_visible(bool(banded.any()))
        if banded.any():
            ends = [(time_s[banded], lower[banded]), (time_s[banded][::-1], upper[banded][::-1])]
            self.band.set_xy(np.concatenate([np.column_stack(end) for end in ends]))
        tallest = 1.5 * max(float(np.nanmax(rate, initial=0)), float(np.nanmax(upper, initial=0)))
        self.psth.set_ylim(0, max(0.1, base if math.isfinite(base) else 0, tallest))
        for axes in (self.raster, self.psth):
            axes.axison = bool(len(edges))
        for one in (self.onset, self.onset_above, self.baseline):
            one.set_visible(bool(len(edges)))
        reason = printable(row["reason"] or "nothing to show")
        self.empty.set_text("" if len(edges) else "\n".join(textwrap.wrap(reason, WRAPPED)))
        for effect in ("excitation", "inhibition"):
            self._mark(effect, row)
            start = float(row[f"{effect}_latency_s"])
            plotted.add(
                panel,
                effect,
                "time from onset (s)",
                start,
                "rate (Hz)",
                row[f"{effect}_rate_hz"],
                x_high=start + float(row[f"{effect}_duration_s"]),
                note=p_words(row[f"{effect}_p"]),
            )
        axis = "time from onset (s)"
        plotted.add(panel, "mean rate over trials", axis, low, "rate (Hz)", rate, x_high=high)
        plotted.add(panel, "rate without bins", axis, time_s, "rate (Hz)", mean, y_low=lower, y_high=upper)
        plotted.add(panel, "spikes", axis, time, "trial", trial)

    def _mark(self, effect: str, row: Mapping[str, Any]) -> None:
        start, length = float(row[f"{effect}_latency_s"]), float(row[f"{effect}_duration_s"])
        p = float(row[f"{effect}_p"])
        there = math.isfinite(start) and math.isfinite(length)
        self.spans[effect].set_visible(there)
        if there:
            self.spans[effect].set_bounds(start, 0, length, 1)
        self.says[effect].set_text(f"{effect} {p_words(p)}" if math.isfinite(p) else f"{effect} not tested")
        self.says[effect].set_visible(not self.empty.get_text())
