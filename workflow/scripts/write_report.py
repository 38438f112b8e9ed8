"""Result tables and figures in, one HTML page out."""

from pathlib import Path

from coeruleus import job
from coeruleus.provenance import versions
from coeruleus.report.facts import Facts
from coeruleus.report.page import build_report
from coeruleus.tables.io import read_table
from coeruleus.tables.problems import PROBLEMS
from coeruleus.tables.registry import read_named

experiment = job.begin(snakemake.log[0], snakemake.params.directory)
settings = experiment.settings
sheets = {
    "sheets/subjects": experiment.subjects,
    "sheets/sessions": experiment.sessions,
    "sheets/probes": experiment.probes,
    "sheets/recordings": experiment.recordings,
    "curation/peaks": experiment.curation_peaks,
    "curation/samples": experiment.curation_samples,
    "curation/units": experiment.curation_units,
    "curation/trials": experiment.curation_trials,
}
tables = read_named(snakemake.params.tables) | {"problems": read_table(snakemake.input.problems, PROBLEMS)}
facts = Facts(experiment.name, settings.title, settings.species, settings.model_dump(mode="json"), versions())
page = build_report(tables | sheets, [Path(folder) for folder in snakemake.params.figures], facts)
Path(snakemake.output[0]).write_text(page, encoding="utf-8")
