"""Zero-net-flux: the perfusate's concentration at which nothing is gained or lost (Lönnroth et al. 1987)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from coeruleus.release.reml import Floats


@dataclass(frozen=True)
class NoFlux:
    """Concentration outside the membrane and recovery in vivo, with 95 % intervals."""

    recovery: float
    recovery_se: float
    scatter_se: float  # without what the calibration adds to all samples alike
    shared: tuple[float, ...]  # what that adds: loadings (k,) of the recovery
    extracellular: float
    extracellular_se: float
    extracellular_low: float
    extracellular_high: float
    df: int
    reason: str | None

    def as_row(self) -> dict[str, object]:
        """Columns of RECOVERY."""
        half = float(stats.t.ppf(0.975, self.df)) * self.recovery_se
        return {
            "recovery": self.recovery,
            "recovery_se": self.recovery_se,
            "recovery_ci_low": self.recovery - half,
            "recovery_ci_high": self.recovery + half,
            "extracellular": self.extracellular,
            "extracellular_se": self.extracellular_se,
            "extracellular_ci_low": self.extracellular_low,
            "extracellular_ci_high": self.extracellular_high,
        }

    def differs_from(self, other: NoFlux) -> float:
        """p of both recoveries being the same, t with the samples of both; what their calibrations share cancels."""
        apart = np.linalg.norm(np.subtract(self.shared, other.shared))
        t = (self.recovery - other.recovery) / np.hypot(np.hypot(self.scatter_se, other.scatter_se), apart)
        return float(2 * stats.t.sf(abs(t), self.df + other.df))


def fit_no_flux(perfused: Floats, collected: Floats, shared: Floats | None = None) -> NoFlux | str:
    """Fit `collected` (n,) = recovery × outside + (1 − recovery) × `perfused` (n,), or say why not.

    Errors are taken as proportional to the concentration, as assays have them: weights 1 ÷ fitted², found
    by iteration. The same line as gain against perfusate, whose slope is the recovery and whose zero the
    outside concentration. The latter's interval is Fieller's (1954); it has an open end where recovery
    cannot be told from 0. `shared` (n, k) are loadings on errors of the calibration, which no scatter shows: what they
    do to intercept and slope is added to their covariance.
    """
    levels = len(np.unique(perfused))
    if levels < 3 or len(perfused) < 4:
        return f"{levels} concentrations in {len(perfused)} samples: three and four are needed for a line"
    x = np.column_stack([np.ones(len(perfused)), perfused])
    weight = np.ones(len(perfused))
    for _ in range(10):
        root = np.sqrt(weight)[:, None]
        beta = np.linalg.lstsq(root * x, root[:, 0] * collected, rcond=None)[0]
        fitted = x @ beta
        # A fitted value near 0 would weigh without bound.
        weight = 1 / np.maximum(fitted, 0.05 * float(np.mean(np.abs(collected)))) ** 2
        weight /= weight.mean()
    df = len(perfused) - 2
    variance = float(weight @ (collected - x @ beta) ** 2) / df
    bread = np.linalg.inv(x.T @ (weight[:, None] * x))
    covariance = variance * bread
    scatter_se = float(np.sqrt(covariance[1, 1]))
    moved = np.zeros((2, 0)) if shared is None else bread @ x.T @ (weight[:, None] * shared)
    covariance = covariance + moved @ moved.T
    intercept, recovery = float(beta[0]), 1 - float(beta[1])
    va, vb, vab = covariance[0, 0], covariance[1, 1], -covariance[0, 1]
    outside = intercept / recovery
    se = float(np.sqrt(max(va - 2 * outside * vab + outside**2 * vb, 0.0)) / abs(recovery))
    t = float(stats.t.ppf(0.975, df))
    a, b, c = recovery**2 - t**2 * vb, intercept * recovery - t**2 * vab, intercept**2 - t**2 * va
    low, high, reason = float("nan"), float("nan"), None
    if a > 0:
        half = float(np.sqrt(max(b**2 - a * c, 0.0)))
        low, high = (b - half) / a, (b + half) / a
    else:
        reason = "recovery cannot be told from 0, so that the concentration outside has no bounds"
    if recovery <= 0:
        return f"recovery comes out at {recovery:.3g}: what is collected rises as fast as what is perfused"
    of_recovery = tuple((-moved[1]).tolist())
    return NoFlux(recovery, float(np.sqrt(vb)), scatter_se, of_recovery, outside, se, low, high, df, reason)
