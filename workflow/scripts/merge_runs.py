"""Tables of single runs in, tables of the experiment out."""

from coeruleus import job
from coeruleus.tables import dialysate, io

experiment = job.begin(snakemake.log[0], snakemake.params.directory)
for name, table in (
    ("peaks", dialysate.PEAKS),
    ("calibration", dialysate.CALIBRATION),
    ("accuracy", dialysate.ACCURACY),
    ("concentrations", dialysate.CONCENTRATIONS),
    ("suitability", dialysate.SUITABILITY),
):
    parts = snakemake.input.get(name) or []
    io.write_table(io.read_tables([parts] if isinstance(parts, str) else parts, table), snakemake.output[name], table)
