"""An inhibition that follows an excitation starts where that ends, unless there are spikes in between."""

from __future__ import annotations

import numpy as np
import pytest

from coeruleus.responses.decide import decide
from coeruleus.responses.moved import Trials


def _trials(rng: np.random.Generator, silent_from: float) -> Trials:
    """4 Hz, 40 events: 40 Hz more from 0.05 to 0.35 s, silence from `silent_from` for 2 s."""
    onsets = 10.0 + 12.0 * np.arange(40)
    spikes = rng.uniform(0, 500, rng.poisson(2000))
    more = np.concatenate([at + rng.uniform(0.05, 0.35, rng.poisson(12)) for at in onsets])
    spikes = np.sort(np.r_[spikes, more])
    since = spikes - onsets[np.clip(np.searchsorted(onsets, spikes) - 1, 0, None)]
    spikes = spikes[(since < silent_from) | (since >= silent_from + 2.0)]
    return Trials(spikes, onsets, np.full(40, 5.0), np.zeros(40), np.full(40, 500.0))


@pytest.mark.parametrize("silent_from", [0.35, 1.0])
def test_the_start_of_an_inhibition_lies_where_the_silence_begins(silent_from: float) -> None:
    starts, held, lasting = [], [], []
    for number in range(12):
        found = decide(_trials(np.random.default_rng(number), silent_from), 4.0, np.random.default_rng(number))
        assert found is not None and found.inhibition is not None and found.inhibition.extent is not None
        extent = found.inhibition.extent
        starts.append(extent.start_s)
        lasting.append(extent.end_s - extent.start_s)
        held.append(extent.start_ci[0] <= silent_from <= extent.start_ci[1])
    assert np.median(starts) == pytest.approx(silent_from, abs=0.02)
    assert np.median(lasting) == pytest.approx(2.0, abs=0.05)
    assert sum(held) >= 8
