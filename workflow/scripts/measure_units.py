"""Sorted recordings in; units, their spikes and what figures show of them out."""

from pathlib import Path

import pandas as pd

from coeruleus import job
from coeruleus.experiment.carry import carry
from coeruleus.experiment.sheets import RECORDINGS
from coeruleus.formats.file_events import merge_file_events
from coeruleus.formats.read_recordings import read_recordings
from coeruleus.spikes.measure import measure_units
from coeruleus.spikes.remeasure_sites import remeasure_sites
from coeruleus.tables import interim, io, sources, units

experiment = job.begin(snakemake.log[0], snakemake.params.directory)
elsewhere = read_recordings(experiment.recordings, experiment.path / "ephys")
events, said = merge_file_events(
    experiment.ephys_events, experiment.recordings, experiment.path / "ephys", experiment.settings.events.rename
)
parts = {name: snakemake.input.get(name) or [] for name in ("spikes", "waveforms", "segments", "quality", "artefacts")}
parts = {name: [files] if isinstance(files, str) else files for name, files in parts.items()}
spikes = pd.concat([elsewhere.spikes, io.read_tables(parts["spikes"], units.SPIKES)])
from_raw = remeasure_sites(experiment.recordings, experiment.path / "ephys", elsewhere.spikes, elsewhere.waveforms)
waveforms = pd.concat([from_raw.waveforms, io.read_tables(parts["waveforms"], sources.WAVEFORMS)])
segments = interim.SEGMENTS.frame(pd.concat([elsewhere.segments, io.read_tables(parts["segments"], interim.SEGMENTS)]))
result = measure_units(
    spikes,
    segments,
    events,
    waveforms,
    experiment.curation_units,
    pd.concat([from_raw.quality, io.read_tables(parts["quality"], interim.UNIT_QUALITY)]),
    io.read_tables(parts["artefacts"], interim.ARTEFACTS),
)
out = snakemake.output
measured = carry(result.units, experiment.recordings, RECORDINGS, "site_id")
io.write_table(measured, out.units, units.UNITS)
io.write_table(events.drop(columns="sheet_row", errors="ignore"), out.events, interim.EVENTS)
io.write_table(result.segments, out.segments, interim.SEGMENTS)
io.write_table(result.waveforms, out.waveforms, sources.WAVEFORMS)
io.write_table(result.waveform_marks, out.waveform_marks, sources.WAVEFORM_MARKS)
io.write_table(result.isi, out.isi, sources.ISI)
io.write_table(result.rates, out.rates, sources.RATES)
io.write_table(result.autocorrelograms, out.autocorrelograms, sources.AUTOCORRELOGRAMS)
Path(out.spikes).mkdir(parents=True, exist_ok=True)
for site in sorted(set(segments["site_id"])):
    io.write_table(result.spikes[result.spikes["site_id"] == site], Path(out.spikes) / f"{site}.tsv", units.SPIKES)
job.write_problems(elsewhere.problems + said + from_raw.problems + result.problems, out.problems)
