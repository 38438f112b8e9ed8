"""Mixed models against R: lme4, lmerTest, pbkrtest, nlme, emmeans, and a censored likelihood written out.

tests/data/release_r holds the R script, its data and its output; R is not needed here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coeruleus.release.adjust import adjust_p
from coeruleus.release.area_test import welch_interval
from coeruleus.release.autoregressive import fit_autoregressive
from coeruleus.release.censored import adjusted_profile, fit_censored
from coeruleus.release.censored_likelihood import evaluate_censored, stack_censored
from coeruleus.release.effect_size import hedges_g
from coeruleus.release.kenward_roger import fit_kenward_roger
from coeruleus.release.mixed import fit_mixed
from coeruleus.release.permutation import permute_groups
from coeruleus.release.rm_anova import repeated_measures

FOLDER = Path(__file__).parents[2] / "data" / "release_r"
R = pd.read_csv(FOLDER / "output.txt", sep="\t", names=["name", "place", "value"]).groupby("name")["value"].apply(list)
FOUR_DIGITS = {"rel": 1e-4, "abs": 2e-6}


class Data:
    """One data set as the fits take it, with the contrasts that the script asks for."""

    def __init__(self, name: str):
        frame = pd.read_csv(FOLDER / f"{name}.tsv", sep="\t")
        self.frame, self.y = frame, frame["y"].to_numpy()
        self.cells = sorted(frame["cell"].unique())
        self.x = (frame["cell"].to_numpy()[:, None] == np.array(self.cells)).astype(float)
        self.animals = pd.factorize(frame["animal"])[0]
        after = (frame["after"] == 1).to_numpy()
        self.times = sorted(frame["t"][after].unique())
        self.effects = {"level": self.animals, "response": np.where(after, self.animals, -1)}
        if frame["probe"].nunique() > frame["animal"].nunique():
            probe = pd.factorize(frame["probe"])[0]
            self.effects |= {"probe level": probe, "probe response": np.where(after, probe, -1)}

    def change(self, arm: str, time: int) -> np.ndarray:
        return np.array([(cell == f"{arm}:{time}") - (cell == f"{arm}:0") for cell in self.cells], dtype=float)

    def difference(self, time: int) -> np.ndarray:
        return self.change("drug", time) - self.change("vehicle", time)


@pytest.mark.parametrize("name", ["balanced", "gaps", "probes"])
@pytest.mark.parametrize(("df", "fit"), [("Satterthwaite", fit_mixed), ("Kenward-Roger", fit_kenward_roger)])
def test_contrasts_and_interaction(name, df, fit):
    data = Data(name)
    found = fit(data.y, data.x, data.animals, data.effects)
    for time in data.times:
        for what, weights in (("change", data.change("drug", time)), ("difference", data.difference(time))):
            one = found.contrast(weights)
            ours = [one.estimate, one.se, one.df, one.statistic, one.ci_low, one.ci_high, one.p_value]
            assert ours == pytest.approx(R[f"{name} {df} {what} {time}"], **FOUR_DIGITS), (what, time)
    joint = found.joint(np.array([data.difference(time) for time in data.times]))
    ours = [joint.df_numerator, joint.df, joint.statistic, joint.p_value]
    assert ours == pytest.approx(R[f"{name} {df} interaction"], **FOUR_DIGITS)


@pytest.mark.parametrize("name", ["balanced", "gaps"])
def test_autoregressive(name):
    data = Data(name)
    position = data.frame["position"].to_numpy()
    found = fit_autoregressive(data.y, data.x, data.animals, data.effects, data.animals, position)
    assert found.phi == pytest.approx(R[f"{name} ar1 phi"][0], rel=1e-4, abs=1e-4)
    for time in data.times:
        one = found.contrast(data.difference(time))
        assert [one.estimate, one.se] == pytest.approx(R[f"{name} ar1 difference {time}"], **FOUR_DIGITS)
        assert 3 < one.df < len(data.y)


def limits() -> tuple[Data, dict]:
    data = Data("censored")
    low = (data.frame["state"] != "ok").to_numpy()
    bounds = {"y": np.where(low, np.nan, data.y), "high": data.frame["high"].to_numpy(float)}
    bounds["low"] = np.where(low, data.frame["low"].to_numpy(float), -np.inf)
    assert 0.25 < low.mean() < 0.35
    return data, {**bounds, "x": data.x, "animals": data.animals, "effects": data.effects}


def test_censored_likelihood_and_its_maximum():
    _, given = limits()
    found = fit_censored(**given, restricted=False)
    sds = [np.sqrt(found.variances[name]) for name in ("residual", "level", "response")]
    effects = [given["effects"][name] for name in ("level", "response")]
    blocks = stack_censored(*(given[name] for name in ("y", "low", "high", "x", "animals")), effects)
    value = evaluate_censored(blocks, np.array(sds), found.coefficients, given["x"].shape[1])
    assert value.log_likelihood == pytest.approx(R["censored ml loglik"][0], rel=1e-7)
    assert sds == pytest.approx(R["censored ml sd"], rel=1e-5)
    assert found.coefficients == pytest.approx(R["censored ml coefficients"], rel=1e-5, abs=1e-6)


def test_censored_adjusted_profile_at_given_variances():
    _, given = limits()
    deviance, beta, covariance = adjusted_profile(**given, sds=np.array([0.2, 0.5, 0.1]))
    assert deviance == pytest.approx(R["censored adjusted deviance"][0], rel=1e-6)
    assert beta == pytest.approx(R["censored adjusted coefficients"], rel=1e-6, abs=1e-6)
    assert np.sqrt(np.diag(covariance)) == pytest.approx(R["censored adjusted se"], rel=1e-5)


def test_without_a_censored_value_it_is_reml():
    data = Data("gaps")
    free = np.full(len(data.y), -np.inf)
    found = fit_censored(data.y, free, 0 * data.y, data.x, data.animals, data.effects)
    reml = fit_mixed(data.y, data.x, data.animals, data.effects)
    for weights in (data.difference(1), data.change("drug", 2)):
        one, other = found.contrast(weights), reml.contrast(weights)
        assert [one.estimate, one.se, one.df] == pytest.approx([other.estimate, other.se, other.df], rel=1e-3)


def table(data: Data) -> tuple[np.ndarray, np.ndarray]:
    after = data.frame[data.frame["after"] == 1]
    wide = after.pivot(index="animal", columns="t", values="y")
    return wide.to_numpy(), after.drop_duplicates("animal").set_index("animal")["group"][wide.index].to_numpy(object)


def slip_of_r(w: float, df: int) -> float:
    """What p of R's mauchly.test has too much with four times.

    Its second-order term has 3 p with p the number of times, where the published one (Anderson 2003, ch. 10)
    has it of their differences, as everywhere else in it.
    """
    d = 3
    rho = 1 - (2 * d**2 + d + 2) / (6 * d * df)
    z, f = -df * rho * np.log(w), d * (d + 1) / 2 - 1
    weight = (d + 2) * (d - 1) * (d - 2) * 3 / (288 * (df * d * rho) ** 2)
    return float(weight * (stats.chi2.sf(z, f + 4) - stats.chi2.sf(z, f)))


def test_repeated_measures():
    values, arms = table(Data("balanced"))
    for number, found, names in (
        (1, repeated_measures(values, arms), {"group": "group", "time": "t", "group × time": "group:t"}),
        (2, repeated_measures(values[arms == "drug"], arms[arms == "drug"]), {"time": "t"}),
    ):
        for term in found.terms:
            name = names[term.name]
            ours = [term.df_numerator, term.df, term.statistic, term.p_value]
            assert ours == pytest.approx(R[f"balanced rm {number} {name}"], **FOUR_DIGITS)
            if name != "group":
                ours = [term.gg_epsilon, term.gg_p, term.hf_epsilon, term.hf_p]
                assert ours == pytest.approx(R[f"balanced rm {number} {name} epsilon"], **FOUR_DIGITS)
                w, p = R[f"balanced rm {number} {name} mauchly"]
                assert found.mauchly_w == pytest.approx(w, **FOUR_DIGITS)
                slip = slip_of_r(w, df=8 if number == 1 else 4)
                assert found.mauchly_p == pytest.approx(p - slip, **FOUR_DIGITS)


@pytest.mark.parametrize("name", ["balanced", "gaps"])
def test_areas_effect_sizes_permutations_and_adjustment(name):
    data = Data(name)
    after = data.frame[data.frame["after"] == 1]
    means = after.groupby(["group", "animal"])["y"].mean()
    drug, vehicle = means["drug"].to_numpy(), means["vehicle"].to_numpy()
    found = welch_interval(drug, vehicle)
    ours = [found.statistic, found.df, found.p_value, found.ci_low, found.ci_high]
    assert ours == pytest.approx(R[f"{name} welch"], **FOUR_DIGITS)
    size = hedges_g(drug, vehicle)
    assert [size.value, size.low, size.high] == pytest.approx(R[f"{name} hedges"], **FOUR_DIGITS)
    t, p, _ = permute_groups(drug, vehicle)
    assert (t, p) == pytest.approx((found.statistic, R[f"{name} permutation"][0]))
    fit = fit_mixed(data.y, data.x, data.animals, data.effects)
    p_values = [fit.contrast(data.difference(time)).p_value for time in data.times]
    assert adjust_p(p_values, "holm") == pytest.approx(R[f"{name} emmeans holm"], **FOUR_DIGITS)
    assert adjust_p(p_values, "fdr") == pytest.approx(R[f"{name} emmeans BH"], **FOUR_DIGITS)
