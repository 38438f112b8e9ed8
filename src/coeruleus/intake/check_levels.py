"""Standards against each other by a quick look at heights: levels that do not rise, two that look swapped."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.formats.chromatogram import Chromatogram
from coeruleus.tables.problems import Problem

STAGE = "intake"
FALLS = 0.9  # a higher level that is lower by more than 10 %
SWAPPED_WITHIN, OFF_BY = 1.25, 1.4
FEWEST = 4
WINDOW_MIN, WINDOW_PART = 0.3, 0.04

Member = tuple[str, Chromatogram, dict[str, Any]]


def check_levels(members: list[Member], retention_min: Mapping[str, float], standards: pd.DataFrame) -> list[Problem]:
    """Problems of one run's standards: heights near each analyte's nominal time, against what standards.tsv says.

    A look and no measurement: the highest point within ± 0.3 min or 4 % of the time, above a line between the
    window's ends.
    """
    problems: list[Problem] = []
    for analyte, time in sorted(retention_min.items()):
        levels = standards[standards["analyte"] == analyte]
        nominal = dict(zip(levels["level"], levels["concentration"].astype(float), strict=True))
        found = [
            (item, nominal[row["level"]], _height(trace, time))
            for item, trace, row in members
            if row.get("kind") == "standard" and nominal.get(row.get("level") or "", 0) > 0
        ]
        found = [each for each in found if np.isfinite(each[2])]
        swapped = _swapped(found)
        for one, other in swapped:
            message = (
                f"{analyte}: this standard and injection {other} look swapped: each has the height that the other "
                f"should have; are their files or levels exchanged?"
            )
            problems.append(Problem(STAGE, one, "warning", message))
        if not swapped:
            problems += _falling(found, analyte)
    return problems


def _height(trace: Chromatogram, time: float) -> float:
    width = max(WINDOW_MIN, WINDOW_PART * time)
    inside = np.abs(trace.time_min - time) <= width
    if inside.sum() < 8 or not trace.time_min[0] <= time <= trace.time_min[-1]:
        return np.nan
    part = trace.signal[inside]
    edge = max(2, len(part) // 20)
    line = np.linspace(np.median(part[:edge]), np.median(part[-edge:]), len(part))
    return float((part - line).max())


def _swapped(found: list[tuple[str, float, float]]) -> list[tuple[str, str]]:
    """Pairs of injections that fit the others' common line only when exchanged."""
    if len(found) < FEWEST or any(height <= 0 for _, _, height in found):
        return []
    slope = float(np.median([height / amount for _, amount, height in found]))

    def off(height: float, amount: float) -> float:
        return float(np.exp(abs(np.log(height / (slope * amount)))))

    pairs = []
    for (one, first, low), (other, second, high) in itertools.combinations(found, 2):
        as_said = min(off(low, first), off(high, second))
        exchanged = max(off(low, second), off(high, first))
        if first != second and as_said > OFF_BY and exchanged < SWAPPED_WITHIN:
            pairs.append((one, other))
    return pairs


def _falling(found: list[tuple[str, float, float]], analyte: str) -> list[Problem]:
    """Levels whose mean height is below that of the next lower level."""
    amounts = sorted({amount for _, amount, _ in found})
    means = [float(np.mean([height for _, amount, height in found if amount == each])) for each in amounts]
    problems = []
    for index, (before, after) in enumerate(itertools.pairwise(means), start=1):
        if after < FALLS * before:
            item = next(item for item, amount, _ in found if amount == amounts[index])
            message = (
                f"{analyte}: the level of {amounts[index]:g} has a lower peak ({after:.4g}) than that of "
                f"{amounts[index - 1]:g} ({before:.4g}); is a level or the retention time wrong?"
            )
            problems.append(Problem(STAGE, item, "warning", message))
    return problems
