"""Frames that release gives survive being written and read, and fit the contract's tables."""

import json

import numpy as np
import pandas as pd
import pytest

from coeruleus.tables import release, sources
from coeruleus.tables.dialysate import CONCENTRATIONS
from coeruleus.tables.io import read_table, write_table

from .studies import run, study

ROWS, GROUPS = study(np.random.default_rng(31), {"vehicle": 0.0, "drug": 0.7}, animals=3)
TABLES = {
    "release": release.RELEASE,
    "baselines": release.BASELINES,
    "summary": release.SUMMARY,
    "statistics": release.STATISTICS,
    "courses": sources.COURSES,
    "areas": sources.AREAS,
}


@pytest.mark.parametrize("name", TABLES)
def test_written_and_read_again(name, tmp_path):
    rows = [{**row, "vial": "v1"} for row in ROWS]
    frame, table = getattr(run(rows, GROUPS, reference_group="vehicle"), name), TABLES[name]
    assert list(frame)[: len(table.names)] == table.names
    assert not frame.duplicated(list(table.key)).any()
    write_table(frame, tmp_path / "t.tsv", table)
    described = json.loads((tmp_path / "t.json").read_text())
    assert set(described) == set(frame)
    again = read_table(tmp_path / "t.tsv", table)
    for column in table.columns:
        if column.kind in ("number", "integer"):
            assert again[column.name].to_numpy() == pytest.approx(frame[column.name].to_numpy(), rel=1e-6, nan_ok=True)
        else:
            assert again[column.name].tolist() == frame[column.name].tolist()


def test_concentrations_that_were_written_give_the_same_release(tmp_path):
    frame = CONCENTRATIONS.frame(pd.DataFrame(ROWS).round({"concentration": 6}))
    write_table(frame, tmp_path / "c.tsv", CONCENTRATIONS)
    direct, read = run(frame, GROUPS), run(read_table(tmp_path / "c.tsv", CONCENTRATIONS), GROUPS)
    pd.testing.assert_frame_equal(direct.release, read.release)
    pd.testing.assert_frame_equal(direct.statistics, read.statistics)
