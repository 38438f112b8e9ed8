"""The recording half of the demonstration experiment: sorted sites, one raw trace, sheets, truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.simulation.demo_recordings import BEFORE_TREATMENT_MIN, HIGHPASS_HZ, Trains, write_site
from coeruleus.simulation.demo_units import KINDS, SITES, PlannedUnit, SegmentPlan, Site, simulate_unit
from coeruleus.simulation.sheets import write_sheet
from coeruleus.simulation.waveforms import SpikeForm, template, varied

CLONIDINE = {"drug": "clonidine", "dose": 40, "dose_unit": "ug/kg", "route": "i.v."}
ATOMOXETINE = {"drug": "atomoxetine", "dose": 3, "dose_unit": "mg/kg", "route": "i.p."}
IDAZOXAN = {"drug": "idazoxan", "dose": 0.2, "dose_unit": "mg/kg", "route": "i.v."}
RECORDINGS = [
    "site_id",
    "subject_id",
    "session_id",
    "file",
    "kind",
    "segment",
    "started_at",
    "duration_s",
    "highpass_hz",
    "lowpass_hz",
    "depth_um",
    "hemisphere",
    "waveforms",
]
EVENTS = [
    "site_id",
    "segment",
    "onset",
    "duration",
    "trial_type",
    "side",
    "intensity",
    "onset_source",
    "drug",
    "dose",
    "dose_unit",
    "route",
]


@dataclass(frozen=True)
class EphysPlan:
    """What the recording half holds. Durations in seconds."""

    sites: tuple[Site, ...] = SITES
    spontaneous_s: float = 300.0
    n_pinches: int = 10
    drug_segment_s: float = 1500.0
    raw_s: float = 150.0
    raw_quiet_s: float = 60.0
    beside_dialysis_s: float = 10800.0  # after the treatment


def segments_of(rng: np.random.Generator, site: Site, plan: EphysPlan) -> list[SegmentPlan]:
    """1 spontaneous; 2 pinches; 3 clonidine, with pinches under it, and recovery or reversal. Raw: 1 alone.

    Beside dialysis, in an animal that is awake: one long segment with the study's treatment and no pinch.
    """
    if site.beside_dialysis:
        before = 60.0 * BEFORE_TREATMENT_MIN
        length = before + plan.beside_dialysis_s
        treated = SegmentPlan(length, (), before, drug="atomoxetine", remaining=0.4, onset_tau_s=300.0, step_s=0.01)
        return [treated]
    if site.raw:
        return [SegmentPlan(plan.raw_s, _pinches(rng, plan.raw_quiet_s, plan.raw_s - 8, 14.0))]
    segments = [SegmentPlan(plan.spontaneous_s)]
    length = 20 + 27.0 * plan.n_pinches + 10
    segments.append(SegmentPlan(length, _pinches(rng, 20.0, length - 15, 25.0)))
    if site.drug is not None:
        given = round(0.2 * plan.drug_segment_s + rng.uniform(0, 20), 2)
        under = tuple(round(given + 180 + 30.0 * i + rng.uniform(0, 4), 2) for i in range(3))
        later = round(given + 480 + rng.uniform(0, 30), 2)
        back = (later, None) if site.drug == "recovery" else (None, later)
        segments.append(SegmentPlan(plan.drug_segment_s, under, given, *back))
    return segments


def _pinches(rng: np.random.Generator, first: float, last: float, apart: float) -> tuple[float, ...]:
    times, at = [], first
    while at < last:
        times.append(round(at, 2))
        at += apart + rng.uniform(0, 4)
    return tuple(times)


def write_ephys(directory: Path, seed: int, plan: EphysPlan) -> dict[str, pd.DataFrame]:
    """Recordings and sheets of `ephys/`; the truth as frames by name."""
    folder = directory / "ephys"
    recordings: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    truth: list[dict[str, Any]] = []
    spikes: list[pd.DataFrame] = []
    for place, site in enumerate(plan.sites):
        rng = np.random.default_rng([seed, 4, place])
        segments = segments_of(rng, site, plan)
        forms = {unit.unit_id: varied(rng, KINDS[unit.kind].form) for unit in site.units}
        trains = {}
        for number, segment in enumerate(segments, 1):
            kept = [onset for index, onset in enumerate(segment.pinches, 1) if (number, index) != (2, site.slipped)]
            felt = SegmentPlan(**{**segment.__dict__, "pinches": tuple(kept)})
            for unit in site.units:
                few = unit.n_spikes is not None and number > 2
                trains[number, unit.unit_id] = np.zeros(0) if few else simulate_unit(rng, unit, felt)
        earlier = sum(other.subject_id == site.subject_id for other in plan.sites[:place])
        recordings += write_site(folder, rng, site, segments, trains, forms, earlier)
        events += _events(rng, site, segments)
        for unit in site.units:
            truth.append(_unit_truth(site, unit, segments, trains, forms[unit.unit_id]))
            if site.raw:
                times = trains[1, unit.unit_id]
                spikes.append(pd.DataFrame({"site_id": site.site_id, "unit_id": unit.unit_id, "time_s": times}))
    write_sheet(folder / "recordings.tsv", RECORDINGS, recordings)
    write_sheet(folder / "events.tsv", EVENTS, events)
    _write_identity(folder, plan)
    _write_curation(directory / "curation", plan, events)
    hardly_seen = [
        {"table": "units", "item": f"{site.site_id}/{unit.unit_id}", "status": "insufficient_spikes"}
        for site in plan.sites
        for unit in site.units
        if unit.n_spikes is not None
    ]
    raw = pd.concat(spikes, ignore_index=True) if spikes else pd.DataFrame(columns=["site_id", "unit_id", "time_s"])
    return {"units": pd.DataFrame(truth), "spikes": raw, "statuses": pd.DataFrame(hardly_seen)}


def _events(rng: np.random.Generator, site: Site, segments: Sequence[SegmentPlan]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number, segment in enumerate(segments, 1):
        found: list[dict[str, Any]] = []
        for onset in segment.pinches:
            # A typed onset is as good as a hand on a keyboard: a tenth of a second, noted to a tenth.
            typed = site.onset_source == "typed"
            noted = round(onset + 0.1 * rng.standard_normal(), 1) if typed else onset
            length = round(rng.uniform(2.0, 5.0), 1)
            found.append({"onset": noted, "duration": length, "trial_type": "paw_pinch", "side": "contralateral"})
        for start, drug in (
            (segment.drug_s, CLONIDINE if segment.drug == "clonidine" else ATOMOXETINE),
            (segment.reversal_s if segment.drug_s else None, IDAZOXAN),
        ):
            if start is not None:
                found.append({"onset": start, "duration": 30 if drug is IDAZOXAN else 60, "trial_type": "drug"} | drug)
        for event in sorted(found, key=lambda event: event["onset"]):
            source = "keyboard" if event["trial_type"] == "drug" else site.onset_source
            rows.append({"site_id": site.site_id, "segment": number, "onset_source": source} | event)
    return rows


def _unit_truth(
    site: Site,
    unit: PlannedUnit,
    segments: Sequence[SegmentPlan],
    trains: Trains,
    form: SpikeForm,
) -> dict[str, Any]:
    kind, shape = KINDS[unit.kind], template(form, HIGHPASS_HZ)
    seen = unit.n_spikes is None
    return {
        "site_id": site.site_id,
        "unit_id": unit.unit_id,
        "raw": site.raw,
        "kind": unit.kind,
        "label": kind.label,
        "rate_hz": unit.rate_hz if seen else None,
        "n_spikes": sum(len(trains[number, unit.unit_id]) for number in range(1, len(segments) + 1)),
        "amplitude_uv": form.amplitude_uv,
        "half_width_ms": shape.half_width_ms,
        "spike_width_ms": shape.spike_width_ms,
        "notched": form.notch > 0,
        "biphasic": kind.biphasic if seen else None,
        "silenced": (kind.drug < 0.5) if seen and site.drug is not None else None,
    }


def _write_identity(folder: Path, plan: EphysPlan) -> None:
    rows = [
        {"site_id": site.site_id, "unit_id": unit.unit_id, "method": unit.identity[0], "result": unit.identity[1]}
        for site in plan.sites
        for unit in site.units
        if unit.identity is not None
    ]
    if rows:
        write_sheet(folder / "identity.tsv", ("site_id", "unit_id", "method", "result"), rows)


def _write_curation(folder: Path, plan: EphysPlan, events: Sequence[dict[str, Any]]) -> None:
    rows = []
    for site in plan.sites:
        if site.slipped is None:
            continue
        pinches = [e for e in events if (e["site_id"], e["segment"], e["trial_type"]) == (site.site_id, 2, "paw_pinch")]
        event = pinches[site.slipped - 1]
        row = {"site_id": site.site_id, "segment": 2, "onset": event["onset"], "action": "exclude"}
        rows.append(row | {"reason": "forceps slipped off the paw", "author": "mk", "date": "2024-04-15"})
    if rows:
        write_sheet(folder / "trials.tsv", ["site_id", "segment", "onset", "action", "reason", "author", "date"], rows)
