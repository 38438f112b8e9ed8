"""The time on which injections of a run are laid over each other."""

import numpy as np
import pandas as pd
import pytest

from coeruleus.chromatography.aligned import aligned_minutes


def traces(*names: str) -> pd.DataFrame:
    time = np.linspace(0, 10, 101)
    return pd.concat([pd.DataFrame({"injection_id": name, "time_min": time}) for name in names], ignore_index=True)


def test_each_analyte_stands_at_its_median_place_whatever_the_drift():
    """Peaks at 4 and 8 min that lie 0.1, 0 and 0.3 min late; what is beyond them moves as the nearest."""
    predicted = {}
    for name, early, late in (("a", 0.1, 0.0), ("b", 0.0, 0.1), ("c", 0.3, 0.3)):
        predicted |= {(name, "NE"): 4 + early, (name, "DA"): 8 + late}
    frame = traces("a", "b", "c")
    aligned = pd.Series(aligned_minutes(frame, predicted), index=frame.index)
    for name in "abc":
        mine = frame["injection_id"] == name
        at = np.interp([predicted[name, "NE"], predicted[name, "DA"]], frame["time_min"][mine], aligned[mine])
        assert at == pytest.approx([4.1, 8.1], abs=0.01)
    first = aligned[frame["injection_id"] == "c"].iloc[0]
    assert first == pytest.approx(0 - 0.2)
    middle = aligned[(frame["injection_id"] == "b") & (frame["time_min"].round(1) == 6.0)].iloc[0]
    assert middle == pytest.approx(6.0 + 0.05, abs=0.002)  # half way between + 0.1 and 0


def test_without_a_model_time_stays_as_it_is():
    frame = traces("a", "b")
    assert aligned_minutes(frame, {}) == pytest.approx(frame["time_min"])
    only = aligned_minutes(frame, {("a", "NE"): 5.0, ("a", "DA"): float("nan")})
    assert only == pytest.approx(frame["time_min"])
    assert len(aligned_minutes(frame.iloc[:0], {("a", "NE"): 5.0})) == 0
