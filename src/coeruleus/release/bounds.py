"""What is known of a sample below a limit: between what its concentration lies."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coeruleus.tables import status

LOW = (status.BELOW_LOQ, status.BELOW_LOD, status.NOT_FOUND)


def mark_bounds(samples: pd.DataFrame) -> pd.DataFrame:
    """`samples` with `at_least` and `at_most`, n/a where it is not below a limit.

    One below LOQ lies above LOD, one below LOD or not found above 0. Where a limit is not known the next one above it
    serves; without any `at_most` is n/a.
    """
    state = samples["status"].to_numpy(dtype=object)
    lod, loq = (samples[name].to_numpy(dtype=float) for name in ("lod", "loq"))
    quantified_not = state == status.BELOW_LOQ
    limit = np.where(quantified_not, loq, np.where(np.isfinite(lod), lod, loq))
    floor = np.where(quantified_not & (lod < loq), lod, 0.0)
    low = np.isin(state, LOW)
    return samples.assign(at_least=np.where(low, floor, np.nan), at_most=np.where(low, limit, np.nan))


def percent_bounds(samples: pd.DataFrame, divisor: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Least and most per cent of baseline of samples below a limit that have no number; NaN for all others.

    The most is ∞ where nothing bounds it (no limit is known, or a ratio whose denominator is below detection).
    """
    hidden = samples["status"].isin(LOW) & samples["concentration"].isna() & samples["at_least"].notna()
    share = 100 / divisor.where(divisor > 0)
    at_most = samples["at_most"].fillna(np.inf) * share
    return (samples["at_least"] * share).where(hidden).to_numpy(), at_most.where(hidden).to_numpy()
