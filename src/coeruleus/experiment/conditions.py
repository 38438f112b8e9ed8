"""Under which condition a sample or a spike was taken: `baseline`, or the latest drug's name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

BASELINE = "baseline"
NAMELESS = "drug"  # the name of a drug that has none


def condition_at(times: Iterable[float], onsets: Sequence[float], names: Sequence[str | None]) -> list[str]:
    """The condition at each time: `baseline` before the first drug, then the latest drug's name.

    A drug begins at its onset. Of drugs with the same onset the last one counts, and one without a name
    is called NAMELESS. A time that is not known (NaN) is `baseline` only where there is no drug at all,
    else `n/a`.
    """
    order = np.argsort(np.asarray(onsets, dtype=float), kind="stable")
    starts = np.asarray(onsets, dtype=float)[order]
    drugs = [names[index] or NAMELESS for index in order]
    found = []
    for time in times:
        if np.isnan(time):
            found.append("n/a" if drugs else BASELINE)
            continue
        latest = int(np.searchsorted(starts, time, side="right"))
        found.append(drugs[latest - 1] if latest else BASELINE)
    return found
