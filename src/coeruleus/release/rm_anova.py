"""Analysis of variance with repeated measures: arm between animals, time within; sphericity corrected.

Sums of squares of type III with arms weighted equally, as R's afex and SPSS give them. Greenhouse & Geisser
(1959); Huynh & Feldt (1976) with Lecoutre's (1991) correction; Mauchly's (1940) test of sphericity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, stats

from coeruleus.release.mixed import NotEstimable
from coeruleus.release.reml import Floats


@dataclass(frozen=True)
class Term:
    """One effect: F, its uncorrected degrees of freedom and p, and with both corrections (n/a between animals)."""

    name: str
    statistic: float
    df_numerator: float
    df: float
    p_value: float
    gg_epsilon: float = float("nan")
    gg_p: float = float("nan")
    hf_epsilon: float = float("nan")
    hf_p: float = float("nan")


@dataclass(frozen=True)
class Anova:
    """Its terms, and Mauchly's W and p (n/a with two times)."""

    terms: list[Term]
    mauchly_w: float
    mauchly_p: float


def repeated_measures(values: Floats, arms: NDArray[np.object_]) -> Anova:
    """`values` (animals, times) without gaps, `arms` (animals,). Raises NotEstimable where there are too few."""
    number, times = values.shape
    names = sorted(set(arms))
    df_error = number - len(names)
    if times < 2 or df_error < 1 or min((arms == name).sum() for name in names) < 2:
        raise NotEstimable("two times, and two animals of every group with all of them, are needed")
    cells = (arms[:, None] == np.array(names, dtype=object)).astype(float)
    inverse = np.linalg.inv(cells.T @ cells)
    hypotheses = {"time": np.full((1, len(names)), 1 / len(names))}
    if len(names) > 1:
        hypotheses["group × time"] = np.eye(len(names))[1:] - np.eye(len(names))[0]
    contrasts = linalg.helmert(times).T  # (times, times − 1), orthonormal
    terms = []
    if len(names) > 1:
        mean = values.mean(axis=1, keepdims=True) * np.sqrt(times)
        hypothesis, error = _squares(mean, cells, inverse, hypotheses["group × time"])
        q = len(names) - 1
        f = float(hypothesis[0, 0] / q / (error[0, 0] / df_error))
        terms.append(Term("group", f, q, df_error, float(stats.f.sf(f, q, df_error))))
    d = times - 1
    error = _squares(values @ contrasts, cells, inverse, hypotheses["time"])[1]
    if not np.trace(error) > 0:
        raise NotEstimable("the animals do not vary")
    gg = float(np.trace(error) ** 2 / (d * np.sum(error**2)))
    # Lecoutre's form, as R's car gives it
    hf = ((df_error + 1) * d * gg - 2) / (d * (df_error - d * gg)) if df_error > d * gg else np.inf
    for name, rows in hypotheses.items():
        hypothesis = _squares(values @ contrasts, cells, inverse, rows)[0]
        one, two = len(rows) * d, df_error * d
        f = float(np.trace(hypothesis) / one / (np.trace(error) / two))
        corrected = [float(stats.f.sf(f, one * e, two * e)) for e in (1.0, gg, min(hf, 1.0))]
        terms.append(Term(name, f, one, two, corrected[0], gg, corrected[1], float(hf), corrected[2]))
    w, p = _mauchly(error, d, df_error)
    return Anova(terms, w, p)


def _squares(values: Floats, cells: Floats, inverse: Floats, rows: Floats) -> tuple[Floats, Floats]:
    means = inverse @ cells.T @ values
    effect = rows @ means
    hypothesis = effect.T @ np.linalg.solve(rows @ inverse @ rows.T, effect)
    residual = values - cells @ means
    return hypothesis, residual.T @ residual


def _mauchly(error: Floats, d: int, df: int) -> tuple[float, float]:
    if d < 2 or df < d:
        return float("nan"), float("nan")
    w = float(np.linalg.det(error) / (np.trace(error) / d) ** d)
    if not w > 0:
        return float("nan"), float("nan")
    rho = 1 - (2 * d**2 + d + 2) / (6 * d * df)
    w2 = (d + 2) * (d - 1) * (d - 2) * (2 * d**3 + 6 * d**2 + 3 * d + 2) / (288 * (df * d * rho) ** 2)
    z, f = -df * rho * np.log(w), d * (d + 1) / 2 - 1
    one, two = stats.chi2.sf(z, f), stats.chi2.sf(z, f + 4)
    return w, float(one + w2 * (two - one))
