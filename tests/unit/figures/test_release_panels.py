"""Figures of release in studies with several regions, and in which animals change groups."""

import numpy as np
import pandas as pd
import pytest

from coeruleus.experiment.settings import BaselineSettings, RecoverySettings, ReleaseSettings
from coeruleus.experiment.sheets import CURATION_SAMPLES, DIALYSATE_EVENTS, PROBES, SESSIONS, SUBJECTS
from coeruleus.figures.release import draw_release
from coeruleus.figures.save import PLOTTED
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import house_style
from coeruleus.release.compute import compute_release
from coeruleus.tables.io import read_table


def course(animal, session, probe, factor, rng):
    """Nine samples of 20 min; from 0 on they are `factor` times the baseline."""
    times = np.arange(-60, 120, 20)
    values = np.where(times >= 0, factor, 1.0) * rng.normal(1, 0.03, len(times))
    return [
        {"subject_id": animal, "session_id": session, "probe_id": probe, "analyte": "NE", "unit": "nM",
         "injection_id": f"{session}{probe}{time}", "sample_id": f"s{time}", "start_min": float(time),
         "end_min": time + 20.0, "concentration": value, "concentration_se": 0.02, "status": "ok"}
        for time, value in zip(times, values, strict=True)
    ]  # fmt: skip


def sheet(definition, rows):
    frame = pd.DataFrame(rows).reindex(columns=definition.names)
    return frame.astype(object).where(frame.notna(), None)


def drawn(folder, rows, animals, sessions, probes, **choices):
    found = compute_release(
        pd.DataFrame(rows), sheet(SUBJECTS, animals), sheet(SESSIONS, sessions), sheet(PROBES, probes),
        sheet(DIALYSATE_EVENTS, []), sheet(CURATION_SAMPLES, []), flow_rate_ul_per_min=1.0, dead_volume_ul=0.0,
        baseline=BaselineSettings(), comparison=ReleaseSettings(**choices), recovery=RecoverySettings(),
    )  # fmt: skip
    tables = {"release/release": found.release, "release/baselines": found.baselines,
              "release/summary": found.summary, "sources/release_courses": found.courses,
              "sources/release_areas": found.areas}  # fmt: skip
    settings = FigureSettings().completed(["NE"], choices.get("reference_group"))
    with house_style(settings):
        record = next(iter(draw_release(tables, folder, settings, {})))
    return found, record, read_table(folder / record.file(".tsv"), PLOTTED)


def test_each_region_has_panels_of_its_own_with_means(tmp_path):
    rng, rows, animals, sessions, probes = np.random.default_rng(4), [], [], [], []
    for number in range(1, 9):
        name, group = f"rat{number}", ("vehicle", "drug")[number % 2]
        animals.append({"subject_id": name, "group": group})
        sessions.append({"session_id": name, "subject_id": name})
        for region, gain in (("HIP", 1.5), ("PFC", 3.0)):
            probes.append({"probe_id": f"{name}_{region}", "subject_id": name, "region": region})
            rows += course(name, name, f"{name}_{region}", gain if group == "drug" else 1.0, rng)
    _, record, plotted = drawn(tmp_path, rows, animals, sessions, probes, reference_group="vehicle")
    means = plotted[plotted["series"] == "mean and 95 % interval"]
    late = means[(means["panel"] != "area") & (means["x"] > 0)].groupby("panel")["y"].mean()
    assert late.to_dict() == pytest.approx(
        {"drug, HIP": 150, "drug, PFC": 300, "vehicle, HIP": 100, "vehicle, PFC": 100}, rel=0.04
    )
    areas = means[means["panel"] == "area"].set_index("item")["y"]
    assert areas["drug, PFC"] == pytest.approx(120 * 200, rel=0.05) and abs(areas["vehicle, HIP"]) < 500
    assert list(areas.index) == ["vehicle, HIP", "drug, HIP", "vehicle, PFC", "drug, PFC"]  # the reference first
    assert "vehicle, HIP: n = 4 animals, 4 in the mean" in record.caption


