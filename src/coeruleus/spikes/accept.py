"""What is refused, and why: traces without a unit, and units that do not hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coeruleus.spikes.artefacts import Artefact
from coeruleus.spikes.detect import CANDIDATE_SIGMAS, Candidates
from coeruleus.spikes.heights import Hump, hump
from coeruleus.spikes.match import NOISE_REACH, REFRACTORY_S, Fit, Spikes
from coeruleus.spikes.quality import contamination
from coeruleus.spikes.trains import isi_violations

Array = NDArray[np.floating]

CORE_SIGMAS = 4.5  # what clusters are made of; smaller candidates are mostly noise
MIN_SPIKES = 10
MASKED_MOST = 0.5
SHORTEST_S = 0.1
PILE_SIGMAS, PILE_MOST = 0.5, 0.6  # noise: nine tenths within half a sigma of the threshold; a unit: under a half
MAINS_HZ = (50.0, 60.0, 100.0, 120.0)
LOCKED = 0.8
VIOLATIONS_SAID, VIOLATIONS_REFUSED = 0.02, 0.05
FOREIGN_SAID = 0.05  # lower end of the 95 % interval of contamination
FALSE_SAID, FALSE_MOST = 0.05, 0.25  # noise among the spikes of a unit: said, and refused
CLEAN = 0.3
MODE_STARTS = (1.0, 1.15, 1.3)
MODE_LEAST = 0.75  # of the template's size: where a unit's heights gather
VALLEY_MOST = 0.75  # of the density at the mode: what lies between a unit and noise
GAP_MOST = 0.4  # the same, where what lies above it is no tail of noise
RESIDUAL_MADS = 6.0
SMALL = 12.0  # template size below which the background's tail reaches among a unit's heights
HUMP_GAIN = 20.0  # log likelihood: a bend in the background's tail gains less
HUMP_LOWEST = CANDIDATE_SIGMAS + 2.0  # candidates of noise alone make a hump just above the threshold


def trace_refused(found: Candidates, artefacts: Sequence[Artefact]) -> str | None:
    """Why nothing is sorted at all: too little of the trace is usable."""
    total = sum(found.durations_s)
    if not found.channels and total:
        return "the trace has no channel"
    if not total:
        return "the trace is empty"
    if total < SHORTEST_S:
        return f"the trace lasts only {total:.2g} s"
    if found.masked_s > MASKED_MOST * total or not found.noise_uv:
        by_kind: dict[str, float] = {}
        for artefact in artefacts:
            by_kind[artefact.kind] = by_kind.get(artefact.kind, 0.0) + artefact.end_s - artefact.start_s
        kind = max(sorted(by_kind), key=lambda name: by_kind[name]) if by_kind else "flat"
        part = min(1.0, by_kind.get(kind, total) / total)
        return f"not sorted: {100 * part:.0f} % of the trace is {kind}"
    return None


def piled_up(sigmas: Array, threshold: float) -> bool:
    """Whether most of these peaks lie just above the threshold, as the tail of noise does."""
    return float(np.mean(sigmas < threshold + PILE_SIGMAS)) > PILE_MOST


@dataclass(frozen=True)
class Limits:
    """Of one unit: the height a spike needs, the largest squared residual it has, the share of its spikes that may be
    noise (expected, plus one standard error), the heights' mode, and the least density between noise and the mode as
    a part of the density there. From the height `clean` on, noise is a minority: what a template is measured from."""

    needed: float
    bound: float
    false_share: float
    mode: float
    valley: float
    clean: float


def limits(single: Fit, decoy: Fit, near: NDArray[np.bool_], unit: int, size: float) -> Limits:
    """From fits of all candidates to templates and to templates upside down (decoys).

    False ones are counted in two ways, and the larger count is believed. Noise is as likely upside down: what matches
    a decoy tells how much noise matches the template. Small spikes of distant neurons are not, but a unit's own
    heights lie symmetrically about their mode: what is more below it than above, small enough to be a distant
    neuron's and not parted from noise by a gap, is not the unit's. The height needed is where
    true ÷ (true + missed + false) is largest: half of the size for large templates, which nothing small can match.
    """
    mine = (single.unit == unit) & ~near
    upright = single.residual <= decoy.residual  # each candidate competes once, as target or as decoy
    central = mine & (np.abs(single.height - size) < max(2.0, 0.2 * size))
    bound = np.inf
    if central.any():
        residual = single.residual[central]
        middle = float(np.median(residual))
        spread = max(float(np.median(np.abs(residual - middle))) / 0.6745, 0.1 * middle)
        bound = middle + RESIDUAL_MADS * spread
    heights = single.height[mine & upright & (single.residual <= bound)]
    decoys = decoy.height[(decoy.unit == unit) & ~near & ~upright & (decoy.residual <= bound)]
    decoys = decoys[decoys < NOISE_REACH]  # larger ones are spikes of the other polarity
    modes = [mode_near(heights, start * size) for start in MODE_STARTS]
    mode = next((place for place in modes if place >= MODE_LEAST * size), modes[0])
    middle = max(mode, MODE_LEAST * size)
    low, high = max(0.25 * size, min(0.5 * size, size - 4)), max(0.5 * size, min(0.8 * size, NOISE_REACH))
    grid = np.linspace(low, high, 51)
    above = heights[heights > middle]
    own = np.concatenate([above, 2 * middle - above])
    valley, lowest = _valley(heights, mode)
    reach = min(NOISE_REACH, lowest) if valley < GAP_MOST else NOISE_REACH
    excess = _beyond(heights[heights < reach], grid) - _beyond(own[own < reach], grid)
    false = np.maximum(_beyond(decoys, grid), np.maximum(excess, 0))
    targets = _beyond(heights, grid)
    true = np.maximum(targets - false, 0)
    accuracy = true / np.maximum(true.max() + false, 1)
    good = np.flatnonzero(accuracy >= accuracy.max() - 1e-12)
    best = int(good[np.argmin(np.abs(grid[good] - size / 2))])
    count = float(false[best])
    share = (count + np.sqrt(count)) / max(1.0, float(targets[best]))
    clean = np.flatnonzero(_beyond(decoys, grid) <= CLEAN * targets)
    from_here = float(grid[clean[0]]) if share > FALSE_MOST and len(clean) else 0.0
    plain = Limits(float(grid[best]), bound, share, mode, valley, from_here)
    if size > SMALL or not (share > FALSE_MOST or _hidden(plain, size)):
        return plain
    return _small_limits(plain, hump(heights, size), size)


def _hidden(limit: Limits, size: float) -> bool:
    """Whether no gap lies between the heights of a unit and those of noise."""
    return limit.mode < MODE_LEAST * size or limit.valley > VALLEY_MOST


def _small_limits(plain: Limits, found: Hump | None, size: float) -> Limits:
    """Limits of a unit that stands on the flank of the background; `plain` where no hump is sure."""
    lowest = max(HUMP_LOWEST, MODE_LEAST * size)
    if found is None or found.gain < HUMP_GAIN or not lowest < found.mode < 1.4 * size:
        return plain
    grid = np.linspace(0.5 * found.mode, found.mode + found.spread, 61)
    true, false = found.true_beyond(grid), found.false_beyond(grid)
    best = int(np.argmax(true / (found.count + false)))
    part = (false + np.sqrt(false)) / np.maximum(1.0, true + false)
    clean = np.flatnonzero(part <= CLEAN)
    from_here = float(grid[clean[0]]) if len(clean) else float(grid[-1])
    return Limits(float(grid[best]), plain.bound, float(part[best]), found.mode, 0.0, max(from_here, float(grid[best])))


def _valley(heights: Array, mode: float) -> tuple[float, float]:
    """The least density between the least heights there are and the mode, as a part of that at the mode; and where."""
    ordered = np.sort(heights)

    def within(place: Array) -> Array:
        return np.asarray(np.searchsorted(ordered, place + 0.5) - np.searchsorted(ordered, place - 0.5), dtype=float)

    places = np.arange(min(3.0, mode - 1), mode, 0.1)
    top = float(within(np.array([mode]))[0])
    if not top or not len(places):
        return np.inf, 0.0
    between = within(places)
    least = float(between.min())
    place = float(places[between == least].mean())
    return (least + np.sqrt(least)) / top, place  # one standard error: a valley by chance is none


def mode_near(values: Array, start: float, width: float = 1.2) -> float:
    """The mode uphill from `start`, by mean shift (Fukunaga & Hostetler 1975)."""
    place = start
    for _ in range(100):
        near = values[np.abs(values - place) < width]
        if not len(near) or abs(near.mean() - place) < 1e-6:
            break
        place = float(near.mean())
    return place


def _beyond(values: Array, limits: Array) -> NDArray[np.int_]:
    """How many values lie at or above each limit."""
    return len(values) - np.searchsorted(np.sort(values), limits)


def refuse(spikes: Spikes, unit: int, limit: Limits, size: float, clock: Array, sigmas: Array) -> str | None:
    """Why a unit does not hold, or None. `clock` and `sigmas` are those of all candidates."""
    mine = spikes.unit == unit
    place = spikes.candidate[mine]
    if len(place) < MIN_SPIKES:
        return f"a shape seen only {len(place)} times ({MIN_SPIKES} needed)"
    if np.count_nonzero(mine & ~spikes.doubtful) < MIN_SPIKES:
        return "a shape seen in overlaps of other units only"
    if _hidden(limit, size):
        return "a shape that cannot be told from noise: no gap between its heights and those of noise"
    if limit.false_share > FALSE_MOST:
        return f"a shape of which {100 * min(1.0, limit.false_share):.0f} % may be noise"
    if piled_up(sigmas[place], CANDIDATE_SIGMAS):
        return "a shape whose peaks pile up at the threshold, as noise does"
    fraction, low, _ = isi_violations([np.sort(spikes.time_s[mine])])
    if np.isfinite(low) and low > VIOLATIONS_REFUSED:
        return f"a shape with {100 * fraction:.0f} % of its intervals below the refractory period: no neuron's train"
    lock = max(mains_locking(clock[place]).items(), key=lambda item: item[1])
    if lock[1] > LOCKED:
        return f"a shape locked to {lock[0]:g} Hz (vector strength {lock[1]:.2f}): mains interference or a stimulator"
    return None


def mains_locking(times: Array) -> dict[float, float]:
    """Vector strength (0 to 1) of spikes at the mains frequency and its double."""
    return {hz: float(np.abs(np.mean(np.exp(2j * np.pi * hz * times)))) for hz in MAINS_HZ}


def unit_note(
    trains: Sequence[Array], durations_s: Sequence[float], false_share: float, spread: str | None
) -> str | None:
    """A word on contamination: by noise, and by other neurons where short intervals or shapes say so.

    The spikes of slow neurons seldom meet: few intervals are short even where half of the spikes are another's, so
    the short ones are set against what chance would make of so many spikes.
    """
    said = [spread] if spread else []
    fraction, low, _ = isi_violations(trains)
    if np.isfinite(low) and low > VIOLATIONS_SAID:
        said.append(f"multi-unit: {100 * fraction:.1f} % of intervals are shorter than the refractory period")
    else:
        foreign = contamination(trains, [(0.0, length) for length in durations_s], REFRACTORY_S)
        if np.isfinite(foreign.low) and foreign.low > FOREIGN_SAID:
            said.append(
                f"multi-unit: short intervals show that {100 * foreign.fraction:.0f} % of its spikes "
                f"(at least {100 * foreign.low:.0f} %) are another neuron's"
            )
    if false_share > FALSE_SAID:
        said.append(f"up to {100 * false_share:.0f} % of its spikes may be noise")
    return "; ".join(said) or None
