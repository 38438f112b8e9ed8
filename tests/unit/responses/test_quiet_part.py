"""Events in one part of a recording whose rate differs from the rest: what could be seen there, and there alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from coeruleus.responses.moved import Trials
from coeruleus.responses.scan import scan
from coeruleus.responses.test import test_responses as responses_of
from coeruleus.tables.status import INSUFFICIENT_SPIKES

from .conftest import train

HALF_S = 600.0


def _train(first_hz: float, then_hz: float) -> np.ndarray:
    return train(np.random.default_rng(1), 1.0, lambda time: np.where(time < HALF_S, first_hz, then_hz), 2 * HALF_S)


def test_an_inhibition_that_cannot_be_seen_in_a_quiet_part_is_not_tested(
    sheets: Callable[..., dict[str, pd.DataFrame]],
) -> None:
    """4 Hz for 10 min, then 0.03 Hz, where 20 pinches leave half a spike each to be missed."""
    events = [{"segment": 1, "onset": 640.0 + 27 * n, "trial_type": "paw_pinch"} for n in range(20)]
    found = responses_of(**sheets({1: (2 * HALF_S, {"1": _train(4.0, 0.03)})}, events)).responses
    ((_, row),) = found.iterrows()
    assert row["status"] == INSUFFICIENT_SPIKES
    assert np.isnan(row["inhibition_p"]) and row["events_needed"] > 20


@pytest.mark.parametrize(("first_hz", "then_hz", "begin", "low", "high"), [
    (4.0, 0.03, HALF_S, 0.0, 0.8),
    (0.5, 0.02, 0.0, 5.0, 8.0),
])  # fmt: skip
def test_silence_is_judged_by_the_rate_where_events_are(
    first_hz: float, then_hz: float, begin: float, low: float, high: float
) -> None:
    onsets = begin + 40.0 + 27 * np.arange(20)
    zeros = np.zeros(20)
    trials = Trials(_train(first_hz, then_hz), onsets, zeros + 8.0, zeros, zeros + 2 * HALF_S)
    found = scan(trials, np.random.default_rng(0))
    assert found is not None
    assert low < found.silence(2.0) < high
