"""Every unit of an experiment measured: the table of units, and what its figures plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coeruleus.spikes import trains
from coeruleus.spikes.dead_time import dead_time
from coeruleus.spikes.held import ABSENT, LOST, LOST_EXPECTED, Masks, followed, while_held, without_masks
from coeruleus.spikes.pick import pick_waveforms
from coeruleus.spikes.profiles import correlogram_rows, isi_rows, rate_rows, waveform_rows
from coeruleus.spikes.quality import LEAST_HEIGHTS, presence
from coeruleus.spikes.quality_columns import cut_off, regularity, train_quality
from coeruleus.spikes.spontaneous import Spontaneous, Stretch, drugs_by_segment, spontaneous_time
from coeruleus.spikes.waveform import WaveformMeasures, measure_waveform
from coeruleus.tables.interim import SEGMENTS
from coeruleus.tables.problems import Problem
from coeruleus.tables.sources import AUTOCORRELOGRAMS, ISI, RATES, WAVEFORM_MARKS, WAVEFORMS
from coeruleus.tables.status import EXCLUDED, FAILED, INSUFFICIENT_SPIKES, NOT_FOUND, OK, worse
from coeruleus.tables.units import SPIKES, UNITS

Array = NDArray[np.floating]
Row = dict[str, Any]

LEAST_SPIKES = 20  # spontaneous: fewer carry a rate, but no measure of intervals
LEAST_INTERVALS = 10
END_TOLERANCE_S = 0.5  # a duration in a sheet may be rounded
SORTER_COLUMNS = ("snr", "isolation", "missed_fraction", "noise_fraction")
SORTER_CENSORED_S = 0.001  # the sorter lets no two spikes of a unit stand nearer than that
FEW_HEIGHTS = f"missed_fraction: insufficient_spikes: {LEAST_HEIGHTS} that stand alone are needed"
STAGE = "spikes"


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
    where the sorter has something to say about the unit (and SORTER_COLUMNS, where it says more). `artefacts`: site_id,
    segment, start_s, end_s of time that was not sorted: it is no silence, and is not counted. Bad rows become a status
    and a problem, never an exception.
    """
    problems: list[Problem] = []
    drugs = drugs_by_segment(segments, events)
    site_events = _by_site(events)
    site_curation = _by_site(curation_units)
    site_quality = _by_site(snr) if snr is not None else {}
    site_masks = _by_site(artefacts) if artefacts is not None else {}
    shapes = pick_waveforms(waveforms)
    times = _times(spikes, problems)
    kinds = ("units", "waveforms", "marks", "isi", "rates", "correlograms", "segments")
    out: dict[str, list[Row]] = {kind: [] for kind in kinds}
    for site, group in _by_site(segments).items():
        rows = sorted((_checked(row, times.get(site, {}), problems) for row in group), key=lambda r: r["segment"])
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
            row, trains_, bounds = _unit_row(site, unit, rows, by_segment, spontaneous, masks, censored_s, problems)
            row |= _waveform_columns(measured, highpass)
            row["held"], row["held_reason"] = followed(rows, by_segment, acting, masks)
            if row["held"] in (LOST, ABSENT) and "not counted" not in (row["reason"] or ""):
                problems.append(Problem(STAGE, f"{site}/{unit}", "warning", f"{row['held']}: {row['held_reason']}"))
            _apply_quality(row, unit, site_quality.get(site, []))
            _apply_curation(row, unit, site_curation.get(site, []))
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
        _counted(times),
        WAVEFORMS.frame(out["waveforms"]),
        WAVEFORM_MARKS.frame(out["marks"]),
        ISI.frame(out["isi"]),
        RATES.frame(out["rates"]),
        AUTOCORRELOGRAMS.frame(out["correlograms"]),
        SEGMENTS.frame(out["segments"]),
        sorted(set(problems)),
    )


def _by_site(frame: pd.DataFrame) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in frame.to_dict("records") if len(frame) else []:
        found.setdefault(row["site_id"], []).append({str(name): _plain(value) for name, value in row.items()})
    return dict(sorted(found.items()))


def _plain(value: Any) -> Any:
    return None if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)) else value


def _times(spikes: pd.DataFrame, problems: list[Problem]) -> dict[str, dict[str, dict[int, Array]]]:
    """Sorted times per site, unit and segment; unreadable ones dropped and equal ones counted once, and said."""
    found: dict[str, dict[str, dict[int, Array]]] = {}
    if not len(spikes):
        return found
    for place, group in spikes.groupby(["site_id", "unit_id", "segment"], sort=True)["time_s"]:
        site, unit, segment = cast(tuple[str, str, float], place)
        raw = group.to_numpy(float)
        finite = raw[np.isfinite(raw)]
        kept = np.unique(finite)
        item = f"{site}/{unit}"
        if len(finite) < len(raw):
            text = f"segment {int(segment)}: {len(raw) - len(finite)} spike times are not numbers and were left out"
            problems.append(Problem(STAGE, item, "error", text))
        if len(kept) < len(finite):
            text = f"segment {int(segment)}: {len(finite) - len(kept)} spike times stand twice and were counted once"
            problems.append(Problem(STAGE, item, "warning", text))
        found.setdefault(str(site), {}).setdefault(str(unit), {})[int(segment)] = kept
    return found


