"""The panels of an evidence card. Each draws one unit after another into the same axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import StepPatch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from coeruleus.figures.colours import BLACK, BLUE, GREY, ORANGE, PALE, VERMILLION
from coeruleus.figures.frames import numbers, span, steps, words
from coeruleus.figures.save import Plotted
from coeruleus.figures.style import fix_labels, plain_number, printable

STEPS = (1, 2, 5, 10)
ISI_TICKS = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)


@dataclass(frozen=True)
class ResponseData:
    """A row of responses.tsv, and the rows of its raster, its PSTH and its curve."""

    row: Mapping[str, Any]
    raster: pd.DataFrame
    psth: pd.DataFrame
    curve: pd.DataFrame


@dataclass(frozen=True)
class UnitData:
    """What a card shows: one row of units.tsv and this unit's part of each source table."""

    row: Mapping[str, Any]
    label: str
    waveform: pd.DataFrame
    marks: pd.DataFrame
    isi: pd.DataFrame
    correlogram: pd.DataFrame
    rates: pd.DataFrame
    drugs: pd.DataFrame
    responses: Sequence[ResponseData]


def words_in(axes: Axes, x: float = 0.5, y: float = 0.5, ha: str = "center", va: str = "center") -> Any:
    return axes.text(x, y, "", transform=axes.transAxes, ha=ha, va=va, size="small", color=GREY)


class WaveformPanel:
    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        fix_labels(axes)
        axes.set(xlabel="time (ms)", title="Mean spike")
        self.zero = axes.axhline(0, color=PALE, lw=0.5)
        (self.line,) = axes.plot([], [], color=BLACK, lw=1.0)
        (self.half,) = axes.plot([], [], color=VERMILLION, lw=1.2, solid_capstyle="butt")
        (self.width,) = axes.plot([], [], color=BLUE, lw=0.9, marker="|", ms=4)
        (self.points,) = axes.plot([], [], "o", color=BLUE, ms=2.5)
        (self.notch,) = axes.plot([], [], "v", color=ORANGE, ms=3.5)
        self.says = axes.text(1, 0.99, "", transform=axes.transAxes, ha="right", va="top", size="small", color=BLUE)
        self.says_half = axes.text(1, 0.90, "", transform=axes.transAxes, ha="right", va="top", size="small")
        self.says_half.set_color(VERMILLION)
        self.empty = words_in(axes)
        axes.xaxis.set_major_locator(MaxNLocator(4, steps=STEPS))
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=STEPS))

    def draw(self, unit: UnitData, plotted: Plotted) -> None:
        time, amplitude = numbers(unit.waveform, "time_ms"), numbers(unit.waveform, "amplitude_uv")
        self.line.set_data(time, amplitude)
        self.empty.set_text("" if len(time) else "no mean spike for this unit")
        said = next(iter(unit.waveform["amplitude_unit"]), None) or ("as stored" if len(time) else "µV")
        axis = ("time (ms)", f"amplitude ({said})")
        self.axes.set_ylabel(axis[1])
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


def outline(axes: Axes, fill: bool, colour: str) -> StepPatch:
    patch = StepPatch(
        [0.0],
        [0.0, 1.0],
        fill=fill,
        facecolor=colour,
        edgecolor=colour,
        lw=0.3 if fill else 0.7,
        baseline=0 if fill else None,  # type: ignore[arg-type]  # None: no line to zero
    )
    axes.add_artist(patch)
    patch.set_clip_path(axes.patch)
    return patch


def fill_outline(patch: StepPatch, edges: np.ndarray, heights: np.ndarray) -> None:
    patch.set_visible(len(heights) > 0)
    if len(heights):
        patch.set_data(heights, edges)


