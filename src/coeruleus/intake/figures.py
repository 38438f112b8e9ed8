"""The optional figures.yaml of an experiment directory."""

from __future__ import annotations

from pathlib import Path

from coeruleus.figures.settings import FigureSettings, parse_figures_yaml

FILE = "figures.yaml"


def read_figures_yaml(directory: Path) -> tuple[FigureSettings, list[str]]:
    """How the figures of an experiment look, and what is wrong with its figures.yaml, in words."""
    file = directory / FILE
    if not file.is_file():
        return FigureSettings(), []
    if not file.resolve().is_relative_to(directory.resolve()):
        return FigureSettings(), [f"{FILE} is a link that leaves the experiment directory: copy the file here"]
    return parse_figures_yaml(file.read_text(encoding="utf-8-sig", errors="replace"))
