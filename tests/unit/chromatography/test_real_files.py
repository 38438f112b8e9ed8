"""The vendor's own peak tables in the files of diauxic_shift.

Where we differ by more than 3 % in a standard, the vendor cut the tails: at the two lowest acetate levels it
starts where the peak still stands at 5 % of its height. Our own peak, cut where the vendor cut, agrees.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coeruleus.chromatography.bounds import integrate
from coeruleus.chromatography.line import fit_line
from coeruleus.chromatography.measure import Peak, measure_run
from coeruleus.chromatography.quantify import Analyte, Calibration, RunResult, Trace, quantify_run
from coeruleus.formats.chromatogram import read_chromatogram

NAMES, NOMINAL = ["glucose", "acetate"], np.array([15.54, 24.90])


@pytest.fixture(scope="module")
def sheets(shared: Path) -> tuple[pd.DataFrame, pd.DataFrame, Path]:
    folder = shared / "experiments" / "diauxic_shift" / "dialysate"
    injections = pd.read_csv(folder / "injections.tsv", sep="\t", na_values=["n/a"])
    injections["order"] = np.arange(1, len(injections) + 1)
    injections["level"] = injections["level"].astype(object).where(injections["level"].notna(), None)
    standards = pd.read_csv(folder / "standards.tsv", sep="\t")
    standards["unit"] = None
    return injections, standards, folder


@pytest.fixture(scope="module")
def files(sheets: tuple[pd.DataFrame, pd.DataFrame, Path]) -> dict[str, tuple[Trace, pd.DataFrame]]:
    injections, _, folder = sheets
    result = {}
    for row in injections.itertuples():
        read = read_chromatogram(folder / row.file)
        assert read.vendor_peaks is not None
        result[row.injection_id] = Trace(read.time_min, read.signal, read.unit), read.vendor_peaks
    return result


@pytest.fixture(scope="module")
def result(sheets: tuple[pd.DataFrame, pd.DataFrame, Path], files: dict[str, tuple[Trace, pd.DataFrame]]) -> RunResult:
    injections, standards, _ = sheets
    analytes = [Analyte(n, float(t), "mM") for n, t in zip(NAMES, NOMINAL, strict=True)]
    nobody = pd.DataFrame(columns=["injection_id", "analyte", "action"])
    traces = {i: t for i, (t, _) in files.items()}
    return quantify_run(injections, traces, {}, standards, analytes, Calibration(), nobody)


@pytest.fixture(scope="module")
def table(result: RunResult, files: dict[str, tuple[Trace, pd.DataFrame]]) -> pd.DataFrame:
    peaks = result.peaks.copy()
    for column in ("area", "start_min", "end_min"):
        peaks[f"vendor_{column}"] = [
            _vendor(files[i][1], a, column) for i, a in zip(peaks["injection_id"], peaks["analyte"], strict=True)
        ]
    return peaks


def _vendor(peaks: pd.DataFrame, analyte: str, column: str) -> float:
    near = (peaks["retention_time_min"] - NOMINAL[NAMES.index(analyte)]).abs() < 0.3
    return float(peaks.loc[near, column].iloc[0]) if near.any() else float("nan")


def test_found_where_the_vendor_found_it_and_nowhere_else(table: pd.DataFrame) -> None:
    assert ((table["status"] == "ok") == table["vendor_area"].notna()).all()
    assert set(table["status"]) == {"ok", "not_found"}
    assert table.loc[table["status"] != "ok", "reason"].notna().all()


def test_areas_of_the_standards_are_the_vendors(table: pd.DataFrame) -> None:
    standards = table[(table["kind"] == "standard") & (table["status"] == "ok")]
    away = standards["area"] - standards["vendor_area"]
    assert len(standards) == 10
    assert (away.abs() < np.maximum(0.03 * standards["vendor_area"], 2 * standards["area_se"])).all()
    assert (away.abs() > 0.03 * standards["vendor_area"]).sum() == 2  # acetate at 0.75 and 1.5 mM, see above


def test_areas_of_the_samples_are_the_vendors(
    table: pd.DataFrame, files: dict[str, tuple[Trace, pd.DataFrame]]
) -> None:
    samples = table[(table["kind"] == "dialysate") & (table["status"] == "ok")]
    away = (samples["area"] - samples["vendor_area"]).abs()
    far = samples[away >= np.maximum(0.03 * samples["vendor_area"], 2 * samples["area_se"])]
    assert [*zip(far["injection_id"], far["analyte"], strict=True)] == [("inj07", "acetate")]
    # There the vendor ends the peak 0.35 min later than in the injections around it, and takes a wave of the baseline
    # for a part of the peak; with the end of its neighbour (25.642) its area is ours.
    one, (trace, _) = far.iloc[0], files["inj07"]
    cut = integrate(trace.time_min, trace.signal, one["vendor_start_min"], 25.642, None, 1.0).area
    assert one["area"] == pytest.approx(cut, abs=one["area_se"])


def test_our_peak_cut_at_the_vendors_bounds_is_the_vendors(
    table: pd.DataFrame, files: dict[str, tuple[Trace, pd.DataFrame]], sheets: tuple[pd.DataFrame, pd.DataFrame, Path]
) -> None:
    injections, standards, _ = sheets
    expected = np.array(
        [[isinstance(level, str) and level.startswith(n) for n in NAMES] for level in injections["level"]]
    )
    found, _ = measure_run([files[i][0] for i in injections["injection_id"]], NOMINAL, expected, NAMES)
    rows = table.set_index(["injection_id", "analyte"])
    level = standards.set_index("level")["concentration"]
    for j, name in enumerate(NAMES):
        points = []
        for i, injection in enumerate(injections.itertuples()):
            if not expected[i, j]:
                continue
            vendor = rows.loc[(injection.injection_id, name)]
            cut = _cut(files[injection.injection_id][0], found[i][j], vendor)
            assert cut == pytest.approx(vendor["vendor_area"], rel=0.03, abs=2 * vendor["area_se"])
            points.append((level[injection.level], cut, vendor["vendor_area"]))
        x, ours, theirs = np.array(points).T
        slopes = [fit_line(x, y, np.zeros(x.size), "linear", "1/x").coefficients[1] for y in (ours, theirs)]
        assert slopes[0] == pytest.approx(slopes[1], rel=0.03)


def _cut(trace: Trace, peak: Peak, vendor: pd.Series) -> float:
    assert peak.fit is not None
    alone = peak.fit.peaks(trace.time_min)
    return integrate(trace.time_min, alone, vendor["vendor_start_min"], vendor["vendor_end_min"], None, 1.0).area


def test_between_the_vendors_bounds_the_trace_holds_the_vendors_area(
    files: dict[str, tuple[Trace, pd.DataFrame]],
) -> None:
    away = []
    for trace, peaks in files.values():
        for peak in peaks.to_dict("records"):
            found = integrate(trace.time_min, trace.signal, peak["start_min"], peak["end_min"], None, 1.0)
            away.append(found.area / peak["area"] - 1)
    assert np.mean(np.abs(away) < 0.02) >= 0.98


def test_slopes_from_our_areas_and_the_vendors(table: pd.DataFrame, result: RunResult) -> None:
    points = result.calibration_points.set_index(["injection_id", "analyte"])
    lines = result.calibration.set_index("analyte")
    for name in NAMES:
        chosen = table[(table["analyte"] == name) & (table["kind"] == "standard") & (table["status"] == "ok")]
        x = np.array([points.loc[(i, name), "nominal"] for i in chosen["injection_id"]])
        vendor = fit_line(x, chosen["vendor_area"].to_numpy(), np.zeros(x.size), "linear", "1/x").coefficients[1]
        allowed = max(0.03 * vendor, 2 * lines.loc[name, "slope_se"])
        assert abs(lines.loc[name, "slope"] - vendor) < allowed
