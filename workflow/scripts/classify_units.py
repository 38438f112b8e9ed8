"""Measures and responses in, evidence and labels out."""

from pathlib import Path

from coeruleus import job
from coeruleus.classification.classify import classify_units
from coeruleus.classification.compare import disagreements, sensitivity
from coeruleus.classification.groups import compare_groups
from coeruleus.classification.rulesets import read_ruleset
from coeruleus.tables import io, units

experiment = job.begin(snakemake.log[0], snakemake.params.directory)
files = [Path(path) for path in snakemake.input.rulesets]
subjects = experiment.subjects.assign(
    species=[species or experiment.settings.species for species in experiment.subjects["species"]]
)
rulesets = [read_ruleset(file.read_bytes(), file.stem)[0] for file in files]
measured = [
    io.read_table(snakemake.input.units, units.UNITS),
    io.read_table(snakemake.input.responses, units.RESPONSES),
    io.read_table(snakemake.input.drug_responses, units.DRUG_RESPONSES),
]
sheets = [experiment.recordings, experiment.sessions, subjects]
evidence, classification, problems = classify_units(
    *measured, *sheets, experiment.identity, experiment.curation_units, rulesets
)
statistics = compare_groups(
    *measured,
    classification,
    experiment.recordings,
    subjects,
    rulesets[0].name if rulesets else None,
    experiment.settings.release.reference_group,
)
out = snakemake.output
io.write_table(evidence, out.evidence, units.EVIDENCE)
io.write_table(classification, out.classification, units.CLASSIFICATION)
io.write_table(sensitivity(*measured, *sheets, rulesets), out.sensitivity, units.SENSITIVITY)
io.write_table(disagreements(classification), out.disagreements, units.DISAGREEMENTS)
io.write_table(statistics, out.statistics, units.UNIT_STATISTICS)
job.write_problems(problems, out.problems)
