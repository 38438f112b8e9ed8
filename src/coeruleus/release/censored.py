"""Linear mixed model of values of which some are only known to lie below a limit, or between two.

A sample with a number adds its density, one below a limit the probability of what is known of it (Tobin 1958;
for mixed models Hughes 1999, Biometrics 55: 625–629). The variances maximise the likelihood adjusted for the
coefficients, −½ log |information of β| (Cox & Reid 1987), which is REML where nothing is censored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from coeruleus.release.autoregressive import HIGHEST, AutoregressiveFit, fit_autoregressive
from coeruleus.release.censored_chain import evaluate_chain, stack_chain
from coeruleus.release.censored_likelihood import Value, evaluate_censored, stack_censored
from coeruleus.release.curvature import Curvature, differentiate
from coeruleus.release.mixed import MixedFit, NotEstimable, fit_mixed, invert, name_variances
from coeruleus.release.reml import Floats

ZERO = 0.01  # a standard deviation below this share of the residual's is zero
SMALL, SAME = 0.2, 1e-3  # so is one below this share where the deviance is the same without it
STEP, SHORT, FINE = 0.01, 1e-3, 1e-4  # of logs of SDs: for second derivatives, first ones at the top, and on the way
SLACK = 0.01  # by which the likelihood may fall in a step of the coefficients
WORST = 1e8  # ratio of the coefficients' variances in their best and worst known directions
NEAR = 1e-3  # a step that changes the curvature by no more than this

Likelihood = Callable[[Floats, Floats, "list[Floats] | None"], Value]


def fit_censored(
    y: Floats,
    low: Floats,
    high: Floats,
    x: Floats,
    animals: NDArray[np.int64],
    effects: Mapping[str, NDArray[np.int64]],
    *,
    restricted: bool = True,
    chain: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
) -> MixedFit:
    """As `mixed.fit_mixed`; `y` (n,) is NaN where a value is censored: it lies between `low` and `high` (n,).

    `low` is −∞ where nothing is known from below, `high` ∞ where nothing is from above. Without `restricted`
    the variances are those of plain maximum likelihood. With `chain`, the course of each sample and its place there,
    residuals are AR(1) within courses, and the fit is an AutoregressiveFit. Raises NotEstimable where a column of `x`
    has no value at all, or nothing varies.
    """
    known = np.isfinite(y)
    if not np.all(x[known].any(axis=0)):
        raise NotEstimable("every sample of one group and time is below the limit")
    begin = y.copy()
    bottom, top = low[~known], high[~known]
    begin[~known] = np.where(np.isfinite(bottom), bottom, top - np.log(2)) / 2
    begin[~known] += np.where(np.isfinite(top), top, bottom + np.log(2)) / 2
    start = fit_autoregressive(begin, x, animals, effects, *chain) if chain else fit_mixed(begin, x, animals, effects)
    names = sorted(effects)
    sds = np.sqrt([start.variances[name] for name in ("residual", *names)])
    sds = np.maximum(sds, 0.2 * np.sqrt(sum(start.variances.values())))
    numbers = np.array([len(y), *(len(np.unique(effects[name][effects[name] >= 0])) for name in names)])
    active = list(range(len(names)))
    profile = _Profile(start.coefficients, restricted)
    best = np.log(sds)
    lowest, highest = np.full(len(best), best[0] + np.log(ZERO / 3)), best + 3
    if chain:
        edge = float(np.arctanh(HIGHEST))
        phi = start.phi if isinstance(start, AutoregressiveFit) else 0.0
        best = np.append(best, np.arctanh(np.clip(phi, -0.9, 0.9)))
        lowest, highest = np.append(lowest, -edge), np.append(highest, edge)
        numbers = np.append(numbers, len(y))
    while True:
        profile.begin(_likelihood(y, low, high, x, animals, [effects[names[place]] for place in active], chain))
        kept = [0, *(place + 1 for place in active), *range(len(names) + 1, len(numbers))]
        best = _search(profile, best, numbers[kept], lowest[kept], highest[kept])
        lost = [place for place in range(len(active)) if _without(profile, best, place + 1)]
        if not lost:
            break
        best = np.delete(best, [place + 1 for place in lost])
        active = [place for number, place in enumerate(active) if number not in lost]
    best, curvature = _polish(profile, best)
    number = len(active) + 1
    variances = np.exp(2 * best[:number])
    covariance = profile(best)[1]  # which leaves its β in `profile`
    spread = np.linalg.eigvalsh(covariance)
    if not profile.settled or not spread.min() > 0 or spread.max() > WORST * spread.min():
        raise NotEstimable("too few values have a number: the likelihood has no maximum that could be found")
    # from logs of standard deviations to variances
    scale = np.append(2 * variances, np.ones(len(best) - number))
    slopes = curvature.slopes / scale[:, None, None]
    uncertainty = scale[:, None] * invert(curvature.information) * scale
    zero = tuple(name for place, name in enumerate(names) if place not in active)
    named = name_variances(names, active, variances)
    if not chain:
        return MixedFit(profile.beta, covariance, named, zero, slopes, uncertainty)
    return AutoregressiveFit(profile.beta, covariance, named, zero, slopes, uncertainty, float(np.tanh(best[-1])))


def _likelihood(
    y: Floats,
    low: Floats,
    high: Floats,
    x: Floats,
    animals: NDArray[np.int64],
    effects: list[NDArray[np.int64]],
    chain: tuple[NDArray[np.int64], NDArray[np.int64]] | None,
) -> Likelihood:
    """The likelihood of logs of standard deviations (and of arctanh φ), coefficients and modes to begin from."""
    p = x.shape[1]
    if chain is None:
        blocks = stack_censored(y, low, high, x, animals, effects)
        return lambda at, beta, modes: evaluate_censored(blocks, np.exp(at), beta, p, modes)
    linked = stack_chain(y, low, high, x, animals, effects, *chain)
    return lambda at, beta, _: evaluate_chain(linked, np.exp(at[:-1]), float(np.tanh(at[-1])), beta, p)


def adjusted_profile(
    y: Floats,
    low: Floats,
    high: Floats,
    x: Floats,
    animals: NDArray[np.int64],
    effects: Mapping[str, NDArray[np.int64]],
    sds: Floats,
    chain: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
    phi: float = 0.0,
) -> tuple[float, Floats, Floats]:
    """Cox and Reid's deviance at given standard deviations (residual first) and φ, β and its covariance there."""
    profile = _Profile(np.zeros(x.shape[1]), restricted=True)
    profile.begin(_likelihood(y, low, high, x, animals, [effects[name] for name in sorted(effects)], chain))
    deviance, covariance = profile(np.append(np.log(sds), np.arctanh(phi)) if chain else np.log(sds))
    return deviance, profile.beta, covariance


