"""A change in a rate that drifts by itself: is it larger than the drift allows?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)  # of the variance that is drift; the rest is counting noise
MEMORIES = (1.0, 3.0, 9.0, 27.0, np.inf)  # correlation time of the drift, in blocks; without end it is a random walk
WALK_BLOCKS = 10.0  # in which a random walk has the variance that other drifts have
SMOOTH_SHARES = (0.3, 0.6, 0.85, 0.95, 0.99)
SMOOTH_MEMORIES = (2.5, 6.0, 14.0, 32.0)  # blocks in which a drift without kinks bends
FEWEST_BLOCKS = 3
PLAUSIBLE = 0.3  # of the largest restricted likelihood: drifts below it are ruled out
DRAWN = 499
TAIL = 25  # of the drawn p-values, the smallest: what lies below them is extrapolated
SEED = 7
SMALLEST_P = 1e-12
CLOSE = 1e-3  # of an effect's error: ends of its interval


def change_p(times: Floats, values: Floats, onsets: Sequence[float]) -> float | None:
    """Two-sided p-value of a change at time 0 in a series of counting noise and drift.

    times: middle of each block, in blocks from the change; values: variance-stabilised value of each block;
    onsets: time constants (in blocks, 0 is a step) with which the change may come about. Generalised least
    squares with a mean, a linear trend and the change 1 − exp(−t/onset). Drift is of first order, with covariance
    (1 − s) I + s exp(−|lag|/τ), averaged over blocks, or a random walk, or it bends smoothly, exp(−lag²/2τ²): a rate
    that comes and goes once or twice looks like a change to the others. What is averaged over s and τ by their
    restricted likelihood (Harville 1974, Biometrika 61, 383), and over onsets by the Cauchy mean (Liu & Xie 2020, J Am
    Stat Assoc 115, 393), is no p-value yet: a series of minutes shows less of a slow drift than there is. So it is
    referred to its own distribution under each drift (prepivoting; Beran 1988, J Am Stat Assoc 83, 687), and the
    largest of these p-values counts, over all drifts that the data do not rule out (Berger & Boos 1994, J Am Stat Assoc
    89, 1012). None with fewer than 3 blocks on either side.
    """
    after = int((times > 0).sum())
    if min(after, len(times) - after) < FEWEST_BLOCKS:
        return None
    trend = (times - times.mean()) / np.ptp(times)
    late = np.maximum(times, 0)
    designs = []
    for onset in onsets:
        change = 1 - np.exp(-late / onset) if onset > 0 else (times > 0).astype(float)
        designs.append(np.column_stack([np.ones(len(times)), trend, change]))
    return last_p(times, values, designs)


def last_p(times: Floats, values: Floats, designs: Sequence[Floats]) -> float:
    """The same for the last column of each design, shape (blocks, columns): what the series holds beside the others,
    of which the first is a mean."""
    series = _series_of(times, designs, [np.eye(design.shape[1])[-1:] for design in designs])
    averaged, likelihood = series.averaged(values[None, :])
    return max(_below(null, float(averaged[0, 0])) for null in series.plausible(likelihood)[:, :, 0])


@dataclass(frozen=True)
class Effect:
    """A sum of what columns do, its 95 % interval, and its p-value."""

    size: float
    low: float
    high: float
    p: float


def effects(times: Floats, values: Floats, designs: Sequence[Floats], sums: Sequence[Floats]) -> list[Effect]:
    """Sums of the columns' sizes, weights of shape (sums, columns) for each design, tested as in `last_p`.

    An interval holds the size in each time course, and every size that, taken off, leaves a p-value of 0.05 or more;
    where the courses differ so far that none of theirs does, what each course alone leaves. The size itself is the mean
    over drifts by their likelihood and over courses.
    """
    series = _series_of(times, designs, sums)
    white = series.whitened(values[None, :])
    fitted = [course.fitted(white) for course in series.courses]
    averaged, likelihood = series.averaged(values[None, :])
    nulls = series.plausible(likelihood)
    weight = np.array([np.exp(own - own.max()) / np.exp(own - own.max()).sum() for *_, own in fitted])
    free = np.array([[course.free] for course in series.courses])
    found = []
    for index in range(averaged.shape[1]):
        size = np.array([one[:, 0, index] for one, *_ in fitted])  # (courses, drifts)
        error = np.array([one[:, 0, index] for _, one, _ in fitted])
        least = min(_quantile(null) for null in nulls[:, :, index])

        def p_of(taken: float, size: Floats = size, error: Floats = error) -> Floats:
            p = weight[:, :, 0] * 2 * special.stdtr(free, -np.abs(size - taken) / error)
            return np.asarray(p.sum(axis=1))

        own, step = ((weight[:, :, 0] * one).sum(axis=1) for one in (size, error))
        low, high = _ends(p_of, own, step, least)
        p = max(_below(null, float(averaged[0, index])) for null in nulls[:, :, index])
        found.append(Effect(float(own.mean()), low, high, p))
    return found


def _ends(p_of: Callable[[float], Floats], own: Floats, step: Floats, least: float) -> tuple[float, float]:
    """The farthest of the courses' own sizes and the ends of what is accepted, sought outwards from those that are;
    where none is, of what each course alone accepts. p_of: p-values of a size in each course; step: their errors."""

    def of_all(taken: float) -> bool:
        return bool(_cauchy_mean(p_of(taken)) >= least)

    ends = own.tolist()
    accepted = [of_all(size) for size in ends]
    for course, (size, error) in enumerate(zip(own.tolist(), step.tolist(), strict=True)):

        def of_one(taken: float, course: int = course) -> bool:
            return bool(p_of(taken)[course] >= least)

        if accepted[course] or not any(accepted):
            is_inside = of_all if any(accepted) else of_one
            ends += [_edge(is_inside, size, side * error) for side in (-1, 1)]
    return min(ends), max(ends)


def _edge(is_inside: Callable[[float], bool], inside: float, step: float) -> float:
    """The last value inside, from one that is, by doubled steps and bisection."""
    outside = inside + step
    while is_inside(outside):
        inside, outside = outside, outside + 2 * (outside - inside)
    while abs(outside - inside) > CLOSE * abs(step):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if is_inside(middle) else (inside, middle)
    return outside


@dataclass(frozen=True)
class _Course:
    """One time course of the change under every drift. basis: of the whitened columns, (drifts, blocks, columns);
    sums: what makes the changes asked for of the values' parts on it, (drifts, columns, changes); error of each change,
    (drifts, 1, changes), and constant of the log restricted likelihood, (drifts, 1); free: degrees of freedom."""

    basis: Floats
    sums: Floats
    error: Floats
    constant: Floats
    free: int

    def fitted(self, white: Floats) -> tuple[Floats, Floats, Floats]:
        """Changes and their errors, (drifts, rows, changes), and the log restricted likelihood, (drifts, rows), of
        whitened rows of values."""
        part = white @ self.basis
        left = np.maximum(((white - part @ self.basis.swapaxes(1, 2)) ** 2).sum(axis=2), 1e-12)
        error = self.error * np.sqrt(left / self.free)[:, :, None]
        return part @ self.sums, error, self.constant - self.free / 2 * np.log(left)


@dataclass(frozen=True)
class _Series:
    """All that depends on the times alone: roots of the drifts' covariances and what whitens values, (drifts, blocks,
    blocks), the time courses, and averaged p-values drawn under the drifts that were asked for."""

    roots: Floats
    whiten: Floats
    courses: list[_Course]
    drawn: dict[int, Floats]

    def whitened(self, values: Floats) -> Floats:
        return np.asarray((values - values.mean(axis=1, keepdims=True)) @ self.whiten)

    def averaged(self, values: Floats) -> tuple[Floats, Floats]:
        """The averaged p-values of each row of values, (rows, changes), and log restricted likelihoods, (drifts,
        rows)."""
        white = self.whitened(values)
        averages, every = [], []
        for course in self.courses:
            change, error, likelihood = course.fitted(white)
            weight = np.exp(likelihood - likelihood.max(axis=0))[:, :, None]
            p = (weight * 2 * special.stdtr(course.free, -np.abs(change) / error)).sum(axis=0)
            averages.append(p / weight.sum(axis=0))
            every.append(likelihood)
        # The time course that fits best is not taken for the true one: all count alike.
        return _cauchy_mean(np.array(averages)), np.mean(np.array(every), axis=0)

    def plausible(self, likelihood: Floats) -> Floats:
        """Averaged p-values drawn under each drift that a likelihood, (drifts, 1), does not rule out, (those drifts,
        DRAWN, changes)."""
        kept = np.flatnonzero(likelihood[:, 0] >= np.log(PLAUSIBLE) + likelihood.max())
        return np.array([self.null(int(drift)) for drift in kept])

    def null(self, drift: int) -> Floats:
        """Averaged p-values drawn under a drift, sorted, shape (DRAWN, changes)."""
        if drift not in self.drawn:
            noise = np.random.default_rng(SEED).standard_normal((DRAWN, self.roots.shape[1]))
            self.drawn[drift] = np.sort(self.averaged(noise @ self.roots[drift].T)[0], axis=0)
        return self.drawn[drift]


def _cauchy_mean(p: Floats) -> Floats:
    """Over the first axis."""
    scores = 1 / np.tan(np.pi * np.clip(p, SMALLEST_P, 1 - SMALLEST_P))
    return np.asarray(np.arctan2(1, scores.mean(axis=0)) / np.pi)


def _series_of(times: Floats, designs: Sequence[Floats], sums: Sequence[Floats]) -> _Series:
    keys = [tuple(tuple(map(tuple, np.round(one, 6).tolist())) for one in every) for every in (designs, sums)]
    return _series(tuple(np.round(times, 6).tolist()), *keys)


Rows = tuple[tuple[float, ...], ...]


@lru_cache(maxsize=32)
def _series(times: tuple[float, ...], designs: tuple[Rows, ...], sums: tuple[Rows, ...]) -> _Series:
    roots = np.array(_roots(np.array(times)))
    whiten = np.linalg.inv(roots)
    courses = [
        _course(roots, whiten @ np.array(design), np.array(one)) for design, one in zip(designs, sums, strict=True)
    ]
    # Of rows of values; laid out anew, since a product with a transposed stack takes ten times as long.
    return _Series(roots, np.ascontiguousarray(whiten.swapaxes(1, 2)), courses, {})


def _roots(time: Floats) -> list[Floats]:
    """Cholesky roots of the covariance of each drift."""
    lag = np.abs(time[:, None] - time[None, :])
    walk = (np.minimum(time[:, None], time[None, :]) - time.min()) / WALK_BLOCKS
    drifts = [
        (share, _averaged(lag, memory) if np.isfinite(memory) else walk)
        for share in SHARES
        for memory in (MEMORIES if share > 0 else MEMORIES[:1])
    ]
    drifts += [(share, np.exp(-((lag / memory) ** 2) / 2)) for memory in SMOOTH_MEMORIES for share in SMOOTH_SHARES]
    return [np.linalg.cholesky(max(1 - share, 1e-6) * np.eye(len(time)) + share * drift) for share, drift in drifts]


def _averaged(lag: Floats, memory: float) -> Floats:
    """Correlation of first-order drift averaged over blocks: exp(−|lag|/τ) integrated over two blocks of length 1."""
    own = 2 * memory * (1 - memory * (1 - np.exp(-1 / memory)))
    apart = memory**2 * (np.exp(1 / memory) + np.exp(-1 / memory) - 2) * np.exp(-lag / memory)
    return np.asarray(np.where(lag > 0, apart / own, 1.0))


def _course(roots: Floats, columns: Floats, sums: Floats) -> _Course:
    """columns: whitened by each drift, (drifts, blocks, columns); sums: (changes, columns)."""
    basis, upper = np.linalg.qr(columns)
    of_parts = (sums @ np.linalg.inv(upper)).swapaxes(1, 2)
    scale = -sum(np.log(np.abs(np.diagonal(one, axis1=1, axis2=2))).sum(axis=1) for one in (roots, upper))
    free = columns.shape[1] - columns.shape[2]
    error = np.sqrt((of_parts**2).sum(axis=1))[:, None, :]
    return _Course(basis, of_parts, error, scale[:, None], free)


def _below(null: Floats, value: float) -> float:
    """Share of the drawn ones at or below the value; beyond the smallest of them by a power law (Hill 1975, Ann Stat
    3, 1163), no steeper than that of p-values."""
    if value >= null[TAIL - 1]:
        return float((1 + np.searchsorted(null, value, side="right")) / (1 + len(null)))
    edge = float(null[TAIL - 1])
    return (1 + TAIL) / (1 + len(null)) * float(max(value, SMALLEST_P) / edge) ** _power(null)


def _power(null: Floats) -> float:
    return min(1 / max(float(np.log(null[TAIL - 1] / null[: TAIL - 1]).mean()), 1e-9), 1.0)


def _quantile(null: Floats) -> float:
    """The value of which `_below` is 0.05."""
    return float(null[TAIL - 1] * (0.05 * (1 + len(null)) / (1 + TAIL)) ** (1 / _power(null)))
