"""Raw traces of one session in, spikes and mean waveforms out."""

from coeruleus import job
from coeruleus.spikes.sort_sites import sort_sites
from coeruleus.tables import interim, io, sources, units

experiment = job.begin(snakemake.log[0], snakemake.params.directory)
recordings = experiment.recordings[experiment.recordings["session_id"] == snakemake.wildcards.session]
result = sort_sites(recordings, experiment.path / "ephys")
out = snakemake.output
io.write_table(result.spikes, out.spikes, units.SPIKES)
io.write_table(result.waveforms, out.waveforms, sources.WAVEFORMS)
io.write_table(result.segments, out.segments, interim.SEGMENTS)
io.write_table(result.quality, out.quality, interim.UNIT_QUALITY)
io.write_table(result.artefacts, out.artefacts, interim.ARTEFACTS)
io.write_table(result.excerpts, out.excerpts, sources.EXCERPTS)
io.write_table(result.excerpt_marks, out.excerpt_marks, sources.EXCERPT_MARKS)
job.write_problems(result.problems, out.problems)
