"""Chromatograms of one run in; peaks, calibration and concentrations out."""

from coeruleus import job
from coeruleus.chromatography.quantify import Analyte, Calibration, Integration, Trace, quantify_run
from coeruleus.chromatography.suitability import Limits
from coeruleus.experiment.carry import carry
from coeruleus.experiment.sheets import INJECTIONS
from coeruleus.formats.injections import Traces, read_traces
from coeruleus.formats.vendor import vendor_frame
from coeruleus.tables import dialysate, io, sources

experiment = job.begin(snakemake.log[0], snakemake.params.directory)
settings = experiment.settings
injections = experiment.injections[experiment.injections["run"] == snakemake.wildcards.run]
traces = read_traces(experiment.path / "dialysate", injections) if experiment.areas is None else Traces()


def analyte(name):
    own = settings.analytes.get(name)
    how = Integration()
    if own is not None:
        bounds = own.integration_from_min, own.integration_to_min
        how = Integration(own.integration, own.integration_baseline, *bounds, own.negative_peak)
    return Analyte(name, settings.retention_time_of(name), settings.unit_of(name), how)


result = quantify_run(
    injections,
    {name: Trace(one.time_min, one.signal, one.unit) for name, one in traces.read.items()},
    traces.unreadable,
    experiment.standards,
    [analyte(name) for name in experiment.analytes],
    Calibration(**settings.calibration.model_dump()),
    experiment.curation_peaks,
    experiment.areas,
    Limits(**settings.suitability.model_dump()),
)
out = snakemake.output
io.write_table(result.peaks, out.peaks, dialysate.PEAKS)
io.write_table(result.calibration, out.calibration, dialysate.CALIBRATION)
io.write_table(result.accuracy, out.accuracy, dialysate.ACCURACY)
concentrations = carry(result.concentrations, injections, INJECTIONS, "injection_id")
io.write_table(concentrations, out.concentrations, dialysate.CONCENTRATIONS)
io.write_table(result.suitability, out.suitability, dialysate.SUITABILITY)
io.write_table(result.traces, out.traces, sources.TRACES)
io.write_table(result.calibration_points, out.calibration_points, sources.CALIBRATION_POINTS)
io.write_table(result.drift, out.drift, sources.DRIFT)
io.write_table(vendor_frame(traces.read), out.vendor_peaks, sources.VENDOR_PEAKS)
job.write_problems(traces.problems + result.problems, out.problems)
