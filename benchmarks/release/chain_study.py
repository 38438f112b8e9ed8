"""Samples of an animal that follow each other, AR(1), with 30 % of them below LOQ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from coeruleus.release.choices import Choices
from coeruleus.release.course_model import CourseModel, fit_courses

Line = tuple[str, float, float, float]
RISE = np.log(2)
BEFORE, AFTER, PER_ARM = 4, 6, 8
TIMES = BEFORE + AFTER
PHI, LEVEL, RESPOND, NOISE = 0.6, 0.3, 0.15, 0.25
HOWS = {"AR(1), censored": "ar1", "independent, censored": "independent"}


def chained(rng: np.random.Generator) -> np.ndarray:
    """ln concentration of one study, (2 × PER_ARM, TIMES), residuals AR(1); the second half rises by RISE."""
    number = 2 * PER_ARM
    residual = np.zeros((number, TIMES))
    residual[:, 0] = rng.normal(0, NOISE, number)
    for place in range(1, TIMES):
        new = rng.normal(0, NOISE * np.sqrt(1 - PHI**2), number)
        residual[:, place] = PHI * residual[:, place - 1] + new
    logs = residual + rng.normal(0, LEVEL, (number, 1))
    logs[:, BEFORE:] += (rng.normal(0, RESPOND, number) + RISE * (np.arange(number) >= PER_ARM))[:, None]
    return logs


def frame(per_arm: int = PER_ARM, before: int = BEFORE, times: int = TIMES) -> pd.DataFrame:
    """The samples of two arms as `fit_courses` takes them, without their numbers."""
    number = 2 * per_arm
    start = np.tile((np.arange(times) - before) * 20.0, number)
    names = np.repeat([f"a{place:02d}" for place in range(number)], times)
    arms = np.repeat(np.where(np.arange(number) >= per_arm, "drug", "vehicle"), times)
    made = pd.DataFrame({"subject_id": names, "series": names, "arm": arms, "start_min": start})
    made["end_min"], made["time_min"] = start + 20, start + 10
    made["period"], made["in_baseline"] = np.where(start < 0, "before", "after"), start < 0
    return made.assign(sample_id=made["start_min"].astype(str), baseline=np.nan)


def censored_ar1(rng: np.random.Generator, studies: int) -> list[Line]:
    """Bias and coverage of the last effect; beside them the model that knows no order."""
    number = max(studies // 5, 1)
    limit = float(np.quantile(np.concatenate([chained(rng).ravel() for _ in range(500)]), 0.3))
    samples = frame().assign(at_least=0.0, at_most=float(np.exp(limit)))
    found: dict[str, list[tuple[float, float, bool, float]]] = {how: [] for how in HOWS}
    refused = failed = 0
    for _ in range(number):
        y = chained(rng).ravel()
        study = samples.assign(concentration=np.exp(y), status=np.where(y < limit, "below_loq", "ok"))
        models = {how: fit_courses(study, Choices(correlation=rule)) for how, rule in HOWS.items()}  # type: ignore[arg-type]
        first = next(iter(models.values()))
        at = first.times[-1]
        if too_few(first, at):
            refused += 1
            continue
        if any(model.fit is None for model in models.values()):
            failed += 1
            continue
        for how, model in models.items():
            weights = model.change("drug", at) - model.change("vehicle", at)
            one = model.fit.contrast(weights)  # type: ignore[union-attr]
            vehicle = model.fit.contrast(model.change("vehicle", at))  # type: ignore[union-attr]
            found[how].append((one.estimate, one.se, one.ci_low < RISE < one.ci_high, vehicle.p_value))
    lines: list[Line] = []
    for how, rows in found.items():
        estimates, errors, covered, p_values = (np.array(column) for column in zip(*rows, strict=True))
        ours = how.startswith("AR(1)")
        bias = (estimates.mean() - RISE) / errors.mean()
        lines += [
            (f"{how}: bias of the effect, standard errors", bias, *_target(ours, -0.1, 0.1)),
            (f"{how}: coverage of 95 % intervals, %", 100 * float(covered.mean()), *_target(ours, 93, 97)),
            (
                f"{how}: vehicle against baseline, p < 0.05, %",
                100 * float(np.mean(p_values < 0.05)),
                *_target(ours, 3, 7),
            ),
            (
                f"{how}: mean standard error ÷ spread of estimates",
                errors.mean() / estimates.std(),
                *_target(ours, 0.9, 1.1),
            ),
        ]
    lines.append(
        (f"of {number} studies, with too few numbers for an estimate, %", 100 * refused / number, *_target(False))
    )
    lines.append(("fitted, of the others, %", 100 * (1 - failed / max(number - refused, 1)), 99, 100))
    return lines


def too_few(model: CourseModel, time: float) -> bool:
    """Whether the rules refuse the effect at this time for want of numbers (not: the fit failed)."""
    model = replace(model, failure=None)
    return any(model.stands_against(arm, time) is not None for arm in ("drug", "vehicle"))


def _target(held: bool, low: float = -np.inf, high: float = np.inf) -> tuple[float, float]:
    return (low, high) if held else (-np.inf, np.inf)
