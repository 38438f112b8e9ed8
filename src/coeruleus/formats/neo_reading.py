"""Files through Neo's raw readers: parsed within limits, put on one clock, pauses and units said aloud."""

from __future__ import annotations

import itertools
import logging
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from coeruleus.formats.errors import FormatError
from coeruleus.formats.neo_integrity import check_whole
from coeruleus.formats.text import Source
from coeruleus.formats.time_limit import time_limit

# µV per unit; Neo itself turns a unit that it cannot parse into none at all.
MICROVOLTS = {"v": 1e6, "volt": 1e6, "volts": 1e6, "mv": 1e3, "uv": 1.0, "µv": 1.0, "microv": 1.0, "nv": 1e-3}
# Their clock does not begin with the recording; everywhere else, times are on the clock that the file's own
# software shows.
FREE_CLOCKS = frozenset({"NeuralynxRawIO", "OpenEphysRawIO", "OpenEphysBinaryRawIO", "SpikeGadgetsRawIO"})
ABSOLUTE_CLOCK_S = 1e6
TOLERATED_GAP = 1e-3
NEO = logging.getLogger("neo")


@dataclass(frozen=True)
class Opened:
    """A parsed file: Neo's reader, the start of the recording on the file's clock, its duration."""

    source: Source
    title: str
    reader: Any
    origin_s: float
    duration_s: float
    notes: tuple[str, ...]


def parse(source: Source, title: str, make: Callable[[], Any]) -> Opened:
    """Let Neo read a file's header. Raises FormatError with Neo's complaint in one line."""
    if NEO.level != logging.CRITICAL:
        NEO.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), time_limit(5 + source.size / 5e5):
            warnings.simplefilter("ignore")
            reader = make()
            reader.parse_header()
            check_whole(reader, source)
            if reader.block_count() != 1:
                said = f"holds {reader.block_count()} blocks; export each to a file of its own"
                raise FormatError(f"{source.name}: {said}")
            return _on_clock(source, title, reader)
    except FormatError:
        raise
    except Exception as error:
        if needed := re.match(r"Requires (\w+)$|No module named '(\w+)'", str(error)):
            package = needed[1] or needed[2]
            said = f"{title} is read only where the Python package {package} is installed (pip install {package})"
            raise FormatError(f"{source.name}: {said}") from None
        cause = f"{type(error).__name__}: {error}".replace(str(source.path), source.name)
        cause = " ".join(cause.replace(str(source.path.parent), "").split())[:200]
        raise FormatError(
            f"{source.name}: damaged or of an unknown version, Neo cannot read it as {title} ({cause})"
        ) from None


def _on_clock(source: Source, title: str, reader: Any) -> Opened:
    """Where the recording begins, how long it lasts, and whether it was paused."""
    stretches = [
        (float(reader.segment_t_start(0, each)), float(reader.segment_t_stop(0, each)))
        for each in range(reader.segment_count(0))
    ]
    if not stretches or not np.isfinite(stretches).all() or stretches[-1][1] < stretches[0][0]:
        raise FormatError(f"{source.name}: does not say when the recording begins and ends")
    begin, end = stretches[0][0], stretches[-1][1]
    last = len(stretches) - 1
    for stream in range(reader.signal_streams_count()):  # some readers end with the beginning of the last block
        length = reader.get_signal_size(0, last, stream) / float(reader.get_signal_sampling_rate(stream))
        end = max(end, float(reader.get_signal_t_start(0, last, stream)) + length)
    free = type(reader).__name__ in FREE_CLOCKS or abs(begin) > ABSOLUTE_CLOCK_S
    origin = begin if free else min(0.0, begin)
    gaps = sum(max(0.0, after[0] - before[1]) for before, after in itertools.pairwise(stretches))
    shown = ", ".join(f"{one - origin:.6g}-{two - origin:.6g} s" for one, two in stretches[:10])
    if gaps > TOLERATED_GAP * max(end - origin, 1e-9):
        raise FormatError(
            f"{source.name}: was paused: it holds {len(stretches)} stretches ({shown}) with {gaps:.6g} s between them; "
            f"export each to a file and give each a segment"
        )
    notes = []
    if free and begin:
        notes.append(f"times count from the first sample, {begin:.6f} s on the file's clock")
    if gaps:
        notes.append(f"{gaps:.3g} s are missing between {len(stretches)} stretches")
    if not reader.signal_streams_count():
        notes.append("holds no continuous trace, so its duration is the time of its last entry; give duration_s")
    return Opened(source, title, reader, origin, end - origin, tuple(notes))


def microvolts_per(unit: str) -> float | None:
    """µV per unit as a file writes it; None where it is not a voltage that is known."""
    return MICROVOLTS.get(unit.strip().strip("\0").replace("\u03bc", "µ").casefold())
