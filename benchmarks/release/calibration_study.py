"""Intervals where one calibration made all concentrations of a run, or two runs made one course."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coeruleus.chromatography.calibration_rows import calibrate_run
from coeruleus.chromatography.concentration_rows import concentration_rows
from coeruleus.chromatography.settings import Analyte, Calibration
from coeruleus.experiment.settings import BaselineSettings
from coeruleus.release.baseline import mark_baseline, measure_baselines, set_divisor
from coeruleus.release.bounds import mark_bounds
from coeruleus.release.normalise import percent_of_baseline
from coeruleus.release.samples import combine_injections, read_injections
from coeruleus.release.summary import summarise
from coeruleus.release.turnover import measure_turnover
from coeruleus.simulation.areas import simulate_areas
from coeruleus.tables.dialysate import LOADINGS

Line = tuple[str, float, float, float]
TRUE = {"NE": (1.0, 1.0, 1.0, 2.0, 3.0, 2.0, 1.5), "MHPG": (4.0, 4.0, 4.0, 5.0, 7.0, 8.0, 8.0)}  # nM, 20 min each
BASE, LAST = 3, "s4"
RATIO = "MHPG/NE"
# Here a baseline of three samples scatters by two calibrations too, which widens its t interval and is no harm
IN_TURN = "samples in two runs in turn"
ARRANGEMENTS = {
    "one run": "aaaaaaa",
    "baseline in one run, effect in another": "aaabbbb",
    IN_TURN: "abababa",
}
# Covariance of intercept (nM) and slope (1), and the error of each sample
COVARIANCE = np.array([[0.1**2, -0.7 * 0.1 * 0.04], [-0.7 * 0.1 * 0.04, 0.04**2]])
OWN = 0.03


def known(rng: np.random.Generator, studies: int, runs: str) -> pd.DataFrame:
    """Concentrations by lines whose errors have a known covariance, one animal a study."""
    parts, root = [], np.linalg.cholesky(COVARIANCE)
    for analyte, true in TRUE.items():
        x = np.array(true)
        scale = x[0]
        loadings = np.column_stack([np.full(len(x), scale), x]) @ root
        errors = {run: rng.standard_normal((studies, 2)) for run in sorted(set(runs))}
        value = x + OWN * scale * rng.standard_normal((studies, len(x)))
        for place, run in enumerate(runs):
            value[:, place] += errors[run] @ loadings[place]
        se = np.sqrt((OWN * scale) ** 2 + np.sum(loadings**2, axis=1))
        frame = _frame(analyte, value, np.tile(se, (studies, 1)), runs)
        parts.append(frame.assign(**dict.fromkeys(LOADINGS, 0.0)))
        for place, name in enumerate(LOADINGS[:2]):
            parts[-1][name] = np.tile(loadings[:, place], studies)
    return pd.concat(parts, ignore_index=True)


def fitted(rng: np.random.Generator, studies: int, runs: str) -> pd.DataFrame:
    """Concentrations from areas of whole runs with their standards, an electrode that wears out among them."""
    parts = []
    for analyte, true in TRUE.items():
        value, se, loadings = (np.zeros((studies, len(true), width)) for width in (1, 1, len(LOADINGS)))
        for study in range(studies):
            for run in sorted(set(runs)):
                places = [place for place, own in enumerate(runs) if own == run]
                found = _quantify(rng, [true[place] for place in places])
                for place, row in zip(places, found, strict=False):
                    value[study, place], se[study, place] = row["concentration"], row["concentration_se"]
                    loadings[study, place] = [row[name] for name in LOADINGS]
        frame = _frame(analyte, value[:, :, 0], se[:, :, 0], runs)
        parts.append(frame.assign(**{name: loadings[:, :, k].ravel() for k, name in enumerate(LOADINGS)}))
    return pd.concat(parts, ignore_index=True)


def calibration(rng: np.random.Generator, studies: int) -> list[Line]:
    """Coverage of every interval that a course has, with what the calibration shares and as if all were own."""
    lines: list[Line] = []
    for how, runs in ARRANGEMENTS.items():
        frame = known(rng, studies, runs)
        high = 99 if how == IN_TURN else 97
        for name, share in coverage(frame).items():
            lines.append((f"{how}: coverage of {name}, %", 100 * share, 93, high))
        for name, share in coverage(frame.assign(**dict.fromkeys(LOADINGS, np.nan))).items():
            lines.append((f"{how}: the same of {name} as if no error were shared, %", 100 * share, -np.inf, np.inf))
    number = max(studies // 5, 1)
    for how, runs in list(ARRANGEMENTS.items())[:2]:
        for name, share in coverage(fitted(rng, number, runs)).items():
            said = f"{how}, {number} studies with lines fitted to standards: coverage of {name}, %"
            lines.append((said, 100 * share, 92, 98))
    return lines


def coverage(concentrations: pd.DataFrame) -> dict[str, float]:
    """Share of studies whose 95 % interval holds the truth."""
    samples = combine_injections(*read_injections(concentrations))
    samples["time_min"] = (samples["start_min"] + samples["end_min"]) / 2
    samples["period"] = np.where(samples["start_min"] < 0, "before", "after")
    samples = mark_bounds(samples.assign(condition="c", placement=None, region=None))
    rules = BaselineSettings(max_cv=10.0)
    samples["in_baseline"] = samples["in_model_baseline"] = mark_baseline(samples, rules)
    baselines = set_divisor(measure_baselines(samples, rules), samples.drop_duplicates("session_id"), "animal")
    samples = percent_of_baseline(samples, baselines)
    turnover = measure_turnover(samples.assign(recovery_changed=None, recovery_note=None), [RATIO])
    summary = summarise(samples, baselines)
    truth = {name: np.array(true) for name, true in TRUE.items()}
    ne, place = truth["NE"], int(LAST[1:])
    base = ne[:BASE].mean()
    one = samples[(samples["analyte"] == "NE") & (samples["sample_id"] == LAST)]
    ratios = truth["MHPG"] / ne
    turn = turnover[turnover["sample_id"] == LAST]
    own, area = baselines[baselines["analyte"] == "NE"], summary[summary["analyte"] == "NE"]
    change = 20 * float(np.sum(100 * ne[BASE:] / base - 100))
    return {
        "the baseline": _inside(own, "ci_low", "ci_high", base),
        "per cent of baseline": _within(one, "percent_baseline", 100 * ne[place] / base),
        "difference from baseline": _within(one, "difference_baseline", ne[place] - base),
        "log ratio": _within(one, "log_ratio", np.log(ne[place] / base)),
        "the area": _inside(area, "auc_ci_low", "auc_ci_high", change),
        f"{RATIO}": _within(turn, "value", ratios[place]),
        f"{RATIO}, per cent of baseline": _within(turn, "percent_baseline", 100 * ratios[place] / ratios[0]),
    }


def _quantify(rng: np.random.Generator, held: Sequence[float]) -> list[dict[str, float]]:
    made = simulate_areas(rng, samples=10, held=held, slope=60.0, noise=1.0, sensitivity_loss=0.1)
    result = calibrate_run(made.injections, made.rows, made.standards, [Analyte("NE", None, "nM")], Calibration())
    return concentration_rows(made.injections, made.rows, result)


def _frame(analyte: str, value: np.ndarray, se: np.ndarray, runs: str) -> pd.DataFrame:
    studies, number = value.shape
    names = np.array([f"a{place:06d}" for place in range(studies)], dtype=object)
    frame = pd.DataFrame({"concentration": value.ravel(), "concentration_se": se.ravel()})
    frame["session_id"] = frame["probe_id"] = frame["subject_id"] = np.repeat(names, number)
    frame["start_min"] = np.tile((np.arange(number) - BASE) * 20.0, studies)
    frame["sample_id"] = np.tile([f"s{place}" for place in range(number)], studies)
    frame["injection_id"] = frame["session_id"] + frame["sample_id"] + analyte
    frame["run"] = frame["session_id"] + np.tile(list(runs), studies)
    return frame.assign(end_min=frame["start_min"] + 20, analyte=analyte, unit="nM", status="ok", reason=None)


def _within(rows: pd.DataFrame, name: str, truth: float) -> float:
    return float(np.mean(np.abs(rows[name] - truth) < 1.959964 * rows[f"{name}_se"]))


def _inside(rows: pd.DataFrame, low: str, high: str, truth: float) -> float:
    return float(np.mean((rows[low] < truth) & (rows[high] > truth)))
