"""Which time counts as spontaneous."""

import pandas as pd
import pytest

from coeruleus.formats.read_recordings import read_recordings
from coeruleus.spikes.sort_sites import sort_sites
from coeruleus.spikes.spontaneous import Given, Stretch, drugs_by_segment, spontaneous_time
from coeruleus.tables.interim import SEGMENTS
from coeruleus.tables.io import read_table, write_table


def recording(segment, duration=600.0, site="s1", condition=None, status="ok", reason=None, **more):
    row = {"site_id": site, "segment": segment, "duration_s": duration, "condition": condition}
    return row | {"status": status, "reason": reason} | more


def event(segment, onset, duration=0.0, kind="paw_pinch", site="s1", drug=None, source=None):
    row = {"site_id": site, "segment": segment, "onset": onset, "duration": duration, "trial_type": kind}
    return row | {"drug": drug, "onset_source": source}


def spontaneous(rows, events, site="s1"):
    columns = list(event(1, 0.0))
    drugs = drugs_by_segment(pd.DataFrame(rows), pd.DataFrame(events, columns=columns))
    return spontaneous_time(
        [r for r in rows if r["site_id"] == site], [e for e in events if e["site_id"] == site], drugs
    )


def test_segments_without_events_come_first():
    found = spontaneous([recording(1), recording(2), recording(3, 100.0)], [event(2, 50.0)])
    assert found.stretches == (Stretch(1, 0.0, 600.0), Stretch(3, 0.0, 100.0))
    assert found.duration_s == 700 and "without events" in (found.source or "")


def test_else_outside_events_and_before_the_first_drug():
    events = [event(1, 100.0, 5.0), event(1, 130.0), event(1, 300.0, kind="drug", drug="clonidine"), event(1, 400.0)]
    found = spontaneous([recording(1), recording(2)], events)
    assert found.stretches == (Stretch(1, 0.0, 100.0), Stretch(1, 115.0, 130.0), Stretch(1, 140.0, 300.0))
    assert "10 s after" in (found.source or "")


def test_typed_onsets_get_a_margin_before():
    found = spontaneous([recording(1)], [event(1, 100.0, source="typed")])
    assert found.stretches[0] == Stretch(1, 0.0, 99.0)


def test_a_segment_after_a_drug_is_not_baseline_unless_the_sheet_says_so():
    drug = [event(1, 300.0, kind="drug", drug="clonidine")]
    assert [s.segment for s in spontaneous([recording(1), recording(2)], drug).stretches] == [1]
    washed = spontaneous([recording(1), recording(2, condition="baseline")], drug)
    assert washed.stretches == (Stretch(2, 0.0, 600.0),)
    stated = spontaneous([recording(1, condition="isoflurane")], [])
    assert stated.stretches == (Stretch(1, 0.0, 600.0),)
    assert stated.source == "segment 1 without events, condition isoflurane"


def test_an_anaesthetic_in_the_sheet_does_not_hide_a_drug():
    """Three recordings, all said to be under urethane, clonidine in the second: only the first is spontaneous."""
    drug = [event(2, 300.0, kind="drug", drug="clonidine")]
    found = spontaneous([recording(n, condition="urethane") for n in (1, 2, 3)], drug)
    assert found.stretches == (Stretch(1, 0.0, 600.0),) and found.source.endswith("condition urethane")
    alone = spontaneous([recording(2, condition="urethane"), recording(3, condition="recovery")], drug)
    assert alone.stretches == (Stretch(2, 0.0, 300.0),), "the drug's own recording, before it"
    after = [recording(3, condition="recovery")]
    drugs = drugs_by_segment(pd.DataFrame([recording(2), *after]), pd.DataFrame(drug))
    assert spontaneous_time(after, [], drugs).stretches == (), "what follows a drug is not calm whatever it is called"


def test_a_drug_at_another_site_of_the_session_counts():
    when = {"session_id": "day1"}
    rows = [
        recording(1, site="s1", started_at="2024-05-01T10:00:00", **when),
        recording(1, site="s2", started_at="2024-05-01T11:00:00", **when),
        recording(1, site="s3", started_at="2024-05-01T09:00:00", **when),
    ]
    events = [event(1, 300.0, kind="drug", drug="clonidine")]
    assert spontaneous(rows, events, "s2").stretches == ()
    assert spontaneous(rows, events, "s3").stretches == (Stretch(1, 0.0, 600.0),)


def test_time_that_cannot_be_known_is_not_counted():
    unknown = spontaneous([recording(1, duration=None)], [])
    assert unknown.stretches == () and "duration" in (unknown.reason or "")
    failed = spontaneous([recording(1, status="failed", reason="the file is empty")], [])
    assert "the file is empty" in (failed.reason or "")
    somewhere = spontaneous([recording(1)], [event(1, None)])
    assert somewhere.stretches == ()


@pytest.mark.parametrize("order", [1, -1])
def test_order_of_rows_does_not_matter(order):
    rows = [recording(1), recording(2), recording(3)][::order]
    events = [event(1, 20.0), event(3, 40.0), event(2, 100.0)][::order]
    numbers = [stretch.segment for stretch in spontaneous(rows, events).stretches]
    assert numbers == [1, 1, 2, 2, 3, 3]


def test_drugs_of_earlier_segments_stand_on_the_clock_of_the_later_one():
    """Without gaps within a session, by `started_at` where it is known, and long ago in another session."""
    rows = [recording(n, 600.0, session_id="day2" if n == 4 else "day1") for n in (1, 2, 3, 4)]
    events = pd.DataFrame([event(1, 500.0, kind="drug", drug="clonidine") | {"route": "pressure ejection"}])
    found = drugs_by_segment(pd.DataFrame(rows), events)
    assert [found["s1", n] for n in (1, 2, 3, 4)] == [
        [Given(onset, "clonidine", 120.0)] for onset in (500.0, -100.0, -700.0, float("-inf"))
    ]
    clocked = [row | {"started_at": f"2024-05-01T1{n}:00:00"} for n, row in enumerate(rows)]
    assert drugs_by_segment(pd.DataFrame(clocked), events)["s1", 2] == [Given(-3100.0, "clonidine", 120.0)]


def test_a_drug_at_the_neighbour_acts_through_the_tables_of_a_run(tmp_path):
    """Two sites of one session: what stands in recordings.tsv of their beginnings reaches the rule by the files."""
    (tmp_path / "s.tsv").write_text("unit_id\ttime_s\nu1\t1.0\nu1\t2.0\n")
    shared = {"subject_id": "r1", "session_id": "day1", "file": "s.tsv", "kind": "sorted", "segment": 1}
    shared |= {"duration_s": 600.0}
    sheet = pd.DataFrame([{"site_id": f"s{n}", "started_at": f"2024-05-01T1{n}:00:00", **shared} for n in (1, 2)])
    raw = sheet.assign(kind="raw", file="none.tsv", format=None, channel=None)
    for found in (read_recordings(sheet, tmp_path).segments, sort_sites(raw, tmp_path).segments):
        write_table(SEGMENTS.frame(found), tmp_path / "segments.tsv", SEGMENTS)
        kept = read_table(tmp_path / "segments.tsv", SEGMENTS)
        drugs = drugs_by_segment(kept, pd.DataFrame([event(1, 300.0, kind="drug", drug="clonidine")]))
        assert [drug.name for drug in drugs["s2", 1]] == ["clonidine"]
        assert drugs["s2", 1][0].onset_s == pytest.approx(300.0 - 3600.0)