def test_animals_that_change_groups_are_in_the_panel_of_their_treatment(tmp_path):
    rng, rows, animals, sessions, probes = np.random.default_rng(5), [], [], [], []
    for number in range(1, 5):
        name = f"rat{number}"
        animals.append({"subject_id": name})
        probes.append({"probe_id": name, "subject_id": name, "region": "PFC"})
        for day, (treatment, gain) in enumerate((("saline", 1.0), ("drug", 2.0)), 1):
            sessions.append({"session_id": f"{name}_{day}", "subject_id": name, "condition": treatment, "order": day})
            rows += course(name, f"{name}_{day}", name, gain, rng)
    _, record, plotted = drawn(tmp_path, rows, animals, sessions, probes, reference_group="saline")
    means = plotted[(plotted["series"] == "mean and 95 % interval") & (plotted["x"] > 0) & (plotted["panel"] != "area")]
    assert means.groupby("panel")["y"].mean().to_dict() == pytest.approx({"drug": 200, "saline": 100}, rel=0.04)
    assert "saline: n = 4 animals, 4 in the mean" in record.caption


def test_the_mean_area_is_that_of_the_statistics(tmp_path):
    """Statistics are on area ÷ window: the same mean and interval."""
    rng, rows, animals, sessions, probes = np.random.default_rng(6), [], [], [], []
    for number in range(1, 11):
        name, group = f"rat{number}", ("vehicle", "drug")[number % 2]
        animals.append({"subject_id": name, "group": group})
        sessions.append({"session_id": name, "subject_id": name})
        probes.append({"probe_id": name, "subject_id": name, "placement": "miss" if number == 9 else "hit"})
        rows += course(name, name, name, 2.0 + 0.1 * number if group == "drug" else 1.0, rng)
    found, _, plotted = drawn(tmp_path, rows, animals, sessions, probes, reference_group="vehicle")
    shown = plotted[(plotted["panel"] == "area") & (plotted["series"] == "mean and 95 % interval")].set_index("item")
    tests = found.statistics
    for group, number in (("drug", 4), ("vehicle", 5)):  # the probe that missed stands in no mean
        row = tests[tests["effect"].eq(f"{group}: mean change over the window") & tests["model"].str.contains("t over")]
        said = row[["estimate", "ci_low", "ci_high"]].to_numpy()[0] * 120
        assert shown.loc[group, ["y", "y_low", "y_high"]].to_numpy(dtype=float) == pytest.approx(said, rel=1e-6)
        assert shown.loc[group, "note"] == f"n = {number}"
    one = found.summary[(found.summary["group"] == "vehicle")]["auc_percent_min"]
    assert shown.loc["vehicle", "y"] == pytest.approx(one.mean(), rel=1e-6)


def test_two_animals_have_a_mean_without_interval_and_uneven_windows_none(tmp_path):
    rng, rows = np.random.default_rng(7), []
    for name in ("a", "b"):
        rows += course(name, name, name, 2.0, rng)
    animals, sessions = [{"subject_id": name} for name in "ab"], [{"session_id": n, "subject_id": n} for n in "ab"]
    probes = [{"probe_id": name, "subject_id": name} for name in "ab"]
    found, _, _ = drawn(tmp_path, rows, animals, sessions, probes)
    (row,) = found.areas.to_dict("records")
    assert row["n_subjects"] == 2 and row["mean_percent_min"] > 10000 and np.isnan(row["ci_low"])
    short = [row for row in rows if not (row["subject_id"] == "b" and row["start_min"] >= 80)]
    (row,) = drawn(tmp_path, short, animals, sessions, probes)[0].areas.to_dict("records")
    assert np.isnan(row["mean_percent_min"]) and row["reason"] == "windows differ, from 80 to 120 min"
