"""The recording half of the page: an overview of labels, and an evidence card per unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from coeruleus.report.cells import Cell, TableView, cell, counted, plural, rows_of, table
from coeruleus.report.curation_kit import buttons, decide
from coeruleus.report.facts import Facts
from coeruleus.report.overview import Tables, get
from coeruleus.report.pictures import Picture, Pictures, left_out
from coeruleus.report.points import Points, Series, label_colour, worth_pointing
from coeruleus.report.unit_measures import interval_words, measures_of, quality
from coeruleus.tables.order import naturally

KEY = ["site_id", "unit_id"]
UNITS = {
    "site_id": "site", "unit_id": "unit", "subject_id": "animal", "label": "label", "identity": "identity",
    "firing_rate_hz": "rate (Hz)", "isi_cv": "CV", "spike_width_ms": "width (ms)", "half_width_ms": "half-width (ms)",
    "notch": "notch", "status": "status", "reason": "reason",
}  # fmt: skip
WITHOUT = {"site_id": "site", "subject_id": "animal", "status": "status", "reason": "reason"}
EVIDENCE = {
    "criterion": "criterion", "weight": "weight", "value": "value", "interval": "95 % interval", "unit": "unit",
    "rule": "rule", "verdict": "verdict", "reason": "reason", "citation": "source",
}  # fmt: skip
RESPONSES = {
    "trial_type": "event", "condition": "condition", "n_trials": "events", "baseline_rate_hz": "before (Hz)",
    "excitation_p": "excitation p", "excitation_latency_s": "latency (s)", "excitation_duration_s": "duration (s)",
    "excitation_rate_hz": "rate (Hz)", "inhibition_p": "inhibition p", "inhibition_latency_s": "latency (s)",
    "inhibition_duration_s": "duration (s)", "inhibition_rate_hz": "rate (Hz)", "biphasic": "biphasic",
    "status": "status", "reason": "reason",
}  # fmt: skip
DRUGS = {
    "drug": "drug", "dose": "dose", "dose_unit": "unit", "route": "route", "segment": "segment", "onset": "onset (s)",
    "baseline_rate_hz": "before (Hz)", "response_rate_hz": "after (Hz)", "percent_change": "change (%)",
    "percent_change_long": "change, long (%)", "compared_long_s": "over (s)",
    "p_value": "p", "baseline_stable": "steady before", "status": "status", "reason": "reason",
}  # fmt: skip
STATISTICS = {
    "units": "units", "measure": "measure", "trial_type": "event or drug", "group": "group", "mean": "mean", "sd": "SD",
    "n_subjects": "animals", "n_units": "units", "reference": "compared with", "difference": "difference",
    "ci_low": "95 % CI from", "ci_high": "to", "p_value": "p", "smallest_p": "smallest p possible", "reason": "remark",
}  # fmt: skip
SENSITIVITY = {
    "ruleset": "ruleset", "criterion": "criterion", "bound": "bound", "bound_value": "as it is",
    "moved_percent": "moved by (%)", "moved_value": "moved", "site_id": "site", "unit_id": "unit", "label": "label",
    "moved_label": "label then",
}  # fmt: skip
DISAGREEMENTS = {
    "site_id": "site", "unit_id": "unit", "ruleset": "ruleset", "label": "label", "reason": "because",
    "other_ruleset": "other ruleset", "other_label": "label by it", "other_reason": "because it",
    "identity": "identity",
}  # fmt: skip
EVENTS = {
    "site_id": "site", "segment": "segment", "onset": "onset (s)", "duration": "duration (s)", "trial_type": "event",
    "onset_source": "onset from", "onset_in_sheet": "typed onset (s)", "side": "side",
    "intensity": "intensity", "drug": "drug", "dose": "dose", "dose_unit": "unit",
}  # fmt: skip


@dataclass(frozen=True)
class Ruled:
    """What one ruleset says of a unit."""

    ruleset: str
    first: bool
    label: Cell
    reason: str
    rules_label: str | None
    rules_reason: str | None
    evidence: TableView


@dataclass(frozen=True)
class UnitView:
    site: str
    unit: str
    anchor: str
    label: Cell
    status: Cell
    reason: str | None
    identity: str | None
    decide: dict[str, Any]
    cards: tuple[Picture, ...]
    measures: tuple[tuple[str, TableView], ...]
    responses: TableView
    drugs: TableView
    rulings: tuple[Ruled, ...]


@dataclass(frozen=True)
class UnitsView:
    figures: tuple[Picture, ...]
    no_joint: str
    points: tuple[Points, ...]
    labels: TableView
    agreement: TableView
    table: TableView
    quality: TableView
    without: TableView
    statistics: TableView
    sensitivity: TableView
    disagreements: TableView
    raw: tuple[Picture, ...]
    no_raw: str
    units: tuple[UnitView, ...]


def build_units(tables: Tables, pictures: Pictures, facts: Facts) -> UnitsView:
    units, labels = get(tables, "units/units"), get(tables, "units/classification")
    first = facts.first_ruleset or (sorted(labels["ruleset"])[0] if len(labels) else None)
    named = units[units["unit_id"].notna()] if len(units) else units
    ruled = labels[labels["ruleset"] == first][[*KEY, "label", "identity"]] if len(labels) else labels
    merged = named.merge(ruled, on=KEY, how="left") if len(named) and len(ruled) else named
    figures = [*pictures.of("unit_plane"), *pictures.of("evidence")]
    figures.sort(key=lambda picture: picture.about("ruleset") != first)
    without = units[units["unit_id"].isna()] if len(units) else units
    joint = pictures.of("joint")
    drugs = [*pictures.of("drug_response"), *pictures.of("dose_response")]
    return UnitsView(
        (*figures, *drugs, *(one for one in joint if one.address)),
        left_out(joint, "further figure of release beside rates", "further figures of release beside rates"),
        worth_pointing([_plane(merged)]),
        _labels(labels),
        _agreement(labels, first),
        table(merged, f"Units, labelled by {first}" if first else "Units", UNITS),
        quality(named),
        table(without, "Sites without a unit", WITHOUT),
        table(get(tables, "units/statistics"), "Units of each group of animals", STATISTICS),
        table(get(tables, "units/sensitivity"), "Labels that change when a bound moves by 10 %", SENSITIVITY),
        table(get(tables, "units/disagreements"), "Units on which rulesets disagree", DISAGREEMENTS),
        tuple(one for one in pictures.of("raw_trace") if one.address),
        _no_raw(tables, pictures),
        tuple(_units(tables, merged, labels, first, pictures)),
    )  # fmt: skip


def build_events(tables: Tables) -> TableView:
    """Every event of the recordings that a person may take out of the responses of its site."""
    events = get(tables, "interim/events")
    if len(events):
        events = events[events["trial_type"] != "drug"].dropna(axis="columns", how="all")
    keys = {"site_id": "site_id", "segment": "segment", "onset": "onset"}
    return table(events, "Events of the recordings", EVENTS, buttons(events, "trials", keys))


def _no_raw(tables: Tables, pictures: Pictures) -> str:
    """Which sites have no picture of a raw trace, and why."""
    recordings = get(tables, "sheets/recordings")
    if recordings.empty:
        return ""
    shown = {one.about("site_id") for one in pictures.of("raw_trace")}
    without = recordings[~recordings["site_id"].isin(shown)]
    elsewhere = without.loc[without["kind"] == "sorted", "site_id"].nunique()
    failed = naturally(without.loc[without["kind"] == "raw", "site_id"])
    said = []
    if elsewhere:
        said.append(f"{plural(elsewhere, 'site')} sorted elsewhere: no raw trace was given, so none is shown.")
    if beyond := left_out(pictures.of("raw_trace"), "further raw trace"):
        said.append(beyond)
    if failed:
        said.append(f"The raw traces of {', '.join(failed)} could not be sorted: see the problems.")
    return " ".join(said)


def _plane(units: pd.DataFrame) -> Points:
    """Rate and half-width of each unit; a point leads to its card. Units are numbered as their cards are."""
    if units.empty:
        return Points("Units", "rate (Hz)", "half-width (ms)")
    units = units.reset_index(drop=True)
    names = units["label"].fillna("not classified") if "label" in units else pd.Series("units", index=units.index)
    series = []
    for name in naturally(names):
        part = units[names == name]
        said = [f"{row['site_id']} {row['unit_id']}, {name}" for row in rows_of(part)]
        rates, widths = part["firing_rate_hz"].tolist(), part["half_width_ms"].tolist()
        series.append(
            Series(name, label_colour(name), rates, widths, said, [f"unit-{place + 1}" for place in part.index])
        )
    return Points("Units by rate and half-width", "rate (Hz)", "half-width (ms)", series, x_log=True)


def _labels(labels: pd.DataFrame) -> TableView:
    return _counts(labels, "ruleset", "Labels by each ruleset", "units")


def _agreement(labels: pd.DataFrame, first: str | None) -> TableView:
    """How labels and known identities go together, counted."""
    known = labels[(labels["ruleset"] == first) & labels["identity"].notna()] if len(labels) else labels
    return _counts(known, "identity", f"Known identity beside the label by {first}", "labelled")


def _counts(labels: pd.DataFrame, by: str, caption: str, head: str) -> TableView:
    parts = labels.groupby(by, sort=True) if len(labels) else ()
    rows = [{by: value, "labels": counted(part["label"])} for value, part in parts]
    return table(pd.DataFrame(rows), caption, {by: by, "labels": head})


def _units(
    tables: Tables, units: pd.DataFrame, labels: pd.DataFrame, first: str | None, pictures: Pictures
) -> list[UnitView]:
    parts = {name: _by_unit(get(tables, f"units/{name}")) for name in ("evidence", "responses", "drug_responses")}
    ruled = _by_unit(labels)
    cards = pictures.cards()
    nothing = pd.DataFrame()
    views = []
    for number, row in enumerate(rows_of(units), 1):
        key = (row["site_id"], row["unit_id"])
        evidence = parts["evidence"].get(key, nothing)
        said = [_ruled(one, evidence, first) for one in rows_of(ruled.get(key, nothing))]
        said.sort(key=lambda one: (not one.first, one.ruleset))
        views.append(
            UnitView(
                key[0], key[1], f"unit-{number}",
                cell(row.get("label"), "label"), cell(row["status"], "status"), row["reason"], row.get("identity"),
                decide("units", f"unit {key[1]} of site {key[0]}", site_id=key[0], unit_id=key[1]),
                tuple(cards.get(key, ())),
                measures_of(row, f"{key[0]} {key[1]}"),
                table(parts["responses"].get(key, nothing), f"Responses of {key[0]} {key[1]}", RESPONSES),
                table(parts["drug_responses"].get(key, nothing), f"Drug responses of {key[0]} {key[1]}", DRUGS),
                tuple(said),
            )
        )  # fmt: skip
    return views


def _by_unit(frame: pd.DataFrame) -> dict[tuple[str, str], pd.DataFrame]:
    groups = frame.groupby(KEY, sort=False) if len(frame) else ()
    return {(str(key[0]), str(key[1])): part for key, part in groups}


def _ruled(row: dict[str, Any], evidence: pd.DataFrame, first: str | None) -> Ruled:
    mine = evidence[evidence["ruleset"] == row["ruleset"]] if len(evidence) else evidence
    if len(mine):
        ends = zip(mine["ci_low"], mine["ci_high"], mine["ci_percent"], strict=True)
        mine = mine.assign(
            weight=mine["weight"].str.replace("_", " "),
            interval=[
                interval_words(*one) + (f" ({level:g} %)" if level not in (95, None) and level == level else "")
                for *one, level in ends
            ],
        )
    return Ruled(
        row["ruleset"],
        row["ruleset"] == first,
        cell(row["label"], "label"),
        row["reason"] or "",
        row["rules_label"],
        row["rules_reason"],
        table(mine, f"Evidence for {row['site_id']} {row['unit_id']} by {row['ruleset']}", EVIDENCE),
    )
