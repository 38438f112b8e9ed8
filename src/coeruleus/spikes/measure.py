"""Every unit of an experiment measured: the table of units, and what its figures plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coeruleus.spikes.checked import STAGE, by_site, checked, counted, times_of
from coeruleus.spikes.dead_time import dead_time
from coeruleus.spikes.held import ABSENT, LOST, followed
from coeruleus.spikes.pick import pick_waveforms
from coeruleus.spikes.profiles import correlogram_rows, isi_rows, rate_rows, waveform_rows
from coeruleus.spikes.spontaneous import drugs_by_segment, spontaneous_time
from coeruleus.spikes.unit_row import apply_curation, apply_quality, subject_of, train_columns, waveform_columns
from coeruleus.spikes.waveform import measure_waveform
from coeruleus.tables.interim import SEGMENTS
from coeruleus.tables.problems import Problem
from coeruleus.tables.sources import AUTOCORRELOGRAMS, ISI, RATES, WAVEFORM_MARKS, WAVEFORMS
from coeruleus.tables.status import NOT_FOUND, OK, worse
from coeruleus.tables.units import UNITS

Array = NDArray[np.floating]
Row = dict[str, Any]

SORTER_CENSORED_S = 0.001  # the sorter lets no two spikes of a unit stand nearer than that


@dataclass(frozen=True)
class Measured:
    """`units` and source frames as in `coeruleus.tables`; every site and unit has a row in `units`.

    `segments` are those given, failed where spikes lie outside them; `spikes` are those that were counted, the only
    ones that later stages may count.
    """

    units: pd.DataFrame
    spikes: pd.DataFrame
    waveforms: pd.DataFrame
    waveform_marks: pd.DataFrame
    isi: pd.DataFrame
    rates: pd.DataFrame
    autocorrelograms: pd.DataFrame
    segments: pd.DataFrame
    problems: list[Problem]


def measure_units(
    spikes: pd.DataFrame,
    segments: pd.DataFrame,
    events: pd.DataFrame,
    waveforms: pd.DataFrame,
    curation_units: pd.DataFrame,
    snr: pd.DataFrame | None = None,
    artefacts: pd.DataFrame | None = None,
) -> Measured:
    """Measure all units.

    `spikes`: site_id, unit_id, segment, time_s. `segments`: one row per recording, failed ones included:
    site_id, segment, subject_id, duration_s, condition, highpass_hz, kind, status, reason (session_id and
    started_at are used where they stand). `events`: ephys/events.tsv. `waveforms`: site_id, unit_id, time_ms,
    amplitude_uv (and segment, channel, where there are several). `snr`: site_id, unit_id, snr, and `reason`
    where the sorter has something to say about the unit (`unit_row.SORTER_COLUMNS` hold more). `artefacts`: site_id,
    segment, start_s, end_s of time that was not sorted: it is no silence, and is not counted. Bad rows become a status
    and a problem, never an exception.
    """
    problems: list[Problem] = []
    drugs = drugs_by_segment(segments, events)
    site_events = by_site(events)
    site_curation = by_site(curation_units)
    site_quality = by_site(snr) if snr is not None else {}
    site_masks = by_site(artefacts) if artefacts is not None else {}
    shapes = pick_waveforms(waveforms)
    times = times_of(spikes, problems)
    kinds = ("units", "waveforms", "marks", "isi", "rates", "correlograms", "segments")
    out: dict[str, list[Row]] = {kind: [] for kind in kinds}
    for site, group in by_site(segments).items():
        rows = sorted((checked(row, times.get(site, {}), problems) for row in group), key=lambda r: r["segment"])
        masks: dict[int, list[tuple[float, float]]] = {}
        for mask in site_masks.get(site, []):
            masks.setdefault(int(mask["segment"]), []).append((mask["start_s"], mask["end_s"]))
        spontaneous = spontaneous_time(rows, site_events.get(site, []), drugs)
        censored_s = _censored_s(site, rows, times.get(site, {}), problems)
        acting = {number: given for (where, number), given in drugs.items() if where == site}
        out["segments"] += rows
        names = sorted(set(times.get(site, {})) | {unit for where, unit in shapes if where == site})
        if not names:
            out["units"].append(_empty_site(site, rows))
        for unit in names:
            shape = shapes.get((site, unit))
            highpass = _highpass(rows, shape.segment if shape else None)
            measured = measure_waveform(shape.time_ms, shape.amplitude_uv, highpass) if shape else None
            by_segment = times.get(site, {}).get(unit, {})
            row, trains_, bounds = train_columns(site, unit, rows, by_segment, spontaneous, masks, censored_s, problems)
            row |= waveform_columns(measured, highpass)
            row["held"], row["held_reason"] = followed(rows, by_segment, acting, masks)
            if row["held"] in (LOST, ABSENT) and "not counted" not in (row["reason"] or ""):
                problems.append(Problem(STAGE, f"{site}/{unit}", "warning", f"{row['held']}: {row['held_reason']}"))
            apply_quality(row, unit, site_quality.get(site, []))
            apply_curation(row, unit, site_curation.get(site, []))
            out["units"].append(row)
            out["isi"] += isi_rows(site, unit, trains_)
            out["correlograms"] += correlogram_rows(site, unit, trains_, bounds)
            out["rates"] += rate_rows(site, unit, rows, by_segment, masks)
            if shape and measured:
                shown, marks = waveform_rows(site, unit, shape, measured, highpass)
                out["waveforms"] += shown
                out["marks"] += marks
    known = set(segments["site_id"]) if len(segments) else set()
    for site in sorted(set(times) - known):
        problems.append(Problem(STAGE, site, "error", "spikes of a site that recordings.tsv does not name"))
    return Measured(
        UNITS.frame(out["units"]),
        counted(times),
        WAVEFORMS.frame(out["waveforms"]),
        WAVEFORM_MARKS.frame(out["marks"]),
        ISI.frame(out["isi"]),
        RATES.frame(out["rates"]),
        AUTOCORRELOGRAMS.frame(out["correlograms"]),
        SEGMENTS.frame(out["segments"]),
        sorted(set(problems)),
    )


def _empty_site(site: str, rows: Sequence[Row]) -> Row:
    status, reason = OK, None
    for row in rows:
        said = row["reason"] or row["status"]
        status, reason = worse((status, reason), (row["status"], f"segment {row['segment']}: {said}"))
    if status == OK:
        said = "; ".join(dict.fromkeys(str(row["reason"]) for row in rows if row["reason"]))
        status, reason = NOT_FOUND, said or "the recordings of this site hold no unit"
    return {"site_id": site, "unit_id": None, "subject_id": subject_of(rows), "status": status, "reason": reason}


def _censored_s(
    site: str, rows: Sequence[Row], units: Mapping[str, Mapping[int, Array]], problems: list[Problem]
) -> float:
    """Least interval that the sorter, here or elsewhere, or the recorder let stand; 0 where it is not known."""
    if any(row.get("kind") == "raw" for row in rows):
        return SORTER_CENSORED_S
    good = [row for row in rows if row["status"] == OK and row.get("duration_s")]
    found = dead_time(
        [
            (row["duration_s"], {unit: train.get(row["segment"], np.empty(0)) for unit, train in units.items()})
            for row in good
        ]
    )
    if found:
        text = f"no two spikes stand closer than {1000 * found:.1f} ms, which recorder or sorter seem to forbid"
        problems.append(Problem(STAGE, site, "warning", f"{text}: contamination counts longer intervals only"))
    return found


def _highpass(rows: Sequence[Row], segment: int | None) -> float | None:
    """High-pass of the segment the waveform comes from; of several the highest, which harms most."""
    known = [row["highpass_hz"] for row in rows if row.get("highpass_hz") is not None]
    here = [row.get("highpass_hz") for row in rows if row["segment"] == segment]
    return here[0] if here else max(known, default=None)
