"""What the mixed model is of: ln concentration or per cent of baseline, with values below limits as asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coeruleus.release.bounds import LOW
from coeruleus.release.choices import Choices
from coeruleus.tables import status

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """(n,) values; `y` is NaN where censored, between `low` and `high`; rows not `usable` do not enter."""

    y: Floats
    low: Floats
    high: Floats
    usable: NDArray[np.bool_]

    def take(self, rows: NDArray[np.bool_]) -> Outcome:
        """Some of the rows."""
        return Outcome(self.y[rows], self.low[rows], self.high[rows], self.usable[rows])


def measure_outcome(samples: pd.DataFrame, choices: Choices) -> tuple[Outcome, list[str]]:
    """The outcome of each sample, and notes on values below limits.

    A value below a limit lies between `at_least` and `at_most` (see `mark_bounds`); without any bound the sample is
    left out and counted. The simple substitutions: the number measured (where above 0 and not
    below detection), half the limit that the value is below, or leaving out.
    """
    value = samples["concentration"].to_numpy(dtype=float)
    state = samples["status"].to_numpy(dtype=object)
    low = np.isin(state, LOW)
    quantified_not = state == status.BELOW_LOQ
    floor, limit = (samples[name].to_numpy(dtype=float) for name in ("at_least", "at_most"))
    limit = np.where(np.isnan(limit) & (floor > 0), np.inf, limit)  # a ratio may have no upper bound
    if choices.outcome == "percent":
        baseline = samples["baseline"].to_numpy(dtype=float)
        divisor = np.where(baseline > 0, baseline, np.nan)
        y, high, bottom = (100 * part / divisor - 100 for part in (value, limit, floor))
        fine = np.isfinite(y)
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            y, high, bottom = (np.log(np.where(part >= 0, part, np.nan)) for part in (value, limit, floor))
        fine = np.isfinite(y)
    usable = np.where(low, False, fine)
    notes = []
    number = int(low.sum())
    if choices.below_limit == "censored":
        known = low & ~np.isnan(high) & (np.isfinite(high) | np.isfinite(bottom))
        y[known], usable[known] = np.nan, True
        rest = low & ~known & quantified_not & fine  # no limit stated: the number is all there is
        usable |= rest
        if known.any():
            notes.append(f"samples below a limit that enter as censored: {int(known.sum())}")
        if rest.any():
            notes.append(
                f"samples below quantification that enter with their number, no limit being known: {rest.sum()}"
            )
    elif choices.below_limit == "half_limit":
        with np.errstate(divide="ignore", invalid="ignore"):
            half = high - np.log(2) if choices.outcome == "log" else (high + 100) / 2 - 100
        chosen = low & np.isfinite(half)
        y[chosen], usable[chosen] = half[chosen], True
        if number:
            notes.append(f"samples below a limit that enter as half of it, which is biased: {int(chosen.sum())}")
    elif choices.below_limit == "measured":
        chosen = quantified_not & fine
        usable |= chosen
        if chosen.any():
            notes.append(f"samples below quantification that enter with their number: {int(chosen.sum())}")
    lost = int((~usable).sum())
    if lost:
        notes.append(f"samples left out, being below a limit or not above 0, so that low means are too high: {lost}")
    return Outcome(y, np.where(low, bottom, -np.inf), np.where(low, high, np.inf), usable), notes
