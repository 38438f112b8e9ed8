"""What stood before a person's decision, and what stands now."""

import pandas as pd
import pytest

from coeruleus.report.curation import build_curation
from coeruleus.tables import dialysate, release


def listed(tables: dict[str, pd.DataFrame]) -> tuple[str, str]:
    (row,) = build_curation(tables).rows
    return row[3].text, row[4].text


def peaks(count: int) -> pd.DataFrame:
    states = ["excluded", "excluded", "excluded", "not_found", "excluded"]
    rows = [{"injection_id": "i1", "analyte": f"A{n}", "status": states[n], "area_uncurated": 2.5 + n, "area": None}
            for n in range(count)]  # fmt: skip
    return dialysate.PEAKS.frame([*rows, {"injection_id": "i2", "analyte": "A0", "status": "ok", "area": 99.0}])


@pytest.mark.parametrize(
    ("count", "before", "now"),
    [
        (1, "area 2.5", "excluded, area n/a"),
        (2, "areas A0 2.5, A1 3.5", "areas A0 excluded, n/a; A1 excluded, n/a"),
        (5, "areas A0 2.5, A1 3.5, A2 4.5, A3 5.5, …",
         "areas A0 excluded, n/a; A1 excluded, n/a; A2 excluded, n/a; A3 not_found, n/a; …"),
    ],
)  # fmt: skip
def test_a_decision_about_a_whole_injection_lists_its_analytes(count, before, now):
    sheet = pd.DataFrame([{"injection_id": "i1", "analyte": None, "action": "exclude", "reason": "torn"}])
    assert listed({"curation/peaks": sheet, "dialysate/peaks": peaks(count)}) == (before, now)


def test_a_decision_about_a_sample_says_every_status():
    rows = [
        {
            "session_id": "s",
            "probe_id": "p",
            "sample_id": "1",
            "analyte": analyte,
            "concentration": 0.5,
            "unit": "nM",
            "status": status,
        }
        for analyte, status in (("NE", "excluded"), ("EPI", "not_found"))
    ]
    sheet = pd.DataFrame([{"session_id": "s", "probe_id": "p", "sample_id": "1", "action": "exclude"}])
    found = listed({"curation/samples": sheet, "release/release": release.RELEASE.frame(rows)})
    assert found in (("NE 0.5 nM, EPI 0.5 nM", "excluded, not_found"), ("EPI 0.5 nM, NE 0.5 nM", "not_found, excluded"))
