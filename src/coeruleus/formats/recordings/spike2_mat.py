"""Spike2's exports to MATLAB: one structure per channel, as traces, event times, markers or binned spikes."""

from __future__ import annotations

import re
import zlib
from typing import Any

import numpy as np

from coeruleus.formats.claims import claims_too_much, in_words
from coeruleus.formats.errors import FormatError
from coeruleus.formats.neo_reading import microvolts_per
from coeruleus.formats.recording import FAST_ENOUGH_HZ, FileEvent, RawRecording, SortedRecording, Unit, check_count
from coeruleus.formats.registry import reads
from coeruleus.formats.text import Source
from coeruleus.formats.time_limit import time_limit

LARGEST = 2**31
PIECE = 2**24


def sniff(source: Source) -> str | None:
    if not source.head.startswith(b"MATLAB 5.0 MAT-file"):
        if source.head.startswith(b"MATLAB 7.3 MAT-file"):
            return "a MATLAB 7.3 file; export from Spike2 in MATLAB's version 5 or 7"
        return "does not begin as a MATLAB 5 file does"
    names = _variables(source)
    if isinstance(names, str):
        return names
    found = [name for name, kind in names if kind == "struct"]
    return None if found else "a MATLAB file without channels of Spike2"


def _variables(source: Source) -> list[tuple[str, str]] | str:
    from scipy.io import whosmat

    try:
        with time_limit(10):
            return [(str(name), str(kind)) for name, _, kind in whosmat(source.path)]
    except Exception as error:
        return f"damaged MATLAB file ({type(error).__name__})"


def _channels(source: Source) -> dict[str, dict[str, Any]]:
    """Spike2's channels by name, each as its fields; FormatError where there is none."""
    from scipy.io import loadmat

    if source.size > LARGEST:
        raise FormatError(f"{source.name}: is larger than 2 GB; export it as .smr, which is read in pieces")
    _check_size(source)
    try:
        with time_limit(10 + source.size / 1e6):
            content = loadmat(
                source.path, squeeze_me=True, struct_as_record=False, verify_compressed_data_integrity=True
            )
    except Exception as error:
        raise FormatError(f"{source.name}: is damaged or cut off ({type(error).__name__})") from None
    found = {}
    for name, value in content.items():
        fields = getattr(value, "_fieldnames", None)
        if fields and "title" in fields and ("values" in fields or "times" in fields):
            found[name] = {field: getattr(value, field) for field in fields}
    if not found:
        raise FormatError(f"{source.name}: holds no channel of Spike2 (structures with title and values or times)")
    return found


def _check_size(source: Source) -> None:
    """Compressed blocks may not unpack to more than memory holds: they are unpacked in pieces and counted first."""
    total, at = 0, 128
    with source.path.open("rb") as handle:
        handle.seek(at)
        while len(tag := handle.read(8)) == 8:
            kind, size = np.frombuffer(tag, "<u4" if source.head[126:128] == b"IM" else ">u4")
            if kind != 15:
                total += int(size)
                handle.seek(int(size) + (-int(size)) % 8 if int(kind) >> 16 == 0 else 0, 1)
            else:
                unpacker, left = zlib.decompressobj(), int(size)
                while left > 0 and (piece := handle.read(min(left, 2**16))):
                    left -= len(piece)
                    while piece:
                        try:
                            total += len(unpacker.decompress(piece, PIECE))
                        except zlib.error:
                            raise FormatError(f"{source.name}: is damaged: a block cannot be unpacked") from None
                        piece = unpacker.unconsumed_tail
                        if claims_too_much(total, source.size):
                            said = f"unpacks to {in_words(total)} or more, which no recording of its size does"
                            raise FormatError(f"{source.name}: {said}; it is damaged: export it again, or as .smr")


def read_events(source: Source) -> list[FileEvent]:
    """Every entry of the channels of events and markers, named by channel, and by code or text where it has one."""
    channels = _channels(source)
    found: list[FileEvent] = []
    for name, (times, codes) in _trains(channels, source.name).items():
        check_count(len(found) + len(times), source.name)
        texts = channels[name].get("text")
        words = [str(each).strip() for each in np.atleast_1d(texts)] if texts is not None else []
        if "values" in channels[name] and "times" in channels[name]:
            continue  # WaveMark snippets are spikes
        for index, time in enumerate(times):
            label = words[index] if len(words) == len(times) and words[index] else None
            label = label or (name if codes is None else f"{name}:{int(codes[index]):02x}")
            found.append(FileEvent(label, float(time), 0.0, "keyboard" if codes is not None else "ttl"))
    return found


@reads(
    "spike2_mat",
    "Spike2 export to MATLAB",
    suffixes=(".mat",),
    notes="waveform channels as traces; event, marker and binned (0 and 1) channels as units, markers also by code "
    "(LTSmarker_01); without channel, WaveMark codes other than 0, else every event channel",
    sniff=sniff,
    events=read_events,
)
def read(source: Source, kind: str = "sorted", channel: str | None = None) -> SortedRecording | RawRecording:
    """Trains of events or spikes, or one waveform channel."""
    channels = _channels(source)
    return _raw(channels, source, channel) if kind == "raw" else _sorted(channels, source, channel)


def _number(fields: dict[str, Any], name: str, default: float = 0.0) -> float:
    try:
        value = float(fields.get(name, default))
    except (TypeError, ValueError):
        return default
    return value if np.isfinite(value) else default


def _values(fields: dict[str, Any], name: str) -> np.ndarray:
    return np.atleast_1d(np.asarray(fields[name]))


def _is_binned(fields: dict[str, Any]) -> bool:
    """Events as 0 and 1 at a fixed interval; a waveform has units."""
    values = fields.get("values")
    return values is not None and "units" not in fields and bool(np.isin(np.asarray(values), (0, 1)).all())


