"""Known truth recovered: areas, their errors, detection and concentrations of whole simulated runs."""

import numpy as np
import pandas as pd
import pytest

from coeruleus.chromatography.quantify import Analyte, Calibration, RunResult, quantify_run

from .simulated_run import ANALYTES, Run, simulate_run

TARGETS = [Analyte(name, values[0], "nM") for name, values in ANALYTES.items()]
NOBODY = pd.DataFrame(columns=["injection_id", "analyte", "action"])


def quantified(run: Run, calibration: Calibration | None = None) -> RunResult:
    return quantify_run(run.injections, run.traces, {}, run.standards, TARGETS, calibration or Calibration(), NOBODY)


def with_truth(run: Run, result: RunResult) -> pd.DataFrame:
    peaks = result.peaks.copy()
    peaks["true"] = [run.areas[key] for key in zip(peaks["injection_id"], peaks["analyte"], strict=True)]
    peaks["z"] = (peaks["area"] - peaks["true"]) / peaks["area_se"]
    peaks["true_snr"] = peaks["true"] / peaks["area_se"]
    return peaks


@pytest.fixture(scope="module")
def runs() -> list[tuple[Run, RunResult]]:
    return [(run, quantified(run)) for run in (simulate_run(10), simulate_run(11))]


@pytest.fixture(scope="module")
def peaks(runs: list[tuple[Run, RunResult]]) -> pd.DataFrame:
    return pd.concat([with_truth(run, result) for run, result in runs])


def test_areas_are_unbiased(peaks: pd.DataFrame) -> None:
    clear = peaks[peaks["true_snr"] >= 10]
    bias = (clear["area"] / clear["true"] - 1).groupby(clear["analyte"]).mean()
    assert bias.abs().max() < 0.03
    assert abs((clear["area"] / clear["true"] - 1).mean()) < 0.01


def test_errors_are_honest(peaks: pd.DataFrame) -> None:
    spread = peaks["z"].groupby(peaks["analyte"]).std()
    assert spread.between(0.7, 1.3).all()
    assert 0.8 < peaks["z"].std() < 1.1
    assert (peaks["z"].abs() < 1.96).mean() > 0.92


def test_detection(peaks: pd.DataFrame) -> None:
    absent, there = peaks[peaks["true"] == 0], peaks[peaks["true_snr"] > 6]
    assert (absent["status"] == "ok").mean() <= 0.05
    assert (there["status"] == "ok").mean() > 0.98
    assert set(peaks["status"]) == {"ok", "not_found"}
    assert peaks["area"].notna().all()
    assert peaks["area_se"].notna().all()


def test_every_injection_and_analyte_has_a_row(runs: list[tuple[Run, RunResult]]) -> None:
    for run, result in runs:
        assert len(result.peaks) == len(run.injections) * len(ANALYTES)
        assert len(result.concentrations) == (run.injections["kind"] == "dialysate").sum() * len(ANALYTES)
        assert len(result.drift) == len(result.peaks)
        assert not result.peaks.duplicated(["injection_id", "analyte"]).any()


def test_concentrations_with_a_quarter_of_sensitivity_lost(runs: list[tuple[Run, RunResult]]) -> None:
    for run, result in runs:
        table = result.concentrations[result.concentrations["status"] == "ok"].copy()
        key = zip(table["injection_id"], table["analyte"], strict=True)
        table["away"] = table["concentration"] / [run.concentrations[k] for k in key] - 1
        table["z"] = table["away"] * table["concentration"] / table["concentration_se"]
        mean, n = (table["away"].groupby(table["analyte"]).agg(what) for what in ("mean", "count"))
        assert (mean.abs() < np.maximum(0.02, 0.2 / np.sqrt(n))).all()  # few NE are above the limit: noise chose them
        assert table["away"].std() < 0.07
        assert 0.6 < table["z"].std() < 1.2
        drift = result.calibration.set_index("analyte")["drift_percent"]
        assert drift.to_numpy() == pytest.approx(-25, abs=5)
        controls = result.accuracy[(result.accuracy["kind"] == "qc") & (result.accuracy["nominal"] > 1)]
        assert (controls["accepted"] == True).mean() > 0.9  # noqa: E712


def test_without_drift_correction_the_loss_is_in_the_numbers(runs: list[tuple[Run, RunResult]]) -> None:
    run, _ = runs[0]
    plain = quantified(run, Calibration(drift_correction=False))
    table = plain.concentrations[(plain.concentrations["status"] == "ok") & (plain.concentrations["analyte"] == "HVA")]
    away = table["concentration"] / [run.concentrations[i, "HVA"] for i in table["injection_id"]] - 1
    assert np.ptp(away.rolling(5).mean().dropna()) > 0.08
    assert plain.calibration["drift_percent"].isna().all()
    assert not [p for p in plain.problems if "corrected for drift" in p.message]  # nobody asked for it


def test_retention_is_followed(runs: list[tuple[Run, RunResult]]) -> None:
    for _, result in runs:
        drift = result.drift[result.drift["analyte"] == "NE"]
        model = drift["retention_model_min"].to_numpy()
        assert model[-1] / model[0] == pytest.approx(1.03, abs=0.012)
        assert np.nanstd(drift["retention_time_min"] - drift["retention_model_min"]) < 0.02


def test_areas_do_not_depend_on_the_sampling_rate() -> None:
    quiet = {"pink": 0.05, "ripple": 0.0, "noise_scale": 0.05, "blocks": 2, "samples": 3}
    slow, fast = (
        with_truth(run, quantified(run)) for run in (simulate_run(5, **quiet), simulate_run(5, rate_hz=10, **quiet))
    )
    for table in (slow, fast):
        clear = table[table["true"] > 20]
        away = clear["area"] / clear["true"] - 1
        assert abs(away.mean()) < 0.004
        assert away.abs().max() < 0.06


@pytest.mark.parametrize("shift", [0.93, 1.06])
def test_a_run_far_from_the_nominal_times_is_found_and_said(shift: float) -> None:
    run = simulate_run(3, blocks=2, samples=3, shift=shift)
    result = quantified(run)
    table = with_truth(run, result)
    clear = table[table["true_snr"] > 10]
    assert (clear["status"] == "ok").all()
    assert abs((clear["area"] / clear["true"] - 1).mean()) < 0.03
    assert any("away from the nominal times" in p.message for p in result.problems)


def test_the_same_input_gives_the_same_numbers() -> None:
    run = simulate_run(4, blocks=1)
    first, second = quantified(run), quantified(run)
    for name in ("peaks", "calibration", "accuracy", "concentrations", "traces", "calibration_points", "drift"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name), check_exact=True)
    assert first.problems == second.problems
