"""All figures of the recording half of one experiment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from coeruleus.figures.captions import caption, count
from coeruleus.figures.doses import draw_doses
from coeruleus.figures.drugs import draw_drugs, drug_responses
from coeruleus.figures.evidence import draw_evidence
from coeruleus.figures.frames import records, split, take
from coeruleus.figures.index import FigureRecord, write_index
from coeruleus.figures.joint import draw_joint
from coeruleus.figures.plane import draw_plane
from coeruleus.figures.raw_trace import draw_raw_traces
from coeruleus.figures.save import save_figure
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import house_style, safe_name
from coeruleus.figures.truth import draw_truth
from coeruleus.figures.unit_panels import ResponseData, UnitData
from coeruleus.figures.units import RESPONSES_PER_CARD, Card
from coeruleus.tables import sources, units
from coeruleus.tables.registry import as_read

OF_UNITS = (
    sources.WAVEFORMS, sources.WAVEFORM_MARKS, sources.ISI, sources.AUTOCORRELOGRAMS, sources.RATES,
    units.DRUG_RESPONSES, units.CLASSIFICATION, units.RESPONSES,
)  # fmt: skip
OF_RESPONSES = (sources.RASTERS, sources.PSTH, sources.RESPONSE_CURVES)


def draw_unit_figures(
    tables: Mapping[str, pd.DataFrame],
    directory: Path,
    settings: FigureSettings,
    captions: Mapping[str, str],
) -> list[FigureRecord]:
    """Draw unit plane, evidence, drugs, doses, rate beside release, raw traces, cards and truth, and their index.

    `tables` holds frames by `Table.name`; those absent count as empty.
    """
    tables = as_read(tables)
    with house_style(settings):
        records = [
            *draw_plane(tables, directory, settings, captions),
            *draw_evidence(tables, directory, settings, captions),
            *draw_drugs(tables, directory, settings, captions),
            *draw_doses(tables, directory, settings, captions),
            *draw_joint(tables, directory, settings, captions),
            *draw_raw_traces(tables, directory, settings, captions),
            *_draw_cards(tables, directory, settings, captions),
            *draw_truth(tables, directory, settings, captions),
        ]
    return write_index(records, directory)


def _draw_cards(
    tables: Mapping[str, pd.DataFrame], directory: Path, settings: FigureSettings, captions: Mapping[str, str]
) -> Iterator[FigureRecord]:
    cards = {with_responses: Card(settings, with_responses) for with_responses in (False, True)}
    for unit in unit_data(tables):
        pages = max(1, -(-len(unit.responses) // RESPONSES_PER_CARD))
        for page in range(pages):
            shown = unit.responses[page * RESPONSES_PER_CARD : (page + 1) * RESPONSES_PER_CARD]
            part = UnitData(
                unit.row,
                unit.label,
                unit.waveform,
                unit.marks,
                unit.isi,
                unit.correlogram,
                unit.rates,
                unit.drugs,
                shown,
            )
            card = cards[bool(shown)]
            plotted = card.draw(part)
            site, name = str(unit.row["site_id"]), str(unit.row["unit_id"])
            spikes = int(unit.isi["count"].sum()) if len(unit.isi) else 0
            yield save_figure(
                card.figure,
                directory,
                "cards/" + safe_name(site, name) + (f"+{page + 1}" if page else ""),
                plotted,
                kind="unit_card",
                title=f"Unit {name} of site {site}" + (f", page {page + 1}" if page else ""),
                caption=caption(
                    captions,
                    "unit_card",
                    f"n = {count(spikes, 'spontaneous interval')}",
                    *(_trials(response.row) for response in shown),
                ),
                about={"site_id": site, "unit_id": name},
                pdf=settings.pdf_of_all,
                colours=128,
            )


def _trials(row: Mapping[str, object]) -> str:
    trials = row["n_trials"]
    number = int(trials) if isinstance(trials, (int, float)) and trials == trials else 0
    return f"{row['trial_type']}, {row['condition']}: n = {count(number, 'event')}"


def unit_data(tables: Mapping[str, pd.DataFrame]) -> Iterator[UnitData]:
    """What there is to show of each unit, in order of units.tsv. Sites without a unit have no card."""
    key = ("site_id", "unit_id")
    of_units = {table.name: take(tables, table) for table in OF_UNITS}
    of_units[units.DRUG_RESPONSES.name] = drug_responses(tables)
    parts = {name: split(frame, *key) for name, frame in of_units.items()}
    around = {table.name: split(take(tables, table), *key, "trial_type", "condition") for table in OF_RESPONSES}
    none = {table.name: table.frame() for table in (*OF_UNITS, *OF_RESPONSES)}

    for row in records(take(tables, units.UNITS)):
        if row["unit_id"] is None:
            continue
        unit = (row["site_id"], row["unit_id"])

        def part(table: units.Table, unit: tuple[str, str] = unit) -> pd.DataFrame:
            return parts[table.name].get(unit, none[table.name])

        responses = [
            ResponseData(
                response,
                *(
                    around[table.name].get((*unit, response["trial_type"], response["condition"]), none[table.name])
                    for table in OF_RESPONSES
                ),
            )
            for response in records(part(units.RESPONSES))
        ]
        yield UnitData(
            row,
            _label_words(part(units.CLASSIFICATION)),
            part(sources.WAVEFORMS),
            part(sources.WAVEFORM_MARKS),
            part(sources.ISI),
            part(sources.AUTOCORRELOGRAMS),
            part(sources.RATES),
            part(units.DRUG_RESPONSES),
            responses,
        )


def _label_words(frame: pd.DataFrame) -> str:
    """One label where all rulesets agree, else each with its ruleset."""
    labels = {str(row["ruleset"]): str(row["label"]) for row in records(frame)}
    if len(set(labels.values())) <= 1:
        return next(iter(labels.values()), "not classified")
    return ", ".join(f"{label} by {ruleset}" for ruleset, label in labels.items())
