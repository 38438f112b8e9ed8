"""Groups of animals compared by their units: rate, bursts and responses, cells nested in animals."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from coeruleus.classification.classify import LC
from coeruleus.experiment.conditions import NAMELESS
from coeruleus.tables import status
from coeruleus.tables.units import UNIT_STATISTICS

Floats = NDArray[np.float64]
UNIT = ["site_id", "unit_id"]
OF_UNITS = ("firing_rate_hz", "burst_fraction", "isi_cv", "spike_width_ms")
OF_INTERVALS = OF_UNITS[1:3]
OF_RESPONSES = (
    "excitation_latency_s",
    "excitation_duration_s",
    "excitation_rate_hz",
    "inhibition_duration_s",
    "suppression_index",
    "reliability_100ms",
)
SHARES = {"excited": "excitation_p", "inhibited": "inhibition_p"}
ALPHA = 0.05
MOST_ARRANGEMENTS = 20_000
DRAWN = 9_999
SEED = 7
FEWEST_SUBJECTS = 2
UNSTATED = "n/a"  # group of animals whose group is not stated
EMPTY_SITES, PER_SITE = "sites without a cell", "cells per track"


def compare_groups(
    units: pd.DataFrame,
    responses: pd.DataFrame,
    drug_responses: pd.DataFrame,
    classification: pd.DataFrame,
    recordings: pd.DataFrame,
    subjects: pd.DataFrame,
    first_ruleset: str | None,
    reference: str | None,
) -> pd.DataFrame:
    """Means of each group and differences from the reference group (or the first by name), as UNIT_STATISTICS.

    An animal counts once, with the mean of its units, and a unit with its mean over events, so that many cells of one
    animal are not many animals (pseudo-replication; Lazic 2010, BMC Neurosci 11, 5). Differences: Welch's interval over
    animals; p-value by permutation of animals, of all arrangements where there are at most 20,000, else of 9,999 drawn
    ones. Responses are those before any drug; drug effects each drug's and dose's, over the usual time
    (`percent_change`), where they could be tested. A site without a unit counts among the sites, unless its recordings
    could not be read. A cell with too few spikes for intervals counts with its rate: else one that a treatment silences
    would not be missed.
    """
    group_of = dict(zip(subjects["subject_id"], subjects["group"], strict=True))
    sites = recordings[["site_id", "subject_id"]].drop_duplicates("site_id")
    recorded = set(sites["subject_id"].map(group_of).dropna())
    against = reference if reference in recorded else min(recorded, default=None)
    sites = sites[~sites["site_id"].isin(_unread(units))]
    found = units[units["unit_id"].notna() & ~units["status"].isin([status.EXCLUDED, status.FAILED, status.MISSING])]
    labels = classification[classification["ruleset"] == first_ruleset]
    lc = set(map(tuple, labels.loc[labels["label"] == LC, ["site_id", "unit_id"]].to_numpy()))
    rows = []
    for which, chosen in (("all", None), (f"{LC} by {first_ruleset}", lc)):
        keys = list(zip(found["site_id"], found["unit_id"], strict=True))
        kept = found[np.array([chosen is None or key in chosen for key in keys], bool)]
        for measure, trial_type, values in _measures(kept, responses, drug_responses, sites):
            values = values.assign(group=values["subject_id"].map(group_of))
            for row in _compared(values, against):
                rows.append({"units": which, "measure": measure, "trial_type": trial_type} | row)
        if first_ruleset is None:
            break
    return UNIT_STATISTICS.frame(rows)


def _unread(units: pd.DataFrame) -> set[str]:
    """Sites of which no recording tells whether there was a unit."""
    lost = units["status"].isin([status.FAILED, status.MISSING])
    told = ~lost & (units["unit_id"].notna() | (units["status"] == status.NOT_FOUND))
    return set(units["site_id"]) - set(units.loc[told, "site_id"])


def _measures(
    units: pd.DataFrame, responses: pd.DataFrame, drug_responses: pd.DataFrame, sites: pd.DataFrame
) -> Iterator[tuple[str, str | None, pd.DataFrame]]:
    """Each measure with its kind of event and a frame of site_id, unit_id, subject_id and value."""
    per_site = units.groupby("site_id").size().reindex(sites["site_id"], fill_value=0).to_numpy(float)
    for name, counts in ((EMPTY_SITES, (per_site == 0).astype(float)), (PER_SITE, per_site)):
        yield name, None, sites.assign(unit_id="", value=counts)
    for name in OF_UNITS:
        usable = units[units["status"] != status.INSUFFICIENT_SPIKES] if name in OF_INTERVALS else units
        yield name, None, _valued(usable, usable[name])
    subject = units[[*UNIT, "subject_id"]]
    calm = responses[responses["after_drug"] != True].merge(subject, on=UNIT, validate="many_to_one")  # noqa: E712
    for trial_type, rows in calm.groupby("trial_type", sort=True):
        for name, p_value in SHARES.items():
            share = (rows[p_value] <= ALPHA).astype(float).where(rows[p_value].notna())
            yield f"share {name}", str(trial_type), _valued(rows, share)
        yield "share biphasic", str(trial_type), _valued(rows, pd.to_numeric(rows["biphasic"]).astype(float))
        for name in OF_RESPONSES:
            yield name, str(trial_type), _valued(rows, rows[name])
    named = drug_responses.assign(drug=drug_responses["drug"].fillna(NAMELESS))
    tested = _with_dose(named)[named["p_value"].notna()].merge(subject, on=UNIT, validate="many_to_one")
    for drug, rows in tested.groupby("drug", sort=True):
        yield "percent_change", str(drug), _valued(rows, rows["percent_change"])


def _with_dose(drug_responses: pd.DataFrame) -> pd.DataFrame:
    """Drugs that were given in several doses, each with its dose: other doses are other treatments."""
    drug, dose = drug_responses["drug"], drug_responses["dose"]
    words = dose.map("{:g}".format).where(dose.notna(), UNSTATED) + (" " + drug_responses["dose_unit"]).fillna("")
    several = words.groupby(drug).transform("nunique") > 1
    return drug_responses.assign(drug=drug.where(~several, drug + " " + words))


def _valued(rows: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    return rows[[*UNIT, "subject_id"]].assign(value=values)


def _compared(values: pd.DataFrame, against: str | None) -> Iterator[dict[str, object]]:
    """A row a group: mean over animals, and the difference from the reference."""
    known = values.dropna(subset=["value", "subject_id"])
    known = known.assign(group=known["group"].fillna(UNSTATED))
    of_units = known.groupby(["group", "subject_id", *UNIT], sort=True)["value"].mean()
    means = of_units.groupby(["group", "subject_id"], sort=True).mean()
    groups = sorted(set(known["group"]))
    for group in groups:
        own = means.xs(group).to_numpy()
        row: dict[str, object] = {"group": group, "mean": own.mean(), "n_subjects": len(own)}
        row["n_units"] = len(of_units.xs(group))
        row["sd"] = own.std(ddof=1) if len(own) > 1 else None
        if against is not None and group == UNSTATED:
            row["reason"] = "the group of these animals is not stated"
        elif against is not None and group != against:
            row["reference"] = against
            if against in groups:
                row |= _difference(own, means.xs(against).to_numpy())
            else:
                row["reason"] = f"no animal of {against} has this measure"
        yield row


def _difference(own: Floats, other: Floats) -> dict[str, object]:
    found: dict[str, Any] = {"difference": own.mean() - other.mean()}
    if min(len(own), len(other)) < FEWEST_SUBJECTS:
        return found | {"reason": f"{FEWEST_SUBJECTS} animals or more are needed in each group"}
    if own.std() + other.std() > 0:
        reach = _welch(own, other)
        found |= {"ci_low": found["difference"] - reach, "ci_high": found["difference"] + reach}
    found["p_value"], found["smallest_p"] = permutation_p(own, other)
    return found


def _welch(own: Floats, other: Floats) -> float:
    """Half of the 95 % interval of a difference of means (Welch 1947, Biometrika 34, 28).

    As `scipy.stats.ttest_ind` has it, whose import takes longer than all that this module does.
    """
    parts = [(group.var(ddof=1) / len(group), len(group) - 1) for group in (own, other)]
    variance = sum(part for part, _ in parts)
    freedom = variance**2 / sum(part**2 / free for part, free in parts)
    return float(stdtrit(freedom, 0.975) * np.sqrt(variance))


def permutation_p(own: Floats, other: Floats) -> tuple[float, float]:
    """Two-sided p-value of the difference of means over arrangements of the animals, and the smallest there can be."""
    every, n = np.r_[own, other], len(own)
    arrangements = comb(len(every), n)
    if arrangements <= MOST_ARRANGEMENTS:
        sums = np.array([every[list(chosen)].sum() for chosen in combinations(range(len(every)), n)])
        extra = 0
    else:
        rng = np.random.default_rng(SEED)
        sums = rng.permuted(np.tile(every, (DRAWN, 1)), axis=1)[:, :n].sum(axis=1)
        extra = 1
    expected = every.sum() * n / len(every)
    scale = max(float(np.abs(every).max()), 1e-12)
    as_far = np.abs(sums - expected) >= abs(own.sum() - expected) - 1e-9 * scale
    least = (2 if len(own) == len(other) else 1) / arrangements
    return float((as_far.sum() + extra) / (len(sums) + extra)), max(least, extra / (DRAWN + 1))
