"""What Neo opens, known by the first bytes of the file; and by suffix whatever else Neo claims."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coeruleus.experiment.files import BRAINVISION_NAMES
from coeruleus.formats.errors import FormatError
from coeruleus.formats.neo_events import events_of_neo
from coeruleus.formats.neo_reading import parse
from coeruleus.formats.neo_traces import raw_recording
from coeruleus.formats.neo_units import sorted_recording
from coeruleus.formats.recording import FileEvent, RawRecording, SortedRecording
from coeruleus.formats.registry import Format, reads
from coeruleus.formats.text import Source


@dataclass(frozen=True)
class Known:
    """A format that Neo reads: its reader, and how its files begin."""

    name: str
    title: str
    module: str
    reader: str
    begins: tuple[bytes, ...]
    suffixes: tuple[str, ...]
    notes: str = ""
    folders: bool = False


KNOWN = (
    Known("plexon", "Plexon .plx", "plexonrawio", "PlexonRawIO", (b"PLEX",), (".plx",), "units are ch3_1"),
    Known(
        "nex",
        "NeuroExplorer .nex",
        "neuroexplorerrawio",
        "NeuroExplorerRawIO",
        (b"NEX1",),
        (".nex",),
        "units are named as the neurons; a trace in several fragments is refused",
    ),
    Known(
        "blackrock",
        "Blackrock .nev, .ns1-.ns6",
        "blackrockrawio",
        "BlackrockRawIO",
        (b"NEURALEV", b"BREVENTS", b"NEURALSG", b"NEURALCD", b"BRSMPGRP"),
        (".nev", ".ns1", ".ns2", ".ns3", ".ns4", ".ns5", ".ns6"),
        "units are ch3_1; unassigned (0) and noise (255) only where channel names them",
    ),
    Known(
        "neuralynx",
        "Neuralynx",
        "neuralynxrawio.neuralynxrawio",
        "NeuralynxRawIO",
        (b"######## Neuralynx",),
        (".ncs", ".nse", ".ntt"),
        "times count from the first sample; a paused recording is refused",
        folders=True,
    ),
    Known("axon", "Axon .abf", "axonrawio", "AxonRawIO", (b"ABF ", b"ABF2"), (".abf",)),
    Known("axograph", "AxoGraph", "axographrawio", "AxographRawIO", (b"AxGr", b"axgx"), (".axgd", ".axgx")),
    Known(
        "brainvision",
        "BrainVision",
        "brainvisionrawio",
        "BrainVisionRawIO",
        (b"Brain Vision Data Exchange Header", b"BrainVision Data Exchange Header"),
        (".vhdr",),
    ),
    Known("edf", "EDF", "edfrawio", "EDFRawIO", (b"0       ",), (".edf",)),
    Known(
        "intan",
        "Intan .rhd, .rhs",
        "intanrawio",
        "IntanRawIO",
        (b"\x02\x27\x91\xc6", b"\xac\x27\x91\xd6"),
        (".rhd", ".rhs"),
    ),
)
# No header to check (anything would be read as a trace), a closed library, a download, or handled elsewhere.
NEVER_GUESSED = frozenset({"RawBinarySignalRawIO", "CedRawIO", "Plexon2RawIO", "Spike2RawIO", "RawMCSRawIO"})
EDF_FACTS, EDF_SIGNAL = 256, 256  # bytes of header for the file, and for each signal
EDF_SAMPLES = 216  # of them, those before a signal's samples in a record, signal by signal
NEURALYNX_HEADER = 2**14
NEURALYNX_DAMAGED = re.compile(rb"-ApplicationName[^\n]{500}")  # Neo takes seconds over such a line
OPTIONS: dict[str, dict[str, Any]] = {"PlexonRawIO": {"progress_bar": False}}


def _edf_is_whole(source: Source) -> bool:
    """Whether the records that the header counts fill the file; the library for EDF prints where they do not."""
    try:
        records, signals = int(source.head[236:244]), int(source.head[252:256])
        counts = source.head[EDF_FACTS + EDF_SAMPLES * signals :][: 8 * signals]
        samples = sum(int(counts[8 * n : 8 * n + 8]) for n in range(signals))
    except ValueError:
        return True  # what is wrong with it the library says better
    return records < 0 or EDF_FACTS + EDF_SIGNAL * signals + 2 * records * samples == source.size


def _check_names(source: Source) -> None:
    """A BrainVision header may name its files, but not say where they are: they lie beside it."""
    if source.path.suffix.lower() != ".vhdr":
        raise FormatError(f"{source.name}: begins as a BrainVision header, and those are named .vhdr: rename it")
    for what, name in BRAINVISION_NAMES.findall(source.data):
        if b"/" in name or b"\\" in name:
            named = name.decode("utf-8", "replace")
            said = f"says {what.decode()}={named[:200]}: put that file beside this one, and write its name alone there"
            raise FormatError(f"{source.name}: {said}")


def _make(reader: Any, source: Source) -> Any:
    if reader.__name__ == "EDFRawIO" and not _edf_is_whole(source):
        raise FormatError(f"{source.name}: is longer or shorter than its header says; it was cut off or damaged")
    if reader.__name__ == "BrainVisionRawIO":
        _check_names(source)
    options = OPTIONS.get(reader.__name__, {})
    if reader.__name__ == "NeuralynxRawIO" and not source.is_folder:
        if NEURALYNX_DAMAGED.search(source.head[:NEURALYNX_HEADER].rstrip(b"\0")):
            raise FormatError(f"{source.name}: its header has a line without an end; it is damaged")
        return reader(dirname=str(source.path.parent), include_filenames=[source.name])
    if reader.rawmode in ("one-dir", "multi-dir"):
        return reader(dirname=str(source.path), **options)
    if reader.__name__ == "BlackrockRawIO":
        suffix = source.path.suffix.lower()
        options = {"load_nev": suffix == ".nev", "nsx_to_load": int(suffix[3:]) if suffix[3:].isdigit() else None}
    return reader(filename=str(source.path), **options)


def _read(source: Source, title: str, reader: Callable[[], Any], kind: str, channel: str | None) -> Any:
    opened = parse(source, title, lambda: _make(reader(), source))
    if kind != "raw":
        return sorted_recording(opened, channel)
    recording = raw_recording(opened, channel)
    if hasattr(opened.reader, "_entity_headers"):
        _check_fragments(opened.reader, recording, source)
    return recording


def _check_fragments(reader: Any, recording: RawRecording, source: Source) -> None:
    """NeuroExplorer stores a paused trace as fragments, which Neo would join without a word."""
    for each in reader.header["signal_channels"]:
        fragments = int(reader._entity_headers[int(each["id"])]["n"])
        if fragments > 1 and str(each["name"]).strip() in recording.channels:
            raise FormatError(
                f"{source.name}: the trace {each['name']} was paused and is in {fragments} fragments; export each alone"
            )


def _format(known: Known) -> Format:
    def sniff(source: Source) -> str | None:
        return None if source.head.startswith(known.begins) else "another beginning"

    def read(source: Source, kind: str = "sorted", channel: str | None = None) -> SortedRecording | RawRecording:
        def reader() -> Any:
            return getattr(importlib.import_module(f"neo.rawio.{known.module}"), known.reader)

        return _read(source, known.title, reader, kind, channel)

    def events(source: Source) -> list[FileEvent]:
        reader = getattr(importlib.import_module(f"neo.rawio.{known.module}"), known.reader)
        return events_of_neo(parse(source, known.title, lambda: _make(reader, source)))

    notes = known.notes or "through Neo"
    return reads(
        known.name,
        known.title,
        suffixes=known.suffixes,
        notes=notes,
        sniff=sniff,
        events=events,
        folders=known.folders,
    )(read)


FORMATS = tuple(_format(known) for known in KNOWN)


def sniff_suffix(source: Source) -> str | None:
    if source.encoding is not None and not source.is_folder:
        return "text"
    return None if _claimants(source) else f"Neo knows no format with the suffix {source.path.suffix or '(none)'}"


@reads(
    "neo",
    "other formats of Neo",
    suffixes=(".edr", ".h5", ".oebin", ".rec", ".tbk", ".trc", ".wcp", ".xdat"),
    notes="whatever else Neo reads with spike trains or traces, found by suffix; folders too",
    sniff=sniff_suffix,
    generic=True,
    folders=True,
)
def read_any(source: Source, kind: str = "sorted", channel: str | None = None) -> SortedRecording | RawRecording:
    """Try each of Neo's readers that claims the suffix."""
    refusals = []
    for reader in _claimants(source):
        try:
            return _read(source, reader.__name__.removesuffix("RawIO"), lambda reader=reader: reader, kind, channel)  # type: ignore[misc]
        except FormatError as error:
            refusals.append(str(error).removeprefix(f"{source.name}: "))
    hint = ""
    if source.path.suffix.lower() in (".dat", ".bin", ".raw") and not source.is_folder:
        hint = f"; if it holds plain samples, describe them in {source.path.stem}.json (see raw_binary)"
    raise FormatError(f"{source.name}: {'; '.join(refusals) or 'no reader of Neo claims it'}{hint}")


def _claimants(source: Source) -> list[Any]:
    from neo.rawio import get_rawio

    found = get_rawio(source.path, exclusive_rawio=False) or []
    fitting = [each for each in found if source.is_folder == (each.rawmode in ("one-dir", "multi-dir"))]
    return sorted((each for each in fitting if each.__name__ not in NEVER_GUESSED), key=lambda each: each.__name__)
