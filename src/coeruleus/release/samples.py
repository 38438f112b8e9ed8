"""Samples from injections: one row per sample and analyte, with what its injections say together."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coeruleus.release.replicates import weighted_means, with_shared
from coeruleus.release.shared import RUNS, spread_over_runs, with_loadings
from coeruleus.tables import status
from coeruleus.tables.dialysate import CONCENTRATIONS, LOADINGS
from coeruleus.tables.release import RELEASE

SERIES = ["session_id", "probe_id", "analyte"]
SAMPLE = ["session_id", "probe_id", "sample_id", "analyte"]
# A number with one of these is an estimate of the concentration; with any other it is not.
COUNTED = (
    status.OK,
    status.ABOVE_RANGE,
    status.BELOW_LOQ,
    status.BELOW_LOD,
    status.TRANSITION,
    status.NOT_FOUND,
)
TEXTS = ["injection_id", "session_id", "probe_id", "sample_id", "analyte", "subject_id", "unit", "status", "reason"]
TEXTS += ["run"]
NUMBERS = ["start_min", "end_min", "concentration", "concentration_se", "lod", "loq", *LOADINGS]
KNOWN = {*CONCENTRATIONS.names, "se", "limit", "sheet_row"}
RANK = {name: rank for rank, name in enumerate(status.ORDER)}


def read_injections(concentrations: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Concentrations, measured or entered by hand, in one form; and the names of columns carried along.

    `se` is read as `concentration_se`. A row that is `ok` and below its own LOD or LOQ gets that status.
    A row in another unit than most rows of its session, probe and analyte is `failed`. Rows are sorted,
    so that nothing downstream depends on their order; a missing session or probe is "" from here on.
    """
    frame = concentrations.reset_index(drop=True).copy()
    if "concentration_se" not in frame and "se" in frame:
        frame["concentration_se"] = frame["se"]
    # A column of the user's that is named like one of the results' keeps its values under another name.
    taken = {*RELEASE.names, "period", "series"} - KNOWN
    frame = frame.rename(columns={name: f"{name}_in_sheet" for name in taken})
    extras = [str(name) for name in frame if name not in KNOWN]
    for name in TEXTS:
        values = frame[name].astype(object) if name in frame else pd.Series(None, index=frame.index, dtype=object)
        frame[name] = values.where(values.notna(), None)
    for name in NUMBERS:
        values = pd.to_numeric(frame[name]) if name in frame else pd.Series(np.nan, index=frame.index)
        frame[name] = values.astype(float).replace([np.inf, -np.inf], np.nan)
    if "limit" in frame:  # "<0.05" was entered: that is its limit of detection
        entered = pd.to_numeric(frame["limit"]).where(frame["status"] == status.BELOW_LOD)
        frame["lod"] = frame["lod"].fillna(entered)
    frame = frame[TEXTS + NUMBERS + extras]
    frame["sample_id"] = _sample_ids(frame)
    frame[["session_id", "probe_id"]] = frame[["session_id", "probe_id"]].fillna("")  # a key that compares
    frame = frame.sort_values([*SAMPLE, "injection_id", "concentration"], kind="stable", ignore_index=True)
    worsen(frame, (frame["status"] == status.OK) & frame["concentration"].isna(), status.MISSING, "no concentration")
    _check_limits(frame)
    _check_units(frame)
    unexplained = (frame["status"] != status.OK) & frame["reason"].isna()
    frame.loc[unexplained, "reason"] = frame.loc[unexplained, "status"].map(status.MEANING)
    return frame, extras


def combine_injections(injections: pd.DataFrame, extras: list[str]) -> pd.DataFrame:
    """One row per sample and analyte.

    Injections with a usable number are combined by inverse variance, or by the plain mean where a
    standard error is not known. What injections of one run share of their errors does not become less by injecting
    again; the samples carry it as loadings (`shared`). The combined error grows by the square root of chi²/df where the
    injections disagree by more than their errors allow (Birge 1932). Injections that are lost (missing,
    failed, excluded, saturated) do not take the sample with them; its status is the worst of the others.
    Where all are lost, the sample is as bad as the worst of them, and keeps their mean where there is one.
    """
    if injections.empty:
        return injections.assign(n_injections=pd.Series(dtype=float))
    group = np.asarray(injections.groupby(SAMPLE, sort=False).ngroup(), dtype=np.int64)
    size = int(group.max()) + 1
    value = injections["concentration"].to_numpy()
    error = injections["concentration_se"].to_numpy()
    counted = injections["status"].isin(COUNTED).to_numpy()
    usable = counted & np.isfinite(value)
    lost = np.bincount(group, usable, size) == 0
    entering = np.where(lost[group], np.isfinite(value), usable)

    number, mean, mean_se = weighted_means(group, size, value, error, entering)
    shared, runs = spread_over_runs(injections, SERIES)
    mean_se, loadings = with_shared(injections, shared, group, size, entering, mean, mean_se)
    judged = np.where(lost[group], True, counted)
    ranks = injections["status"].map(RANK).to_numpy()
    worst = np.full(size, -1)
    np.maximum.at(worst, group[judged], ranks[judged])

    # The row that speaks for the sample: the first that entered, else the first.
    order = np.lexsort((np.arange(len(group)), ~entering, group))
    first = order[np.searchsorted(group[order], np.arange(size))]
    samples = injections.iloc[first].reset_index(drop=True)
    for name in ("start_min", "end_min"):
        samples[name] = injections.groupby(group)[name].first().to_numpy()
    for name in ("lod", "loq"):
        samples[name] = injections.groupby(group)[name].mean().to_numpy()
    samples["concentration"], samples["concentration_se"] = mean, mean_se
    samples[RUNS] = pd.Series([runs[place] for place in first.tolist()], index=samples.index, dtype=object)
    samples["n_injections"] = number.astype(float)
    samples["status"] = np.array(status.ORDER, dtype=object)[worst]
    samples["reason"] = _reasons(injections, group, size, judged)
    for name in extras:
        samples[name] = _carry(injections[name], group, size)
    samples = with_loadings(samples.drop(columns="injection_id"), loadings)
    return samples.sort_values(SAMPLE, kind="stable", ignore_index=True)


