"""The one HTML page of an experiment: everything in it, nothing fetched, everything from tables escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
import pandas as pd
from markupsafe import Markup

from coeruleus.report.cells import TableView, table
from coeruleus.report.curation import build_curation
from coeruleus.report.dialysate_views import build_release, build_runs
from coeruleus.report.facts import Facts
from coeruleus.report.methods import build_methods
from coeruleus.report.overview import build_overview, get
from coeruleus.report.pictures import Pictures
from coeruleus.report.unit_views import build_units
from coeruleus.tables.sources import TRUTH_SUMMARY
from coeruleus.tables.status import MEANING

TEMPLATES = Path(__file__).with_name("templates")


def build_report(tables: Mapping[str, pd.DataFrame], figure_directories: Sequence[Path], facts: Facts) -> str:
    """The page as text.

    `tables` holds result tables by `Table.name`, sheets as `sheets/<name>` (subjects, sessions, probes) and
    curation sheets as `curation/<name>`; any may be absent or empty. Each of `figure_directories` holds an index
    that the figures' room wrote; one without an index counts as empty.
    """
    pictures = Pictures(figure_directories)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return environment.get_template("page.html.j2").render(
        facts=facts,
        style=Markup(style),
        overview=build_overview(tables, facts),
        runs=build_runs(tables, pictures),
        release=build_release(tables, pictures),
        units=build_units(tables, pictures, facts),
        truth=pictures.of("truth"),
        truth_summary=_truth_summary(tables),
        curation=build_curation(tables),
        methods=build_methods(tables, facts),
        glossary=MEANING,
    )


def _truth_summary(tables: Mapping[str, pd.DataFrame]) -> TableView:
    frame = get(tables, TRUTH_SUMMARY.name)
    heads = {
        "quantity": "quantity",
        "n": "n",
        "n_found": "with an answer",
        "median_error_percent": "median error (%)",
        "median_abs_error_percent": "median absolute error (%)",
        "coverage": "truth within ± 1.96 se",
        "agreement": "labels that agree",
    }
    return table(frame, "How far found is from true", heads)
