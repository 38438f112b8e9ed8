"""The table of habituation draws every cell anew, and holds nothing that it has not measured."""

import numpy as np
import pytest
from benchmarks.responses import fading


def test_cells_of_the_same_kind_get_trains_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []

    def note(cell: object, rng: np.random.Generator) -> None:
        drawn.append(rng.random())
        raise StopIteration

    monkeypatch.setattr(fading, "simulate", note)
    for index, cell in enumerate([fading.CELLS[0]] * 3):
        with pytest.raises(StopIteration):
            fading.share(cell, 1, 5, index)
    assert len(set(drawn)) == 3


def test_a_cell_without_a_response_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = iter([(0.02, 30), (float("nan"), 0), (0.03, 30), (0.0, 30), (0.0, 30)])
    monkeypatch.setattr(fading, "share", lambda *_: next(found))
    (line,), rows = fading.run(30, 5)
    assert line.held is False and "most 3.0 %" in line.figure and "1 cell without a response" in line.figure
    assert [row["responses"] for row in rows] == [30, 0, 30, 30, 30]
