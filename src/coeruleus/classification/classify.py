"""Evidence and label of every unit under every ruleset; people's decisions stand beside what the rules say."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.classification.rulesets import Criterion, Ruleset
from coeruleus.classification.weigh import FAIL, NOT_TESTED, PASS, Evidence, interval_percent, weigh
from coeruleus.experiment.preparation import UNCLEAR, preparation
from coeruleus.tables import status
from coeruleus.tables.problems import Problem
from coeruleus.tables.units import CLASSIFICATION, EVIDENCE

LC, OTHER, UNDETERMINED = "LC-NE", "other", "undetermined"
Key = tuple[str, str]
Row = dict[str, Any]


def classify_units(
    units: pd.DataFrame,
    responses: pd.DataFrame,
    drug_responses: pd.DataFrame,
    recordings: pd.DataFrame,
    sessions: pd.DataFrame,
    subjects: pd.DataFrame,
    identity: pd.DataFrame,
    curation_units: pd.DataFrame,
    rulesets: Sequence[Ruleset],
) -> tuple[pd.DataFrame, pd.DataFrame, list[Problem]]:
    """Frames of EVIDENCE and CLASSIFICATION, and what is worth a look.

    Frames are those of the tables and sheets of the same names. A ruleset labels LC-NE where all required
    criteria pass (one at least, required or not) and no criterion that counts fails or is too uncertain, `other` where
    one fails, else `undetermined`. A ruleset made for another species or preparation tests nothing.
    """
    real = [row for row in _records(units) if row["unit_id"] is not None]
    known = {(row["site_id"], row["unit_id"]) for row in real}
    problems = [
        Problem("classification", f"{site}/{unit}", "error", f"{sheet} names a unit that was not found at this site")
        for sheet, frame in (("curation/units.tsv", curation_units), ("ephys/identity.tsv", identity))
        for site, unit in zip(frame["site_id"], frame["unit_id"], strict=True)
        if (site, unit) not in known
    ]
    of_unit = {"responses": _by_unit(responses), "drugs": _by_unit(drug_responses), "identity": _by_unit(identity)}
    decisions = {key: row for key, rows in _by_unit(curation_units).items() for row in rows if row["action"] == "label"}
    sessions_of = dict(zip(recordings["site_id"], recordings["session_id"], strict=True))
    anaesthetics = dict(zip(sessions["session_id"], sessions["anaesthetic"], strict=True))
    species = dict(zip(subjects["subject_id"], subjects["species"], strict=True))
    evidence: list[Row] = []
    labels: list[Row] = []
    for unit in real:
        key = (unit["site_id"], unit["unit_id"])
        anaesthetic = anaesthetics.get(sessions_of.get(unit["site_id"]))
        found_identity = "; ".join(f"{row['method']}: {row['result']}" for row in of_unit["identity"][key]) or None
        for ruleset in rulesets:
            obstacle = _obstacle(ruleset, unit, species.get(unit["subject_id"]), anaesthetic)
            weighed = []
            for criterion in ruleset.criteria:
                one = weigh(criterion, unit, of_unit["responses"][key], of_unit["drugs"][key])
                if obstacle:
                    one = Evidence(one.value, NOT_TESTED, obstacle, one.low, one.high)
                weighed.append((criterion, one))
                evidence.append(_evidence_row(key, ruleset, criterion, one))
            label, reason = (UNDETERMINED, obstacle) if obstacle else _label(weighed)
            reason += "" if obstacle else _unstated(ruleset, species.get(unit["subject_id"]), anaesthetic)
            row: Row = {"site_id": key[0], "unit_id": key[1], "ruleset": ruleset.name, "identity": found_identity}
            row |= {"label": label, "reason": reason, "rules_label": None, "rules_reason": None}
            if key in decisions:
                said = decisions[key]
                row |= {
                    "label": said["label"],
                    "reason": f"by {said['author']}: {said['reason']}",
                    "rules_label": label,
                    "rules_reason": reason,
                }
            labels.append(row)
    return EVIDENCE.frame(evidence), CLASSIFICATION.frame(labels), problems


def _obstacle(ruleset: Ruleset, unit: Row, species: str | None, anaesthetic: str | None) -> str | None:
    """Why a ruleset says nothing of this unit, if it does not."""
    if unit["status"] in (status.EXCLUDED, status.FAILED, status.MISSING):
        return f"{unit['status']}: {unit['reason']}"
    if ruleset.species:
        if species is None and ruleset.species_must_be_stated:
            return f"made for {ruleset.species[0]} and fitted on it; this animal's species is not stated"
        if species is not None and not any(_names(name, species) for name in ruleset.species):
            return f"made for {ruleset.species[0]}, and this animal is {species}"
    if anaesthetic is not None and ruleset.preparation != "any":
        found = preparation(anaesthetic)
        if found is None:
            return f"made for {ruleset.preparation} animals, and '{anaesthetic}' {UNCLEAR}"
        if found != ruleset.preparation:
            return f"made for {ruleset.preparation} animals, and this one was {found}"
    return None


def _names(name: str, species: str) -> bool:
    """Whether a species as people write it ("Sprague-Dawley rats") holds a name as a word of its own."""
    return re.search(rf"\b{re.escape(name)}s?\b", species, re.IGNORECASE) is not None


def _unstated(ruleset: Ruleset, species: str | None, anaesthetic: str | None) -> str:
    """What a ruleset was made for and this animal's sheets do not say."""
    lacking = ["species"] if ruleset.species and species is None else []
    lacking += ["anaesthetic"] if ruleset.preparation != "any" and anaesthetic is None else []
    return f"; taken to be {ruleset.title!r}, as the sheets state no {' and no '.join(lacking)}" if lacking else ""


def _label(weighed: list[tuple[Criterion, Evidence]]) -> tuple[str, str]:
    counting = [(criterion, one) for criterion, one in weighed if criterion.weight != "advisory"]
    failed = [f"{criterion.name} ({one.reason})" for criterion, one in counting if one.verdict == FAIL]
    if failed:
        return OTHER, "fails " + ", ".join(failed)
    open_ = [
        f"{criterion.name} ({one.reason})"
        for criterion, one in counting
        if one.verdict == NOT_TESTED and (criterion.weight == "required" or one.uncertain)
    ]
    if open_:
        return UNDETERMINED, "not tested: " + ", ".join(open_)
    passed = [criterion.name for criterion, one in counting if one.verdict == PASS]
    if not passed:
        lacking = ", ".join(f"{criterion.name} ({one.reason})" for criterion, one in counting)
        return UNDETERMINED, f"nothing that counts was tested: {lacking}"
    return LC, "passes " + ", ".join(passed)


def _evidence_row(key: Key, ruleset: Ruleset, criterion: Criterion, one: Evidence) -> Row:
    return {
        "site_id": key[0],
        "unit_id": key[1],
        "ruleset": ruleset.name,
        "criterion": criterion.name,
        "value": one.value,
        "unit": criterion.unit,
        "rule": criterion.rule,
        "verdict": one.verdict,
        "reason": one.reason,
        "required": criterion.weight == "required",
        "ci_low": one.low,
        "ci_high": one.high,
        "ci_percent": None if np.isnan(one.low) and np.isnan(one.high) else interval_percent(criterion),
        "citation": criterion.citation,
        "weight": criterion.weight,
    }


def _records(frame: pd.DataFrame) -> list[Row]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _by_unit(frame: pd.DataFrame) -> defaultdict[Key, list[Row]]:
    found: defaultdict[Key, list[Row]] = defaultdict(list)
    for row in _records(frame):
        found[(row["site_id"], row["unit_id"])].append(row)
    return found
