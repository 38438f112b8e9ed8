"""Captions: one .rst file per kind of figure says what is seen; the figure adds its own counts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def read_captions(folder: Path) -> dict[str, str]:
    """Kind of figure → caption, from the files `<kind>.rst` of a folder."""
    return {path.stem: " ".join(path.read_text(encoding="utf-8").split()) for path in sorted(folder.glob("*.rst"))}


def caption(captions: Mapping[str, str], kind: str, *counts: str) -> str:
    """The caption of a kind of figure, followed by this figure's counts and exceptions."""
    sentences = [captions.get(kind, ""), *(f"{words}." for words in counts if words)]
    return " ".join(sentence for sentence in sentences if sentence)


def count(number: int, noun: str, nouns: str | None = None) -> str:
    """`1 animal`, `3 animals`."""
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"
