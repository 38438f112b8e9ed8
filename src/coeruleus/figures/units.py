"""The evidence card of a unit: waveform, interspike intervals, rate, and responses to events."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle, StepPatch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from coeruleus.figures.frames import numbers, p_words, span, steps, words
from coeruleus.figures.save import Plotted
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    PALE,
    VERMILLION,
    fix_labels,
    new_figure,
    place,
    plain_number,
    printable,
)

RESPONSES_PER_CARD = 3
RASTER_LIMIT = 2000  # spikes; beyond, the raster is an image inside the SVG
STEPS = (1, 2, 5, 10)
ISI_TICKS = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)


@dataclass(frozen=True)
class UnitData:
    """What a card shows: one row of units.tsv and this unit's part of each source table."""

    row: Mapping[str, Any]
    label: str
    waveform: pd.DataFrame
    marks: pd.DataFrame
    isi: pd.DataFrame
    rates: pd.DataFrame
    drugs: pd.DataFrame
    responses: Sequence[tuple[Mapping[str, Any], pd.DataFrame, pd.DataFrame]]  # row of responses.tsv, raster, psth


class Card:
    """One figure whose axes and lines are used again for unit after unit: building axes costs more than drawing."""

    def __init__(self, settings: FigureSettings, with_responses: bool) -> None:
        width = settings.double_column_mm
        scale = width / 180
        self.figure = new_figure(width, 92 if with_responses else 48, settings.card_dpi)
        self.title = self.figure.text(0.008, 1 - 1.5 / (92 if with_responses else 48), "", va="top", weight="bold")
        self.waveform = _Waveform(place(self.figure, 13 * scale, 9, 38 * scale, 30))
        self.isi = _Isi(place(self.figure, 66 * scale, 9, 42 * scale, 30))
        self.rate = _Rate(place(self.figure, 122 * scale, 9, 53 * scale, 30))
        self.responses: list[_Response] = []
        for column in range(RESPONSES_PER_CARD if with_responses else 0):
            left = (13 + column * 57.5) * scale
            raster = place(self.figure, left, 52, 48 * scale, 12)
            self.responses.append(_Response(raster, place(self.figure, left, 65, 48 * scale, 18), column == 0))

    def draw(self, unit: UnitData) -> Plotted:
        """Put one unit on the card; the return value lists all that is plotted."""
        plotted = Plotted()
        name = f"{unit.row['site_id']} · {unit.row['unit_id']}"
        status = "" if unit.row["status"] == "ok" else f" · {unit.row['status']}"
        self.title.set_text(printable(f"{name} · {unit.label}{status}"))
        self.waveform.draw(unit, plotted)
        self.isi.draw(unit, plotted)
        self.rate.draw(unit, plotted)
        for number, panel in enumerate(self.responses):
            panel.draw(unit.responses[number] if number < len(unit.responses) else None, plotted)
        return plotted


def _words_in(axes: Axes, x: float = 0.5, y: float = 0.5, ha: str = "center", va: str = "center") -> Any:
    return axes.text(x, y, "", transform=axes.transAxes, ha=ha, va=va, size="small", color=GREY)


class _Waveform:
    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        fix_labels(axes)
        axes.set(xlabel="time (ms)", ylabel="amplitude (µV)", title="Mean spike")
        self.zero = axes.axhline(0, color=PALE, lw=0.5)
        (self.line,) = axes.plot([], [], color=BLACK, lw=1.0)
        (self.half,) = axes.plot([], [], color=VERMILLION, lw=1.2, solid_capstyle="butt")
        (self.width,) = axes.plot([], [], color=BLUE, lw=0.9, marker="|", ms=4)
        (self.points,) = axes.plot([], [], "o", color=BLUE, ms=2.5)
        (self.notch,) = axes.plot([], [], "v", color=ORANGE, ms=3.5)
        self.says = axes.text(1, 0.99, "", transform=axes.transAxes, ha="right", va="top", size="small", color=BLUE)
        self.says_half = axes.text(1, 0.90, "", transform=axes.transAxes, ha="right", va="top", size="small")
        self.says_half.set_color(VERMILLION)
        self.empty = _words_in(axes)
        axes.xaxis.set_major_locator(MaxNLocator(4, steps=STEPS))
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=STEPS))

    def draw(self, unit: UnitData, plotted: Plotted) -> None:
        time, amplitude = numbers(unit.waveform, "time_ms"), numbers(unit.waveform, "amplitude_uv")
        self.line.set_data(time, amplitude)
        self.empty.set_text("" if len(time) else "no mean spike for this unit")
        marks = {
            mark: (t, a)
            for mark, t, a in zip(
                unit.marks["mark"], numbers(unit.marks, "time_ms"), numbers(unit.marks, "amplitude_uv"), strict=True
            )
        }
        low, high = span(amplitude, margin=0.08)
        bracket = low + 0.02 * (high - low)
        _between(self.half, marks, "half_start", "half_end", None)
        _between(self.width, marks, "peak", "opposite_peak", bracket)
        _at(self.points, marks, "peak", "opposite_peak")
        _at(self.notch, marks, "notch")
        self.says.set_text(f"width {words(unit.row['spike_width_ms'], 3, 'ms')}" if len(time) else "")
        self.says_half.set_text(f"half-width {words(unit.row['half_width_ms'], 3, 'ms')}" if len(time) else "")
        self.axes.set_xlim(*span(time, margin=0.0))
        self.axes.set_ylim(low, high + 0.12 * (high - low))
        axis = ("time (ms)", "amplitude (µV)")
        plotted.add("waveform", "mean spike", axis[0], time, axis[1], amplitude)
        for mark, (t, a) in sorted(marks.items()):
            plotted.add("waveform", "mark", axis[0], t, axis[1], a, note=mark)


