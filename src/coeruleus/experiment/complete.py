"""Defaults that depend on other rows: sessions, probes, samples, segments, run order."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd

from coeruleus.tables.problems import Problem


def complete(frames: dict[str, pd.DataFrame]) -> list[Problem]:
    """Fill defaults in place of `n/a`, as the contract says. Changes `frames`; returns problems met."""
    problems: list[Problem] = []
    subjects = frames["subjects"]["subject_id"]
    frames["sessions"] = _one_each(frames["sessions"], "session_id", subjects)
    frames["dialysate/probes"] = _one_each(frames["dialysate/probes"], "probe_id", subjects)
    only_session = _only(frames["sessions"], "session_id")
    only_probe = _only(frames["dialysate/probes"], "probe_id")
    for name in ("dialysate/injections", "dialysate/concentrations", "dialysate/events"):
        frame = frames[name]
        if name == "dialysate/events":
            owner = dict(
                zip(frames["dialysate/probes"]["probe_id"], frames["dialysate/probes"]["subject_id"], strict=True)
            )
            frame["subject_id"] = frame["subject_id"].where(frame["subject_id"].notna(), frame["probe_id"].map(owner))
        _fill(frame, "session_id", only_session, name, problems)
        if name != "dialysate/events":
            _fill(frame, "probe_id", only_probe, name, problems)
    _fill(frames["ephys/recordings"], "session_id", only_session, "ephys/recordings", problems)
    injections = frames["dialysate/injections"]
    own = (injections["kind"] == "dialysate") & injections["sample_id"].isna()
    injections.loc[own, "sample_id"] = injections.loc[own, "injection_id"]
    frames["dialysate/injections"] = _run_order(injections, problems)
    recordings = frames["ephys/recordings"]
    place = recordings.groupby("site_id").cumcount() + 1.0
    recordings["segment"] = _whole(recordings["segment"].where(recordings["segment"].notna(), place))
    for name in ("ephys/events", "curation/trials"):
        frames[name]["segment"] = _whole(frames[name]["segment"])
    frames["dialysate/concentrations"]["sample_id"] = _sample_names(frames["dialysate/concentrations"])
    for name, frame in frames.items():
        frames[name] = _none_for_missing(frame)
    return problems


def _whole(segments: pd.Series) -> pd.Series:
    """Segments as integers; a cell that could not be read is a problem already, and the first segment here."""
    numbers = segments.to_numpy(float)
    return pd.Series(
        np.clip(np.where(np.isnan(numbers), 1.0, numbers), -(2.0**31), 2.0**31).astype(int), segments.index
    )


def _one_each(frame: pd.DataFrame, key: str, subjects: pd.Series) -> pd.DataFrame:
    """One session or probe for every subject without any, named like the subject."""
    named = {*frame["subject_id"], *frame[key]}
    without = [subject for subject in subjects if subject not in named]
    if not without:
        return frame
    missing = [None] * len(without)
    columns = {name: without if name in (key, "subject_id") else missing for name in frame}
    added = pd.DataFrame({name: pd.Series(column, dtype=frame[name].dtype) for name, column in columns.items()})
    return added if frame.empty else pd.concat([frame, added], ignore_index=True)


def _none_for_missing(frame: pd.DataFrame) -> pd.DataFrame:
    """Missing text as None everywhere, never NaN."""
    for name, column in list(frame.items()) if len(frame) else ():
        if column.dtype == object and any(value is not None and value != value for value in column.tolist()):
            frame[name] = column.where(column.notna(), None)
    return frame


def _only(frame: pd.DataFrame, key: str) -> dict[str, str | None]:
    """The one session or probe of each subject; None where there are several."""
    own: dict[str, list[str]] = {}
    for subject, name in zip(frame["subject_id"], frame[key], strict=True):
        if isinstance(subject, str):
            own.setdefault(subject, []).append(name)
    return {subject: (names[0] if len(names) == 1 else None) for subject, names in own.items()}


def _fill(frame: pd.DataFrame, key: str, only: dict[str, str | None], sheet: str, problems: list[Problem]) -> None:
    if frame.empty:
        return
    kinds = frame["kind"] if sheet == "dialysate/injections" else ["dialysate"] * len(frame)
    filled = frame[key].tolist()
    for place, (name, subject, kind) in enumerate(zip(filled, frame["subject_id"], kinds, strict=True)):
        # A subject that is not known is reported elsewhere.
        if not isinstance(name, str) and kind == "dialysate" and subject in only:
            filled[place] = only[subject]
            if filled[place] is None:
                where = f"{sheet}.tsv, row {int(frame['sheet_row'].iloc[place])}, column {key}"
                message = f"is empty, and the subject {subject} has several: say which"
                problems.append(Problem("experiment", where, "error", message))
    frame[key] = pd.Series(filled, index=frame.index, dtype=object)


def _run_order(injections: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    """Injections in run order, numbered from 1 within each run."""
    times = {}
    for index, text in enumerate(injections["injected_at"]):
        times[index] = datetime.datetime.fromisoformat(text) if isinstance(text, str) else None
    runs: dict[str, list[int]] = {}
    for index, run in enumerate(injections["run"]):
        runs.setdefault(run, []).append(index)
    ordered: list[int] = []
    places: list[int] = []
    for run in sorted(name for name in runs if isinstance(name, str)):
        indices = runs[run]
        known = [times[index] for index in indices]
        if all(time is not None for time in known):
            if len({time.tzinfo is None for time in known if time is not None}) > 1:
                message = "mixes times with and without a time zone: write all of a run in one way"
                problems.append(
                    Problem("experiment", f"dialysate/injections.tsv, run {run}, column injected_at", "error", message)
                )
            else:
                indices.sort(key=lambda index: times[index])  # type: ignore[arg-type,return-value]
        elif any(time is not None for time in known):
            message = "is given for some injections of the run only: row order is taken as run order"
            problems.append(
                Problem("experiment", f"dialysate/injections.tsv, run {run}, column injected_at", "warning", message)
            )
        ordered += indices
        places += range(1, len(indices) + 1)
    injections = injections.iloc[ordered].reset_index(drop=True)
    injections["order"] = pd.Series(places, dtype=int)
    return injections


def _sample_names(frame: pd.DataFrame) -> pd.Series:
    """Names of samples that were entered as concentrations: by their time, so that they stay when rows move."""
    if "sample_id" in frame:
        return frame["sample_id"]
    return pd.Series(
        [f"{start:g}_{end:g}" for start, end in zip(frame["start_min"], frame["end_min"], strict=True)], dtype=object
    )
