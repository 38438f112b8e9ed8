"""The intervals of measures: every end that a table has belongs to one, with the level that the table states."""

from __future__ import annotations

import math

from coeruleus.tables.intervals import INTERVALS, ends_of
from coeruleus.tables.units import DRUG_RESPONSES, RESPONSES, UNITS

TABLES = (UNITS, RESPONSES, DRUG_RESPONSES)


def test_every_interval_of_the_tables_is_known() -> None:
    """A bound within an interval is no verdict, of whatever measure."""
    ends = {name for table in TABLES for name in table.names if "_ci_low" in name or "_ci_high" in name}
    assert {name for one in INTERVALS.values() for name in one[:2]} == ends
    for measure, (low, high, percent) in INTERVALS.items():
        (table,) = [table for table in TABLES if measure in table.names and high in table.names]
        assert low.replace("_low", "_high") == high
        said = {column.name: column.description for column in table.columns}
        assert all(f"{percent} % interval" in said[end] for end in (low, high))
    assert sum(measure in table.names for measure in INTERVALS for table in TABLES) == len(INTERVALS)


def test_ends_of_a_row() -> None:
    row = {"isi_violation_ci_high": 0.03, "firing_rate_ci_low_hz": 1, "firing_rate_ci_high_hz": None}
    assert ends_of("isi_violation_fraction", row)[1] == 0.03 and math.isnan(ends_of("isi_violation_fraction", row)[0])
    assert ends_of("firing_rate_hz", row)[0] == 1.0 and math.isnan(ends_of("firing_rate_hz", row)[1])
    assert all(map(math.isnan, ends_of("contamination", row) + ends_of("notch", row)))
