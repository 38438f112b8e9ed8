"""Recordings from any known file: units with their spike times, or raw traces in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coeruleus.formats.errors import FormatError
from coeruleus.formats.registry import recognise
from coeruleus.formats.text import Source

if TYPE_CHECKING:
    import neo

DISCOVERS = "coeruleus.formats.recordings"
CHUNK_BYTES = 2**24
FAST_ENOUGH_HZ = 8000.0  # a trace sampled more slowly has no shape of a spike
MOST_CHANNELS = 10_000
MOST_UNITS = 10_000  # of a recording
MOST_EVENTS = 3_000_000  # of a file; a camera of 200 frames a second has as many in four hours
LATE_S = 1e-3  # a spike may lie this far beyond the duration, which people round


@dataclass(frozen=True)
class Unit:
    """One unit. `times_s`: (n,) rising, on the recording's own clock. `waveform`: mean spike, (samples,), in
    `waveform_unit` (µV, or None where the file does not say), at `waveform_ms`, (samples,), 0 where the spike is
    timed. `leftover`: not a neuron but what a sorter did not assign (code 0) or called noise (255)."""

    unit_id: str
    times_s: np.ndarray
    waveform_ms: np.ndarray | None = None
    waveform: np.ndarray | None = None
    waveform_unit: str | None = None
    leftover: bool = False


@dataclass(frozen=True, slots=True)
class FileEvent:
    """An event that a recording file itself holds. `name` as the file has it; `source` is ttl or keyboard."""

    name: str
    onset_s: float
    duration_s: float
    source: str


@dataclass(frozen=True)
class SortedRecording:
    """Units of one recording. `duration_s` is None where neither file nor sheet says it."""

    units: tuple[Unit, ...]
    duration_s: float | None
    notes: tuple[str, ...] = ()
    format: str = ""


@dataclass(frozen=True)
class RawRecording:
    """Raw traces, read in pieces. `start_s` is the time of sample 0 on the recording's clock; `unit` is µV, or None
    where the file does not say (then numbers are as stored)."""

    sampling_rate_hz: float
    n_samples: int
    channels: tuple[str, ...]
    unit: str | None
    read: Callable[[int, int], np.ndarray] = field(repr=False)  # (start, stop) -> float32 (stop - start, channels)
    start_s: float = 0.0
    notes: tuple[str, ...] = ()
    format: str = ""

    @property
    def duration_s(self) -> float:
        return self.n_samples / self.sampling_rate_hz

    @property
    def end_s(self) -> float:
        """Where the traces end on the recording's clock."""
        return self.start_s + self.duration_s

    def chunks(self, samples: int | None = None) -> Iterator[np.ndarray]:
        """The traces in order as float32 (samples, channels) pieces; by default of 16 MB at most."""
        step = samples or max(1, CHUNK_BYTES // (4 * len(self.channels)))
        for start in range(0, self.n_samples, step):
            yield self.read(start, min(start + step, self.n_samples))


def open_sorted(
    path: str | Path,
    format: str | None = None,
    duration_s: float | None = None,
    channel: str | None = None,
) -> SortedRecording:
    """Units of a recording.

    `format` names a format where content alone does not tell; `duration_s` stands in place of the file's own;
    `channel` picks units: a unit_id, or the name or number of a channel. Raises FormatError, in words for the bench,
    naming file and line.
    """
    recording = _open(path, format, "sorted", channel)
    if not isinstance(recording, SortedRecording):
        raise FormatError(f"{Path(path).name}: holds traces but no spike times; its kind is raw")
    if len(recording.units) > MOST_UNITS:
        said = f"has {len(recording.units)} units, more than any recording; are its ids of units in the right column?"
        raise FormatError(f"{Path(path).name}: {said}")
    notes = list(recording.notes)
    duration = recording.duration_s if duration_s is None else duration_s
    if duration_s is not None and recording.duration_s and abs(duration_s / recording.duration_s - 1) > 0.01:
        notes.append(f"duration_s is {duration_s:g} s, the file itself says {recording.duration_s:.6g} s")
    for unit in recording.units:
        if duration is not None and len(unit.times_s) and unit.times_s[-1] > duration + LATE_S:
            raise FormatError(
                f"{Path(path).name}: unit {unit.unit_id} has a spike at {unit.times_s[-1]:.6g} s, after the end of the "
                f"recording (duration_s {duration:g}); mend duration_s, or give the times in seconds"
            )
    return SortedRecording(recording.units, duration, tuple(notes), recording.format)


def read_raw(path: str | Path, format: str | None = None, channel: str | None = None) -> RawRecording:
    """Raw traces of a recording, nothing loaded yet.

    Without `channel`, the one stream that is sampled fast enough for spikes is taken, with all its channels.
    Raises FormatError, in words for the bench.
    """
    recording = _open(path, format, "raw", channel)
    if not isinstance(recording, RawRecording):
        raise FormatError(f"{Path(path).name}: holds spike times but no raw trace; its kind is sorted")
    return recording


def read_sorted(
    path: str | Path,
    format: str | None = None,
    waveforms: str | Path | None = None,
    duration_s: float | None = None,
    channel: str | None = None,
) -> neo.Segment:
    """As `open_sorted`, as a Neo segment: a spike train per unit, annotated with unit_id and its mean waveform.

    `waveforms` is a table of mean spikes, in place of the file's own.
    """
    import neo
    import quantities as pq

    from coeruleus.formats.recordings.plain_tables import with_waveforms

    recording = open_sorted(path, format, duration_s, channel)
    if waveforms is not None:
        recording = with_waveforms(recording, Source(waveforms))
    latest = max((unit.times_s[-1] for unit in recording.units if len(unit.times_s)), default=0.0)
    stop = max(recording.duration_s or 0.0, latest)
    segment = neo.Segment(duration_s=recording.duration_s, notes=recording.notes)
    for unit in recording.units:
        train = neo.SpikeTrain(unit.times_s, units=pq.s, t_start=0 * pq.s, t_stop=stop * pq.s, name=unit.unit_id)
        train.annotate(unit_id=unit.unit_id, leftover=unit.leftover, waveform_ms=unit.waveform_ms)
        train.annotate(waveform=unit.waveform, waveform_unit=unit.waveform_unit)
        segment.spiketrains.append(train)
    return segment


def file_events(path: str | Path, format: str | None = None) -> list[FileEvent]:
    """The file's own events on the recording's clock, by name and in the file's order.

    Raises FormatError as the other readers do.
    """
    source = Source(path)
    chosen = recognise(source, DISCOVERS, "recording", format)
    if chosen.events is None:
        return []
    try:
        return sorted(chosen.events(source), key=lambda event: event.name)
    except FormatError:
        raise
    except Exception as error:
        raise FormatError(f"{source.name}: its events cannot be read ({type(error).__name__})") from error


class TooManyEventsError(FormatError):
    """Only events are refused; spikes and traces of the file may be read."""


def check_count(events: int, file: str) -> None:
    """Raises TooManyEventsError where a file says that it has more events than any recording."""
    if events > MOST_EVENTS:
        raise TooManyEventsError(f"{file}: says that it has {events} events, more than any recording has: damaged")


def _open(path: str | Path, format: str | None, kind: str, channel: str | None) -> SortedRecording | RawRecording:
    source = Source(path)
    chosen = recognise(source, DISCOVERS, "recording", format)
    try:
        return chosen.read(source, kind, channel)
    except FormatError:
        raise
    except Exception as error:
        cause = f"{type(error).__name__}: {error}".replace(str(source.path), source.name)
        message = f"{source.name}: could not be read as {chosen.title}, it may be damaged ({cause})"
        raise FormatError(" ".join(message.replace(str(source.path.parent), "").split())) from error
