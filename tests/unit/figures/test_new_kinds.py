"""Overlays, drug responses, treatments and the shared clock, against values known beforehand."""

import re
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coeruleus.experiment.clock import segment_clock
from coeruleus.figures.doses import draw_doses
from coeruleus.figures.drugs import draw_drugs
from coeruleus.figures.joint import draw_joint
from coeruleus.figures.net_flux import draw_net_flux
from coeruleus.figures.overlay import draw_overlays
from coeruleus.figures.raw_trace import draw_raw_traces
from coeruleus.figures.recovery import draw_recovery
from coeruleus.figures.release import draw_release
from coeruleus.figures.save import PLOTTED
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import house_style
from coeruleus.figures.treatments import treatments
from coeruleus.figures.turnover import draw_turnover
from coeruleus.figures.units_set import unit_data
from coeruleus.tables import dialysate, sources
from coeruleus.tables.io import read_table
from coeruleus.tables.registry import as_read

from ..conftest import dose_tables


def drawn(draw, tables, folder: Path, **settings) -> list:
    chosen = FigureSettings(**settings)
    with house_style(chosen):
        return list(draw(tables, folder, chosen, {}))


def test_overlaid_injections_are_drawn_on_the_aligned_time(tmp_path):
    """Two injections whose peaks lie 0.3 min apart lie over each other where the aligned time says so."""
    time = np.linspace(0, 10, 1001)
    traces, peaks, drift = [], [], []
    for order, (name, shift) in enumerate((("a", -0.15), ("b", 0.15)), 1):
        height = np.exp(-(((time - 5 - shift) / 0.1) ** 2) / 2)
        traces.append(pd.DataFrame({"injection_id": name, "time_min": time, "signal": 2 + height, "baseline": 2.0,
                                    "fitted": 2 + height, "aligned_min": time - shift}))  # fmt: skip
        peaks.append({"injection_id": name, "analyte": "NE", "run": "r", "kind": "standard", "status": "ok",
                      "retention_time_min": 5 + shift, "width_half_min": 0.235})  # fmt: skip
        drift.append({"run": "r", "analyte": "NE", "order": order, "injection_id": name, "kind": "standard",
                      "retention_model_min": 5 + shift})  # fmt: skip
    tables = {
        "sources/traces": sources.TRACES.frame(pd.concat(traces)),
        "dialysate/peaks": dialysate.PEAKS.frame(peaks),
        "sources/drift": sources.DRIFT.frame(drift),
    }
    (record,) = drawn(draw_overlays, tables, tmp_path)
    plotted = read_table(tmp_path / record.file(".tsv"), PLOTTED)
    tops = [part.loc[part["y"].idxmax(), "x"] for _, part in plotted.groupby("item")]
    assert tops == pytest.approx([5.0, 5.0], abs=0.011)
    assert plotted["y"].max() == pytest.approx(1.0, abs=0.01) and plotted["y"].min() == pytest.approx(0, abs=0.01)
    assert "2 standards and 0 dialysates" in record.caption


def test_turnover_is_drawn_by_group_with_its_areas(tmp_path, made_tables):
    """As release, from the tables of the ratio: its courses, means and one point an animal."""
    (record,) = drawn(draw_turnover, made_tables, tmp_path)
    assert (record.kind, record.about["analyte"]) == ("turnover", "MHPG/NE")
    plotted = read_table(tmp_path / record.file(".tsv"), PLOTTED)
    means = plotted[plotted["series"] == "mean and 95 % interval"]
    courses = made_tables["sources/release_courses"]
    expected = courses.loc[courses["analyte"] == "MHPG/NE", "mean_percent"]
    assert sorted(means["y"]) == pytest.approx(sorted(expected))
    areas = plotted[plotted["panel"] == "area"]
    assert sorted(areas["y"]) == pytest.approx(sorted(made_tables["release/turnover_summary"]["auc_percent_min"]))
    assert areas["note"].isin(["probe missed", "baseline not stable"]).sum() == 2
    nothing = {**made_tables, "release/turnover": made_tables["release/turnover"].assign(value=np.nan)}
    assert drawn(draw_turnover, nothing, tmp_path) == []


def test_many_injections_become_a_median_and_a_range(tmp_path, made_tables):
    copies = {"sources/traces": [], "dialysate/peaks": []}
    for number in range(45):
        for name, parts in copies.items():
            frame = made_tables[name]
            parts.append(frame[frame["injection_id"] == "inj002"].assign(injection_id=f"d{number:02d}"))
    tables = {name: pd.concat(parts, ignore_index=True) for name, parts in copies.items()}
    (record,) = drawn(draw_overlays, tables, tmp_path)
    plotted = read_table(tmp_path / record.file(".tsv"), PLOTTED)
    assert set(plotted["series"]) == {"median, 5th and 95th centile"}


