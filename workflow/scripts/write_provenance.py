"""Checksums of inputs and outputs, versions and settings, in one file."""

from pathlib import Path

from coeruleus import job
from coeruleus.provenance import provenance, remove_absent_halves

experiment = job.begin(snakemake.log[0], snakemake.params.directory)
remove_absent_halves(Path(snakemake.output[0]).parent, snakemake.params.absent)
text = provenance(
    experiment.path,
    Path(snakemake.output[0]).parent,
    experiment.settings.model_dump(mode="json"),
    snakemake.params.codes,
)
Path(snakemake.output[0]).write_text(text, encoding="utf-8")
