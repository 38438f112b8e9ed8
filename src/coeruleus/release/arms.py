"""Which arm of the study each time course belongs to, and which courses groups are compared on."""

from __future__ import annotations

import pandas as pd

from coeruleus.release.timing import AFTER

EVERYBODY = "all animals"
COURSE = ["session_id", "probe_id"]


def assign_arms(samples: pd.DataFrame, sessions: pd.DataFrame) -> pd.DataFrame:
    """One row per session and probe: subject_id, group, treatment, region, arm, series.

    The arm is the animal's group. Where animals of one group were under different treatments in
    different sessions (cross-over), it is group and treatment: `sessions.condition`, and where the sheet
    has none, the first drug after time 0. Without any group it is the treatment, or `all animals`.
    Where some animals have a group and others not, those without have no arm.
    """
    courses = samples.drop_duplicates(COURSE)[[*COURSE, "subject_id", "group", "region"]].reset_index(drop=True)
    courses["treatment"] = _treatments(courses, samples, sessions)
    grouped = courses["group"].notna().any()
    label = courses["group"].where(courses["group"].notna(), None if grouped else "")
    varies = courses["treatment"].groupby(label.fillna("")).nunique() > 1
    several = courses.groupby("subject_id")["session_id"].nunique().max() > 1
    arms: list[str | None] = []
    for group, treatment in zip(label, courses["treatment"], strict=True):
        if pd.isna(group):
            arms.append(None)
        elif several and varies.get(group, False):
            arms.append(", ".join(part for part in (group, treatment or "no treatment") if part))
        else:
            arms.append(group or EVERYBODY)
    courses["arm"] = pd.Series(arms, index=courses.index, dtype=object)
    return courses


def reference_of(arm: str, arms: list[str], courses: pd.DataFrame, reference_group: str | None) -> str | None:
    """The arm that `arm` is compared with, None where it is the reference itself or there is none.

    The reference group names an arm, a group or a treatment; in a cross-over the other half of the arm's
    name stays the same.
    """
    if reference_group is None:
        return None
    if reference_group in arms:
        return reference_group if arm != reference_group else None
    own = courses[courses["arm"] == arm].iloc[0]
    for varied, kept in (("treatment", "group"), ("group", "treatment")):
        same = courses[courses["arm"].isin(arms) & (courses[varied] == reference_group)]
        same = same[same[kept].fillna("") == (own[kept] or "")]
        if len(same):
            found = str(same["arm"].iloc[0])
            return found if found != arm else None
    return None


def _treatments(courses: pd.DataFrame, samples: pd.DataFrame, sessions: pd.DataFrame) -> pd.Series:
    named = dict(zip(sessions["session_id"], sessions["condition"], strict=True))
    treatments = courses["session_id"].map(named).astype(object)
    if treatments.notna().any():
        return treatments.where(treatments.notna(), None)
    after = samples[samples["period"] == AFTER].sort_values("time_min", kind="stable")
    first = after.drop_duplicates(COURSE)[[*COURSE, "condition"]]
    found = courses.merge(first, on=COURSE, how="left", sort=False)["condition"].astype(object)
    return found.where(found.notna(), None)
