"""Columns of the table of units that say how far a unit can be trusted and how it fires."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coeruleus.spikes.gamma_bursts import gamma_bursts
from coeruleus.spikes.quality import PRESENCE_LEAST, PRESENCE_SPIKES, Bounds, contamination
from coeruleus.spikes.trains import intervals

Array = NDArray[np.floating]
Row = dict[str, Any]

CUT_OFF_SPIKES = 10  # of the stretch that a spike lies in; with fewer the CV of a Poisson train is below 0.95


def train_quality(stretches: Sequence[Array], bounds: Bounds, censored_s: float, there: float) -> Row:
    """Contamination with its interval and presence (`there`, of all spontaneous time, lost time too); what too few
    spikes cannot tell is n/a with its reason."""
    found = contamination(stretches, bounds, censored_s)
    n = sum(len(times) for times in stretches)
    reasons = [f"contamination: {found.reason}"] if found.reason else []
    if np.isnan(there):
        reasons.append(f"presence: insufficient_spikes: {n}, and {PRESENCE_LEAST * PRESENCE_SPIKES} are needed")
    return {
        "contamination": found.fraction,
        "contamination_ci_low": found.low,
        "contamination_ci_high": found.high,
        "presence": there,
        "quality_reason": "; ".join(reasons) or None,
    }


def cut_off(stretches: Sequence[Array]) -> str | None:
    """A word on stretches too short for their long intervals, which lowers the CV; None where they are long enough."""
    size = sum(len(times) ** 2 for times in stretches) / sum(len(times) for times in stretches)
    if size >= CUT_OFF_SPIKES:
        return None
    return f"isi_cv: too low, stretches of some {size:.0f} spikes cut long intervals off; trust cv2 and lv"


def regularity(stretches: Sequence[Array], bounds: Bounds) -> Row:
    """Bursts against a gamma neuron, its shape, and silent periods; n/a with fewer than 30 intervals."""
    found = gamma_bursts(stretches)
    if found is None:
        return {}
    gaps = np.concatenate(intervals(stretches))
    return {
        "gamma_shape": found.shape,
        "gamma_burst_fraction": found.fraction,
        "n_silences": len(found.silences_s),
        "longest_interval_s": float(gaps.max()),
        "silent_fraction": float(found.silences_s.sum()) / sum(end - start for start, end in bounds),
    }
