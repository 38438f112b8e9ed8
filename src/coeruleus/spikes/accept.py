"""What is refused, and why: traces without a unit, and units that do not hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coeruleus.spikes.artefacts import Artefact
from coeruleus.spikes.cluster import LEAST_SPREAD
from coeruleus.spikes.detect import CANDIDATE_SIGMAS, Candidates
from coeruleus.spikes.match import Matches, Whitener
from coeruleus.spikes.trains import isi_violations

Array = NDArray[np.float64]

CORE_SIGMAS = 4.5  # what clusters are made of; smaller candidates are mostly noise
MIN_SPIKES = 10
MASKED_MOST = 0.5
NOISE_APART = 3.0  # d′ to the candidates left over; they are peaks chosen from noise, so nearer than noise at large
PILE_SIGMAS, PILE_MOST = 0.5, 0.6  # noise: nine tenths within half a sigma of the threshold; a unit: under a half
MAINS_HZ = (50.0, 60.0, 100.0, 120.0)
LOCKED = 0.8
VIOLATIONS_SAID, VIOLATIONS_REFUSED = 0.02, 0.05
FALSE_SAID, FALSE_MOST = 0.05, 0.25  # noise among the spikes of a unit: said, and refused


def trace_refused(found: Candidates, artefacts: Sequence[Artefact]) -> str | None:
    """Why nothing is sorted at all: too little of the trace is usable."""
    total = sum(found.durations_s)
    if not total:
        return "the trace is empty"
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


def refuse(
    matches: Matches,
    unit: int,
    template: Array,
    snippets: NDArray[np.float32],
    time: Array,
    segment: NDArray[np.int_],
    sigmas: Array,
    beside: NDArray[np.bool_],
    whitener: Whitener,
    final: bool,
) -> str | None:
    """Why a unit does not hold, or None. `beside` marks candidates with a larger one near by.

    The share of noise is judged once templates are `final`: the first ones come from the largest spikes only.
    """
    mine = matches.unit == unit
    place = matches.candidate[mine]
    if len(place) < MIN_SPIKES:
        return f"a shape seen only {len(place)} times ({MIN_SPIKES} needed)"
    false = float(matches.false_share[unit])
    if final and false > FALSE_MOST:
        return f"a shape of which {100 * false:.0f} % may be noise"
    if piled_up(sigmas[place], CANDIDATE_SIGMAS):
        return "a shape whose peaks pile up at the threshold, as noise does"
    fraction, low, _ = isi_violations([np.sort(time[place][segment[place] == index]) for index in np.unique(segment)])
    if np.isfinite(low) and low > VIOLATIONS_REFUSED:
        return f"a shape with {100 * fraction:.0f} % of its intervals below the refractory period: no neuron's train"
    lock = max(mains_locking(time[place]).items(), key=lambda item: item[1])
    if lock[1] > LOCKED:
        return f"a shape locked to {lock[0]:g} Hz (vector strength {lock[1]:.2f}): mains interference"
    free = np.setdiff1d(np.flatnonzero(~beside & (sigmas < CORE_SIGMAS)), place)
    if len(free) >= MIN_SPIKES:
        apart = _apart(matches.projection[mine], snippets[free], template, whitener)
        if apart < NOISE_APART:
            return f"a shape that cannot be told from noise (d′ {apart:.1f}, {NOISE_APART:g} needed)"
    return None


def mains_locking(times: Array) -> dict[float, float]:
    """Vector strength (0 to 1) of spikes at the mains frequency and its double."""
    return {hz: float(np.abs(np.mean(np.exp(2j * np.pi * hz * times)))) for hz in MAINS_HZ}


def _apart(own: Array, free: NDArray[np.float32], template: Array, whitener: Whitener) -> float:
    """d′ between the unit's spikes and small candidates of the same polarity, along the template."""
    axis = whitener(template[None])[0]
    axis = axis / np.linalg.norm(axis)
    other = whitener(free[:: max(1, len(free) // 4000)].astype(float)) @ axis
    other = other[other > 0]
    if len(other) < MIN_SPIKES:
        return float("inf")
    spreads = [max(LEAST_SPREAD, float(np.median(np.abs(v - np.median(v)))) / 0.6745) for v in (own, other)]
    return float((np.median(own) - np.median(other)) / np.sqrt(np.mean(np.square(spreads))))


def unit_note(trains: Sequence[Array], false_share: float) -> str | None:
    """A word on contamination: by noise, and by other neurons where short intervals say so beyond chance."""
    said = []
    fraction, low, _ = isi_violations(trains)
    if np.isfinite(low) and low > VIOLATIONS_SAID:
        said.append(f"multi-unit: {100 * fraction:.1f} % of intervals are shorter than the refractory period")
    if false_share > FALSE_SAID:
        said.append(f"up to {100 * false_share:.0f} % of its spikes may be noise")
    return "; ".join(said) or None
