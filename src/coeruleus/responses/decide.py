"""Is a unit excited, and is it inhibited? Each against the firing that the other does not touch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from coeruleus.responses.extent import Extent, extent_of, measured, restored, scanned, united, without
from coeruleus.responses.scan import ALPHA, Deviation, Scan, Trials, scan, signed_root

SILENCE_S = 2.0
MOST_CUTS = 5
FEWEST_EVENTS = 3
LARGE_SAMPLE_THRESHOLD = 2.5  # where the scan's 5 % threshold lies once spikes are many


@dataclass(frozen=True)
class Part:
    """One sign: p-value, and start, end and rate where it is significant."""

    p: float
    extent: Extent | None


@dataclass(frozen=True)
class Decision:
    """Both signs. `inhibition` is None where a silence of SILENCE_S could not have been told from chance;
    `events_needed` is then the number of events at which it could."""

    excitation: Part
    inhibition: Part | None
    events_needed: float


def decide(trials: Trials, baseline_hz: float, rng: np.random.Generator) -> Decision | None:
    """Test both signs. None where there is nothing to test (no spikes, or no time after the events).

    Where one sign is significant, its time is cut out after every event, again until nothing of that sign
    is left, and the other sign is tested on what remains: an average that holds a burst makes plain firing
    look like a pause, and the other way round. Where both are, the one that stands out more from the rate
    before the events (`baseline_hz`) goes first.
    """
    first = scan(trials, SILENCE_S, rng)
    if first is None:
        return None
    if first.excitation.p > ALPHA and first.inhibition.p > ALPHA:
        return Decision(Part(first.excitation.p, None), *_inhibition(first, trials, [], []))
    excited = _goes_first(first.excitation, first.inhibition, baseline_hz)
    chosen = first.excitation if excited else first.inhibition
    cuts, own, rest, last = [extent_of(trials, chosen, excited)], [], trials, first
    for _ in range(MOST_CUTS):
        own.append(_back(cuts[-1], cuts[:-1]))
        rest = without(rest, cuts[-1])
        again = scan(rest, SILENCE_S, rng)
        if again is None:
            break
        last = again
        same, other = (last.excitation, last.inhibition) if excited else (last.inhibition, last.excitation)
        if not _goes_first(same, other, baseline_hz) or len(cuts) == MOST_CUTS:
            break
        cuts.append(extent_of(rest, same, excited))
    part = Part(chosen.p, united(trials, own))
    if again is None:
        return Decision(part, None, math.nan) if excited else Decision(Part(1.0, None), part, math.nan)
    if excited:
        found, needed = _inhibition(last, rest, cuts, own)
        return Decision(part, _again(found, trials) if found else None, needed)
    raised = last.excitation
    extent = _back(extent_of(rest, raised, True), cuts) if raised.p <= ALPHA else None
    return Decision(_again(Part(raised.p, extent), trials), part, math.nan)


def _again(part: Part, trials: Trials) -> Part:
    """The same part, its rate measured on trials without cuts."""
    if part.extent is None:
        return part
    return Part(part.p, measured(trials, part.extent.start_s, part.extent.end_s, scanned(trials)))


def _goes_first(one: Deviation, other: Deviation, baseline_hz: float) -> bool:
    """Whether `one` is significant and, where both are, stands out more from the rate before the events."""

    def distance(found: Deviation) -> float:
        return abs(float(signed_root(np.array(found.count), np.array(baseline_hz * found.exposed_s))))

    return one.p <= ALPHA and (other.p > ALPHA or distance(one) >= distance(other))


def _inhibition(
    found: Scan, trials: Trials, cuts: list[Extent], excitations: list[Extent]
) -> tuple[Part | None, float]:
    if found.inhibition.p <= ALPHA:
        extent = _back(extent_of(trials, found.inhibition, False), cuts)
        return Part(found.inhibition.p, _outside(extent, excitations)), math.nan
    if found.silence > 0 and found.silence >= found.threshold:
        return Part(found.inhibition.p, None), math.nan
    # The strength of a silence grows with the square root of the events.
    wanted = max(found.threshold, LARGE_SAMPLE_THRESHOLD)
    return None, float(math.ceil(len(trials.onsets) * (wanted / found.silence) ** 2)) if found.silence > 0 else math.nan


def _back(extent: Extent, cuts: list[Extent]) -> Extent:
    """An extent found after cuts, on the clock before them."""
    start, end = extent.start_s, extent.end_s
    for cut in reversed(cuts):
        start, end = restored(start, cut, False), restored(end, cut, True)
    return Extent(start, end, extent.rate_hz, extent.open_ended)


def _outside(extent: Extent, others: list[Extent]) -> Extent:
    """The longest piece of an extent that lies outside the others."""
    pieces = [(extent.start_s, extent.end_s)]
    for other in others:
        halves = [((start, min(end, other.start_s)), (max(start, other.end_s), end)) for start, end in pieces]
        pieces = [piece for pair in halves for piece in pair if piece[1] > piece[0]]
    start, end = max(pieces, key=lambda piece: piece[1] - piece[0], default=(extent.start_s, extent.end_s))
    return Extent(start, end, extent.rate_hz, extent.open_ended and end == extent.end_s)
