"""The formats: each module of a package registers what it reads, and files are known by their content."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from coeruleus.formats.errors import FormatError
from coeruleus.formats.text import Source

PACKAGES = {"chromatogram": "coeruleus.formats.chromatograms", "recording": "coeruleus.formats.recordings"}


@dataclass(frozen=True)
class Format:
    """One file format. `sniff` looks at a file's content and returns None for "mine", else why not.

    A `generic` format is tried after all others, so that a damaged vendor file is never taken for plain numbers.
    `events` gives the events that a recording file itself holds. Only those with `folders` take a folder.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    notes: str
    sniff: Callable[[Source], str | None]
    read: Callable[..., Any]
    generic: bool = False
    events: Callable[[Source], list[Any]] | None = None
    folders: bool = False


def reads(
    name: str,
    title: str,
    *,
    suffixes: tuple[str, ...],
    notes: str,
    sniff: Callable[[Source], str | None],
    generic: bool = False,
    events: Callable[[Source], list[Any]] | None = None,
    folders: bool = False,
) -> Callable[[Callable[..., Any]], Format]:
    """Decorator: makes a reading function the Format that `discover` finds in its module."""

    def register(read: Callable[..., Any]) -> Format:
        return Format(name, title, suffixes, notes, sniff, read, generic, events, folders)

    return register


@cache
def discover(package: str) -> tuple[Format, ...]:
    """All formats of a package's modules, by module name; generic ones last."""
    folder = importlib.import_module(package).__path__
    found: list[Format] = []
    for module in sorted(pkgutil.iter_modules(folder), key=lambda each: each.name):
        members = vars(importlib.import_module(f"{package}.{module.name}"))
        for member in members.values():
            found += [member] if isinstance(member, Format) else []
            found += [each for each in member if isinstance(each, Format)] if isinstance(member, tuple) else []
    return tuple(sorted(found, key=lambda each: each.generic))


def recognise(source: Source, package: str, what: str, named: str | None = None) -> Format:
    """The format of a file: the one named, else the first whose content it has.

    Raises FormatError that says which formats were tried and why each refused.
    """
    formats = discover(package)
    if named is not None:
        wanted = named.strip().casefold()
        for each in formats:
            if wanted in (each.name.casefold(), each.title.casefold()):
                if source.is_folder and not each.folders:
                    raise FormatError(f"{source.name}: is a folder, and {each.title} is a file; name the file in it")
                return each
        known = ", ".join(each.name for each in formats)
        raise FormatError(f"{source.name}: there is no format {named!r}; known formats: {known}")
    refusals: dict[str, list[str]] = {}
    for each in formats:
        try:
            refusal = each.sniff(source)
        except Exception as error:
            refusal = f"cannot be looked at ({type(error).__name__})"
        if refusal is None:
            return each
        refusals.setdefault(refusal, []).append(each.title)
    tried = "; ".join(f"{', '.join(titles)} ({refusal})" for refusal, titles in refusals.items())
    raise FormatError(f"{source.name}: is no {what} in a known format. Tried: {tried}")


def list_formats() -> list[dict[str, str]]:
    """One row per format: name, kind, title, suffixes, notes; for the command line and the README."""
    return [
        {
            "name": each.name,
            "kind": kind,
            "title": each.title,
            "suffixes": " ".join(each.suffixes),
            "notes": each.notes,
        }
        for kind, package in PACKAGES.items()
        for each in discover(package)
    ]
