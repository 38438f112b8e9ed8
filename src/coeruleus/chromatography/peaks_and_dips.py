"""What stands out of the baseline of one trace, up or down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from coeruleus.chromatography.arrays import Floats
from coeruleus.chromatography.trace_peaks import TracePeak, find_trace_peaks

LEAST = 0.2  # of the height that it has by itself is left to what is there, in the room that the others leave it
SHARPNESS = 0.25  # power of z: of two that are about as tall, the sharper one is there and the other is its room


def find_peaks_and_dips(time: Floats, signal: Floats) -> list[TracePeak]:
    """Peaks and dips of an even grid, both (n,); the room between two peaks is no dip, nor that between dips a peak.

    The tallest one is there; from what goes the other way it takes the room that it needs, and so on with what is
    the tallest then.
    """
    left, kept = [], dict[float, list[TracePeak]]({1.0: [], -1.0: []})
    for way in kept:
        for one in find_trace_peaks(time, signal, dips=way < 0):
            width = max(0.25 * one.sigma / float(time[1] - time[0]), 0.3)
            left.append((way, one, gaussian_filter1d(way * signal, width, mode="nearest")))
    while left:
        rooms = [(item, _in_room(time, item[2], item[1], kept[-item[0]])) for item in left]
        there = [(item, own) for item, own in rooms if own is not None and own.height > LEAST * item[1].height]
        if not there:
            break
        tallest = max(range(len(there)), key=lambda k: there[k][1].height * there[k][1].z ** SHARPNESS)
        (way, _, _), own = there.pop(tallest)
        kept[way].append(own)
        left = [item for item, _ in there]
    return kept[1.0] + kept[-1.0]


def _in_room(time: Floats, smooth: Floats, one: TracePeak, others: Sequence[TracePeak]) -> TracePeak | None:
    """A peak in the room that the `others` leave; None where they need it all. `smooth` (n,), upside down for a dip."""
    low = max((p.end for p in others if p.apex < one.apex), default=one.first)
    high = min((p.start for p in others if p.apex > one.apex), default=one.last)
    start, end, first, last = max(one.start, low), min(one.end, high), max(one.first, low), min(one.last, high)
    if not start < one.apex < end:
        return None
    before, top, after = np.interp([first, one.apex, last], time, smooth)
    height = float(top - np.interp(one.apex, [first, last], [before, after]))
    return replace(one, start=start, end=end, first=first, last=last, height=height)
