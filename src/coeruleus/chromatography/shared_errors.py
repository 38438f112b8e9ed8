"""What the concentrations of a run have in common in their errors: one calibration line, one course of sensitivity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import linalg

from coeruleus.chromatography.arrays import Floats
from coeruleus.chromatography.calibration_rows import RunCalibration

PARTS = 3


def share_errors(result: RunCalibration, injections: Sequence[str], name: str) -> Floats:
    """Loadings (n, PARTS) of one analyte's concentrations on independent errors of the run, of variance 1.

    The covariance of the errors of two injections is the sum of products of their loadings. It is to first order
    that of the coefficients of the line and of the sensitivity at both, and of it are kept the largest parts
    (eigenvectors of the correlations); what they leave is close to each injection's own. NaN where there is no
    concentration.
    """
    done = result.by_analyte[name]
    found = np.full((len(injections), PARTS), np.nan)
    values = np.array([result.responses[i, name].value for i in injections])
    if done.line is None:
        return found
    place = np.array([result.place[i] for i in injections], dtype=np.int64)
    volumes = [result.volume(i, name) for i in injections]
    scale = np.array([one.undo / one.injected for one in volumes])
    values = values / np.exp(done.sensitivity.log[place])
    x = np.array([done.line.invert(value) for value in values])
    use = np.isfinite(x) & np.isfinite(scale)
    x, per = x[use], (scale / [done.line.slope_at(one) for one in x])[use]
    powers = np.vander(x, 3, increasing=True) * per[:, None]
    moved = (values[use] * per)[:, None]
    covariance = powers @ done.line.covariance @ powers.T
    covariance += moved * moved.T * done.sensitivity.covariance[np.ix_(place[use], place[use])]
    sd = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
    found[use] = 0.0
    if not len(sd) or not (sd > 0).any():
        return found
    some = np.flatnonzero(use)[sd > 0]
    sd, correlation = sd[sd > 0], covariance[np.ix_(sd > 0, sd > 0)]
    correlation = correlation / np.outer(sd, sd)
    number = len(sd)
    kept = min(PARTS, number)
    sizes, vectors = linalg.eigh(correlation, subset_by_index=[number - kept, number - 1])
    sizes, vectors = sizes[::-1], vectors[:, ::-1]
    sizes = np.where(sizes > 1e-9 * number, sizes, 0.0)
    size = np.abs(vectors)
    first = np.argmax(size > 0.999 * size.max(axis=0), axis=0)  # the largest shall be above 0, on any machine
    vectors = vectors * np.where(vectors[first, np.arange(kept)] < 0, -1.0, 1.0)
    found[np.ix_(some, range(kept))] = sd[:, None] * vectors * np.sqrt(sizes)
    return found
