"""The mixed model of one analyte: ln concentration of each arm at each time, against the baseline period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coeruleus.release.mixed import MixedFit, NotEstimable, fit_mixed
from coeruleus.release.timing import AFTER, align_times
from coeruleus.tables import status

LOGGED = (status.OK, status.ABOVE_RANGE, status.BELOW_LOQ)
LOW = (status.BELOW_LOD, status.NOT_FOUND)
MOST_LOW = 0.5  # of the samples of one arm and time below the limit of detection: beyond it, no estimate
BASELINE = "baseline"


@dataclass(frozen=True)
class Cell:
    """Samples of one arm at one time, or in the baseline: how many, of how many animals, and how many too low."""

    column: int
    n_samples: int
    animals: frozenset[str]
    n_low: int


@dataclass(frozen=True)
class CourseModel:
    """A fitted model, its cells by arm and time (NaN: baseline), and notes that belong to every result."""

    fit: MixedFit | None
    cells: dict[tuple[str, float | str], Cell]
    times: list[float]
    notes: list[str]
    failure: str | None  # why there is no fit

    def change(self, arm: str, time: float) -> NDArray[np.float64]:
        """Weights of the contrast: this arm at this time against its own baseline."""
        weights = np.zeros(len(self.cells))
        weights[self.cells[arm, time].column] = 1.0
        weights[self.cells[arm, BASELINE].column] = -1.0
        return weights

    def stands_against(self, arm: str, time: float) -> str | None:
        """Why the change of this arm at this time cannot be estimated, None where it can."""
        for where in (BASELINE, time):
            cell = self.cells.get((arm, where))
            place = "in the baseline" if where == BASELINE else f"at {where:g} min"
            if cell is None or len(cell.animals) < 2:
                return f"{arm}: {_animals(cell)} with a sample {place}, two are needed"
            if cell.n_low > MOST_LOW * (cell.n_samples + cell.n_low):
                return f"{arm}: {cell.n_low} of {cell.n_samples + cell.n_low} samples {place} are below detection"
        return self.failure


def fit_courses(samples: pd.DataFrame) -> CourseModel:
    """Fit ln concentration ~ arm × time with random effects of animals.

    `samples`: those of one analyte and region that groups are compared on, with subject_id, arm, series,
    period, in_baseline, status, concentration, start_min, end_min, time_min. The baseline samples are the
    reference period; other samples before or across time 0 do not enter. Values below the limit of
    quantification enter with their number; those below the limit of detection cannot be logged and are
    left out, and counted.

    Random effects: the animal's level, and its response, shared by all its samples after treatment, since
    animals respond to a different degree (without it, intervals of the change are too narrow); and the
    same for each session and probe where an animal has several.
    """
    wanted = samples["in_baseline"] | (samples["period"] == AFTER)
    asked = samples[wanted & samples["status"].isin((*LOGGED, *LOW))].copy()
    asked = asked.sort_values(["subject_id", "series", "start_min", "sample_id"], kind="stable", ignore_index=True)
    after = (asked["period"] == AFTER).to_numpy()
    width = float((asked["end_min"] - asked["start_min"]).median())
    times = np.full(len(asked), np.nan)
    times[after] = align_times(asked["time_min"].to_numpy()[after], width)
    fit_for_log = (asked["status"].isin(LOGGED) & (asked["concentration"] > 0)).to_numpy()
    cells, column = _cells(asked, times, fit_for_log)
    notes = _notes(asked, fit_for_log)
    grid = sorted(set(times[after].tolist()))
    kept = asked[fit_for_log]
    if kept["subject_id"].nunique() < 2:
        return CourseModel(None, cells, grid, notes, "one animal only: nothing to compare it with")
    x = np.zeros((len(kept), len(cells)))
    x[np.arange(len(kept)), column[fit_for_log]] = 1.0
    animals = pd.factorize(kept["subject_id"])[0].astype(np.int64)
    try:
        effects = _effects(kept, animals, after[fit_for_log])
        fit = fit_mixed(np.log(kept["concentration"].to_numpy()), x, animals, effects)
    except (NotEstimable, np.linalg.LinAlgError) as problem:
        return CourseModel(None, cells, grid, notes, f"the model cannot be fitted: {problem}")
    for name in fit.zero:
        notes.append(f"variance of {name} estimated as 0")
    return CourseModel(fit, cells, grid, notes, None)


def _cells(
    asked: pd.DataFrame, times: NDArray[np.float64], fit_for_log: NDArray[np.bool_]
) -> tuple[dict[tuple[str, float | str], Cell], NDArray[np.int64]]:
    """Cells that have a sample, and each row's cell (−1 for rows that cannot be logged)."""
    places = [(arm, BASELINE if np.isnan(time) else float(time)) for arm, time in zip(asked["arm"], times, strict=True)]
    members: dict[tuple[str, float | str], list[int]] = {}
    low: dict[tuple[str, float | str], int] = {}
    for index, place in enumerate(places):
        if fit_for_log[index]:
            members.setdefault(place, []).append(index)
        else:
            low[place] = low.get(place, 0) + 1
    order = sorted(members, key=lambda place: (place[0], -np.inf if place[1] == BASELINE else place[1]))
    subjects = asked["subject_id"].to_numpy(dtype=object)
    column = np.full(len(asked), -1, dtype=np.int64)
    cells = {}
    for number, place in enumerate(order):
        column[members[place]] = number
        animals = frozenset(subjects[members[place]])
        cells[place] = Cell(number, len(members[place]), animals, low.get(place, 0))
    return cells, column


def _effects(kept: pd.DataFrame, animals: NDArray[np.int64], after: NDArray[np.bool_]) -> dict[str, NDArray[np.int64]]:
    effects = {"the animals' levels": animals, "the animals' responses": np.where(after, animals, -1)}
    series = pd.factorize(kept["series"])[0].astype(np.int64)
    if series.max() > animals.max():
        effects["levels of sessions and probes"] = series
        effects["responses of sessions and probes"] = np.where(after, series, -1)
    return effects


def _notes(asked: pd.DataFrame, fit_for_log: NDArray[np.bool_]) -> list[str]:
    notes = []
    left_out = int((~fit_for_log).sum())
    below = int((fit_for_log & (asked["status"] == status.BELOW_LOQ).to_numpy()).sum())
    if left_out:
        notes.append(
            f"samples left out, being below detection or not above 0, so that low means are too high: {left_out}"
        )
    if below:
        notes.append(f"samples below quantification that enter with their number: {below}")
    return notes


def _animals(cell: Cell | None) -> str:
    number = len(cell.animals) if cell else 0
    return {0: "no animal", 1: "one animal"}.get(number, f"{number} animals")
