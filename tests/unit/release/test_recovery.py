"""Recovery: in vitro, retrodialysis, zero-net-flux."""

import numpy as np
import pytest

from coeruleus.release.zero_net_flux import NoFlux, fit_no_flux

from .studies import run, samples

LEVELS = [0.0, 1.0, 2.0, 4.0]


def perfusion(levels: list[float], drug_at: float | None = None) -> list[dict]:
    rows = [
        {"subject_id": "r1", "onset_min": 60.0 * place, "trial_type": "perfusate", "analyte": "NE"}
        | {"perfusate_concentration": level}
        for place, level in enumerate(levels)
    ]
    if drug_at is not None:
        rows.append({"subject_id": "r1", "onset_min": drug_at, "trial_type": "drug", "drug": "desipramine"})
    return rows


def collected(levels: list[float], recovery: float, outside: float, rng: np.random.Generator) -> list[float]:
    true = np.repeat([level + recovery * (outside - level) for level in levels], 3)
    return (true * (1 + rng.normal(0, 0.01, len(true)))).tolist()


def test_without_noise_the_line_is_exact():
    perfused = np.repeat(LEVELS, 2)
    found = fit_no_flux(perfused, perfused + 0.3 * (1.5 - perfused))
    assert isinstance(found, NoFlux)
    assert (found.recovery, found.extracellular) == pytest.approx((0.3, 1.5))


def test_zero_net_flux_has_no_bias_and_its_intervals_cover():
    rng = np.random.default_rng(3)
    perfused = np.repeat([0.0, 1.0, 2.0, 4.0, 8.0], 3)
    true = 0.2 * 1.5 + 0.8 * perfused
    fits = [fit_no_flux(perfused, true * (1 + rng.normal(0, 0.1, len(true)))) for _ in range(400)]
    fits = [fit for fit in fits if isinstance(fit, NoFlux)]
    assert len(fits) > 390
    assert np.mean([fit.recovery for fit in fits]) == pytest.approx(0.2, abs=0.01)
    assert np.median([fit.extracellular for fit in fits]) == pytest.approx(1.5, rel=0.05)
    inside = [fit.extracellular_low < 1.5 < fit.extracellular_high or fit.reason is not None for fit in fits]
    assert 0.9 < np.mean(inside) < 0.99


def test_zero_net_flux_from_the_sheets_and_a_drug_that_changes_recovery():
    rng = np.random.default_rng(4)
    values = collected(LEVELS, 0.3, 1.5, rng) + collected(LEVELS, 0.15, 3.0, rng)
    rows = samples("r1", values, first=0)
    result = run(rows, events=perfusion(LEVELS * 2, drug_at=240.0))
    found = result.recovery[result.recovery["method"] == "zero_net_flux"].set_index("condition")
    assert found.loc["baseline", "recovery"] == pytest.approx(0.3, abs=0.02)
    assert found.loc["baseline", "extracellular"] == pytest.approx(1.5, rel=0.05)
    assert found.loc["desipramine", "extracellular"] == pytest.approx(3.0, rel=0.1)
    assert found.loc["desipramine", "changed"] and found.loc["baseline", "n_levels"] == 4
    assert any("recovery under desipramine" in problem.message for problem in result.problems)


def test_too_few_concentrations_are_said():
    rows = samples("r1", [1.0, 1.0, 1.0, 1.5, 1.5, 1.5], first=0)
    row = run(rows, events=perfusion([0.0, 1.0])).recovery.iloc[0]
    assert row["status"] == "failed" and "2 concentrations in 6 samples" in row["reason"]


def test_in_vitro_by_hand():
    probes = [{"probe_id": "r1", "subject_id": "r1", "recovery": 0.2, "recovery_se": 0.02}]
    row = run(samples("r1", [1.0, 1.0, 1.0, 2.0]), probes=probes).recovery.iloc[0]
    assert row["extracellular"] == pytest.approx(5.0)
    assert row["extracellular_se"] == pytest.approx(5 * np.hypot(0.05 / np.sqrt(3), 0.1))
    row = run(samples("r1", [1.0] * 4), probes=[{**probes[0], "recovery": 20.0}]).recovery.iloc[0]
    assert row["status"] == "failed" and "0.2 for 20 %" in row["reason"]


