"""NWB by pynwb: sorted units, electrical series, and time intervals as events (Neo needs obs_intervals, which many
files do not have)."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from coeruleus.formats.channels import choose_channel
from coeruleus.formats.errors import FormatError
from coeruleus.formats.hdf5_claims import refuse_bomb, refuse_links_and_bombs
from coeruleus.formats.recording import (
    MOST_CHANNELS,
    MOST_UNITS,
    FileEvent,
    RawRecording,
    SortedRecording,
    Unit,
    check_count,
)
from coeruleus.formats.registry import reads
from coeruleus.formats.text import Source
from coeruleus.formats.time_limit import time_limit

HDF5 = b"\x89HDF\r\n\x1a\n"
QUALITY_COLUMNS = ("quality", "KSLabel", "ks_label", "group", "label")
BAD_QUALITIES = frozenset({"noise", "mua", "unsorted", "bad", "multi"})


def sniff(source: Source) -> str | None:
    if not source.head.startswith(HDF5):
        return "does not begin as HDF5"
    import h5py  # type: ignore[import-untyped]

    try:
        with h5py.File(source.path, "r") as file:
            return None if "nwb_version" in file.attrs else "HDF5 without nwb_version"
    except Exception as error:  # h5py raises nearly any
        # An .nwb that HDF5 cannot open is a damaged NWB, not a file of another kind.
        return None if source.path.suffix.lower() == ".nwb" else f"damaged HDF5 ({_said(error)})"


def _said(error: Exception) -> str:
    """What HDF5 says, without the time at which it said it: problems are the same in every run."""
    return re.sub(r"time = [^,]*, ", "", str(error))


@contextmanager
def _opened(source: Source) -> Iterator[Any]:
    """The NWB file; namespaces stored in it are not loaded, links to other files are not followed."""
    import h5py
    from pynwb import NWBHDF5IO  # type: ignore[import-untyped]

    try:
        with time_limit(30 + source.size / 5e6):  # what the file holds is read within it too, but for traces
            with h5py.File(source.path, "r") as file:
                refuse_links_and_bombs(file, source)
            handle = NWBHDF5IO(str(source.path), mode="r", load_namespaces=False)
            yield handle.read()
    except FormatError:
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {_said(error)}"
        cause = " ".join(said.replace(str(source.path), source.name).split())[:200]
        raise FormatError(f"{source.name}: damaged or of an unknown version, pynwb cannot read it ({cause})") from None


def read_events(source: Source) -> list[FileEvent]:
    """Rows of every table of intervals; the event's name is its tag or label, else the table's name."""
    found: list[FileEvent] = []
    with _opened(source) as content:
        for table in _intervals(content, source):
            check_count(len(found) + len(table["start_time"]), source.name)
            starts, stops = np.asarray(table["start_time"][:], float), np.asarray(table["stop_time"][:], float)
            words = next(
                (each for each in ("tags", "trial_type", "label", "condition") if each in table.colnames), None
            )
            labels = _labels(table[words], source.name) if words else [table.name] * len(starts)
            for start, stop, label in zip(starts.tolist(), stops.tolist(), labels, strict=True):
                duration = stop - start if math.isfinite(stop) else 0.0
                found.append(FileEvent(label or table.name, start, max(0.0, duration), "ttl"))
    return found


def _labels(column: Any, file: str) -> list[str]:
    """A text for each row; those of a row with several in one."""
    if not hasattr(column, "target"):
        return [str(each) for each in column[:]]
    ends, words = _ends(column, file), list(map(str, column.target[:]))
    return [" ".join(words[begin:end]) for begin, end in itertools.pairwise([0, *ends.tolist()])]


def _ends(index: Any, file: str) -> np.ndarray:
    """Where the values of each row end. Where ends go back, rows would share values, and few be read without end."""
    ends = np.asarray(index.data[:]).astype(np.int64)
    if (np.diff(ends, prepend=0) < 0).any() or (len(ends) and ends[-1] > len(index.target)):
        raise FormatError(f"{file}: {index.name} does not rise to the number of its values; the file is damaged")
    return ends


@reads(
    "nwb",
    "NWB",
    suffixes=(".nwb",),
    notes="by pynwb: units (their ids are unit_ids), electrical series as raw traces, time intervals as events; "
    "units that the file calls noise or mua only where channel names them",
    sniff=sniff,
    events=read_events,
)
def read(source: Source, kind: str = "sorted", channel: str | None = None) -> SortedRecording | RawRecording:
    """Units, or one electrical series."""
    with _opened(source) as content:
        return _raw(content, source, channel) if kind == "raw" else _sorted(content, source, channel)


def _sorted(content: Any, source: Source, channel: str | None) -> SortedRecording:
    table = content.units
    if table is None or not len(table):
        raise FormatError(f"{source.name}: holds no units; if it holds traces, its kind is raw")
    columns = set(table.colnames)
    if "spike_times" not in columns:
        raise FormatError(f"{source.name}: its units have no spike_times")
    if len(table) > MOST_UNITS:
        raise FormatError(f"{source.name}: says that it has {len(table)} units; it is damaged")
    _refuse_bombs(table, source)
    for each in columns:
        if hasattr(table[each], "target"):
            _ends(table[each], source.name)
    names = [re.sub(r"[^A-Za-z0-9._-]+", "_", str(each)).strip("_") or "unit" for each in table.id[:]]
    if len(set(names)) < len(names):
        raise FormatError(f"{source.name}: several units have the same id")
    quality = next((each for each in QUALITY_COLUMNS if each in columns), None)
    words = [str(each).casefold() for each in table[quality][:]] if quality else [""] * len(names)
    if channel is not None and channel.strip() not in names:
        raise FormatError(f"{source.name}: has no unit {channel!r}; its units are {', '.join(names[:40])}")
    rate = float(table.waveform_rate or 0)
    units, notes, left = [], [], []
    for index, (name, word) in enumerate(zip(names, words, strict=True)):
        if channel is not None and name != channel.strip():
            continue
        leftover = word in BAD_QUALITIES
        if leftover and channel is None:
            left.append(f"{name}: {word}")
            continue
        times = np.sort(np.asarray(table["spike_times"][index], dtype=float))
        if not np.isfinite(times).all() or (len(times) and times[0] < 0):
            raise FormatError(f"{source.name}: unit {name} has times before the recording's start or none at all")
        units.append(Unit(name, times, *_mean(table, columns, index, rate), leftover=leftover))
    if left:
        notes.append(f"left out {len(left)} units that the file calls no single neuron ({'; '.join(left[:6])})")
    if not units:
        raise FormatError(f"{source.name}: holds no unit but those called {', '.join(sorted(set(words)))}")
    duration = _duration(content, source)
    if duration is None:
        notes.append("says nowhere how long the recording lasts; give duration_s")
    return SortedRecording(tuple(units), duration, tuple(notes), "nwb")


def _mean(
    table: Any, columns: set[str], index: int, rate: float
) -> tuple[np.ndarray | None, np.ndarray | None, str | None]:
    """(ms, mean waveform in µV on its largest channel, unit) where the file has one with its sampling rate."""
    if "waveform_mean" not in columns or not rate > 0:
        return None, None, None
    mean = np.asarray(table["waveform_mean"][index], dtype=float)
    mean = mean.reshape(len(mean), -1)
    if len(mean) < 3 or not np.isfinite(mean).all():
        return None, None, None
    best = mean[:, int(np.ptp(mean, axis=0).argmax())]
    peak = int(np.abs(best - np.median(best)).argmax())
    microvolts = 1e6 if (table.waveform_unit or "volts").casefold() in ("volts", "volt", "v") else 1.0
    return (np.arange(len(best)) - peak) / rate * 1000, best * microvolts, "µV"


def _series(content: Any) -> list[Any]:
    """Electrical series of the acquisition, by name."""
    from pynwb.ecephys import ElectricalSeries  # type: ignore[import-untyped]

    found = [each for each in content.acquisition.values() if isinstance(each, ElectricalSeries)]
    return sorted(found, key=lambda each: each.name)


def _duration(content: Any, source: Source) -> float | None:
    """End of the recording: of its traces, of the units' observation, or of the last interval that it states."""
    ends: list[float] = []
    for one in content.acquisition.values():
        data = getattr(one, "data", None)
        if getattr(one, "timestamps", None) is not None and len(one.timestamps):
            ends.append(float(one.timestamps[-1]))
        elif getattr(one, "rate", None) and data is not None and hasattr(data, "shape") and len(data.shape):
            ends.append(float(one.starting_time or 0) + data.shape[0] / float(one.rate))
    if not ends and content.units is not None and "obs_intervals" in content.units.colnames:
        ends += [float(np.max(each)) for each in content.units["obs_intervals"][:] if np.size(each)]
    if not ends:
        for table in _intervals(content, source):
            ends += [float(each) for each in table["stop_time"][:] if np.isfinite(each)]
    return max(ends) if ends else None


