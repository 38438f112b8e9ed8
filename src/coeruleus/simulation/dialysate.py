"""A dialysis study with known truth: what each sample of each animal really contains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Effect:
    """What a treatment at time 0 does to one analyte, as a course in per cent of baseline.

    The course rises from 100 with `rise_min`, reaches `peak_percent`, and returns with `fall_min`.
    """

    peak_percent: float
    rise_min: float = 22.0
    fall_min: float = 150.0


@dataclass(frozen=True)
class Animal:
    """One animal and probe. `basal` is nM in the dialysate by analyte; `effects` by analyte.

    `spoilt` multiplies all analytes of single samples, by sample number from 1 (a leaking line, say).
    """

    subject_id: str
    session_id: str
    probe_id: str
    group: str
    basal: Mapping[str, float]
    effects: Mapping[str, Effect] = field(default_factory=dict)
    spoilt: Mapping[int, float] = field(default_factory=dict)


def course_percent(time_min: np.ndarray, effect: Effect) -> np.ndarray:
    """Per cent of baseline at times (min, brain's clock) after a treatment at 0: a difference of exponentials."""
    after = np.maximum(np.asarray(time_min, float), 0)
    shape = np.exp(-after / effect.fall_min) - np.exp(-after / effect.rise_min)
    top = np.log(effect.fall_min / effect.rise_min) / (1 / effect.rise_min - 1 / effect.fall_min)
    highest = np.exp(-top / effect.fall_min) - np.exp(-top / effect.rise_min)
    return 100 + (effect.peak_percent - 100) * shape / highest


def mean_percent(start_min: np.ndarray, end_min: np.ndarray, effect: Effect) -> np.ndarray:
    """Mean course over each interval (brain's clock): what a sample collects."""
    inside = (np.arange(200) + 0.5) / 200
    times = start_min[:, None] + (end_min - start_min)[:, None] * inside
    return course_percent(times, effect).mean(axis=1)


def simulate_study(
    rng: np.random.Generator,
    animals: Sequence[Animal],
    *,
    start_min: np.ndarray,
    length_min: float = 20.0,
    delay_min: float = 0.0,
    decline_per_hour: float = 0.02,
    variation: float = 0.05,
) -> pd.DataFrame:
    """True concentrations: one row per animal, sample and analyte, in order of collection.

    `start_min` are the samples' starts on the bench clock; what is collected left the brain `delay_min`
    earlier. `decline_per_hour` is a slow loss of the basal level. `variation` is the standard deviation of
    the logarithm from sample to sample, which a perfect measurement would see as well.

    Columns: subject_id, session_id, probe_id, group, sample_id (s01, ... with the session in front), number,
    start_min, end_min, analyte, concentration (nM), undisturbed (nM, without spoiling), expected (nM, without
    `variation` either).
    """
    starts = np.asarray(start_min, float)
    ends = starts + length_min
    brain = starts - delay_min
    parts = []
    for animal in animals:
        numbers = np.arange(1, len(starts) + 1)
        spoilt = np.array([animal.spoilt.get(int(number), 1.0) for number in numbers])
        for analyte, basal in animal.basal.items():
            effect = animal.effects.get(analyte, Effect(100.0))
            slow = np.exp(-decline_per_hour * (brain + length_min / 2 - brain[0]) / 60)
            expected = basal * slow * mean_percent(brain, brain + length_min, effect) / 100
            kicks = np.exp(variation * rng.standard_normal(len(starts)) - variation**2 / 2)
            part = pd.DataFrame(
                {
                    "sample_id": [f"{animal.session_id}_s{number:02d}" for number in numbers],
                    "number": numbers,
                    "start_min": starts,
                    "end_min": ends,
                    "concentration": expected * kicks * spoilt,
                    "undisturbed": expected * kicks,
                    "expected": expected,
                }
            )
            part.insert(0, "subject_id", animal.subject_id)
            part.insert(1, "session_id", animal.session_id)
            part.insert(2, "probe_id", animal.probe_id)
            part.insert(3, "group", animal.group)
            part["analyte"] = analyte
            parts.append(part)
    return pd.concat(parts, ignore_index=True)


def vary(rng: np.random.Generator, value: float, spread: float) -> float:
    """A value of the same median, log-normal with standard deviation `spread` of its logarithm."""
    return float(value * np.exp(spread * rng.standard_normal()))
