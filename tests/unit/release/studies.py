"""Small studies for the tests of release: frames as the sheets give them, and simulated time courses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from coeruleus.experiment.settings import BaselineSettings, RecoverySettings, ReleaseSettings
from coeruleus.release.compute import Release, compute_release

SUBJECT_COLUMNS = ["subject_id", "species", "sex", "age", "weight_g", "group"]
SESSION_COLUMNS = ["session_id", "subject_id", "started_at", "condition", "order", "anaesthetic"]
PROBE_COLUMNS = ["probe_id", "subject_id", "region", "hemisphere", "placement", "recovery", "recovery_se"]
EVENT_COLUMNS = ["probe_id", "subject_id", "session_id", "onset_min", "duration_min", "trial_type", "drug"]
EVENT_COLUMNS += ["dose", "dose_unit", "route", "analyte", "perfusate_concentration"]
DECISION_COLUMNS = ["session_id", "probe_id", "sample_id", "action", "reason", "author", "date"]
DEFAULTS: dict[str, Any] = {
    "flow_rate_ul_per_min": 1.0,
    "dead_volume_ul": 0.0,
}


def sheet(rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[*dict.fromkeys([*columns, *(name for row in rows for name in row)])])
    text = [name for name in frame if frame[name].dtype == object or frame[name].isna().all()]
    return frame.astype(dict.fromkeys(text, object)).where(frame.notna() | ~frame.columns.isin(text), None)


def samples(
    subject: str, values: list[float | None], *, first: float = -60, step: float = 20, **more: Any
) -> list[dict]:
    """Rows of one course: contiguous samples from `first`, one value each; `more` fills further columns."""
    rows = []
    for place, value in enumerate(values):
        start = first + place * step
        row = {"injection_id": f"{subject}_{place}", "sample_id": f"s{place}", "subject_id": subject, "analyte": "NE"}
        row |= {"session_id": subject, "probe_id": subject, "start_min": start, "end_min": start + step, "unit": "nM"}
        row |= {"concentration": value, "concentration_se": 0.05, "status": "ok", "reason": None}
        rows.append({**row, **more})
    return rows


def run(
    rows: list[dict] | pd.DataFrame,
    groups: dict[str, str | None] | None = None,
    *,
    sessions: list[dict] | None = None,
    probes: list[dict] | None = None,
    events: list[dict] | None = None,
    decisions: list[dict] | None = None,
    subjects: pd.DataFrame | None = None,
    **settings: Any,
) -> Release:
    """`compute_release` with defaults for whatever is not given."""
    concentrations = pd.DataFrame(rows)
    given = [] if concentrations.empty else concentrations["subject_id"].dropna()
    names = list(dict.fromkeys(given))
    groups = groups or dict.fromkeys(names)
    if subjects is None:
        subjects = sheet([{"subject_id": name, "group": group} for name, group in groups.items()], SUBJECT_COLUMNS)
    sessions = sessions or [{"session_id": name, "subject_id": name} for name in names]
    probes = probes or [{"probe_id": name, "subject_id": name} for name in names]
    rules: dict[type, dict[str, Any]] = {BaselineSettings: {}, ReleaseSettings: {}, RecoverySettings: {}}
    for name in [name for name in settings if name not in DEFAULTS]:
        for section, chosen in rules.items():
            own = name.removeprefix("baseline_") if section is BaselineSettings else name
            if own in section.model_fields and (section is not BaselineSettings or name.startswith("baseline_")):
                chosen[own] = settings.pop(name)
                break
    return compute_release(
        concentrations,
        subjects,
        sheet(sessions, SESSION_COLUMNS),
        sheet(probes, PROBE_COLUMNS),
        sheet(events or [], EVENT_COLUMNS),
        sheet(decisions or [], DECISION_COLUMNS),
        **{**DEFAULTS, **settings},
        baseline=BaselineSettings(**rules[BaselineSettings]),
        comparison=ReleaseSettings(**rules[ReleaseSettings]),
        recovery=RecoverySettings(**rules[RecoverySettings]),
    )


def study(
    rng: np.random.Generator,
    effects: dict[str, float],
    animals: int = 6,
    after: int = 4,
    between: float = 0.4,
    respond: float = 0.1,
    noise: float = 0.1,
) -> tuple[list[dict], dict[str, str | None]]:
    """A study with a known effect: ln concentration rises by `effects[group]` after treatment.

    Animals differ in level (SD `between`) and in response (SD `respond`); samples scatter by `noise`.
    """
    rows: list[dict] = []
    groups: dict[str, str | None] = {}
    for group, effect in effects.items():
        for number in range(animals):
            name = f"{group}{number}"
            groups[name] = group
            level, response = rng.normal(0, between), effect + rng.normal(0, respond)
            logs = level + rng.normal(0, noise, 3 + after)
            logs[3:] += response
            rows += samples(name, np.exp(logs).tolist())
    return rows, groups
