"""What goes wrong keeps its row and its reason; curation, half-way entry, volumes and internal standard."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from coeruleus.chromatography.quantify import Analyte, Calibration, RunResult, Trace, quantify_run
from coeruleus.chromatography.run_model import why_no_peak

from .simulated_run import ANALYTES, Run, simulate_run

TARGETS = [Analyte(name, values[0], "nM") for name, values in ANALYTES.items()]
FEW = [t for t in TARGETS if t.name in ("NE", "HVA")]
NOBODY = pd.DataFrame(columns=["injection_id", "analyte", "action", "from_min", "to_min", "reason", "author", "date"])


@pytest.fixture(scope="module")
def run() -> Run:
    return simulate_run(21, blocks=2, samples=4, ne=(0.2, 0.6))


@pytest.fixture(scope="module")
def sound(run: Run) -> RunResult:
    return quantified(run)


@pytest.fixture(scope="module")
def few(run: Run) -> RunResult:
    return quantified(run, analytes=FEW)


def quantified(
    run: Run,
    traces: dict[str, Trace] | None = None,
    injections: pd.DataFrame | None = None,
    curation: pd.DataFrame = NOBODY,
    unreadable: dict[str, tuple[str, str]] | None = None,
    standards: pd.DataFrame | None = None,
    calibration: Calibration | None = None,
    analytes: list[Analyte] | None = None,
) -> RunResult:
    return quantify_run(
        run.injections if injections is None else injections,
        run.traces if traces is None else traces,
        unreadable or {},
        run.standards if standards is None else standards,
        analytes or TARGETS,
        calibration or Calibration(),
        curation,
    )


def peak(result: RunResult, injection: str, analyte: str = "NE") -> pd.Series:
    return result.peaks.set_index(["injection_id", "analyte"]).loc[(injection, analyte)]


def sample(result: RunResult, injection: str, analyte: str = "NE") -> pd.Series:
    return result.concentrations.set_index(["injection_id", "analyte"]).loc[(injection, analyte)]


def line(result: RunResult, analyte: str = "NE") -> pd.Series:
    return result.calibration.set_index("analyte").loc[analyte]


TIME = np.arange(3.5, 22, 1 / 120)


@pytest.mark.parametrize(
    ("trace", "says"),
    [
        (Trace(np.empty(0), np.empty(0)), "empty"),
        (Trace(TIME, np.full(TIME.size, np.nan)), "every value is missing"),
        (Trace(TIME, np.full(TIME.size, 3.0)), "constant at 3"),
        (Trace(TIME[:5], np.arange(5.0)), "only 5 usable points"),
        (Trace(TIME[::-1], np.arange(TIME.size, dtype=float)), "do not increase"),
        (Trace(TIME, np.where(TIME < 4, TIME, 100.0)), "stands at 100"),
        (Trace(TIME, np.arange(TIME.size - 1.0)), "signal values"),
    ],
)
def test_an_unusable_trace_keeps_its_rows_and_harms_no_other(run: Run, few: RunResult, trace: Trace, says: str) -> None:
    result = quantified(run, {**run.traces, "i009": trace}, analytes=FEW)
    rows = result.peaks[result.peaks["injection_id"] == "i009"]
    assert (rows["status"] == "failed").all()
    assert rows["reason"].str.contains(says).all()
    assert sample(result, "i009")["status"] == "failed"
    assert np.isnan(sample(result, "i009")["concentration"])
    assert [p.severity for p in result.problems if p.item == "i009"] == ["error"]
    others = result.peaks["injection_id"] != "i009"
    before = few.peaks[few.peaks["injection_id"] != "i009"]
    assert (result.peaks[others]["status"].to_numpy() == before["status"].to_numpy()).mean() > 0.95


def test_unreadable_and_missing_files(run: Run) -> None:
    traces = {i: t for i, t in run.traces.items() if i not in ("i008", "i010")}
    result = quantified(run, traces, unreadable={"i008": ("missing", "no file x.txt")})
    assert tuple(peak(result, "i008")[["status", "reason"]]) == ("missing", "no file x.txt")
    assert peak(result, "i010")["status"] == "missing"
    assert result.peaks.loc[result.peaks["status"] != "ok", "reason"].notna().all()


def test_a_trace_that_is_cut_off_loses_only_what_it_does_not_cover(run: Run) -> None:
    trace = run.traces["i009"]
    keep = trace.time_min < 12
    result = quantified(run, {**run.traces, "i009": Trace(trace.time_min[keep], trace.signal[keep])})
    assert peak(result, "i009", "HVA")["status"] == "failed"
    assert "covers 3.50 to 12.00 min" in peak(result, "i009", "HVA")["reason"]
    assert peak(result, "i009", "NE")["status"] == "ok"


def test_a_saturated_peak_is_said_and_its_neighbours_stand(run: Run, sound: RunResult) -> None:
    trace = run.traces["i007"]  # the highest standard
    near = np.abs(trace.time_min - peak(sound, "i007", "DHBA")["retention_time_min"]) < 0.5
    clipped = np.minimum(trace.signal, 0.8 * trace.signal[near].max())
    result = quantified(run, {**run.traces, "i007": Trace(trace.time_min, clipped)})
    assert peak(result, "i007", "DHBA")["status"] == "saturated"
    assert "upper end" in peak(result, "i007", "DHBA")["reason"]
    assert peak(result, "i007", "HVA")["status"] == "ok"
    assert peak(result, "i008", "DHBA")["status"] == "ok"
    accuracy = result.accuracy.set_index(["injection_id", "analyte"]).loc[("i007", "DHBA")]
    assert accuracy["accepted"] is False


def test_a_run_of_blanks_only(run: Run) -> None:
    blank = simulate_run(30, blocks=6, samples=0)
    keep = blank.injections["kind"] == "blank"
    ids = list(blank.injections.loc[keep, "injection_id"])
    result = quantified(blank, {i: blank.traces[i] for i in ids}, blank.injections[keep])
    assert len(result.peaks) == len(ids) * len(ANALYTES)
    assert (result.peaks["status"] == "ok").mean() <= 0.05
    assert (result.calibration["status"] == "failed").all()
    assert result.calibration["reason"].str.contains("no standard").all()
    assert len(result.concentrations) == 0


def test_no_standards_gives_failed_calibrations_and_no_concentration(run: Run) -> None:
    keep = run.injections["kind"] == "dialysate"
    result = quantified(run, injections=run.injections[keep])
    assert (result.calibration["status"] == "failed").all()
    assert result.concentrations["concentration"].isna().all()
    assert (result.concentrations["status"] == "failed").mean() > 0.8
    assert result.concentrations["reason"].notna().all()
    assert (result.peaks["status"] == "ok").mean() > 0.7


def test_one_bad_standard_is_named_and_rejected(run: Run, sound: RunResult) -> None:
    trace = run.traces["i007"]
    blank = run.traces["i001"].signal
    half = Trace(trace.time_min, blank + 0.5 * (trace.signal - blank))
    result = quantified(run, {**run.traces, "i007": half})
    assert line(result)["slope"] == pytest.approx(line(sound)["slope"], rel=0.04)
    row = result.accuracy.set_index(["injection_id", "analyte"]).loc[("i007", "NE")]
    assert row["accepted"] is False
    assert row["accuracy_percent"] == pytest.approx(50, abs=5)
    assert "left out" in row["reason"]
    assert any(p.item == "i007" and "NE" in p.message and p.severity == "warning" for p in result.problems)
    point = result.calibration_points.set_index(["injection_id", "analyte"]).loc[("i007", "NE")]
    assert point["used"] is False


def test_an_analyte_that_no_standard_holds(run: Run) -> None:
    result = quantified(run, standards=run.standards[run.standards["analyte"] != "EPI"])
    assert tuple(line(result, "EPI")[["status", "reason"]]) == ("failed", "no standard of the run contains it")
    rows = result.concentrations[result.concentrations["analyte"] == "EPI"]
    assert rows["concentration"].isna().all()
    assert line(result, "NE")["status"] == "ok"


def test_one_injection_alone(run: Run) -> None:
    for name in ("i001", "i007", "i009"):
        result = quantified(run, injections=run.injections[run.injections["injection_id"] == name])
        assert len(result.peaks) == len(ANALYTES)
        assert (result.calibration["status"] == "failed").all()
    alone = run.injections[run.injections["injection_id"].isin(["i007", "i009"])]
    result = quantified(run, injections=alone, calibration=Calibration(model="linear_through_origin"))
    true = run.concentrations["i009", "HVA"]
    assert sample(result, "i009", "HVA")["concentration"] == pytest.approx(true, rel=0.2)


def test_an_analyte_without_a_time(run: Run) -> None:
    result = quantified(run, analytes=[*TARGETS[:2], Analyte("5-HT", None, "nM")])
    assert "no retention_time for 5-HT" in peak(result, "i009", "5-HT")["reason"]
    only = quantified(run, analytes=[Analyte("5-HT", None, "nM")])
    assert (only.peaks["status"] == "failed").all()
    assert len(only.traces) > 0


def test_curation(run: Run, sound: RunResult) -> None:
    at = peak(sound, "i009", "HVA")["retention_time_min"]
    decisions = pd.DataFrame(
        [
            {"injection_id": "i008", "analyte": "NE", "action": "exclude", "reason": "air bubble", "author": "AB"},
            {"injection_id": "i009", "analyte": "HVA", "action": "set_bounds", "from_min": at - 1, "to_min": at + 1.2,
             "reason": "tail", "author": "AB"},
            {"injection_id": "i010", "analyte": "NE", "action": "not_present", "reason": "artefact", "author": "AB"},
            {"injection_id": "i011", "analyte": "NE", "action": "set_bounds", "from_min": 1.0, "to_min": 2.0,
             "reason": "typo", "author": "AB"},
        ]
    )  # fmt: skip
    result = quantified(run, curation=decisions)
    excluded = peak(result, "i008")
    assert excluded["status"] == "excluded"
    assert "air bubble (AB)" in excluded["reason"]
    assert excluded["area_uncurated"] == pytest.approx(peak(sound, "i008")["area"])
    assert np.isnan(sample(result, "i008")["concentration"])
    assert sample(result, "i008")["status"] == "excluded"
    moved = peak(result, "i009", "HVA")
    assert (moved["status"], moved["area_method"]) == ("ok", "bounds")
    assert moved["area"] == pytest.approx(run.areas["i009", "HVA"], abs=4 * moved["area_se"])
    assert moved["area_se"] > 0
    assert peak(result, "i010")["status"] == "not_found"
    assert sample(result, "i010")["status"] == "not_found"
    assert peak(result, "i011")["status"] == "failed"
    assert "1 to 2 min are not within" in peak(result, "i011")["reason"]


AREAS_RUN = pd.DataFrame(
    [("a1", "standard", "L1"), ("a2", "standard", "L2"), ("a3", "standard", "L3"), ("a4", "dialysate", None),
     ("a5", "dialysate", None), ("a6", "dialysate", None), ("a7", "dialysate", None)],
    columns=["injection_id", "kind", "level"],
).assign(run="r", order=range(1, 8), subject_id="rat")  # fmt: skip
LEVELS = pd.DataFrame({"level": ["L1", "L2", "L3"], "analyte": "NE", "concentration": [1.0, 2.0, 4.0], "unit": None})
AREAS = pd.DataFrame(
    {
        "injection_id": ["a1", "a2", "a3", "a4", "a5"],
        "analyte": "NE",
        "area": [10.0, 20.0, 40.0, 30.0, np.nan],
        "status": [None, None, None, None, "not_found"],
    }
)


def from_areas(
    injections: pd.DataFrame, standards: pd.DataFrame = LEVELS, unit: str = "nM", **settings: str
) -> RunResult:
    calibration = Calibration(**{"model": "linear", **settings})  # type: ignore[arg-type]
    return quantify_run(injections, {}, {}, standards, [Analyte("NE", None, unit)], calibration, NOBODY, AREAS)


def test_half_way_entry() -> None:
    result = from_areas(AREAS_RUN)
    assert sample(result, "a4")["concentration"] == pytest.approx(3.0)
    assert sample(result, "a4")["status"] == "ok"
    assert sample(result, "a5")["status"] == "not_found"
    assert (peak(result, "a6")["status"], peak(result, "a6")["area_method"]) == ("missing", None)
    assert peak(result, "a4")["area_method"] == "typed"
    assert len(result.traces) == 0


def test_internal_standard_takes_the_injection_volume_out() -> None:
    volume = {"a1": 1.0, "a2": 0.6, "a3": 1.3, "a4": 0.5, "a5": 1.1, "a6": 0.9}
    ne = {"a1": 10.0, "a2": 20.0, "a3": 40.0, "a4": 30.0, "a5": 15.0, "a6": 15.0}
    rows = [(i, "NE", ne[i] * v) for i, v in volume.items()]
    rows += [(i, "DHBA", 100 * v) for i, v in volume.items() if i != "a6"]
    areas = pd.DataFrame(rows, columns=["injection_id", "analyte", "area"])
    analytes = [Analyte("NE", None, "nM"), Analyte("DHBA", None, "nM")]
    injections = AREAS_RUN.assign(injected_ul=[10.0, 6, 13, 5, 11, 9, 10])
    settings = Calibration(internal_standard="DHBA")
    result = quantify_run(injections, {}, {}, LEVELS, analytes, settings, NOBODY, areas)
    assert line(result)["response"] == "area ÷ area of DHBA"
    assert line(result)["unit"] == "nM"
    assert line(result)["slope"] == pytest.approx(0.1)
    assert sample(result, "a4")["concentration"] == pytest.approx(3.0)
    assert sample(result, "a5")["concentration"] == pytest.approx(1.5)
    assert sample(result, "a6")["status"] == "failed"
    assert "internal standard DHBA cannot be used here" in sample(result, "a6")["reason"]


def test_volumes_by_hand() -> None:
    volumes = AREAS_RUN.assign(injected_ul=[10.0, 10, 10, 20, 20, 20, np.nan], collected_ul=np.nan, added_ul=np.nan,
                               dilution=np.nan)  # fmt: skip
    result = from_areas(volumes)
    assert line(result)["unit"] == "nM·µl"
    assert line(result)["slope"] == pytest.approx(1.0)  # area 10 for 1 nM × 10 µl
    assert line(result)["highest"] == pytest.approx(40)
    assert sample(result, "a4")["concentration"] == pytest.approx(1.5)  # 30 nM·µl from 20 µl
    assert "injected_ul is missing" in sample(result, "a7")["reason"]
    nothing = [np.nan] * 3
    diluted = volumes.assign(collected_ul=nothing + [30] * 4, added_ul=nothing + [10] * 4, dilution=nothing + [2.0] * 4)
    row = sample(from_areas(diluted), "a4")
    assert row["concentration"] == pytest.approx(1.5 * 40 / 30 * 2)
    assert row["lod"] == pytest.approx(sample(result, "a4")["lod"] * 40 / 30 * 2)


def test_added_volume_without_the_collected_one_is_not_guessed() -> None:
    row = sample(from_areas(AREAS_RUN.assign(added_ul=5.0)), "a4")
    assert row["status"] == "failed"
    assert np.isnan(row["concentration"])
    assert "added_ul is given without collected_ul" in row["reason"]


def test_units_of_standards_are_converted_or_refused() -> None:
    mass = sample(from_areas(AREAS_RUN, LEVELS.assign(unit="pg/ul")), "a4")
    assert mass["concentration"] == pytest.approx(3.0 / 0.16918)
    odd = from_areas(AREAS_RUN, LEVELS.assign(unit="mmHg"))
    assert line(odd)["status"] == "failed"
    assert any("mmHg" in p.message for p in odd.problems)


def test_above_the_highest_standard() -> None:
    injections = AREAS_RUN.assign(dilution=[np.nan, np.nan, np.nan, 1.0, 1, 1, 1])
    areas = AREAS.assign(area=[10.0, 20, 40, 60, 5])
    areas["status"] = None
    result = quantify_run(injections, {}, {}, LEVELS, [Analyte("NE", None, "nM")], Calibration(), NOBODY, areas)
    assert sample(result, "a4")["status"] == "above_range"
    assert sample(result, "a4")["concentration"] == pytest.approx(6)


def test_two_runs_at_once_are_refused(run: Run) -> None:
    two = run.injections.assign(run=["a"] + ["b"] * (len(run.injections) - 1))
    with pytest.raises(ValueError, match="one run at a time"):
        quantified(run, injections=two)


WEIRD = {
    "spike": lambda t, rng: np.where(np.arange(t.size) == 700, 1e6, 0.0) + rng.normal(size=t.size),
    "huge": lambda t, rng: 1e12 * rng.normal(size=t.size),
    "two values": lambda t, rng: rng.integers(0, 2, t.size).astype(float),
    "wander": lambda t, rng: np.cumsum(rng.normal(size=t.size)),
    "gaps": lambda t, rng: np.where(rng.random(t.size) < 0.15, np.nan, rng.normal(size=t.size)),
}


@pytest.mark.parametrize("kind", sorted(WEIRD))
def test_a_weird_trace_harms_no_other(run: Run, few: RunResult, kind: str) -> None:
    weird = Trace(TIME, WEIRD[kind](TIME, np.random.default_rng(0)))
    result = quantified(run, {**run.traces, "i009": weird}, analytes=FEW)
    others = result.peaks["injection_id"] != "i009"
    before = few.peaks[few.peaks["injection_id"] != "i009"]
    assert (result.peaks[others]["status"].to_numpy() == before["status"].to_numpy()).mean() > 0.93
    assert result.peaks.loc[result.peaks["status"] != "ok", "reason"].notna().all()


def squeezed(trace: Trace, factor: float, last: float | None = None) -> Trace:
    time = trace.time_min * factor
    return Trace(time if last is None else np.append(time[:-1], last), trace.signal)


@pytest.fixture(scope="module", params=["i007", "i009"], ids=["a standard", "a sample"])
def without(request: pytest.FixtureRequest, run: Run) -> tuple[str, RunResult]:
    others = {name: trace for name, trace in run.traces.items() if name != request.param}
    return request.param, quantified(run, others, analytes=FEW)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda trace: squeezed(trace, 1e-3), "0.0035 to 0.022 min"),
        (lambda trace: squeezed(trace, 1 / 60), "0.0583 to 0.367 min"),
        (lambda trace: Trace(trace.time_min + 1e9, trace.signal), "check its times"),
        (lambda trace: Trace(trace.time_min[200:240], trace.signal[200:240]), "5.17 to 5.49 min"),
        (lambda trace: squeezed(trace, 1, 1e12), "leap"),
    ],
)
def test_a_trace_that_can_hold_no_peak_is_as_if_it_were_not_there(
    run: Run, without: tuple[str, RunResult], change: Callable[[Trace], Trace], says: str
) -> None:
    injection, rest = without
    result = quantified(run, {**run.traces, injection: change(run.traces[injection])}, analytes=FEW)
    lost = result.peaks[result.peaks["injection_id"] == injection]
    assert (lost["status"] == "failed").all() and lost["reason"].str.contains(says, regex=False).all()
    for frame, other in ((result.peaks, rest.peaks), (result.concentrations, rest.concentrations)):
        pd.testing.assert_frame_equal(
            frame[frame["injection_id"] != injection], other[other["injection_id"] != injection]
        )


def test_a_scheduled_window_is_called_one() -> None:
    """0.4 min about a peak at 9 min, as mzML has them: no shape is learnt there, and its times are right."""
    time = np.arange(8.6, 9.4, 0.5 / 60)
    window = Trace(time, np.exp(-0.5 * ((time - 9) / 0.03) ** 2))
    said = why_no_peak(window, np.array([9.0, 12.0]))
    assert said is not None and "8.6 to 9.4 min, a window too narrow" in said and "check its times" not in said
    assert why_no_peak(Trace((time - 9) * 1.5 + 9, window.signal), np.array([9.0])) is None
    said = why_no_peak(window, np.array([12.0]))
    assert said is not None and "too short to hold a peak: check its times" in said


def test_a_trace_sampled_far_too_coarsely_is_left_out(run: Run) -> None:
    trace = run.traces["i009"]
    coarse = Trace(trace.time_min[::60], trace.signal[::60])
    result = quantified(run, {**run.traces, "i009": coarse}, analytes=FEW)
    assert peak(result, "i009")["status"] == "failed"
    assert "sampled every 30 s and the run every 0.5 s" in peak(result, "i009")["reason"]
    assert peak(result, "i008")["status"] == "ok"


def test_an_unknown_peak_beside_ne_is_not_taken_for_it(run: Run, few: RunResult) -> None:
    at = peak(few, "i009")["retention_time_min"]
    sigma = at / np.sqrt(6000)
    trace = run.traces["i009"]
    unknown = 5.0 * np.exp(-0.5 * ((trace.time_min - at - 3.3 * sigma) / sigma) ** 2)
    result = quantified(run, {**run.traces, "i009": Trace(trace.time_min, trace.signal + unknown)}, analytes=FEW)
    row = peak(result, "i009")
    assert row["area"] == pytest.approx(run.areas["i009", "NE"], abs=3 * row["area_se"])
    assert row["resolution"] == pytest.approx(1.18 * 3.3 / (2 * 2.355), rel=0.2)
