"""System suitability against the definitions of USP <621>, by hand; and classical integration through a whole run."""

import numpy as np
import pandas as pd
import pytest

from coeruleus.chromatography.calibration_rows import calibrate_run
from coeruleus.chromatography.prepare import Trace
from coeruleus.chromatography.quantify import Analyte, Calibration, Integration, RunResult, quantify_run
from coeruleus.chromatography.suitability import Limits, suitability_rows
from coeruleus.simulation.faint_run import simulate_faint_run

from .simulated_run import ANALYTES, Run, simulate_run

NOBODY = pd.DataFrame(columns=["injection_id", "analyte", "action", "from_min", "to_min", "reason", "author", "date"])


def table(limits: Limits, traces: dict[str, Trace] | None = None, **columns: float) -> pd.DataFrame:
    """Four standards of two levels: retention 5.00, 5.02, 4.98, 5.00; areas 100, 104 and 200, 204."""
    ids = ["a", "b", "c", "d"]
    frame = pd.DataFrame({"injection_id": ids, "run": "r", "kind": "standard", "level": ["L1", "L1", "L2", "L2"]})
    for column in ("injected_ul", "collected_ul", "added_ul", "dilution"):
        frame[column] = np.nan
    rows = {
        (i, "NE"): {"retention_time_min": t, "area": a, "area_se": 1.0, "snr": a, "height": 10.0, "status": "ok",
                    "reason": None, "width_half_min": 0.2, "tailing": 1.3, "resolution": 2.4, **columns}
        for i, t, a in zip(ids, (5.00, 5.02, 4.98, 5.00), (100.0, 104.0, 200.0, 204.0), strict=True)
    }  # fmt: skip
    standards = pd.DataFrame([("L1", "NE", 1.0, None), ("L2", "NE", 2.0, None)],
                             columns=["level", "analyte", "concentration", "unit"])  # fmt: skip
    done = calibrate_run(frame, rows, standards, [Analyte("NE", 5.0, "nM")], Calibration(drift_correction=False))
    return pd.DataFrame(suitability_rows(frame, rows, done, traces or {}, limits)).set_index("test")


def test_values_by_hand() -> None:
    found = table(Limits(dead_time_min=1.0))
    assert found.loc["plates", "value"] == pytest.approx(5.54 * (5.0 / 0.2) ** 2)
    assert found.loc["retention_factor", "value"] == pytest.approx(4.0)
    assert found.loc["tailing", "value"] == pytest.approx(1.3)
    assert found.loc["resolution", "value"] == pytest.approx(2.4)
    assert found.loc["retention_rsd", "value"] == pytest.approx(100 * np.std([5, 5.02, 4.98, 5], ddof=1) / 5)
    each = [100 * np.std([a, a + 4], ddof=1) / (a + 2) for a in (100, 200)]
    assert found.loc["area_rsd", "value"] == pytest.approx(np.sqrt((each[0] ** 2 + each[1] ** 2) / 2))
    assert (found["verdict"][["resolution", "tailing", "retention_rsd", "area_rsd_corrected"]] == "pass").all()
    assert found.loc["plates", "verdict"] == "not_tested"
    assert found.loc["plates", "reason"] == "no limit is set for it"


def test_limits_pass_and_fail_with_a_reason() -> None:
    found = table(Limits(min_resolution=3, max_tailing=1.2, min_plates=2000, max_area_rsd_percent=1))
    assert (found["verdict"][["resolution", "tailing", "area_rsd_corrected"]] == "fail").all()
    assert found.loc["plates", "verdict"] == "pass"
    assert found.loc["resolution", "reason"] == "2.4 is below 3"
    assert found.loc["tailing", "reason"] == "1.3 is above 1.2"


def test_what_cannot_be_had_is_said() -> None:
    found = table(Limits(), resolution=float("nan"))
    assert "dead_time_min" in found.loc["retention_factor", "reason"]
    assert found.loc["resolution", "reason"] == "no neighbour to be resolved from"
    assert found.loc["signal_to_noise", "verdict"] == "not_tested"
    assert np.isnan(found.loc["signal_to_noise", "value"])


def test_signal_to_noise_is_twice_the_height_over_the_range() -> None:
    """A saw of ±0.25 has a range of 0.5; a peak of height 10 then has 2 × 10 ÷ 0.5 = 40, on any slope."""
    time = np.arange(0, 12, 1 / 60)
    saw = 0.25 * np.where(np.arange(time.size) % 2, 1.0, -1.0)
    traces = {i: Trace(time, 3 + 0.4 * time + saw + 10 * np.exp(-0.5 * ((time - 5) / 0.085) ** 2)) for i in "abcd"}
    found = table(Limits(), traces)
    assert found.loc["signal_to_noise", "value"] == pytest.approx(40, rel=0.03)
    assert found.loc["signal_to_noise", "n_injections"] == 2  # those of the lowest level
    assert found.loc["signal_to_noise", "verdict"] == "pass"


