"""Concentrations to release: samples on the brain's clock, baselines, per cents, summaries, statistics."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pandas as pd

from coeruleus.experiment.settings import BaselineSettings, RecoverySettings, ReleaseSettings
from coeruleus.experiment.sheets import SUBJECTS
from coeruleus.release import findings
from coeruleus.release.areas import group_areas
from coeruleus.release.arms import COURSE, assign_arms
from coeruleus.release.baseline import mark_baseline, measure_baselines, set_divisor
from coeruleus.release.bounds import mark_bounds
from coeruleus.release.choices import Choices
from coeruleus.release.comparison import Comparison, compare_courses
from coeruleus.release.context import attach_sheets, conditions, late_zeros
from coeruleus.release.courses import group_courses
from coeruleus.release.flux_points import flux_points
from coeruleus.release.normalise import percent_of_baseline
from coeruleus.release.recovery import measure_recovery
from coeruleus.release.recovery_flags import flag_samples
from coeruleus.release.samples import SERIES, combine_injections, exclude_samples, read_injections, worsen
from coeruleus.release.timing import STRADDLES, UNKNOWN, periods, transit_min
from coeruleus.release.turnover import as_courses, measure_turnover
from coeruleus.release.wide import wide_tables
from coeruleus.tables import status
from coeruleus.tables.model import Table
from coeruleus.tables.problems import Problem
from coeruleus.tables.release import (
    ASSUMPTIONS,
    BASELINES,
    RECOVERY,
    RELEASE,
    STATISTICS,
    SUMMARY,
    TURNOVER,
    TURNOVER_SUMMARY,
)
from coeruleus.tables.sources import AREAS, COURSES, FLUX_POINTS


@dataclass(frozen=True)
class Release:
    """What `compute_release` gives: frames of tables/release.py, of COURSES, AREAS and FLUX_POINTS, and problems."""

    release: pd.DataFrame
    baselines: pd.DataFrame
    summary: pd.DataFrame
    statistics: pd.DataFrame
    courses: pd.DataFrame
    areas: pd.DataFrame
    flux_points: pd.DataFrame
    assumptions: pd.DataFrame
    recovery: pd.DataFrame
    turnover: pd.DataFrame
    turnover_summary: pd.DataFrame
    wide: dict[str, pd.DataFrame]  # by name of the file
    problems: list[Problem]


def compute_release(
    concentrations: pd.DataFrame,
    subjects: pd.DataFrame,
    sessions: pd.DataFrame,
    probes: pd.DataFrame,
    events: pd.DataFrame,
    curation_samples: pd.DataFrame,
    *,
    flow_rate_ul_per_min: float | None,
    dead_volume_ul: float,
    inlet_volume_ul: float = 0.0,
    baseline: BaselineSettings,
    comparison: ReleaseSettings,
    recovery: RecoverySettings,
) -> Release:
    """Release from concentrations, measured (CONCENTRATIONS) or entered by hand (the sheet).

    Every sample and analyte of the input keeps one row. Concentrations are in the dialysate, not
    corrected for recovery; times are minutes, 0 the treatment that defines the baseline. Columns that the
    contract does not know are carried: those of `concentrations` to release, those of `subjects` to the
    summary. Each animal is normalised to its own baseline, unless `baseline` says otherwise. In group
    means and statistics stand courses with a stable baseline, of animals with a group (or of all, if none
    has one), whose probe did not miss. The mixed model of ln concentration also has the courses whose baseline
    is only short of samples above the limit, unless such samples are to be left out.
    """
    injections, extras = read_injections(concentrations)
    samples = combine_injections(injections, extras)
    samples, unmatched = exclude_samples(samples, curation_samples)
    problems = findings.curation_problems(unmatched)
    samples = attach_sheets(samples, subjects, sessions, probes)
    inlet = transit_min(flow_rate_ul_per_min, inlet_volume_ul)
    late = transit_min(flow_rate_ul_per_min, dead_volume_ul) + late_zeros(samples, events, inlet)
    samples = _place_in_time(samples, late)
    samples = mark_bounds(samples)
    samples["condition"] = conditions(samples, events, inlet)
    problems += findings.timing_problems(samples, flow_rate_ul_per_min, dead_volume_ul)
    if "run" not in concentrations or concentrations["run"].isna().all():  # no HPLC run: entered by hand
        problems += findings.entered_problems(samples)

    reference = comparison.reference_group
    samples["in_baseline"] = mark_baseline(samples, baseline)
    samples["in_model_baseline"] = mark_baseline(samples, baseline, low=True)
    arms = assign_arms(samples, sessions)
    labels = arms.merge(samples.drop_duplicates(COURSE)[[*COURSE, "placement"]], on=COURSE)
    baselines = set_divisor(measure_baselines(samples, baseline), labels, baseline.normalise)
    samples = percent_of_baseline(samples, baselines)
    recovered, recovery_problems = measure_recovery(samples, baselines, probes, events, recovery, inlet)
    samples = flag_samples(samples, recovered, events, inlet)
    keep_unstable = baseline.unstable == "keep"
    problems += findings.baseline_problems(samples, baselines, keep_unstable)
    problems += findings.comparison_problems(labels, reference)

    labels["series"] = labels["session_id"] + "/" + labels["probe_id"]
    samples = samples.merge(labels[[*COURSE, "arm", "series"]], on=COURSE, how="left", sort=False)
    choices = Choices(**{field.name: getattr(comparison, field.name) for field in fields(Choices)})
    found = compare_courses(samples, baselines, labels, comparison, choices, keep_unstable)
    chosen = _compared(samples, found)
    turnover = measure_turnover(samples, comparison.ratios)
    rows, checks = list(found.rows), list(found.checks)
    courses, areas, ratio_summary = [group_courses(chosen)], group_areas(found.compared), pd.DataFrame()
    if len(turnover):
        ratios, ratio_baselines = as_courses(turnover, baseline)
        of_ratios = compare_courses(ratios, ratio_baselines, labels, comparison, choices, keep_unstable)
        courses.append(group_courses(_compared(ratios, of_ratios)))
        areas += group_areas(of_ratios.compared)
        ratio_summary = of_ratios.summary.rename(columns={"analyte": "ratio"})
        for more, all_rows in ((of_ratios.rows, rows), (of_ratios.checks, checks)):
            all_rows += [{**row, "model": str(row["model"]).replace("ln concentration", "ln ratio")} for row in more]
    return Release(
        release=_table(RELEASE, samples, extras),
        baselines=_table(BASELINES, baselines, []),
        summary=_with_subjects(found.summary, subjects),
        statistics=STATISTICS.frame(rows),
        courses=_table(COURSES, pd.concat(courses), []),
        areas=AREAS.frame(areas),
        flux_points=_table(FLUX_POINTS, flux_points(samples, events, recovered, recovery, inlet), []),
        assumptions=ASSUMPTIONS.frame(checks),
        recovery=_table(RECOVERY, recovered, []),
        turnover=_table(TURNOVER, turnover, []),
        turnover_summary=_table(TURNOVER_SUMMARY, ratio_summary, []),
        wide=wide_tables(samples, found.summary),
        problems=sorted({*problems, *recovery_problems}),
    )


def _compared(samples: pd.DataFrame, found: Comparison) -> pd.DataFrame:
    """The samples of courses that per cents are compared on, with their own baseline's mean."""
    divisors = found.compared[[*SERIES, "mean"]].rename(columns={"mean": "own_baseline"})
    return samples.merge(divisors, on=SERIES, sort=False)


