"""Loadings of concentrations on what a run shares."""

import numpy as np
import pytest

from coeruleus.chromatography.calibration_rows import calibrate_run
from coeruleus.chromatography.concentration_rows import concentration_rows
from coeruleus.chromatography.settings import Analyte, Calibration
from coeruleus.simulation.areas import simulate_areas
from coeruleus.tables.dialysate import LOADINGS

NE = [Analyte("NE", None, "nM")]
HELD = (1.0, 1.0, 1.0, 2.0, 4.0, 8.0)


def quantified(seed: int, drift: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, object]:
    """Concentrations of HELD by one run, their errors, those shared, loadings, and the line."""
    made = simulate_areas(np.random.default_rng(seed), held=HELD, sensitivity_loss=0.2 * drift)
    result = calibrate_run(made.injections, made.rows, made.standards, NE, Calibration(drift_correction=drift))
    rows = concentration_rows(made.injections, made.rows, result)[: len(HELD)]
    parts = (np.array([row[name] for row in rows]) for name in ("concentration", "concentration_se", "calibration_se"))
    loadings = np.array([[row[name] for name in LOADINGS] for row in rows])
    return *parts, loadings, result.by_analyte["NE"].line  # type: ignore[return-value]


def test_with_a_steady_electrode_they_are_the_covariance_of_the_line() -> None:
    x, _, shared, loadings, line = quantified(3, drift=False)
    powers = np.vander(x, 3, increasing=True)
    expected = powers @ line.covariance @ powers.T / line.coefficients[1] ** 2  # type: ignore[attr-defined]
    assert loadings @ loadings.T == pytest.approx(expected, rel=1e-6)
    assert np.sum(loadings**2, axis=1) == pytest.approx(shared**2)


def test_with_drift_they_are_most_of_what_is_shared_and_never_more() -> None:
    kept = []
    for seed in range(6):
        _, error, shared, loadings, _ = quantified(seed)
        size = np.sum(loadings**2, axis=1)
        assert (size <= shared**2 * (1 + 1e-9)).all() and (size < error**2).all()
        kept.append(size / shared**2)
    assert np.mean(kept) > 0.8


def test_ratios_of_a_run_are_within_their_errors() -> None:
    """ln of each concentration over the first: what is shared taken together, the rest apart."""
    inside = []
    for seed in range(40):
        x, error, _, loadings, _ = quantified(seed)
        parts, own = loadings / x[:, None], (error**2 - np.sum(loadings**2, axis=1)) / x**2
        se = np.sqrt(own[1:] + own[0] + np.sum((parts[1:] - parts[0]) ** 2, axis=1))
        inside += list(np.abs(np.log(x[1:] / x[0] / np.array(HELD[1:]))) < 1.96 * se)
    assert 0.90 < np.mean(inside) < 0.99
