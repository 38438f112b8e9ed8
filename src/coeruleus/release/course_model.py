"""The mixed model of one analyte: each arm at each time, against the baseline period."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coeruleus.release.autoregressive import fit_autoregressive
from coeruleus.release.bounds import LOW
from coeruleus.release.censored import fit_censored
from coeruleus.release.choices import Choices
from coeruleus.release.kenward_roger import fit_kenward_roger
from coeruleus.release.mixed import MixedFit, NotEstimable, fit_mixed
from coeruleus.release.outcome import Outcome, measure_outcome
from coeruleus.release.timing import AFTER, TOLERANCE_MIN, align_times
from coeruleus.tables import status

COUNTED = (status.OK, status.ABOVE_RANGE, *LOW)
MOST_LOW = 0.5  # of the samples of one arm and time left out as too low: beyond it, no estimate
MOST_CENSORED = 0.8  # the same for values that enter as censored
BASELINE = "baseline"


@dataclass(frozen=True)
class Cell:
    """Samples of one arm at one time, or in the baseline, and their animals.

    `n_known` of the samples have a number; `n_lost` more are below a limit and do not enter. The column of
    the model is −1 for a cell without any number.
    """

    column: int
    n_samples: int
    n_known: int
    n_lost: int
    animals: frozenset[str]
    known: frozenset[str]  # animals with a number


@dataclass(frozen=True)
class Design:
    """What a model was fitted to: (n,) rows in order of animals and time."""

    outcome: Outcome
    x: NDArray[np.float64]
    animals: NDArray[np.int64]
    effects: dict[str, NDArray[np.int64]]
    series: NDArray[np.int64]
    position: NDArray[np.int64]
    arms: NDArray[np.object_]


@dataclass(frozen=True)
class CourseModel:
    """A fitted model, its cells by arm and time or BASELINE, and notes that belong to every result."""

    name: str
    fit: MixedFit | None
    design: Design | None
    cells: dict[tuple[str, float | str], Cell]
    times: list[float]
    notes: list[str]
    failure: str | None  # why there is no fit
    percent: bool  # of baseline, so that the baseline is 100 by construction and has no cell

    def change(self, arm: str, time: float) -> NDArray[np.float64]:
        """Weights of the contrast: this arm at this time against its own baseline."""
        weights = np.zeros(max(cell.column for cell in self.cells.values()) + 1)
        weights[self.cells[arm, time].column] = 1.0
        if not self.percent:
            weights[self.cells[arm, BASELINE].column] = -1.0
        return weights

    def stands_against(self, arm: str, time: float) -> str | None:
        """Why the change of this arm at this time cannot be estimated, None where it can."""
        for where in (time,) if self.percent else (BASELINE, time):
            cell = self.cells.get((arm, where))
            place = "in the baseline" if where == BASELINE else f"at {where:g} min"
            if cell is None or len(cell.known) < 2:
                lost = (
                    f" ({low} below a limit)" if cell and (low := cell.n_lost + cell.n_samples - cell.n_known) else ""
                )
                return f"{arm}: {_animals(cell)} with a number {place}{lost}, two are needed"
            if cell.n_lost > MOST_LOW * (cell.n_samples + cell.n_lost):
                return f"{arm}: {cell.n_lost} of {cell.n_samples + cell.n_lost} samples {place} are below detection"
            if cell.n_samples - cell.n_known > MOST_CENSORED * cell.n_samples:
                low = cell.n_samples - cell.n_known
                return f"{arm}: {low} of {cell.n_samples} samples {place} are below a limit, too many for an estimate"
        return self.failure


def fit_courses(samples: pd.DataFrame, choices: Choices) -> CourseModel:
    """Fit outcome ~ arm × time with random effects of animals.

    `samples`: those of one analyte and region that groups are compared on, with subject_id, arm, series,
    period, in_baseline (and in_model_baseline: with values below limits), status, concentration, at_least,
    at_most, baseline, start_min, end_min, time_min. The baseline samples are the reference period; other samples
    before or across time 0 do not enter. With the outcome `percent` only samples after the treatment do.

    Random effects: the animal's level, and its response, shared by all its samples after treatment, since
    animals respond to a different degree (without it, intervals of the change are too narrow); and the
    same for each session and probe where an animal has several.
    """
    percent = choices.outcome == "percent"
    base = "in_model_baseline" if choices.lends_low_baselines and "in_model_baseline" in samples else "in_baseline"
    wanted = samples["period"] == AFTER if percent else samples[base] | (samples["period"] == AFTER)
    asked = samples[wanted & samples["status"].isin(COUNTED)].copy()
    asked = asked.sort_values(["subject_id", "series", "start_min", "sample_id"], kind="stable", ignore_index=True)
    after = (asked["period"] == AFTER).to_numpy()
    width = float((asked["end_min"] - asked["start_min"])[after].median())
    times = np.full(len(asked), np.nan)
    times[after] = align_times(asked["time_min"].to_numpy()[after], width)
    outcome, notes = measure_outcome(asked, choices)
    usable = outcome.usable
    cells, column = _cells(asked, times, outcome)
    grid = sorted(set(times[after].tolist()))
    censored = bool(np.isnan(outcome.y[usable]).any())
    name = choices.model_name(censored)
    kept, own = asked[usable], outcome.take(usable)
    if kept["subject_id"].nunique() < 2:
        return CourseModel(name, None, None, cells, grid, notes, "one animal only: nothing to compare it with", percent)
    # A cell without any number has no finite estimate; it is left out and said so by `stands_against`.
    empty = {cell.column for cell in cells.values() if cell.n_known == 0}
    numbers = np.array([place not in empty for place in column[usable]])
    kept, own = kept[numbers], own.take(numbers)
    if kept["subject_id"].nunique() < 2:
        failure = "fewer than two animals have a sample that is not below a limit"
        return CourseModel(name, None, None, cells, grid, notes, failure, percent)
    place = column[usable][numbers]
    columns = {old: new for new, old in enumerate(sorted(set(place.tolist())))}
    cells = {where: replace(cell, column=columns.get(cell.column, -1)) for where, cell in cells.items()}
    x = np.zeros((len(kept), len(columns)))
    x[np.arange(len(kept)), [columns[old] for old in place.tolist()]] = 1.0
    animals = pd.factorize(kept["subject_id"])[0].astype(np.int64)
    series = pd.factorize(kept["series"])[0].astype(np.int64)
    effects = _effects(animals, series, after[usable][numbers], percent)
    position = _positions(kept)
    design = Design(own, x, animals, effects, series, position, kept["arm"].to_numpy(dtype=object))
    unfitted = CourseModel(name, None, design, cells, grid, notes, None, percent)
    if not any(unfitted.stands_against(arm, time) is None for arm in sorted(set(asked["arm"])) for time in grid):
        many = "no group has a baseline and a time with the numbers that an estimate needs"
        failure = many if grid else "no sample after the treatment"
        return replace(unfitted, design=None, failure=failure)
    try:
        fit = _fit(design, choices, censored)
    except (NotEstimable, np.linalg.LinAlgError) as problem:
        return replace(unfitted, design=None, failure=f"the model cannot be fitted: {problem}")
    notes += [f"variance of {zero} estimated as 0" for zero in fit.zero]
    return replace(unfitted, fit=fit)


def _fit(design: Design, choices: Choices, censored: bool) -> MixedFit:
    y, own = design.outcome.y, design.outcome
    if censored:
        chain = (design.series, design.position) if choices.correlation == "ar1" else None
        return fit_censored(y, own.low, own.high, design.x, design.animals, design.effects, chain=chain)
    if choices.correlation == "ar1":
        return fit_autoregressive(y, design.x, design.animals, design.effects, design.series, design.position)
    if choices.degrees_of_freedom == "kenward_roger":
        return fit_kenward_roger(y, design.x, design.animals, design.effects)
    return fit_mixed(y, design.x, design.animals, design.effects)


def _cells(
    asked: pd.DataFrame, times: NDArray[np.float64], outcome: Outcome
) -> tuple[dict[tuple[str, float | str], Cell], NDArray[np.int64]]:
    """Cells that have a sample, and each row's cell (−1 for rows that do not enter)."""
    places = [(arm, BASELINE if np.isnan(time) else float(time)) for arm, time in zip(asked["arm"], times, strict=True)]
    members: dict[tuple[str, float | str], list[int]] = {}
    lost: dict[tuple[str, float | str], int] = {}
    for index, place in enumerate(places):
        if outcome.usable[index]:
            members.setdefault(place, []).append(index)
        else:
            lost[place] = lost.get(place, 0) + 1
    order = sorted(members, key=lambda place: (place[0], -np.inf if place[1] == BASELINE else place[1]))
    subjects = asked["subject_id"].to_numpy(dtype=object)
    known = np.isfinite(outcome.y)
    column = np.full(len(asked), -1, dtype=np.int64)
    cells = {}
    for number, place in enumerate(order):
        own = np.array(members[place])
        column[own] = number
        with_number = frozenset(subjects[own[known[own]]])
        cells[place] = Cell(
            number, len(own), int(known[own].sum()), lost.get(place, 0), frozenset(subjects[own]), with_number
        )
    return cells, column


def _effects(
    animals: NDArray[np.int64], series: NDArray[np.int64], after: NDArray[np.bool_], percent: bool
) -> dict[str, NDArray[np.int64]]:
    effects = {"the animals' levels": animals}
    if not percent:
        effects["the animals' responses"] = np.where(after, animals, -1)
    if series.max() > animals.max():
        effects["levels of sessions and probes"] = series
        if not percent:
            effects["responses of sessions and probes"] = np.where(after, series, -1)
    return effects


def _positions(kept: pd.DataFrame) -> NDArray[np.int64]:
    """Place of each sample in its course, from its first, in units of the least time between two of any course.

    No two of a course share a place then, whenever an animal began and however long its samples are.
    """
    time, series = kept["time_min"], kept["series"]
    apart = kept.sort_values(["series", "time_min"]).groupby("series")["time_min"].diff()
    shortest = float(apart[apart > TOLERANCE_MIN].min())
    steps = (time - time.groupby(series).transform("min")) / (shortest if shortest > 0 else 1.0)
    return np.floor(steps.to_numpy() + 0.5).astype(np.int64)


def _animals(cell: Cell | None) -> str:
    number = len(cell.known) if cell else 0
    return {0: "no animal", 1: "one animal"}.get(number, f"{number} animals")
