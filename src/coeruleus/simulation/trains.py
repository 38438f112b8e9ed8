"""Spike trains with known rate, regularity, bursts, responses and drug effects.

A train is a renewal process in operational time, carried to real time through the rate (time rescaling;
Brown et al. 2002, Neural Comput 14, 325), so regularity survives any change of the rate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

STEP_S = 0.001
LONGEST_STRAIGHT_S = 5.0  # of a drifting rate: short beside what it is measured in


def flat_rate(duration_s: float, rate_hz: float, step_s: float = STEP_S) -> np.ndarray:
    """A constant rate (Hz) on steps of `step_s`: shape (duration_s / step_s,)."""
    return np.full(round(duration_s / step_s), float(rate_hz))


def drifting_rate(
    rng: np.random.Generator,
    duration_s: float,
    rate_hz: float,
    spread: float = 0.2,
    timescale_s: float = 60.0,
    step_s: float = STEP_S,
) -> np.ndarray:
    """A rate that wanders: log-normal with standard deviation `spread` of its logarithm, mean `rate_hz`.

    The logarithm is an Ornstein–Uhlenbeck process of time constant `timescale_s`.
    """
    coarse = max(min(timescale_s / 20, LONGEST_STRAIGHT_S), step_s)
    n = int(np.ceil(duration_s / coarse)) + 2
    keep = np.exp(-coarse / timescale_s)
    kicks = rng.standard_normal(n) * np.sqrt(1 - keep**2)
    level = np.empty(n)
    level[0] = rng.standard_normal()
    for index in range(1, n):
        level[index] = keep * level[index - 1] + kicks[index]
    fine = np.interp(np.arange(round(duration_s / step_s)) * step_s, np.arange(n) * coarse, level)
    return rate_hz * np.exp(spread * fine - spread**2 / 2)


def with_responses(
    rate: np.ndarray,
    onsets: Sequence[float] | np.ndarray,
    *,
    latency_s: float = 0.05,
    excitation: float = 5.0,
    excitation_s: float = 0.5,
    suppression: float = 0.0,
    suppression_s: float = 2.0,
    step_s: float = STEP_S,
) -> np.ndarray:
    """The rate multiplied by `excitation`, then by `suppression`, after each onset (s).

    `excitation` 1 or `suppression` 1 leave that part out. Later events overwrite earlier ones.
    """
    factor = np.ones(len(rate))
    for onset in onsets:
        edges = np.cumsum([onset + latency_s, excitation_s, suppression_s])
        first, middle, last = (int(np.clip(round(edge / step_s), 0, len(rate))) for edge in edges)
        factor[first:middle] = excitation
        factor[middle:last] = suppression
    return rate * factor


def with_drug(
    rate: np.ndarray,
    onset_s: float,
    *,
    remaining: float = 0.05,
    onset_tau_s: float = 25.0,
    recovery_s: float | None = None,
    recovery_tau_s: float = 150.0,
    reversal_s: float | None = None,
    reversal_tau_s: float = 30.0,
    step_s: float = STEP_S,
) -> np.ndarray:
    """The rate under a drug given at `onset_s`: it falls to `remaining` of itself with `onset_tau_s`.

    It comes back by itself from `recovery_s` on with `recovery_tau_s`, and from `reversal_s`, an antagonist,
    on with `reversal_tau_s`. None: it does not.
    """
    time = np.arange(len(rate)) * step_s
    effect = np.where(time > onset_s, 1 - np.exp(-np.maximum(time - onset_s, 0) / onset_tau_s), 0.0)
    for start, tau in ((recovery_s, recovery_tau_s), (reversal_s, reversal_tau_s)):
        if start is not None:
            effect = effect * np.exp(-np.maximum(time - start, 0) / tau)
    return rate * (1 - (1 - remaining) * effect)


def _renewal(rng: np.random.Generator, total: float, shape: float) -> np.ndarray:
    """Points of a gamma renewal process of rate 1 in (0, total), begun long before 0."""
    warm_up = 20.0
    expected = total + warm_up
    points = np.zeros(0)
    last = -warm_up - rng.uniform()
    while last < total:
        size = int(expected + 6 * np.sqrt(expected / shape) + 10)
        more = last + np.cumsum(rng.gamma(shape, 1 / shape, size))
        points = np.concatenate([points, more])
        last = float(points[-1])
    return points[(points > 0) & (points < total)]


def spike_train(
    rng: np.random.Generator, rate: np.ndarray, shape: float = 4.0, refractory_s: float = 0.0, step_s: float = STEP_S
) -> np.ndarray:
    """Spike times (s), a gamma process of the given rate (Hz on steps of `step_s`).

    `shape` 1 is Poisson and 1/√shape is the CV of its intervals. Spikes that follow another within
    `refractory_s` are dropped, so the rate falls a little where intervals are short.
    """
    operational = np.concatenate([[0.0], np.cumsum(np.maximum(rate, 1e-9) * step_s)])
    points = _renewal(rng, float(operational[-1]), shape)
    times = np.interp(points, operational, np.arange(len(operational)) * step_s)
    return drop_refractory(times, refractory_s)


def bursty_train(
    rng: np.random.Generator,
    rate: np.ndarray,
    *,
    shape: float = 2.0,
    burst_probability: float = 0.3,
    mean_extra: float = 2.0,
    interval_s: float = 0.06,
    refractory_s: float = 0.0,
    step_s: float = STEP_S,
) -> np.ndarray:
    """Spike times (s) with bursts: each event of a gamma process starts one with `burst_probability`.

    A burst has a geometric number of further spikes (mean `mean_extra` >= 1) at log-normal intervals of median
    `interval_s`. The rate of all spikes is `rate`.
    """
    per_event = 1 + burst_probability * mean_extra
    events = spike_train(rng, rate / per_event, shape, 0.0, step_s)
    times = [
        events,
        *_extra_spikes(rng, events[rng.uniform(size=len(events)) < burst_probability], mean_extra, interval_s),
    ]
    merged = np.sort(np.concatenate(times))
    return drop_refractory(merged[merged < len(rate) * step_s], refractory_s)


def _extra_spikes(
    rng: np.random.Generator, starts: np.ndarray, mean_extra: float, interval_s: float
) -> list[np.ndarray]:
    """Further spikes of bursts that begin at `starts`."""
    found = []
    for start in starts:
        extra = int(rng.geometric(1 / mean_extra))
        found.append(start + np.cumsum(interval_s * np.exp(0.25 * rng.standard_normal(extra))))
    return found


def labelled_bursts(
    rng: np.random.Generator, rate_hz: float, shape: float, burst_probability: float, duration_s: float = 900.0
) -> tuple[np.ndarray, np.ndarray]:
    """A train as of `bursty_train` without refractory period, and which of its spikes are within bursts."""
    events = spike_train(rng, flat_rate(duration_s, rate_hz / (1 + 2 * burst_probability)), shape)
    begins = rng.uniform(size=len(events)) < burst_probability
    extra = np.concatenate([np.empty(0), *_extra_spikes(rng, events[begins], 2.0, 0.06)])
    times, within = np.concatenate([events, extra]), np.concatenate([begins, np.ones(len(extra), dtype=bool)])
    order = np.argsort(times, kind="stable")
    return times[order], within[order]


def drop_refractory(times: np.ndarray, refractory_s: float) -> np.ndarray:
    """Times without those that follow a kept one within `refractory_s`."""
    if refractory_s <= 0 or len(times) == 0 or np.all(np.diff(times) >= refractory_s):
        return times
    kept = [float(times[0])]
    for time in times[1:]:
        if time - kept[-1] >= refractory_s:
            kept.append(float(time))
    return np.array(kept)
