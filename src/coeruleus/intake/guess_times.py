"""Where analytes elute, from the peak tables of the instrument's own software; only where they leave no doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import correlation, median

from coeruleus.intake.guess import ANALYTES

Peak = tuple[float, float, str]  # retention time (min), area, name or ""
SAME_TIME, SAME_TIME_MIN = 0.015, 0.1  # of two peaks: this share of the time, or so many minutes
FEWEST_LEVELS = 3
STRAIGHT, LEAST_RISE = 0.99, 2.0  # correlation of areas with concentrations; largest over smallest area
NAMED_SPREAD = 0.05


@dataclass(frozen=True)
class Standard:
    """A standard of one known analyte: its concentration, and the peaks of its file's own table."""

    analyte: str
    concentration: float
    peaks: tuple[Peak, ...]


def retention_times(standards: Sequence[Standard], all_peaks: Sequence[tuple[Peak, ...]]) -> dict[str, float]:
    """Minutes by analyte: of peaks that the instrument's software named, else of the one peak that is the analyte's.

    That is the only peak that all standards of an analyte have, rising with their concentration, and no standard of
    another analyte has. An analyte without such a peak is left out.
    """
    found = _named(all_peaks)
    for analyte in sorted({one.analyte for one in standards} - found.keys()):
        mine = [one for one in standards if one.analyte == analyte]
        others = [one for one in standards if one.analyte != analyte]
        times = _rising(mine) if len({one.concentration for one in mine}) >= FEWEST_LEVELS else []
        times = [time for time in times if not any(_at(one.peaks, time) for one in others)]
        if len(times) == 1:
            found[analyte] = round(times[0], 3)
    return found


def _named(all_peaks: Sequence[tuple[Peak, ...]]) -> dict[str, float]:
    times: dict[str, list[float]] = {}
    for peaks in all_peaks:
        for time, _, name in peaks:
            if name.casefold() in ANALYTES:
                times.setdefault(ANALYTES[name.casefold()], []).append(time)
    return {
        analyte: round(median(each), 3)
        for analyte, each in sorted(times.items())
        if len(each) > 1 and max(each) - min(each) <= NAMED_SPREAD * median(each)
    }


def _rising(members: list[Standard]) -> list[float]:
    """Times of the peaks that all members have and whose areas rise in a straight line with the concentration."""
    most = max(members, key=lambda one: one.concentration)
    found = []
    for time, _, _ in most.peaks:
        near = [_at(one.peaks, time) for one in members]
        if not all(len(each) == 1 for each in near):
            continue
        areas = [each[0][1] for each in near]
        levels = [one.concentration for one in members]
        if min(areas) > 0 and max(areas) >= LEAST_RISE * min(areas) and correlation(levels, areas) >= STRAIGHT:
            found.append(median(each[0][0] for each in near))
    return found


def _at(peaks: tuple[Peak, ...], time: float) -> list[Peak]:
    return [peak for peak in peaks if abs(peak[0] - time) <= max(SAME_TIME_MIN, SAME_TIME * time)]
