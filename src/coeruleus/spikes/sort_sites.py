"""Raw recordings of some sites, sorted: spikes, mean waveforms, segments, and what could not be done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from coeruleus.formats.errors import FormatError
from coeruleus.formats.read_recordings import NO_FILE
from coeruleus.formats.recording import RawRecording, read_raw
from coeruleus.spikes.excerpt_rows import excerpt_rows
from coeruleus.spikes.sort import SortResult, sort_segments
from coeruleus.tables import status
from coeruleus.tables.interim import ARTEFACTS, SEGMENTS, UNIT_QUALITY
from coeruleus.tables.problems import Problem
from coeruleus.tables.sources import EXCERPT_MARKS, EXCERPTS, WAVEFORMS
from coeruleus.tables.units import SPIKES

STAGE = "spikes"
NOT_RECORDED = "late start of the trace"
SAID_MOST = 20  # stretches of one kind
LATE_S = 0.1  # typed onsets are no finer
MOST_CHANNELS = 4  # a tetrode: what farther contacts see in common is another matter
Row = dict[str, Any]


@dataclass(frozen=True)
class SortedSites:
    """Frames of SPIKES, WAVEFORMS, SEGMENTS (one row per recording, failed ones too), UNIT_QUALITY, ARTEFACTS,
    EXCERPTS and EXCERPT_MARKS."""

    spikes: pd.DataFrame
    waveforms: pd.DataFrame
    segments: pd.DataFrame
    quality: pd.DataFrame
    artefacts: pd.DataFrame
    excerpts: pd.DataFrame
    excerpt_marks: pd.DataFrame
    problems: list[Problem]


def sort_sites(recordings: pd.DataFrame, folder: Path) -> SortedSites:
    """Sort every raw recording of a sheet, the segments of a site together; files are relative to `folder`.

    All times stand on the recording's clock, as the events of its file do; what lies before a trace's first sample is
    masked.
    """
    spikes: list[Row] = []
    waveforms: list[Row] = []
    segments: list[Row] = []
    quality: list[Row] = []
    artefacts: list[Row] = []
    excerpts: list[pd.DataFrame] = []
    excerpt_marks: list[Row] = []
    problems: list[Problem] = []
    for site, rows in recordings[recordings["kind"] == "raw"].sort_values("segment").groupby("site_id", sort=True):
        records = [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
        opened = _open(records, folder, segments, problems)
        if not opened:
            continue
        result, opened = _sort(str(site), opened, problems)
        if result is None:
            continue
        problems += [Problem(STAGE, str(site), "warning", text) for text in result.problems]
        for segment, recording in opened:
            if recording.start_s > 0:
                stretch = {"start_s": 0.0, "end_s": recording.start_s, "kind": NOT_RECORDED}
                artefacts.append({"site_id": site, "segment": segment["segment"], **stretch})
        masked: list[Row] = []
        for one in result.artefacts:
            segment, recording = opened[one.segment]
            low, high = one.start_s + recording.start_s, one.end_s + recording.start_s
            stretch = {"start_s": low, "end_s": high, "kind": one.kind}
            masked.append({"site_id": site, "segment": segment["segment"], **stretch})
        artefacts += masked
        problems += [Problem(STAGE, str(site), "warning", text) for text in _artefact_texts(masked)]
        numbers = [segment["segment"] for segment, _ in opened]
        pieces, marks = excerpt_rows(str(site), numbers, [recording for _, recording in opened], result)
        excerpts += pieces
        excerpt_marks += marks
        if not result.units:
            problems.append(Problem(STAGE, str(site), "warning", f"no unit was found: {result.reason}"))
            for segment, _ in opened:
                segment["reason"] = result.reason
        for unit in result.units:
            key = {"site_id": site, "unit_id": unit.unit_id}
            known = {name: getattr(unit, name) for name in ("snr", "isolation", "missed_fraction", "noise_fraction")}
            quality.append({**key, **known, "reason": unit.reason})
            known = {"highpass_hz": opened[0][0]["highpass_hz"], "amplitude_unit": opened[0][1].unit}
            for time, amplitude in zip(unit.waveform_time_ms, unit.waveform_uv, strict=True):
                waveforms.append({**key, "time_ms": time, "amplitude_uv": amplitude, **known})
            for (segment, recording), times in zip(opened, unit.times_s, strict=True):
                spikes += [{**key, "segment": segment["segment"], "time_s": time + recording.start_s} for time in times]
    return SortedSites(
        SPIKES.frame(spikes),
        WAVEFORMS.frame(waveforms),
        SEGMENTS.frame(segments),
        UNIT_QUALITY.frame(quality),
        ARTEFACTS.frame(artefacts),
        EXCERPTS.frame(pd.concat(excerpts) if excerpts else ()),
        EXCERPT_MARKS.frame(excerpt_marks),
        problems,
    )


def _open(
    rows: list[Row], folder: Path, segments: list[Row], problems: list[Problem]
) -> list[tuple[Row, RawRecording]]:
    """The recordings of one site that can be opened; a row in `segments` for each, opened or not."""
    opened = []
    for row in rows:
        segment = {name: row[name] for name in SEGMENTS.names if name in row}
        segment |= {"status": status.OK, "reason": None}
        segments.append(segment)
        if row["file"] is None:
            segment |= {"status": status.MISSING, "reason": NO_FILE}
            problems.append(Problem(STAGE, _item(row), "error", NO_FILE))
            continue
        try:
            recording = read_raw(folder / str(row["file"]), row["format"], row["channel"])
        except FormatError as error:
            segment |= {"status": error.status, "reason": str(error)}
            problems.append(Problem(STAGE, _item(row), "error", str(error)))
            continue
        segment["duration_s"] = recording.end_s
        if len(recording.channels) > MOST_CHANNELS:
            reason = (
                f"{row['file']}: has {len(recording.channels)} channels, and only the 1 to {MOST_CHANNELS} of one "
                "electrode are sorted together: name a channel in recordings.tsv, or sort it elsewhere (kind sorted)"
            )
            segment |= {"status": status.FAILED, "reason": reason}
            problems.append(Problem(STAGE, _item(row), "error", reason))
            continue
        notes = list(recording.notes)
        if abs(recording.start_s) >= LATE_S:
            where = f"its trace begins at {recording.start_s:g} s of the file's clock"
            notes.append(f"{where}; spikes are timed on that clock, so must be the onsets in events.tsv")
        problems += [Problem(STAGE, _item(row), "warning", f"{row['file']}: {note}") for note in notes]
        opened.append((segment, recording))
    return opened


def _sort(
    site: str, opened: list[tuple[Row, RawRecording]], problems: list[Problem]
) -> tuple[SortResult | None, list[tuple[Row, RawRecording]]]:
    """Sort what fits together; segments of another sampling rate or other channels fail by name."""
    first = opened[0][1]
    alike = []
    for segment, recording in opened:
        if (recording.sampling_rate_hz, len(recording.channels)) == (first.sampling_rate_hz, len(first.channels)):
            alike.append((segment, recording))
            continue
        reason = "differs from the site's first segment in sampling rate or channels: sort it as a site of its own"
        segment |= {"status": status.FAILED, "reason": reason}
        problems.append(Problem(STAGE, _item(segment), "error", reason))
    try:
        traces = [recording.chunks() for _, recording in alike]
        return sort_segments(traces, first.sampling_rate_hz, alike[0][0]["highpass_hz"]), alike
    except (ValueError, FormatError, OSError) as error:
        for segment, _ in alike:
            segment |= {"status": status.FAILED, "reason": str(error)}
        problems.append(Problem(STAGE, site, "error", str(error)))
        return None, alike


def _artefact_texts(masked: list[Row]) -> list[str]:
    """Each stretch by itself, but many of one kind together: the table of artefacts has them all."""
    texts = []
    for kind in sorted({one["kind"] for one in masked}):
        mine = [one for one in masked if one["kind"] == kind]
        total = sum(one["end_s"] - one["start_s"] for one in mine)
        if len(mine) > SAID_MOST:
            texts.append(f"{kind}: {len(mine)} stretches, {total:.1f} s in all, not sorted")
            continue
        texts += [
            f"segment {one['segment']:g}: {kind} from {one['start_s']:.2f} to {one['end_s']:.2f} s, not sorted"
            for one in mine
        ]
    return texts


def _item(row: Row) -> str:
    return f"{row['site_id']} segment {row['segment']:g}"
