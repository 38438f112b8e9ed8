"""Short names of array types, and what arrays of them are often asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


def stretches(mask: Booleans) -> list[tuple[int, int]]:
    """First cell of each run of True in `mask` (n,), and the cell after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(int))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))
