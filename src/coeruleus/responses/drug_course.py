"""The course of a drug's effect: onset, largest change and recovery; and what the next drug undoes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.responses.drift import Floats
from coeruleus.responses.scan import ALPHA

SMOOTH_BLOCKS = 3
HALF = 0.5
SPIKES_FOR_RATE = 1.0
STILL_THERE = 0.5  # of the previous drug's change, for the next one to undo


def time_course(baseline_hz: float, middle: Floats, time: Floats, count: Floats) -> dict[str, float | None]:
    """Onset, largest change and recovery of an effect, from blocks after the drug.

    middle: s after the drug; time: usable s; count: spikes, of each block; all shape (blocks,). The onset is the start
    of the block at which the rate changes once and for all with the largest Poisson likelihood (Hinkley 1970,
    Biometrika 57, 1), before the largest change of the mean of 3 blocks; recovery is the first such mean after it that
    is back half-way.
    """
    kernel = np.ones(min(SMOOTH_BLOCKS, len(count)))
    rate = np.convolve(count, kernel, "valid") / np.convolve(time, kernel, "valid")
    centre = np.convolve(middle, kernel, "valid") / len(kernel)
    change = rate - baseline_hz
    direction = np.sign(count.sum() / time.sum() - baseline_hz) or 1.0
    most = int(np.argmax(direction * change))
    last = most + len(kernel)
    later = np.cumsum(count[:last][::-1])[::-1]
    exposed = np.cumsum(time[:last][::-1])[::-1]
    gain = later * np.log(np.maximum(later, SPIKES_FOR_RATE) / (baseline_hz * exposed)) - later + baseline_hz * exposed
    gain[direction * (later / exposed - baseline_hz) <= 0] = -np.inf
    begun = int(np.argmax(gain))
    back = np.flatnonzero(direction * change[most:] <= HALF * direction * change[most])
    half_block = float(np.diff(middle).min() / 2) if len(middle) > 1 else float(time[0] / 2)
    return {
        "effect_onset_s": max(float(middle[begun]) - half_block, 0.0),
        "largest_change_percent": 100 * float(change[most]) / baseline_hz,
        "largest_change_s": float(centre[most]),
        "recovery_s": float(centre[most + back[0]]) if len(back) else None,
    }


def add_reversals(rows: Sequence[dict[str, Any]]) -> None:
    """For each drug after another in one session: what it did to the change before it.

    Rows also have `session_id`, and those of an effect the rate that it left (`left_hz`).

    Rows of one unit are compared in the order of segment and onset; those without rates only keep the names.
    """
    units: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        if row["unit_id"] is not None:
            units.setdefault((row["site_id"], row["unit_id"], row["session_id"]), []).append(row)
    for own in units.values():
        own.sort(key=lambda row: (int(row["segment"]), float(row["onset"])))
        first = _number(own[0], "baseline_rate_hz")
        for index, row in enumerate(own):
            after = _number(row, "response_rate_hz")
            if first > 0:
                row["percent_of_first_baseline"] = 100 * after / first
            if not index:
                continue
            previous = own[index - 1]
            row["previous_drug"] = previous["drug"]
            if _number(previous, "p_value") <= ALPHA:
                _reverse(row, previous)


def _reverse(row: dict[str, Any], previous: Mapping[str, Any]) -> None:
    """The share of what the previous drug had changed, and still did when this one came, that this one undid.

    Its interval is that of this drug's own change.
    """
    before, left = _number(previous, "baseline_rate_hz"), _number(previous, "left_hz")
    met, after = _number(row, "baseline_rate_hz"), _number(row, "response_rate_hz")
    if not np.isfinite(after) or before == left:
        return
    if (before - met) / (before - left) < STILL_THERE:
        add_reason(row, f"what {previous['drug']} changed had worn off before: no reversal to measure")
        return
    row["reversal_percent"] = 100 * (after - met) / (before - met)
    ends = (met * _number(row, f"percent_change_ci_{end}") / (before - met) for end in ("low", "high"))
    row["reversal_percent_ci_low"], row["reversal_percent_ci_high"] = sorted(ends)


def add_reason(row: dict[str, Any], text: str) -> None:
    """One more reason beside those that the row has."""
    row["reason"] = "; ".join(part for part in (row["reason"], text) if part)


def _number(row: Mapping[str, Any], name: str) -> float:
    value = row.get(name)
    return float("nan") if pd.isna(value) else float(value)
