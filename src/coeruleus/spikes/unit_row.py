"""The row of one unit: what its train gives, and what its waveform, its sorter and a person say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coeruleus.spikes import trains
from coeruleus.spikes.checked import END_TOLERANCE_S, STAGE
from coeruleus.spikes.held import LOST_EXPECTED, Masks, seen_within, while_held, without_masks
from coeruleus.spikes.quality import LEAST_HEIGHTS, presence
from coeruleus.spikes.quality_columns import cut_off, regularity, train_quality
from coeruleus.spikes.spontaneous import Spontaneous, Stretch
from coeruleus.spikes.waveform import WaveformMeasures
from coeruleus.tables.problems import Problem
from coeruleus.tables.status import EXCLUDED, FAILED, INSUFFICIENT_SPIKES, OK, worse

Array = NDArray[np.floating]
Row = dict[str, Any]

LEAST_SPIKES = 20  # spontaneous: fewer carry a rate, but no measure of intervals
LEAST_INTERVALS = 10
SORTER_COLUMNS = ("snr", "isolation", "missed_fraction", "noise_fraction")
FEW_HEIGHTS = f"missed_fraction: insufficient_spikes: {LEAST_HEIGHTS} that stand alone are needed"


def subject_of(rows: Sequence[Row]) -> str | None:
    return next((row["subject_id"] for row in rows if row.get("subject_id")), None)


def train_columns(
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
    row: Row = {"site_id": site, "unit_id": unit, "subject_id": subject_of(rows), "status": OK, "reason": None}
    row["n_spikes_total"] = sum(len(times) for times in by_segment.values())
    seen = without_masks(spontaneous.stretches, masks)
    masked_s = _length(spontaneous.stretches) - _length(seen)
    lost = _lost(rows, by_segment, seen, masks)
    kept, cut = while_held([stretch for stretch in seen if stretch.segment not in lost], by_segment, masks)
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
    present = presence(*_cut(by_segment, seen))
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
        fraction, low, high = trains.isi_violations(stretches)
        row |= {
            "isi_cv": trains.isi_cv(stretches),
            "cv2": trains.cv2(stretches),
            "lv": trains.lv(stretches),
            "lvr": trains.lvr(stretches),
            "burst_fraction": trains.burst_fraction(stretches),
            "isi_violation_fraction": fraction,
            "isi_violation_ci_low": low,
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


def _lost(rows: Sequence[Row], by_segment: Mapping[int, Array], seen: Sequence[Stretch], masks: Masks) -> list[int]:
    """Segments without any spike, where the rate in the other segments predicts many in the stretches `seen`."""
    lengths = {
        row["segment"]: seen_within(0.0, float(row["duration_s"]), masks.get(row["segment"], ()))
        for row in rows
        if row["status"] == OK and row.get("duration_s")
    }
    found = []
    for segment in sorted({stretch.segment for stretch in seen}):
        others = [one for one in lengths if one != segment and len(by_segment.get(one, ())) and lengths[one] > 0]
        if len(by_segment.get(segment, ())) or not others:
            continue
        rate = sum(len(by_segment[other]) for other in others) / sum(lengths[other] for other in others)
        if rate * _length([stretch for stretch in seen if stretch.segment == segment]) >= LOST_EXPECTED:
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


def waveform_columns(measured: WaveformMeasures | None, highpass: float | None) -> Row:
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


def apply_quality(row: Row, unit: str, quality: Sequence[Row]) -> None:
    for found in quality:
        if str(found["unit_id"]) == unit:
            row |= {name: found.get(name) for name in SORTER_COLUMNS}
            if row["isolation"] is not None and row["missed_fraction"] is None:
                row["quality_reason"] = "; ".join(text for text in (row.get("quality_reason"), FEW_HEIGHTS) if text)
            if found.get("reason"):
                row["reason"] = "; ".join(text for text in (row["reason"], str(found["reason"])) if text)


def apply_curation(row: Row, unit: str, decisions: Sequence[Row]) -> None:
    for decision in decisions:
        if str(decision.get("unit_id")) == unit and decision.get("action") == "exclude":
            why = f"excluded by a person: {decision.get('reason') or 'no reason given'}"
            row["status"], row["reason"] = worse((row["status"], row["reason"]), (EXCLUDED, why))
