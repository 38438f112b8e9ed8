"""A perfect result agrees with its truth in every row, and a spoilt one does not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeruleus.simulation.compare import compare_with_truth, read_truth, summarise_truth
from coeruleus.simulation.compare_units import match_units, matching_accuracy
from coeruleus.simulation.demo import write_small
from coeruleus.tables.sources import TRUTH


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared") / "small"
    write_small(folder, raw=True)
    return read_truth(folder / "truth")


def perfect(truth: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Result tables as they would be without any error."""
    peaks = truth["peaks"].assign(area_se=0.01, signal_unit="nA")
    peaks["status"] = np.where(peaks["area"] > 0, "ok", "not_found")
    known = truth["concentrations"]
    concentrations = known.assign(concentration_se=0.01, status="ok", injection_id=known["sample_id"])
    release = known.assign(percent_baseline_se=1.0, placement="hit", status="ok")
    units = truth["units"].rename(columns={"rate_hz": "firing_rate_hz"}).assign(status="ok")
    units = units.assign(firing_rate_ci_low_hz=units["firing_rate_hz"] - 0.2)
    units["firing_rate_ci_high_hz"] = units["firing_rate_hz"] + 0.2
    few = units["n_spikes"] < 20
    units.loc[few, "status"] = "insufficient_spikes"
    pinched = truth["units"].assign(trial_type="paw_pinch", condition="baseline", status="ok")
    drugged = truth["units"].assign(drug="clonidine", p_value=0.001, status="ok")
    drugged["percent_change"] = np.where(drugged["silenced"] == "true", -95.0, -3.0)
    statistics = truth["effects"].assign(model="mixed", percent_ci_low=truth["effects"]["percent"] - 20)
    statistics["percent_ci_high"] = statistics["percent"] + 20
    spikes = truth["spikes"].assign(segment=1, time_s=truth["spikes"]["time_s"] + 0.0004)
    return {
        "dialysate/peaks": peaks,
        "dialysate/concentrations": concentrations,
        "release/release": release,
        "release/summary": truth["release"],
        "release/statistics": statistics,
        "units/units": units,
        "units/responses": pinched,
        "units/drug_responses": drugged,
        "units/classification": truth["units"].assign(ruleset="lc_anaesthetised_rat"),
        "units/spikes": spikes,
    }


def test_a_perfect_result_is_perfect(truth):
    frame = compare_with_truth(truth, perfect(truth))
    assert list(frame.columns)[: len(TRUTH.names)] == TRUTH.names
    assert not frame.duplicated(list(TRUTH.key)).any()
    summary = summarise_truth(frame).set_index("quantity")
    for quantity in ("NE area", "NE concentration", "NE per cent of baseline", "NE group difference", "firing rate"):
        assert summary.loc[quantity, "median_abs_error_percent"] == pytest.approx(0)
    assert summary.loc["sorting accuracy", "median_error_percent"] == pytest.approx(0)
    assert summary.loc["NE area", "coverage"] == 1
    for quantity in ("NE detection", "biphasic to paw pinch", "silenced by clonidine", "label by lc_anaesthetised_rat"):
        assert summary.loc[quantity, "agreement"] == 1
    assert {"NE peak", "NE area under the curve", "spike width", "units sorted from a raw trace"} <= set(summary.index)
    found = frame[frame["quantity"] == "fault handled"].set_index("item")["found_label"]
    assert found["rat02_t2/u2"] == "insufficient_spikes"


def test_errors_are_seen(truth):
    results = perfect(truth)
    results["dialysate/concentrations"] = results["dialysate/concentrations"].assign(
        concentration=lambda frame: frame["concentration"] * 1.1
    )
    results["units/classification"] = results["units/classification"].assign(label="other")
    results["units/spikes"] = results["units/spikes"].iloc[:0]
    summary = summarise_truth(compare_with_truth(truth, results)).set_index("quantity")
    assert summary.loc["NE concentration", "median_error_percent"] == pytest.approx(10)
    assert summary.loc["NE concentration", "coverage"] < 0.2
    assert summary.loc["label by lc_anaesthetised_rat", "agreement"] < 0.5
    assert summary.loc["sorting accuracy", "median_error_percent"] == -100


def test_what_was_not_found_keeps_its_row(truth):
    results = perfect(truth)
    results["dialysate/concentrations"] = results["dialysate/concentrations"].assign(concentration=np.nan)
    frame = compare_with_truth(truth, results)
    rows = frame[frame["quantity"] == "NE concentration"]
    assert len(rows) == 10 and rows["found"].isna().all()
    assert summarise_truth(frame).set_index("quantity").loc["NE concentration", "n_found"] == 0


def test_either_half_may_be_missing(truth):
    results = perfect(truth)
    units_only = {name: frame for name, frame in truth.items() if name in ("units", "spikes", "statuses")}
    assert set(compare_with_truth(units_only, results)["quantity"]) >= {"firing rate"}
    assert compare_with_truth({}, results).empty
    assert compare_with_truth(truth, {}).empty
    assert summarise_truth(TRUTH.frame()).empty


def test_accuracy_counts_hits_misses_and_inventions():
    true = np.array([1.0, 2.0, 3.0, 4.0])
    assert matching_accuracy(true, true + 0.0005) == 1
    assert matching_accuracy(true, np.array([1.0, 2.0, 3.0])) == 3 / 4
    assert matching_accuracy(true, np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])) == 4 / 6
    assert matching_accuracy(true, np.array([1.0, 1.0002, 2.0, 3.0, 4.0])) == 4 / 5
    assert matching_accuracy(true, np.zeros(0)) == 0
    assert matching_accuracy(np.array([1.0]), np.array([1.0])) == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 100), max_size=40), st.lists(st.floats(0, 100), max_size=40))
def test_accuracy_is_a_fraction(true, found):
    assert 0 <= matching_accuracy(np.array(true), np.array(found)) <= 1


def test_units_are_matched_best_first_and_once():
    a, b = np.arange(0, 50, 1.0), np.arange(0.5, 50, 1.7)
    matched = match_units({"a": a, "b": b}, {"x": b, "y": a[:40]})
    assert matched == {"a": ("y", 0.8), "b": ("x", 1.0)}
    assert match_units({"a": a}, {}) == {"a": (None, 0.0)}
