"""Unknown columns of a sheet come along into results."""

import pandas as pd

from coeruleus.experiment.carry import carry
from coeruleus.experiment.fields import Field, Sheet

SHEET = Sheet("x", "a row", ("id",), (Field("id", "", "id"), Field("known", "")))
ROWS = pd.DataFrame({"id": ["a", "b"], "known": [1, 2], "cage": ["x", None], "area": ["q", "r"], "sheet_row": [2, 3]})


def test_unknown_columns_are_matched() -> None:
    results = pd.DataFrame({"id": ["b", "a", "a"], "area": [1.0, 2.0, 3.0]})
    found = carry(results, ROWS, SHEET, "id")
    assert list(found) == ["id", "area", "cage", "area_in_sheet"]
    assert found["cage"].isna().tolist() == [True, False, False]
    assert found["cage"].tolist()[1:] == ["x", "x"]
    assert found["area"].tolist() == [1.0, 2.0, 3.0]


def test_nothing_to_carry() -> None:
    results = pd.DataFrame({"id": ["a"]})
    assert carry(results, ROWS[["id", "known", "sheet_row"]], SHEET, "id") is results
