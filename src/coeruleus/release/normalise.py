"""Concentrations as per cent of each session's and probe's own baseline, with the error of both."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coeruleus.release.samples import SERIES


def percent_of_baseline(samples: pd.DataFrame, baselines: pd.DataFrame) -> pd.DataFrame:
    """`samples` with `baseline`, `baseline_se`, `percent_baseline`, `percent_baseline_se`.

    The error is to first order (delta method). With c ± s the sample, b ± s_b the baseline of n samples:
    var(100 c/b) = (100/b)² [s² + (c/b)² s_b² − 2 (c/b) cov(c, b)], and cov(c, b) = s²/n where the sample
    is one of the baseline's, else 0. It is n/a where the concentration's error is not known.
    """
    columns = [*SERIES, "n_samples", "mean", "mean_se", "unit"]
    joined = samples[[*SERIES, "unit"]].merge(
        baselines[columns].rename(columns={"unit": "baseline_unit"}), on=SERIES, how="left", sort=False
    )
    value, error = samples["concentration"].to_numpy(), samples["concentration_se"].to_numpy()
    mean, mean_se, number = (joined[name].to_numpy(dtype=float) for name in ("mean", "mean_se", "n_samples"))
    comparable = (joined["unit"].fillna("") == joined["baseline_unit"].fillna("")).to_numpy()
    divisor = np.where((mean > 0) & comparable, mean, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = value / divisor
        shared = np.where(samples["in_baseline"].to_numpy(), error**2 / number, 0.0)
        variance = error**2 + ratio**2 * mean_se**2 - 2 * ratio * shared
        percent_se = 100 / divisor * np.sqrt(np.maximum(variance, 0.0))
    samples = samples.copy()
    samples["baseline"], samples["baseline_se"] = mean, mean_se
    samples["percent_baseline"], samples["percent_baseline_se"] = 100 * ratio, percent_se
    return samples