def _between(
    line: Line2D, marks: Mapping[str, tuple[float, float]], first: str, last: str, height: float | None
) -> None:
    if first in marks and last in marks:
        (x0, y0), (x1, y1) = marks[first], marks[last]
        line.set_data([x0, x1], [y0, y1] if height is None else [height, height])
    else:
        line.set_data([], [])


def _at(line: Line2D, marks: Mapping[str, tuple[float, float]], *names: str) -> None:
    there = [marks[name] for name in names if name in marks]
    line.set_data([x for x, _ in there], [y for _, y in there])


def _outline(axes: Axes, fill: bool, colour: str) -> StepPatch:
    patch = StepPatch([0.0], [0.0, 1.0], fill=fill, facecolor=colour, edgecolor=colour, lw=0.3 if fill else 0.7)
    axes.add_artist(patch)
    patch.set_clip_path(axes.patch)
    return patch


def _fill(patch: StepPatch, edges: np.ndarray, heights: np.ndarray) -> None:
    patch.set_visible(len(heights) > 0)
    if len(heights):
        patch.set_data(heights, edges)


class _Isi:
    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        fix_labels(axes)
        axes.set(xlabel="interspike interval (s)", ylabel="intervals", title="Spontaneous intervals")
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(FixedLocator(ISI_TICKS))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(plain_number))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True, steps=STEPS))
        self.bars = _outline(axes, True, GREY)
        self.says = _words_in(axes, 0.02, 0.99, "left", "top")
        self.empty = _words_in(axes)

    def draw(self, unit: UnitData, plotted: Plotted) -> None:
        low, high, count = (numbers(unit.isi, name) for name in ("isi_low_s", "isi_high_s", "count"))
        edges, heights = steps(low, high, count)
        _fill(self.bars, edges, heights)
        held = low[count > 0], high[count > 0]
        limits = (min(held[0].min(), 0.01), max(held[1].max(), 10.0)) if len(held[0]) else (0.01, 10.0)
        self.axes.set_xlim(max(limits[0], 1e-4), limits[1])
        self.axes.set_ylim(0, max(1.0, 1.18 * float(np.max(heights, initial=0))))
        row = unit.row
        self.says.set_text(f"n = {int(count.sum())}   CV {words(row['isi_cv'])}   {words(row['firing_rate_hz'])} Hz")
        self.empty.set_text("" if count.sum() else "no spontaneous intervals")
        plotted.add("intervals", "spontaneous", "interspike interval (s)", low, "intervals", count, x_high=high)


class _Rate:
    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        fix_labels(axes)
        axes.set(xlabel="time (s), segments end to end", ylabel="rate (Hz)", title="Rate")
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=STEPS))
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=STEPS))
        self.outline = _outline(axes, False, BLACK)
        (self.borders,) = axes.plot([], [], color=GREY, lw=0.5, ls=(0, (1, 1)), transform=axes.get_xaxis_transform())
        (self.drugs,) = axes.plot([], [], color=VERMILLION, lw=0.8, transform=axes.get_xaxis_transform())
        self.says = axes.text(
            1, 1.02, "", transform=axes.transAxes, ha="right", va="bottom", size="small", color=VERMILLION
        )
        self.empty = _words_in(axes)

    def draw(self, unit: UnitData, plotted: Plotted) -> None:
        segment, low, high, rate = (
            numbers(unit.rates, name) for name in ("segment", "time_low_s", "time_high_s", "rate_hz")
        )
        starts: dict[int, float] = {}
        end = 0.0
        for one in sorted(set(segment.astype(int).tolist())):
            starts[one] = end
            end += float(high[segment == one].max())
        shift = np.array([starts[int(one)] for one in segment])
        edges, heights = steps(low + shift, high + shift, rate, gap=math.nan)
        _fill(self.outline, edges, heights)
        borders = list(starts.values())[1:]
        self.borders.set_data(*_verticals(borders))
        drugs = [
            (starts[int(s)] + onset, drug)
            for s, onset, drug in zip(unit.drugs["segment"], unit.drugs["onset"], unit.drugs["drug"], strict=True)
            if int(s) in starts
        ]
        self.drugs.set_data(*_verticals([time for time, _ in drugs]))
        named = ", ".join(dict.fromkeys(str(drug) for _, drug in drugs))
        self.says.set_text(printable(named))
        self.axes.set_xlim(0, end or 1.0)
        self.axes.set_ylim(0, max(0.1, 1.1 * float(np.nanmax(rate, initial=0))))
        self.empty.set_text("" if len(rate) else "no spike train")
        plotted.add(
            "rate",
            "spikes per bin",
            "time in its segment (s)",
            low,
            "rate (Hz)",
            rate,
            x_high=high,
            item=[f"segment {int(one)}" for one in segment],
        )
        for time, drug in drugs:
            plotted.add("rate", "drug", "time (s), segments end to end", time, "", None, note=str(drug))


