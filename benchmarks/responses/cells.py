"""Simulated cells with events: regular, Poisson, bursty and drifting trains, with and without responses."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from coeruleus.responses.moved import Trials
from coeruleus.responses.trials import AFTER_EVENT_S, LONGEST_S
from coeruleus.simulation.trains import bursty_train, drifting_rate, flat_rate, spike_train, with_responses

STEP_S = 0.005
LEAD_S = 12.0
BEFORE_S = 7.0


@dataclass(frozen=True)
class Cell:
    """shape None: bursty. Events last `duration_s` and follow each other 12 to 18 s after their ends, or begin `gap_s`
    after each other exactly, so that the time after one holds the next where that is short."""

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
    duration_s: float = field(default=0.0, repr=False)  # seeds come from the representation: those of before stand

    @property
    def name(self) -> str:
        kind = "bursty" if self.shape is None else f"gamma {self.shape:g}"
        name = f"{kind}, {self.rate_hz:g} Hz, {self.events} events"
        name += f" of {self.duration_s:g} s" if self.duration_s else ""
        return name + (f", {self.gap_s:g} s apart" if self.gap_s else "") + (", drift" if self.drift else "")


def simulate(cell: Cell, rng: np.random.Generator, step_s: float = STEP_S) -> tuple[Trials, float]:
    """Trials of one train, and the rate before its events (Hz)."""
    gaps = np.full(cell.events, cell.gap_s or 0.0)
    if cell.gap_s is None:
        gaps = rng.uniform(12.0, 18.0, cell.events) + cell.duration_s
    onsets = LEAD_S + np.r_[0.0, np.cumsum(gaps[:-1])]
    # Onsets lie on the steps of the rate, so that a response starts where it is said to.
    onsets = np.round(onsets / step_s) * step_s
    duration = float(np.ceil(onsets[-1] + cell.duration_s + 10.0))
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
    length = np.full(cell.events, min(cell.duration_s + AFTER_EVENT_S, LONGEST_S, cell.gap_s or np.inf))
    trials = Trials(spikes, onsets, length, zeros, np.full(cell.events, duration))
    before = min(BEFORE_S, (cell.gap_s or np.inf) / 2)
    counts = np.searchsorted(spikes, onsets) - np.searchsorted(spikes, onsets - before)
    return trials, float(counts.sum() / (before * cell.events))
