"""A unit lost half-way: its lost time is neither silence nor inhibition. Regular trains, cut where the test says."""

import numpy as np
import pandas as pd
import pytest

from coeruleus.responses.drugs import test_drugs as drug_rows
from coeruleus.responses.test import test_responses as response_rows

REGULAR = np.arange(0.25, 600.0, 0.5)  # 2 Hz
PINCHES = [{"segment": 1, "onset": float(at), "trial_type": "paw_pinch"} for at in range(20, 580, 20)]


def jittered(seed: int, until_s: float, from_s: float = 0.0) -> np.ndarray:
    times = REGULAR + np.random.default_rng(seed).uniform(-0.2, 0.2, len(REGULAR))
    return times[(times < until_s) & (times > from_s)]


@pytest.mark.parametrize(("from_s", "until_s", "n"), [(0.0, 300.0, 14), (205.0, 600.0, 18), (0.0, 600.0, 28)])
def test_events_after_the_loss_are_left_out(sheets, from_s, until_s, n):
    given = sheets({1: (600.0, {"u": jittered(1, until_s, from_s)})}, PINCHES)
    row = response_rows(**given).responses.iloc[0]
    assert row["n_trials"] == n  # by hand: onsets 20 to 280, 220 to 560, 20 to 560
    assert row["baseline_rate_hz"] == pytest.approx(2.0, rel=0.03)
    assert row["inhibition_p"] > 0.001
    assert ("not held" in str(row["reason"])) == (n < 28)


def test_the_rasters_of_other_units_keep_their_events(sheets):
    given = sheets({1: (600.0, {"a": jittered(1, 300.0), "b": jittered(2, 600.0)})}, PINCHES)
    assert response_rows(**given).responses["n_trials"].tolist() == [14, 28]


DRUG = {"segment": 1, "trial_type": "drug", "drug": "clonidine", "route": "iv"}


@pytest.mark.parametrize(
    ("until_s", "status", "said"),
    [
        (250.0, "insufficient_spikes", "after the drug"),  # gone before it was given: no answer to it
        (420.0, "ok", "silenced or lost"),  # gone after it: numbers, and the doubt
        (600.0, "ok", None),
    ],
)
def test_a_unit_lost_before_a_drug_does_not_answer_to_it(sheets, until_s, status, said):
    given = sheets({1: (600.0, {"u": jittered(3, until_s)})}, [DRUG | {"onset": 300.0}])
    row = drug_rows(**given)[0].iloc[0]
    assert row["status"] == status
    assert said is None or said in row["reason"]
    assert said is not None or pd.isna(row["reason"])
    if status != "ok":
        assert "not held: no spike after 250 s" in row["reason"] and pd.isna(row["p_value"])


def test_silence_that_ends_was_the_drugs(sheets):
    """Silent from 310 s to the end of the segment, back in the next: the numbers stand without a doubt."""
    second = jittered(5, 600.0)
    given = sheets({1: (600.0, {"u": jittered(4, 310.0)}), 2: (600.0, {"u": second})}, [DRUG | {"onset": 300.0}])
    row = drug_rows(**given)[0].iloc[0]
    assert row["status"] == "ok" and "silenced or lost" not in str(row["reason"])
    assert row["response_rate_hz"] < 1.3


def test_silence_under_one_drug_tells_nothing_of_the_next(sheets):
    events = [DRUG | {"onset": 200.0, "drug": "saline"}, DRUG | {"onset": 400.0}]
    given = sheets({1: (600.0, {"u": jittered(6, 350.0)})}, events)
    rows = drug_rows(**given)[0].sort_values("onset")
    assert rows["status"].tolist() == ["ok", "insufficient_spikes"]
    assert "silenced or lost" in rows["reason"].iloc[1]
