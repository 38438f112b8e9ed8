"""Standardised effects with intervals, for those who must report them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from coeruleus.release.reml import Floats

SUMMED = 1000.0  # noncentrality of F beyond which its series is not reliable
FARTHEST = 30.0  # |t| beyond which quantiles of the noncentral t cannot be computed


@dataclass(frozen=True)
class EffectSize:
    """An effect without unit, its 95 % interval, and what it is called."""

    name: str
    value: float
    low: float
    high: float


def hedges_g(values: Floats, reference: Floats | None = None) -> EffectSize:
    """Difference of means ÷ SD, corrected for few animals (Hedges 1981); interval from the noncentral t.

    Of two groups with the pooled SD, or without `reference` of one group (or of paired differences)
    against 0. Needs two animals in each and some variation.
    """
    if reference is None:
        df, root = len(values) - 1.0, np.sqrt(1 / len(values))
        sd, difference = float(values.std(ddof=1)), float(values.mean())
    else:
        df, root = len(values) + len(reference) - 2.0, np.sqrt(1 / len(values) + 1 / len(reference))
        squares = (len(values) - 1) * values.var(ddof=1) + (len(reference) - 1) * reference.var(ddof=1)
        sd, difference = float(np.sqrt(squares / df)), float(values.mean() - reference.mean())
    t = difference / (sd * root)
    correction = (
        float(np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / np.sqrt(df / 2)) if df > 1 else 1.0
    )
    if not np.isfinite(t) or abs(t) > FARTHEST:
        return EffectSize("Hedges' g", correction * t * root, np.nan, np.nan)  # the noncentral t is lost there
    low, high = (noncentrality(t, df, share) * root * correction for share in (0.975, 0.025))
    return EffectSize("Hedges' g", correction * t * root, low, high)


def partial_eta_squared(statistic: float, numerator: float, denominator: float) -> EffectSize:
    """Share of variance of an F test; the interval is the usual 90 % one, from the noncentral F (Steiger 2004)."""

    def edge(share: float) -> float:
        if not statistic < FARTHEST**2:
            return float("nan")
        if stats.f.cdf(statistic, numerator, denominator) <= share:
            return 0.0
        top = 10.0 + 4 * statistic * numerator
        while _below(statistic, numerator, denominator, top) > share:
            top *= 2
        found = optimize.brentq(lambda nc: _below(statistic, numerator, denominator, nc) - share, 1e-9, top)
        return float(found / (found + numerator + denominator + 1))

    value = statistic * numerator / (statistic * numerator + denominator)
    return EffectSize("partial eta squared (90 % interval)", value, edge(0.95), edge(0.05))


def _below(statistic: float, numerator: float, denominator: float, noncentrality: float) -> float:
    """Share of a noncentral F distribution below the statistic, by Patnaik (1949) where it is too far out to sum."""
    if noncentrality < SUMMED:
        found = float(stats.ncf.cdf(statistic, numerator, denominator, noncentrality))
        if np.isfinite(found):
            return found
    df = (numerator + noncentrality) ** 2 / (numerator + 2 * noncentrality)
    return float(stats.f.cdf(statistic / (1 + noncentrality / numerator), df, denominator))


def noncentrality(t: float, df: float, share: float) -> float:
    """The noncentrality of a t distribution that has `share` below t; NaN where it cannot be computed."""

    def below(nc: float) -> float:
        value = float(special.nctdtr(df, nc, t))
        return value if np.isfinite(value) else float(nc < t)  # far out it is lost, and 0 or 1

    width = 5.0 + abs(t)
    low, high = t - width, t + width
    while below(low) < share:
        low -= width
    while below(high) > share:
        high += width
    found = float(optimize.brentq(lambda nc: below(nc) - share, low, high, xtol=1e-10))
    return found if abs(below(found) - share) < 1e-6 else float("nan")
