"""Problems of every step in, one table out."""

from coeruleus import job
from coeruleus.tables.io import read_tables
from coeruleus.tables.problems import PROBLEMS, Problem, from_statuses
from coeruleus.tables.registry import read_named

experiment = job.begin(snakemake.log[0], snakemake.params.directory)
told = [Problem(**row) for row in read_tables(list(snakemake.input.parts), PROBLEMS).to_dict("records")]
unsaid = from_statuses(read_named(snakemake.params.tables), told)
job.write_problems(experiment.problems + told + unsaid, snakemake.output.problems)
