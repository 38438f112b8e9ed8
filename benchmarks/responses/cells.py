"""Simulated cells with events: regular, Poisson, bursty and drifting trains, with and without responses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coeruleus.responses.scan import Trials
from coeruleus.simulation.trains import bursty_train, drifting_rate, flat_rate, spike_train, with_responses

STEP_S = 0.005
LEAD_S = 12.0
AFTER_S = 5.0
BEFORE_S = 7.0


@dataclass(frozen=True)
class Cell:
    """shape None: bursty. Events follow each other after 12 to 18 s, or after `gap_s` exactly."""

    shape: float | None
    rate_hz: float
    events: int
    drift: bool = False
    gap_s: float | None = None
    excitation: float = 1.0
    excitation_s: float = 0.5
    suppression: float = 1.0
    suppression_s: float = 2.0
    latency_s: float = 0.05

    @property
    def name(self) -> str:
        kind = "bursty" if self.shape is None else f"gamma {self.shape:g}"
        return f"{kind}, {self.rate_hz:g} Hz, {self.events} events" + (", drift" if self.drift else "")


def simulate(cell: Cell, rng: np.random.Generator, step_s: float = STEP_S) -> tuple[Trials, float]:
    """Trials of one train, and the rate before its events (Hz)."""
    gaps = rng.uniform(12.0, 18.0, cell.events) if cell.gap_s is None else np.full(cell.events, cell.gap_s)
    onsets = LEAD_S + np.r_[0.0, np.cumsum(gaps[:-1])]
    # Onsets lie on the steps of the rate, so that a response starts where it is said to.
    onsets = np.round(onsets / step_s) * step_s
    duration = float(np.ceil(onsets[-1] + 10.0))
    rate = flat_rate(duration, cell.rate_hz, step_s)
    if cell.drift:
        rate = drifting_rate(rng, duration, cell.rate_hz, 0.4, 60.0, step_s)
    if cell.excitation != 1 or cell.suppression != 1:
        rate = with_responses(
            rate,
            onsets,
            latency_s=cell.latency_s,
            excitation=cell.excitation,
            excitation_s=cell.excitation_s if cell.excitation != 1 else 0.0,
            suppression=cell.suppression,
            suppression_s=cell.suppression_s,
            step_s=step_s,
        )
    if cell.shape is None:
        spikes = bursty_train(rng, rate, step_s=step_s)
    else:
        spikes = spike_train(rng, rate, cell.shape, step_s=step_s)
    zeros = np.zeros(cell.events)
    length = np.full(cell.events, min(AFTER_S, cell.gap_s or AFTER_S))
    trials = Trials(spikes, onsets, length, zeros, np.full(cell.events, duration))
    before = min(BEFORE_S, (cell.gap_s or np.inf) / 2)
    counts = np.searchsorted(spikes, onsets) - np.searchsorted(spikes, onsets - before)
    return trials, float(counts.sum() / (before * cell.events))
