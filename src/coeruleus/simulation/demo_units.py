"""Which neurons the demonstration's recordings hold, and how each kind of neuron behaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coeruleus.simulation.trains import STEP_S, bursty_train, drifting_rate, spike_train, with_drug, with_responses
from coeruleus.simulation.waveforms import BROAD, LC_LIKE, MEDIUM, NARROW, SpikeForm

REFRACTORY_S = 0.003


@dataclass(frozen=True)
class Kind:
    """A kind of neuron. Pinch: excitation and suppression as factors; `drug` is what clonidine leaves."""

    label: str
    form: SpikeForm
    gamma_shape: float
    excitation: float = 1.0
    excitation_s: float = 1.0
    suppression: float = 1.0
    suppression_s: float = 2.5
    drug: float = 1.0
    bursty: bool = False

    @property
    def biphasic(self) -> bool:
        return self.excitation > 1 and self.suppression < 1


KINDS = {
    "lc": Kind("LC-NE", LC_LIKE, 3.0, excitation=6.0, suppression=0.03, drug=0.03),
    "fast": Kind("other", NARROW, 5.0, excitation=2.2, excitation_s=2.5),
    "slow": Kind("other", MEDIUM, 1.2, suppression=0.15, excitation_s=0.0, drug=0.95),
    "broad": Kind("other", BROAD, 1.5, bursty=True),
}


@dataclass(frozen=True)
class PlannedUnit:
    """One neuron of a site. `n_spikes` keeps only so many in the first two segments (a unit hardly seen)."""

    unit_id: str
    kind: str
    rate_hz: float
    identity: tuple[str, str] | None = None
    n_spikes: int | None = None


@dataclass(frozen=True)
class Site:
    """One electrode placement. `drug` is None, `recovery` (clonidine wears off) or `idazoxan` (reversed)."""

    site_id: str
    subject_id: str
    units: tuple[PlannedUnit, ...]
    drug: str | None = None
    onset_source: str = "ttl"
    slipped: int | None = None  # a pinch (from 1) that slipped off the paw and is left out by a person
    raw: bool = False
    beside_dialysis: bool = False  # recorded while the animal's dialysate was collected, treatment and all


SITES = (
    Site("rat01_t1", "rat01", (PlannedUnit("u1", "lc", 1.5),)),
    Site(
        "rat01_t2",
        "rat01",
        (PlannedUnit("u1", "lc", 1.1, ("juxtacellular", "TH+")), PlannedUnit("u2", "fast", 11.0)),
        "recovery",
    ),
    Site(
        "rat02_t1", "rat02", (PlannedUnit("u1", "lc", 2.2, ("antidromic", "driven from frontal cortex")),), "idazoxan"
    ),
    Site("rat03_t1", "rat03", (PlannedUnit("u1", "fast", 14.0),)),
    Site("rat03_t2", "rat03", (PlannedUnit("u1", "lc", 0.9),), "idazoxan", "typed", slipped=4),
    Site("rat05_t1", "rat05", (PlannedUnit("u1", "slow", 2.6, ("juxtacellular", "TH-")),), "recovery"),
    Site("rat06_t1", "rat06", (PlannedUnit("u1", "lc", 1.7), PlannedUnit("u2", "lc", 1.0, n_spikes=4))),
    Site("rat06_t2", "rat06", (PlannedUnit("u1", "lc", 2.8, ("juxtacellular", "TH+")),), "recovery"),
    Site("rat07_t1", "rat07", (PlannedUnit("u1", "broad", 0.7),), "recovery", "typed"),
    Site("rat08_t1", "rat08", (PlannedUnit("u1", "lc", 1.6), PlannedUnit("u2", "fast", 5.0)), raw=True),
    Site(
        "rat04_t1",
        "rat04",
        (PlannedUnit("u1", "lc", 1.8, ("antidromic", "driven from frontal cortex")),),
        beside_dialysis=True,
    ),
)
SMALL_SITES = (
    Site("rat01_t1", "rat01", (PlannedUnit("u1", "lc", 1.5),), "recovery"),
    Site("rat02_t1", "rat02", (PlannedUnit("u1", "fast", 11.0),)),
    Site("rat02_t2", "rat02", (PlannedUnit("u1", "lc", 1.5), PlannedUnit("u2", "lc", 1.0, n_spikes=3))),
)
SMALL_RAW = Site("rat02_t3", "rat02", (PlannedUnit("u1", "lc", 2.0), PlannedUnit("u2", "fast", 6.0)), raw=True)


@dataclass(frozen=True)
class SegmentPlan:
    """What happens in one segment (s on its own clock); empty where nothing does.

    `remaining` is what `drug` leaves of the rate; None: what clonidine leaves of this kind of neuron.
    """

    duration_s: float
    pinches: tuple[float, ...] = ()
    drug_s: float | None = None
    recovery_s: float | None = None
    reversal_s: float | None = None
    drug: str = "clonidine"
    remaining: float | None = None
    onset_tau_s: float = 25.0
    step_s: float = STEP_S


def simulate_unit(rng: np.random.Generator, unit: PlannedUnit, segment: SegmentPlan) -> np.ndarray:
    """Spike times (s) of a unit in one segment."""
    kind = KINDS[unit.kind]
    rate = drifting_rate(rng, segment.duration_s, unit.rate_hz, spread=0.1, timescale_s=90.0, step_s=segment.step_s)
    if segment.drug_s is not None:
        rate = with_drug(
            rate,
            segment.drug_s,
            remaining=kind.drug if segment.remaining is None else segment.remaining,
            onset_tau_s=segment.onset_tau_s,
            recovery_s=segment.recovery_s,
            reversal_s=segment.reversal_s,
            step_s=segment.step_s,
        )
    onsets = np.array(segment.pinches) + 0.02 * rng.standard_normal(len(segment.pinches))
    rate = with_responses(
        rate,
        onsets,
        latency_s=0.10,
        excitation=kind.excitation,
        excitation_s=kind.excitation_s,
        suppression=kind.suppression,
        suppression_s=kind.suppression_s,
        step_s=segment.step_s,
    )
    if kind.bursty:
        times = bursty_train(rng, rate, shape=kind.gamma_shape, refractory_s=REFRACTORY_S, step_s=segment.step_s)
    else:
        times = spike_train(rng, rate, kind.gamma_shape, REFRACTORY_S, segment.step_s)
    if unit.n_spikes is not None:
        return np.sort(rng.choice(times, min(unit.n_spikes, len(times)), replace=False))
    return times
