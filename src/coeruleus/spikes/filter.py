"""A trace of any length as blocks of fixed length, and the zero-phase band-pass that is applied to each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

LOW_HZ = 250.0  # LC spikes are broad: a usual 300-600 Hz high-pass would cost them half of their height
HIGH_HZ = 5000.0
ORDER = 2  # doubled by running forwards and backwards
BLOCK_S = 10.0
MARGIN_S = 0.1  # beyond it the filter remembers nothing


@dataclass(frozen=True)
class Block:
    """Samples `start` to `stop` of the trace; `raw` (n, channels) begins `before` samples earlier and may end later."""

    raw: Array
    start: int
    stop: int
    before: int


def blocks(trace: Array | Iterable[Array], sampling_rate_hz: float) -> Iterator[Block]:
    """Cut a trace, an array (n,) or (n, channels) in µV or an iterable of such pieces, into blocks with margins.

    The blocks do not depend on how the pieces were cut. No more than one block, its margins and one piece are
    held. Raises ValueError where pieces differ in their number of channels.
    """
    size, margin = round(BLOCK_S * sampling_rate_hz), round(MARGIN_S * sampling_rate_hz)
    held: Array = np.empty((0, 0))
    first = core = 0  # sample numbers of the first held sample and of the next block's core
    for piece in [trace] if isinstance(trace, np.ndarray) else trace:
        held = _joined(held, np.asarray(piece))
        while first + len(held) >= core + size + margin:
            yield Block(held[: core - first + size + margin], core, core + size, core - first)
            core += size
            drop = max(0, core - margin - first)
            held, first = held[drop:], first + drop
    end = first + len(held)
    while core < end:
        stop = end if end - core < 1.5 * size else core + size
        yield Block(held[: stop - first + margin], core, stop, core - first)
        core = stop
        drop = max(0, core - margin - first)
        held, first = held[drop:], first + drop


def _joined(held: Array, piece: Array) -> Array:
    piece = piece[:, None] if piece.ndim == 1 else piece
    if not np.issubdtype(piece.dtype, np.floating):
        piece = piece.astype(float)
    if not held.size:
        return piece
    if held.shape[1] != piece.shape[1]:
        raise ValueError(f"pieces of the trace have {held.shape[1]} and {piece.shape[1]} channels")
    return np.concatenate([held, piece])


def bandpass(raw: Array, sampling_rate_hz: float, low_hz: float = LOW_HZ, high_hz: float = HIGH_HZ) -> Array:
    """Zero-phase Butterworth band-pass of (n, channels); the upper edge stays below 0.45 of the sampling rate.

    Samples that are not numbers are bridged by straight lines. Raises ValueError where the sampling rate
    leaves no band.
    """
    from scipy.signal import butter, sosfiltfilt  # takes longer to import than most of those who use this module

    high_hz = min(high_hz, 0.45 * sampling_rate_hz)
    if high_hz <= low_hz:
        raise ValueError(f"sampled at {sampling_rate_hz:g} Hz, too slowly for spikes ({low_hz:g} Hz and up)")
    sos: Any = butter(ORDER, [low_hz, high_hz], btype="bandpass", fs=sampling_rate_hz, output="sos")
    filled = bridge(raw)
    pad = min(len(filled) - 1, round(3 * sampling_rate_hz / low_hz))
    return np.asarray(sosfiltfilt(sos.astype(filled.dtype), filled, axis=0, padlen=max(pad, 0)))


def bridge(raw: Array) -> Array:
    """Samples that are not finite replaced by straight lines between their neighbours, or by 0."""
    bad = ~np.isfinite(raw)
    if not bad.any():
        return raw
    filled = raw.copy()
    for channel in range(raw.shape[1]):
        gone = bad[:, channel]
        if gone.all():
            filled[:, channel] = 0.0
        elif gone.any():
            good = np.flatnonzero(~gone)
            filled[gone, channel] = np.interp(np.flatnonzero(gone), good, raw[good, channel])
    return filled
