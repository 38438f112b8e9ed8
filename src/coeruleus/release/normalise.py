"""Concentrations as per cent of each session's and probe's own baseline, with the error of both."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coeruleus.release.samples import SERIES
from coeruleus.release.shared import OF_PERCENT, loadings_of, names_of, own_error, with_loadings


def percent_of_baseline(samples: pd.DataFrame, baselines: pd.DataFrame) -> pd.DataFrame:
    """`samples` with `baseline`, `baseline_se`, and per cent, fold, difference and log ratio with their errors.

    `baselines` has `divisor` and `divisor_se`: each course's own mean, or that of all animals. Loadings of the per
    cents stand beside those of the concentrations; they are not known where the divisor is that of all animals.

    The error is to first order (delta method). With c ± s the sample, b ± s_b the baseline of n samples, both as far
    as the errors are their own, and l, l_b their loadings on errors that they share:
    var(100 c/b) = (100/b)² [s² + (c/b)² s_b² − 2 (c/b) cov(c, b) + |l − (c/b) l_b|²], and cov(c, b) = s²/n where the
    sample is one of the baseline's, else 0. It is n/a where the concentration's error is not known.
    """
    parts = names_of(baselines)
    columns = [*SERIES, "n_samples", "divisor", "divisor_se", "own_se", "normalised_to", "unit", *parts]
    joined = samples[[*SERIES, "unit"]].merge(
        baselines[columns].rename(columns={"unit": "baseline_unit"}), on=SERIES, how="left", sort=False
    )
    value, own_loadings, base_loadings = samples["concentration"].to_numpy(), loadings_of(samples), loadings_of(joined)
    error = own_error(samples["concentration_se"].to_numpy(), own_loadings)
    names = ("divisor", "divisor_se", "own_se", "n_samples")
    mean, mean_se, own_se, number = (joined[name].to_numpy(dtype=float) for name in names)
    comparable = (joined["unit"].fillna("") == joined["baseline_unit"].fillna("")).to_numpy()
    divisor = np.where((mean > 0) & comparable, mean, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = value / divisor
        own = samples["in_baseline"].to_numpy() & (joined["normalised_to"] == "own baseline").to_numpy()
        shared = np.where(own, error**2 / number, 0.0)
        variance = error**2 + ratio**2 * own_se**2 - 2 * ratio * shared
        variance += np.sum((own_loadings - ratio[:, None] * base_loadings) ** 2, axis=1)
        percent_se = 100 / divisor * np.sqrt(np.maximum(variance, 0.0))
    samples = samples.copy()
    samples["baseline"], samples["baseline_se"] = mean, mean_se
    samples["percent_baseline"], samples["percent_baseline_se"] = 100 * ratio, percent_se
    difference_variance = error**2 + own_se**2 - 2 * shared + np.sum((own_loadings - base_loadings) ** 2, axis=1)
    samples["difference_baseline"] = np.where(comparable, value - mean, np.nan)
    samples["difference_baseline_se"] = np.sqrt(np.where(comparable, np.maximum(difference_variance, 0.0), np.nan))
    with np.errstate(invalid="ignore", divide="ignore"):
        samples["log_ratio"] = np.log(np.where(ratio > 0, ratio, np.nan))
        samples["log_ratio_se"] = np.where(ratio > 0, percent_se / (100 * ratio), np.nan)
    samples["fold_baseline"], samples["fold_baseline_se"] = ratio, percent_se / 100
    samples["normalised_to"] = joined["normalised_to"].to_numpy(dtype=object)
    own_baseline = (joined["normalised_to"] == "own baseline").to_numpy()
    with np.errstate(invalid="ignore", over="ignore"):
        moved = (100 / divisor)[:, None] * (own_loadings - ratio[:, None] * base_loadings)
    return with_loadings(samples, np.where(own_baseline[:, None], moved, np.nan), OF_PERCENT)
