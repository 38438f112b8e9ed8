"""What a simulation put in and what came out, side by side."""

from pathlib import Path

from coeruleus import job
from coeruleus.simulation.compare import compare_with_truth, read_truth, summarise_truth
from coeruleus.tables import io, sources, units
from coeruleus.tables.registry import read_named

experiment = job.begin(snakemake.log[0], snakemake.params.directory)
results = read_named(snakemake.params.tables)
if experiment.has_ephys:
    results["units/spikes"] = io.read_tables(sorted(Path(snakemake.input.spikes).glob("*.tsv")), units.SPIKES)
truth = read_truth(Path(snakemake.input.truth[0]).parent)
comparison = compare_with_truth(truth, results)
io.write_table(comparison, snakemake.output.truth, sources.TRUTH)
io.write_table(summarise_truth(comparison), snakemake.output.summary, sources.TRUTH_SUMMARY)
