"""Is a unit excited, and is it inhibited? Each by itself, and the weaker one against what the stronger one left."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from coeruleus.responses.extent import Extent, extent_of, scanned
from coeruleus.responses.moved import Trials
from coeruleus.responses.onward import test_onward
from coeruleus.responses.scan import ALPHA, Deviation, Scan, scan, signed_root

SILENCE_S = 2.0
FEWEST_EVENTS = 3
FEWEST_EXPECTED = 1.0  # spikes at the rate before the events in the time of an inhibition


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
    """Both signs, by `_test_both`. None where there is nothing to test (no spikes, or no time after the events).

    A cell that hardly fires before these events, as under a drug, cannot be seen to stop, whatever it does in the rest
    of its train: an inhibition in whose time that rate lets expect less than one spike is none.
    """
    found = _test_both(trials, baseline_hz, rng)
    if found is None or found.inhibition is None or found.inhibition.extent is None:
        return found
    extent = found.inhibition.extent
    expected = baseline_hz * (extent.end_s - extent.start_s) * len(trials.onsets)
    if expected >= FEWEST_EXPECTED:
        return found
    needed = math.ceil(len(trials.onsets) * FEWEST_EXPECTED / expected) if expected > 0 else math.nan
    return replace(found, inhibition=None, events_needed=needed)


def _test_both(trials: Trials, baseline_hz: float, rng: np.random.Generator) -> Decision | None:
    """Test both signs. None where there is nothing to test (no spikes, or no time after the events).

    Both are tested by `scan`. Where one is significant (of two, the one that stands out more from the rate before the
    events, `baseline_hz`), the other is tested again in the time outside it by `test_onward`: a burst makes plain
    firing look like a pause, a pause makes it look like a burst, and after any spike a cell waits.
    """
    first = scan(trials, rng)
    if first is None:
        return None
    if first.excitation.p > ALPHA and first.inhibition.p > ALPHA:
        return Decision(Part(first.excitation.p, None), *_inhibition(first, trials, None))
    limit = scanned(trials)
    excited = _goes_first(first.excitation, first.inhibition, baseline_hz)
    chosen = first.excitation if excited else first.inhibition
    extent = extent_of(trials, chosen, baseline_hz, excited, (0.0, limit))
    part = Part(chosen.p, extent)
    # What is second rests on the first: the chance that this one is wrong counts against both.
    again = test_onward(trials, extent, excited, limit, rng)
    if excited:
        if again is None:
            return Decision(part, None, math.nan)
        again = replace(again, inhibition=replace(again.inhibition, p=_either(chosen.p, again.inhibition.p)))
        return Decision(part, *_inhibition(again, trials, extent, baseline_hz))
    if again is None:
        return Decision(Part(1.0, None), part, math.nan)
    raised = replace(again.excitation, p=_either(chosen.p, again.excitation.p))
    if raised.p > ALPHA:
        return Decision(Part(raised.p, None), part, math.nan)
    where = _place(raised, extent, limit)
    return Decision(Part(raised.p, extent_of(trials, raised, baseline_hz, True, where)), part, math.nan)


def _goes_first(one: Deviation, other: Deviation, baseline_hz: float) -> bool:
    """Whether `one` is significant and, where both are, stands out more from the rate before the events."""

    def distance(found: Deviation) -> float:
        return abs(float(signed_root(np.array(found.count), np.array(baseline_hz * found.exposed_s))))

    return one.p <= ALPHA and (other.p > ALPHA or distance(one) >= distance(other))


def _either(one_p: float, other_p: float) -> float:
    return 1 - (1 - one_p) * (1 - other_p)


def _place(found: Deviation, other: Extent, limit: float) -> tuple[float, float]:
    """The time outside another response in which one was found."""
    return (0.0, other.start_s) if found.high_s <= other.start_s + 1e-9 else (other.end_s, limit)


def _inhibition(
    found: Scan, trials: Trials, excited: Extent | None, baseline_hz: float = math.nan
) -> tuple[Part | None, float]:
    if excited is not None and found.inhibition.p <= ALPHA:
        within = _place(found.inhibition, excited, scanned(trials))
        follows = excited if within[0] == excited.end_s else None
        extent = extent_of(trials, found.inhibition, baseline_hz, False, within, follows)
        return Part(found.inhibition.p, extent), math.nan
    share = found.silence(SILENCE_S)
    if share >= 1:
        return Part(found.inhibition.p, None), math.nan
    # What a silence adds to the average likelihood ratio grows with the events.
    return None, float(math.ceil(len(trials.onsets) / share)) if share > 0 else math.nan
