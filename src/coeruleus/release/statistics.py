"""Comparison of groups: every effect as one row, with its interval, or with the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from coeruleus.release.area_test import change_per_animal, compare, t_interval
from coeruleus.release.arms import reference_of
from coeruleus.release.course_model import BASELINE, CourseModel, fit_courses
from coeruleus.release.mixed import Estimate, JointTest, NotEstimable

COURSE = "linear mixed model of ln concentration, random level and response per animal (REML, Satterthwaite)"
WINDOW = "mean change over the window (area ÷ window, % of baseline), t over animals"

Row = dict[str, object]


def compare_groups(
    samples: pd.DataFrame,
    summary: pd.DataFrame,
    courses: pd.DataFrame,
    left_out: Mapping[str, str],
    reference_group: str | None,
) -> list[Row]:
    """Rows of STATISTICS.

    `samples` and `summary` hold what groups are compared on (with arm, region, series); `courses` is what
    `assign_arms` gives. `left_out` says, per analyte, which courses are not among them and why. Every
    analyte of `left_out` gets at least one row.
    """
    rows: list[Row] = []
    for analyte in sorted(left_out):
        own = samples[samples["analyte"] == analyte]
        why = left_out[analyte]
        if own.empty:
            rows.append(_row(analyte, COURSE, "change from baseline", None, [why or "no sample to compare"]))
            continue
        regions = own["region"].fillna("")
        for region in sorted(set(regions)):
            here = summary[(summary["analyte"] == analyte) & (summary["region"].fillna("") == region)]
            suffix = f"; {region}" if region else ""
            effects = _course_rows(own[regions == region], courses, reference_group)
            effects += _window_rows(here, courses, reference_group)
            for effect in effects:
                reason = "; ".join(str(text) for text in (effect["reason"], why) if text) or None
                named = {"analyte": analyte, "model": f"{effect['model']}{suffix}", "region": region or None}
                rows.append({**effect, **named, "reason": reason})
    return rows


def holm(p_values: Iterable[float]) -> list[float]:
    """p-values adjusted for being a family (Holm 1979); NaN stays NaN and does not count."""
    values = np.array(list(p_values), dtype=float)
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known], kind="stable")]
    steps = values[order] * (len(order) - np.arange(len(order)))
    values[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return [float(value) for value in values]


def _course_rows(samples: pd.DataFrame, courses: pd.DataFrame, reference_group: str | None) -> list[Row]:
    model = fit_courses(samples)
    arms = sorted(set(samples["arm"]))
    rows: list[Row] = []
    for arm in arms:
        effects = [_change(model, arm, time) for time in model.times if (arm, time) in model.cells]
        none = _row(
            "", COURSE, f"{arm}: change from baseline", None, [model.failure or "no sample after the treatment"]
        )
        rows += _family(effects) or [none]
    references = {arm: reference_of(arm, arms, courses, reference_group) for arm in arms}
    for arm, reference in references.items():
        if reference:
            rows += _family([_difference(model, arm, reference, time) for time in model.times])
    if reference_group is not None and not any(references.values()):
        reason = "no course of another group stands beside one of the reference group"
        rows.append(_row("", COURSE, f"difference from {reference_group}", None, [reason]))
    rows.append(_interaction(model, arms))
    return rows


def _change(model: CourseModel, arm: str, time: float) -> Row:
    found = model.stands_against(arm, time)
    estimate = model.fit.contrast(model.change(arm, time)) if model.fit and not found else None
    row = _row("", COURSE, f"{arm}: change from baseline at {time:g} min", estimate, [found, *model.notes])
    return {**row, **_counts(model, [arm], time), **_as_percent(estimate), "group": arm, "time_min": time}


def _difference(model: CourseModel, arm: str, reference: str, time: float) -> Row:
    found = model.stands_against(arm, time) or model.stands_against(reference, time)
    estimate = None
    if model.fit and not found:
        estimate = model.fit.contrast(model.change(arm, time) - model.change(reference, time))
    effect = f"{arm} − {reference}: difference of change from baseline at {time:g} min"
    row = _row("", COURSE, effect, estimate, [found, *model.notes])
    named = {"group": arm, "reference": reference, "time_min": time}
    return {**row, **_counts(model, [arm, reference], time), **_as_percent(estimate), **named}


def _interaction(model: CourseModel, arms: list[str]) -> Row:
    """Whether the courses of the arms differ; with one arm, whether its course leaves the baseline."""
    effect = "group × time" if len(arms) > 1 else f"{arms[0]}: time"
    times = [time for time in model.times if all(model.stands_against(arm, time) is None for arm in arms)]
    if model.fit is None or not times:
        return _row("", COURSE, effect, None, [model.failure or "no time that two animals of every group have"])
    if len(arms) > 1:
        pairs = [(arm, time) for arm in arms[1:] for time in times]
        weights = np.array([model.change(arm, time) - model.change(arms[0], time) for arm, time in pairs])
    else:
        weights = np.array([model.change(arms[0], time) for time in times])
    try:
        test = model.fit.joint(weights)
    except NotEstimable as problem:
        return _row("", COURSE, effect, None, [str(problem), *model.notes])
    return {**_row("", COURSE, effect, test, model.notes), **_counts(model, arms, None)}


def _window_rows(summary: pd.DataFrame, courses: pd.DataFrame, reference_group: str | None) -> list[Row]:
    change = change_per_animal(summary)
    arms = sorted(set(summary["arm"]))
    windows = summary["window_min"].dropna()
    uneven = windows.max() - windows.min() > 0.01 * windows.max() if len(windows) else False
    notes = [f"windows differ, from {windows.min():g} to {windows.max():g} min"] if uneven else []
    entered = {arm: change[arm] if arm in change.index.get_level_values(0) else change[:0] for arm in arms}
    rows: list[Row] = []
    for arm in arms:
        effect, named = f"{arm}: mean change over the window", {"group": arm, "n_subjects": len(entered[arm])}
        try:
            estimate = t_interval(entered[arm].to_numpy())
            rows.append({**_row("", WINDOW, effect, estimate, notes), **named})
        except NotEstimable as problem:
            rows.append({**_row("", WINDOW, effect, None, [str(problem)]), **named})
    for arm in arms:
        reference = reference_of(arm, arms, courses, reference_group)
        if not reference:
            continue
        effect = f"{arm} − {reference}: difference of mean change over the window"
        named = {"group": arm, "reference": reference, "n_subjects": len(entered[arm]) + len(entered[reference])}
        try:
            if not len(entered[arm]) or not len(entered[reference]):
                raise NotEstimable("no animal in one of the groups has an area")
            estimate, animals, paired = compare(change, arm, reference)
            kind = "paired: animals that were in both" if paired else "Welch"
            rows.append({**_row("", WINDOW, effect, estimate, [kind, *notes]), **named, "n_subjects": len(animals)})
        except NotEstimable as problem:
            rows.append({**_row("", WINDOW, effect, None, [str(problem)]), **named})
    return rows


def _row(
    analyte: str, model: str, effect: str, found: Estimate | JointTest | None, reasons: Iterable[str | None]
) -> Row:
    row: Row = {"analyte": analyte, "model": model, "effect": effect}
    if isinstance(found, Estimate):
        row |= {"estimate": found.estimate, "se": found.se, "ci_low": found.ci_low, "ci_high": found.ci_high}
    if isinstance(found, JointTest):
        row |= {"df_numerator": found.df_numerator}
    if found is not None:
        row |= {"df": found.df, "statistic": found.statistic, "p_value": found.p_value}
    row["reason"] = "; ".join(dict.fromkeys(text for text in reasons if text)) or None
    return row


def _as_percent(found: Estimate | None) -> Row:
    """The effect on ln concentration as a ratio in per cent."""
    if found is None:
        return {}
    low, middle, high = (100 * math.exp(value) for value in (found.ci_low, found.estimate, found.ci_high))
    return {"percent": middle, "percent_ci_low": low, "percent_ci_high": high}


def _counts(model: CourseModel, arms: list[str], time: float | None) -> Row:
    """Animals and samples behind an effect: those in the cells that it compares."""
    places = [place for place in model.cells if place[0] in arms and (time is None or place[1] in (BASELINE, time))]
    animals = {animal for place in places if time is None or place[1] == time for animal in model.cells[place].animals}
    return {"n_subjects": len(animals), "n_samples": sum(model.cells[place].n_samples for place in places)}


def _family(rows: list[Row]) -> list[Row]:
    adjusted = holm(float(row.get("p_value", math.nan)) for row in rows)  # type: ignore[arg-type]
    return [{**row, "p_adjusted": value} for row, value in zip(rows, adjusted, strict=True)]