def test_retrodialysis_and_its_change():
    rows = samples("r1", [8.0, 8.1, 7.9, 9.0, 9.1, 8.9], analyte="DHBA")
    events = [{"subject_id": "r1", "onset_min": 0.0, "trial_type": "drug", "drug": "X"}]
    result = run(rows, events=events, retrodialysis_standard="DHBA", perfusate_concentration=10.0)
    found = result.recovery.set_index("condition")
    assert found.loc["baseline", "recovery"] == pytest.approx(0.2)
    assert found.loc["X", "recovery"] == pytest.approx(0.1) and found.loc["X", "changed"]


def test_zero_net_flux_waits_for_the_perfusate_to_arrive():
    """Each concentration arrives 20 min after its switch: samples of the first 20 min still hold the one before."""
    levels = [0.0, 1.0, 2.0, 4.0]
    late = np.concatenate([[np.nan], np.repeat(levels, 3)])[:12]
    true = np.where(np.isnan(late), 0.3 * 1.5, late + 0.3 * (1.5 - late))
    rows = samples("r1", true.tolist(), first=0)
    result = run(rows, events=perfusion(levels), flow_rate_ul_per_min=1.0, inlet_volume_ul=20.0)
    found, points = result.recovery.iloc[0], result.flux_points
    assert (found["recovery"], found["extracellular"]) == pytest.approx((0.3, 1.5))
    assert found["n_samples"] == len(points) == 11
    assert sorted(points["perfused"]) == [0, 0, 0, 1, 1, 1, 2, 2, 2, 4, 4]
    assert points["fitted"].to_numpy() == pytest.approx(points["lost"].to_numpy())


def test_retrodialysis_gives_the_concentration_outside_of_the_others():
    """A fifth of the standard is lost, so what is collected of NE is a fifth of what is outside."""
    rows = samples("r1", [8.0, 8.1, 7.9], analyte="DHBA") + samples("r1", [0.4, 0.42, 0.38], analyte="NE")
    rows = [{**row, "injection_id": f"{row['injection_id']}{row['analyte']}"} for row in rows]
    found = run(rows, retrodialysis_standard="DHBA", perfusate_concentration=10.0).recovery.set_index("analyte")
    row = found.loc["NE"]
    assert (row["method"], row["recovery"], row["extracellular"]) == (
        "retrodialysis",
        pytest.approx(0.2),
        pytest.approx(2),
    )
    relative = np.hypot(0.02 / np.sqrt(3) / 0.4, 0.01 / np.sqrt(3) / 0.2)
    assert row["extracellular_se"] == pytest.approx(2 * relative) and "recovery of DHBA" in row["reason"]
    none = run(
        [{**row, "concentration": 10.5} if row["analyte"] == "DHBA" else row for row in rows],
        retrodialysis_standard="DHBA",
        perfusate_concentration=10.0,
    ).recovery.set_index("analyte")
    assert none.loc["NE", "status"] == "failed" and np.isnan(none.loc["NE", "extracellular"])


def test_samples_below_a_limit_do_not_bias_the_recovery():
    """A fifth of 1.5 nM is collected at no perfusate, right at the limit: half of those samples are below it."""
    rng, recovered = np.random.default_rng(7), []
    perfused = np.repeat(LEVELS, 3)
    for _ in range(60):
        seen = (perfused + 0.2 * (1.5 - perfused)) * (1 + rng.normal(0, 0.1, len(perfused)))
        rows = samples("r1", [1.0, 1.0, 1.0, *seen.tolist()], loq=0.3)
        row = run(rows, events=perfusion(LEVELS), equilibration_min=0.0).recovery.iloc[0]
        assert row["n_samples"] == len(perfused)
        low = int((seen < 0.3).sum())
        assert not low or f"{low} of 12 samples are below a limit and count" in row["reason"]
        recovered.append(row["recovery"])
    assert np.mean(recovered) == pytest.approx(0.2, abs=3 * np.std(recovered) / np.sqrt(60))
