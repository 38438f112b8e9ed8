"""Units, spikes and events in; tested responses out."""

from pathlib import Path

from coeruleus import job
from coeruleus.experiment.curated_trials import find_trials
from coeruleus.responses.doses import test_doses
from coeruleus.responses.drugs import test_drugs
from coeruleus.responses.not_held import gaps_of_units
from coeruleus.responses.test import test_responses
from coeruleus.responses.trials import trains_of
from coeruleus.tables import interim, io, sources, units

experiment = job.begin(snakemake.log[0], snakemake.params.directory)
measured = io.read_table(snakemake.input.units, units.UNITS)
spikes = io.read_tables(sorted(Path(snakemake.input.spikes).glob("*.tsv")), units.SPIKES)
segments = io.read_table(snakemake.input.segments, interim.SEGMENTS)
events = io.read_table(snakemake.input.events, interim.EVENTS)
curation, unmatched = find_trials(experiment.curation_trials, events)
artefacts = io.read_tables(list(snakemake.input.artefacts), interim.ARTEFACTS)
lost_of = gaps_of_units(segments, events, trains_of(spikes), artefacts)
result = test_responses(
    spikes,
    segments,
    events,
    recordings=experiment.recordings,
    curation_trials=curation,
    units=measured,
    artefacts=artefacts,
    lost_of=lost_of,
)
drug_responses, drug_problems = test_drugs(
    spikes,
    segments,
    events,
    recordings=experiment.recordings,
    units=measured,
    curation_trials=curation,
    lost_of=lost_of,
)
doses, drug_responses = test_doses(
    spikes, segments, events, recordings=experiment.recordings, drug_responses=drug_responses, lost_of=lost_of
)
out = snakemake.output
io.write_table(result.responses, out.responses, units.RESPONSES)
io.write_table(drug_responses, out.drug_responses, units.DRUG_RESPONSES)
io.write_table(doses, out.doses, units.DOSES)
io.write_table(result.rasters, out.rasters, sources.RASTERS)
io.write_table(result.psth, out.psth, sources.PSTH)
io.write_table(result.curves, out.response_curves, sources.RESPONSE_CURVES)
job.write_problems(result.problems + drug_problems + unmatched, out.problems)
