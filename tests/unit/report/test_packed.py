"""Packed parts: what the browser unpacks is what was packed, and it cannot leave its element."""

import json
import re

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from coeruleus.report.packed import noise_of, pack, pack_line, plain, script_json, unpack, unpack_line
from coeruleus.report.traces import build_traces
from coeruleus.report.vendor_areas import beside_vendor

NUMBERS = st.floats(-1e9, 1e9, allow_nan=False) | st.just(float("nan"))


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists, max_leaves=10))
def test_json_comes_back_and_holds_no_markup(value):
    assert unpack(pack(value)) == value
    assert re.fullmatch(r"[A-Za-z0-9+/=]*", pack(value))
    assert json.loads(script_json(value)) == value
    assert not set("<>&\u2028\u2029") & set(script_json(value))


@given(st.lists(NUMBERS, min_size=1, max_size=60))
def test_lines_come_back_to_half_a_step(values):
    packed = pack_line(values)
    back = unpack_line(packed)
    room = np.nanmax(np.abs(values)) if np.isfinite(values).any() else 1.0
    for value, again in zip(values, back, strict=True):
        assert (again is None) == (value != value)
        if again is not None:
            assert abs(again - value) <= 0.51 * packed["step"] + 1e-6 * room


def test_noise_of_a_line_is_that_of_its_noise():
    time = np.linspace(0, 10, 5000)
    line = 30 * np.exp(-(((time - 5) / 0.5) ** 2)) + np.random.default_rng(5).normal(0, 0.3, len(time))
    assert abs(noise_of(line) / 0.3 - 1) < 0.1
    assert np.max(np.abs(np.array(unpack_line(pack_line(line)), dtype=float) - line)) < 0.3 / 10


def test_plain_numbers():
    assert plain(float("nan")) is None and plain(float("inf")) is None
    assert plain(np.float64(3.0)) == 3 and plain(True) is True and plain("x") == "x"


def test_traces_come_worst_first_and_lose_nothing(made_tables):
    peaks, traces = made_tables["dialysate/peaks"], made_tables["sources/traces"]
    nothing = pd.DataFrame()
    made = build_traces(peaks, traces, made_tables["sources/drift"], nothing, nothing)
    assert [one.injection for one in made] == ["inj006", "inj005", "inj004", "inj003", "inj002", "inj001"]
    assert made[0].about["states"] == ["failed"] and not made[0].about["trace"]
    whole = unpack(made[1].packed)
    shown = traces[traces["injection_id"] == "inj005"]
    assert np.allclose(unpack_line(whole["time"]), shown["time_min"], atol=1e-5)
    assert np.allclose(unpack_line(whole["signal"]), shown["signal"], atol=0.02)  # its noise is 0.05
    gaps = [value is None for value in unpack_line(whole["baseline"])]
    assert gaps == shown["baseline"].isna().tolist()
    assert {peak["analyte"] for peak in whole["peaks"]} == {"NE", "EPI", "DHBA", "DA"}


def test_a_thousand_injections_stay_small():
    """3,000 points each, with noise: 30 MB hold them beside everything else."""
    rng = np.random.default_rng(3)
    time = np.linspace(0, 25, 3000)
    baseline = 40 * np.exp(-time / 1.5) + 2
    fitted = baseline + 9 * np.exp(-(((time - 8) / 0.1) ** 2))
    frame = pd.DataFrame({"injection_id": "a", "time_min": time, "signal": fitted + rng.normal(0, 0.05, 3000),
                          "baseline": baseline, "fitted": fitted})  # fmt: skip
    peaks = pd.DataFrame([{"injection_id": "a", "analyte": "NE", "kind": "dialysate", "status": "ok", "reason": None,
                           "signal_unit": "nA", "fit_score": 1.1}])  # fmt: skip
    nothing = pd.DataFrame()
    assert 1000 * len(build_traces(peaks, frame, nothing, nothing, nothing)[0].packed) < 12e6


def test_the_vendors_area_stands_beside_ours_largest_difference_first():
    peaks = pd.DataFrame(
        {"injection_id": ["a", "a", "b", "b"], "analyte": ["NE", "DA", "NE", "DA"], "kind": "dialysate",
         "retention_time_min": [5.0, 9.0, 5.1, 9.1], "area": [110.0, 50.0, 80.0, 20.0], "area_se": 1.0,
         "width_half_min": 0.2, "status": "ok"}
    )  # fmt: skip
    vendor = pd.DataFrame(
        {"injection_id": ["a", "a", "b", "b", "b"], "retention_time_min": [5.02, 9.3, 5.1, 5.25, 9.1],
         "start_min": [4.8, 9.2, 4.9, 5.05, 8.9], "end_min": [5.2, 9.5, 5.2, 5.4, 9.3],
         "area": [100.0, 70.0, 100.0, 7.0, 0.0], "name": None, "mark": None}
    )  # fmt: skip
    said = beside_vendor(peaks, vendor)
    assert said["analyte"].tolist() == ["NE", "NE", "DA"]  # the DA of `a` lies outside every peak of the vendor
    assert said["injection_id"].tolist() == ["b", "a", "b"]
    assert np.allclose(said["difference_percent"], [-20.0, 10.0, np.nan], equal_nan=True)
    assert beside_vendor(peaks, pd.DataFrame()).empty
