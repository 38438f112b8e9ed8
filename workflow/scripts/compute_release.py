"""Concentrations in; release, baselines, summaries and statistics out."""

from coeruleus import job
from coeruleus.experiment.half_way import entered_concentrations
from coeruleus.release.compute import compute_release
from coeruleus.tables import dialysate, io, release, sources

experiment = job.begin(snakemake.log[0], snakemake.params.directory)
settings = experiment.settings
if experiment.concentrations is not None:
    concentrations = entered_concentrations(experiment.concentrations, settings.unit_of)
else:
    concentrations = io.read_table(snakemake.input.concentrations[0], dialysate.CONCENTRATIONS)
result = compute_release(
    concentrations,
    experiment.subjects,
    experiment.sessions,
    experiment.probes,
    experiment.dialysate_events,
    experiment.curation_samples,
    flow_rate_ul_per_min=settings.dialysis.flow_rate_ul_per_min,
    dead_volume_ul=settings.dialysis.dead_volume_ul,
    baseline_samples=settings.baseline.samples,
    baseline_max_cv=settings.baseline.max_cv,
    reference_group=settings.release.reference_group,
)
out = snakemake.output
io.write_table(result.release, out.release, release.RELEASE)
io.write_table(result.baselines, out.baselines, release.BASELINES)
io.write_table(result.summary, out.summary, release.SUMMARY)
io.write_table(result.statistics, out.statistics, release.STATISTICS)
io.write_table(result.courses, out.courses, sources.COURSES)
job.write_problems(result.problems, out.problems)