def _raw(content: Any, source: Source, channel: str | None) -> RawRecording:
    series = _series(content)
    if not series:
        raise FormatError(f"{source.name}: holds no electrical series; if it holds units, its kind is sorted")
    one = series[choose_channel([each.name for each in series], channel, source.name)]
    for each in (one.data, one.timestamps, one.channel_conversion):
        refuse_bomb(each, source)
    if one.timestamps is not None:
        stamps = np.asarray(one.timestamps[: min(len(one.timestamps), 10**7)], dtype=float)
        steps = np.diff(stamps)
        if not len(steps) or np.ptp(steps) > 0.5 * np.median(steps):
            raise FormatError(f"{source.name}: {one.name} is sampled unevenly or was paused; export each stretch alone")
        rate, start = (len(stamps) - 1) / (stamps[-1] - stamps[0]), float(stamps[0])
    else:
        rate, start = float(one.rate), float(one.starting_time or 0)
    data = one.data
    width = 1 if len(data.shape) == 1 else int(data.shape[1])
    if width > MOST_CHANNELS:
        raise FormatError(f"{source.name}: {one.name} says that it has {width} channels; it is damaged")
    scale = np.float32(float(one.conversion) * 1e6)
    gains = np.ones(width, np.float32) if one.channel_conversion is None else np.asarray(one.channel_conversion[:])
    gains, offset = (gains * scale).astype(np.float32), np.float32(float(one.offset) * 1e6)

    def part(begin: int, end: int) -> np.ndarray:
        try:
            return np.asarray(data[begin:end], dtype=np.float32).reshape(-1, width) * gains + offset
        except Exception as error:
            said = f"samples {begin} to {end} of {one.name} cannot be read ({type(error).__name__})"
            raise FormatError(f"{source.name}: {said}; the file is damaged") from None

    return RawRecording(
        sampling_rate_hz=rate,
        n_samples=int(data.shape[0]),
        channels=tuple(str(number) for number in range(1, width + 1)),
        unit="µV",
        read=part,
        start_s=start,
        format="nwb",
    )


def _intervals(content: Any, source: Source) -> list[Any]:
    tables = list((content.intervals or {}).values())
    tables += [each for each in (content.epochs, content.trials) if each is not None and each not in tables]
    for each in tables:
        _refuse_bombs(each, source)
    return sorted(tables, key=lambda each: each.name)


def _refuse_bombs(table: Any, source: Source) -> None:
    """Columns are read whole, also those of the values that an index points into, wherever these lie."""
    for column in (table.id, *table.columns):
        refuse_bomb(column.data, source)
        while hasattr(column, "target"):
            column = column.target
            refuse_bomb(column.data, source)
