"""Rows on the mean change over the window: area ÷ window, one number per animal."""

from __future__ import annotations

import pandas as pd

from coeruleus.release.area_test import (
    bounded_interval,
    change_per_animal,
    exact,
    pair,
    t_interval,
    uneven_windows,
    welch_interval,
)
from coeruleus.release.arms import reference_of
from coeruleus.release.effect_size import hedges_g
from coeruleus.release.mixed import NotEstimable
from coeruleus.release.permutation import flip_signs, permute_groups
from coeruleus.release.reml import Floats
from coeruleus.release.rows import Row, as_row, with_size

MEAN = "mean change over the window (area ÷ window, % of baseline)"
WINDOW = f"{MEAN}, t over animals"
BOUNDED = f"{MEAN}, areas between bounds censored (normal, one variance)"
PERMUTED = f"{MEAN}, permutation of animals"


def window_rows(
    summary: pd.DataFrame, courses: pd.DataFrame, reference_group: str | None, permutation: bool
) -> list[Row]:
    """Each arm against 0, and against its reference: t and permutation.

    Where the area of an animal is only known between bounds, a censored normal model takes the place of t.
    """
    change = change_per_animal(summary)
    arms = sorted(set(summary["arm"]))
    uneven = uneven_windows(summary)
    notes = [uneven] if uneven else []
    entered = {arm: change.loc[arm] if arm in change.index.get_level_values(0) else change[:0] for arm in arms}
    rows: list[Row] = []
    for arm in arms:
        named = {"group": arm, "n_subjects": len(entered[arm])}
        rows += _rows(f"{arm}: mean change over the window", entered[arm], None, named, notes, permutation)
    for arm in arms:
        reference = reference_of(arm, arms, courses, reference_group)
        if not reference:
            continue
        effect = f"{arm} − {reference}: difference of mean change over the window"
        own, other = entered[arm], entered[reference]
        paired = pair(own, other) if len(own) and len(other) else own[:0]
        named = {"group": arm, "reference": reference}
        if len(paired):
            named["n_subjects"] = len(paired)
            texts = ["paired: animals that were in both", *notes]
            rows += _rows(effect, paired, None, named, texts, permutation)
        else:
            named["n_subjects"] = len(own) + len(other)
            rows += _rows(effect, own, other, named, notes, permutation)
    return rows


def _rows(
    effect: str, own: pd.DataFrame, other: pd.DataFrame | None, named: Row, notes: list[str], permutation: bool
) -> list[Row]:
    """One effect; without `other` that of one group, or of paired differences, against 0."""
    groups = [own] if other is None else [own, other]
    try:
        if other is not None and not all(len(group) for group in groups):
            raise NotEstimable("no animal in one of the groups has an area")
        if not all(exact(group) for group in groups):
            number = sum(int((group["low"] != group["high"]).sum()) for group in groups)
            said = [f"animals whose area is only known between bounds: {number}", *notes]
            found = bounded_interval(own, other)
            return [{**as_row(BOUNDED, effect, found, said), **named, "test": "censored normal model of areas"}]
        values = [group["low"].to_numpy() for group in groups]
        found = t_interval(*values) if other is None else welch_interval(*values)
        how = [] if other is None else ["Welch"]
        named["test"] = "t test over animals"
        rows = [with_size({**as_row(WINDOW, effect, found, [*how, *notes]), **named}, hedges_g(*values))]
        if permutation:
            rows.append({**_permuted(effect, values, notes), **named, "test": "permutation of animals"})
        return rows
    except NotEstimable as problem:
        return [{**as_row(WINDOW, effect, None, [str(problem)]), **named}]


def _permuted(effect: str, values: list[Floats], notes: list[str]) -> Row:
    statistic, p_value, number = flip_signs(*values) if len(values) == 1 else permute_groups(*values)
    what = "signs of animals changed" if len(values) == 1 else "animals exchanged between groups"
    row = as_row(PERMUTED, effect, None, [f"{what}, {number} ways", *notes])
    estimate = float(values[0].mean()) - (float(values[1].mean()) if len(values) > 1 else 0.0)
    return {**row, "estimate": estimate, "statistic": statistic, "p_value": p_value}
