"""The rate before and after one drug, on one scale of time: blocks, stability of the baseline, p-value, interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from coeruleus.responses.drift import FEWEST_BLOCKS, Floats, change_p
from coeruleus.responses.drug_scales import Scale
from coeruleus.tables.status import INSUFFICIENT_SPIKES

FEWEST_SPIKES = 10
QUARTERS = 4
UNSTABLE_RANGE = 0.5  # of the mean rate, between quarters of the baseline
UNSTABLE_P = 0.01
LEAST_DEVIATION = 0.5  # standard deviations that a p-value is taken for: near 1 it says nothing of the interval


@dataclass(frozen=True)
class Window:
    """Blocks of one side of a drug: middles (s from the drug), usable time (s) and spikes of each."""

    middle: Floats
    time: Floats
    count: Floats

    @property
    def rate(self) -> float:
        return float(self.count.sum() / self.time.sum())


@dataclass(frozen=True)
class Tested:
    """p-value of a change, and the rates that it compares."""

    p: float
    before: Window
    after: Window


@dataclass(frozen=True)
class Tried:
    """What one scale says: fields of the row, and the test where there can be one."""

    fields: dict[str, Any]
    test: Tested | None = None


def at_scale(scale: Scale, times: Floats, at: float, edges: tuple[float, float], free: Floats) -> Tried:
    low, high = max(edges[0], at - scale.longest_s), min(edges[1], at + scale.longest_s)
    size = float(np.clip(min(at - low, high - at) / scale.blocks, scale.block_s[0], scale.block_s[1]))
    before, after = (blocks_of(times, at, edge, size, free) for edge in (low, high))
    fields: dict[str, Any] = {"baseline_s": float(before.time.sum()), "response_s": float(after.time.sum())}
    if min(len(before.time), len(after.time)) < FEWEST_BLOCKS:
        side = "before" if len(before.time) < FEWEST_BLOCKS else "after"
        fields["status"] = INSUFFICIENT_SPIKES
        fields["reason"] = f"too little time {side} the drug: {FEWEST_BLOCKS} blocks of {size:g} s are needed"
        return Tried(fields)
    fields |= {"baseline_rate_hz": before.rate, "response_rate_hz": after.rate}
    expected = before.rate * after.time.sum()
    if max(expected, after.count.sum()) < FEWEST_SPIKES:
        fields["status"] = INSUFFICIENT_SPIKES
        fields["reason"] = (
            f"{expected:.0f} spikes expected after the drug at the rate before it, and {after.count.sum():.0f} found: "
            f"{FEWEST_SPIKES} are needed"
        )
        return Tried(fields)
    if before.rate > 0:
        fields["percent_change"] = 100 * (after.rate / before.rate - 1)
    drift = baseline_drift(before)
    fields["baseline_stable"] = drift is None
    if drift is not None:
        fields["reason"] = f"the baseline is not stable, so the change is not tested: {drift}"
        return Tried(fields)
    middle = np.r_[before.middle, after.middle] / size
    full = np.r_[before.count * size / before.time, after.count * size / after.time]
    p = change_p(middle, np.sqrt(full + 3 / 8), [onset / size for onset in scale.onsets_s])
    return Tried(fields, Tested(p, before, after) if p is not None else None)


def blocks_of(times: Floats, at: float, edge: float, size: float, taken: Floats) -> Window:
    """Blocks from the drug outwards; those that other events take more than half of are left out."""
    n = int(abs(edge - at) / size + 1e-9)
    if not n:
        return Window(np.empty(0), np.empty(0), np.empty(0))
    ends = np.sort(at + np.sign(edge - at) * size * np.arange(n + 1))
    inside = np.sort(times[(times >= ends[0]) & (times < ends[-1])])
    taken = taken[(taken[:, 0] < ends[-1]) & (taken[:, 1] > ends[0])]
    for low, high in taken:
        inside = inside[(inside < low) | (inside >= high)]
    points = np.sort(np.r_[ends, taken.ravel()])
    middles = (points[1:] + points[:-1]) / 2
    is_free = ~((middles[:, None] >= taken[:, 0]) & (middles[:, None] < taken[:, 1])).any(axis=1)
    block = np.searchsorted(ends, middles, side="right") - 1
    good = is_free & (block >= 0) & (block < n)
    time = np.histogram(block[good], np.arange(n + 1), weights=np.diff(points)[good])[0].astype(float)
    count = np.histogram(inside, ends)[0].astype(float)
    kept = time >= size / 2
    return Window(((ends[1:] + ends[:-1]) / 2 - at)[kept], time[kept], count[kept])


def interval(before: Window, after: Window, p: float) -> tuple[float, float, bool]:
    """95 % interval of the change (per cent): log ratio of rates, counting variance scaled by the baseline's
    dispersion and by the memory between its blocks (Jones 1975, Biometrika 62: (1 + ρ) ÷ (1 − ρ)), and no narrower than
    the p-value allows, so that drift is in it (test-based; Miettinen 1976, Am J Epidemiol 103, 226).

    Third: whether no change lies outside the interval of the counts alone.
    """
    change, counted = log_change(before, after)
    reach = max(counted, test_based(change, p))
    low, high = (100 * float(np.expm1(change + end)) for end in (-reach, reach))
    found = 100 * (after.rate / before.rate - 1)  # without a spike it is -100, which no logarithm reaches
    return min(low, found), high, abs(change) > counted


def log_change(before: Window, after: Window) -> tuple[float, float]:
    """Log ratio of the rates, and half the 95 % interval of the counts alone."""
    change, error, free = _log_ratio(before, after)
    return change, float(special.stdtrit(free, 0.975)) * error


def counted_p(before: Window, after: Window) -> float:
    """Two-sided p-value of the log ratio of the rates, by the counts alone."""
    change, error, free = _log_ratio(before, after)
    return float(2 * special.stdtr(free, -abs(change) / error))


def _log_ratio(before: Window, after: Window) -> tuple[float, float, int]:
    """Log ratio of the rates, its error, and the degrees of freedom of that."""
    dispersion, free = dispersion_of([before])
    n = before.count.sum() + 0.5, after.count.sum() + 0.5
    change = float(np.log((n[1] / after.time.sum()) / (n[0] / before.time.sum())))
    return change, float(np.sqrt(dispersion * (1 / n[0] + 1 / n[1]))), free


def dispersion_of(windows: Sequence[Window]) -> tuple[float, int]:
    """Variance over mean of the counts of blocks around the rate of each window, raised by the memory between
    neighbours; and its degrees of freedom."""
    squares = shared = 0.0
    free = 0
    for window in windows:
        expected = window.rate * window.time
        scaled = (window.count - expected) / np.sqrt(np.maximum(expected, 1e-9))
        squares += float((scaled**2).mean()) * len(scaled)
        shared += float((scaled[1:] * scaled[:-1]).mean()) * len(scaled)
        free += len(scaled) - 1
    memory = float(np.clip(shared / max(squares, 1e-9), 0.0, 0.8))
    return max(squares / free, 0.5) * (1 + memory) / (1 - memory), free


def test_based(estimate: float, p: float) -> float:
    """Half the 95 % interval of an estimate that has this two-sided p-value."""
    return abs(estimate) * float(special.ndtri(0.025) / min(special.ndtri(p / 2), -LEAST_DEVIATION))


def baseline_drift(before: Window) -> str | None:
    """Where the baseline is not stable: how it runs."""
    parts = [part for part in np.array_split(np.arange(len(before.time)), QUARTERS) if len(part)]
    count = np.array([before.count[part].sum() for part in parts])
    time = np.array([before.time[part].sum() for part in parts])
    expected = before.rate * time
    if expected.min() <= 0:
        return None
    excess = float(((count - expected) ** 2 / expected).sum())
    spread = float(np.ptp(count / time)) / before.rate
    if spread > UNSTABLE_RANGE and special.chdtrc(len(parts) - 1, excess) < UNSTABLE_P:
        return "it runs " + ", ".join(f"{rate:.2g}" for rate in count / time) + " Hz"
    return None