def test_drug_responses_are_ordered_paged_and_complete(tmp_path, made_tables):
    records = drawn(draw_drugs, made_tables, tmp_path)
    assert [record.about["drug"] for record in records] == ["clonidine"]
    plotted = read_table(tmp_path / records[0].file(".tsv"), PLOTTED)
    change = plotted[plotted["panel"] == "change"]
    assert change["y"].tolist() == [-80.0, -80.0, 5.0]
    assert change["item"].tolist() == ["site01 · u1", "site03 · u1", "site02 · u1"]
    many = made_tables["units/drug_responses"].iloc[[0] * 13].copy()
    many["site_id"] = [f"s{number:03d}" for number in range(13)]
    pages = drawn(draw_drugs, {"units/drug_responses": many}, tmp_path / "many", units_per_page=5)
    assert len(pages) == 3 and "n = 3 responses of 3 units" in pages[2].caption


def test_a_change_over_an_hour_stands_beside_that_of_ten_minutes(tmp_path, made_tables):
    slow = made_tables["units/drug_responses"].copy()
    slow["percent_change_long"] = [np.nan, -30.0, np.nan]
    slow["percent_change_long_ci_low"], slow["percent_change_long_ci_high"] = slow["percent_change_long"] - 10, -20.0
    records = drawn(draw_drugs, {"units/drug_responses": slow}, tmp_path)
    plotted = read_table(tmp_path / records[0].file(".tsv"), PLOTTED)
    longer = plotted[plotted["series"] == "units, up to 60 min"]
    assert longer["y"].dropna().tolist() == [-30.0] and longer["y_low"].dropna().tolist() == [-40.0]
    assert plotted.loc[plotted["series"] == "units", "y"].tolist() == [-80.0, -80.0, 5.0]


def test_rates_under_doses_are_those_of_the_tables_with_the_dose_that_halves_them(tmp_path):
    """Left of the rate: 100 ÷ (1 + dose ÷ 5) %; a unit that was not steady before has rates and no intervals."""
    tables = dose_tables(14)
    # Another session, whose doses are a series of their own.
    both = as_read({name: pd.concat([frame, frame.assign(segment=5)]) for name, frame in tables.items()})
    records = drawn(draw_doses, both, tmp_path)
    assert [len(set(_points(tmp_path, one)["panel"])) for one in records] == [6, 6, 2]
    assert [one.about["drug"] for one in records] == ["guanfacine"] * 3
    assert "n = 12 series of doses" in records[0].caption
    plotted = _points(tmp_path, records[0])
    rates = plotted[(plotted["panel"] == "site01 · u1") & (plotted["series"] == "rate under each dose")]
    assert rates["x"].tolist() == [1, 3, 7, 15, 31] * 2
    assert rates["y"].to_numpy() == pytest.approx(100 / (1 + rates["x"].to_numpy() / 5))
    assert rates["y_high"].to_numpy() == pytest.approx(130 / (1 + rates["x"].to_numpy() / 5))
    unsteady = plotted[plotted["panel"] == "site02 · u1"]
    assert unsteady["y"].to_numpy()[:5] == pytest.approx(rates["y"].to_numpy()[:5])
    assert unsteady["y_low"].isna().all() and set(unsteady["series"]) == {"rate under each dose"}
    half = plotted[(plotted["panel"] == "site03 · u1") & (plotted["series"] == "its 95 % interval")]
    assert half["x"].isna().all() and half["x_high"].tolist() == [9.0, 9.0]
    refused = {**tables, "units/doses": tables["units/doses"].assign(baseline_rate_hz=np.nan)}
    assert drawn(draw_doses, refused, tmp_path) == drawn(draw_doses, {}, tmp_path) == []


def _points(folder: Path, record) -> pd.DataFrame:
    return read_table(folder / record.file(".tsv"), PLOTTED)


def test_a_drug_without_a_name_is_a_drug_in_every_figure(tmp_path, made_tables):
    frame = made_tables["units/drug_responses"]
    for place, missing in enumerate((None, np.nan)):
        tables = made_tables | {"units/drug_responses": frame.assign(drug=missing)}
        (record,) = drawn(draw_drugs, tables, tmp_path / f"drugs{place}")
        assert record.about["drug"] == "drug" and "n = 3 responses of 3 units" in record.caption
        joint = drawn(draw_joint, tables, tmp_path / f"joint{place}")[0]
        plotted = read_table(tmp_path / f"joint{place}" / joint.file(".tsv"), PLOTTED)
        assert plotted.loc[plotted["series"] == "treatment", "note"].tolist() == ["drug"]
        assert {name for unit in unit_data(tables) for name in unit.drugs["drug"]} == {"drug"}


