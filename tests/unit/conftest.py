"""Tables of a made-up experiment in the shape that the other rooms write, for tests of figures and the report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coeruleus.tables import dialysate, release, sources, units
from coeruleus.tables.problems import PROBLEMS

NAMES = {"NE": 4.1, "EPI": 5.0, "DHBA": 6.2, "DA": 9.1}


@pytest.fixture(scope="session")
def made_tables() -> dict[str, pd.DataFrame]:
    """Both halves of the made-up experiment; not to be changed in place."""
    return dialysate_tables() | unit_tables() | raw_tables() | other_tables()


def _curve(time: np.ndarray, injection: int) -> tuple[np.ndarray, np.ndarray]:
    baseline = 40 * np.exp(-time / 1.5) + 0.02 * time + 2
    heights = {"NE": 1.2, "EPI": 0.4, "DHBA": 9.0, "DA": 3.0}
    peaks = sum(
        height * np.exp(-(((time - NAMES[name] - 0.002 * injection) / 0.09) ** 2) / 2)
        for name, height in heights.items()
    )
    return baseline, baseline + peaks


def dialysate_tables(
    injections: int = 6, animals: int = 6, points: int = 500, seed: int = 1
) -> dict[str, pd.DataFrame]:
    """One run with standards and dialysates, the last injection failed; two groups of animals, one missed probe."""
    rng = np.random.default_rng(1)
    time = np.linspace(0, 14, points)
    peaks, traces, drift = [], [], []
    for number in range(1, injections + 1):
        name, kind = f"inj{number:03d}", ("standard" if number % 3 == 1 else "dialysate")
        failed = number == injections
        for analyte, apex in NAMES.items():
            status = "failed" if failed else ("not_found" if analyte == "EPI" and kind == "dialysate" else "ok")
            reason = {"failed": "the file is empty", "not_found": "no peak could be told from noise"}.get(status)
            found = (
                {}
                if failed
                else {
                    "retention_time_min": apex + 0.002 * number,
                    "height": 1.2,
                    "area": 12.0,
                    "area_se": 0.4,
                    "snr": 30.0,
                    "width_half_min": 0.21,
                    "fit_score": 1.0 + number / 50,
                }
            )
            peaks.append(
                {
                    "injection_id": name,
                    "analyte": analyte,
                    "run": "run1",
                    "kind": kind,
                    "status": status,
                    "reason": reason,
                    "signal_unit": "nA",
                    **found,
                }
            )
            drift.append(
                {
                    "run": "run1",
                    "analyte": analyte,
                    "order": number,
                    "injection_id": name,
                    "kind": kind,
                    "retention_time_min": None if failed else apex + 0.002 * number + rng.normal(0, 0.002),
                    "retention_model_min": apex + 0.002 * number,
                    "sensitivity": 1 - 0.01 * number + rng.normal(0, 0.01) if kind == "standard" else None,
                    "sensitivity_model": 1 - 0.01 * number,
                }
            )
        if not failed:
            baseline, fitted = _curve(time, number)
            inside = time > 2.5
            traces.append(
                pd.DataFrame(
                    {
                        "injection_id": name,
                        "time_min": time,
                        "signal": fitted + rng.normal(0, 0.05, points),
                        "baseline": np.where(inside, baseline, np.nan),
                        "fitted": np.where(inside, fitted, np.nan),
                        "aligned_min": time - 0.002 * (number - 3),
                    }
                )
            )
    levels = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0]
    calibration, standards, accuracy = [], [], []
    for analyte in NAMES:
        calibration.append(
            {
                "run": "run1",
                "analyte": analyte,
                "model": "linear",
                "weighting": "1/x",
                "slope": 12.0,
                "intercept": 0.3,
                "slope_se": 0.1,
                "r_squared": 0.9991,
                "n_standards": 11,
                "n_rejected": 1,
                "lowest": 0.1,
                "highest": 5.0,
                "lod": 0.04,
                "loq": 0.12,
                "unit": "nM",
                "status": "ok",
                "response": "area",
                "drift_percent": -6.0,
            }
        )
        for number, level in enumerate([*levels, *levels]):
            response = (12 * level + 0.3) * (1.6 if number == 7 else rng.normal(1, 0.02))
            base = {
                "run": "run1",
                "analyte": analyte,
                "injection_id": f"std{number:02d}",
                "nominal": level,
                "kind": "standard" if number % 5 else "qc",
            }
            reason = "rejected: 60 % above the line" if number == 7 else None
            standards.append(
                base
                | {
                    "response": response,
                    "response_se": 0.3,
                    "fitted": 12 * level + 0.3,
                    "used": number != 7,
                    "reason": reason,
                }
            )
            accuracy.append(
                base
                | {
                    "found": (response - 0.3) / 12,
                    "unit": "nM",
                    "level": f"L{number % 6}",
                    "accuracy_percent": (response - 0.3) / 12 / level * 100,
                    "accepted": number != 7,
                    "reason": reason,
                }
            )
    tables = {
        "dialysate/peaks": dialysate.PEAKS.frame(peaks),
        "dialysate/calibration": dialysate.CALIBRATION.frame(calibration),
        "dialysate/accuracy": dialysate.ACCURACY.frame(accuracy),
        "sources/traces": sources.TRACES.frame(pd.concat(traces, ignore_index=True) if traces else ()),
        "sources/calibration_points": sources.CALIBRATION_POINTS.frame(standards),
        "sources/drift": sources.DRIFT.frame(drift),
    }
    return tables | release_tables(animals, rng)


def release_tables(animals: int, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    samples, baselines, summary, courses = [], [], [], []
    groups = ["reboxetine", "vehicle"]
    times = [-50.0, -30.0, -10.0, 10.0, 30.0, 50.0, 70.0, 90.0, 110.0]
    for number in range(1, animals + 1):
        subject = f"rat{number:02d}"
        group, missed, unstable = groups[number % 2], number == animals, number == animals - 1
        ids = {"session_id": subject, "probe_id": subject, "subject_id": subject, "analyte": "NE"}
        for order, time in enumerate(times):
            effect = 180 * np.exp(-(((time - 50) / 40) ** 2)) if group == "reboxetine" and time > 0 else 0
            percent = 100 + effect + rng.normal(0, 12)
            lost = number == 2 and order == 4
            samples.append(
                ids
                | {
                    "sample_id": f"{subject}_s{order}",
                    "condition": "baseline" if time < 0 else group,
                    "unit": "nM",
                    "start_min": time - 10,
                    "end_min": time + 10,
                    "time_min": time,
                    "baseline": 0.5,
                    "group": group,
                    "concentration": None if lost else percent * 0.005,
                    "concentration_se": 0.02,
                    "percent_baseline": None if lost else percent,
                    "percent_baseline_se": 5.0,
                    "in_baseline": time < 0,
                    "status": "missing" if lost else ("below_loq" if percent < 85 else "ok"),
                    "reason": "no file" if lost else ("below the limit of quantification" if percent < 85 else None),
                    "placement": "miss" if missed else "hit",
                }
            )
        baselines.append(
            ids
            | {
                "n_samples": 3,
                "mean": 0.5,
                "cv": 0.31 if unstable else 0.08,
                "unit": "nM",
                "stable": not unstable,
                "reason": "varies by 31 %" if unstable else None,
            }
        )
        summary.append(
            ids
            | {
                "group": group,
                "n_samples": 6,
                "basal_concentration": 0.5,
                "peak_percent": 280.0,
                "time_to_peak_min": 50.0,
                "unit": "nM",
                "window_min": 120.0,
                "auc_percent_min": rng.normal(9000 if group == "reboxetine" else 0, 1500),
                "reason": "probe missed" if missed else None,
            }
        )
    for group in groups:
        for time in times:
            mean = 100 + (180 * np.exp(-(((time - 50) / 40) ** 2)) if group == "reboxetine" and time > 0 else 0)
            courses.append(
                {
                    "analyte": "NE",
                    "group": group,
                    "time_min": time,
                    "n_subjects": animals // 2 - 1,
                    "mean_percent": mean,
                    "ci_low": mean - 18,
                    "ci_high": mean + 18,
                }
            )
    ratio = [
        {**row, "ratio": "MHPG/NE", "unit": "1", "value": percent and 2000 / percent, "baseline": 20.0}
        | {"percent_baseline": percent and 1e4 / percent, "value_se": percent and 1.0}
        for row in samples
        for percent in [row["percent_baseline"]]
    ]
    turned = [
        {
            **row,
            "analyte": "MHPG/NE",
            "mean_percent": 1e4 / mean,
            "ci_low": 1e4 / (mean + 18),
            "ci_high": 1e4 / (mean - 18),
        }
        for row in courses
        for mean in [row["mean_percent"]]
    ]
    areas = [
        {**row, "ratio": "MHPG/NE", "unit": "1", "basal_concentration": 20.0, "baseline_stable": base["stable"]}
        | {"auc_percent_min": -0.3 * row["auc_percent_min"], "peak_percent": 110.0}
        for row, base in zip(summary, baselines, strict=True)
    ]
    return {
        "release/turnover": release.TURNOVER.frame([{**row, "analyte": None} for row in ratio])[release.TURNOVER.names],
        "release/turnover_summary": release.TURNOVER_SUMMARY.frame(areas)[release.TURNOVER_SUMMARY.names],
        "release/release": release.RELEASE.frame(samples),
        "release/baselines": release.BASELINES.frame(baselines),
        "release/summary": release.SUMMARY.frame(summary),
        "release/statistics": release.STATISTICS.frame(
            [
                {
                    "analyte": "NE",
                    "model": "mixed model of log per cent of baseline",
                    "effect": "reboxetine × time",
                    "estimate": 0.81,
                    "se": 0.12,
                    "df": 9.0,
                    "statistic": 6.75,
                    "p_value": 0.0002,
                    "ci_low": 0.57,
                    "ci_high": 1.05,
                    "n_subjects": animals,
                    "n_samples": len(samples),
                }
            ]
        ),
        "sources/release_courses": sources.COURSES.frame([*courses, *turned]),
        "sources/release_areas": sources.AREAS.frame(
            [
                {
                    "analyte": "NE",
                    "arm": group,
                    "n_subjects": animals // 2 - 1,
                    "window_min": 120.0,
                    "mean_percent_min": middle,
                    "ci_low": middle - 2500,
                    "ci_high": middle + 2500,
                }
                for group, middle in (("reboxetine", 9000.0), ("vehicle", 0.0))
            ]
        ),
    }


def dose_tables(count: int = 3) -> dict[str, pd.DataFrame]:
    """Guanfacine in doses that add up to 1, 3, 7, 15 and 31; the second unit was not steady before, the third has an
    open interval."""
    series, given = [], []
    for number in range(1, count + 1):
        unit = {"site_id": f"site{number:02d}", "unit_id": "u1", "drug": "guanfacine", "dose_unit": "ug/kg"}
        unit |= {"route": "i.v.", "status": "ok"}
        steady = number % 3 != 2
        row = unit | {"segment": 3, "onset": 600.0, "counted": "cumulative", "n_doses": 5, "baseline_rate_hz": 2.0}
        if steady:
            half = {"ed50": 5.0, "ed50_ci_low": 3.0 if number % 3 else None, "ed50_ci_high": 9.0}
            row |= half | {"p_value": 0.004, "percent_per_doubling": -30.0}
        series.append(row)
        for place, dose in enumerate((1.0, 3.0, 7.0, 15.0, 31.0)):
            left = 100 / (1 + dose / 5)
            tested = {"from_first_dose_percent": left - 100, "from_first_dose_percent_ci_low": 0.8 * left - 100}
            tested |= {"from_first_dose_percent_ci_high": 1.3 * left - 100, "from_first_dose_p": 0.01}
            event = unit | {"segment": 3, "onset": 600.0 * (place + 1), "dose": dose, "counted_dose": dose}
            given.append(event | {"response_rate_hz": left / 50} | (tested if steady else {}))
    return {"units/doses": units.DOSES.frame(series), "units/drug_responses": units.DRUG_RESPONSES.frame(given)}


def unit_tables(count: int = 4, trials: int = 8, seed: int = 2) -> dict[str, pd.DataFrame]:
    """Units of which every second looks LC; the last one has three spikes; one site has no unit at all."""
    rng = np.random.default_rng(seed)
    rows: dict[str, list[dict]] = {
        name: []
        for name in (
            "units",
            "responses",
            "drugs",
            "evidence",
            "labels",
            "waves",
            "marks",
            "isi",
            "rates",
            "rasters",
            "psth",
            "curves",
            "correlograms",
            "clock",
        )
    }
    grid = np.linspace(-1, 3, 80)
    edges = np.geomspace(0.001, 30, 46)
    for number in range(1, count + 1):
        lc, last = number % 2 == 1, number == count
        unit = {"site_id": f"site{number:02d}", "unit_id": "u1"}
        rate = float(rng.uniform(0.8, 2.5) if lc else rng.uniform(4, 20))
        half = float(rng.normal(0.85, 0.08) if lc else rng.normal(0.4, 0.06))
        measured = (
            {}
            if last
            else {
                "firing_rate_hz": rate,
                "firing_rate_ci_low_hz": rate * 0.9,
                "firing_rate_ci_high_hz": rate * 1.1,
                "isi_cv": 0.6,
                "half_width_ms": half,
                "spike_width_ms": 3 * half,
                "notch": 0.4 if lc else 0.0,
                "contamination": 0.031,
                "contamination_ci_low": 0.0,
                "contamination_ci_high": 0.094,
                "isi_violation_fraction": 0.001,
                "isi_violation_ci_low": 0.00002,
                "isi_violation_ci_high": 0.0077,
                "held": "lost" if number == 2 else "held",
                "held_reason": "no spike in segment 2 from 120 s" if number == 2 else None,
                "quality_reason": "isolation: there is no raw trace",
                "gamma_shape": 2.25,
            }
        )
        rows["units"].append(
            unit
            | measured
            | {
                "subject_id": f"rat{number:02d}",
                "n_spikes": 3 if last else int(300 * rate),
                "duration_s": 300.0,
                "status": "insufficient_spikes" if last else "ok",
                "reason": "3 spikes" if last else None,
            }
        )
        label = "undetermined" if last else ("LC-NE" if lc else "other")
        rows["labels"].append(
            unit
            | {
                "ruleset": "lc_anaesthetised_rat",
                "label": label,
                "reason": "see evidence",
                "identity": "juxtacellular: TH+" if number == 1 else None,
            }
        )
        weights = {"firing_rate": "required", "half_width": "if_tested", "pinch_biphasic": "advisory"}
        for criterion, weight in weights.items():
            verdict = "not_tested" if last else ("pass" if lc or criterion == "pinch_biphasic" else "fail")
            rows["evidence"].append(
                unit
                | {
                    "ruleset": "lc_anaesthetised_rat",
                    "criterion": criterion,
                    "value": None if last else rate,
                    "unit": "Hz",
                    "rule": "0.1 to 5 Hz",
                    "verdict": verdict,
                    "required": weight == "required",
                    "weight": weight,
                    "ci_low": None if last else 0.9 * rate,
                    "ci_high": None if last else 1.1 * rate,
                    "ci_percent": None if last else 90 if criterion == "half_width" else 95,
                    "reason": "too few spikes" if last else None,
                    "citation": "Aston-Jones & Bloom 1981",
                }
            )
        if last:
            continue
        shape = 120 * np.exp(-((grid / (half / 2)) ** 2)) - 35 * np.exp(-(((grid - 3 * half) / 0.6) ** 2))
        rows["waves"] += [
            unit | {"time_ms": t, "amplitude_uv": a, "highpass_hz": 300.0, "amplitude_unit": "µV"}
            for t, a in zip(grid, shape, strict=True)
        ]
        for mark, t, a in (
            ("peak", 0.0, 120.0),
            ("opposite_peak", 3 * half, -35.0),
            ("half_start", -half / 2, 60.0),
            ("half_end", half / 2, 60.0),
        ):
            rows["marks"].append(unit | {"mark": mark, "time_ms": t, "amplitude_uv": a})
        counts, _ = np.histogram(rng.gamma(2.5, 1 / rate / 2.5, int(300 * rate)), edges)
        rows["isi"] += [
            unit | {"isi_low_s": low, "isi_high_s": high, "count": int(n)}
            for low, high, n in zip(edges[:-1], edges[1:], counts, strict=True)
        ]
        for segment in (1, 2):
            rows["rates"] += [
                unit
                | {
                    "segment": segment,
                    "time_low_s": 10.0 * b,
                    "time_high_s": 10.0 * b + 10,
                    "rate_hz": rng.poisson(rate * 10) / 10,
                }
                for b in range(30)
            ]
        change = -80.0 if lc else 5.0
        interval = {"percent_change_ci_low": change - 12, "percent_change_ci_high": change + 20}
        rows["drugs"].append(
            unit
            | {"segment": 2, "onset": 120.0, "drug": "clonidine", "status": "ok", "baseline_rate_hz": rate}
            | {"response_rate_hz": rate * (1 + change / 100), "percent_change": change, "baseline_stable": number > 1}
            | interval
        )
        lags = np.arange(0, 1, 0.02)
        rows["correlograms"] += [
            unit | {"lag_low_s": lag, "lag_high_s": lag + 0.02, "count": 9, "rate_hz": rate * (1 - np.exp(-lag * 8))}
            for lag in lags
        ]
        session = {"subject_id": f"rat{number:02d}", "session_id": f"rat{number:02d}"}
        rows["clock"] += [
            {"site_id": unit["site_id"], "segment": s, "start_min": -5.0 + 10 * s} | session for s in (1, 2)
        ]
        bins = np.arange(-2, 5, 0.1)
        for condition in ("baseline", "clonidine"):
            response = unit | {"trial_type": "paw_pinch", "condition": condition}
            events = {"n_trials": trials}
            excited = lc and condition == "baseline"
            strength = (
                np.where((bins >= 0) & (bins < 0.3), 6, np.where((bins > 0.4) & (bins < 2), 0.1, 1)) if excited else 1
            )
            hits = rng.poisson(rate * 0.1 * strength, (trials, len(bins)))
            rows["psth"] += [
                response | {"time_low_s": low, "time_high_s": low + 0.1, "rate_hz": n * 10} | events
                for low, n in zip(bins, hits.mean(axis=0), strict=True)
            ]
            rows["curves"] += [
                response | {"time_s": low, "rate_hz": n, "low_hz": 0.7 * n, "high_hz": 1.3 * n, "bandwidth_s": 0.1}
                for low, n in zip(bins, np.convolve(hits.mean(axis=0) * 10, np.ones(5) / 5, "same"), strict=True)
            ]
            rows["rasters"] += [
                response | {"trial": int(trial) + 1, "time_s": bins[b] + 0.1 * rng.random()}
                for trial, b in zip(*np.nonzero(hits), strict=True)
            ]
            tested = {
                "excitation_p": 0.0004,
                "excitation_latency_s": 0.02,
                "excitation_duration_s": 0.28,
                "excitation_rate_hz": 6 * rate,
                "inhibition_p": 0.003,
                "inhibition_latency_s": 0.4,
                "inhibition_duration_s": 1.6,
                "inhibition_rate_hz": 0.1,
                "biphasic": True,
            }
            rows["responses"].append(
                response
                | {"n_trials": trials, "baseline_rate_hz": rate, "status": "ok"}
                | (tested if excited else {"excitation_p": 0.4, "inhibition_p": 0.7, "biphasic": False})
            )
    rows["units"].append({"site_id": "zz_site", "unit_id": None, "status": "failed", "reason": "no spike was found"})
    made = (
        units.UNITS,
        units.RESPONSES,
        units.DRUG_RESPONSES,
        units.EVIDENCE,
        units.CLASSIFICATION,
        sources.WAVEFORMS,
        sources.WAVEFORM_MARKS,
        sources.ISI,
        sources.RATES,
        sources.RASTERS,
        sources.PSTH,
        sources.RESPONSE_CURVES,
        sources.AUTOCORRELOGRAMS,
        sources.SEGMENT_CLOCK,
    )
    return {table.name: table.frame(part) for table, part in zip(made, rows.values(), strict=True)}


def raw_tables() -> dict[str, pd.DataFrame]:
    """An excerpt of site01 with two spikes of u1 and a masked stretch; the other sites were sorted elsewhere."""
    key = {"site_id": "site01", "segment": 1, "channel": "electrode", "unit": "µV"}
    time = np.arange(0, 3, 0.01)
    noise = 5 * np.sin(2 * np.pi * 7.3 * time)
    spikes = (0.5, 1.7)
    whole = [
        {"time_s": t, "signal_low": n - 40, "signal_high": n + (200 if hit else 40), "band_low": n - 30}
        | {"band_high": n + (150 if hit else 30)}
        for t, n, hit in zip(time, noise, np.isin(np.round(time, 2), spikes), strict=True)
    ]
    near = 0.5 + np.arange(-0.004, 0.008, 0.00005)
    peak = 150 * np.exp(-(((near - 0.5) / 0.0003) ** 2))
    close = [
        {"time_s": t, "signal_low": 1.3 * v, "signal_high": 1.3 * v, "band_low": v, "band_high": v}
        for t, v in zip(near, peak, strict=True)
    ]
    pieces = [key | {"excerpt": kind, "view": "whole"} | row for kind in ("spikes", "masked") for row in whole]
    pieces += [key | {"excerpt": "spikes", "view": "u1"} | row for row in close]
    mark = {"site_id": "site01", "segment": 1}
    marks = [mark | {"excerpt": "spikes", "mark": "spike", "unit_id": "u1", "start_s": t, "end_s": t} for t in spikes]
    marks.append(mark | {"excerpt": "masked", "mark": "movement artefact", "start_s": 1.0, "end_s": 1.9})
    return {
        "sources/excerpts": sources.EXCERPTS.frame(pieces),
        "sources/excerpt_marks": sources.EXCERPT_MARKS.frame(marks),
    }


def other_tables() -> dict[str, pd.DataFrame]:
    probe = {"session_id": "rat01_a", "probe_id": "rat01_a", "subject_id": "rat01", "status": "ok"}
    return {
        "release/recovery": release.RECOVERY.frame(
            [
                probe
                | {"analyte": "NE", "method": "zero_net_flux", "condition": condition, "unit": "nM", "n_levels": 5}
                | {"recovery": at, "recovery_ci_low": at - 0.05, "recovery_ci_high": at + 0.05, "changed": at > 0.2}
                | {"extracellular": 1.5, "extracellular_ci_low": 1.2, "extracellular_ci_high": 1.9}
                for condition, at in (("baseline", 0.17), ("reboxetine", 0.28))
            ]
        ),
        "sources/flux_points": sources.FLUX_POINTS.frame(
            [
                probe
                | {"analyte": "NE", "condition": condition, "unit": "nM", "sample_id": f"{condition}{inside:g}"}
                | {
                    "perfused": inside,
                    "fitted": at * (inside - 1.5),
                    "lost": at * (inside - 1.5) + 0.03 * (-1) ** inside,
                }
                for condition, at in (("baseline", 0.17), ("reboxetine", 0.28))
                for inside in (0, 1, 2, 4, 8)
            ]
        ),
        "problems": PROBLEMS.frame(
            [
                {"stage": "chromatography", "item": "inj006", "severity": "error", "message": "the file is empty"},
                {"stage": "release", "item": "rat05", "severity": "warning", "message": "the baseline varies by 31 %"},
            ]
        ),
        "truth/comparison": sources.TRUTH.frame(
            [
                *(
                    {
                        "quantity": "NE concentration",
                        "item": f"s{n}",
                        "true": n / 10,
                        "found": n / 10 + 0.01,
                        "se": 0.02,
                        "unit": "nM",
                    }
                    for n in range(1, 12)
                ),
                {"quantity": "label", "item": "site01 u1", "true_label": "LC-NE", "found_label": "LC-NE"},
                {"quantity": "label", "item": "site02 u1", "true_label": "other", "found_label": "undetermined"},
            ]
        ),
    }
