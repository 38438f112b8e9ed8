"""Whether a unit was held: regular trains of 1 Hz, cut where the test says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeruleus.simulation.trains import flat_rate, spike_train
from coeruleus.spikes.held import followed, gaps
from coeruleus.spikes.spontaneous import Given

ALL = np.arange(0.5, 300.0)
ROWS = [{"segment": number, "status": "ok", "duration_s": 300.0} for number in (1, 2, 3)]


def cut(high, low=0.0):
    return ALL[(high > ALL) & (low < ALL)]


@pytest.mark.parametrize(
    ("trains", "held", "said"),
    [
        ({1: ALL, 2: ALL, 3: ALL}, "held", None),
        ({1: ALL, 2: ALL, 3: cut(120)}, "lost", "no spike after 120 s of segment 3 (180 more expected)"),
        ({1: ALL, 2: ALL}, "lost", "no spike in segment 3 (300 expected)"),
        ({1: ALL, 3: ALL}, "absent", "no spike in segment 2 (300 expected)"),
        ({1: cut(300, 100), 2: ALL, 3: ALL}, "found_late", "no spike before 100 s of segment 1"),
        ({2: ALL, 3: ALL}, "found_late", "no spike in segment 1 (300 expected)"),
        ({1: ALL, 2: ALL, 3: cut(290)}, "held", None),
        ({1: ALL[::100], 2: ALL[::100]}, "held", None),
        ({}, None, "no segment of known duration holds a spike of it"),
    ],
)
def test_a_unit_that_is_gone_is_not_silent(trains, held, said):
    assert followed(ROWS, trains, {}) == (held, said)


def test_a_silence_after_a_drug_may_be_the_drugs():
    trains = {1: ALL, 2: cut(150), 3: np.empty(0)}
    drugs = {2: [Given(140.0, "clonidine", 600.0)], 3: [Given(-160.0, "clonidine", 600.0)]}
    held, reason = followed(ROWS, trains, drugs)
    assert held == "silent_after_drug" and reason.count("after clonidine: silenced or lost") == 2
    assert followed(ROWS, trains, {2: [Given(200.0, "clonidine", 600.0)]})[0] == "lost"


OF_THREE = {1: ALL, 2: ALL}
AROUND = np.r_[cut(100), cut(250, 200)]  # a mask from 100 to 200 s, then lost at 250 s


@pytest.mark.parametrize(
    ("last", "mask", "held", "said"),
    [
        (cut(200), (200, 300), "held", None),
        (cut(300, 150), (0, 150), "held", None),
        (np.r_[cut(100), cut(300, 200)], (100, 200), "held", None),
        (np.r_[cut(100), cut(300, 290)], (100, 290), "held", None),
        (np.empty(0), (0, 300), "held", None),
        (np.empty(0), (0, 285), "held", None),  # 15 s seen
        (np.empty(0), (0, 150), "lost", "no spike in segment 3 (150 expected)"),
        (AROUND, (100, 200), "lost", "no spike after 250 s of segment 3 (50 more expected)"),
        (cut(100), (100, 200), "lost", "no spike after 100 s of segment 3 (100 more expected)"),
    ],
)
def test_masked_time_is_neither_loss_nor_silence(last, mask, held, said):
    """And predicts no spike: what is said to be missing is missing from time that was seen."""
    assert followed(ROWS, OF_THREE | {3: last}, {}, {3: [mask]}) == (held, said)


def test_masked_time_is_no_drugs_silence_and_hides_when_one_began():
    """Clonidine at 150 s: all is masked from 200 s on; or from 100 to 200 s, and the unit is silent from 100 s on."""
    drugs = {3: [Given(150.0, "clonidine", 600.0)]}
    assert followed(ROWS, OF_THREE | {3: cut(200)}, drugs, {3: [(200, 300)]}) == ("held", None)
    trains, masks = OF_THREE | {3: cut(100)}, {3: [(100, 200)]}
    assert followed(ROWS, trains, drugs, masks)[0] == "silent_after_drug"
    assert followed(ROWS, trains, {3: [Given(250.0, "clonidine", 600.0)]}, masks)[0] == "lost"
    assert followed(ROWS, trains, drugs)[0] == "lost"


def test_masked_time_is_said_once_and_not_where_the_unit_was_gone_anyway():
    masks = {1: [(50, 60), (55, 70)], 3: [(-1, 10), (100, 200), (270, 280)]}
    first, last = ALL[(ALL < 50) | (ALL > 70)], AROUND[AROUND > 10]
    found = [
        (gap.segment, gap.kind, gap.start_s, gap.end_s) for gap in gaps(ROWS, {1: first, 2: ALL, 3: last}, {}, masks)
    ]
    assert found == [
        (1, "not_recorded", 50, 70),
        (3, "not_recorded", 0, 10),
        (3, "not_recorded", 100, 200),
        (3, "lost", 250.5, 300),
    ]


@given(st.lists(st.tuples(st.floats(-10, 310), st.floats(0, 200)), max_size=4))
def test_a_regular_unit_is_held_wherever_its_trace_is_masked(drawn):
    masks = [(low, low + length) for low, length in drawn]
    left = np.array([t for t in ALL if not any(low <= t <= high for low, high in masks)])
    assert followed(ROWS, OF_THREE | {3: left}, {3: [Given(5.0, "clonidine", 600.0)]}, {3: masks}) == ("held", None)


def test_a_segment_that_failed_is_no_loss():
    rows = [*ROWS[:2], ROWS[2] | {"status": "failed"}]
    assert followed(rows, {1: ALL, 2: ALL}, {}) == ("held", None)


@pytest.mark.parametrize("shape", [1.0, 4.0])
def test_a_drug_silences_at_once_though_no_spike_stands_close_before_it(shape):
    """Cut at the drug itself: silent from then on, but for the one Poisson interval in a thousand that is too long."""
    rows, drug = [ROWS[0] | {"duration_s": 1200.0}], {1: [Given(600.0, "clonidine", 600.0)]}
    trains = [spike_train(np.random.default_rng(n), flat_rate(600.0, 1.5), shape) for n in range(100)]
    found = [gap for train in trains for gap in gaps(rows, {1: train}, drug)]
    silent = [gap for gap in found if gap.kind == "silent_after_drug"]
    assert len(found) == 100 and len(silent) >= 99
    assert all(gap.start_s >= 600.0 and gap.end_s == 1200.0 for gap in silent)


@pytest.mark.parametrize(("reach_s", "held"), [(600.0, "silent_after_drug"), (120.0, "lost")])
def test_a_silence_is_a_drugs_only_within_its_reach(reach_s, held):
    """Silent from 150 s of segment 2 on, 250 s after a drug in segment 1."""
    drugs = {n: [Given(200.0 - 300 * (n - 1), "clonidine", reach_s)] for n in (1, 2, 3)}
    assert followed(ROWS, {1: ALL, 2: cut(150)}, drugs)[0] == held


def test_a_silence_that_goes_on_keeps_the_cause_that_it_began_with():
    """Lost in segment 2; what is given in segment 3 has silenced nothing. In another session a drug acts no more."""
    trains = {1: ALL, 2: cut(150)}
    assert followed(ROWS, trains, {3: [Given(0.0, "clonidine", 600.0)]})[0] == "lost"
    drugs = {2: [Given(140.0, "clonidine", 600.0)], 3: [Given(-np.inf, "clonidine", 600.0)]}
    assert [gap.kind for gap in gaps(ROWS, trains, drugs)] == ["silent_after_drug", "lost"]