def _trains(channels: dict[str, dict[str, Any]], file: str) -> dict[str, tuple[np.ndarray, np.ndarray | None]]:
    """Times in s of every channel of events, and the first marker code of each where it has codes."""
    found: dict[str, tuple[np.ndarray, np.ndarray | None]] = {}
    for name, fields in channels.items():
        if "times" in fields:
            times = _values(fields, "times").astype(float)
            codes = np.asarray(fields["codes"]).reshape(len(times), -1)[:, 0] if "codes" in fields else None
        elif _is_binned(fields) and _number(fields, "interval") > 0:
            check_count(int(np.count_nonzero(fields["values"])), file)
            times = np.flatnonzero(_values(fields, "values")) * _number(fields, "interval") + _number(fields, "start")
            codes = None
        else:
            continue
        if times.ndim != 1 or not np.isfinite(times).all() or (times < 0).any():
            raise FormatError(f"{file}: channel {name} has times that are not seconds from the start")
        found[name] = times, codes
    return found


def _sorted(channels: dict[str, dict[str, Any]], source: Source, channel: str | None) -> SortedRecording:
    notes = []
    units = []
    trains = _trains(channels, source.name)
    for name, (times, codes) in trains.items():
        wave = channels[name]
        groups = [("", np.ones(len(times), bool))] if codes is None else []
        groups += [(f"_{code:02x}", codes == code) for code in np.unique(codes)] if codes is not None else []
        for ending, mine in groups:
            leftover = ending == "_00" and len(groups) > 1
            unit_id = re.sub(r"[^A-Za-z0-9._-]+", "_", name) + (ending if len(groups) > 1 else "")
            units.append(Unit(unit_id, np.sort(times[mine]), *_mean(wave, mine), leftover=leftover))
    if not units:
        raise FormatError(f"{source.name}: holds no events or spikes; if it holds traces, its kind is raw")
    listed = ", ".join(f"{unit.unit_id} ({len(unit.times_s)})" for unit in units)
    if channel is not None:
        text = channel.strip()
        units = [unit for unit in units if text in (unit.unit_id, unit.unit_id.rpartition("_")[0])]
        if not units:
            raise FormatError(f"{source.name}: has no channel {text!r}; its channels of events are {listed}")
    else:
        units = [unit for unit in units if not unit.leftover]
        if len(units) > 1:
            notes.append(f"took every channel of events as a unit ({listed}); name those that are units in channel")
    return SortedRecording(tuple(units), _duration(channels, trains), tuple(notes), "spike2_mat")


def _duration(
    channels: dict[str, dict[str, Any]], trains: dict[str, tuple[np.ndarray, np.ndarray | None]]
) -> float | None:
    ends = [
        _number(each, "start") + np.size(each["values"]) * _number(each, "interval")
        for each in channels.values()
        if "values" in each and "times" not in each and _number(each, "interval") > 0
    ]
    latest = [float(times.max()) for times, _ in trains.values() if len(times)]
    return max(ends + latest) if ends else None


def _mean(fields: dict[str, Any], mine: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None, str | None]:
    """Mean of WaveMark snippets (spikes × samples), in µV where the unit says so."""
    values, interval = fields.get("values"), _number(fields, "interval")
    snippets = None if values is None or "times" not in fields else np.asarray(values, dtype=float)
    if snippets is None or snippets.ndim != 2 or len(snippets) != len(mine) or not interval > 0 or not mine.any():
        return None, None, None
    mean = snippets[mine].mean(axis=0)
    scale = microvolts_per(str(fields.get("units", "")))
    before = int(_number(fields, "trigger"))
    return (np.arange(len(mean)) - before) * interval * 1000, mean * (scale or 1.0), "µV" if scale else None


def _raw(channels: dict[str, dict[str, Any]], source: Source, channel: str | None) -> RawRecording:
    traces = {
        name: fields
        for name, fields in channels.items()
        if "values" in fields and "times" not in fields and not _is_binned(fields) and _number(fields, "interval") > 0
    }
    if not traces:
        raise FormatError(f"{source.name}: holds no continuous trace; if it holds events, its kind is sorted")
    rates = {name: 1 / _number(fields, "interval") for name, fields in traces.items()}
    shown = "; ".join(f"{number} = {name} ({rates[name]:g} Hz)" for number, name in enumerate(traces, start=1))
    names = list(traces)
    if channel is not None:
        text = channel.strip()
        picked = [name for name in names if text.casefold() in (name.casefold(), str(names.index(name) + 1))]
    else:
        picked = [name for name in names if rates[name] >= FAST_ENOUGH_HZ] if len(names) > 1 else names
    if len(picked) != 1:
        raise FormatError(f"{source.name}: name one channel in the column channel; its traces are {shown}")
    fields = traces[picked[0]]
    scale = microvolts_per(str(fields.get("units", "")))
    # Integers carry Spike2's scale and offset; floating numbers are already in units.
    values = _values(fields, "values")
    whole = values.dtype.kind in "iu"
    gain = np.float32((_number(fields, "scale", 1.0) if whole else 1.0) * (scale or 1.0))
    offset = np.float32((_number(fields, "offset") if whole else 0.0) * (scale or 1.0))
    notes = (
        () if scale else (f"the trace has the unit {str(fields.get('units', ''))!r}: amplitudes are nominal, not µV",)
    )
    return RawRecording(
        sampling_rate_hz=rates[picked[0]],
        n_samples=len(values),
        channels=(picked[0],),
        unit="µV" if scale else None,
        read=lambda start, stop: values[start:stop].astype(np.float32).reshape(-1, 1) * gain + offset,
        start_s=_number(fields, "start"),
        notes=notes,
        format="spike2_mat",
    )
