"""A treatment that changes recovery is said wherever a per cent of baseline rests on it."""

import numpy as np
import pytest
from scipy import stats

from coeruleus.release.recovery import Losses
from coeruleus.release.zero_net_flux import NoFlux, fit_no_flux

from .studies import run, samples

DRUG = [{"onset_min": 0.0, "trial_type": "drug", "drug": "X", "subject_id": "a1"}]
STANDARD = {"retrodialysis_standard": "DHBA", "perfusate_concentration": 10.0}
LOST_MORE = [8.0, 8.1, 7.9, 6.0, 6.1, 5.9]
LOST_ALIKE = [8.0, 8.1, 7.9, 8.1, 7.9, 8.0]


def two_groups(changed: list[str]) -> tuple[list[dict], dict[str, str | None], list[dict]]:
    """Two animals of drug and two of vehicle with NE, MHPG and the standard; recovery changes in some."""
    rng = np.random.default_rng(2)
    rows: list[dict] = []
    groups: dict[str, str | None] = {"a1": "drug", "a2": "drug", "v1": "vehicle", "v2": "vehicle"}
    for name in groups:
        for analyte, level in (("NE", 1.0), ("MHPG", 20.0)):
            values = (level * np.exp(rng.normal(0, 0.05, 6))).tolist()
            rows += samples(name, values, analyte=analyte, injection_id=f"{name}{analyte}")
        rows += samples(name, LOST_MORE if name in changed else LOST_ALIKE, analyte="DHBA")  # type: ignore[arg-type]
    for place, row in enumerate(rows):
        row["injection_id"] = f"i{place}"
    events = [{"onset_min": 0.0, "trial_type": "drug", "drug": "X", "subject_id": name} for name in groups]
    return rows, groups, events


def test_samples_summaries_and_statistics_carry_the_flag():
    rows, groups, events = two_groups(["a1"])
    result = run(rows, groups, events=events, reference_group="vehicle", **STANDARD)
    ne = result.release[result.release["analyte"] == "NE"]
    flagged = ne[ne["recovery_changed"].astype(bool)]
    assert set(flagged["subject_id"]) == {"a1"} and flagged["time_min"].tolist() == [10, 30, 50]
    assert ne["recovery_changed"].notna().all()  # measured in all, before and after
    summary = result.summary[result.summary["analyte"] == "NE"].set_index("subject_id")
    assert summary["recovery_changed"].tolist() == [True, False, False, False]
    assert "recovery under X is 0.4 and was 0.2" in summary.loc["a1", "reason"]
    effects = result.statistics[result.statistics["analyte"] == "NE"]
    own = effects[effects["estimate"].notna()]
    of_vehicle = own["group"].eq("vehicle") & own["reference"].isna()
    assert not own.loc[of_vehicle, "recovery_changed"].any() and own.loc[~of_vehicle, "recovery_changed"].all()
    texts = own.loc[~of_vehicle, "reason"]
    assert texts.str.contains("recovery changed in 1 of").all() and texts.str.contains("a1").all()
    said = own.loc[~of_vehicle, "sentence"].dropna()
    assert len(said) and said.str.endswith("Recovery changed too, so that this is release and recovery together.").all()
    assert not own.loc[of_vehicle, "sentence"].dropna().str.contains("ecovery").any()


def test_a_ratio_is_flagged_with_either_of_its_analytes():
    rows, groups, events = two_groups(["a1"])
    result = run(rows, groups, events=events, **STANDARD)
    turnover = result.turnover[result.turnover["recovery_changed"].astype(bool)]
    assert set(turnover["subject_id"]) == {"a1"} and (turnover["time_min"] > 0).all()
    effects = result.statistics[result.statistics["analyte"] == "MHPG/NE"]
    assert effects.loc[effects["group"].eq("drug"), "recovery_changed"].all()


def test_without_a_measured_recovery_nothing_is_said():
    rows, groups, events = two_groups([])
    rows = [row for row in rows if row["analyte"] != "DHBA"]
    result = run(rows, groups, events=events, reference_group="vehicle")
    for table in (result.release, result.summary, result.statistics, result.turnover):
        assert table["recovery_changed"].isna().all()
    assert not result.statistics["sentence"].dropna().str.contains("ecovery").any()


def test_a_change_before_the_second_drug_is_not_laid_on_the_first():
    """Recovery falls only under Y, given at 60 min: effects before it are as they were."""
    values = [8.0, 8.1, 7.9, 8.0, 8.1, 7.9, 6.0, 6.1, 5.9]
    rows = samples("a1", values, analyte="DHBA") + samples("a2", values, analyte="DHBA")  # type: ignore[arg-type]
    rng = np.random.default_rng(1)
    for name in ("a1", "a2"):
        rows += samples(name, np.exp(rng.normal(0, 0.05, 9)).tolist(), injection_id=f"{name}n")
    rows = [{**row, "injection_id": f"i{place}"} for place, row in enumerate(rows)]
    events = [
        {"onset_min": at, "trial_type": "drug", "drug": drug, "subject_id": name}
        for name in ("a1", "a2")
        for at, drug in ((0.0, "X"), (60.0, "Y"))
    ]
    found = run(rows, events=events, **STANDARD).statistics
    found = found[(found["analyte"] == "NE") & found["time_min"].notna()].set_index("time_min")
    assert found["recovery_changed"].to_dict() == {10: False, 30: False, 50: False, 70: True, 90: True, 110: True}


