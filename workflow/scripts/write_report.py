"""Result tables and figures in; problems, one HTML page and the checksums of everything out."""

from pathlib import Path

from coeruleus import job
from coeruleus.provenance import provenance, remove_absent_halves, versions
from coeruleus.report.facts import Facts
from coeruleus.report.page import build_report
from coeruleus.tables.io import read_tables
from coeruleus.tables.problems import PROBLEMS, Problem, from_statuses, problems_frame
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
tables = read_named(snakemake.params.tables)
told = [Problem(**row) for row in read_tables(list(snakemake.input.parts), PROBLEMS).to_dict("records")]
problems = experiment.problems + told + from_statuses(tables, told)
facts = Facts(experiment.name, settings.title, settings.species, settings.model_dump(mode="json"), versions())
figures = [Path(folder) for folder in snakemake.params.figures]
page = build_report(tables | sheets | {"problems": problems_frame(problems)}, figures, facts)
job.stop_if_changed(experiment, snakemake.config)
out = snakemake.output
job.write_problems(problems, out.problems)
Path(out[0]).write_text(page, encoding="utf-8")
results = Path(out.provenance).parent
remove_absent_halves(results, snakemake.params.absent)
text = provenance(experiment.path, results, settings.model_dump(mode="json"), snakemake.params.codes)
Path(out.provenance).write_text(text, encoding="utf-8")