@pytest.mark.parametrize("first_min", [1.90, 1.94, 1.96])
def test_a_run_whose_traces_begin_on_the_solvent_front(first_min: float) -> None:
    made = simulate_faint_run([5, 1], samples=16)
    traces = {}
    for i, trace in zip(made.injections["injection_id"], made.traces, strict=True):
        late = trace.time_min >= first_min
        traces[i] = Trace(trace.time_min[late], trace.signal[late])
    analytes = [Analyte("NE", 5.3, "nM"), Analyte("DOPAC", 9.0, "nM")]
    result = quantify_run(made.injections, traces, {}, made.standards, analytes, Calibration(), NOBODY)
    peaks = result.peaks[(result.peaks["analyte"] == "NE") & (result.peaks["kind"] == "standard")]
    assert (peaks["status"] == "ok").mean() > 0.9
    assert result.suitability.set_index(["analyte", "test"]).loc[("NE", "signal_to_noise"), "value"] > 0


def test_missing_points_of_a_trace_are_no_noise() -> None:
    """The finder of peaks wants an even grid: bridged, and not left out."""
    time = np.arange(0, 12, 1 / 60)
    signal = 3 + 20 * time + 0.25 * np.where(np.arange(time.size) % 2, 1.0, -1.0)
    signal += 10 * np.exp(-0.5 * ((time - 5) / 0.085) ** 2)
    signal[330:390] = np.nan
    found = table(Limits(), {i: Trace(time, signal) for i in "abcd"})
    assert found.loc["signal_to_noise", "value"] == pytest.approx(40, rel=0.03)


HOW = {
    "EPI": Integration("perpendicular_drop"),
    "DHBA": Integration("valley_to_valley"),
    "DA": Integration("perpendicular_drop", "automatic"),
    "5-HIAA": Integration("tangent_skim"),
    "HVA": Integration("fixed_bounds", from_min=17.3, to_min=20.6),
}


@pytest.fixture(scope="module")
def run() -> Run:
    return simulate_run(41, blocks=2, samples=3, ne=(0.2, 0.6))


@pytest.fixture(scope="module")
def classical(run: Run) -> RunResult:
    analytes = [Analyte(n, v[0], "nM", HOW.get(n, Integration())) for n, v in ANALYTES.items()]
    return quantify_run(run.injections, run.traces, {}, run.standards, analytes, Calibration(), NOBODY)


def test_classical_areas_flow_on_to_concentrations(run: Run, classical: RunResult) -> None:
    peaks = classical.peaks[classical.peaks["analyte"].isin(HOW)]
    assert (peaks["area_method"] == peaks["analyte"].map({n: h.mode for n, h in HOW.items()})).all()
    true = np.array([run.areas[i, a] for i, a in zip(peaks["injection_id"], peaks["analyte"], strict=True)])
    off = (peaks["area"] - true).abs()
    strong = (true > 30) & (peaks["status"] == "ok")
    assert strong.sum() > 40
    # a straight line cuts a little off a tailing peak, as with any vendor
    assert (off[strong] < np.maximum(0.04 * true[strong], 3 * peaks["area_se"][strong])).mean() > 0.97
    assert (off[strong] < 4 * peaks["area_se"][strong]).mean() > 0.9
    fitted = classical.peaks[~classical.peaks["analyte"].isin(HOW)]
    assert (fitted["area_method"] == "fit").all()
    assert fitted["start_min"].isna().all()
    samples = classical.concentrations[classical.concentrations["analyte"].isin(HOW)]
    sure = samples[samples["status"] == "ok"]
    assert len(sure) >= 4
    for row in sure.itertuples():
        held = run.concentrations[row.injection_id, row.analyte]
        assert abs(row.concentration - held) < 0.05 * held + 3 * row.concentration_se


def test_blanks_are_empty_for_the_classical_modes_too(run: Run, classical: RunResult) -> None:
    blanks = classical.peaks[(classical.peaks["kind"] == "blank") & (classical.peaks["analyte"] != "HVA")]
    assert (blanks["status"] == "not_found").mean() >= 0.9
    assert blanks["area_se"].notna().all()
    assert blanks["reason"].notna().all()


def test_the_trace_shows_the_line_that_was_drawn(classical: RunResult) -> None:
    peak = classical.peaks.set_index(["injection_id", "analyte"]).loc[("i007", "EPI")]
    trace = classical.traces[classical.traces["injection_id"] == "i007"]
    inside = trace[(trace["time_min"] >= peak["start_min"]) & (trace["time_min"] <= peak["end_min"])]
    area = np.trapezoid(inside["fitted"] - inside["baseline"], inside["time_min"]) * 60
    assert area == pytest.approx(peak["area"], rel=0.02)


