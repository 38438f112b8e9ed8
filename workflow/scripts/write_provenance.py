"""Checksums of inputs and outputs, versions and settings, in one file."""

from pathlib import Path

from coeruleus import job
from coeruleus.provenance import changes, inventory, provenance, remove_absent_halves

experiment = job.begin(snakemake.log[0], snakemake.params.directory)
if changed := changes(list(snakemake.params.inventory), inventory(experiment.path)):
    raise job.StoppedError(
        f"inputs of {experiment.name} changed while the run was going on ({changed}), so its results are of two "
        "states: run the same command again"
    )
remove_absent_halves(Path(snakemake.output[0]).parent, snakemake.params.absent)
text = provenance(
    experiment.path,
    Path(snakemake.output[0]).parent,
    experiment.settings.model_dump(mode="json"),
    snakemake.params.codes,
)
Path(snakemake.output[0]).write_text(text, encoding="utf-8")
