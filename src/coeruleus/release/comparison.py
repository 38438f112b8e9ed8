"""Courses of analytes, or of their ratios, as groups are compared on them: which enter, and what is found."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from coeruleus.experiment.settings import ReleaseSettings
from coeruleus.release.arms import COURSE
from coeruleus.release.choices import Choices
from coeruleus.release.recovery_flags import flag_courses
from coeruleus.release.rows import Row
from coeruleus.release.samples import SERIES
from coeruleus.release.statistics import compare_groups
from coeruleus.release.summary import in_window, summarise

UNSTABLE = "baseline not stable"


@dataclass(frozen=True)
class Comparison:
    """What `compare_courses` gives."""

    summary: pd.DataFrame  # a row per session, probe and analyte
    compared: pd.DataFrame  # those of them that per cents are compared on
    rows: list[Row]  # of STATISTICS
    checks: list[Row]  # of ASSUMPTIONS


def compare_courses(
    samples: pd.DataFrame,
    baselines: pd.DataFrame,
    labels: pd.DataFrame,
    rules: ReleaseSettings,
    choices: Choices,
    keep_unstable: bool,
) -> Comparison:
    """Summaries of all courses, and statistics of those whose probe did not miss and whose baseline is stable.

    `samples` as `percent_of_baseline` and `flag_samples` give them, with arm and series; `labels` is what
    `assign_arms` gives, with placement and series. A course whose baseline is only short of samples above the limit
    is lent to the mixed model of logs, whose baseline is no divisor, with every choice of `below_limit` that uses such
    samples: so they are compared on the same animals.
    """
    summary = summarise(samples, baselines, rules.window_min, rules.threshold_percent, rules.largest_gap)
    samples = samples.assign(in_window=in_window(samples, rules.window_min))
    summary = flag_courses(summary, samples)
    columns = [*COURSE, "arm", "series", "placement", "group", "region"]
    summary = summary.merge(labels[columns], on=COURSE, how="left", sort=False)
    summary = summary.merge(baselines[[*SERIES, "short_by_limit", "mean"]], on=SERIES, how="left", sort=False)
    summary["left_out"] = _why_left_out(summary, keep_unstable)
    summary["in_statistics"] = summary["left_out"].isna()
    compared = summary[summary["in_statistics"]]
    lent = summary["left_out"].eq(UNSTABLE) & summary["short_by_limit"].astype(bool)
    modelled = summary[summary["in_statistics"] | (lent & choices.lends_low_baselines)]
    fitted = samples.merge(modelled[SERIES], on=SERIES, how="inner", sort=False)
    left_out = _left_out(summary[~summary.index.isin(modelled.index)], summary)
    rows, checks = compare_groups(fitted, compared, labels, left_out, rules.reference_group, choices)
    return Comparison(summary, compared, rows, checks)


def _why_left_out(summary: pd.DataFrame, keep_unstable: bool) -> pd.Series:
    """Why a course is not in group means and statistics; None where it is."""
    why = pd.Series(None, index=summary.index, dtype=object)
    if not keep_unstable:
        why[~summary["baseline_stable"].astype(bool)] = UNSTABLE
    why[summary["arm"].isna() | summary["subject_id"].isna()] = "no group"
    why[summary["placement"] == "miss"] = "probe missed"
    return why


def _left_out(courses: pd.DataFrame, summary: pd.DataFrame) -> dict[str, str]:
    """Per analyte of the summary, which courses were left out and why."""
    found = {str(analyte): "" for analyte in summary["analyte"].unique()}
    for analyte, rows in courses.groupby("analyte"):
        texts = []
        for words in ("probe missed", "no group", UNSTABLE):
            names = sorted(_names(rows[rows["left_out"] == words]))
            shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
            texts += [f"left out, {words}: {shown}"] if names else []
        found[str(analyte)] = "; ".join(texts)
    return found


def _names(courses: pd.DataFrame) -> set[str]:
    """Sessions, with the probe where it is not named like the session."""
    pairs = zip(courses["session_id"], courses["probe_id"], strict=True)
    return {session if session == probe else f"{session}/{probe}" for session, probe in pairs}
