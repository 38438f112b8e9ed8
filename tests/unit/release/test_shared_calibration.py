"""One calibration makes all concentrations of a run: its error cancels in ratios as far as it does, and no further."""

import numpy as np
import pytest
from benchmarks.release.calibration_study import coverage, known

from coeruleus.tables.dialysate import LOADINGS

from .studies import run, samples, study

VALUES = [1.0, 1.0, 1.0, 3.0]
OWN = 0.01


def course(shared: list[float], runs: str, **more: object) -> list[dict]:
    """A course with OWN errors and one error of each run, of which `shared` enters each sample."""
    rows = samples("r1", VALUES)  # type: ignore[arg-type]
    for row, part, name in zip(rows, shared, runs, strict=True):
        row |= {"calibration_1": part, "concentration_se": float(np.hypot(OWN, part)), "run": name, **more}
    return rows


def last(rows: list[dict]) -> dict:
    return run(rows).release.iloc[-1].to_dict()


OWN_PERCENT = 100 * np.hypot(OWN, 3 * OWN / np.sqrt(3))


def test_a_wrong_slope_cancels_within_a_run_and_not_between_runs() -> None:
    """10 % of every concentration."""
    slope = [0.1, 0.1, 0.1, 0.3]
    assert last(course(slope, "aaaa"))["percent_baseline_se"] == pytest.approx(OWN_PERCENT)
    two = last(course(slope, "aaab"))
    assert two["percent_baseline_se"] == pytest.approx(np.hypot(OWN_PERCENT, 300 * 0.1 * np.sqrt(2)))
    assert two["log_ratio_se"] == pytest.approx(two["percent_baseline_se"] / 300)
    assert two["difference_baseline_se"] == pytest.approx(np.sqrt(OWN**2 * 4 / 3 + 0.3**2 + 0.1**2))


def test_a_wrong_intercept_cancels_in_the_difference_and_not_in_per_cent() -> None:
    """0.05 nM to every sample: (3 + δ) ÷ (1 + δ) changes by −2 δ."""
    found = last(course([0.05] * 4, "aaaa"))
    assert found["difference_baseline_se"] == pytest.approx(OWN * np.sqrt(4 / 3))
    assert found["percent_baseline_se"] == pytest.approx(np.hypot(OWN_PERCENT, 200 * 0.05))


def test_the_baseline_does_not_become_better_known_than_its_calibration() -> None:
    base = run(course([0.05] * 4, "aaaa")).baselines.iloc[0]
    assert base["calibration_se"] == pytest.approx(0.05)
    assert base["mean_se"] == pytest.approx(np.hypot(0.05, OWN / np.sqrt(3)))
    assert base["ci_high"] - base["mean"] == pytest.approx(1.959964 * 0.05)  # equal samples: no scatter
    three = run(course([0.05] * 4, "abcd")).baselines.iloc[0]
    assert three["calibration_se"] == pytest.approx(0.05 / np.sqrt(3))
    assert np.isnan(run(samples("r1", VALUES)).baselines["calibration_se"][0])  # type: ignore[arg-type]


def test_an_area_and_the_time_above_a_threshold_know_what_cancels() -> None:
    """The one sample of 20 min is 200 % above: slope errors leave the area as it is."""
    slope = [0.1, 0.1, 0.1, 0.3]
    one, two = (run(course(slope, runs), threshold_percent=299.0).summary.iloc[0] for runs in ("aaaa", "aaab"))
    assert one["auc_percent_min_se"] == pytest.approx(20 * OWN_PERCENT)
    assert two["auc_percent_min_se"] == pytest.approx(20 * np.hypot(OWN_PERCENT, 300 * 0.1 * np.sqrt(2)))
    far = [run(course(slope, runs), threshold_percent=280.0).summary.iloc[0] for runs in ("aaaa", "aaab")]
    assert [row["duration_above_ci_low"] for row in far] == [20, 0]


def test_turnover_keeps_what_its_two_calibrations_do_not_share() -> None:
    """Slopes of both wrong by 10 %: the ratio by 14 %, its per cent of baseline not at all."""
    slope = [0.1, 0.1, 0.1, 0.3]
    metabolite = [
        {**row, "analyte": "MHPG", "injection_id": row["injection_id"] + "m"} for row in course(slope, "aaaa")
    ]
    found = run(course(slope, "aaaa") + metabolite).turnover.iloc[-1]
    own = np.sqrt(2) * OWN / 3
    assert found["value_se"] == pytest.approx(np.hypot(own, 0.1 * np.sqrt(2)))
    assert found["percent_baseline_se"] == pytest.approx(100 * own)  # its baseline does not scatter