def test_zero_net_flux_and_retrodialysis_know_the_calibration():
    """A slope wrong by 10 % of everything collected moves the recovery; scatter alone does not show it."""
    perfused = np.repeat([0.0, 1.0, 2.0, 4.0], 2)
    collected = perfused + 0.3 * (1.5 - perfused)
    noisy = collected * (1 + 0.001 * np.array([1, -1] * 4))
    alone, shared = fit_no_flux(perfused, noisy), fit_no_flux(perfused, noisy, 0.1 * collected[:, None])
    assert isinstance(alone, NoFlux) and isinstance(shared, NoFlux) and shared.recovery == alone.recovery
    moved = fit_no_flux(perfused, 1.1 * noisy)
    assert isinstance(moved, NoFlux)
    expected = abs(moved.recovery - alone.recovery)
    assert shared.recovery_se == pytest.approx(np.hypot(alone.recovery_se, expected), rel=1e-3)
    rows = samples("a1", LOST_ALIKE, analyte="DHBA", calibration_1=0.4, concentration_se=0.5, run="r")  # type: ignore[arg-type]
    row = run(rows, events=DRUG, **STANDARD).recovery.iloc[0]
    assert row["recovery_se"] == pytest.approx(np.hypot(0.01 / np.sqrt(3), 0.04), rel=1e-6)


def test_an_analyte_too_low_to_be_measured_is_flagged_by_the_standard():
    """NE falls below its limit under the drug that doubles recovery: there the flag matters most."""
    rows = samples("a1", LOST_MORE, analyte="DHBA") + samples("a2", LOST_MORE, analyte="DHBA")  # type: ignore[arg-type]
    for name, last in (("a1", 0.3), ("a2", 0.4)):
        rows += samples(name, [1.0, 1.1, 0.9, 0.3, 0.25, last], loq=0.5)
    rows = [{**row, "injection_id": f"i{place}"} for place, row in enumerate(rows)]
    events = [{"onset_min": 0.0, "trial_type": "drug", "drug": "X", "subject_id": name} for name in ("a1", "a2")]
    result = run(rows, events=events, **STANDARD)
    ne = result.release[result.release["analyte"] == "NE"]
    assert ne["status"].tolist() == (["ok"] * 3 + ["below_loq"] * 3) * 2
    assert ne["recovery_changed"].tolist() == [False, False, False, True, True, True] * 2
    assert result.summary.loc[result.summary["analyte"] == "NE", "recovery_changed"].all()
    effects = result.statistics[(result.statistics["analyte"] == "NE") & result.statistics["estimate"].notna()]
    assert len(effects) and effects["recovery_changed"].all()


def test_what_lies_outside_the_window_does_not_flag_it():
    """Recovery falls under Y from 60 min; the window ends there."""
    values = [8.0, 8.1, 7.9, 8.0, 8.1, 7.9, 6.0, 6.1, 5.9]
    rng, rows, events = np.random.default_rng(1), [], []
    for name in ("a1", "a2"):
        rows += samples(name, values, analyte="DHBA")  # type: ignore[arg-type]
        rows += samples(name, np.exp(rng.normal(0, 0.05, 9)).tolist())
        for at, drug in ((0.0, "X"), (60.0, "Y")):
            events.append({"onset_min": at, "trial_type": "drug", "drug": drug, "subject_id": name})
    rows = [{**row, "injection_id": f"i{place}"} for place, row in enumerate(rows)]
    for window, flagged in (((0.0, 60.0), False), ((0.0, 120.0), True)):
        result = run(rows, events=events, window_min=window, **STANDARD)
        own = result.summary[result.summary["analyte"] == "NE"]
        assert own["recovery_changed"].tolist() == [flagged] * 2
        effects = result.statistics[(result.statistics["analyte"] == "NE") & result.statistics["time_min"].isna()]
        over = effects[effects["effect"].str.contains("over the window")]
        assert len(over) and set(over["recovery_changed"]) == {flagged}
        assert over["sentence"].str.contains("Recovery changed too").all() == flagged


def test_two_calibrations_are_no_change_of_recovery():
    """Each run's slope is wrong by 4 %, known: 5 % of 4,000 tests; within one run the test is Welch's."""
    rng, positives = np.random.default_rng(3), 0
    for _ in range(4000):
        loss = [Losses(0.2 + 0.8 * rng.normal(0, 0.04) + rng.normal(0, 0.01, 6), np.array(own))
                for own in ([0.032, 0.0], [0.0, 0.032])]  # fmt: skip
        positives += loss[1].differs_from(loss[0]) < 0.05
    assert 0.04 < positives / 4000 < 0.06
    one, two = (Losses(rng.normal(0.2, 0.01, 6), np.array([0.032])) for _ in range(2))
    assert two.differs_from(one) == pytest.approx(stats.ttest_ind(one.loss, two.loss, equal_var=False).pvalue)


def test_two_calibrations_are_no_change_of_zero_net_flux():
    """The same of the regression: a wrong slope of 4 % moves the recovery by 4 % of what is collected."""
    rng, perfused, positives = np.random.default_rng(5), np.repeat([0.0, 1.0, 2.0, 4.0], 3), 0
    collected = perfused + 0.3 * (1.5 - perfused)
    for _ in range(1000):
        fits = []
        for own in ([1.0, 0.0], [0.0, 1.0]):
            seen = collected * (1 + rng.normal(0, 0.04)) * (1 + rng.normal(0, 0.02, len(collected)))
            fits.append(fit_no_flux(perfused, seen, 0.04 * seen[:, None] * own))
        positives += fits[1].differs_from(fits[0]) < 0.05
    assert 0.035 < positives / 1000 < 0.07
