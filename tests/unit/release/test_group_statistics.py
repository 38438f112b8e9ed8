"""What is compared with what, on which samples, and what is said where nothing can be."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coeruleus.release.adjust import adjust_p
from coeruleus.release.assumptions import scaled_residuals
from coeruleus.release.autoregressive import AutoregressiveFit
from coeruleus.release.choices import Choices
from coeruleus.release.course_model import Design
from coeruleus.release.outcome import Outcome
from coeruleus.release.statistics import COURSE
from coeruleus.release.window_rows import WINDOW

from .studies import run, samples, study

RNG = np.random.default_rng(11)
ROWS, GROUPS = study(RNG, {"vehicle": 0.0, "drug": math.log(2)}, animals=5)


def effects(result, model: str = COURSE) -> pd.DataFrame:
    return result.statistics[result.statistics["model"] == model].set_index("effect")


def test_balanced_change_is_the_difference_of_means_of_logs():
    result = run(ROWS, GROUPS, reference_group="vehicle")
    release = result.release.assign(log=np.log(result.release["concentration"]))
    base = release[release["in_baseline"]].groupby("group")["log"].mean()
    then = release[release["time_min"] == 30].groupby("group")["log"].mean()
    found = effects(result)
    change = found.loc["drug: change from baseline at 30 min"]
    assert change["estimate"] == pytest.approx(then["drug"] - base["drug"])
    assert (change["n_subjects"], change["n_samples"]) == (5, 20)
    assert change["percent"] == pytest.approx(100 * math.exp(change["estimate"]))
    difference = found.loc["drug − vehicle: difference of change from baseline at 30 min"]
    assert difference["estimate"] == pytest.approx((then - base)["drug"] - (then - base)["vehicle"])
    assert (difference["group"], difference["reference"], difference["time_min"]) == ("drug", "vehicle", 30)
    assert difference["p_adjusted"] >= difference["p_value"] and difference["ci_low"] < math.log(2)
    assert found.loc["group × time", "df_numerator"] == 4 and found.loc["group × time", "p_value"] < 1e-4


def test_mean_change_over_the_window_is_a_t_test_of_animals():
    result = run(ROWS, GROUPS, reference_group="vehicle")
    change = (result.summary["auc_percent_min"] / result.summary["window_min"]).groupby(result.summary["group"])
    drug, vehicle = (change.get_group(name).to_numpy() for name in ("drug", "vehicle"))
    found = effects(result, WINDOW)
    one = stats.ttest_1samp(drug, 0)
    row = found.loc["drug: mean change over the window"]
    assert (row["statistic"], row["p_value"], row["df"]) == pytest.approx((one.statistic, one.pvalue, 4))
    two = stats.ttest_ind(drug, vehicle, equal_var=False)
    row = found.loc["drug − vehicle: difference of mean change over the window"]
    assert (row["statistic"], row["p_value"], row["df"]) == pytest.approx((two.statistic, two.pvalue, two.df))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(two.confidence_interval()))


def test_without_a_reference_each_group_against_its_own_baseline():
    found = effects(run(ROWS, GROUPS))
    assert found["reference"].isna().all() and "group × time" in found.index


def test_missed_probes_excluded_samples_and_unstable_baselines_are_in_no_statistic():
    plain = run([row for row in ROWS if row["subject_id"] not in ("drug0", "drug1")], GROUPS)
    probes = [{"probe_id": name, "subject_id": name, "placement": "hit"} for name in GROUPS]
    probes = [{**row, "placement": "miss"} if row["probe_id"] == "drug0" else row for row in probes]
    rows = [dict(row) for row in ROWS]
    first = [row for row in rows if row["subject_id"] == "drug1"]
    first[0]["concentration"] *= 5  # an unstable baseline
    result = run(rows, GROUPS, probes=probes)
    columns = ["estimate", "se", "df", "p_value", "n_subjects"]
    pd.testing.assert_frame_equal(effects(result)[columns], effects(plain)[columns])
    pd.testing.assert_frame_equal(effects(result, WINDOW)[columns], effects(plain, WINDOW)[columns])
    assert result.statistics["reason"].str.contains("probe missed: drug0").all()
    assert result.statistics["reason"].str.contains("baseline not stable: drug1").all()
    assert result.courses.set_index(["group", "time_min"])["n_subjects"]["drug", 10.0] == 3
    assert {"drug0", "drug1"} <= set(result.summary["subject_id"])
    decision = {"session_id": "drug2", "probe_id": "drug2", "sample_id": "s4", "action": "exclude", "reason": "bubble"}
    fewer = effects(run(ROWS, GROUPS, decisions=[{**decision, "author": "AB"}]))
    assert fewer.loc["drug: change from baseline at 30 min", "n_subjects"] == 4


@pytest.mark.parametrize("animals", [1, 2])
def test_few_animals_give_a_reason_or_a_number_never_a_crash(animals):
    rows, groups = study(np.random.default_rng(1), {"vehicle": 0.0, "drug": 0.7}, animals=animals)
    found = run(rows, groups, reference_group="vehicle").statistics
    assert (found["estimate"].notna() | found["statistic"].notna() | found["reason"].notna()).all()
    if animals == 1:
        assert found["p_value"].isna().all() and found["reason"].notna().all()


def test_values_below_detection_without_a_limit_are_left_out_of_the_log_model_and_counted():
    rows = [dict(row) for row in ROWS]
    for row in rows:
        if row["subject_id"] in ("drug0", "drug1", "drug2") and row["start_min"] == 20:
            row |= {"status": "below_lod", "reason": "low"}
    found = effects(run(rows, GROUPS))
    lost = found.loc["drug: change from baseline at 30 min"]
    assert np.isnan(lost["estimate"]) and "3 of 5 samples at 30 min are below detection" in lost["reason"]
    kept = found.loc["drug: change from baseline at 10 min"]
    assert np.isfinite(kept["estimate"]) and "low means are too high: 3" in kept["reason"]


def test_values_below_a_known_limit_enter_as_censored():
    """The substitution of half the limit and the censored estimate differ, and both say what they did."""
    rows = [{**row, "loq": 0.9} for row in ROWS]
    censored, half = run(rows, GROUPS), run(rows, GROUPS, below_limit="half_limit")
    name = Choices().model_name(censored=True)
    found = effects(censored, name)
    assert "enter as censored" in found["reason"].iloc[0] and np.isfinite(found["estimate"]).any()
    assert "half of it, which is biased" in effects(half)["reason"].iloc[0]
    low = censored.release["status"] == "below_loq"
    assert low.any() and found["n_samples"].max() > 0


def test_percent_outcome_leaves_the_baseline_out():
    found = effects(run(ROWS, GROUPS, outcome="percent"), Choices(outcome="percent").model_name(censored=False))
    row = found.loc["drug: change from baseline at 30 min"]
    release = run(ROWS, GROUPS).release
    then = release[(release["time_min"] == 30) & (release["group"] == "drug")]["percent_baseline"]
    assert row["estimate"] == pytest.approx(then.mean() - 100) and row["n_samples"] == 5
    assert "% of baseline" in row["sentence"]


def test_a_sentence_says_the_ratio_its_interval_and_the_test():
    row = effects(run(ROWS, GROUPS)).loc["drug: change from baseline at 30 min"]
    percent, low, high = (f"{row[name]:.3g}" for name in ("percent", "percent_ci_low", "percent_ci_high"))
    assert row["sentence"].startswith(
        f"NE in drug rose to {percent} % of baseline (95 % CI {low} to {high} %) at 30 min"
    )
    assert f"t({row['df']:.3g})" in row["sentence"]
    assert row["effect_size_ci_low"] < row["effect_size"] < row["effect_size_ci_high"]


@pytest.mark.parametrize("more", [{"correlation": "ar1"}, {"degrees_of_freedom": "kenward_roger"}, {"adjust": "fdr"}])
def test_other_choices_are_made_and_named(more):
    found = run(ROWS, GROUPS, rm_anova=True, **more)
    name = Choices(**more).model_name(censored=False)
    assert np.isfinite(effects(found, name).loc["drug: change from baseline at 30 min", "se"])
    anova = found.statistics[found.statistics["model"].str.startswith("analysis of variance")]
    assert set(anova["effect"]) == {"group", "time", "group × time"} and anova["p_value"].notna().all()
    assert anova.set_index("effect").loc["group × time", "p_value"] < 0.01
    checks = found.assumptions.set_index("check")
    assert checks.loc["residuals are normal", "p_value"] > 0 and set(checks["holds"]) <= {True, False, None}


def test_correlated_samples_are_placed_within_their_own_course():
    """One animal half a sample off, one with a tube split in two: no two samples of a course share a place."""
    rows = [dict(row) for row in ROWS]
    for row in rows:
        if row["subject_id"] == "drug0":
            row["start_min"], row["end_min"] = row["start_min"] - 10, row["end_min"] - 10
    split = next(row for row in rows if row["subject_id"] == "drug1" and row["start_min"] == -40)
    rows.append({**split, "sample_id": "half", "injection_id": "half", "start_min": -30.0})
    split["end_min"] = -30.0
    found = run(rows, GROUPS, correlation="ar1")
    own = effects(found, Choices(correlation="ar1").model_name(censored=False))
    changes = own[own.index.str.contains("change from baseline at")]
    assert changes["estimate"].notna().sum() >= 8 and not changes["reason"].astype(str).str.contains("positive").any()


def test_each_sentence_names_its_test():
    found = run(ROWS, GROUPS, reference_group="vehicle").statistics
    window = found[found["effect"].str.contains("over the window")].set_index("model")["sentence"]
    assert window[window.index.str.contains("permutation")].str.contains("permutation of animals, t = ").all()
    assert window[~window.index.str.contains("permutation")].str.contains(r"t test over animals, t\(").all()


def test_residuals_after_a_correlated_fit_are_scaled_by_what_it_found():
    """Given the true φ of 0.8 and the true variances each residual has a variance of 1."""
    rng, n, phi = np.random.default_rng(2), 4000, 0.8
    noise = rng.normal(size=(n, 5))
    for place in range(1, 5):
        noise[:, place] = phi * noise[:, place - 1] + np.sqrt(1 - phi**2) * noise[:, place]
    y = (noise + rng.normal(0, 2, (n, 1))).ravel()
    animals, place = np.repeat(np.arange(n), 5), np.tile(np.arange(5), n)
    everything = Outcome(y, np.full(5 * n, -np.inf), np.full(5 * n, np.inf), np.ones(5 * n, bool))
    levels = {"the animals' levels": animals}
    design = Design(everything, np.ones((5 * n, 1)), animals, levels, animals, place, np.full(5 * n, "a", object))
    variances = {"the animals' levels": 4.0, "residual": 1.0}
    one = np.eye(1)
    fit = AutoregressiveFit(np.zeros(1), one, variances, (), np.zeros((2, 1, 1)), np.eye(2), phi)
    _, scaled, _ = scaled_residuals(fit, design)
    assert scaled.std() == pytest.approx(1, abs=0.02)


def test_constant_data_have_no_test():
    rows = [row for name in "abcd" for row in samples(name, [1.0, 1.0, 1.0, 2.0, 2.0])]
    found = run(rows).statistics
    assert found["p_value"].isna().all() and found["reason"].notna().all()


def test_an_animal_without_a_group_is_left_out_and_named():
    groups = {**GROUPS, "drug4": None}
    result = run(ROWS, groups)
    assert effects(result).loc["drug: change from baseline at 30 min", "n_subjects"] == 4
    assert any("drug4" in problem.item and "no group" in problem.message for problem in result.problems)


def test_without_any_group_all_animals_are_one():
    result = run(ROWS, dict.fromkeys(GROUPS))
    assert set(result.courses["group"]) == {"all animals"} and result.summary["group"].isna().all()
    assert effects(result).loc["all animals: change from baseline at 30 min", "n_subjects"] == 10


def test_an_unknown_reference_group_is_a_problem():
    result = run(ROWS, GROUPS, reference_group="vehicel")
    assert any("vehicel" in problem.message for problem in result.problems)
    assert result.statistics["reference"].isna().all()
    assert "reference group" in effects(result).loc["difference from vehicel", "reason"]


def test_cross_over_compares_treatments_within_animals():
    rng = np.random.default_rng(8)
    rows, sessions = [], []
    for number in range(6):
        level = rng.normal(0, 0.5)
        for treatment, effect in (("saline", 0.0), ("drug", 0.6)):
            name = f"r{number}_{treatment}"
            logs = level + rng.normal(0, 0.08, 6) + effect * np.array([0, 0, 0, 1, 1, 1])
            rows += samples(f"r{number}", np.exp(logs).tolist(), session_id=name)
            sessions.append({"session_id": name, "subject_id": f"r{number}", "condition": treatment})
    result = run(rows, sessions=sessions, reference_group="saline")
    row = effects(result, WINDOW).loc["drug − saline: difference of mean change over the window"]
    assert "paired" in row["reason"] and row["df"] == 5 and row["n_subjects"] == 6
    row = effects(result).loc["drug − saline: difference of change from baseline at 30 min"]
    assert row["ci_low"] < 0.6 < row["ci_high"] and row["n_subjects"] == 6
    assert set(result.courses["group"]) == {"drug", "saline"}
    # with a group on top, each group's own saline is its reference
    groups = {f"r{number}": ("old" if number % 2 else "young") for number in range(6)}
    found = effects(run(rows, groups, sessions=sessions, reference_group="saline"))
    assert set(found["reference"].dropna()) == {"old, saline", "young, saline"}


def test_regions_are_never_pooled():
    rows, probes = [], []
    for name in GROUPS:
        own = [row for row in ROWS if row["subject_id"] == name]
        for region, factor in (("PFC", 1.0), ("HIP", 3.0)):
            probes.append({"probe_id": f"{name}_{region}", "subject_id": name, "region": region})
            rows += [
                {**row, "probe_id": f"{name}_{region}", "concentration": row["concentration"] * factor} for row in own
            ]
    result = run(rows, GROUPS, probes=probes, permutation=False)
    assert set(result.statistics["region"]) == {"HIP", "PFC"}
    assert set(result.courses["group"]) == {"drug, HIP", "drug, PFC", "vehicle, HIP", "vehicle, PFC"}
    pfc = result.statistics[result.statistics["region"] == "PFC"].set_index("effect")["estimate"]
    plain = run(ROWS, GROUPS, permutation=False).statistics.set_index("effect")["estimate"]
    assert pfc[plain.index].to_numpy() == pytest.approx(plain.to_numpy(), nan_ok=True)


def test_two_probes_of_one_animal_count_as_one_animal():
    again = [{**row, "probe_id": f"{row['probe_id']}R", "sample_id": f"{row['sample_id']}R"} for row in ROWS]
    again = [{**row, "injection_id": f"{row['injection_id']}R"} for row in again]
    probes = [{"probe_id": f"{name}{side}", "subject_id": name} for name in GROUPS for side in ("", "R")]
    result = run(ROWS + again, GROUPS, probes=probes)
    assert result.courses.set_index(["group", "time_min"])["n_subjects"]["drug", 10.0] == 5
    assert effects(result, WINDOW).loc["drug: mean change over the window", "df"] == 4
    assert effects(result).loc["drug: change from baseline at 30 min", "n_subjects"] == 5


def test_holm_by_hand():
    assert adjust_p([0.01, 0.04, 0.03, math.nan], "holm") == pytest.approx([0.03, 0.06, 0.06, math.nan], nan_ok=True)
    assert adjust_p([0.9, 0.8], "holm") == [1.0, 1.0] and adjust_p([], "holm") == []


@pytest.mark.parametrize("animals", [1, 2])
def test_an_analyte_that_is_nowhere_above_its_limit_has_rows_that_say_so(animals):
    rows, groups = study(np.random.default_rng(5), {"vehicle": 0.0, "drug": 0.0}, animals=animals)
    low = [{**row, "status": "below_lod", "concentration": None, "lod": 0.1, "loq": 0.3} for row in rows]
    for result in (run(low, groups, reference_group="vehicle"), run(rows[:8] + low[8:], groups)):
        assert len(result.statistics) and result.statistics["reason"].notna().all()
        assert result.statistics["estimate"].isna().all() or animals == 2


def test_a_time_at_which_every_sample_is_low_keeps_its_row():
    rows, groups = study(np.random.default_rng(6), {"vehicle": 0.0, "drug": 0.0}, animals=4)
    low = {"status": "below_lod", "concentration": None, "lod": 0.01, "loq": 0.02}
    rows = [
        {**row, **low} if row["subject_id"].startswith("drug") and row["sample_id"] == "s4" else row for row in rows
    ]
    found = run(rows, groups, reference_group="vehicle").statistics.set_index("effect")
    row = found.loc["drug: change from baseline at 30 min"]
    assert math.isnan(row["estimate"]) and "4 below a limit" in row["reason"]
    assert math.isfinite(found.loc["drug: change from baseline at 10 min", "estimate"].min())
