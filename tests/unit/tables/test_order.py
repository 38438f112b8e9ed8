"""Names in the order in which people read them."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from coeruleus.tables.order import naturally, sort_naturally
from coeruleus.tables.registry import as_read
from coeruleus.tables.release import RELEASE


def test_numbers_in_names_are_numbers():
    assert naturally(["rat100", "rat9", "rat10", "rat99", "rat9"]) == ["rat9", "rat10", "rat99", "rat100"]
    assert naturally(["DA", "s1_c10", "7", "5-HIAA", "s1_c2", "007"]) == ["5-HIAA", "007", "7", "DA", "s1_c2", "s1_c10"]


@given(st.lists(st.text(alphabet="ab019.-_ ", max_size=6)))
def test_any_names_can_be_ordered_and_the_order_is_that_of_no_input(names):
    assert naturally(names) == naturally(reversed(names))
    assert set(naturally(names)) == set(names)


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_names_that_differ_in_a_number_stand_in_its_order(numbers):
    assert naturally(f"rat{number}_t1" for number in numbers) == [f"rat{number}_t1" for number in sorted(numbers)]


def test_rows_follow_and_missing_names_come_last():
    frame = pd.DataFrame({"site_id": ["b", "a10", "a2", None], "segment": [1.0, 10.0, 2.0, 1.0]})
    assert sort_naturally(frame, ["site_id", "segment"])["site_id"].tolist()[:3] == ["a2", "a10", "b"]
    assert sort_naturally(frame, ["segment"])["segment"].tolist() == [1, 1, 2, 10]


def test_tables_are_shown_in_natural_order_of_their_keys():
    rows = [{"session_id": f"rat{n}", "probe_id": f"rat{n}", "sample_id": f"s{s}", "analyte": "NE"}
            for n in (100, 9, 99) for s in (10, 2)]  # fmt: skip
    tables = {RELEASE.name: RELEASE.frame(rows), "sheets/subjects": pd.DataFrame({"subject_id": ["b", "a"]})}
    shown = as_read(tables)
    assert shown[RELEASE.name]["sample_id"].tolist() == ["s2", "s10"] * 3
    assert shown[RELEASE.name]["session_id"].tolist()[::2] == ["rat9", "rat99", "rat100"]
    assert shown["sheets/subjects"]["subject_id"].tolist() == ["b", "a"]  # as the lab wrote it
