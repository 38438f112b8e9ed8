"""The dialysate half of the demonstration experiment: HPLC runs, sheets, truth."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.simulation.chromatogram import Chromatogram
from coeruleus.simulation.demo_animals import DRUG, EFFECTS, RATS, VEHICLE, Rat, animal
from coeruleus.simulation.dialysate import simulate_study
from coeruleus.simulation.run import CATECHOLS, Column, Vial, retention_factor, sensitivity, simulate_run
from coeruleus.simulation.sheets import fixed, write_series, write_sheet
from coeruleus.simulation.truth import group_effects, percent_of_baseline, release_summary

FLOW_UL_PER_MIN = 1.5
DEAD_VOLUME_UL = 3.0
DELAY_MIN = DEAD_VOLUME_UL / FLOW_UL_PER_MIN
COLLECTED_UL, ADDED_UL = 30.0, 5.0
INTERNAL_STANDARD_NM = 10.0
LEVELS_NM = {"S1": 0.25, "S2": 0.5, "S3": 1.0, "S4": 2.5, "S5": 5.0, "S6": 10.0, "QC_low": 0.75, "QC_high": 3.0}
RELATIVE = {"MHPG": 2.0, "NE": 1.0, "EPI": 1.0, "DOPAC": 40.0, "DA": 1.0, "5-HIAA": 40.0, "HVA": 40.0}
CYCLE_MIN = 25
RUN_STARTS = {"run_a": datetime.datetime(2024, 3, 18, 8, 0), "run_b": datetime.datetime(2024, 3, 21, 8, 30)}
RUN_COLUMNS = {
    "run_a": Column(),
    "run_b": Column(retention_shift=0.018, retention_drift=-0.022, sensitivity_loss=0.25, retention_jitter=0.0012),
}


@dataclass(frozen=True)
class DialysatePlan:
    """What the dialysate half holds. Bench times: vials change `DELAY_MIN` after the brain's clock."""

    rats: tuple[Rat, ...] = RATS
    first_min: float = -80.0
    last_min: float = 180.0
    standards: tuple[str, ...] = ("S1", "S2", "S3", "S4", "S5", "S6")
    middle: tuple[str, ...] = ("blank", "S3", "S5", "QC_high")
    spoilt_standard: tuple[str, str] | None = ("run_b", "S5")  # amines oxidised in the vial, mid-run

    @property
    def starts(self) -> np.ndarray:
        return np.arange(self.first_min, self.last_min, 20.0) + DELAY_MIN


@dataclass(frozen=True)
class Injection:
    """One place in a run's sequence."""

    kind: str
    level: str | None = None
    rat: Rat | None = None
    number: int = 0
    oxidised: bool = False


def sequence(plan: DialysatePlan, run: str) -> list[Injection]:
    """A run: standards before and after, a few in the middle, samples of each animal in order of collection."""

    def control(name: str, oxidised: bool = False) -> Injection:
        if name == "blank":
            return Injection("blank")
        return Injection("qc" if name.startswith("QC") else "standard", name, oxidised=oxidised)

    rats = [rat for rat in plan.rats if rat.run == run]
    order = [control(name) for name in ("blank", *plan.standards, "QC_low")]
    for place, rat in enumerate(rats):
        if place == len(rats) // 2:
            order += [control(name, (run, name) == plan.spoilt_standard) for name in plan.middle]
        order += [Injection("dialysate", None, rat, number) for number in range(1, len(plan.starts) + 1)]
    return order + [control(name) for name in (*reversed(plan.standards), "QC_low", "blank")]


def level_contents(level: str) -> dict[str, float]:
    """Concentrations (nM) in the vial of a standard or control."""
    amounts = {name: LEVELS_NM[level] * factor for name, factor in RELATIVE.items()}
    return amounts | {"DHBA": INTERNAL_STANDARD_NM}


