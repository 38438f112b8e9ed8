"""Simulated studies with known truth, one function per claim; each gives lines of (what, figure, low, high)."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
from calibration_study import calibration
from chain_study import RISE, Line, censored_ar1, too_few
from chain_study import frame as course_frame

from coeruleus.experiment.settings import BaselineSettings, RecoverySettings, ReleaseSettings
from coeruleus.release.area_test import welch_interval
from coeruleus.release.baseline import mark_baseline, measure_baselines, set_divisor
from coeruleus.release.bounds import mark_bounds
from coeruleus.release.choices import Choices
from coeruleus.release.compute import compute_release
from coeruleus.release.course_model import fit_courses
from coeruleus.release.mixed import fit_mixed
from coeruleus.release.normalise import percent_of_baseline
from coeruleus.release.summary import summarise
from coeruleus.release.zero_net_flux import NoFlux, fit_no_flux

BASE, AFTER, PER_ARM = 3, 3, 6
ANALYTES = ("NE", "MHPG", "DA", "DOPAC", "HVA", "5-HT", "5-HIAA", "EPI")
TIMES = BASE + AFTER


def _animals(rng: np.random.Generator, respond: float, noise: float, between: float = 0.4) -> np.ndarray:
    """ln concentration of one study, (2 × PER_ARM, TIMES); the second half rises by RISE after treatment."""
    number = 2 * PER_ARM
    response = rng.normal(0, respond, number) + RISE * (np.arange(number) >= PER_ARM)
    logs = rng.normal(0, between, (number, 1)) + rng.normal(0, noise, (number, TIMES))
    logs[:, BASE:] += response[:, None]
    return logs


def _design() -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    animals = np.repeat(np.arange(2 * PER_ARM), TIMES)
    place = np.tile(np.maximum(np.arange(TIMES) - BASE + 1, 0), 2 * PER_ARM)
    x = np.eye(2 * (AFTER + 1))[(animals >= PER_ARM) * (AFTER + 1) + place]
    return x, animals, {"level": animals, "response": np.where(place > 0, animals, -1)}


def _weights(arm: int, at: int = AFTER) -> np.ndarray:
    weights = np.zeros(2 * (AFTER + 1))
    weights[arm * (AFTER + 1) + at], weights[arm * (AFTER + 1)] = 1, -1
    return weights


def effects(rng: np.random.Generator, studies: int) -> list[Line]:
    """The default mixed model: interval of the effect, and false positives of vehicle against its baseline."""
    x, animals, random = _design()
    covered, joint, single = np.zeros(studies), np.zeros(studies), np.zeros(studies)
    for study in range(studies):
        fit = fit_mixed(_animals(rng, 0.15, 0.12).ravel(), x, animals, random)
        found = fit.contrast(_weights(1) - _weights(0))
        covered[study] = found.ci_low < RISE < found.ci_high
        single[study] = fit.contrast(_weights(0)).p_value < 0.05
        joint[study] = fit.joint(np.array([_weights(0, at) for at in range(1, AFTER + 1)])).p_value < 0.05
    return [
        ("effect: coverage of 95 % intervals, %", 100 * covered.mean(), 93, 97),
        ("vehicle against baseline: false positives, %", 100 * single.mean(), 4, 6),
        ("vehicle over time (F): false positives, %", 100 * joint.mean(), 4, 6),
    ]


def summaries(rng: np.random.Generator, studies: int) -> list[Line]:
    """Baseline and area of each animal against its true ones, and the difference of areas between groups."""
    noise, number = 0.08, 2 * PER_ARM * studies
    level = np.exp(rng.normal(0, 0.4, number))
    ratio = 1 + (np.arange(number) % (2 * PER_ARM) >= PER_ARM) * np.exp(rng.normal(0, 0.2, number))
    true = level[:, None] * np.where(np.arange(TIMES) < BASE, 1.0, ratio[:, None])
    value = true * (1 + rng.normal(0, noise, true.shape))
    start = (np.arange(TIMES) - BASE) * 20.0
    names = np.array([f"a{place:06d}" for place in range(number)], dtype=object)
    frame = pd.DataFrame({"session_id": np.repeat(names, TIMES), "concentration": value.ravel()})
    frame["probe_id"] = frame["subject_id"] = frame["session_id"]
    frame["start_min"] = np.tile(start, number)
    frame["concentration_se"] = noise * true.ravel()
    frame["end_min"], frame["time_min"] = frame["start_min"] + 20, frame["start_min"] + 10
    frame["period"] = np.where(frame["start_min"] < 0, "before", "after")
    frame["sample_id"] = "s" + frame["start_min"].astype(str)
    frame = frame.assign(analyte="NE", unit="nM", status="ok", condition="c", placement=None, region=None)
    frame = mark_bounds(frame.assign(lod=np.nan, loq=np.nan))
    rules = BaselineSettings()
    frame["in_baseline"] = mark_baseline(frame, rules)
    baselines = set_divisor(measure_baselines(frame, rules), frame.drop_duplicates("session_id"), "animal")
    summary = summarise(percent_of_baseline(frame, baselines), baselines)
    basal = (summary["basal_ci_low"] < level) & (summary["basal_ci_high"] > level)
    area = 100 * (ratio - 1) * 20 * AFTER
    covered = (summary["auc_ci_low"] < area) & (summary["auc_ci_high"] > area)
    change = (summary["auc_percent_min"] / summary["window_min"]).to_numpy().reshape(studies, 2, PER_ARM)
    # the mean of 100 c ÷ b is 100 E(ratio) E(1 ÷ mean of BASE factors), the latter to fourth order of the noise
    v = noise**2 / BASE
    truth = 100 * ((1 + np.exp(0.02)) - 1) * (1 + v + 3 * v**2)
    differs = [welch_interval(own[1], own[0]) for own in change]
    between = np.array([found.ci_low < truth < found.ci_high for found in differs])
    nothing = rng.permuted(change[:, 0].reshape(-1)).reshape(-1, 2, PER_ARM // 2 * 2)[: studies // 2]
    false = np.array([welch_interval(own[0], own[1]).p_value < 0.05 for own in nothing])
    return [
        ("baseline of an animal: coverage, %", 100 * basal.mean(), 93, 97),
        ("area of an animal: coverage, %", 100 * covered.mean(), 93, 97),
        ("difference of areas between groups: coverage, %", 100 * between.mean(), 93, 97),
        (f"difference of areas, {len(false)} pairs of vehicle groups: false positives, %", 100 * false.mean(), 4, 6),
    ]


def censored(rng: np.random.Generator, studies: int) -> list[Line]:
    """30 % of samples below LOQ: bias of the effect in standard errors, with that of the substitutions.

    Each study goes through the same rules as a lab's: an effect is not estimated where a cell of it has fewer than
    two animals with a number, or more than 80 % of its samples below the limit.
    """
    # 30 % of all samples of such studies lie below this
    limit = float(np.quantile(np.concatenate([_animals(rng, 0.15, 0.2, 0.3).ravel() for _ in range(500)]), 0.3))
    frame = course_frame(PER_ARM, BASE, TIMES).assign(at_least=0.0, at_most=float(np.exp(limit)))
    hows = {"censored": "censored", "LOD/2": "half_limit", "left out": "leave_out"}
    estimates: dict[str, list[float]] = {how: [] for how in hows}
    covered, errors, share = [], [], []
    refused = 0
    for _ in range(studies):
        y = _animals(rng, 0.15, 0.2, 0.3).ravel()
        share.append((y < limit).mean())
        study = frame.assign(concentration=np.exp(y), status=np.where(y < limit, "below_loq", "ok"))
        models = {how: fit_courses(study, Choices(below_limit=rule)) for how, rule in hows.items()}  # type: ignore[arg-type]
        at = models["censored"].times[-1]
        if too_few(models["censored"], at):
            refused += 1
            continue
        weights = {how: model.change("drug", at) - model.change("vehicle", at) for how, model in models.items()}
        found = {how: model.fit.contrast(weights[how]) for how, model in models.items() if model.fit}
        if "censored" not in found:
            continue
        covered.append(found["censored"].ci_low < RISE < found["censored"].ci_high)
        errors.append(found["censored"].se)
        for how, one in found.items():
            estimates[how].append(one.estimate)
    se = float(np.mean(errors))
    allowed = {"censored": (-0.1, 0.1)}
    return [
        *(
            (
                f"{how}: bias of the effect, standard errors",
                (np.mean(values) - RISE) / se,
                *allowed.get(how, (-np.inf, np.inf)),
            )
            for how, values in estimates.items()
        ),
        ("censored: coverage of 95 % intervals, %", 100 * float(np.mean(covered)), 93, 97),
        ("censored: mean standard error ÷ spread of estimates", se / float(np.std(estimates["censored"])), 0.9, 1.1),
        ("samples below LOQ, %", 100 * float(np.mean(share)), 28, 32),
        ("studies with too few numbers for an estimate by the rules, %", 100 * refused / studies, -np.inf, np.inf),
        ("fitted, of the others, %", 100 * len(covered) / max(studies - refused, 1), 99, 100),
    ]


def no_flux(rng: np.random.Generator, studies: int) -> list[Line]:
    """Zero-net-flux with 10 % noise: recovery 0.2, 1.5 nM outside, five concentrations of three samples."""
    recovery, outside = 0.2, 1.5
    perfused = np.repeat([0.0, 1.0, 2.0, 4.0, 8.0], 3)
    true = recovery * outside + (1 - recovery) * perfused
    fits = [fit_no_flux(perfused, true * (1 + rng.normal(0, 0.1, len(true)))) for _ in range(studies)]
    found = [fit for fit in fits if isinstance(fit, NoFlux)]
    inside = [fit.extracellular_low < outside < fit.extracellular_high or fit.reason is not None for fit in found]
    return [
        ("zero-net-flux: mean recovery ÷ true", np.mean([fit.recovery for fit in found]) / recovery, 0.97, 1.03),
        (
            "zero-net-flux: median concentration ÷ true",
            np.median([f.extracellular for f in found]) / outside,
            0.97,
            1.03,
        ),
        ("zero-net-flux: coverage of the concentration (Fieller), %", 100 * float(np.mean(inside)), 93, 97),
        ("zero-net-flux: fitted, %", 100 * len(found) / studies, 97, 100),
    ]


def speed(rng: np.random.Generator, studies: int) -> list[Line]:
    """200 animals × 24 samples × 8 analytes with their four ratios; CPU seconds."""
    return [
        (f"200 animals × 24 samples × 8 analytes, {said}: CPU seconds", _seconds(rng, low), 0, 60)
        for said, low in (("30 % of two below LOQ", ("NE", "DA")), ("30 % of all below LOQ", ANALYTES))
    ]


def _seconds(rng: np.random.Generator, scarce: tuple[str, ...]) -> float:
    animals, samples = 200, 24
    rows = []
    for analyte in ANALYTES:
        level = rng.normal(0, 0.3, (animals, 1)) + rng.normal(0, 0.1, (animals, samples))
        level[:, 6:] += rng.normal(0, 0.15, (animals, 1)) + 0.5 * (np.arange(animals) >= animals // 2)[:, None]
        loq = float(np.exp(np.quantile(level, 0.3))) if analyte in scarce else np.nan
        low = np.exp(level) < loq
        frame = pd.DataFrame(
            {"concentration": np.exp(level).ravel(), "status": np.where(low, "below_loq", "ok").ravel()}
        )
        frame["loq"] = loq
        frame["subject_id"] = np.repeat([f"a{k:03d}" for k in range(animals)], samples)
        frame["start_min"] = np.tile((np.arange(samples) - 6) * 20.0, animals)
        frame["sample_id"] = np.tile([f"s{k:02d}" for k in range(samples)], animals)
        rows.append(frame.assign(analyte=analyte))
    frame = pd.concat(rows, ignore_index=True)
    frame["session_id"] = frame["probe_id"] = frame["subject_id"]
    frame["injection_id"] = frame["subject_id"] + frame["sample_id"]
    frame["end_min"], frame["unit"], frame["reason"] = frame["start_min"] + 20, "nM", None
    frame["concentration_se"] = 0.05 * frame["concentration"] + 0.02
    frame["calibration_1"], frame["calibration_2"] = 0.02, 0.02 * frame["concentration"]
    frame["run"] = "run" + frame["subject_id"].str[1:3]  # ten animals a run
    names = sorted(set(frame["subject_id"]))
    subjects = pd.DataFrame({"subject_id": names, "group": ["vehicle"] * 100 + ["drug"] * 100})
    sessions = pd.DataFrame({"session_id": names, "subject_id": names, "condition": None})
    probes = pd.DataFrame({"probe_id": names, "subject_id": names, "region": None, "placement": "hit"})
    columns = ["probe_id", "subject_id", "session_id", "onset_min", "duration_min", "trial_type", "drug", "analyte"]
    events = pd.DataFrame(columns=[*columns, "perfusate_concentration"], dtype=object)
    decisions = pd.DataFrame(columns=["session_id", "probe_id", "sample_id", "action"], dtype=object)
    begun = time.process_time()
    compute_release(
        frame,
        subjects,
        sessions,
        probes,
        events,
        decisions,
        flow_rate_ul_per_min=1.0,
        dead_volume_ul=0.0,
        baseline=BaselineSettings(),
        comparison=ReleaseSettings(reference_group="vehicle"),
        recovery=RecoverySettings(),
    )
    return time.process_time() - begun


PARTS = {
    "effects": effects,
    "summaries": summaries,
    "no_flux": no_flux,
    "speed": speed,
    "calibration": calibration,
    "censored_ar1": censored_ar1,
    "censored": censored,
}
