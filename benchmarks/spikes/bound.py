"""How well any threshold on a matched filter could do that was told the true spike: what is lost beyond it is ours."""

from __future__ import annotations

import numpy as np
from recordings import Recording

from coeruleus.spikes.detect import collect
from coeruleus.spikes.match import fit, make_bank, make_whitener

NEAR_S = 0.0005
TRIM = 10


def best_possible(recording: Recording, unit: int = 0) -> float:
    """Largest TP ÷ (TP + FN + FP) over thresholds on the projection of every candidate on the true mean spike."""
    found = collect([recording.trace], recording.rate_hz)
    whitener = make_whitener(np.array(found.noise_snippets, dtype=float), np.median(np.array(found.noise_uv), axis=0))
    snippets = found.snippets.read(np.arange(len(found.time_s)))
    times = recording.trains[unit]
    after = np.clip(np.searchsorted(times, found.time_s), 1, len(times) - 1)
    apart = np.minimum(np.abs(found.time_s - times[after - 1]), np.abs(found.time_s - times[after]))
    true = apart < NEAR_S
    ordered = np.sort(snippets[true], axis=0)
    cut = len(ordered) // TRIM
    bank = make_bank([ordered[cut : len(ordered) - cut].mean(axis=0)], whitener, found.grid_s)
    height = fit(whitener(snippets), bank, np.ones((len(true), 1))).height
    hits = np.cumsum(true[np.argsort(-height, kind="stable")])
    taken = np.arange(1, len(true) + 1)
    return float(np.max(np.minimum(hits, len(times)) / (len(times) + taken - hits)))