def _verticals(places: Sequence[float]) -> tuple[list[float], list[float]]:
    """One line that draws a vertical at each place, in axes height."""
    x = [value for place in places for value in (place, place, math.nan)]
    return x, [0.0, 1.0, math.nan] * len(places)


class _Response:
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
        self.bars = _outline(psth, True, GREY)
        (self.baseline,) = psth.plot([], [], color=BLACK, lw=0.6, ls=(0, (4, 1.5)))
        (self.onset,) = psth.plot([0, 0], [0, 1], color=BLACK, lw=0.6, transform=psth.get_xaxis_transform())
        (self.onset_above,) = raster.plot([0, 0], [0, 1], color=BLACK, lw=0.6, transform=raster.get_xaxis_transform())
        self.spans: dict[str, Rectangle] = {}
        self.says: dict[str, Any] = {}
        for effect, colour, height in (("excitation", VERMILLION, 1.0), ("inhibition", BLUE, 0.87)):
            across = psth.get_xaxis_transform()
            patch = Rectangle((0, 0), 0, 1, transform=across, color=colour, alpha=0.25, lw=0, zorder=0)
            psth.add_patch(patch)
            self.spans[effect] = patch
            self.says[effect] = psth.text(1, height, "", transform=psth.transAxes, ha="right", va="top", size="small")
            self.says[effect].set_color(colour)
        self.empty = _words_in(psth, 0.5, 1.0)

    def draw(self, data: tuple[Mapping[str, Any], pd.DataFrame, pd.DataFrame] | None, plotted: Plotted) -> None:
        self.raster.set_visible(data is not None)
        self.psth.set_visible(data is not None)
        if data is None:
            return
        row, raster, psth = data
        panel = f"{row['trial_type']}, {row['condition']}"
        trials = int(np.nanmax(numbers(psth, "n_trials"), initial=0)) or int(np.nan_to_num(row["n_trials"]))
        self.title.set_text(printable(f"{panel} (n = {trials})"))
        low, high, rate = (numbers(psth, name) for name in ("time_low_s", "time_high_s", "rate_hz"))
        edges, heights = steps(low, high, rate)
        _fill(self.bars, edges, heights)
        time, trial = numbers(raster, "time_s"), numbers(raster, "trial")
        nothing = np.full(len(time), math.nan)
        self.spikes.set_data(
            np.column_stack([time, time, nothing]).ravel(),
            np.column_stack([trial - 0.45, trial + 0.45, nothing]).ravel(),
        )
        self.spikes.set_rasterized(len(time) > RASTER_LIMIT)
        limits = (float(low.min()), float(high.max())) if len(low) else span(time, [0.0])
        self.psth.set_xlim(*limits)
        self.raster.set_xlim(*limits)
        self.raster.set_ylim(max(trials, float(np.max(trial, initial=1))) + 0.5, 0.5)
        base = float(row["baseline_rate_hz"])
        self.baseline.set_data(limits, [base, base])
        self.psth.set_ylim(0, max(0.1, base if math.isfinite(base) else 0, 1.5 * float(np.nanmax(rate, initial=0))))
        self.empty.set_text("" if len(low) else printable(row["reason"] or "nothing to show"))
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
        plotted.add(panel, "spikes", axis, time, "trial", trial)

    def _mark(self, effect: str, row: Mapping[str, Any]) -> None:
        start, length = float(row[f"{effect}_latency_s"]), float(row[f"{effect}_duration_s"])
        p = float(row[f"{effect}_p"])
        there = math.isfinite(start) and math.isfinite(length)
        self.spans[effect].set_visible(there)
        if there:
            self.spans[effect].set_bounds(start, 0, length, 1)
        self.says[effect].set_text(f"{effect} {p_words(p)}" if math.isfinite(p) else f"{effect} not tested")
