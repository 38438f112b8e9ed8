"""How likely a value between limits is under a normal distribution, with its derivatives, far into the tails."""

from __future__ import annotations

import numpy as np
from scipy.special import log_ndtr

from coeruleus.release.reml import Floats

LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)
FAR = 40.0  # standard deviations above the mean: nothing lies beyond


def interval_terms(mean: Floats, sd: float, low: Floats, high: Floats) -> tuple[Floats, Floats, Floats]:
    """log P(low < y < high) for y ~ N(mean, sd²), its derivative with the mean, and minus the second one.

    `low` may be −∞ and `high` ∞.
    """
    if not np.isfinite(low).any():
        return _below(np.minimum((high - mean) / sd, FAR), sd)
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


def _below(above: Floats, sd: float) -> tuple[Floats, Floats, Floats]:
    """The same where nothing is known from below; `above` is the limit in standard deviations."""
    log_p = log_ndtr(above)
    hazard = np.exp(-0.5 * above**2 - LOG_ROOT_2PI - log_p)
    return log_p, -hazard / sd, hazard * (above + hazard) / sd**2
