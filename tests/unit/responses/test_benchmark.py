"""The benchmark's own code at a small size: its bounds hold, and it can fail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.responses import drug_effects, fading, false_positives, power
from benchmarks.responses.cells import Cell
from benchmarks.responses.kept import code, measured
from benchmarks.responses.lines import share_bounds

from coeruleus.simulation.trains import flat_rate, spike_train


def test_bounds_of_shares_by_hand() -> None:
    """Of 2,000 trains at 5 % in 1 cell, 95 % one-sided: 100 ± 1.645 × 9.75."""
    low, high = share_bounds(0.05, 2000, 1)
    assert low == pytest.approx((100 - 16) / 2000, abs=0.001) and high == pytest.approx((100 + 16) / 2000, abs=0.001)


def test_false_positives_of_few_cells() -> None:
    cells = [Cell(10.0, 1.5, 10), Cell(None, 1.5, 10), Cell(1.0, 0.5, 50, drift=True)]
    lines, rows = false_positives.run(150, 11, cells=cells)
    assert all(line.held for line in lines) and len(rows) == 3


def test_power_of_the_table_and_that_of_no_response() -> None:
    found = power.measure(power.BIPHASIC, 20, 11)
    assert found["excitation"] >= 0.85 and found["inhibition"] >= 0.9
    assert power.measure(Cell(1.0, 1.5, 5), 20, 11)["excitation"] <= 0.3


def test_the_drug_benchmark_gives_rows_with_a_p_value() -> None:
    train = spike_train(np.random.default_rng(1), flat_rate(1200.0, 1.0, 0.05), 1.0, step_s=0.05)
    row = drug_effects.tested([train]).iloc[0]
    assert row["p_value"] > 0 and row["baseline_rate_hz"] == pytest.approx(1, rel=0.2)


def test_a_steady_response_of_a_cell_that_drifts_does_not_fade() -> None:
    """Spikes of the response alone are said to fade or grow in 42 % of these."""
    share, n = fading.share(Cell(4.0, 4.0, 50, True, excitation=5.0, suppression=0.3), 40, 5, 0)
    assert n >= 35 and share <= 0.15


def test_events_beyond_the_table_have_their_times() -> None:
    for cell, length_s in ((Cell(1.0, 1.5, 4, duration_s=10.0), 15.0), (Cell(1.0, 1.5, 4, gap_s=3.0), 3.0)):
        trials, _ = false_positives.simulate(cell, np.random.default_rng(1))
        assert (trials.length == length_s).all() and (trials.onsets + length_s <= trials.end).all()
    assert {cell.rate_hz for cell in false_positives.further_cells()} >= {0.2, 10.0}


def test_a_study_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    path, cell = tmp_path / "kept.jsonl", Cell(1.0, 1.5, 5)
    asked = []

    def shares(cell: Cell, trains: int, seed: int) -> tuple[float, float, float]:
        asked.append((trains, seed))
        return 0.04, 0.05, 0.0

    first = [measured(cell, 20, seed, path, shares) for seed in (1, 1, 2)]
    assert first == [(0.04, 0.05, 0.0)] * 3 and asked == [(20, 1), (20, 2)]
    path.write_text(path.read_text().replace(f"[{code()},", "[1,"))  # another library
    measured(cell, 20, 1, path, shares)
    assert asked == [(20, 1), (20, 2), (20, 1)]
