"""Tables of one run in, pages of its chromatograms out."""

from pathlib import Path

from coeruleus import job
from coeruleus.figures.captions import read_captions
from coeruleus.figures.dialysate_set import draw_pages
from coeruleus.intake.figures import read_figures_yaml
from coeruleus.tables.registry import read_named

experiment = job.begin(snakemake.log[0], snakemake.params.directory)
figures, _ = read_figures_yaml(experiment.path)
draw_pages(
    read_named(snakemake.params.tables),
    Path(snakemake.output[0]),
    figures.completed(experiment.analytes, experiment.settings.release.reference_group),
    read_captions(Path(snakemake.input.captions[0]).parent),
)
