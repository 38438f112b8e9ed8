"""Change of the rate under each of several doses of one drug, from before the first, whatever the rate drifts by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coeruleus.responses.dose_series import Dosed
from coeruleus.responses.drift import Effect, effects
from coeruleus.responses.drug_windows import Window, counted_p, log_change

FEWEST_FREE = 6  # blocks beyond what is fitted: they tell the drift
NO_SPIKE = np.sqrt(3 / 8)
LEAST_COUNT = 0.5  # of a block, as what changes are shares of


@dataclass(frozen=True)
class Change:
    """Change of the rate (%), its 95 % interval and p-value; high: NaN where drift leaves no upper end."""

    percent: float
    low: float
    high: float
    p: float


def changes(series: Dosed, onsets_s: Sequence[float]) -> list[Change] | None:
    """Each dose against the time before the first; None where blocks are too few.

    The longer ago the first dose, the more the rate may have drifted since. So all blocks of the series are fitted at
    once on √(n + 3/8), a level for each dose beside a straight line and drift: what the rate does within the windows
    tells the drift, which each change is tested against and its interval allows for (`drift.effects`). But what runs
    on within every window may also be a drug that comes slowly. So the change is that of the measured rates, and the
    interval also holds that of their counts alone (`drug_windows.log_change`), and the p-value is the larger of both: 1
    where they differ in sign.
    """
    if len(series.time) - 2 - len(series.after) < FEWEST_FREE:
        return None
    courses = [series.come(onset) for onset in onsets_s]
    own = [series.of == number for number in range(1, len(series.windows))]
    sums = [np.array([[0.0, 0.0, *come[blocks].mean(axis=0)] for blocks in own]) for come in courses]
    designs = [np.column_stack([series.straight, come]) for come in courses]
    found = effects(series.time / series.block_s, series.value, designs, sums)
    return [
        _change(effect, series.before, window, float(series.value[blocks].mean()))
        for effect, window, blocks in zip(found, series.after, own, strict=True)
    ]


def _change(effect: Effect, before: Window, window: Window, level: float) -> Change:
    """As a ratio to what the rate would have been at the time. Errors of the counts add to the level, drift multiplies
    the rate: the ends are the farther of both. The upper one is not known where without the dose hardly a spike may
    have been left."""
    percent = 100 * (window.rate / before.rate - 1)
    without = level - effect.size
    shared = max(_counts(without), LEAST_COUNT)
    change, reach = log_change(before, window)
    ends = [percent, *(100 * float(np.expm1(change + side * reach)) for side in (-1, 1))]
    for end in (effect.low, effect.high):
        ends.append(100 * (_counts(without + end) / shared - 1))
        ends.append(100 * (_counts(level) / max(_counts(level - end), LEAST_COUNT) - 1))
    high = max(ends) if _counts(min(without, level - effect.high)) > LEAST_COUNT else np.nan
    p = max(effect.p, counted_p(before, window)) if effect.size * change > 0 else 1.0
    return Change(percent, min(ends), high, p)


def _counts(level: float) -> float:
    """Mean of the counts whose √(n + 3/8) has this mean (Mäkitalo & Foi 2011, IEEE Trans Image Process 20, 99)."""
    root, half = 2 * max(level, NO_SPIKE), np.sqrt(1.5)
    return max(float(root**2 / 4 - 1 / 8 + half / 4 / root - 11 / 8 / root**2 + 5 / 8 * half / root**3), 0.0)
