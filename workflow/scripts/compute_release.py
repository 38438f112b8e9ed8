"""Concentrations in; release, baselines, summaries and statistics out."""

from pathlib import Path

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
    inlet_volume_ul=settings.dialysis.inlet_volume_ul,
    baseline=settings.baseline,
    comparison=settings.release,
    recovery=settings.recovery,
)
out = snakemake.output
io.write_table(result.release, out.release, release.RELEASE)
io.write_table(result.baselines, out.baselines, release.BASELINES)
io.write_table(result.summary, out.summary, release.SUMMARY)
io.write_table(result.statistics, out.statistics, release.STATISTICS)
io.write_table(result.assumptions, out.assumptions, release.ASSUMPTIONS)
io.write_table(result.recovery, out.recovery, release.RECOVERY)
io.write_table(result.turnover, out.turnover, release.TURNOVER)
io.write_table(result.turnover_summary, out.turnover_summary, release.TURNOVER_SUMMARY)
Path(out.wide).mkdir(parents=True, exist_ok=True)
for name, frame in result.wide.items():
    times = {time: f"{name} at {time} min" for time in frame if time not in release.WIDE.names}
    io.write_table(frame, Path(out.wide) / f"{name}.tsv", release.WIDE, times)
io.write_table(result.courses, out.courses, sources.COURSES)
io.write_table(result.areas, out.areas, sources.AREAS)
io.write_table(result.flux_points, out.flux_points, sources.FLUX_POINTS)
job.write_problems(result.problems, out.problems)
