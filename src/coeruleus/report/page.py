"""The one HTML page of an experiment: everything in it, nothing fetched, everything from tables escaped."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
import pandas as pd
from markupsafe import Markup

from coeruleus.report.cells import TableView, table
from coeruleus.report.curation import build_curation
from coeruleus.report.curation_kit import build_kit
from coeruleus.report.dialysate_views import build_release, build_runs, build_turnover
from coeruleus.report.facts import Facts
from coeruleus.report.further import build_further
from coeruleus.report.methods import build_methods
from coeruleus.report.overview import build_overview, get
from coeruleus.report.packed import script_json
from coeruleus.report.pictures import Pictures
from coeruleus.report.traces import Trace
from coeruleus.report.unit_views import build_events, build_units
from coeruleus.tables.registry import as_read
from coeruleus.tables.sources import TRUTH_SUMMARY
from coeruleus.tables.status import MEANING

TEMPLATES = Path(__file__).with_name("templates")
VENDOR = Path(__file__).with_name("vendor")


def build_report(tables: Mapping[str, pd.DataFrame], figure_directories: Sequence[Path], facts: Facts) -> str:
    """The page as text.

    `tables` holds result tables by `Table.name`, sheets as `sheets/<name>` (subjects, sessions, probes) and
    curation sheets as `curation/<name>`; any may be absent or empty. Each of `figure_directories` holds an index
    that the figures' room wrote; one without an index counts as empty.
    """
    tables = as_read(tables)
    pictures = Pictures(figure_directories)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain_json"] = lambda value: json.dumps(value, ensure_ascii=False)
    style, script = _style(), _script()
    return environment.get_template("page.html.j2").render(
        facts=facts,
        style=Markup(style),
        script=Markup(script),
        policy=f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'",
        kit=Markup(script_json(build_kit(tables))),
        trace_index=_trace_index,
        overview=build_overview(tables, facts),
        runs=build_runs(tables, pictures),
        release=build_release(tables, pictures),
        turnover=build_turnover(tables, pictures),
        units=build_units(tables, pictures, facts),
        truth=pictures.of("truth"),
        truth_summary=_truth_summary(tables),
        curation=build_curation(tables),
        events=build_events(tables),
        further=build_further(tables),
        methods=build_methods(tables, facts),
        glossary=MEANING,
    )


def _trace_index(traces: Sequence[Trace], browser: int) -> Markup:
    """What the list of injections needs, and where each one's packed trace is."""
    listed = [one.about | {"pack": f"trace-{browser}-{place}"} for place, one in enumerate(traces, 1)]
    return Markup(script_json(listed))


def _style() -> str:
    return (VENDOR / "uPlot.min.css").read_text(encoding="utf-8") + (TEMPLATES / "style.css").read_text(
        encoding="utf-8"
    )


def _script() -> str:
    """The plotting library with its licence, and the page's own scripts, which see each other and nothing else does."""
    licence = (VENDOR / "uPlot.LICENSE").read_text(encoding="utf-8").strip()
    library = (VENDOR / "uPlot.iife.min.js").read_text(encoding="utf-8")
    own = "".join(path.read_text(encoding="utf-8") for path in sorted((TEMPLATES / "script").glob("*.js")))
    return f'/* uPlot:\n{licence}\n*/\n{library}\n(() => {{\n"use strict";\n{own}}})();\n'


def _hash(text: str) -> str:
    """What the page's policy allows: this text, to the letter, and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"


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
