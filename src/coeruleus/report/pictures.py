"""Figures for the page: each embedded in it, drawn as vectors where they are small."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coeruleus.figures.index import INDEX, FigureRecord, read_index
from coeruleus.report.cells import plural

LARGEST_SVG = 120_000  # bytes
AS_IMAGES = {"unit_card", "chromatograms", "release_animals", "raw_trace"}  # many of a kind
# Bytes of a kind; the others lie in the folder of figures, and the page says so. It browses every trace anyway.
MOST = {"chromatograms": 700_000, "raw_trace": 4_000_000, "joint": 4_000_000}


@dataclass(frozen=True)
class Picture:
    """A figure as the page shows it: `address` is a data address that holds the whole picture."""

    record: FigureRecord
    address: str  # empty: too many of its kind to embed all
    source: str  # the table of what is plotted, below the results folder
    size: tuple[int, int]  # of the picture in pixels: its room is kept before it is drawn

    def about(self, key: str) -> str:
        return self.record.about.get(key, "")


class Pictures:
    """All figures of an experiment, found by kind and by what they are about."""

    def __init__(self, directories: Sequence[Path]) -> None:
        self._found: list[tuple[Path, FigureRecord]] = []
        for directory in directories:
            if (directory / INDEX).is_file():
                self._found += [(directory, record) for record in read_index(directory)]
        self._left_out = {name for kind, most in MOST.items() for name in self._beyond(kind, most)}

    def _beyond(self, kind: str, most: int) -> set[str]:
        """Figures of a kind after those that fit into so many bytes."""
        total, names = 0, set()
        for directory, record in self._found:
            if record.kind == kind:
                total += _shown(directory, record).stat().st_size
                if total > most:
                    names.add(record.name)
        return names

    def of(self, kind: str, **about: str) -> list[Picture]:
        """Figures of a kind whose facts are these, in the order of their index."""
        return [
            Picture(
                record,
                "" if record.name in self._left_out else _embed(directory, record),
                f"figures/{directory.name}/{record.file('.tsv')}",
                _size(directory / record.file(".png")),
            )
            for directory, record in self._found
            if record.kind == kind and all(record.about.get(key) == value for key, value in about.items())
        ]

    def cards(self) -> dict[tuple[str, str], list[Picture]]:
        """Evidence cards by site and unit."""
        cards: dict[tuple[str, str], list[Picture]] = {}
        for picture in self.of("unit_card"):
            cards.setdefault((picture.about("site_id"), picture.about("unit_id")), []).append(picture)
        return cards

    def __len__(self) -> int:
        return len(self._found)


def _size(png: Path) -> tuple[int, int]:
    """Width and height from the head of a PNG."""
    with png.open("rb") as handle:
        head = handle.read(24)
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def left_out(pictures: Sequence[Picture], what: str, whats: str | None = None) -> str:
    """A sentence on those of one kind that are not embedded; none where all are."""
    rest = [one for one in pictures if not one.address]
    if not rest:
        return ""
    return f"{plural(len(rest), what, whats)} did not fit in here: see the folder {rest[0].source.rpartition('/')[0]}."


def _shown(directory: Path, record: FigureRecord) -> Path:
    """The file of a figure that the page embeds."""
    vectors = directory / record.file(".svg")
    small = record.kind not in AS_IMAGES and vectors.stat().st_size <= LARGEST_SVG
    return vectors if small else directory / record.file(".png")


def _embed(directory: Path, record: FigureRecord) -> str:
    file = _shown(directory, record)
    kind = "svg+xml" if file.suffix == ".svg" else "png"
    return f"data:image/{kind};base64,{base64.b64encode(file.read_bytes()).decode('ascii')}"
