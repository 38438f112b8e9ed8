"""The recording files of the demonstration experiment: spike tables, waveform tables, one raw trace."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from coeruleus.simulation.demo_units import SegmentPlan, Site
from coeruleus.simulation.sheets import fixed, write_brainvision, write_series
from coeruleus.simulation.trace import TraceUnit, simulate_trace
from coeruleus.simulation.waveforms import SpikeForm, mean_waveform, template

Trains = dict[tuple[int, str], np.ndarray]
HIGHPASS_HZ, LOWPASS_HZ = 1.0, 6000.0
BEFORE_TREATMENT_MIN = 60  # of a recording beside dialysis
RAW_RATE_HZ, RAW_RESOLUTION_UV = 20000.0, 0.1
FIRST_DAY = datetime.datetime(2024, 4, 8, 9, 30)
FIRST_TREATMENT = datetime.datetime(2024, 3, 4, 10, 0)


def session_of(subject_id: str) -> str:
    """The session of an animal's recording day."""
    return f"{subject_id}_recording"


def treated_at(subject_id: str) -> datetime.datetime:
    """Time 0 of an animal's day of dialysis: animals are named by number, one a day."""
    return FIRST_TREATMENT + datetime.timedelta(days=int(subject_id.removeprefix("rat")) - 1)


def recording_day(subject_id: str) -> datetime.datetime:
    """When an animal's recording day begins: animals are named by number, one a day."""
    return FIRST_DAY + datetime.timedelta(days=int(subject_id[-2:]) - 1)


def write_site(
    folder: Path,
    rng: np.random.Generator,
    site: Site,
    segments: Sequence[SegmentPlan],
    trains: Trains,
    forms: dict[str, SpikeForm],
    earlier: int,
) -> list[dict[str, Any]]:
    """Files of one site; its rows of recordings.tsv. `earlier` sites of that day were recorded before it."""
    at = recording_day(site.subject_id) + datetime.timedelta(minutes=60 * earlier + 45)
    session = session_of(site.subject_id)
    if site.beside_dialysis:
        at = treated_at(site.subject_id) - datetime.timedelta(minutes=BEFORE_TREATMENT_MIN)
        session = f"{site.subject_id}_dialysis"
    depth = round(5600 + 300 * rng.standard_normal(), -1)
    side = "left" if rng.uniform() < 0.5 else "right"
    rows = []
    for number, segment in enumerate(segments, 1):
        row: dict[str, Any] = {"site_id": site.site_id, "subject_id": site.subject_id, "kind": "sorted"}
        row |= {"session_id": session, "segment": number, "started_at": at.isoformat()}
        row |= {"duration_s": segment.duration_s, "highpass_hz": HIGHPASS_HZ, "lowpass_hz": LOWPASS_HZ}
        row |= {"depth_um": depth, "hemisphere": side}
        if site.raw:
            row |= {"kind": "raw", "file": f"{site.site_id}.vhdr"}
            _write_raw(folder / row["file"], rng, site, segment, trains, forms)
        else:
            row["file"] = f"{site.site_id}_{number}_spikes.tsv"
            _write_spikes(folder / row["file"], [(u.unit_id, trains[number, u.unit_id]) for u in site.units])
            if number == 1:
                row["waveforms"] = f"{site.site_id}_waveforms.tsv"
                counts = {unit: sum(len(t) for (_, name), t in trains.items() if name == unit) for unit in forms}
                _write_waveforms(folder / row["waveforms"], rng, forms, counts)
        rows.append(row)
        at += datetime.timedelta(seconds=segment.duration_s + 60)
    return rows


def _write_spikes(path: Path, trains: Sequence[tuple[str, np.ndarray]]) -> None:
    ids = [unit for unit, times in trains for _ in times]
    times = np.concatenate([times for _, times in trains])
    write_series(path, "unit_id\ttime_s", [ids, fixed(times, 5)])


def _write_waveforms(path: Path, rng: np.random.Generator, forms: dict[str, SpikeForm], counts: dict[str, int]) -> None:
    columns: list[list[str]] = [[], [], []]
    for unit, form in forms.items():
        time, amplitude = mean_waveform(rng, template(form, HIGHPASS_HZ), counts[unit])
        columns[0] += [unit] * len(time)
        columns[1] += fixed(time, 3)
        columns[2] += fixed(amplitude, 2)
    write_series(path, "unit_id\ttime_ms\tamplitude_uv", columns)


def _write_raw(
    path: Path,
    rng: np.random.Generator,
    site: Site,
    segment: SegmentPlan,
    trains: Trains,
    forms: dict[str, SpikeForm],
) -> None:
    units = [TraceUnit(trains[1, unit.unit_id], forms[unit.unit_id], drift_per_hour=-0.3) for unit in site.units]
    signal = simulate_trace(
        rng,
        units,
        duration_s=segment.duration_s,
        rate_hz=RAW_RATE_HZ,
        highpass_hz=HIGHPASS_HZ,
        artefacts_s=[onset + 0.05 for onset in segment.pinches],
    )
    write_brainvision(path, signal[:, 0], RAW_RATE_HZ, RAW_RESOLUTION_UV, "electrode")
