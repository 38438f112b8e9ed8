"""No row that was lost goes unsaid, and nothing is said a hundred times."""

from coeruleus.tables.dialysate import CONCENTRATIONS, PEAKS
from coeruleus.tables.problems import Problem, from_statuses
from coeruleus.tables.units import UNITS


def peak(injection: str, analyte: str, status: str, reason: str | None = None, kind: str = "dialysate") -> dict:
    return {"injection_id": injection, "analyte": analyte, "status": status, "reason": reason, "kind": kind, "run": "r"}


def test_an_injection_without_any_peak_is_named() -> None:
    rows = [
        peak("i1", "NE", "not_found", "a"),
        peak("i1", "DA", "not_found", "b"),
        peak("i2", "NE", "ok"),
        peak("i2", "DA", "not_found", "c"),
        peak("b1", "NE", "not_found", "d", kind="blank"),
    ]
    peaks = PEAKS.frame(rows)
    found = from_statuses({"dialysate/peaks": peaks}, [])
    assert found == [
        Problem("chromatography", "i1", "warning", "no peak of any analyte was found"),
        Problem("chromatography", "run r", "warning", "DA was not found in 1 of 2 dialysate injections: i2"),
    ]


def test_a_lost_file_is_said_once() -> None:
    reason = "x.txt is not there"
    peaks = PEAKS.frame([peak("i1", analyte, "missing", reason) for analyte in ("NE", "DA")])
    concentrations = CONCENTRATIONS.frame(
        [{"injection_id": "i1", "analyte": "NE", "status": "missing", "reason": reason}]
    )
    tables = {"dialysate/peaks": peaks, "dialysate/concentrations": concentrations}
    assert from_statuses(tables, []) == [Problem("chromatography", "i1", "error", f"missing: {reason}")]
    assert from_statuses(tables, [Problem("formats", "i1", "error", f"{reason}: copy it")]) == []


def test_a_shared_cause_is_one_problem() -> None:
    peaks = PEAKS.frame([peak(f"i{n:02d}", "NE", "failed", "no calibration") for n in range(30)])
    (problem,) = from_statuses({"dialysate/peaks": peaks}, [])
    assert problem.item == "i00 and 29 more"
    assert problem.message.endswith("i11 and 18 more)")


def test_a_unit_with_three_spikes() -> None:
    units = UNITS.frame([{"site_id": "s", "unit_id": "1", "status": "insufficient_spikes", "reason": "3 spikes"},
                         {"site_id": "t", "unit_id": None, "status": "failed", "reason": "torn"}])  # fmt: skip
    assert from_statuses({"units/units": units}, []) == [
        Problem("spikes", "t", "error", "failed: torn"),
        Problem("spikes", "s/1", "warning", "insufficient_spikes: 3 spikes"),
    ]
