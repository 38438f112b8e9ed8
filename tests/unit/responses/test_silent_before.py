"""A cell without a spike before the events: a rate cannot fall below none, and nothing stops for it."""

import math

import numpy as np

from coeruleus.responses.decide import decide
from coeruleus.responses.extent import extent_of
from coeruleus.responses.moved import Trials
from coeruleus.responses.scan import Deviation


def test_an_inhibition_of_a_silent_cell_has_its_window_and_no_interval():
    onsets = np.array([100.0, 200.0, 300.0])
    trials = Trials(onsets + 0.1, onsets, np.full(3, 8.0), np.zeros(3), np.full(3, 400.0))
    found = Deviation(p=0.01, low_s=0.25, high_s=8.0, count=0.0, exposed_s=23.25)
    extent = extent_of(trials, found, 0.0, False, (0.25, 8.0))
    assert (extent.start_s, extent.rate_hz) == (0.25, 0.0)
    assert all(math.isnan(end) for end in extent.start_ci)


def test_a_cell_that_a_drug_has_silenced_is_not_inhibited_by_what_comes_next():
    """2 Hz in a recording before the drug; under it one spike after each of three pinches and none else."""
    rest = np.cumsum(np.random.default_rng(3).gamma(4, 0.5 / 4, 1200))
    onsets = np.array([100.0, 200.0, 300.0])
    spikes = np.sort(np.r_[onsets + 0.1, onsets + 0.15])
    trials = Trials(spikes, onsets, np.full(3, 8.0), np.zeros(3), np.full(3, 400.0), (rest,))
    found = decide(trials, 0.0, np.random.default_rng(1))
    assert found is not None and found.excitation.p < 0.01 and found.excitation.extent is not None
    assert found.inhibition is None


def test_a_firing_cell_that_stops_is_inhibited():
    rng = np.random.default_rng(4)
    onsets = np.arange(100.0, 1000.0, 100.0)
    train = np.cumsum(rng.gamma(4, 0.5 / 4, 2400))
    after = train[:, None] - onsets
    spikes = train[~((after > 0) & (after < 3)).any(axis=1)]
    trials = Trials(spikes, onsets, np.full(len(onsets), 8.0), np.zeros(len(onsets)), np.full(len(onsets), 1100.0))
    found = decide(trials, 2.0, np.random.default_rng(1))
    assert found is not None and found.inhibition is not None and found.inhibition.p < 0.01
    assert found.inhibition.extent is not None and abs(found.inhibition.extent.end_s - 3) < 0.5
