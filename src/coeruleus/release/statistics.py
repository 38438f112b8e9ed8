"""Comparison of groups: every effect as one row, with its interval, or with the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from coeruleus.release.adjust import adjust_p
from coeruleus.release.arms import reference_of
from coeruleus.release.assumptions import check_assumptions
from coeruleus.release.choices import Choices
from coeruleus.release.common_error import add_common_error
from coeruleus.release.course_model import BASELINE, CourseModel, fit_courses
from coeruleus.release.effect_size import EffectSize, partial_eta_squared
from coeruleus.release.mixed import Estimate, NotEstimable
from coeruleus.release.recovery_flags import flag_effect
from coeruleus.release.rm_rows import anova_rows
from coeruleus.release.rows import Row, as_row, with_size
from coeruleus.release.sentences import say
from coeruleus.release.window_rows import window_rows

COURSE = Choices().model_name(censored=False)


def compare_groups(
    samples: pd.DataFrame,
    summary: pd.DataFrame,
    courses: pd.DataFrame,
    left_out: Mapping[str, str],
    reference_group: str | None,
    choices: Choices,
) -> tuple[list[Row], list[Row]]:
    """Rows of STATISTICS and of ASSUMPTIONS.

    `samples` and `summary` hold what groups are compared on (with arm, region, series); `courses` is what
    `assign_arms` gives. `left_out` says, per analyte, which courses are not among them and why. Every
    analyte of `left_out` gets at least one row.
    """
    rows: list[Row] = []
    checks: list[Row] = []
    name = choices.model_name(censored=False)
    for analyte in sorted(left_out):
        own = samples[samples["analyte"] == analyte]
        why = left_out[analyte]
        if own.empty:
            rows.append(
                as_row(name, "change from baseline", None, [why or "no sample to compare"]) | {"analyte": analyte}
            )
            continue
        regions = own["region"].fillna("")
        for region in sorted(set(regions)):
            here = summary[(summary["analyte"] == analyte) & (summary["region"].fillna("") == region)]
            suffix = f"; {region}" if region else ""
            model = fit_courses(own[regions == region], choices)
            effects = _course_rows(model, own[regions == region], courses, reference_group, choices)
            effects += window_rows(here, courses, reference_group, choices.permutation)
            if choices.rm_anova:
                effects += anova_rows(own[regions == region], choices)
            for effect in effects:
                reason = "; ".join(str(text) for text in (effect["reason"], why) if text) or None
                named = {"analyte": analyte, "model": f"{effect['model']}{suffix}", "region": region or None}
                row = flag_effect({**effect, **named, "reason": reason}, own[regions == region])
                row = add_common_error(row, own[regions == region], here, choices.outcome == "log")
                rows.append({**row, "sentence": say(row)})
            place = {"analyte": analyte, "region": region or None, "model": f"{model.name}{suffix}"}
            checks += [{**check, **place} for check in check_assumptions(model)]
    return rows, checks


def _course_rows(
    model: CourseModel, samples: pd.DataFrame, courses: pd.DataFrame, reference_group: str | None, choices: Choices
) -> list[Row]:
    arms = sorted(set(samples["arm"]))
    rows: list[Row] = []
    for arm in arms:
        effects = [_change(model, arm, time) for time in model.times if (arm, time) in model.cells]
        missing = [model.failure or "no sample after the treatment"]
        rows += _family(effects, choices) or [as_row(model.name, f"{arm}: change from baseline", None, missing)]
    references = {arm: reference_of(arm, arms, courses, reference_group) for arm in arms}
    for arm, reference in references.items():
        if reference:
            rows += _family([_difference(model, arm, reference, time) for time in model.times], choices)
    if reference_group is not None and not any(references.values()):
        reason = "no course of another group stands beside one of the reference group"
        rows.append(as_row(model.name, f"difference from {reference_group}", None, [reason]))
    rows.append(_interaction(model, arms))
    return rows


def _change(model: CourseModel, arm: str, time: float) -> Row:
    found = model.stands_against(arm, time)
    estimate = model.fit.contrast(model.change(arm, time)) if model.fit and not found else None
    row = as_row(model.name, f"{arm}: change from baseline at {time:g} min", estimate, [found, *model.notes])
    row |= _counts(model, [arm], time) | _as_percent(model, estimate) | _size(model, estimate)
    return {**row, "group": arm, "time_min": time}


def _difference(model: CourseModel, arm: str, reference: str, time: float) -> Row:
    found = model.stands_against(arm, time) or model.stands_against(reference, time)
    estimate = None
    if model.fit and not found:
        estimate = model.fit.contrast(model.change(arm, time) - model.change(reference, time))
    effect = f"{arm} − {reference}: difference of change from baseline at {time:g} min"
    row = as_row(model.name, effect, estimate, [found, *model.notes])
    row |= _counts(model, [arm, reference], time) | _as_percent(model, estimate) | _size(model, estimate)
    return {**row, "group": arm, "reference": reference, "time_min": time}


def _interaction(model: CourseModel, arms: list[str]) -> Row:
    """Whether the courses of the arms differ; with one arm, whether its course leaves the baseline."""
    effect = "group × time" if len(arms) > 1 else f"{arms[0]}: time"
    times = [time for time in model.times if all(model.stands_against(arm, time) is None for arm in arms)]
    if model.fit is None or not times:
        return as_row(
            model.name, effect, None, [model.failure or "no time that two animals of every group have", *model.notes]
        )
    if len(arms) > 1:
        pairs = [(arm, time) for arm in arms[1:] for time in times]
        weights = np.array([model.change(arm, time) - model.change(arms[0], time) for arm, time in pairs])
    else:
        weights = np.array([model.change(arms[0], time) for time in times])
    try:
        test = model.fit.joint(weights)
    except NotEstimable as problem:
        return as_row(model.name, effect, None, [str(problem), *model.notes])
    row = {**as_row(model.name, effect, test, model.notes), **_counts(model, arms, None)}
    return with_size(row, partial_eta_squared(test.statistic, test.df_numerator, test.df))


def _as_percent(model: CourseModel, found: Estimate | None) -> Row:
    """The effect as per cent: of baseline, or between groups the ratio of ratios (the difference, on per cent)."""
    if found is None or model.percent:
        return {}
    low, middle, high = (100 * math.exp(value) for value in (found.ci_low, found.estimate, found.ci_high))
    return {"percent": middle, "percent_ci_low": low, "percent_ci_high": high}


def _size(model: CourseModel, found: Estimate | None) -> Row:
    """The effect in units of the spread of single samples over animals."""
    if found is None or model.fit is None:
        return {}
    spread = math.sqrt(sum(model.fit.variances.values()))
    size = EffectSize(
        "d (÷ SD of a sample over animals)", *(v / spread for v in (found.estimate, found.ci_low, found.ci_high))
    )
    return with_size({}, size)


def _counts(model: CourseModel, arms: list[str], time: float | None) -> Row:
    """Animals and samples behind an effect: those in the cells that it compares."""
    places = [place for place in model.cells if place[0] in arms and (time is None or place[1] in (BASELINE, time))]
    animals = {animal for place in places if time is None or place[1] == time for animal in model.cells[place].animals}
    return {"n_subjects": len(animals), "n_samples": sum(model.cells[place].n_samples for place in places)}


def _family(rows: list[Row], choices: Choices) -> list[Row]:
    adjusted = adjust_p((float(row.get("p_value", math.nan)) for row in rows), choices.adjust)  # type: ignore[arg-type]
    return [{**row, "p_adjusted": value} for row, value in zip(rows, adjusted, strict=True)]
