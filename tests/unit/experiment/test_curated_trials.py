"""Rows of curation/trials.tsv and the events that they mean."""

import pandas as pd

from coeruleus.experiment.curated_trials import find_trials
from coeruleus.tables.interim import EVENTS


def test_an_event_is_found_by_its_onset_or_by_the_typed_one_that_it_replaced():
    where = {"site_id": "a", "segment": 1, "trial_type": "foot_shock", "duration": 0}
    events = EVENTS.frame([where | {"onset": 3600.123456, "onset_in_sheet": 3600.5}, where | {"onset": 3700.0}])
    decided = {"site_id": "a", "segment": 1, "action": "exclude", "reason": "noise", "author": "me"}
    # as typed once, as a table shows it, and one that is none; the segment beside it has no events
    onsets = [3600.5, 3700.00004, 3600.2]
    rows = pd.DataFrame([decided | {"onset": onset} for onset in onsets] + [decided | {"segment": 2, "onset": 3700.0}])
    found, problems = find_trials(rows, events)
    assert found["onset"].tolist() == [3600.123456, 3700.0] and found["reason"].tolist() == ["noise"] * 2
    assert [problem.message for problem in problems] == [
        "curation/trials.tsv: no event of segment 1 begins at 3600.2 s",
        "curation/trials.tsv: no event of segment 2 begins at 3700 s",
    ]