class _Profile:
    """Deviance at the best coefficients for given logs of standard deviations; begins from those of the last call."""

    def __init__(self, beta: Floats, restricted: bool) -> None:
        self.beta, self.restricted = beta, restricted
        self.settled = False  # whether the last call found the best coefficients
        self._modes: list[Floats] | None = None

    def begin(self, likelihood: Likelihood) -> None:
        """Of these data from now on."""
        self._likelihood, self._modes = likelihood, None

    def __call__(self, log_sds: Floats) -> tuple[float, Floats]:
        value, self.beta = self._maximise_beta(log_sds)
        self._modes = value.modes
        adjustment = float(np.linalg.slogdet(value.information)[1]) if self.restricted else 0.0
        covariance = np.linalg.inv(value.information).astype(np.float64, copy=False)
        return -2 * value.log_likelihood + adjustment, covariance

    def _maximise_beta(self, log_sds: Floats) -> tuple[Value, Floats]:
        """Newton's method, halved where it overshoots; the last small step is taken without evaluating again.

        It is the score that comes to 0: near the top it is surer than the likelihood, whose quadrature errs by
        more where all samples of an animal are censored.
        """
        beta = self.beta
        value = self._likelihood(log_sds, beta, self._modes)
        for _ in range(50):
            step = np.linalg.solve(value.information, value.score)
            gain = float(value.score @ step)
            self.settled = bool(abs(gain) < 1e-6)
            if self.settled:
                return replace(value, log_likelihood=value.log_likelihood + gain / 2), beta + step
            share = 1.0
            while True:
                new = self._likelihood(log_sds, beta + share * step, value.modes)
                if new.log_likelihood >= value.log_likelihood - SLACK or share < 1e-3:
                    break
                share /= 2
            beta, value = beta + share * step, new
        return value, beta


def _without(at: Callable[[Floats], tuple[float, Floats]], best: Floats, place: int) -> bool:
    """Whether a variance is 0: small, and the data are as likely with it as next to none."""
    if best[place] - best[0] > np.log(SMALL):
        return False
    none = best.copy()
    none[place] = best[0] + np.log(ZERO)
    return best[place] <= none[place] or at(none)[0] < at(best)[0] + SAME


def _search(
    at: Callable[[Floats], tuple[float, Floats]],
    start: Floats,
    numbers: NDArray[np.int64],
    lowest: Floats,
    highest: Floats,
) -> Floats:
    """Logs of standard deviations of least deviance, by gradients from differences.

    `numbers` are how many samples and levels speak for each: they scale the steps.
    """
    root = np.sqrt(2.0 * numbers)

    def deviance(scaled: Floats) -> tuple[float, Floats]:
        here = at(scaled / root)[0]
        steps = np.diag(np.full(len(scaled), FINE))
        return here, np.array([at(scaled / root + step)[0] - here for step in steps]) / FINE / root

    found = optimize.minimize(
        deviance,
        start * root,
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(lowest * root, highest * root, strict=True)),
        options={"ftol": 1e-8, "gtol": 1e-3},
    )
    return np.asarray(found.x) / root


def _polish(at: Callable[[Floats], tuple[float, Floats]], best: Floats) -> tuple[Floats, Curvature]:
    """Newton's method to the full precision, and the curvature there."""
    steps = np.full(len(best), STEP)
    for _ in range(4):
        curvature = differentiate(at, best, steps)
        values, vectors = np.linalg.eigh(curvature.information)
        if values.min() < 1e-6 * values.max():
            break
        # the long steps of the curvature would move the maximum in the fourth digit
        sides = [at(best + side)[0] - at(best - side)[0] for side in np.diag(np.full(len(best), SHORT))]
        step = -vectors @ (vectors.T @ (np.array(sides) / (2 * SHORT)) / 2 / values)
        largest = float(np.max(np.abs(step)))
        if largest > 0.3:
            break
        best = best + step
        if largest < NEAR:
            break
    return best, curvature
