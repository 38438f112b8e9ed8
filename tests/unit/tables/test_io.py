"""Tables on disk: types survive, n/a is n/a, the same frame gives the same bytes in any row order."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeruleus.tables.dialysate import PEAKS
from coeruleus.tables.io import cell, cells, read_table, write_table
from coeruleus.tables.model import Column, number, text
from coeruleus.tables.registry import TABLES
from coeruleus.tables.release import RELEASE
from coeruleus.tables.status import ORDER, worse
from coeruleus.tables.units import SPIKES

VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["=1", "-x", "a"])
)


@given(
    st.lists(st.floats(), max_size=9) | st.lists(VALUES, max_size=9),
    st.sampled_from([None, number("x", ""), number("x", "", decimals=3), text("x", "")]),
)
def test_a_column_is_written_as_each_of_its_cells(values: list[object], column: Column | None) -> None:
    series = pd.Series(values, dtype=float if values and all(type(value) is float for value in values) else object)
    assert cells(series, column) == [cell(value, column) for value in series]


def test_round_trip(tmp_path: Path) -> None:
    rows = [
        {"injection_id": "i2", "analyte": "NE", "area": 12.5, "status": "ok"},
        {"injection_id": "007", "analyte": "NE", "area": np.nan, "status": "failed", "reason": "a\tb\nc"},
    ]
    write_table(PEAKS.frame(rows), tmp_path / "peaks.tsv", PEAKS)
    frame = read_table(tmp_path / "peaks.tsv", PEAKS)
    assert frame["injection_id"].tolist() == ["007", "i2"]
    assert frame["reason"].tolist() == ["a b c", None]
    assert np.isnan(frame["area"][0])
    assert frame["area"][1] == 12.5
    described = json.loads((tmp_path / "peaks.json").read_text())
    assert list(described) == list(frame)
    assert described["area_se"]["unit"] == "signal unit × s"


def test_booleans_stay_booleans(tmp_path: Path) -> None:
    frame = RELEASE.frame([{"session_id": str(n), "in_baseline": value} for n, value in enumerate((True, False, None))])
    write_table(frame, tmp_path / "t.tsv", RELEASE)
    assert read_table(tmp_path / "t.tsv", RELEASE)["in_baseline"].tolist() == [True, False, None]


def test_empty_tables_have_a_header(tmp_path: Path) -> None:
    for table in TABLES.values():
        path = tmp_path / "t.tsv"
        write_table(table.frame(), path, table)
        assert path.read_text().split("\n")[0].split("\t") == table.names
        assert read_table(path, table).empty


@settings(deadline=None)
@given(st.permutations(range(8)))
def test_row_order_does_not_matter(order: list[int]) -> None:
    rows = [{"site_id": "s", "unit_id": str(n % 2), "segment": n % 4, "time_s": n * 0.125} for n in range(8)]
    pd.testing.assert_frame_equal(SPIKES.frame([rows[n] for n in order]), SPIKES.frame(rows))


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "n/a"), (float("inf"), "n/a"), (np.float64("nan"), "n/a"), (np.True_, "true"), (1 / 3, "0.3333333"),
     (-0.0, "0"), (1e20, "1e+20"), ("", "n/a"), (" x ", "x")],
)  # fmt: skip
def test_cells(value: object, shown: str) -> None:
    assert cell(value) == shown


def test_spike_times_keep_microseconds(tmp_path: Path) -> None:
    write_table(
        SPIKES.frame([{"site_id": "s", "unit_id": "1", "segment": 1, "time_s": 12345.678901}]),
        tmp_path / "s.tsv",
        SPIKES,
    )
    assert "12345.678901" in (tmp_path / "s.tsv").read_text()


@given(st.sampled_from(ORDER), st.sampled_from(ORDER))
def test_statuses_only_get_worse(first: str, second: str) -> None:
    found, _ = worse((first, "a"), (second, "b"))
    assert ORDER.index(found) == max(ORDER.index(first), ORDER.index(second))


def test_names_of_tables_are_unique_and_columns_described() -> None:
    for table in TABLES.values():
        assert len(set(table.names)) == len(table.names), table.name
        assert all(column.description for column in table.columns)
        assert set(table.key) <= set(table.names)


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1+cmd", "@SUM(1)", "-2+3", "=HYPERLINK(1)"])
def test_no_cell_is_a_formula_and_text_comes_back(tmp_path: Path, text: str) -> None:
    assert cell(text) == f"'{text}"
    row = {"session_id": "s", "probe_id": "p", "sample_id": "a", "analyte": "NE", "reason": text}
    write_table(RELEASE.frame([row]), tmp_path / "r.tsv", RELEASE)
    assert f"\t{text}" not in (tmp_path / "r.tsv").read_text()
    assert read_table(tmp_path / "r.tsv", RELEASE)["reason"].tolist() == [text]


@pytest.mark.parametrize("text", ["'=1", "''@x", "it says '=1' and '@x'", "'quoted'"])
def test_apostrophes_of_a_text_are_its_own(tmp_path: Path, text: str) -> None:
    row = {"session_id": "s", "probe_id": "p", "sample_id": "a", "analyte": "NE", "reason": text}
    write_table(RELEASE.frame([row]), tmp_path / "r.tsv", RELEASE)
    assert read_table(tmp_path / "r.tsv", RELEASE)["reason"].tolist() == [text]


def test_no_name_of_a_carried_column_is_a_formula_and_names_come_back(tmp_path: Path) -> None:
    carried = ['=HYPERLINK("http://x")', "@SUM(1)", "-2+3", "'=1", "-40", "weight"]
    row = {"site_id": "s", "unit_id": "u", "segment": 1, "time_s": 0.5} | dict.fromkeys(carried, "=1+1")
    write_table(SPIKES.frame([row]), tmp_path / "s.tsv", SPIKES)
    with (tmp_path / "s.tsv").open(newline="") as handle:
        written = next(csv.reader(handle, delimiter="\t"))
    assert written[: len(SPIKES.names)] == SPIKES.names
    assert written[-6:] == ["'" + name for name in carried[:4]] + ["-40", "weight"]
    frame = read_table(tmp_path / "s.tsv", SPIKES)
    assert list(frame)[-6:] == carried
    assert frame[carried].to_numpy().tolist() == [["=1+1"] * 6]
    assert list(json.loads((tmp_path / "s.json").read_text())) == list(frame)


@pytest.mark.parametrize("text", ["-rat", "+x", "-5", "-1.5e-3", "a=b", "007"])
def test_ids_and_numbers_stay_as_they_are(text: str) -> None:
    assert cell(text) == text
