"""AR(1) residuals with values below limits: the integral, its limits, and what R says."""

import numpy as np
import pytest
from scipy import stats

from coeruleus.release.autoregressive import AutoregressiveFit, fit_autoregressive
from coeruleus.release.censored import adjusted_profile, fit_censored
from coeruleus.release.censored_chain import evaluate_chain, stack_chain
from coeruleus.release.censored_likelihood import evaluate_censored, stack_censored
from coeruleus.release.choices import Choices
from coeruleus.release.course_model import fit_courses

from .test_against_r import Data, R, limits


def test_without_correlation_it_is_the_model_of_independent_samples():
    _, given = limits()
    y, low, high, x, animals = (given[name] for name in ("y", "low", "high", "x", "animals"))
    effects = [given["effects"][name] for name in sorted(given["effects"])]
    sds, beta = np.array([0.2, 0.5, 0.3]), np.linspace(-0.1, 0.6, x.shape[1])
    chained = stack_chain(y, low, high, x, animals, effects, animals, np.arange(len(y)))
    ours = evaluate_chain(chained, sds, 0.0, beta, x.shape[1])
    theirs = evaluate_censored(stack_censored(y, low, high, x, animals, effects), sds, beta, x.shape[1])
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, abs=3e-3)
    assert ours.score == pytest.approx(theirs.score, abs=0.05, rel=2e-3)
    assert ours.information == pytest.approx(theirs.information, abs=0.01 * theirs.information.max())


def test_the_probability_of_all_samples_below_a_limit_is_that_of_the_normal_distribution():
    """Seven samples of one animal, none with a number; scipy integrates the box another way (Genz 1992)."""
    n, phi = 7, 0.7
    y, x, one = np.full(n, np.nan), np.ones((n, 1)), np.zeros(n, dtype=np.int64)
    high = np.linspace(-1, 1, n)
    low = np.where(np.arange(n) % 2, high - 1.0, -np.inf)
    blocks = stack_chain(y, low, high, x, one, [one], one, np.arange(n))
    found = evaluate_chain(blocks, np.array([0.6, 0.8]), phi, np.array([0.1]), 1).log_likelihood
    steps = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    covariance = 0.6**2 * phi**steps + 0.8**2
    box = stats.multivariate_normal(np.full(n, 0.1), covariance, seed=1).cdf(high, lower_limit=low)  # type: ignore[call-arg]
    assert found == pytest.approx(np.log(box), abs=0.01)


def test_without_a_censored_value_it_is_the_autoregressive_fit():
    data = Data("gaps")
    position, free = data.frame["position"].to_numpy(), np.full(len(data.y), -np.inf)
    given = (data.x, data.animals, data.effects)
    found = fit_censored(data.y, free, 0 * data.y, *given, chain=(data.animals, position))
    known = fit_autoregressive(data.y, *given, data.animals, position)
    assert isinstance(found, AutoregressiveFit) and found.phi == pytest.approx(known.phi, abs=1e-4)
    for time in data.times:
        ours, theirs = found.contrast(data.difference(time)), known.contrast(data.difference(time))
        assert [ours.estimate, ours.se] == pytest.approx([theirs.estimate, theirs.se], rel=1e-4)
        assert ours.df == pytest.approx(theirs.df, rel=0.02)


def test_against_a_likelihood_written_out_in_r():
    """At given variances and φ, integrated there without draws; ours errs by what 512 points leave."""
    data, given = limits()
    chain = (data.animals, data.frame["position"].to_numpy())
    deviance, beta, covariance = adjusted_profile(**given, sds=np.array([0.2, 0.5, 0.1]), chain=chain, phi=0.5)
    assert deviance == pytest.approx(R["censored chain adjusted deviance"][0], abs=5e-3)
    assert beta == pytest.approx(R["censored chain coefficients"], abs=1e-3)
    assert np.sqrt(np.diag(covariance)) == pytest.approx(R["censored chain se"], rel=2e-3)


def test_intervals_know_the_order_of_the_samples():
    """The small version of benchmarks/release: what both models say of the same four studies."""
    from benchmarks.release.chain_study import RISE, chained, frame

    rng = np.random.default_rng(21)
    limit = float(np.quantile(np.concatenate([chained(rng).ravel() for _ in range(100)]), 0.3))
    samples = frame().assign(at_least=0.0, at_most=float(np.exp(limit)))
    inside, phis, wider = [], [], []
    for _ in range(4):
        y = chained(rng).ravel()
        study = samples.assign(concentration=np.exp(y), status=np.where(y < limit, "below_loq", "ok"))
        models = [fit_courses(study, Choices(correlation=rule)) for rule in ("ar1", "independent")]
        assert "AR(1) within courses, values below limits censored" in models[0].name
        at = models[0].times[-1]
        fits = [model.fit for model in models]
        assert isinstance(fits[0], AutoregressiveFit) and fits[1] is not None
        weights = models[0].change("drug", at) - models[0].change("vehicle", at)
        one, other = fits[0].contrast(weights), fits[1].contrast(weights)
        inside.append(one.ci_low < RISE < one.ci_high)
        phis.append(fits[0].phi)
        wider.append(one.se / other.se)
    assert sum(inside) >= 3 and 0.3 < np.median(phis) < 0.85 and np.median(wider) > 1.0
