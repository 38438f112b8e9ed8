"""The numbers in a ChemStation .ch file, of the four versions that carry one trace.

Layouts: the documentation of rainbow (Shi and Lee, 2022) and the Chromatography Toolbox (Dillon, 2014). Versions 30 and
130 hold segments of 16-bit differences, 181 second differences, 179 plain numbers; a marker stands before a value
written in full. Published readers do not look whether the data end where they should. Here a file of segments that
was cut off is refused; 179 and 181 may end anywhere, so what speaks for a cut is noted: a ragged end, odd steps.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import numpy as np

from coeruleus.formats.errors import FormatError

SHORTEST_MS, LONGEST_MS = 1000.0, 7 * 24 * 3600e3
TIMES = slice(0x11A, 0x122)
IN_FULL, IN_FULL_181 = b"\x80\x00", 0x7FFF
SEGMENT = 0x10
STEP_MS, STEP_OFF = 12.5, 0.01  # steps of detectors are multiples of 80 Hz's, or whole parts of it
RAGGED = "does not end as such files do; if it was cut off, its times are wrong"
PROBE, PROBE_STEPS = b"\x10\x01\x00\x05", (0x1001, 5)  # a segment of one value, 5 more than the one before


@dataclass(frozen=True)
class Layout:
    """Where a version keeps its data, its scale and its texts; how its times are written; bytes per character."""

    data: int
    scale: int
    texts: dict[str, int]
    times: str = ">ii"
    width: int = 2


WIDE = {"notebook": 0x35A, "date": 0x957, "method": 0xA0E, "unit": 0x104C, "signal": 0x1075}
NARROW = {"notebook": 0x18, "date": 0xB2, "method": 0xE4, "unit": 0x244, "signal": 0x254}
LAYOUTS = {
    "30": Layout(0x400, 0x284, NARROW, width=1),
    "130": Layout(0x1800, 0x127C, WIDE),
    "179": Layout(0x1800, 0x127C, WIDE, times=">ff"),
    "181": Layout(0x1800, 0x127C, {key: at for key, at in WIDE.items() if key != "signal"}, times=">ff"),
}


@dataclass(frozen=True)
class AgilentTrace:
    """`signal`: (n,) in the file's unit, the first at `begin_min`, the last at `end_min`, evenly between."""

    signal: np.ndarray
    begin_min: float
    end_min: float
    facts: dict[str, str]
    notes: tuple[str, ...] = ()


def version_of(head: bytes) -> str | None:
    """The version that a file's first bytes name; None where it is no trace of ChemStation."""
    text = head[1 : 1 + head[0]].decode("latin-1") if head and head[0] in (2, 3) else ""
    return text if text in LAYOUTS else None


def read_trace(data: bytes, file: str) -> AgilentTrace:
    """A whole .ch file. Raises FormatError where it is damaged or was cut off."""
    version = version_of(data)
    if version is None or len(data) < LAYOUTS[version].data + 4:
        raise FormatError(f"{file}: is no ChemStation trace, or was cut off")
    layout = LAYOUTS[version]
    begin, end = struct.unpack(layout.times, data[TIMES])
    if not SHORTEST_MS <= end - begin <= LONGEST_MS:  # NaN is not either
        raise FormatError(f"{file}: says that it lasts from {begin:g} to {end:g} ms; it is damaged")
    (scale,) = struct.unpack_from(">d", data, layout.scale)
    if not 0 < abs(scale) < 1e100:
        raise FormatError(f"{file}: says that one count is {scale:g} of its unit; it is damaged")
    if version == "179":
        counts = np.frombuffer(data, "<f8", (len(data) - layout.data) // 8, layout.data)
        whole = (len(data) - layout.data) % 8 == 0
    elif version == "181":
        counts, whole = _second_differences(data, layout.data, file)
    else:
        counts, whole = _differences(data, layout.data, file), True
    signal = counts * scale
    # Counts are whole numbers, but in version 179; a sum that is finite has only finite parts, and is quicker.
    if len(signal) < 3 or (version == "179" and not (np.isfinite(signal.sum()) or np.isfinite(signal).all())):
        raise FormatError(f"{file}: holds no sound trace")
    facts = {key: _text(data, at, layout.width) for key, at in layout.texts.items()}
    notes = [] if whole else [RAGGED]
    step = (end - begin) / (len(signal) - 1)
    if version in ("179", "181") and not _is_step(step):
        notes.append(
            f"its points are {step:g} ms apart, which is no detector's rate; if it was cut off, its times are wrong"
        )
    return AgilentTrace(signal, begin / 60000, end / 60000, facts, tuple(notes))


def _is_step(step: float) -> bool:
    ratio = max(step / STEP_MS, STEP_MS / step)
    return abs(ratio - round(ratio)) <= STEP_OFF


def _text(data: bytes, at: int, width: int) -> str:
    """A text with its length before it; empty where its bytes are none. Narrow ones are of Windows: µ is one byte."""
    raw = data[at + 1 : at + 1 + data[at] * width]
    try:
        return raw.decode("utf-16-le" if width == 2 else "utf-8").strip()
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="ignore").strip() if width == 1 else ""


