"""A cell without a spike before the events: a rate cannot fall below none, and nothing stops for it."""

import math

import numpy as np

from coeruleus.responses.extent import extent_of
from coeruleus.responses.scan import Deviation, Trials


def test_an_inhibition_of_a_silent_cell_has_its_window_and_no_interval():
    onsets = np.array([100.0, 200.0, 300.0])
    trials = Trials(onsets + 0.1, onsets, np.full(3, 8.0), np.zeros(3), np.full(3, 400.0))
    found = Deviation(p=0.01, low_s=0.25, high_s=8.0, count=0.0, exposed_s=23.25)
    extent = extent_of(trials, found, 0.0, False, (0.25, 8.0))
    assert (extent.start_s, extent.rate_hz) == (0.25, 0.0)
    assert all(math.isnan(end) for end in extent.start_ci)