def _place_in_time(samples: pd.DataFrame, late: pd.Series) -> pd.DataFrame:
    """Times on the brain's clock, the side of the treatment, and the statuses that follow from them."""
    samples = samples.copy()
    samples["start_min"] -= late
    samples["end_min"] -= late
    samples["time_min"] = (samples["start_min"] + samples["end_min"]) / 2
    samples["period"] = periods(samples["start_min"].to_numpy(), samples["end_min"].to_numpy())
    across = samples["period"] == STRADDLES
    spans = zip(samples["start_min"], samples["end_min"], strict=True)
    texts = [f"left the brain from {start:g} to {end:g} min: straddles the treatment at 0" for start, end in spans]
    worsen(samples, across, status.TRANSITION, pd.Series(texts, index=samples.index, dtype=object))
    reason = "no collection times (start_min, end_min): it cannot be placed in time"
    worsen(samples, samples["period"] == UNKNOWN, status.FAILED, reason)
    return samples


def _with_subjects(summary: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    extras = [str(name) for name in subjects if name not in SUBJECTS.names and name != "sheet_row"]
    known = subjects[["subject_id", *extras]].rename(columns={name: _carried(SUMMARY, name) for name in extras})
    joined = summary.merge(known, on="subject_id", how="left", sort=False)
    return _table(SUMMARY, joined, [], [_carried(SUMMARY, name) for name in extras])


def _carried(table: Table, name: str) -> str:
    """A carried column keeps its name, unless the table has a column of that name."""
    return f"{name}_in_sheet" if name in table.names else name


def _table(table: Table, frame: pd.DataFrame, extras: list[str], kept: list[str] | None = None) -> pd.DataFrame:
    """The frame with the columns of the table and those carried, and with missing ids as None again."""
    frame = frame.reindex(columns=[*dict.fromkeys([*table.names, *frame.columns])])
    for name in ("session_id", "probe_id"):
        if name in table.names:
            frame[name] = frame[name].astype(object).where(frame[name] != "", None)
    columns = [*table.names, *extras, *(kept or [])]
    return table.frame(frame[columns])