def _vial(rng: np.random.Generator, item: Injection, contents: pd.DataFrame) -> Vial:
    if item.rat is None:
        if item.level is None:
            return Vial({}, front=0.6)
        inside = level_contents(item.level)
        if item.oxidised:
            inside |= {name: 0.62 * inside[name] for name in ("NE", "EPI", "DA")}
        return Vial(inside, front=0.6)
    diluted = COLLECTED_UL / (COLLECTED_UL + ADDED_UL)
    sample: dict[str, float] = contents.loc[(item.rat.session_id, item.number)].to_dict()  # type: ignore[union-attr]
    in_vial = {name: value * diluted for name, value in sample.items()}
    scatter = np.exp(0.1 * rng.standard_normal(4))
    unknowns = [(3.72, 4.0 * scatter[0]), (8.62, 1.6 * scatter[1]), (12.9, 2.5 * scatter[2])]
    if item.rat.unknown_na_s:
        unknowns.append((5.71, item.rat.unknown_na_s * scatter[3]))
    glitch = 11.45 if item.rat.glitch == item.number else None
    return Vial(in_vial | {"DHBA": INTERNAL_STANDARD_NM}, unknowns, hump_na=0.12, glitch_min=glitch)


def write_dialysate(directory: Path, seed: int, plan: DialysatePlan) -> dict[str, pd.DataFrame]:
    """Chromatograms and sheets of `dialysate/`; the truth as frames by name."""
    rng = np.random.default_rng([seed, 1])
    animals = [animal(rng, rat) for rat in plan.rats]
    study = simulate_study(rng, animals, start_min=plan.starts, delay_min=DELAY_MIN)
    contents = study.pivot(index=["session_id", "number"], columns="analyte", values="concentration")
    rows: list[dict[str, Any]] = []
    areas: list[dict[str, Any]] = []
    statuses: list[dict[str, Any]] = []
    for place, run in enumerate(dict.fromkeys(rat.run for rat in plan.rats)):
        order = sequence(plan, run)
        noise = np.random.default_rng([seed, 2, place])
        column = replace(RUN_COLUMNS[run])
        traces = simulate_run(noise, [_vial(noise, item, contents) for item in order], column)
        for index, (item, trace) in enumerate(zip(order, traces, strict=True)):
            row = _injection_row(plan, run, index, item)
            rows.append(row)
            areas += list(_truth_rows(row["injection_id"], index, len(order), column, trace))
            statuses += list(_faults(row["injection_id"], item))
            if not (item.rat and item.number in item.rat.lost):
                write_trace(directory / "dialysate" / row["file"], trace)
    _write_sheets(directory / "dialysate", plan, rows, np.random.default_rng([seed, 3]))
    _write_curation(directory / "curation", plan, rows)
    statuses += [{"table": "release", "item": rat.probe_id, "status": "miss"} for rat in plan.rats if rat.missed]
    # A sample that a person takes out says nothing of what the brain did: the summary is of the brain.
    taken_out = {f"{rat.session_id}_s{number:02d}" for rat in plan.rats for number in rat.excluded}
    sound = study["concentration"].where(~study["sample_id"].isin(taken_out), study["undisturbed"])
    return {
        "concentrations": percent_of_baseline(study, DELAY_MIN),
        "release": release_summary(percent_of_baseline(study.assign(concentration=sound), DELAY_MIN), DELAY_MIN),
        "effects": group_effects(plan.starts - DELAY_MIN, 20.0, EFFECTS, VEHICLE),
        "peaks": pd.DataFrame(areas),
        "statuses": pd.DataFrame(statuses, columns=["table", "item", "analyte", "status"]),
    }


def write_trace(path: Path, trace: Chromatogram) -> None:
    """A chromatogram as delimited text: minutes, nA."""
    cells = [fixed(trace.time_min, 5), fixed(trace.signal, 4)]
    write_series(path, "Time (min)\tSignal (nA)", cells)


def _injection_row(plan: DialysatePlan, run: str, index: int, item: Injection) -> dict[str, Any]:
    name = f"{run}_{index + 1:03d}"
    at = RUN_STARTS[run] + datetime.timedelta(minutes=CYCLE_MIN * index)
    row: dict[str, Any] = {"injection_id": name, "run": run, "file": f"{run}/{name}.txt", "kind": item.kind}
    row |= {"injected_at": at.isoformat(), "level": item.level}
    if item.rat is not None:
        start = float(plan.starts[item.number - 1])
        row |= {
            "subject_id": item.rat.subject_id,
            "session_id": item.rat.session_id,
            "probe_id": item.rat.probe_id,
            "sample_id": f"{item.rat.session_id}_s{item.number:02d}",
            "start_min": start,
            "end_min": start + 20,
            "collected_ul": COLLECTED_UL,
            "added_ul": ADDED_UL,
        }
    return row


