"""Rows on the mean change over the window: area ÷ window, one number per animal."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coeruleus.release.area_test import change_per_animal, compare, t_interval
from coeruleus.release.arms import reference_of
from coeruleus.release.effect_size import hedges_g
from coeruleus.release.mixed import NotEstimable
from coeruleus.release.permutation import flip_signs, permute_groups
from coeruleus.release.reml import Floats
from coeruleus.release.rows import Row, as_row, with_size

WINDOW = "mean change over the window (area ÷ window, % of baseline), t over animals"
PERMUTED = "mean change over the window (area ÷ window, % of baseline), permutation of animals"


def window_rows(
    summary: pd.DataFrame, courses: pd.DataFrame, reference_group: str | None, permutation: bool
) -> list[Row]:
    """Each arm against 0, and against its reference: t and permutation."""
    change = change_per_animal(summary)
    arms = sorted(set(summary["arm"]))
    windows = summary["window_min"].dropna()
    uneven = windows.max() - windows.min() > 0.01 * windows.max() if len(windows) else False
    notes = [f"windows differ, from {windows.min():g} to {windows.max():g} min"] if uneven else []
    entered = {arm: change[arm] if arm in change.index.get_level_values(0) else change[:0] for arm in arms}
    rows: list[Row] = []
    for arm in arms:
        values = entered[arm].to_numpy()
        effect, named = f"{arm}: mean change over the window", {"group": arm, "n_subjects": len(values)}
        try:
            estimate = t_interval(values)
            rows.append(with_size({**as_row(WINDOW, effect, estimate, notes), **named}, hedges_g(values)))
            if permutation:
                rows.append({**_permuted(effect, values, None, notes), **named})
        except NotEstimable as problem:
            rows.append({**as_row(WINDOW, effect, None, [str(problem)]), **named})
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
            named["n_subjects"] = len(animals)
            own, other = entered[arm], entered[reference]
            one = (own[animals] - other[animals]).to_numpy() if paired else own.to_numpy()
            two = None if paired else other.to_numpy()
            notes_here = ["paired: animals that were in both" if paired else "Welch", *notes]
            rows.append(with_size({**as_row(WINDOW, effect, estimate, notes_here), **named}, hedges_g(one, two)))
            if permutation:
                rows.append({**_permuted(effect, one, two, notes), **named})
        except NotEstimable as problem:
            rows.append({**as_row(WINDOW, effect, None, [str(problem)]), **named})
    return rows


def _permuted(effect: str, values: Floats, reference: Floats | None, notes: list[str]) -> Row:
    statistic, p_value, number = flip_signs(values) if reference is None else permute_groups(values, reference)
    what = "signs of animals changed" if reference is None else "animals exchanged between groups"
    row = as_row(PERMUTED, effect, None, [f"{what}, {number} ways", *notes])
    estimate = float(np.mean(values)) - (0.0 if reference is None else float(np.mean(reference)))
    return {**row, "estimate": estimate, "statistic": statistic, "p_value": p_value}
