"""A change in a rate that drifts by itself: is it larger than the drift allows?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)  # of the variance that is drift; the rest is counting noise
MEMORIES = (1.0, 3.0, 9.0, 27.0)  # correlation time of the drift, in blocks
FEWEST_BLOCKS = 3
FLATTENED = 0.5  # power of the likelihood: stable baselines were selected, and show less drift than there is


def change_p(times: Floats, values: Floats, onsets: Sequence[float]) -> float | None:
    """Two-sided p-value of a change at time 0 in a series of counting noise and first-order drift.

    times: middle of each block, in blocks from the change; values: variance-stabilised value of each block;
    onsets: time constants (in blocks, 0 is a step) with which the change may come about. Generalised least
    squares with a mean, a linear trend and the change 1 − exp(−t/onset); covariance (1 − s) I + s exp(−|lag|/τ).
    What the data cannot say about s and τ is averaged over their restricted likelihood (Harville 1974, Biometrika
    61, 383), at half its power and with a prior for slow drifts, so that p holds in short series; p-values of the
    onsets are combined by their Cauchy mean (Liu & Xie 2020, J Am Stat Assoc 115, 393). None with
    fewer than 3 blocks on either side.
    """
    after = times > 0
    if min(int(after.sum()), int((~after).sum())) < FEWEST_BLOCKS:
        return None
    lag = np.abs(times[:, None] - times[None, :])
    roots = []
    for share in SHARES:
        for memory in MEMORIES if share > 0 else MEMORIES[:1]:
            noise = max(1 - share, 1e-6)
            # A baseline of a few minutes shows little of a drift that is slower: such drifts are taken to be common.
            prior = np.log(memory / len(MEMORIES)) if share > 0 else 0.0
            roots.append((np.linalg.cholesky(noise * np.eye(len(times)) + share * np.exp(-lag / memory)), prior))
    trend = (times - times.mean()) / np.ptp(times)
    free = len(times) - 3
    p_values = []
    for onset in onsets:
        fits = []
        late = np.maximum(times, 0)
        change = 1 - np.exp(-late / onset) if onset > 0 else after.astype(float)
        series = np.column_stack([np.ones(len(times)), trend, change, values])
        for root, prior in roots:
            whitened = np.linalg.solve(root, series)
            x, y = whitened[:, :-1], whitened[:, -1]
            inner = x.T @ x
            estimate = np.linalg.solve(inner, x.T @ y)
            left = max(float(((y - x @ estimate) ** 2).sum()), 1e-12)
            error = np.sqrt(left / free * np.linalg.inv(inner)[2, 2])
            likelihood = -np.log(np.diag(root)).sum() - np.linalg.slogdet(inner)[1] / 2 - free / 2 * np.log(left)
            fits.append((abs(float(estimate[2])) / float(error), float(FLATTENED * likelihood + prior)))
        ratio, likelihoods = np.array(fits).T
        weight = np.exp(likelihoods - likelihoods.max())
        p_values.append(float(weight @ (2 * stats.t.sf(ratio, free)) / weight.sum()))
    # The time course that fits best is not taken for the true one: all count alike.
    return float(stats.cauchy.sf(np.mean(stats.cauchy.isf(np.clip(p_values, 1e-12, 1 - 1e-12)))))
