"""Defaults that depend on other rows: sessions, probes, samples, segments, run order."""

from __future__ import annotations

import datetime

import pandas as pd

from coeruleus.experiment.read_sheet import none_for_missing
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
    return segments.fillna(1.0).clip(-(2.0**31), 2.0**31).astype(int)


def _one_each(frame: pd.DataFrame, key: str, subjects: pd.Series) -> pd.DataFrame:
    """One session or probe for every subject without any, named like the subject."""
    without = [subject for subject in subjects if subject not in set(frame["subject_id"])]
    without = [subject for subject in without if subject not in set(frame[key])]
    added = pd.DataFrame({key: without, "subject_id": without}, dtype=object)
    if frame.empty:
        whole = added.reindex(columns=frame.columns)
        return whole.astype({name: frame[name].dtype for name in frame})
    if added.empty:
        return frame
    parts = added.reindex(columns=frame.columns).astype({name: frame[name].dtype for name in frame})
    return pd.concat([frame, parts], ignore_index=True)


def _none_for_missing(frame: pd.DataFrame) -> pd.DataFrame:
    """Missing text as None everywhere, never NaN."""
    for name in frame if len(frame) else ():
        if frame[name].dtype == object:
            frame[name] = none_for_missing(frame[name])
    return frame


def _only(frame: pd.DataFrame, key: str) -> dict[str, str | None]:
    """The one session or probe of each subject; None where there are several."""
    grouped = frame.dropna(subset=["subject_id"]).groupby("subject_id")[key]
    return {str(subject): (own.iloc[0] if len(own) == 1 else None) for subject, own in grouped}


def _fill(frame: pd.DataFrame, key: str, only: dict[str, str | None], sheet: str, problems: list[Problem]) -> None:
    if frame.empty:
        return
    needs = frame[key].isna() & frame["subject_id"].notna()
    if sheet == "dialysate/injections":
        needs &= frame["kind"] == "dialysate"
    needs &= frame["subject_id"].isin(list(only))  # an unknown subject is reported elsewhere
    if not needs.any():
        return
    rows = frame[needs]
    for subject, row in zip(rows["subject_id"], rows["sheet_row"], strict=True):
        if only[subject] is None:
            where = f"{sheet}.tsv, row {int(row)}, column {key}"
            message = f"is empty, and the subject {subject} has several: say which"
            problems.append(Problem("experiment", where, "error", message))
    frame.loc[needs, key] = pd.Series([only[subject] for subject in rows["subject_id"]], index=rows.index, dtype=object)


def _run_order(injections: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    """Injections in run order, numbered from 1 within each run."""
    times = {}
    for index, text in injections["injected_at"].items():
        times[index] = datetime.datetime.fromisoformat(text) if isinstance(text, str) else None
    ordered = []
    for run, rows in injections.groupby("run", sort=True):
        known = [times[index] for index in rows.index]
        indices = list(rows.index)
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
        part = injections.loc[indices].copy()
        part["order"] = range(1, len(part) + 1)
        ordered.append(part)
    if not ordered:
        injections["order"] = pd.Series(dtype=int)
        return injections
    return pd.concat(ordered, ignore_index=True)


def _sample_names(frame: pd.DataFrame) -> pd.Series:
    """Names of samples that were entered as concentrations: by their time, so that they stay when rows move."""
    if "sample_id" in frame:
        return frame["sample_id"]
    return pd.Series(
        [f"{start:g}_{end:g}" for start, end in zip(frame["start_min"], frame["end_min"], strict=True)], dtype=object
    )
