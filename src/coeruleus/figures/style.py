"""The look of all figures: sizes, palette, axes placed in millimetres, tick labels in plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, ScalarFormatter

from coeruleus.figures.colours import CYCLE, GREY
from coeruleus.figures.settings import FigureSettings
from coeruleus.tables.order import naturally

LABEL_MARKERS = {"LC-NE": "o", "other": "s", "undetermined": "D"}
DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)))
MM = 1 / 25.4
STYLE_SHEET = Path(__file__).with_name("coeruleus.mplstyle")


@contextmanager
def house_style(settings: FigureSettings) -> Iterator[None]:
    """Matplotlib's own defaults and the style sheet, whatever the user's matplotlibrc says."""
    style = matplotlib.rc_params_from_file(STYLE_SHEET, fail_on_error=True, use_default_template=True)
    rc = {key: style[key] for key in style if not key.startswith(("backend", "interactive", "toolbar", "timezone"))}
    small = settings.font_size_pt - 1
    rc |= dict.fromkeys(("font.size", "axes.titlesize", "axes.labelsize"), settings.font_size_pt)
    rc |= dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), small)
    with matplotlib.rc_context(rc):
        yield


def new_figure(width_mm: float, height_mm: float, dpi: int) -> Figure:
    """An empty figure; its dpi is that of the PNG."""
    return Figure(figsize=(width_mm * MM, height_mm * MM), dpi=dpi)


def place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place in mm from the figure's top left corner."""
    full_width, full_height = (inches / MM for inches in figure.get_size_inches())
    rectangle = (left / full_width, 1 - (top + height) / full_height, width / full_width, height / full_height)
    return figure.add_axes(rectangle)


def size_of(axes: Axes) -> tuple[float, float]:
    """Width and height of a panel in mm."""
    width, height = axes.figure.get_size_inches() / MM  # type: ignore[union-attr]
    box = axes.get_position()
    return float(box.width * width), float(box.height * height)


def fix_labels(axes: Axes, below: float = 4.6, left: float = 8.5) -> None:
    """Axis labels at fixed distances in mm: looking for free room at every drawing takes a third of its time."""
    width, height = size_of(axes)
    axes.xaxis.set_label_coords(0.5, -below / height)
    axes.yaxis.set_label_coords(-left / width, 0.5)


class Numbers(ScalarFormatter):
    """Plain numbers; very large and very small ones as `1.5e5`, so that nothing stands beside the axis."""

    def __init__(self) -> None:
        super().__init__(useOffset=False)
        self.set_scientific(False)
        self._largest = 0.0

    def set_locs(self, locs: Any) -> None:
        super().set_locs(locs)
        self._largest = max((abs(float(place)) for place in locs), default=0.0)

    def __call__(self, x: float, pos: int | None = None) -> str:
        largest = self._largest
        if largest == 0 or 1e-3 <= largest < 1e5:
            return super().__call__(x, pos)
        return "0" if abs(x) < 1e-9 * largest else f"{x:.3g}".replace("e+0", "e").replace("e-0", "e−")


def few_ticks(axes: Axes, x: int = 4, y: int = 4) -> None:
    """About this many ticks on linear axes."""
    for axis, count in ((axes.xaxis, x), (axes.yaxis, y)):
        axis.set_major_locator(MaxNLocator(count, steps=[1, 2, 2.5, 5, 10]))
        axis.set_major_formatter(Numbers())


def plain_number(value: float, _position: int | None = None) -> str:
    """A tick label without powers of ten in small type."""
    return f"{value:g}" if 1e-4 <= abs(value) < 1e6 or value == 0 else f"{value:.0e}"


def log_axis(axes: Axes, which: str) -> None:
    """A logarithmic axis with plain numbers at the decades."""
    getattr(axes, f"set_{which}scale")("log")
    axis = getattr(axes, f"{which}axis")
    axis.set_major_locator(LogLocator(base=10, numticks=6))
    axis.set_major_formatter(FuncFormatter(plain_number))
    axis.set_minor_locator(LogLocator(base=10, subs=(2.0, 5.0), numticks=6))
    axis.set_minor_formatter(FuncFormatter(lambda value, _position: _between_decades(axis, value)))


def _between_decades(axis: Axis, value: float) -> str:
    """2 and 5 are labelled only where there is room for them."""
    low, high = sorted(axis.get_view_interval())
    return plain_number(value) if low > 0 and high / low < 50 else ""


def named_ticks(axes: Axes, which: str, names: Sequence[str], rotation: float = 0) -> None:
    """Ticks at 0, 1, 2, ... with these names."""
    axis = getattr(axes, f"{which}axis")
    axis.set_major_locator(FixedLocator(list(range(len(names)))))
    turn = {"rotation": rotation, "ha": "right", "rotation_mode": "anchor"} if rotation else {}
    axis.set_ticklabels(list(names), **turn)


def say_nothing_to_show(axes: Axes, words: str) -> None:
    """An empty panel says why it is empty."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=GREY, wrap=False)


def ordered(names: Sequence[str], first: Sequence[str]) -> list[str]:
    """Distinct names: those that the settings put first, in that order, then the others in natural order."""
    present = {name for name in names if name is not None}
    head = [name for name in first if name in present]
    return head + naturally(present - set(head))


def colours_for(names: Sequence[str], settings: FigureSettings) -> dict[str, str]:
    """A colour for each name, in order; figures.yaml wins."""
    return {name: settings.colours.get(name, CYCLE[place % len(CYCLE)]) for place, name in enumerate(names)}


def safe_name(*parts: str) -> str:
    """A file name from ids. Ids hold letters, digits, `.`, `_`, `-`; anything else becomes its code point,
    and `+` joins, so that different parts never give one name."""
    return "+".join(
        "".join(c if c.isascii() and (c.isalnum() or c in "._-") else f"~{ord(c):x}~" for c in part) for part in parts
    )


def printable(words: object) -> str:
    """Text without control characters, which XML does not allow."""
    return "".join(c if c.isprintable() else " " for c in str(words))
