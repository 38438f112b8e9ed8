"""Whether a unit was held: regular trains of 1 Hz, cut where the test says."""

import numpy as np
import pytest

from coeruleus.spikes.held import followed

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
    drugs = {2: [(140.0, "clonidine")], 3: [(-np.inf, "clonidine")]}
    held, reason = followed(ROWS, trains, drugs)
    assert held == "silent_after_drug" and reason.count("after clonidine: silenced or lost") == 2
    assert followed(ROWS, trains, {2: [(200.0, "clonidine")]})[0] == "lost"


def test_a_segment_that_failed_is_no_loss():
    rows = [*ROWS[:2], ROWS[2] | {"status": "failed"}]
    assert followed(rows, {1: ALL, 2: ALL}, {}) == ("held", None)
