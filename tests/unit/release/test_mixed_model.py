"""The mixed model against exact results for balanced designs, and against statsmodels elsewhere."""

import warnings

import numpy as np
import pytest
from scipy import stats

from coeruleus.release.kenward_roger import fit_kenward_roger
from coeruleus.release.mixed import NotEstimable, fit_mixed


def test_balanced_one_way_layout_is_the_analysis_of_variance():
    rng = np.random.default_rng(1)
    a, n = 7, 4
    animals = np.repeat(np.arange(a), n)
    y = 3 + rng.normal(0, 1, a)[animals] + rng.normal(0, 0.5, a * n)
    means = y.reshape(a, n).mean(axis=1)
    between = n * means.var(ddof=1)
    within = ((y.reshape(a, n) - means[:, None]) ** 2).sum() / (a * (n - 1))
    fit = fit_mixed(y, np.ones((a * n, 1)), animals, {"animal": animals})
    assert fit.variances == pytest.approx({"animal": (between - within) / n, "residual": within}, rel=1e-9)
    mean = fit.contrast(np.ones(1))
    assert mean.estimate == pytest.approx(y.mean()) and mean.se == pytest.approx(np.sqrt(between / (a * n)))
    assert mean.df == pytest.approx(a - 1)
    low, high = stats.t.interval(0.95, a - 1, y.mean(), mean.se)
    assert (mean.ci_low, mean.ci_high) == pytest.approx((low, high))


def test_balanced_split_plot_has_exact_degrees_of_freedom_and_f():
    rng = np.random.default_rng(2)
    groups, per, times = 2, 5, 4
    animals = np.repeat(np.arange(groups * per), times)
    time, group = np.tile(np.arange(times), groups * per), animals // per
    y = rng.normal(0, 0.8, groups * per)[animals] + rng.normal(0, 0.3, len(animals)) + 0.2 * time * group
    x = np.eye(groups * times)[group * times + time]
    fit = fit_mixed(y, x, animals, {"animal": animals})
    table = y.reshape(groups, per, times)
    residual = table - table.mean(axis=2, keepdims=True) - table.mean(axis=1, keepdims=True)
    residual += table.mean(axis=(1, 2), keepdims=True)
    df = groups * (per - 1) * (times - 1)
    within = (residual**2).sum() / df
    change = fit.contrast(np.array([-1.0, 0, 0, 1, 0, 0, 0, 0]))
    assert change.se == pytest.approx(np.sqrt(2 * within / per)) and change.df == pytest.approx(df)
    cells = table.mean(axis=1)
    deviations = cells - cells.mean(0) - cells.mean(1, keepdims=True) + cells.mean()
    f = per * (deviations**2).sum() / (times - 1) / within
    rows = np.array([[-1, *np.eye(3)[k], 1, *-np.eye(3)[k]] for k in range(3)], dtype=float)
    test = fit.joint(rows)
    assert (test.statistic, test.df_numerator, test.df) == pytest.approx((f, times - 1, df))
    assert test.p_value == pytest.approx(stats.f.sf(f, times - 1, df))


