"""The least error of an area against the closed form, and the runs whose distances from the noise it sets."""

from __future__ import annotations

import numpy as np
import pytest

from coeruleus.simulation.area_bound import REACH, area_bound
from coeruleus.simulation.chromatogram import Peak
from coeruleus.simulation.faint_run import DETECTION, simulate_faint_run
from coeruleus.simulation.noise import Noise

WHITE = Noise(white=0.01, flicker=0.0, ripple=0.0)
SIGMA = 0.1  # minutes


def gaussian(area: float, at: float = 10.0, name: str = "NE") -> Peak:
    return Peak(name, area, at, SIGMA, 0.0)


@pytest.mark.parametrize("rate_hz", [2.0, 10.0])
def test_white_noise_and_a_gaussian_give_the_closed_form(rate_hz: float) -> None:
    """Σg² less what Legendre polynomials of order 0 and 2 hold of it; the odd ones and the shift see nothing of it."""
    sigma, half = 60 * SIGMA, REACH * 2.355 * 60 * SIGMA  # seconds
    own = 1 / (2 * sigma * np.sqrt(np.pi))
    flat = 1 / (2 * half)
    bent = 5 / (2 * half) * (0.5 * (3 * sigma**2 / half**2 - 1)) ** 2
    # white noise of 0.01 nA at 2 Hz is that density at any rate
    expected = WHITE.white * np.sqrt(0.5 / (own - flat - bent))
    found = area_bound([gaussian(0.7)], "NE", rate_hz=rate_hz, noise=WHITE)
    assert found.area_se == pytest.approx(expected, rel=2e-3)
    assert found.high_min - found.low_min == pytest.approx(2 * half / 60, rel=0.02)


def test_a_neighbour_costs_only_where_it_overlaps() -> None:
    alone = area_bound([gaussian(1.0)], "NE", rate_hz=2.0, noise=WHITE).area_se
    beside = [area_bound([gaussian(1.0), gaussian(1.0, 10.0 + 4 * SIGMA * r, "x")], "NE", rate_hz=2.0, noise=WHITE)
              for r in (0.8, 3.0)]  # fmt: skip
    assert beside[0].area_se > 1.05 * alone
    assert beside[1].area_se == pytest.approx(alone)  # outside of what counts as local


def test_noise_twice_as_large_doubles_the_bound() -> None:
    one, two = (
        area_bound([gaussian(1.0)], "NE", rate_hz=2.0, noise=Noise(k * 0.004, k * 0.0012, k * 0.002)).area_se
        for k in (1, 2)
    )
    assert two == pytest.approx(2 * one, rel=1e-9)


def test_a_faint_run_holds_noradrenaline_at_the_distances_said() -> None:
    run = simulate_faint_run(5, samples=24)
    ne = run.truth[run.truth["analyte"] == "NE"].set_index("injection_id")
    samples = ne[ne["kind"] == "dialysate"]
    assert len(run.injections) == len(run.traces) == len(ne)
    aimed = samples[samples["aimed"] > 0]
    np.testing.assert_allclose(aimed["area"] / aimed["bound"], aimed["aimed"], rtol=0.02)
    for snr in DETECTION:
        assert (samples["aimed"] == snr).sum() == 3
    assert (samples.loc[samples["aimed"] == 0, "area"] == 0).all()
    assert samples["beside"].sum() == 8
    early, late = ne["apex_min"].iloc[0], ne["apex_min"].iloc[-1]
    assert abs(late / early - 1) == pytest.approx(0.03, abs=0.012)  # jitter of 0.3 % on either


def test_same_seed_same_run() -> None:
    one, two = (simulate_faint_run([3, 1], samples=8) for _ in range(2))
    assert all((a.signal == b.signal).all() for a, b in zip(one.traces, two.traces, strict=True))
    assert (simulate_faint_run([3, 2], samples=8).traces[0].signal != one.traces[0].signal).any()