class IsiPanel:
    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        fix_labels(axes)
        axes.set(xlabel="interspike interval (s)", ylabel="intervals", title="Spontaneous intervals")
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(FixedLocator(ISI_TICKS))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(plain_number))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True, steps=STEPS))
        self.bars = outline(axes, True, GREY)
        self.says = words_in(axes, 0.02, 0.99, "left", "top")
        self.empty = words_in(axes)

    def draw(self, unit: UnitData, plotted: Plotted) -> None:
        low, high, count = (np.nan_to_num(numbers(unit.isi, name)) for name in ("isi_low_s", "isi_high_s", "count"))
        edges, heights = steps(low, high, count)
        fill_outline(self.bars, edges, heights)
        held = low[count > 0], high[count > 0]
        limits = (min(held[0].min(), 0.01), max(held[1].max(), 10.0)) if len(held[0]) else (0.01, 10.0)
        self.axes.set_xlim(max(limits[0], 1e-4), limits[1])
        self.axes.set_ylim(0, max(1.0, 1.18 * float(np.max(heights, initial=0))))
        row = unit.row
        self.says.set_text(f"n = {int(count.sum())}   CV {words(row['isi_cv'])}   {words(row['firing_rate_hz'])} Hz")
        self.empty.set_text("" if count.sum() else "no spontaneous intervals")
        plotted.add("intervals", "spontaneous", "interspike interval (s)", low, "intervals", count, x_high=high)


class CorrelogramPanel:
    """Rate of spikes after a spike. The table holds lags after it; before it they are the same."""

    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        fix_labels(axes)
        axes.set(xlabel="lag (s)", ylabel="rate (Hz)", title="Autocorrelogram")
        axes.xaxis.set_major_locator(MaxNLocator(4, steps=STEPS))
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=STEPS))
        self.mean = axes.axhline(0, color=VERMILLION, lw=0.6, ls=(0, (4, 1.5)))
        self.bars = outline(axes, True, GREY)
        self.empty = words_in(axes)

    def draw(self, unit: UnitData, plotted: Plotted) -> None:
        low, high, rate = (numbers(unit.correlogram, name) for name in ("lag_low_s", "lag_high_s", "rate_hz"))
        known = np.isfinite(rate)
        edges, heights = steps(low[known], high[known], rate[known])
        fill_outline(self.bars, edges, heights)
        mean = unit.row["firing_rate_hz"]
        there = bool(len(heights)) and np.isfinite(mean)
        self.mean.set_visible(there)
        self.mean.set_ydata([mean if there else 0.0] * 2)
        self.axes.set_xlim(0, float(np.max(edges, initial=0)) or 1.0)
        self.axes.set_ylim(0, max(0.1, 1.15 * float(np.max(heights, initial=0)), 1.15 * mean if there else 0.0))
        self.empty.set_text("" if known.any() else "no autocorrelogram")
        plotted.add("autocorrelogram", "spontaneous", "lag (s)", low, "rate (Hz)", rate, x_high=high)


class RatePanel:
    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        fix_labels(axes)
        axes.set(xlabel="time (s), segments end to end", ylabel="rate (Hz)", title="Rate")
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=STEPS))
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=STEPS))
        self.outline = outline(axes, False, BLACK)
        (self.borders,) = axes.plot([], [], color=GREY, lw=0.5, ls=(0, (1, 1)), transform=axes.get_xaxis_transform())
        (self.drugs,) = axes.plot([], [], color=VERMILLION, lw=0.8, transform=axes.get_xaxis_transform())
        self.says = axes.text(
            1, 1.02, "", transform=axes.transAxes, ha="right", va="bottom", size="small", color=VERMILLION
        )
        self.empty = words_in(axes)

    def draw(self, unit: UnitData, plotted: Plotted) -> None:
        segment, low, high, rate = (
            numbers(unit.rates, name) for name in ("segment", "time_low_s", "time_high_s", "rate_hz")
        )
        starts: dict[int, float] = {}
        end = 0.0
        for one in sorted(set(segment.astype(int).tolist())):
            starts[one] = end
            end += max(0.0, float(np.nanmax(high[segment == one], initial=0.0)))
        shift = np.array([starts[int(one)] for one in segment])
        edges, heights = steps(low + shift, high + shift, rate, gap=math.nan)
        fill_outline(self.outline, edges, heights)
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