def _counted(times: Mapping[str, Mapping[str, Mapping[int, Array]]]) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"site_id": site, "unit_id": unit, "segment": float(segment), "time_s": one})
        for site, units in times.items()
        for unit, segments in units.items()
        for segment, one in segments.items()
    ]
    return SPIKES.frame(pd.concat(parts, ignore_index=True) if parts else ())


def _checked(row: Row, units: Mapping[str, Mapping[int, Array]], problems: list[Problem]) -> Row:
    """The segment's row, marked failed where spikes lie outside it: then clock or duration is wrong."""
    row = row | {"segment": int(row["segment"]), "status": row.get("status") or OK, "reason": row.get("reason")}
    duration = row.get("duration_s")
    all_times = [times[row["segment"]] for times in units.values() if len(times.get(row["segment"], ()))]
    if row["status"] != OK or not all_times:
        return row
    first, last = min(times[0] for times in all_times), max(times[-1] for times in all_times)
    reason = None
    if duration is not None and last > duration + END_TOLERANCE_S:
        reason = f"a spike at {last:g} s lies beyond the end of the recording ({duration:g} s): correct duration_s"
    elif first < -END_TOLERANCE_S:
        reason = f"a spike at {first:g} s lies before the start: times count from the segment's own start"
    if reason:
        problems.append(Problem(STAGE, f"{row['site_id']} segment {row['segment']}", "error", reason))
        return row | {"status": FAILED, "reason": reason}
    return row


def _empty_site(site: str, rows: Sequence[Row]) -> Row:
    status, reason = OK, None
    for row in rows:
        said = row["reason"] or row["status"]
        status, reason = worse((status, reason), (row["status"], f"segment {row['segment']}: {said}"))
    if status == OK:
        said = "; ".join(dict.fromkeys(str(row["reason"]) for row in rows if row["reason"]))
        status, reason = NOT_FOUND, said or "the recordings of this site hold no unit"
    return {"site_id": site, "unit_id": None, "subject_id": _subject(rows), "status": status, "reason": reason}


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


def _subject(rows: Sequence[Row]) -> str | None:
    return next((row["subject_id"] for row in rows if row.get("subject_id")), None)


def _highpass(rows: Sequence[Row], segment: int | None) -> float | None:
    """High-pass of the segment the waveform comes from; of several the highest, which harms most."""
    known = [row["highpass_hz"] for row in rows if row.get("highpass_hz") is not None]
    here = [row.get("highpass_hz") for row in rows if row["segment"] == segment]
    return here[0] if here else max(known, default=None)


def _unit_row(
    site: str,
    unit: str,
    rows: Sequence[Row],
    by_segment: Mapping[int, Array],
    spontaneous: Spontaneous,
    masks: Masks,
    censored_s: float,
    problems: list[Problem],
) -> tuple[Row, list[Array], list[tuple[float, float]]]:
    """Columns of a unit that its train gives, and the stretches of the train that were used, with their bounds (s)."""
    row: Row = {"site_id": site, "unit_id": unit, "subject_id": _subject(rows), "status": OK, "reason": None}
    row["n_spikes_total"] = sum(len(times) for times in by_segment.values())
    lost = _lost(rows, by_segment, spontaneous)
    kept = [stretch for stretch in spontaneous.stretches if stretch.segment not in lost]
    seen = without_masks(kept, masks)
    masked_s = _length(kept) - _length(seen)
    kept, cut = while_held(seen, by_segment)
    gone = [text for text in (_lost_text(lost), *cut) if text]
    problems += [Problem(STAGE, f"{site}/{unit}", "warning", text) for text in gone]
    said = [text for text in (_failed_segments(rows), *gone) if text]
    if not kept:
        failed = all(part["status"] != OK for part in rows)
        status = FAILED if failed else INSUFFICIENT_SPIKES
        why = "no spontaneous time" + (f": {spontaneous.reason}" if spontaneous.reason else "")
        row |= {"status": status, "reason": "; ".join([why, *said])}
        return row, [], []
    stretches, bounds = _cut(by_segment, kept)
    n = sum(len(times) for times in stretches)
    rate = trains.firing_rate(stretches, bounds)
    present = presence(*_cut(by_segment, without_masks(spontaneous.stretches, masks)))
    row |= train_quality(stretches, bounds, censored_s, present)
    row |= {
        "n_spikes": n,
        "duration_s": sum(end - start for start, end in bounds),
        "masked_s": max(0.0, masked_s),
        "firing_rate_hz": rate.hz,
        "firing_rate_ci_low_hz": rate.low,
        "firing_rate_ci_high_hz": rate.high,
        "firing_rate_fano": rate.fano,
        "spontaneous_from": spontaneous.source,
    }
    n_intervals = sum(len(part) for part in trains.intervals(stretches))
    if n < LEAST_SPIKES or n_intervals < LEAST_INTERVALS:
        few = f"{n} spontaneous spikes" if n < LEAST_SPIKES else f"{n_intervals} uninterrupted intervals"
        need = LEAST_SPIKES if n < LEAST_SPIKES else LEAST_INTERVALS
        row |= {"status": INSUFFICIENT_SPIKES, "reason": f"{few}; measures of intervals need {need}"}
    else:
        fraction, _, high = trains.isi_violations(stretches)
        row |= {
            "isi_cv": trains.isi_cv(stretches),
            "cv2": trains.cv2(stretches),
            "lv": trains.lv(stretches),
            "lvr": trains.lvr(stretches),
            "burst_fraction": trains.burst_fraction(stretches),
            "isi_violation_fraction": fraction,
            "isi_violation_ci_high": high,
        }
        row |= regularity(stretches, bounds)
        said_of = (row["quality_reason"], cut_off(stretches))
        row["quality_reason"] = "; ".join(text for text in said_of if text) or None
    row["reason"] = "; ".join(text for text in (row["reason"], *said) if text) or None
    return row, stretches, bounds


