"""Tables in, unit figures out."""

from pathlib import Path

from coeruleus import job
from coeruleus.experiment.clock import segment_clock
from coeruleus.figures.captions import read_captions
from coeruleus.figures.units_set import draw_unit_figures
from coeruleus.intake.figures import read_figures_yaml
from coeruleus.tables.registry import read_named
from coeruleus.tables.sources import SEGMENT_CLOCK

experiment = job.begin(snakemake.log[0], snakemake.params.directory)
figures, _ = read_figures_yaml(experiment.path)
clock = SEGMENT_CLOCK.frame(segment_clock(experiment.recordings, experiment.sessions))
draw_unit_figures(
    read_named(snakemake.params.tables) | {SEGMENT_CLOCK.name: clock, "sheets/events": experiment.dialysate_events},
    Path(snakemake.output[0]),
    figures.completed(experiment.analytes, experiment.settings.release.reference_group),
    read_captions(Path(snakemake.input.captions[0]).parent),
)
