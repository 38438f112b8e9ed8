"""Saving one figure: SVG, PDF, PNG, and the table of what is plotted beside them, the same bytes every time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from PIL import Image

from coeruleus.figures.index import FigureRecord
from coeruleus.figures.style import printable
from coeruleus.tables.io import write_table
from coeruleus.tables.model import Table, number, text

PLOTTED = Table(
    "figures/plotted",
    "plotted point",
    (),
    (
        text("panel", "part of the figure"),
        text("series", "line, set of points or bars"),
        text("item", "injection, animal, unit or trial that the point stands for"),
        text("x_axis", "what x is, with its unit"),
        number("x", "position, or lower edge of a bin", "see x_axis"),
        number("x_high", "upper edge of a bin or interval", "see x_axis"),
        text("y_axis", "what y is, with its unit"),
        number("y", "value", "see y_axis"),
        number("y_low", "lower end of the error bar or interval", "see y_axis"),
        number("y_high", "upper end of the error bar or interval", "see y_axis"),
        text("note", "status, label or verdict that the figure shows"),
    ),
)


class Source(Protocol):
    """What is plotted, as a table."""

    table: Table

    def frame(self) -> pd.DataFrame: ...


class Plotted:
    """Collects what a figure shows, series by series, for the table beside it."""

    def __init__(self) -> None:
        self._parts: list[dict[str, Any]] = []

    def add(self, panel: str, series: str, x_axis: str, x: Any, y_axis: str, y: Any, **more: Any) -> None:
        """One series; arrays are of equal length, single values stand for all points."""
        length = len(np.atleast_1d(x))
        part = {"panel": panel, "series": series, "x_axis": x_axis, "x": x, "y_axis": y_axis, "y": y} | more
        if length:
            self._parts.append({key: _spread(value, length) for key, value in part.items()})

    table = PLOTTED

    def frame(self) -> pd.DataFrame:
        names = PLOTTED.names
        columns: dict[str, list[Any]] = {name: [] for name in names}
        for part in self._parts:
            length = len(part["x"])
            for name in names:
                columns[name].extend(part.get(name, [None] * length))
        return pd.DataFrame(columns)


def _spread(value: Any, length: int) -> list[Any]:
    if value is None or isinstance(value, (str, int, float)):
        return [value] * length
    values = np.asarray(value).tolist() if not isinstance(value, list) else value
    if len(values) != length:
        raise ValueError(f"{len(values)} values where {length} points are plotted")
    return values


def save_figure(
    figure: Figure,
    directory: Path,
    name: str,
    plotted: Source,
    *,
    kind: str,
    title: str,
    caption: str,
    alt: str | None = None,
    about: Mapping[str, str] | None = None,
    colours: int | None = None,
    pdf: bool = True,
) -> FigureRecord:
    """Write `<name>.svg`, `.pdf`, `.png` and `.tsv` (with its dictionary) and return the record.

    `pdf`: also as PDF, whose embedded font takes a third of a second.
    `colours`: write the PNG with a palette of so many colours, which is small and quick.
    """
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    # A canvas that is kept remembers how wide its words are, which is what costs time.
    agg, dpi = figure.canvas if isinstance(figure.canvas, FigureCanvasAgg) else FigureCanvasAgg(figure), figure.dpi
    with path.parent.joinpath(f"{path.name}.svg").open("w", encoding="utf-8", newline="\n") as handle:
        vectors = FigureCanvasSVG(figure)
        vectors.print_svg(handle, metadata={"Title": printable(title), "Date": None, "Creator": None})
    if pdf:
        words = {"Title": printable(title), "CreationDate": None, "Creator": None}
        FigureCanvasPdf(figure).print_pdf(path.parent / f"{path.name}.pdf", metadata=words)
    figure.dpi = dpi  # vectors leave 72 behind
    figure.set_canvas(agg)
    agg.draw()
    image = Image.fromarray(np.ascontiguousarray(np.asarray(agg.buffer_rgba())[..., :3]))
    if colours:
        image = _few_colours(image, colours)
    image.save(path.parent / f"{path.name}.png", "png", compress_level=6, dpi=(figure.dpi, figure.dpi))
    write_table(plotted.frame(), path.parent / f"{path.name}.tsv", plotted.table)
    suffixes = (".svg", *((".pdf",) if pdf else ()), ".png", ".tsv", ".json")
    files = tuple(f"{name}{suffix}" for suffix in suffixes)
    return FigureRecord(name, kind, title, caption, alt or title, files, dict(about or {}))


def _few_colours(image: Image.Image, colours: int) -> Image.Image:
    """The image with a palette, in which paper stays white."""
    image = image.quantize(colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = np.array(image.getpalette(), dtype=np.uint8).reshape(-1, 3)
    palette[(palette >= 252).all(axis=1)] = 255
    image.putpalette(palette.ravel().tolist())
    return image
