"""Peaks that follow no formula, and unknown neighbours: areas of simulated runs against the truth and its bound."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeruleus.chromatography.prepare import Trace
from coeruleus.chromatography.quantify import Analyte, Calibration, quantify_run
from coeruleus.chromatography.shapes import FAMILIES, tabulate
from coeruleus.chromatography.spline import CORE, FALL, Draft, _walk, bent
from coeruleus.simulation.faint_run import simulate_faint_run
from coeruleus.simulation.peaks import Shape, peak
from coeruleus.simulation.run import CATECHOLS

NOBODY = pd.DataFrame(columns=["injection_id", "analyte", "action"])


def measured(shape: Shape, seed: int) -> pd.DataFrame:
    run = simulate_faint_run(seed, shape=shape)
    analytes = [Analyte(c.name, c.apex_min, "nM") for c in CATECHOLS]
    traces = {
        name: Trace(t.time_min[t.time_min > 3.5], t.signal[t.time_min > 3.5], "nA")
        for name, t in zip(run.injections["injection_id"], run.traces, strict=True)
    }
    result = quantify_run(run.injections, traces, {}, run.standards, analytes, Calibration(), NOBODY)
    truth = run.truth.rename(columns={"area": "true"}).drop(columns="concentration")
    return truth.merge(result.peaks.drop(columns="kind"), on=["injection_id", "analyte"], validate="1:1")


@pytest.mark.parametrize(("shape", "seed"), [("two_tails", 501), ("haarhoff", 502)])
def test_areas_of_peaks_outside_every_family(shape: Shape, seed: int) -> None:
    rows = measured(shape, seed)
    clear = rows[(rows["kind"] == "standard") & (rows["true"] > 4)]
    away = (clear["area"] / clear["true"] - 1).groupby(clear["analyte"]).median()
    assert away[["NE", "DOPAC", "DA", "5-HIAA", "HVA"]].abs().max() < 0.012  # an EMG alone is 3 % off
    samples = rows[(rows["kind"] == "dialysate") & (rows["analyte"] == "NE") & (rows["true"] > 2.8 * rows["bound"])]
    off = (samples["area"] - samples["true"]) / samples["bound"]
    assert np.sqrt((off[~samples["beside"]] ** 2).mean()) < 1.5
    assert np.sqrt((off[samples["beside"]] ** 2).mean()) < 1.8  # the unknown neighbour is faint in some


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_formula_is_found_in_another_family_as_wide_and_as_tailed(family: str) -> None:
    draft = Draft(0.08, 0.05)
    other = draft.of(family).formula()
    assert other.width_half == pytest.approx(draft.formula().width_half, rel=0.01)
    assert other.tailing == pytest.approx(draft.formula().tailing, rel=0.02)


@pytest.mark.parametrize("family", ["bigaussian", "lognormal", "emg"])
def test_families_have_unit_area_and_their_apex_at_zero(family: str) -> None:
    shape = FAMILIES[family](0.1, 0.07)
    assert shape.y.sum() * (shape.x[1] - shape.x[0]) == pytest.approx(1.0, rel=1e-6)
    assert abs(shape.x[np.argmax(shape.y)]) <= shape.x[1] - shape.x[0]


def test_bigaussian_is_two_half_gaussians() -> None:
    shape = FAMILIES["bigaussian"](0.1, 0.05)
    half = np.sqrt(2 * np.log(2))
    assert shape.width_half == pytest.approx(0.25 * half, rel=1e-4)
    assert shape.edges(0.5) == pytest.approx((-0.1 * half, 0.15 * half), rel=1e-2)  # the apex lies between cells


@given(st.lists(st.floats(-4, 4), min_size=29, max_size=29))
@settings(max_examples=60, deadline=None)
def test_a_bent_shape_stays_positive_and_falls_off(weights: list[float]) -> None:
    plain = Draft(0.08, 0.06).formula()
    x, y = bent(plain, np.array(weights))
    assert (y >= 0).all()
    for side in (x > CORE * plain.width_half, x < -CORE * plain.width_half):
        order = np.argsort(np.abs(x[side]))
        falling = (y * np.exp(FALL / plain.width_half * np.abs(x)))[side][order]
        assert (np.diff(falling) <= 1e-9 * y.max()).all()


def test_no_correction_leaves_the_formula() -> None:
    plain = Draft(0.08, 0.06).formula()
    x, y = bent(plain, np.zeros(29))
    assert y == pytest.approx(plain.y)
    assert tabulate(x, y).width_half == pytest.approx(plain.width_half)


def test_corrections_may_be_larger_further_from_the_apex() -> None:
    covariance = _walk(np.array([-2.0, -1.0, 0.0, 1.0, 2.0, 4.0]))
    assert (np.linalg.eigvalsh(covariance) > 0).all()
    spread = np.sqrt(np.diag(covariance))
    assert spread[2] < spread[3] < spread[4] < spread[5]
    assert covariance[1, 3] == 0  # the sides are free of each other


def test_simulated_shapes_have_unit_area_and_their_apex_in_place() -> None:
    time = np.linspace(-1.5, 4.0, 110001)
    for shape in ("emg", "lognormal", "bigaussian", "two_tails", "parabolic", "haarhoff"):
        made = peak(time, 0.3, 0.08, 0.05, shape)  # type: ignore[arg-type]
        assert made.sum() * (time[1] - time[0]) == pytest.approx(1.0, rel=2e-4), shape
        assert time[np.argmax(made)] == pytest.approx(0.3, abs=1e-3), shape
