"""The chromatograms of a run: cut out of continuous traces, and in words why one is not there."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coeruleus.formats.injections import read_traces

COLUMNS = ["injection_id", "file", "channel", "from_min", "to_min"]


def rows(*cells: tuple) -> pd.DataFrame:
    return pd.DataFrame(cells, columns=COLUMNS).astype({"from_min": float, "to_min": float})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    time = np.arange(0, 60, 0.1)
    lines = [f"{t:.1f}\t{np.exp(-((t - 25) ** 2)) + np.exp(-((t - 45) ** 2)):.6f}" for t in time]
    (tmp_path / "day.txt").write_text("time_min\tnA\n" + "\n".join(lines) + "\n")
    (tmp_path / "empty.txt").write_text("")
    return tmp_path


def test_one_injection_is_cut_out_and_counted_from_its_start(folder: Path) -> None:
    traces = read_traces(folder, rows(("a", "day.txt", None, 20, 40), ("b", "day.txt", None, 40, np.nan)))
    for name, last in (("a", 20.0), ("b", 19.9)):
        one = traces.read[name]
        assert one.time_min[0] == pytest.approx(0)
        assert one.time_min[-1] == pytest.approx(last)
        assert one.time_min[np.argmax(one.signal)] == pytest.approx(5)


def test_what_is_not_there_is_said(folder: Path) -> None:
    cells = [("a", None), ("b", "gone.txt"), ("c", "empty.txt")]
    traces = read_traces(folder, rows(*((name, file, None, np.nan, np.nan) for name, file in cells)))
    assert {name: found[0] for name, found in traces.unreadable.items()} == {
        "a": "missing",
        "b": "missing",
        "c": "failed",
    }
    assert all(found[1] for found in traces.unreadable.values())
    outside = read_traces(folder, rows(("d", "day.txt", None, 70, 80)))
    assert "0 points between from_min and to_min" in outside.unreadable["d"][1]