def _cut(
    by_segment: Mapping[int, Array], stretches: Sequence[Stretch]
) -> tuple[list[Array], list[tuple[float, float]]]:
    bounds = [(stretch.start_s, stretch.end_s) for stretch in stretches]
    return [_within(by_segment, stretch) for stretch in stretches], bounds


def _length(stretches: Sequence[Stretch]) -> float:
    return float(sum(stretch.end_s - stretch.start_s for stretch in stretches))


def _within(by_segment: Mapping[int, Array], stretch: Stretch) -> Array:
    """Spikes of a stretch; at a recording's rounded ends those a little outside count as inside."""
    times = by_segment.get(stretch.segment, np.empty(0))
    first = -END_TOLERANCE_S if stretch.start_s == 0 else stretch.start_s
    return times[(times >= first) & (times < stretch.end_s)] if len(times) else times


def _lost(rows: Sequence[Row], by_segment: Mapping[int, Array], spontaneous: Spontaneous) -> list[int]:
    """Spontaneous segments without any spike, where the rate in the other segments predicts many."""
    lengths = {
        row["segment"]: float(row["duration_s"]) for row in rows if row["status"] == OK and row.get("duration_s")
    }
    found = []
    for segment in sorted({stretch.segment for stretch in spontaneous.stretches}):
        others = [other for other in lengths if other != segment and len(by_segment.get(other, ()))]
        if len(by_segment.get(segment, ())) or not others:
            continue
        rate = sum(len(by_segment[other]) for other in others) / sum(lengths[other] for other in others)
        here = sum(s.end_s - s.start_s for s in spontaneous.stretches if s.segment == segment)
        if rate * here >= LOST_EXPECTED:
            found.append(segment)
    return found


def _lost_text(lost: Sequence[int]) -> str | None:
    if not lost:
        return None
    return (
        f"no spike in segment {', '.join(map(str, lost))}, where its rate elsewhere predicts {LOST_EXPECTED} or more: "
        "lost or sorted under another unit_id, and that time is not counted"
    )


def _failed_segments(rows: Sequence[Row]) -> str | None:
    bad = [row for row in rows if row["status"] != OK]
    return "; ".join(f"segment {row['segment']} not used: {row['reason'] or row['status']}" for row in bad) or None


def _waveform_columns(measured: WaveformMeasures | None, highpass: float | None) -> Row:
    if measured is None:
        return {"highpass_hz": highpass, "waveform_reason": "no mean waveform: give one in recordings.tsv (waveforms)"}
    return {
        "spike_width_ms": measured.spike_width_ms,
        "half_width_ms": measured.half_width_ms,
        "notch": measured.notch,
        "asymmetry": measured.asymmetry,
        "highpass_hz": highpass,
        "waveform_reason": measured.reason,
    }


def _apply_quality(row: Row, unit: str, quality: Sequence[Row]) -> None:
    for found in quality:
        if str(found["unit_id"]) == unit:
            row |= {name: found.get(name) for name in SORTER_COLUMNS}
            if row["isolation"] is not None and row["missed_fraction"] is None:
                row["quality_reason"] = "; ".join(text for text in (row.get("quality_reason"), FEW_HEIGHTS) if text)
            if found.get("reason"):
                row["reason"] = "; ".join(text for text in (row["reason"], str(found["reason"])) if text)


def _apply_curation(row: Row, unit: str, decisions: Sequence[Row]) -> None:
    for decision in decisions:
        if str(decision.get("unit_id")) == unit and decision.get("action") == "exclude":
            why = f"excluded by a person: {decision.get('reason') or 'no reason given'}"
            row["status"], row["reason"] = worse((row["status"], row["reason"]), (EXCLUDED, why))
