"""Whether a unit's spikes differ more than noise makes them, as those of two neurons do that are too alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from coeruleus.spikes.match import LAGS_S, make_bank, shifted
from coeruleus.spikes.refine import Model, Sample

Array = NDArray[np.floating]

AXES = 5
LEAST = 30
TRIM = 0.02
EXCESS = 0.12  # variance beyond that of noise: two units of equal rate d′ 0.7 apart add as much
DEVIATIONS = 3.3  # of the largest variance that noise alone shows: it passes that once in a thousand units


def excess_variance(model: Model, sample: Sample, unit: int) -> tuple[float, float, int]:
    """Largest variance of the unit's spikes beyond noise, how far that varies by chance, and the number of spikes.

    Along the axes that its template moves in when it is scaled or shifted, but for the shift itself, which is
    alignment; about its expected amplitude, so that drift adds nothing.
    """
    bank = make_bank(model.templates, model.whitener, model.grid_s)
    mine = model.spikes.chosen((model.spikes.unit == unit) & ~model.spikes.doubtful)
    lag = mine.time_s - sample.clock[mine.candidate]
    plain = np.min(np.abs(lag[:, None] - LAGS_S[None]), axis=1) < 1e-7
    mine, lag = mine.chosen(plain), lag[plain]
    if len(lag) < LEAST:
        return 0.0, np.inf, len(lag)
    row = unit * len(LAGS_S) + np.argmin(np.abs(lag[:, None] - LAGS_S[None]), axis=1)
    scale = model.expected(mine.time_s)[:, unit]
    rest = sample.rows[mine.candidate] - scale[:, None] * bank.rows[row]
    own = bank.rows[bank.unit == unit]
    _, _, axes = np.linalg.svd(own, full_matrices=False)
    axes = axes[: AXES + 1]
    small = model.whitener(shifted(model.templates[unit], np.array([-2e-5, 2e-5]), model.grid_s))
    slope = axes @ (small[1] - small[0])
    slope /= max(float(np.linalg.norm(slope)), 1e-12)
    place = rest @ axes.T
    place -= np.outer(place @ slope, slope)
    return *beyond_noise(place / np.sqrt(model.whitener.inflation)), len(place)


def beyond_noise(place: Array) -> tuple[float, float]:
    """Largest variance of `place` (n, axes; AXES of them free) beyond that of noise of unit variance, and its scale.

    What noise alone shows is the centre and scale of the largest eigenvalue of a sample covariance (Johnstone 2001,
    Ann Stat 29, 295); a fiftieth of the spikes, farthest out, does not count.
    """
    place = place - np.median(place, axis=0)
    distance = np.einsum("ij,ij->i", place, place)
    place = place[distance <= np.quantile(distance, 1 - TRIM)]
    kept = chi2.cdf(chi2.ppf(1 - TRIM, AXES), AXES + 2) / (1 - TRIM)  # of the variance, by the trimming
    variance = float(np.linalg.eigvalsh(place.T @ place / len(place))[-1]) / kept
    roots = np.sqrt(len(place) - 1), np.sqrt(AXES)
    scale = sum(roots) * (1 / roots[0] + 1 / roots[1]) ** (1 / 3) / len(place)
    return float(variance - sum(roots) ** 2 / len(place)), float(scale)


def spread_note(model: Model, sample: Sample, unit: int) -> str | None:
    """That a unit is more than one neuron, as far as its spikes' spread tells."""
    excess, scale, _ = excess_variance(model, sample, unit)
    if excess < EXCESS or excess < DEVIATIONS * scale:
        return None
    apart = 2 * np.sqrt(excess)
    return (
        "multi-unit, or one neuron whose spike varies: its spikes differ more than noise does, "
        f"as those of two units d′ {apart:.1f} apart would; "
        "4 is needed to tell them apart"
    )
