"""Measures and responses in, evidence and labels out."""

from pathlib import Path

from coeruleus import job
from coeruleus.classification.classify import classify_units
from coeruleus.classification.rulesets import read_ruleset
from coeruleus.tables import io, units

experiment = job.begin(snakemake.log[0], snakemake.params.directory)
files = [Path(path) for path in snakemake.input.rulesets]
subjects = experiment.subjects.assign(
    species=[species or experiment.settings.species for species in experiment.subjects["species"]]
)
evidence, classification, problems = classify_units(
    io.read_table(snakemake.input.units, units.UNITS),
    io.read_table(snakemake.input.responses, units.RESPONSES),
    io.read_table(snakemake.input.drug_responses, units.DRUG_RESPONSES),
    experiment.recordings,
    experiment.sessions,
    subjects,
    experiment.identity,
    experiment.curation_units,
    [read_ruleset(file.read_bytes(), file.stem)[0] for file in files],
)
io.write_table(evidence, snakemake.output.evidence, units.EVIDENCE)
io.write_table(classification, snakemake.output.classification, units.CLASSIFICATION)
job.write_problems(problems, snakemake.output.problems)
