"""Spike2: .smr files through Neo, with WaveMark times moved from the start of the snippet to the spike."""

from __future__ import annotations

import re
from typing import Any

from coeruleus.formats.errors import FormatError
from coeruleus.formats.neo_events import events_of_neo
from coeruleus.formats.neo_reading import Opened, parse
from coeruleus.formats.neo_traces import raw_recording
from coeruleus.formats.neo_units import sorted_recording
from coeruleus.formats.recording import FileEvent, RawRecording, SortedRecording
from coeruleus.formats.registry import reads
from coeruleus.formats.text import Source

EXPORT = (
    "Spike2's 64-bit files (.smrx) need a closed library that has no build for current Linux Pythons; in Spike2, "
    "File > Export As writes the 32-bit .smr, which is read"
)


def sniff(source: Source) -> str | None:
    return None if source.head[2:12] == b"(C) CED 87" else "does not begin as a Spike2 file does"


def _parse(source: Source) -> Opened:
    def make() -> Any:
        from neo.rawio.spike2rawio import Spike2RawIO

        return Spike2RawIO(filename=str(source.path))

    return parse(source, "Spike2 .smr", make)


def read_events(source: Source) -> list[FileEvent]:
    """Event channels and keyboard markers."""
    return events_of_neo(_parse(source))


@reads(
    "spike2",
    "Spike2 .smr",
    suffixes=(".smr",),
    notes="WaveMark units are ch5_2: channel 5 as Spike2 counts, marker code 2; code 0 (unassigned) only where "
    "channel names it; times are of the trigger point, not of the snippet's start",
    sniff=sniff,
    events=read_events,
)
def read(source: Source, kind: str = "sorted", channel: str | None = None) -> SortedRecording | RawRecording:
    """WaveMark units, or the continuous traces."""
    opened = _parse(source)
    if kind == "raw":
        return raw_recording(opened, channel)
    names, shifts = [], []
    for each in opened.reader.header["spike_channels"]:
        match = re.fullmatch(r"ch(\d+)#(\d+)", str(each["id"]))
        if match is None:
            raise FormatError(f"{source.name}: has a unit of unknown kind, {each['id']!r}")
        info = opened.reader._channel_infos[int(match[1])]
        names.append(f"ch{int(match[1]) + 1}_{match[2]}")  # Spike2 counts channels from 1, Neo from 0
        shifts.append(max(0, int(info["pre_trig"])) / float(each["wf_sampling_rate"]))
    return sorted_recording(opened, channel, names, shifts)


def sniff_64_bit(source: Source) -> str | None:
    return (
        None if source.head.startswith(b"S64") or source.path.suffix.lower() == ".smrx" else "does not begin with S64"
    )


@reads("smrx", "Spike2 .smrx", suffixes=(".smrx",), notes=f"not read: {EXPORT}", sniff=sniff_64_bit)
def refuse(source: Source, kind: str = "sorted", channel: str | None = None) -> SortedRecording:
    """Say how to export."""
    raise FormatError(f"{source.name}: {EXPORT}")
