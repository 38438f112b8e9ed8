"""p-values adjusted for being several."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np


def adjust_p(p_values: Iterable[float], how: Literal["holm", "fdr", "none"]) -> list[float]:
    """p-values of one family, by Holm (1979) or Benjamini & Hochberg (1995); NaN stays NaN and does not count."""
    values = np.array(list(p_values), dtype=float)
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known], kind="stable")]
    number = len(order)
    if not number or how == "none":
        return [float(value) for value in values]
    if how == "holm":
        steps = np.maximum.accumulate(values[order] * (number - np.arange(number)))
    else:
        steps = np.minimum.accumulate((values[order] * number / (1 + np.arange(number)))[::-1])[::-1]
    values[order] = np.minimum(steps, 1.0)
    return [float(value) for value in values]