@pytest.mark.parametrize("runs", ["aaaaaaa", "aaabbbb"])
def test_intervals_cover_where_the_error_of_the_calibration_is_known(runs: str) -> None:
    """The small version of benchmarks/release: 1,000 animals, 0.93 to 0.97 give or take what chance does."""
    frame = known(np.random.default_rng(11), 1000, runs)
    shares = coverage(frame)
    assert len(shares) == 7 and all(0.92 < share < 0.98 for share in shares.values()), shares
    without = coverage(frame.assign(**dict.fromkeys(LOADINGS, np.nan)))
    assert min(without.values()) < 0.7  # as if every error were a sample's own


def group_study(shift: float = 0.0, stretch: float = 0.0, runs: str = "a") -> tuple[list[dict], dict[str, str | None]]:
    """Five animals a group; the calibration of a run is wrong by 0.05 nM and 10 % as far as nobody knows."""
    rows, groups = study(np.random.default_rng(4), {"vehicle": 0.0, "drug": 0.7}, animals=5)
    for place, row in enumerate(rows):
        value = row["concentration"]
        row |= {"calibration_1": 0.05, "calibration_2": 0.1 * value, "concentration_se": 0.2 * value + 0.1}
        row |= {"concentration": value * (1 + stretch) + shift, "run": runs[place % len(runs)]}
    return rows, groups


@pytest.mark.parametrize("outcome", ["log", "percent"])
def test_effects_of_groups_say_what_all_animals_of_a_run_share(outcome: str) -> None:
    """The error is how far the estimate moves when all samples of the run are wrong alike."""
    h = 1e-4
    tables = [
        run(*group_study(*wrong), reference_group="vehicle", outcome=outcome, permutation=False).statistics
        for wrong in ((0.0, 0.0), (h, 0.0), (0.0, h))
    ]
    first, shifted, stretched = (table[table["group"].notna()].set_index(["model", "effect"]) for table in tables)
    moved = np.hypot(
        0.05 * (shifted["estimate"] - first["estimate"]) / h, 0.1 * (stretched["estimate"] - first["estimate"]) / h
    )
    assert len(first) == 15 and first["calibration_se"].notna().all()
    assert first["calibration_se"].to_numpy() == pytest.approx(moved.to_numpy(), rel=0.02)


def low_drug(shift: float = 0.0, stretch: float = 0.0) -> tuple[list[dict], dict[str, str | None]]:
    """As `group_study`; the drug brings the analyte to a fifth, below the limit of quantification, numbers kept."""
    rows, groups = group_study()
    for row in rows:
        if row["subject_id"].startswith("drug") and row["start_min"] >= 0:
            row["concentration"] /= 10
            row["calibration_2"] = 0.1 * row["concentration"]
        row |= {"loq": 0.4, "concentration": row["concentration"] * (1 + stretch) + shift}
    return rows, groups


TAKEN_OUT = [{"session_id": "drug0", "probe_id": "drug0", "sample_id": "s4", "action": "exclude"}]


@pytest.mark.parametrize("make", [group_study, low_drug])
@pytest.mark.parametrize("more", [{"window_min": (0.0, 40.0)}, {"decisions": TAKEN_OUT}, {"outcome": "percent"}])
def test_effects_over_a_window_move_as_their_common_error_says(make, more: dict) -> None:
    """However the window lies, with a sample taken out, and with samples below a limit."""
    h, found = 1e-4, []
    for wrong in ((0.0, 0.0), (h, 0.0), (0.0, h)):
        rows, groups = make(*wrong)
        if "decisions" in more:
            next(row for row in rows if row["injection_id"] == "drug0_4")["concentration"] = 200.0
        table = run(rows, groups, reference_group="vehicle", permutation=False, **more).statistics
        found.append(table[table["effect"].str.contains("over the window")].set_index("effect"))
    first, shifted, stretched = found
    moved = np.hypot(
        0.05 * (shifted["estimate"] - first["estimate"]) / h, 0.1 * (stretched["estimate"] - first["estimate"]) / h
    )
    assert len(first) == 3 and first["calibration_se"].to_numpy() == pytest.approx(moved.to_numpy(), rel=0.02)


def test_per_cents_of_the_mean_of_all_animals_claim_no_common_error() -> None:
    rows, groups = group_study()
    found = run(rows, groups, reference_group="vehicle", baseline_normalise="grand_mean").statistics
    window = found[found["effect"].str.contains("over the window")]
    assert window["estimate"].notna().any() and window["calibration_se"].isna().all()


def test_a_large_common_error_is_said() -> None:
    rows, groups = group_study()
    rows = [{**row, "calibration_1": 0.5} for row in rows]
    found = run(rows, groups, reference_group="vehicle").statistics
    assert found["reason"].str.contains("which animals of a run share").any()
    none = run([{**row, "calibration_1": None, "calibration_2": None} for row in rows], groups).statistics
    assert none["calibration_se"].isna().all()
