"""Kenward and Roger's covariance and degrees of freedom (1997, Biometrics 53: 983–997), for few animals.

Written as in pbkrtest (Halekoh & Højsgaard 2014, doi 10.18637/jss.v059.i09). Covariances here are linear in
the variances, so the term with their second derivatives is 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from coeruleus.release.mixed import JointTest, MixedFit, NotEstimable, solve
from coeruleus.release.reml import Floats


@dataclass(frozen=True)
class KenwardRogerFit(MixedFit):
    """A fit whose `covariance` is the adjusted one; `unadjusted` (p, p) is that of REML.

    `uncertainty` is the inverse of the expected information of the variances.
    """

    unadjusted: Floats

    def _df(self, weights: Floats, variance: float) -> float:
        return self._moments(weights[None, :])[0]

    def joint(self, rows: Floats) -> JointTest:
        """Scaled F test that every row (q, p) of contrasts is 0."""
        values, vectors = np.linalg.eigh(rows @ self.unadjusted @ rows.T)
        turned = vectors.T[values > values.max() * 1e-10] @ rows
        number = len(turned)
        effects = turned @ self.coefficients
        statistic = float(effects @ np.linalg.solve(turned @ self.covariance @ turned.T, effects)) / number
        df, scaling = self._moments(turned)
        statistic *= scaling
        return JointTest(statistic, number, df, float(stats.f.sf(statistic, number, df)))

    def _moments(self, rows: Floats) -> tuple[float, float]:
        """Denominator degrees of freedom and scaling of F, from its first two moments."""
        q = len(rows)
        theta = rows.T @ np.linalg.solve(rows @ self.unadjusted @ rows.T, rows)
        parts = theta @ self.slopes  # (k, p, p)
        traces = np.trace(parts, axis1=1, axis2=2)
        a1 = float(traces @ self.uncertainty @ traces)
        a2 = float(np.sum(self.uncertainty * np.einsum("kij,lji->kl", parts, parts)))
        b = (a1 + 6 * a2) / (2 * q)
        g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
        c = 3 * q + 2 * (1 - g)
        v0, v1, v2 = 1 + g / c * b, 1 - (q - g) / c * b, 1 - (q + 2 - g) / c * b
        e = 1 - a2 / q
        rho = (1.0 if abs(e) < 1e-10 and abs(v1) < 1e-10 else e / v1) ** 2 * (0.0 if abs(v0) < 1e-10 else v0) / v2 / q
        df = 4 + (q + 2) / (q * rho - 1)
        return df, (1.0 if abs(df - 2) < 1e-2 else df * e / (df - 2))


def fit_kenward_roger(
    y: Floats, x: Floats, animals: NDArray[np.int64], effects: Mapping[str, NDArray[np.int64]]
) -> KenwardRogerFit:
    """As `mixed.fit_mixed`, with Kenward and Roger's inference. Raises NotEstimable where it breaks down."""
    solution = solve(y, x, animals, effects)
    fit, final = solution.fit, solution.final
    number, p = len(solution.variances), len(final.beta)
    phi = final.covariance
    traces, inner = np.zeros((number, number)), np.zeros((number, number, p, p))
    for stack in solution.stacks:
        weight = np.linalg.inv(np.tensordot(solution.variances, stack.shared, 1))
        gw = stack.shared @ weight
        traces += np.tensordot(gw, gw.transpose(0, 1, 3, 2), ((1, 2, 3), (1, 2, 3)))
        gwx = stack.shared @ (weight @ stack.x)
        for k in range(number):
            for other in range(number):
                np.add.at(inner[k, other], stack.place, gwx[k].transpose(0, 2, 1) @ weight @ gwx[other])
    turned = phi @ final.inner
    pairs = np.einsum("kij,lji->kl", turned, turned)
    information = traces - 2 * np.einsum("ij,klji->kl", phi, inner) + pairs
    spread = np.linalg.eigvalsh(information)
    if not spread.min() > 1e-10 * spread.max():
        raise NotEstimable("the variances cannot be told apart")
    uncertainty = 2 * np.linalg.inv(information)
    products = np.einsum("kij,ljm->klim", final.inner, turned)
    correction = np.einsum("kl,klij->ij", uncertainty, inner - products)
    adjusted = (phi + 2 * phi @ ((correction + correction.T) / 2) @ phi) * solution.scale
    if not np.linalg.eigvalsh(adjusted).min() > 0:
        raise NotEstimable("too few samples for the adjustment of Kenward and Roger")
    return KenwardRogerFit(
        fit.coefficients, adjusted, fit.variances, fit.zero, fit.slopes, uncertainty, unadjusted=fit.covariance
    )