def _truth_rows(name: str, index: int, n: int, column: Column, trace: Chromatogram) -> Iterator[dict[str, Any]]:
    for peak in trace.peaks:
        if peak.name != "unknown":
            yield {
                "injection_id": name,
                "analyte": peak.name,
                "area": peak.area,
                "retention_time_min": peak.apex_min,
                "sensitivity": sensitivity(index, n, column.sensitivity_loss),
                "retention_factor": retention_factor(index, n, column),
            }


def _faults(name: str, item: Injection) -> Iterator[dict[str, Any]]:
    if item.oxidised:
        for analyte in ("NE", "EPI", "DA"):
            yield {"table": "accuracy", "item": name, "analyte": analyte, "status": "rejected"}
    if item.rat is None:
        return
    if item.number in item.rat.lost:
        yield {"table": "concentrations", "item": name, "analyte": "NE", "status": "missing"}
    if item.rat.spoilt.get(item.number, 1.0) < 0.5:
        yield {"table": "concentrations", "item": name, "analyte": "NE", "status": "below_loq"}
    if item.rat.glitch == item.number:
        yield {"table": "concentrations", "item": name, "analyte": "DA", "status": "excluded"}


def _write_sheets(folder: Path, plan: DialysatePlan, rows: Sequence[dict[str, Any]], rng: np.random.Generator) -> None:
    columns = "injection_id run file kind injected_at level subject_id session_id probe_id sample_id"
    write_sheet(folder / "injections.tsv", f"{columns} start_min end_min collected_ul added_ul".split(), rows)
    used = [name for name in LEVELS_NM if any(row["level"] == name for row in rows)]
    order = [compound.name for compound in CATECHOLS]
    levels = [
        {"level": level, "analyte": name, "concentration": level_contents(level)[name], "unit": "nM"}
        for level in used
        for name in order
    ]
    write_sheet(folder / "standards.tsv", ("level", "analyte", "concentration", "unit"), levels)
    probes = []
    for rat in plan.rats:
        side = "left" if rng.uniform() < 0.5 else "right"
        ap, ml, dv = (round(value + 0.1 * rng.standard_normal(), 1) for value in (3.0, 0.7, -5.0))
        probe: dict[str, Any] = {
            "probe_id": rat.probe_id,
            "subject_id": rat.subject_id,
            "region": "mPFC",
            "hemisphere": side,
        }
        probe |= {"ap_mm": ap, "ml_mm": ml, "dv_mm": dv, "membrane_mm": 3, "placement": "miss" if rat.missed else "hit"}
        probe |= {"recovery": round(0.18 + 0.02 * rng.standard_normal(), 3), "recovery_se": 0.012}
        probes.append(probe)
    names = "probe_id subject_id region hemisphere ap_mm ml_mm dv_mm membrane_mm placement recovery recovery_se"
    write_sheet(folder / "probes.tsv", names.split(), probes)
    events = [
        {"subject_id": rat.subject_id, "session_id": rat.session_id, "onset_min": 0, "duration_min": 0}
        | {"trial_type": "drug", "drug": rat.group, "route": "i.p."}
        | ({"dose": 3, "dose_unit": "mg/kg"} if rat.group == DRUG else {"dose": 1, "dose_unit": "ml/kg"})
        for rat in plan.rats
    ]
    names = "subject_id session_id onset_min duration_min trial_type drug dose dose_unit route"
    write_sheet(folder / "events.tsv", names.split(), events)


def _write_curation(folder: Path, plan: DialysatePlan, rows: Sequence[dict[str, Any]]) -> None:
    at = {row.get("sample_id"): row["injection_id"] for row in rows}
    signed = {"author": "jl", "date": "2024-04-02"}
    peaks = [
        {"injection_id": at[f"{rat.session_id}_s{rat.glitch:02d}"], "analyte": "DA", "action": "exclude"}
        | {"reason": "electrical spike on the rising side of the peak", **signed}
        for rat in plan.rats
        if rat.glitch is not None
    ]
    samples = [
        {"session_id": rat.session_id, "probe_id": rat.probe_id, "sample_id": f"{rat.session_id}_s{number:02d}"}
        | {"action": "exclude", "reason": reason, **signed}
        for rat in plan.rats
        for number, reason in rat.excluded.items()
    ]
    if peaks:
        names = "injection_id analyte action from_min to_min reason author date"
        write_sheet(folder / "peaks.tsv", names.split(), peaks)
    if samples:
        names = "session_id probe_id sample_id action reason author date"
        write_sheet(folder / "samples.tsv", names.split(), samples)