def _differences(data: bytes, begin: int, file: str) -> np.ndarray:
    """Values of segments, by rainbow, which says nothing where the data end too early; so their end is looked at.

    In place of the end a segment of one known value is read. It comes out as such only where a segment may begin: in
    the middle of one, its head would be a value too.
    """
    from rainbow.agilent.chemstation import decode_delta  # type: ignore[import-untyped]

    try:
        counts = np.asarray(decode_delta(io.BytesIO(data[:-2] + PROBE), begin))
        steps = np.diff(counts[-3:]).tolist()
        whole = steps[1] == PROBE_STEPS[1] and steps[0] != PROBE_STEPS[0]
        whole = whole and data[-2] == 0 and IN_FULL not in data[-6:-2]
    except (struct.error, IndexError):
        whole = False
    if whole:
        return counts[:-1]
    _check_segments(data, begin, file)
    return np.asarray(decode_delta(io.BytesIO(data), begin))


def _check_segments(data: bytes, at: int, file: str) -> None:
    """Segments (0x10, how many values, the values) are whole, and a zero byte follows the last."""
    while at + 2 <= len(data) and data[at] == SEGMENT:
        count = data[at + 1]
        at += 2
        for _ in range(count):
            at += 6 if data[at : at + 2] == IN_FULL else 2
    if at > len(data) or (at < len(data) and data[at] != 0):
        raise FormatError(f"{file}: its last points are missing; it was cut off")
    if at == len(data):
        raise FormatError(f"{file}: its data have no end; it was cut off")


def _second_differences(data: bytes, at: int, file: str) -> tuple[np.ndarray, bool]:
    """(values, whether the zero word that ends such files is there).

    A value in full has 48 bits and sets the slope to zero. The end is no point: without it the points of the files at
    hand lie 200 ms apart to the digit.
    """
    words = np.frombuffer(data, ">i2", (len(data) - at) // 2, at).astype(np.int64)
    marks = np.flatnonzero(words == IN_FULL_181)
    if len(marks) and (np.diff(marks) < 4).any():  # part of a value looks like a marker
        taken, free = [], 0
        for mark in marks.tolist():
            if mark >= free:
                taken.append(mark)
                free = mark + 4
        marks = np.array(taken)
    if len(marks) and marks[-1] + 3 >= len(words):
        raise FormatError(f"{file}: its last points are missing; it was cut off")
    values = (words[marks + 1] << 32) | ((words[marks + 2] & 0xFFFF) << 16) | (words[marks + 3] & 0xFFFF)
    keep = np.ones(len(words), dtype=bool)
    keep[(marks[:, None] + [1, 2, 3]).ravel()] = False
    words[marks] = 0
    items, places = words[keep], marks - 3 * np.arange(len(marks))
    whole = bool(len(items) and items[-1] == 0 and not (len(places) and places[-1] == len(items) - 1))
    items = items[:-1] if whole else items
    slopes = _from_values(items.cumsum(), places, np.zeros(len(places), dtype=np.int64))
    return _from_values(slopes.cumsum(), places, values), whole


def _from_values(sums: np.ndarray, places: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sums of differences, moved so that from each place on they start at the value written there."""
    if len(places):
        sums[places[0] :] += np.repeat(values - sums[places], np.diff(places, append=len(sums)))
    return sums