def test_unbalanced_design_agrees_with_statsmodels():
    from statsmodels.regression.mixed_linear_model import MixedLM

    rng = np.random.default_rng(3)
    animals = np.repeat(np.arange(12), 9)
    keep = rng.random(len(animals)) > 0.25
    animals = animals[keep]
    time = np.tile(np.arange(9), 12)[keep]
    after = time > 2
    y = rng.normal(0, 0.5, 12)[animals] + after * rng.normal(0.5, 0.3, 12)[animals] + rng.normal(0, 0.2, len(animals))
    x = np.eye(7)[np.where(after, time - 2, 0)]
    fit = fit_mixed(y, x, animals, {"animal": animals, "after": np.where(after, animals, -1)})
    parts = {"a": np.ones((len(y), 1)), "b": after[:, None].astype(float)}
    design = {name: {g: part[animals == g] for g in range(12)} for name, part in parts.items()}
    from statsmodels.regression.mixed_linear_model import VCSpec

    spec = VCSpec(["a", "b"], [[["1"]] * 12] * 2, [[design[n][g] for g in range(12)] for n in "ab"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = MixedLM(y, x, animals, exog_vc=spec).fit(reml=True)
    found = [fit.variances["animal"], fit.variances["after"], fit.variances["residual"]]
    assert found == pytest.approx([*other.vcomp, other.scale], rel=2e-3)
    assert fit.coefficients == pytest.approx(np.asarray(other.fe_params), abs=1e-3)
    ours, theirs = np.sqrt(np.diag(fit.covariance)), np.asarray(other.bse_fe)
    assert ours == pytest.approx(theirs, rel=2e-3)


def test_degrees_of_freedom_are_those_of_a_likelihood_written_out():
    """Unbalanced, two random effects: the textbook formula on dense matrices, derivatives by differences."""
    rng = np.random.default_rng(6)
    animals = np.repeat(np.arange(9), [3, 5, 6, 4, 7, 5, 6, 6, 3])
    after = np.concatenate([np.arange(size) > 1 for size in np.bincount(animals)])
    y = rng.normal(0, 0.6, 9)[animals] + after * rng.normal(0.4, 0.5, 9)[animals] + rng.normal(0, 0.3, len(animals))
    x = np.column_stack([~after, after]).astype(float)
    fit = fit_mixed(y, x, animals, {"level": animals, "response": np.where(after, animals, -1)})
    same = animals[:, None] == animals[None, :]
    parts = [np.eye(len(y)), same.astype(float), (same & after[:, None] & after[None, :]).astype(float)]

    def covariance(v: np.ndarray) -> np.ndarray:
        inverse = np.linalg.inv(sum(value * part for value, part in zip(v, parts, strict=True)))
        return np.linalg.inv(x.T @ inverse @ x)

    def deviance(v: np.ndarray) -> float:
        total = sum(value * part for value, part in zip(v, parts, strict=True))
        inverse, c = np.linalg.inv(total), covariance(v)
        residual = y - x @ (c @ x.T @ inverse @ y)
        return np.linalg.slogdet(total)[1] - np.linalg.slogdet(c)[1] + residual @ inverse @ residual

    best = np.array([fit.variances[name] for name in ("residual", "level", "response")])
    step = np.diag(best * 1e-4)
    gradient = [(deviance(best + h) - deviance(best - h)) / (2 * h.sum()) for h in step]
    assert gradient == pytest.approx([0, 0, 0], abs=1e-4)
    hessian = np.array(
        [
            [
                (deviance(best + g + h) - deviance(best + g - h) - deviance(best - g + h) + deviance(best - g - h))
                / (4 * g.sum() * h.sum())
                for g in step
            ]
            for h in step
        ]
    )
    weights = np.array([-1.0, 1.0])
    variance = weights @ covariance(best) @ weights
    slope = [weights @ (covariance(best + h) - covariance(best - h)) @ weights / (2 * h.sum()) for h in step]
    df = 2 * variance**2 / (slope @ (2 * np.linalg.inv(hessian)) @ slope)
    found = fit.contrast(weights)
    assert found.se == pytest.approx(np.sqrt(variance), rel=1e-9)
    assert found.df == pytest.approx(df, rel=1e-3) and 5 < df < 20


def test_a_variance_of_zero_is_named_and_leaves_ordinary_least_squares():
    animals = np.repeat(np.arange(5), 4)
    y = np.tile([1.0, 2.0, 3.0, 4.5], 5) + np.tile([0.1, -0.1], 10)  # every animal has the same mean
    fit = fit_mixed(y, np.ones((20, 1)), animals, {"animal": animals})
    assert fit.zero == ("animal",) and fit.variances["residual"] == pytest.approx(y.var(ddof=1))
    assert fit.contrast(np.ones(1)).df == pytest.approx(19)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e5])
def test_results_scale_with_the_data(scale):
    rng = np.random.default_rng(4)
    animals = np.repeat(np.arange(6), 5)
    y = rng.normal(0, 1, 6)[animals] + rng.normal(0, 0.5, 30)
    x = np.ones((30, 1))
    one, other = (fit_mixed(y * s, x, animals, {"animal": animals}).contrast(np.ones(1)) for s in (1.0, scale))
    assert (other.se, other.df) == pytest.approx((one.se * scale, one.df))


def test_too_little_data_is_said():
    animals = np.array([0, 1])
    with pytest.raises(NotEstimable, match="too few"):
        fit_mixed(np.array([1.0, 2.0]), np.eye(2), animals, {"animal": animals})
    with pytest.raises(NotEstimable, match="do not vary"):
        fit_mixed(np.ones(4), np.ones((4, 1)), np.array([0, 0, 1, 1]), {"animal": np.array([0, 0, 1, 1])})


def test_kenward_roger_that_breaks_down_is_said():
    """Two samples of every animal and one cell for nearly each: level and residual are the same thing."""
    y = np.array([0.1, 0.5, -0.4, 0.3])
    with pytest.raises(NotEstimable):
        fit_kenward_roger(
            y, np.eye(4)[:, :3] + np.eye(4)[:, 3:] @ np.ones((1, 3)) / 3, np.arange(4), {"a": np.arange(4)}
        )
