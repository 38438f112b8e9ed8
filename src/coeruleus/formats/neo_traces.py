"""Traces of a recording that Neo opened: the channel that is meant, in µV, in pieces."""

from __future__ import annotations

from typing import Any

import numpy as np

from coeruleus.formats.errors import FormatError
from coeruleus.formats.neo_reading import Opened, microvolts_per
from coeruleus.formats.recording import FAST_ENOUGH_HZ, RawRecording


def raw_recording(opened: Opened, channel: str | None) -> RawRecording:
    """Traces of a parsed file, nothing loaded yet."""
    reader, file = opened.reader, opened.source.name
    if reader.segment_count(0) != 1:
        raise FormatError(
            f"{file}: was paused {reader.segment_count(0) - 1} times; export each stretch to a file of its own"
        )
    stream, within, notes = _choose_signals(reader, channel, file)
    identity = reader.header["signal_streams"][stream]["id"]
    signals = reader.header["signal_channels"][reader.header["signal_channels"]["stream_id"] == identity][within]
    scales = [microvolts_per(str(each["units"])) for each in signals]
    unknown = sorted({str(each["units"]) for each, scale in zip(signals, scales, strict=True) if scale is None})
    if unknown:
        notes.append(
            f"the unit of the trace is {', '.join(map(repr, unknown))}, no voltage: amplitudes are nominal, not µV"
        )
    factor = np.array([1.0 if unknown else scale for scale in scales]) if scales else np.ones(1)
    gains = (signals["gain"].astype(float) * factor).astype(np.float32)
    offsets = (signals["offset"].astype(float) * factor).astype(np.float32)
    shifted = bool(offsets.any())
    picked = None if len(within) == reader.signal_channels_count(stream) else np.asarray(within)

    def read(start: int, stop: int) -> np.ndarray:
        try:
            part = reader.get_analogsignal_chunk(0, 0, start, stop, stream_index=stream, channel_indexes=picked)
        except Exception as error:
            raise FormatError(f"{file}: samples {start} to {stop} cannot be read ({type(error).__name__})") from None
        if len(part) != stop - start:
            raise FormatError(f"{file}: was cut off: has {len(part)} of the samples {start} to {stop}")
        trace = np.array(part, dtype=np.float32)
        trace *= gains
        if shifted:
            trace += offsets
        return trace

    return RawRecording(
        sampling_rate_hz=float(reader.get_signal_sampling_rate(stream)),
        n_samples=int(reader.get_signal_size(0, 0, stream)),
        channels=tuple(str(each["name"]).strip() or str(each["id"]) for each in signals),
        unit=None if unknown else "µV",
        read=read,
        start_s=float(reader.get_signal_t_start(0, 0, stream)) - opened.origin_s,
        notes=(*opened.notes, *notes),
        format=opened.title,
    )


def _choose_signals(reader: Any, wanted: str | None, file: str) -> tuple[int, list[int], list[str]]:
    """(stream, channels within it, notes): the channel that is named, else the one stream fast enough for spikes."""
    listed: list[tuple[int, int, str, float]] = []  # stream, channel within it, name, Hz
    streams = [str(each["id"]) for each in reader.header["signal_streams"]]
    members = [0] * len(streams)
    for each in reader.header["signal_channels"]:
        stream = streams.index(str(each["stream_id"]))
        listed.append((stream, members[stream], str(each["name"]).strip(), float(each["sampling_rate"])))
        members[stream] += 1
    if not listed:
        raise FormatError(f"{file}: holds no continuous trace; if it holds spike times, its kind is sorted")
    shown = "; ".join(f"{number} = {each[2]} ({each[3]:g} Hz)" for number, each in enumerate(listed[:40], start=1))
    if wanted is not None:
        text = str(wanted).strip()
        for found in (
            [each for each in listed if each[2] == text],
            [each for each in listed if each[2].casefold() == text.casefold()],
            listed[int(text) - 1 : int(text)] if text.isascii() and text.isdigit() and int(text[:9]) > 0 else [],
        ):
            if len(found) == 1:
                return found[0][0], [found[0][1]], []
        raise FormatError(f"{file}: has no single channel {text!r}; its channels are {shown}")
    fast = sorted({each[0] for each in listed if each[3] >= FAST_ENOUGH_HZ})
    taken = fast or sorted({each[0] for each in listed})
    if len(taken) != 1:
        raise FormatError(f"{file}: holds several traces; name one in the column channel ({shown})")
    within = [each[1] for each in listed if each[0] == taken[0]]
    notes = []
    if len(within) < len(listed):
        names = ", ".join(each[2] for each in listed if each[0] == taken[0])
        notes.append(f"took {names}, the only trace sampled at {FAST_ENOUGH_HZ:g} Hz or more")
    return taken[0], within, notes
