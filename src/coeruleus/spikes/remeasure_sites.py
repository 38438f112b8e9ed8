"""Units sorted elsewhere whose raw trace is at hand: mean spikes, SNR and isolation from it, for every recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import RawRecording, read_raw
from coeruleus.spikes.detect import collect
from coeruleus.spikes.elsewhere import isolation_and_missed
from coeruleus.spikes.remeasure import Remeasured, remeasure
from coeruleus.tables.interim import UNIT_QUALITY
from coeruleus.tables.problems import Problem
from coeruleus.tables.sources import WAVEFORMS

STAGE = "spikes"
Row = dict[str, Any]
Array = NDArray[np.floating]


@dataclass(frozen=True)
class FromRaw:
    """Frames of WAVEFORMS (those measured anew in place of those given) and UNIT_QUALITY."""

    waveforms: pd.DataFrame
    quality: pd.DataFrame
    problems: list[Problem]


def remeasure_sites(recordings: pd.DataFrame, folder: Path, spikes: pd.DataFrame, waveforms: pd.DataFrame) -> FromRaw:
    """For each recording of kind sorted: its raw trace is `raw_file` of the sheet, else what its own file holds.

    A unit is measured in the first segment whose trace shows it. `spikes` and `waveforms` are those read from the
    files; what no trace shows keeps its waveform, and that is a problem where a `raw_file` was named.
    """
    found: dict[tuple[str, str], tuple[Row, Remeasured]] = {}
    apart: dict[tuple[str, str], tuple[float, float]] = {}
    problems: list[Problem] = []
    rows = recordings[recordings["kind"] == "sorted"].sort_values(["site_id", "segment"], kind="stable")
    for row in rows.to_dict("records"):
        mine = spikes[(spikes["site_id"] == row["site_id"]) & (spikes["segment"] == row["segment"])]
        site = str(row["site_id"])
        trains = {str(unit): times.to_numpy(float) for unit, times in mine.groupby("unit_id", sort=True)["time_s"]}
        new = [unit for unit in trains if (site, unit) not in found]
        if not new:
            continue
        named = isinstance(row.get("raw_file"), str)
        item = f"{site} segment {row['segment']:g}"
        file = row["raw_file"] if named else row["file"]
        try:
            recording = read_raw(folder / str(file), None if named else row.get("format"))
            trains = {unit: times - recording.start_s for unit, times in trains.items()}
            chosen = {unit: trains[unit] for unit in new}
            measured = remeasure(recording.chunks(), recording.sampling_rate_hz, chosen)
        except (FormatError, OSError, ValueError) as error:
            if named:
                problems.append(Problem(STAGE, item, "error", f"{file}: mean spikes are not from it: {error}"))
            continue
        problems += [Problem(STAGE, item, "warning", f"{file}: {note}") for note in recording.notes if named]
        isolated: dict[str, tuple[float, float]] = {}
        if any(one.reason is None for one in measured.values()):
            try:
                isolated = _isolated(recording, trains)
            except (FormatError, OSError, ValueError) as error:
                problems.append(Problem(STAGE, item, "warning", f"{file}: isolation not measured: {error}"))
        for unit, one in measured.items():
            if one.reason is None:
                found[site, unit] = (
                    {str(key): value for key, value in row.items()} | {"amplitude_unit": recording.unit},
                    one,
                )
                apart[site, unit] = isolated.get(unit, (np.nan, np.nan))
            else:
                problems.append(Problem(STAGE, f"{site}/{unit}", "warning", f"{file}: {one.reason}"))
    return FromRaw(_replaced(waveforms, found), _quality(found, apart), problems)


def _isolated(recording: RawRecording, trains: Mapping[str, Array]) -> dict[str, tuple[float, float]]:
    """Isolation and missed part of each unit among all units of its trace."""
    candidates = collect([recording.chunks()], recording.sampling_rate_hz)
    try:
        return isolation_and_missed(candidates, trains)
    finally:
        candidates.snippets.close()


def _replaced(given: pd.DataFrame, found: dict[tuple[str, str], tuple[Row, Remeasured]]) -> pd.DataFrame:
    if not found:
        return given
    kept = given[[key not in found for key in zip(given["site_id"], given["unit_id"], strict=True)]]
    anew = [
        pd.DataFrame(
            {
                "site_id": site,
                "unit_id": unit,
                "time_ms": one.time_ms,
                "amplitude_uv": one.amplitude_uv,
                "highpass_hz": row.get("highpass_hz"),
                "amplitude_unit": row["amplitude_unit"],
            }
        )
        for (site, unit), (row, one) in sorted(found.items())
    ]
    return WAVEFORMS.frame(pd.concat([part for part in [kept, *anew] if len(part)], ignore_index=True))


def _quality(
    found: dict[tuple[str, str], tuple[Row, Remeasured]], apart: dict[tuple[str, str], tuple[float, float]]
) -> pd.DataFrame:
    rows = []
    for key in sorted(found):
        isolation, missed = apart[key]
        measured = {"snr": found[key][1].snr, "isolation": isolation, "missed_fraction": missed}
        rows.append({"site_id": key[0], "unit_id": key[1], **measured})
    return UNIT_QUALITY.frame(rows)
