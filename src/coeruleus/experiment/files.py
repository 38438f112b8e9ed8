"""Files that readers open for the rows of a sheet: those that it names, and others beside or within them."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

HEADER = 1 << 16  # bytes of a header in which names of further files are looked for
BRAINVISION_NAMES = re.compile(rb"(?:^|[\r\n])(DataFile|MarkerFile)=([^\r\n]*)")
INTAN = ("info.rhd", "info.rhs")  # headers of a folder of traces
# What readers open beside a file: sidecars, and traces, markers and headers of the formats of several files.
BESIDE = re.compile(r"\.(?:json|eeg|vmrk|dat|bin|xml|set|meta|ent|pos|nev|ns\d|\d+)", re.IGNORECASE)
ALONE = (".csv", ".tsv", ".txt", ".nwb")  # nothing beside these
TRACES = re.compile(r"[^/]+\.(?:bin|cbin|dat|raw)")  # in a folder of Phy: no more than their size is asked for


def stamps(folder: Path, names: Iterable[str | None], only_opened: bool = False) -> list[tuple[str, str]]:
    """Name and stamp of each file that is there; of the files within, where a name is a folder's.

    Readers open more than the file that a sheet names: others of the same name but for its ending (samples beside
    their header, a sidecar), what a BrainVision header names, and files of the folder of one injection, `x.D`, or
    around Intan's info.rhd. Rather too many are taken, which does no harm to what is to be made again; `only_opened`
    leaves those out of which it is known that no reader opens them: a film beside a table, the traces of Phy.
    """
    found: dict[str, str] = {}
    groups: dict[str, dict[str, list[str]]] = {}  # folder → name without its ending → files
    whole: set[str] = set()  # folders of which every file may be read
    for name in sorted({name for name in names if name}):
        path = f"{folder}/{name}"
        if one := _stamp(path):
            found[name] = one
            where, _, file = name.rpartition("/")
            if where not in groups:
                groups[where] = _by_stem(f"{folder}/{where}")
            if where not in whole and (where.lower().endswith(".d") or file in INTAN):
                whole.add(where)
                every = not only_opened or file not in INTAN
                inside = stamps_below(f"{folder}/{where}")
                found |= {f"{where}/{inner}": one for inner, one in inside if every or inner.endswith(".dat")}
            stems = groups[where]
            beside = [*stems.get(file.rpartition(".")[0], ()), *stems.get(file, ())]
            if only_opened:
                alone = file.lower().endswith(ALONE)
                beside = [each for each in beside if not alone and BESIDE.fullmatch(each[each.rindex(".") :])]
            for other in (*beside, *_named_in_header(path)):
                other = f"{where}/{other}" if where else other
                if one := _stamp(f"{folder}/{other}"):
                    found[other] = one
        elif Path(path).is_dir():
            every = not only_opened or not Path(path, "spike_times.npy").is_file()
            inside = stamps_below(path)
            found |= {f"{name}/{inner}": one for inner, one in inside if every or not TRACES.fullmatch(inner)}
    return sorted(found.items())


def links_out(folder: Path, names: Iterable[str | None], top: Path) -> list[str]:
    """Of all files that readers open for these names, and of the folders within, those that are links out of `top`."""
    named = {name for name in names if name}
    opened = {name for name, _ in stamps(folder, named, only_opened=True)}
    for name in named - opened:  # folders, or not there
        for where, inner, _ in os.walk(f"{folder}/{name}"):
            opened |= {f"{where}/{each}"[len(f"{folder}/") :] for each in inner}

    @cache
    def inside(path: str) -> bool:
        return Path(os.path.realpath(path)).is_relative_to(top)

    # Where the file itself is no link, its folder, asked once, says where it lies.
    def place(path: str) -> str:
        return path if os.path.islink(path) else os.path.dirname(path)  # noqa: PTH114, PTH120 (for speed)

    return sorted(name for name in {*opened, *named} if not inside(place(f"{folder}/{name}")))


def _by_stem(folder: str) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    with contextlib.suppress(OSError):
        for file in os.listdir(folder):  # noqa: PTH208 (for speed)
            stem = file.rpartition(".")[0]
            if stem:
                groups.setdefault(stem, []).append(file)
    return groups


def _named_in_header(path: str) -> list[str]:
    """Files of samples and markers that a BrainVision header names."""
    if not path.lower().endswith(".vhdr"):
        return []
    text = b""
    with contextlib.suppress(OSError), Path(path).open("rb") as handle:
        text = handle.read(HEADER)
    names = [name.decode("utf-8", "replace").strip() for _, name in BRAINVISION_NAMES.findall(text)]
    return [name for name in names if name and not {*"/\\"} & {*name}]


def stamps_below(folder: str) -> Iterator[tuple[str, str]]:
    """By strings: there are many thousands of files. Folders that are links are not entered."""
    for where, _, files in os.walk(folder):
        below = where[len(folder) + 1 :].replace(os.sep, "/")
        for file in files:
            if one := _stamp(f"{where}/{file}"):
                yield (f"{below}/{file}" if below else file), one


def _stamp(path: str) -> str | None:
    """Size and time of last change, by which a changed file is known without reading it; None for what is no file."""
    try:
        status = os.stat(path)  # noqa: PTH116 (for speed)
    except (OSError, ValueError):
        return None
    return f"{status.st_size}\t{status.st_mtime_ns}" if stat.S_ISREG(status.st_mode) else None