def test_suitability_of_a_run(classical: RunResult) -> None:
    found = classical.suitability.set_index(["analyte", "test"])
    assert found.index.is_unique
    assert found.loc[("NE", "plates"), "value"] == pytest.approx(6000 * 0.75, rel=0.25)  # tailing costs plates
    assert found.loc[("NE", "tailing"), "verdict"] == "pass"
    assert found.loc[("NE", "area_rsd_corrected"), "value"] < found.loc[("NE", "area_rsd"), "value"]
    assert set(found["verdict"]) <= {"pass", "fail", "not_tested"}
    assert found.loc[found["verdict"] != "pass", "reason"].notna().all()


def test_a_dip_is_calibrated_upwards() -> None:
    """A negative peak among positive ones: its area is negative, its concentration is not."""
    run = simulate_run(43, blocks=2, samples=2, drift=0.0)
    at, sigma = 16.0, 16.0 / np.sqrt(8000)
    level_of = dict(zip(run.injections["injection_id"], run.injections["level"], strict=True))
    levels = {i: level if isinstance(level, str) else None for i, level in level_of.items()}
    held = {"s1": 0.2, "s2": 0.5, "s3": 1.0, "s4": 2.0, "s5": 4.0, "s6": 8.0, None: 3.0}
    traces = {}
    for name, trace in run.traces.items():
        depth = 10 * held[levels[name]] * (run.injections.set_index("injection_id").loc[name, "kind"] != "blank")
        traces[name] = Trace(trace.time_min, trace.signal - depth * np.exp(-0.5 * ((trace.time_min - at) / sigma) ** 2))
    standards = pd.concat([run.standards, pd.DataFrame([(k, "X", v, None) for k, v in held.items() if k],
                           columns=["level", "analyte", "concentration", "unit"])])  # fmt: skip
    dip = Analyte("X", 16.1, "nM", Integration("perpendicular_drop", negative=True))
    analytes = [Analyte("NE", 5.2, "nM"), Analyte("HVA", 18.5, "nM"), dip]
    settings = Calibration(drift_correction=False)
    result = quantify_run(run.injections, traces, {}, standards, analytes, settings, NOBODY)
    peaks = result.peaks[(result.peaks["analyte"] == "X") & (result.peaks["kind"] != "blank")]
    deep = peaks["injection_id"].map(lambda i: held[levels[i]] >= 1)
    assert (peaks["status"][deep] == "ok").all()
    assert (peaks["area"] < 0).all()
    assert (peaks["height"][deep] < 0).all()
    samples = result.concentrations[result.concentrations["analyte"] == "X"]
    assert (abs(samples["concentration"] - 3) < 0.03 * 3 + 2 * samples["concentration_se"]).all()


def test_the_score_sends_a_person_to_what_is_worth_a_look() -> None:
    """An air bubble, an unknown peak on the flank, and an overloaded column stand above every sound injection."""
    run = simulate_run(45, blocks=2, samples=6, ne=(0.3, 0.6))
    analytes = [Analyte("NE", 5.2, "nM"), Analyte("DOPAC", 8.8, "nM"), Analyte("HVA", 18.5, "nM")]
    sound = quantify_run(run.injections, run.traces, {}, run.standards, analytes, Calibration(), NOBODY)
    at = sound.peaks[sound.peaks["analyte"] == "NE"].set_index("injection_id")["retention_time_min"]
    dialysates = list(run.injections.loc[run.injections["kind"] == "dialysate", "injection_id"])
    bubble, hump, overload = dialysates[:3]
    traces = dict(run.traces)

    def add(name: str, what: np.ndarray) -> None:
        traces[name] = Trace(run.traces[name].time_min, run.traces[name].signal + what)

    time = run.traces[bubble].time_min
    near = (time > at[bubble] + 0.05) & (time < at[bubble] + 0.12)
    add(
        bubble, np.where(near, 40.0, 0.0) - np.where((time > at[bubble] + 0.12) & (time < at[bubble] + 0.18), 40.0, 0.0)
    )
    add(hump, 25 * np.exp(-0.5 * ((time - at[hump] - 0.11) / 0.03) ** 2))
    # an overloaded peak is a triangle: it rises with its load and falls at once
    ramp = np.clip((time - at[overload] + 0.05) / 0.4, 0, 1) * (time < at[overload] + 0.35) * 60
    add(overload, ramp)
    result = quantify_run(run.injections, traces, {}, run.standards, analytes, Calibration(), NOBODY)
    score = result.peaks[result.peaks["analyte"] == "NE"].set_index("injection_id")["fit_score"]
    faulty = [bubble, hump, overload]
    assert score[faulty].min() > 1.2 * score.drop(faulty).max()
    named = {p.item for p in result.problems if "look at the fit" in p.message}
    assert named <= set(faulty)
    assert len(named) >= 2
