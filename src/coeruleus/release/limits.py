"""How likely a value between limits is under a normal distribution, with its derivatives, far into the tails."""

from __future__ import annotations

import numpy as np
from scipy.special import log_ndtr

from coeruleus.release.reml import Floats

LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)


def interval_terms(mean: Floats, sd: float, low: Floats, high: Floats) -> tuple[Floats, Floats, Floats]:
    """log P(low < y < high) for y ~ N(mean, sd²), its derivative with the mean, and minus the second one.

    `low` may be −∞ and `high` ∞.
    """
    above, below = (high - mean) / sd, (low - mean) / sd
    flip = below > 0  # both in the upper tail: mirror them, so that nothing cancels
    upper, lower = np.where(flip, -below, above), np.where(flip, -above, below)
    log_upper, log_lower = log_ndtr(upper), log_ndtr(lower)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_p = log_upper + np.log1p(-np.exp(np.minimum(log_lower - log_upper, -1e-15)))
        at_above = np.where(np.isfinite(above), np.exp(-0.5 * above**2 - LOG_ROOT_2PI - log_p), 0.0)
        at_below = np.where(np.isfinite(below), np.exp(-0.5 * below**2 - LOG_ROOT_2PI - log_p), 0.0)
        slope = (at_below - at_above) / sd
        bend = np.where(np.isfinite(above), above, 0.0) * at_above - np.where(np.isfinite(below), below, 0.0) * at_below
    return log_p, slope, bend / sd**2 + slope**2
