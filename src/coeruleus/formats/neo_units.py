"""Units of a recording that Neo opened: readable names, spike times on the recording's clock, mean waveforms."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from coeruleus.formats.errors import FormatError
from coeruleus.formats.neo_reading import Opened, microvolts_per
from coeruleus.formats.recording import SortedRecording, Unit

CODE, LAST_CODE = re.compile(r"#\w*\d$"), re.compile(r"#\D*(\d+)$")
PIECE = 2**16
LEFTOVERS = ("0", "255")  # codes of spikes not assigned to a unit, and of noise


def unit_names(reader: Any) -> list[str]:
    """A unit_id per spike channel: Neo's id ("ch5#2" becomes ch5_2: channel 5, unit code 2), else its name."""
    channels = reader.header["spike_channels"]
    names = [_coded(each) or str(each["name"]).strip() or str(each["id"]) for each in channels]
    names = [re.sub(r"[^A-Za-z0-9.-]+", "_", name).strip("_") for name in names]
    return [
        name if name and names.count(name) == 1 else f"{name or 'unit'}_{index + 1}" for index, name in enumerate(names)
    ]


def sorted_recording(
    opened: Opened, channel: str | None, names: list[str] | None = None, shifts_s: list[float] | None = None
) -> SortedRecording:
    """Units of a parsed file with their mean waveforms.

    `shifts_s`, per spike channel, moves times from the start of the stored snippet to the spike. What a sorter left
    over is given only where `channel` names it.
    """
    reader, file = opened.reader, opened.source.name
    channels = reader.header["spike_channels"]
    if not len(channels):
        raise FormatError(f"{file}: holds no spike trains; if it holds traces, its kind is raw")
    names = names or unit_names(reader)
    chosen = _choose(channels, names, channel, file)
    units, notes, segments = [], list(opened.notes), range(reader.segment_count(0))
    for index in chosen:
        shift = shifts_s[index] if shifts_s else 0.0
        stamps = [reader.get_spike_timestamps(0, each, index) for each in segments]
        parts = [reader.rescale_spike_timestamp(each, "float64") for each in stamps]
        times = np.asarray(parts[0] if len(parts) == 1 else np.concatenate(parts), dtype=float)
        expected = sum(int(reader.spike_count(0, each, index)) for each in segments)
        if len(times) != expected:
            raise FormatError(
                f"{file}: unit {names[index]} has {len(times)} of {expected} spikes; the file was cut off"
            )
        times = times - opened.origin_s if opened.origin_s else times
        times = times + shift if shift else times
        own = np.asarray(stamps[0]) if len(stamps) == 1 else times  # narrower, and so quicker to look through
        if not _rising(own):
            times = np.sort(times)
        if len(times) and not (times[0] >= -1e-3 and times[-1] < np.inf):  # sorted: NaN is last
            raise FormatError(
                f"{file}: unit {names[index]} has times before the recording's start; the file is damaged"
            )
        times = np.maximum(times, 0.0) if len(times) and times[0] < 0 else times
        unit = Unit(names[index], times, leftover=_is_leftover(channels[index]))
        units.append(_with_waveform(opened, index, unit, shift, notes))
    latest = max((float(unit.times_s[-1]) for unit in units if len(unit.times_s)), default=0.0)
    if latest > opened.duration_s + 1:
        raise FormatError(
            f"{file}: has a spike at {latest:.6g} s but ends at {opened.duration_s:.6g} s; the file is damaged"
        )
    if channel is None:
        left = [unit for unit in units if unit.leftover and len(unit.times_s)]
        units = [unit for unit in units if not unit.leftover]
        if not units:
            raise FormatError(
                f"{file}: holds no sorted unit, only spikes that were not assigned "
                f"({', '.join(unit.unit_id for unit in left[:10])}); "
                f"to take one as a unit, name it in the column channel"
            )
        if left:
            total = sum(len(unit.times_s) for unit in left)
            notes.append(f"left out {total} spikes not assigned to a unit or called noise ({_some(left)})")
    # The last snippet may end, and so its spike be moved, a little after the last entry.
    return SortedRecording(tuple(units), max(opened.duration_s, latest), tuple(dict.fromkeys(notes)), opened.title)


def _rising(values: np.ndarray) -> bool:
    """Whether no value is less than the one before; in pieces, which stay in the processor's cache."""
    return all(
        bool((values[at + 1 : at + PIECE + 1] >= values[at : min(at + PIECE, len(values) - 1)]).all())
        for at in range(0, len(values) - 1, PIECE)
    )


def _some(units: list[Unit]) -> str:
    shown = ", ".join(f"{unit.unit_id}: {len(unit.times_s)}" for unit in units[:6])
    return shown if len(units) <= 6 else f"{shown}, and {len(units) - 6} more"


def _coded(channel: Any) -> str:
    """Neo's "ch5#2" of channel and unit code, which some readers put in the id and some in the name; else ""."""
    return next((text for text in (str(channel["id"]), str(channel["name"])) if CODE.search(text)), "")


def _is_leftover(channel: Any) -> bool:
    match = LAST_CODE.search(_coded(channel))
    return match is not None and match[1] in LEFTOVERS


def _choose(channels: Any, names: list[str], wanted: str | None, file: str) -> list[int]:
    """Spike channels that `wanted` means: a unit_id, or all units of a channel by its name, "ch5" or 5."""
    if wanted is None:
        return list(range(len(names)))
    text = str(wanted).strip()
    stems = [name.rpartition("_")[0] if _coded(each) else name for name, each in zip(names, channels, strict=True)]
    titles = [str(each["name"]).strip() for each in channels]
    for candidates in (names, titles, stems, [stem.removeprefix("ch") for stem in stems]):
        found = [index for index, name in enumerate(candidates) if name == text]
        if found:
            return found
    raise FormatError(f"{file}: has no unit or channel {text!r}; its units are {', '.join(names[:40])}")


def _with_waveform(opened: Opened, index: int, unit: Unit, shift_s: float, notes: list[str]) -> Unit:
    """The unit with its mean waveform on the channel where it is largest, if the file holds waveforms."""
    reader = opened.reader
    channel = reader.header["spike_channels"][index]
    rate = float(channel["wf_sampling_rate"])
    if not rate > 0 or not len(unit.times_s):
        return unit
    try:
        parts = [reader.get_spike_raw_waveforms(0, each, index) for each in range(reader.segment_count(0))]
    except Exception as error:
        notes.append(f"the waveforms cannot be read ({type(error).__name__})")
        return unit
    parts = [part for part in parts if part is not None and part.size]
    if not parts:
        return unit
    mean = np.concatenate(parts).mean(axis=0, dtype=float) * float(channel["wf_gain"]) + float(channel["wf_offset"])
    best = mean[int(np.ptp(mean, axis=1).argmax())]
    scale = microvolts_per(str(channel["wf_units"]))
    if scale is None:
        notes.append(f"waveforms have the unit {str(channel['wf_units'])!r}: their amplitudes are nominal, not µV")
    before = round(shift_s * rate) if shift_s else max(0, int(channel["wf_left_sweep"]))
    milliseconds = (np.arange(len(best)) - before) / rate * 1000
    return Unit(unit.unit_id, unit.times_s, milliseconds, best * (scale or 1.0), "µV" if scale else None, unit.leftover)
