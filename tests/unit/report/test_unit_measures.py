"""Measures of a unit as its card states them: value, interval and meaning, and why a number is missing."""

from __future__ import annotations

import re

from coeruleus.report.facts import Facts
from coeruleus.report.page import build_report
from coeruleus.report.unit_measures import FIRING, QUALITY, SPIKE, measures_of, quality
from coeruleus.tables.intervals import INTERVALS
from coeruleus.tables.units import CLASSIFICATION, EVIDENCE, UNITS

UNIT = {"site_id": "s", "unit_id": "1", "subject_id": "a", "status": "ok"}
KNOWN = {
    "firing_rate_hz": 2.0, "firing_rate_ci_low_hz": 1.8, "firing_rate_ci_high_hz": 2.25, "contamination": 0.031,
    "contamination_ci_low": 0.0, "contamination_ci_high": 0.094, "isi_violation_fraction": 0.0,
    "isi_violation_ci_low": 0.0, "isi_violation_ci_high": 0.0077, "held": "lost",
    "held_reason": "no spike in segment 2 from 120 s",
    "quality_reason": "isolation: there is no raw trace",
}  # fmt: skip


def test_every_measure_of_a_unit_is_stated() -> None:
    """All columns of the table but its key, its status and ends of intervals, which stand beside their measure."""
    elsewhere = {"site_id", "unit_id", "subject_id", "status", "reason", "n_spikes_total", "firing_rate_fano"}
    ends = {name for name in UNITS.names if "_ci_" in name}
    assert {*FIRING, *SPIKE, *QUALITY} == set(UNITS.names) - elsewhere - ends


def test_the_page_heads_its_intervals_with_their_level() -> None:
    """`95 % interval` stands over all measures of a unit."""
    assert {INTERVALS[name].percent for name in {*FIRING, *SPIKE, *QUALITY} & set(INTERVALS)} == {95}


def test_value_interval_and_meaning_stand_side_by_side() -> None:
    (row,) = UNITS.frame([UNIT | KNOWN]).to_dict("records")
    parts = dict(measures_of(row, "s 1"))
    found = {cells[0].text: [one.text for one in cells[1:]] for view in parts.values() for cells in view.rows}
    assert found["rate"][:2] == ["2 Hz", "1.8 to 2.25"]
    assert found["contamination"][:2] == ["0.031", "0 to 0.094"] and "Llobet" in found["contamination"][2]
    assert found["ISI violations"][:2] == ["0", "0 to 0.0077"]
    assert found["presence"][:2] == ["n/a", ""] and found["longest interval"][0] == "n/a"
    assert found["held"][0] == "lost" and found["where not held"][-1] == KNOWN["held_reason"]
    assert found["remarks"][-1] == KNOWN["quality_reason"]
    assert parts["Mean spike"].head == ("measure", "value", "what it is")
    assert "why one is missing" not in [cells[0].text for cells in parts["Mean spike"].rows]
    overview = quality(UNITS.frame([UNIT | KNOWN]))
    assert [one.text for one in overview.rows[0]].count("0 to 0.094") == 1


def test_the_page_says_what_counts_how_sure_it_is_and_what_the_rules_said() -> None:
    of = {"site_id": "s", "unit_id": "1", "ruleset": "ours"}
    one = of | {"value": 0.06, "unit": "s", "rule": "at most 0.05 s", "verdict": "not_tested", "citation": "x"}
    tables = {
        "units/units": UNITS.frame([UNIT | KNOWN]),
        "units/evidence": EVIDENCE.frame(
            [
                one | {"criterion": "slow", "weight": "required", "ci_low": 1, "ci_high": 3, "ci_percent": 95},
                one | {"criterion": "quick", "weight": "if_tested", "ci_low": 0.02, "ci_high": 0.2, "ci_percent": 90},
                one | {"criterion": "notched", "weight": "advisory"},
            ]
        ),
        "units/classification": CLASSIFICATION.frame(
            [of | {"label": "other", "reason": "by AB: TH-", "rules_label": "LC-NE", "rules_reason": "passes slow"}]
        ),
    }
    page = " ".join(re.sub(r"<[^>]*>", " ", build_report(tables, [], Facts("e", "E"))).split())
    assert "slow required 0.06 1 to 3 s" in page
    assert "quick if tested 0.06 0.02 to 0.2 (90 %) s" in page
    assert "notched advisory 0.06 s" in page
    assert "(the rules said LC-NE: passes slow)" in page
