"""Problems that release sees, in words for the bench."""

from __future__ import annotations

import pandas as pd

from coeruleus.release.timing import UNKNOWN
from coeruleus.tables import status
from coeruleus.tables.problems import Problem

STAGE = "release"
LEFT_OUT = "so left out of group means and statistics"


def timing_problems(samples: pd.DataFrame, flow_rate_ul_per_min: float | None, dead_volume_ul: float) -> list[Problem]:
    """Times that are not shifted, and samples that have none."""
    problems = []
    if flow_rate_ul_per_min is None and len(samples):
        item = "experiment.yaml, key dialysis.flow_rate_ul_per_min"
        lost = f", so the dead volume of {dead_volume_ul:g} µl is not taken off" if dead_volume_ul else ""
        message = f"is not given{lost}: times are those of the bench clock; give the flow rate and dead_volume_ul"
        problems.append(Problem(STAGE, item, "warning", message))
    for course, rows in samples[samples["period"] == UNKNOWN].groupby(["session_id", "probe_id"]):
        names = ", ".join(sorted(set(rows["sample_id"])))
        message = f"samples without collection times: {names}; fill start_min and end_min to place them in time"
        problems.append(Problem(STAGE, _course(*course), "error", message))
    return problems


def entered_problems(samples: pd.DataFrame) -> list[Problem]:
    """Samples lost among concentrations that were entered by hand: no other room has reported them."""
    lost = samples[samples["status"].isin([status.MISSING, status.FAILED]) & (samples["period"] != UNKNOWN)]
    return [
        Problem(STAGE, f"{_course(row['session_id'], row['probe_id'])}, sample {row['sample_id']}", "error", message)
        for row in lost.to_dict("records")
        for message in [f"{row['analyte']}: {row['reason']}"]
    ]


def baseline_problems(samples: pd.DataFrame, baselines: pd.DataFrame, kept: bool = False) -> list[Problem]:
    """Baselines that are not stable, and those taken under a drug; one problem per session and probe."""
    problems = []
    for course, rows in baselines[~baselines["stable"].astype(bool)].groupby(["session_id", "probe_id"]):
        reasons: dict[str, list[str]] = {}
        for analyte, reason in zip(rows["analyte"], rows["reason"], strict=True):
            reasons.setdefault(reason, []).append(analyte)
        texts = [f"{', '.join(names)}: {reason}" for reason, names in sorted(reasons.items())]
        so = "in group means and statistics all the same, as configured" if kept else LEFT_OUT
        message = f"baseline not stable, {so}. {'. '.join(texts)}"
        problems.append(Problem(STAGE, _course(*course), "warning", message))
    drugged = samples[samples["in_baseline"] & (samples["condition"] != "baseline")]
    for course, rows in drugged.groupby(["session_id", "probe_id"]):
        names = ", ".join(sorted(set(rows["condition"])))
        message = f"baseline samples were taken after a drug ({names}): check onset_min in dialysate/events.tsv"
        problems.append(Problem(STAGE, _course(*course), "warning", message))
    return problems


def comparison_problems(courses: pd.DataFrame, reference_group: str | None) -> list[Problem]:
    """Probes that missed, animals without a group, a reference group that is not there."""
    problems = []
    for row in courses.to_dict("records"):
        item = _course(row["session_id"], row["probe_id"])
        if row["placement"] == "miss":
            message = "the probe missed its target: shown, and left out of group means and statistics"
            problems.append(Problem(STAGE, item, "warning", message))
        elif row["subject_id"] is None:
            message = "belongs to no animal: left out of group means and statistics; fill subject_id"
            problems.append(Problem(STAGE, item, "warning", message))
        elif row["arm"] is None:
            message = f"the animal {row['subject_id']} has no group: left out of group means and statistics"
            problems.append(Problem(STAGE, f"subjects.tsv, {row['subject_id']}", "warning", message))
    known = {str(row[name]) for row in courses.to_dict("records") for name in ("arm", "group", "treatment")}
    if reference_group is not None and len(courses) and reference_group not in known:
        arms = ", ".join(sorted(str(arm) for arm in set(courses["arm"].dropna()))) or "none"
        message = f"'{reference_group}' is no group of subjects.tsv (there are: {arms}): nothing is compared with it"
        problems.append(Problem(STAGE, "experiment.yaml, key release.reference_group", "warning", message))
    return problems


def curation_problems(unmatched: list[str]) -> list[Problem]:
    """Decisions about samples that do not exist."""
    return [
        Problem(STAGE, "curation/samples.tsv", "error", f"no such sample: {sample}; correct or delete the row")
        for sample in unmatched
    ]


def _course(session: object, probe: object) -> str:
    return f"session {session or 'n/a'}, probe {probe or 'n/a'}"
