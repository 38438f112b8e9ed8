"""Plots to point at: what stands behind each point is said, and where it leads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from coeruleus.figures.colours import CYCLE, GREY, LABEL_COLOURS
from coeruleus.report.packed import pack, plain


@dataclass(frozen=True)
class Series:
    """One set of points. `go`: `unit-3`, or `trace:<injection>`; empty leads nowhere."""

    name: str
    colour: str
    x: Sequence[Any]
    y: Sequence[Any]
    names: Sequence[str]
    go: Sequence[str] = ()
    line: bool = False


@dataclass(frozen=True)
class Points:
    """One plot. A logarithmic axis shows positive values only."""

    title: str
    x_axis: str
    y_axis: str
    series: Sequence[Series] = field(default_factory=tuple)
    x_log: bool = False
    y_log: bool = False

    @property
    def packed(self) -> str:
        return pack(
            {
                "title": self.title, "x": self.x_axis, "y": self.y_axis, "xLog": self.x_log, "yLog": self.y_log,
                "series": [
                    {
                        "name": one.name, "colour": one.colour, "line": one.line, "names": list(one.names),
                        "go": list(one.go), "x": [plain(v) for v in one.x], "y": [plain(v) for v in one.y],
                    }
                    for one in self.series
                ],
            }
        )  # fmt: skip

    def __len__(self) -> int:
        return sum(len(one.x) for one in self.series)


def colour(place: int) -> str:
    return CYCLE[place % len(CYCLE)]


def label_colour(label: str) -> str:
    return LABEL_COLOURS.get(label, GREY)


def worth_pointing(plots: Iterable[Points]) -> tuple[Points, ...]:
    """Those that hold at least two points."""
    return tuple(one for one in plots if len(one) > 1)
