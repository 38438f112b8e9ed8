"""An event whose time holds a masked artefact is left out by name: hidden spikes are no silence."""

import pandas as pd

from coeruleus.responses.trials import Segment, make_groups
from coeruleus.tables.interim import ARTEFACTS

EVENTS = pd.DataFrame(
    {
        "site_id": "s",
        "segment": 1,
        "onset": [10.0, 40.0, 70.0],
        "duration": 2.0,
        "trial_type": "paw_pinch",
        "onset_source": "ttl",
        "drug": None,
    }
)
NO_CURATION = pd.DataFrame(columns=["site_id", "segment", "onset", "action", "reason"])


def test_masked_events_are_left_out() -> None:
    masked = ARTEFACTS.frame(
        [{"site_id": "s", "segment": 1, "start_s": 9.9, "end_s": 10.5, "kind": "movement artefact"},
         {"site_id": "s", "segment": 1, "start_s": 60.0, "end_s": 61.0, "kind": "movement artefact"},
         {"site_id": "s", "segment": 2, "start_s": 41.0, "end_s": 42.0, "kind": "movement artefact"}]
    )  # fmt: skip
    (group,), problems = make_groups(EVENTS, {("s", 1): Segment(100.0, "ok", None)}, {}, NO_CURATION, masked)
    assert group.onset == [40.0, 70.0]
    assert group.notes() == ["1 event left out: spikes are hidden by a movement artefact"]
    assert "hidden" in problems[0].message


def test_time_before_an_event_begins_after_what_hid_spikes() -> None:
    """At 40 s the ten seconds before are free; a mask up to 36 s leaves four."""
    masked = ARTEFACTS.frame(
        [{"site_id": "s", "segment": 1, "start_s": 33.0, "end_s": 36.0, "kind": "movement artefact"}]
    )
    for artefacts, before in ((None, 10.0), (masked, 4.0)):
        (group,), _ = make_groups(EVENTS, {("s", 1): Segment(100.0, "ok", None)}, {}, NO_CURATION, artefacts)
        assert group.before[1] == before
