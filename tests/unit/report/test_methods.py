"""The methods paragraph says what was configured and what came out, and nothing else."""

import pandas as pd
import pytest

from coeruleus import provenance
from coeruleus.experiment.settings import Settings
from coeruleus.report.facts import Facts
from coeruleus.report.methods import build_methods
from coeruleus.tables import dialysate, release


def said(settings: dict, tables: dict[str, pd.DataFrame]) -> str:
    chosen = Settings(title="x", **settings).model_dump(mode="json")
    return " ".join(build_methods(tables, Facts("demo", "Demo", "rat", chosen)))


@pytest.fixture
def one_sample() -> dict[str, pd.DataFrame]:
    return {"release/release": release.RELEASE.frame([{"sample_id": "s1"}])}


@pytest.mark.parametrize(
    ("baseline", "words", "gate"),
    [
        ({}, "the animal's own mean of the last 3 samples before", "variation above 20 %, or with fewer samples, was"),
        ({"rule": "all", "gate": "slope", "max_slope": 0.1}, "of all samples before treatment", "by more than 10 %"),
        ({"rule": "window", "window_min": (-60, -20), "gate": "each"}, "from -60 to -20 min", "further than 20 %"),
        ({"rule": "named", "sample_ids": ["a", "b"], "unstable": "keep"}, "the samples a and b", "stable and was kept"),
        ({"normalise": "grand_mean"}, "of all animals, not each animal's own; baselines are the last 3", "left out of"),
    ],
)  # fmt: skip
def test_the_baseline_is_the_configured_one(one_sample, baseline, words, gate):
    text = said({"baseline": baseline}, one_sample)
    assert words in text and gate in text


def test_what_is_in_the_perfusate_arrives_after_the_inlet_volume(one_sample):
    flow = {"flow_rate_ul_per_min": 2.0, "dead_volume_ul": 10.0}
    assert "dead volume of 10 µl at 2 µl/min" in said({"dialysis": flow}, one_sample)
    inlet = said({"dialysis": flow | {"inlet_volume_ul": 5.0}}, one_sample)
    assert "of 10 µl and, of what is in the perfusate, 5 µl before the probe at 2 µl/min" in inlet


def test_recovery_and_models_are_named_with_their_sources_where_they_were_used(one_sample):
    assert "Recovery" not in said({}, one_sample) and "Statistics" not in said({}, one_sample)
    rows = [{"method": "zero_net_flux"}, {"method": "in_vitro"}]
    model = "linear mixed model of ln concentration (REML, Satterthwaite)"
    tables = one_sample | {
        "release/recovery": release.RECOVERY.frame(rows),
        "release/statistics": release.STATISTICS.frame([{"model": model, "p_adjusted": 0.03}]),
    }
    text = said({"release": {"adjust": "fdr", "reference_group": "saline"}}, tables)
    assert "in a vial and by zero-net-flux" in text and "Lönnroth et al. 1987" in text and "retrodialysis" not in text
    assert f"Statistics: {model}. Groups were compared with saline." in text
    assert "Benjamini & Hochberg 1995" in text and "Satterthwaite 1946" in text and "Kenward" not in text


def test_peaks_that_people_or_a_classical_integration_gave_are_told_apart():
    peaks = [{"injection_id": name, "area_method": name} for name in ("fit", "tangent_skim", "bounds")]
    lines = [{"analyte": "NE", "limits_from": "blanks", "n_rejected": 2}]
    tables = {
        "dialysate/peaks": dialysate.PEAKS.frame(peaks),
        "dialysate/calibration": dialysate.CALIBRATION.frame(lines),
    }
    text = said({}, tables)
    assert "were fitted over a local baseline" in text and "integrated with tangent skimming" in text
    assert "set or given by people" in text and "with the σ of the blanks" in text and "2 standard values" in text
    assert "within 15 % of nominal, 20 % at the lowest" in text
    only = {"dialysate/peaks": dialysate.PEAKS.frame(peaks[1:2])}
    assert "fitted over" not in said({}, only) and "given by people" not in said({}, only)


def test_pybaselines_is_named_and_cited_where_it_drew_baselines():
    versions = {"scipy": "1.17", "pybaselines": "1.2.1"}
    assert set(versions) <= set(provenance.versions())
    own = {"retention_time": 5, "integration": "perpendicular_drop"}
    for baseline, used in (("straight", False), ("automatic", True)):
        settings = Settings(title="x", analytes={"NE": own | {"integration_baseline": baseline}})
        facts = Facts("demo", "Demo", "rat", settings.model_dump(mode="json"), versions)
        text = " ".join(build_methods({}, facts))
        assert "scipy 1.17" in text and ("pybaselines 1.2.1" in text and "pybaselines: Erb 2024" in text) == used
        assert ("pybaselines" in text) == used


def test_filters_are_said_only_of_traces_that_were_sorted_here():
    units = pd.DataFrame([{"site_id": "a", "unit_id": "1"}])
    elsewhere = said({}, {"units/units": units, "sheets/recordings": pd.DataFrame({"kind": ["sorted"]})})
    here = said({}, {"units/units": units, "sheets/recordings": pd.DataFrame({"kind": ["raw", "sorted"]})})
    assert "Units were sorted elsewhere" in elsewhere and "band-passed" not in elsewhere
    assert "band-passed from 250 to 5000 Hz" in here and "Other units were sorted elsewhere" in here


@pytest.mark.parametrize(
    ("drifts", "words"),
    [
        ([-6.0, 0.0], "was corrected for drift."),
        ([-6.0, None], "was corrected for drift where a standard was injected again later in its run."),
        ([None, None], "was not corrected for drift: no standard was injected again later in its run."),
    ],
)
def test_drift_was_corrected_where_the_table_holds_one(drifts, words):
    lines = [{"analyte": str(n), "status": "ok", "drift_percent": drift} for n, drift in enumerate(drifts)]
    lines.append({"analyte": "x", "status": "failed", "drift_percent": None})
    peaks = dialysate.PEAKS.frame([{"injection_id": "i", "analyte": "0", "area_method": "fit"}])
    tables = {"dialysate/peaks": peaks, "dialysate/calibration": dialysate.CALIBRATION.frame(lines)}
    assert words in said({}, tables)
    assert "drift" not in said({"calibration": {"drift_correction": False}}, tables)
    assert "drift" not in said({}, {"dialysate/peaks": peaks})