def exclude_samples(samples: pd.DataFrame, decisions: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Samples that people took out are `excluded` and keep their number.

    Returns also the decisions that match no sample, as text.
    """
    key = SAMPLE[:3]
    samples = samples.copy()
    unmatched = []
    for _, decision in decisions[decisions["action"] == "exclude"].iterrows():
        hit = (samples[key] == decision[key]).all(axis=1)
        if not hit.any():
            unmatched.append(", ".join(f"{name} {decision[name]}" for name in key))
        author = f" ({decision['author']})" if decision.get("author") else ""
        worsen(samples, hit, status.EXCLUDED, f"{decision.get('reason') or 'excluded by a person'}{author}")
    return samples, unmatched


def worsen(frame: pd.DataFrame, rows: pd.Series, new: str, reason: str | pd.Series) -> None:
    """Give rows a worse status. Changes `frame`; an earlier reason is kept behind the new one."""
    rows = rows & (frame["status"].map(RANK) < RANK[new])
    text = reason[rows] if isinstance(reason, pd.Series) else pd.Series(reason, index=frame.index[rows])
    earlier = frame.loc[rows, "status"] + ": " + frame.loc[rows, "reason"].fillna("")
    joined = text.where(frame.loc[rows, "status"] == status.OK, text + "; " + earlier)
    frame.loc[rows, "reason"] = joined.astype(object)
    frame.loc[rows, "status"] = new


def _sample_ids(frame: pd.DataFrame) -> pd.Series:
    """Where a sample has no name: its injection's, else its interval, else its place in the sheet."""
    spans = zip(frame["start_min"], frame["end_min"], strict=True)
    named = [f"{a:g}_{b:g}" if np.isfinite(a) and np.isfinite(b) else f"row{n}" for n, (a, b) in enumerate(spans, 1)]
    own = frame["sample_id"].where(frame["sample_id"].notna(), frame["injection_id"])
    return own.where(own.notna(), pd.Series(named, index=frame.index, dtype=object))


def _check_limits(frame: pd.DataFrame) -> None:
    for limit, new, words in (
        ("loq", status.BELOW_LOQ, "quantification"),
        ("lod", status.BELOW_LOD, "detection"),
    ):
        low = (frame["status"] == status.OK) | (frame["status"] == status.BELOW_LOQ)
        low &= frame["concentration"] < frame[limit]
        low &= frame["status"] != new
        reasons = [
            f"{value:.4g} is below the limit of {words}, {edge:.4g} {unit or ''}".rstrip()
            for value, edge, unit in frame.loc[low, ["concentration", limit, "unit"]].itertuples(index=False)
        ]
        frame.loc[low, "reason"] = pd.Series(reasons, index=frame.index[low], dtype=object)
        frame.loc[low, "status"] = new


def _check_units(frame: pd.DataFrame) -> None:
    counts = frame.fillna({"unit": ""}).groupby([*SERIES, "unit"]).size().reset_index(name="rows")
    if counts.duplicated(SERIES).any():
        counts = counts.sort_values([*SERIES, "rows", "unit"], ascending=[True] * 3 + [False, True], kind="stable")
        main = counts.drop_duplicates(SERIES).rename(columns={"unit": "main"}).drop(columns="rows")
        own = frame[[*SERIES, "unit"]].merge(main, on=SERIES, how="left", sort=False)
        odd = pd.Series((own["unit"].fillna("") != own["main"]).to_numpy(), index=frame.index)
        reason = (
            "in " + own["unit"].fillna("no unit") + ", and most of this course is in " + own["main"].replace("", "none")
        )
        reason.index = frame.index
        worsen(frame, odd, status.FAILED, reason)


def _reasons(
    injections: pd.DataFrame, group: NDArray[np.int64], size: int, judged: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """Per sample: nothing where all is well, its own reason where it has one injection, else each one's."""
    reasons = np.full(size, None, dtype=object)
    several = np.bincount(group, minlength=size) > 1
    bad = (injections["status"] != status.OK).to_numpy()
    parts: dict[int, list[str]] = {}
    rows = zip(injections["injection_id"], injections["status"], injections["reason"], strict=True)
    for index, (name, state, reason) in enumerate(rows):
        if not bad[index]:
            continue
        place = int(group[index])
        if several[place]:
            left_out = "" if judged[index] else ", left out"
            parts.setdefault(place, []).append(f"{name or 'injection'} {state}{left_out}: {reason}")
        else:
            parts[place] = [reason]
    for place, texts in parts.items():
        reasons[place] = "; ".join(texts)
    return reasons


def _carry(values: pd.Series, group: NDArray[np.int64], size: int) -> NDArray[np.object_]:
    """A column from the sheet: the one value of a sample's injections, or all of them."""
    carried = np.full(size, None, dtype=object)
    for place, value in zip(group, values.to_numpy(dtype=object), strict=True):
        if pd.isna(value):
            continue
        if carried[place] is None:
            carried[place] = value
        elif str(value) not in str(carried[place]).split("; "):
            carried[place] = f"{carried[place]}; {value}"
    return carried
