"""The demonstration experiment: a noradrenaline study as a lab would have it on disk, with its truth beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.simulation.demo_animals import DRUG, SMALL_RATS, VEHICLE, Rat
from coeruleus.simulation.demo_dialysate import (
    DEAD_VOLUME_UL,
    FLOW_UL_PER_MIN,
    DialysatePlan,
    write_dialysate,
)
from coeruleus.simulation.demo_ephys import EphysPlan, write_ephys
from coeruleus.simulation.demo_recordings import recording_day, session_of, treated_at
from coeruleus.simulation.demo_units import SMALL_RAW, SMALL_SITES, PlannedUnit, Site
from coeruleus.simulation.sheets import write_frame, write_sheet, write_text

SEED = 20260101
# What the lab believes: from the method's paper, a little off from what the column does.
NOMINAL_MIN = {
    "MHPG": 4.7,
    "NE": 5.2,
    "EPI": 6.5,
    "DHBA": 7.8,
    "DOPAC": 9.2,
    "DA": 11.5,
    "5-HIAA": 14.6,
    "HVA": 18.5,
}


def write_demo(directory: str | Path, seed: int = SEED) -> None:
    """Write the demonstration experiment: 8 rats, 2 HPLC runs, 11 sites, one of them beside dialysis, and `truth/`.

    The same seed gives the same bytes.
    """
    _write(
        Path(directory), "Atomoxetine in the rat's prefrontal cortex (simulated)", seed, DialysatePlan(), EphysPlan()
    )


def write_small(directory: str | Path, seed: int = SEED, raw: bool = False) -> None:
    """A small experiment of the same make: 2 rats, 1 run of 21 injections, 3 sorted sites.

    `raw` adds a raw trace of 20 s.
    """
    ephys = EphysPlan(
        sites=(*SMALL_SITES, SMALL_RAW) if raw else SMALL_SITES,
        spontaneous_s=200.0,
        n_pinches=8,
        drug_segment_s=900.0,
        raw_s=20.0,
        raw_quiet_s=14.0,
    )
    _write(Path(directory), "Small experiment (simulated)", seed, _short_runs(SMALL_RATS, 40.0), ephys)


def write_sites(directory: str | Path, n_sites: int = 560, seed: int = SEED) -> None:
    """Many sorted sites of one unit and about 300 spikes each, with pinches: for checks of scale."""
    _write(Path(directory), f"{n_sites} sorted sites (simulated)", seed, None, _many_sites(n_sites, 20))


def write_study(directory: str | Path, n_rats: int = 40, n_units: int = 120, seed: int = SEED) -> None:
    """Many rats in two groups, half of them in each of two HPLC runs, and up to three sorted units in each: for
    figures and a page of a large study.

    In one rat the probe missed; one sample of another was lost.
    """
    rats = tuple(
        Rat(
            f"rat{place + 1:02d}",
            (VEHICLE, DRUG)[place % 2],
            "run_a" if place < n_rats / 2 else "run_b",
            missed=place == 7,
            lost=(5,) if place == 3 else (),
        )
        for place in range(n_rats)
    )
    title = f"{n_rats} rats and {n_units} units (simulated)"
    _write(Path(directory), title, seed, _short_runs(rats, 60.0), _many_sites(n_units, 3))


def _short_runs(rats: tuple[Rat, ...], last_min: float) -> DialysatePlan:
    """Few samples of each rat, and few standards, all of them good."""
    return DialysatePlan(
        rats=rats,
        first_min=-60.0,
        last_min=last_min,
        standards=("S1", "S3", "S5", "S6"),
        middle=(),
        spoilt_standard=None,
    )


def _many_sites(n_sites: int, sites_of_rat: int) -> EphysPlan:
    kinds = ("lc", "lc", "slow", "broad")
    sites = tuple(
        Site(
            f"rat{index // sites_of_rat + 1:02d}_{index % sites_of_rat + 1:02d}",
            f"rat{index // sites_of_rat + 1:02d}",
            (PlannedUnit("u1", kinds[index % len(kinds)], 0.9),),
        )
        for index in range(n_sites)
    )
    return EphysPlan(sites=sites, spontaneous_s=120.0, n_pinches=6)


def _write(directory: Path, title: str, seed: int, dialysate: DialysatePlan | None, ephys: EphysPlan) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    truth = write_ephys(directory, seed, ephys)
    rats: tuple[Rat, ...] = ()
    if dialysate is not None:
        rats = dialysate.rats
        found = write_dialysate(directory, seed, dialysate)
        statuses = pd.concat([found["statuses"], truth["statuses"]], ignore_index=True)
        truth |= found | {"statuses": statuses}
    write_text(directory / "experiment.yaml", _settings(title, dialysate is not None))
    _write_subjects(directory, rats, ephys, np.random.default_rng([seed, 5]))
    for name in sorted(name for name, frame in truth.items() if len(frame)):
        write_frame(directory / "truth" / f"{name}.tsv", truth[name])


def _settings(title: str, dialysate: bool) -> str:
    lines = [f"title: {title}", "species: Rattus norvegicus"]
    if dialysate:
        lines += ["concentration_unit: nM", "analytes:"]
        lines += [f"  {name}: {{retention_time: {minutes:g}}}" for name, minutes in NOMINAL_MIN.items()]
        lines += ["calibration:", "  internal_standard: DHBA", "dialysis:"]
        lines += [f"  flow_rate_ul_per_min: {FLOW_UL_PER_MIN:g}", f"  dead_volume_ul: {DEAD_VOLUME_UL:g}"]
        lines += ["release:", f"  reference_group: {VEHICLE}"]
    lines += ["units:", "  rulesets: [lc_anaesthetised_rat]"]
    return "\n".join(lines) + "\n"


def _write_subjects(directory: Path, rats: tuple[Rat, ...], ephys: EphysPlan, rng: np.random.Generator) -> None:
    groups = {rat.subject_id: rat.group for rat in rats}
    recorded = list(dict.fromkeys(site.subject_id for site in ephys.sites if not site.beside_dialysis))
    names = sorted({*groups, *recorded})
    subjects, sessions = [], []
    for name in names:
        subject: dict[str, Any] = {"subject_id": name, "species": "Rattus norvegicus", "sex": "M"}
        subject |= {"age": "P70", "weight_g": round(rng.normal(310, 15)), "group": groups.get(name)}
        subjects.append(subject)
        if name in groups:
            at = treated_at(name)
            session = {"session_id": f"{name}_dialysis", "started_at": at.isoformat(), "condition": "awake", "order": 1}
            sessions.append({"subject_id": name} | session)
        if name in recorded:
            at = recording_day(name)
            session = {"session_id": session_of(name), "started_at": at.isoformat(), "condition": "anaesthetised"}
            sessions.append({"subject_id": name, "anaesthetic": "isoflurane"} | session | {"order": 2})
    write_sheet(directory / "subjects.tsv", ["subject_id", "species", "sex", "age", "weight_g", "group"], subjects)
    write_sheet(
        directory / "sessions.tsv",
        ["session_id", "subject_id", "started_at", "condition", "order", "anaesthetic"],
        sessions,
    )