def test_release_and_rate_share_the_sessions_clock(tmp_path, made_tables):
    records = drawn(draw_joint, made_tables, tmp_path)
    assert [record.about["session_id"] for record in records] == ["rat01", "rat02", "rat03"]
    plotted = read_table(tmp_path / records[0].file(".tsv"), PLOTTED)
    rate = plotted[plotted["panel"] == "rate"]
    assert rate["x"].min() == pytest.approx(5 + 5 / 60) and rate["x"].max() == pytest.approx(20 - 5 / 60)
    assert plotted.loc[plotted["series"] == "treatment", ["panel", "note"]].to_numpy().tolist() == [
        ["rate", "clonidine"]
    ]
    given = pd.DataFrame({"subject_id": ["rat01"], "session_id": "rat01", "probe_id": None, "onset_min": 0.0,
                          "duration_min": 40.0, "trial_type": "drug", "drug": "reboxetine"})  # fmt: skip
    empty = made_tables["release/release"].assign(analyte="DA", percent_baseline=np.nan)
    both = pd.concat([made_tables["release/release"], empty])
    more = drawn(draw_joint, made_tables | {"sheets/events": given, "release/release": both}, tmp_path / "more")
    plotted = read_table(tmp_path / "more" / more[0].file(".tsv"), PLOTTED)
    treated = plotted[(plotted["series"] == "treatment") & (plotted["panel"] == "release")]
    assert treated[["x", "x_high", "note"]].to_numpy().tolist() == [[0.0, 40.0, "reboxetine"]]
    assert "DA" not in set(plotted["series"])  # without a baseline there is nothing to show
    unknown = made_tables["sources/segment_clock"].assign(start_min=np.nan)
    assert drawn(draw_joint, made_tables | {"sources/segment_clock": unknown}, tmp_path / "none") == []


def test_segments_are_placed_by_the_two_times_of_the_sheets():
    recordings = pd.DataFrame({"site_id": ["a", "a", "b"], "segment": [1, 2, 1], "subject_id": "x",
                               "session_id": ["s", "s", "t"],
                               "started_at": ["2026-01-01T10:30:00", None, "2026-01-01T10:30:00"]})  # fmt: skip
    sessions = pd.DataFrame({"session_id": ["s", "t"], "started_at": ["2026-01-01T11:00:00", None]})
    starts = segment_clock(recordings, sessions)["start_min"].tolist()
    assert starts == pytest.approx([-30.0, np.nan, np.nan], nan_ok=True)


def test_recovery_is_drawn_where_its_table_is(tmp_path):
    assert drawn(draw_recovery, {}, tmp_path) == []
    row = {"session_id": "s", "probe_id": "p1", "analyte": "NE", "unit": "nM", "condition": None, "changed": None}
    first = {"method": "in_vitro", "recovery": 0.2, "recovery_ci_low": 0.1, "recovery_ci_high": 0.3}
    second = {"method": "zero_net_flux", "recovery": 0.4, "recovery_ci_low": 0.3, "recovery_ci_high": 0.5}
    outside = {"extracellular": 2.0, "extracellular_ci_low": 1.5, "extracellular_ci_high": 2.6}
    frame = pd.DataFrame([row | first, row | second | outside | {"condition": "cocaine", "changed": True}])
    (record,) = drawn(draw_recovery, {"release/recovery": frame}, tmp_path)
    plotted = read_table(tmp_path / record.file(".tsv"), PLOTTED)
    assert plotted.loc[plotted["panel"] == "recovery", "y"].tolist() == [0.2, 0.4]
    assert plotted.loc[plotted["panel"] == "extracellular", "y"].dropna().tolist() == [2.0]
    assert "changed under treatment in 1 row" in record.caption


def test_zero_net_flux_is_drawn_with_its_points_its_line_and_where_it_crosses(tmp_path, made_tables):
    assert drawn(draw_net_flux, {}, tmp_path) == []
    (record,) = drawn(draw_net_flux, made_tables, tmp_path)
    plotted = read_table(tmp_path / record.file(".tsv"), PLOTTED)
    line = plotted[plotted["series"] == "regression, baseline"]
    assert np.polyfit(line["x"], line["y"], 1) == pytest.approx([0.17, -0.17 * 1.5])
    assert (plotted["series"] == "samples, reboxetine").sum() == 5
    crossing = plotted[plotted["series"] == "outside the membrane, baseline"].iloc[0]
    assert (crossing["x"], crossing["y"]) == (1.5, 0) and "1.2 to 1.9" in crossing["note"]
    assert "n = 10 samples of 1 probe" in record.caption


