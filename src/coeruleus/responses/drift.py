"""A step in a rate that drifts by itself: is it larger than the drift allows?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)  # of the variance that is drift; the rest is counting noise
MEMORIES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # correlation time of the drift, in blocks


@dataclass(frozen=True)
class Step:
    """Difference after − before, its 95 % interval, and the two-sided p-value."""

    difference: float
    ci_low: float
    ci_high: float
    p: float


def step_in(times: Floats, values: Floats, after: NDArray[np.bool_]) -> Step | None:
    """Size of a step in a series of blocks whose values are counting noise and a first-order drift.

    times, values: middle (in blocks) and value of each block; after: which lie after the step. Generalised
    least squares with a mean, a linear trend and a step; covariance (1 − s) I + s exp(−|lag| / τ). What the
    data cannot say about s and τ is averaged over their restricted likelihood (Harville 1974, Biometrika 61),
    so the p-value and the interval hold in short series. None with fewer than 3 blocks on either side.
    """
    if min(int(after.sum()), int((~after).sum())) < 3:
        return None
    centred = (times - times.mean()) / np.ptp(times)
    design = np.column_stack([np.ones(len(times)), centred, after.astype(float)])
    free = len(times) - design.shape[1]
    lag = np.abs(times[:, None] - times[None, :])
    fits = []
    for share in SHARES:
        for memory in MEMORIES if share > 0 else MEMORIES[:1]:
            noise = max(1 - share, 1e-6)
            root = np.linalg.cholesky(noise * np.eye(len(times)) + share * np.exp(-lag / memory))
            whitened = np.linalg.solve(root, np.column_stack([design, values]))
            x, y = whitened[:, :-1], whitened[:, -1]
            inner = x.T @ x
            estimate = np.linalg.solve(inner, x.T @ y)
            left = max(float(((y - x @ estimate) ** 2).sum()), 1e-12)
            likelihood = -np.log(np.diag(root)).sum() - np.linalg.slogdet(inner)[1] / 2 - free / 2 * np.log(left)
            error = np.sqrt(left / free * np.linalg.inv(inner)[2, 2])
            prior = -np.log(len(MEMORIES) if share > 0 else 1)
            fits.append((float(estimate[2]), float(error), float(likelihood + prior)))
    steps, errors, likelihoods = np.array(fits).T
    weight = np.exp(likelihoods - likelihoods.max())
    weight /= weight.sum()
    p = float(weight @ (2 * stats.t.sf(np.abs(steps) / errors, free)))
    reach = stats.t.ppf(0.9999, free) * errors.max()
    line = np.linspace(steps.min() - reach, steps.max() + reach, 2001)
    below = weight @ stats.t.cdf((line[None, :] - steps[:, None]) / errors[:, None], free)
    low, high = np.interp([0.025, 0.975], below, line)
    return Step(float(weight @ steps), float(low), float(high), p)
