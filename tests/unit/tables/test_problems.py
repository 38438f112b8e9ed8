"""No row that was lost goes unsaid, and nothing is said a hundred times."""

from coeruleus.tables.dialysate import CONCENTRATIONS, PEAKS
from coeruleus.tables.problems import Problem, from_statuses
from coeruleus.tables.units import RESPONSES, UNITS


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


def response(unit: str, reason: str, trial_type: str = "shock") -> dict:
    return {"site_id": "s", "unit_id": unit, "trial_type": trial_type, "status": "insufficient_spikes",
            "reason": reason}  # fmt: skip


def test_each_item_has_its_own_numbers() -> None:
    rows = [response("1", "4 spikes; 10 events would do"), response("2", "2 spikes; 24 events would do")]
    rows.append(response("2", "3 spikes; 15 events would do", "odour"))
    found = from_statuses({"units/responses": RESPONSES.frame(rows)}, [])
    assert [(one.item, one.message) for one in found] == [
        ("s/1", "insufficient_spikes: 4 spikes; 10 events would do"),
        ("s/2", "insufficient_spikes: 3 spikes; 15 events would do"),
        ("s/2", "insufficient_spikes: 2 spikes; 24 events would do"),
    ]


def test_numbers_of_one_item_are_not_said_of_all() -> None:
    rows = [response(str(n), f"{n} spikes") for n in range(1, 9)]
    (problem,) = from_statuses({"units/responses": RESPONSES.frame(rows)}, [])
    assert problem.item == "s/1 and 7 more"
    assert problem.message == "insufficient_spikes, e.g. s/1: 1 spikes (s/1, s/2, s/3, s/4, s/5, s/6, s/7, s/8)"


def test_what_was_told_of_a_unit_is_not_said_again() -> None:
    rows = [response("1", "4 spikes; 10 events would do"), response("2", "2 spikes; 24 events would do")]
    told = [Problem("responses", "s/2", "warning", "shock: 2 spikes; 24 events would do: record more")]
    (problem,) = from_statuses({"units/responses": RESPONSES.frame(rows)}, told)
    assert problem.item == "s/1"


def test_a_row_without_a_reason_says_so() -> None:
    peaks = PEAKS.frame([peak("i1", "NE", "failed")])
    (problem,) = from_statuses({"dialysate/peaks": peaks}, [])
    assert problem.message == "failed: no reason was given"