def test_raw_traces_show_spikes_and_what_was_masked(tmp_path, made_tables):
    assert drawn(draw_raw_traces, {}, tmp_path) == []
    (record,) = drawn(draw_raw_traces, made_tables, tmp_path)  # one site of four was sorted here
    assert record.about == {"site_id": "site01"} and "n = 2 spikes of unit u1" in record.caption
    plotted = read_table(tmp_path / record.file(".tsv"), PLOTTED)
    assert plotted.loc[plotted["series"] == "spikes", "x"].tolist() == [0.5, 1.7]
    masked = plotted[plotted["series"] == "masked"]
    assert masked[["x", "x_high", "note"]].to_numpy().tolist() == [[1.0, 1.9, "movement artefact"]]
    assert "masked: movement artefact" in (tmp_path / record.file(".svg")).read_text(encoding="utf-8")


def test_each_animal_is_under_the_bar_of_its_own_treatment(tmp_path, made_tables):
    given = pd.DataFrame({"subject_id": ["rat01", "rat01", "rat02", "rat02"], "probe_id": None, "session_id": None,
                          "onset_min": [0.0, 900.0, 20.0, 20.0], "duration_min": [40.0, 20.0, np.nan, np.nan],
                          "trial_type": "drug", "drug": ["reboxetine", "late", "saline", "saline"]})  # fmt: skip
    tables = made_tables | {"sheets/events": given}
    (record,) = (one for one in drawn(draw_release, tables, tmp_path) if one.kind == "release_animals")
    plotted = read_table(tmp_path / record.file(".tsv"), PLOTTED)
    bars = plotted[plotted["series"] == "treatment"]
    assert bars[["panel", "x", "x_high", "note"]].to_numpy().tolist() == [
        ["rat01 rat01", 0.0, 40.0, "reboxetine"], ["rat02 rat02", 20.0, 20.0, "saline"],
    ]  # fmt: skip


def given_to(subjects, probes, sessions=()):
    frame = pd.DataFrame({"subject_id": pd.Series(subjects, dtype=object)})
    return frame.assign(probe_id=probes, session_id=sessions or subjects)


def test_each_treatment_is_drawn_once_over_its_group():
    events = pd.DataFrame({"subject_id": ["a", "b", "c"], "probe_id": None, "onset_min": [0.0, 0.0, 20.0],
                           "session_id": None,
                           "duration_min": [np.nan, np.nan, 40.0],
                           "trial_type": ["drug", "drug", "perfusate"],
                           "drug": ["saline", "saline", None]})  # fmt: skip
    assert treatments(events, given_to(["a", "b"], ["a", "b"])) == [("saline", 0.0, 0.0)]
    assert treatments(events, given_to(["c"], ["c"])) == [("perfusate", 20.0, 60.0)]
    named = events.assign(analyte=[None, None, "NE"])
    assert treatments(named, given_to(["c"], ["c"])) == [("NE in the perfusate", 20.0, 60.0)]
    assert treatments(pd.DataFrame(), given_to(["a"], ["a"])) == []


def test_treatments_of_another_session_or_through_another_probe_are_not_drawn():
    events = pd.DataFrame({"subject_id": "a", "probe_id": [None, None, "a_hip"], "session_id": ["day1", "day2", None],
                           "onset_min": 0.0, "duration_min": 20.0, "trial_type": "drug",
                           "drug": ["saline", "reboxetine", "clonidine"]})  # fmt: skip
    assert [name for name, *_ in treatments(events, given_to(["a"], ["a_pfc"], ["day1"]))] == ["saline"]
    assert [name for name, *_ in treatments(events, given_to(["a"], ["a_hip"], ["day2"]))] == [
        "clonidine",
        "reboxetine",
    ]


def test_pdfs_hold_text_as_text_and_no_date(tmp_path, made_tables):
    (record,) = drawn(draw_overlays, made_tables, tmp_path)
    content = (tmp_path / record.file(".pdf")).read_bytes()
    assert b"/CreationDate" not in content and b"/Subtype /CIDFontType2" in content
    streams = b"".join(
        zlib.decompress(part) for part in re.findall(rb"stream\r?\n(x.*?)\r?\nendstream", content, re.DOTALL)
    )
    assert b"TJ" in streams or b"Tj" in streams
