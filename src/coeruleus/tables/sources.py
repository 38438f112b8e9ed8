"""Source tables of figures: what is plotted, written by the room that knows the science.

Each lands beside the figures it feeds, so that any figure can be drawn again without this software.
"""

from coeruleus.tables.dialysate import ANALYTE, INJECTION, REASON, RUN
from coeruleus.tables.model import Table, boolean, integer, number, text
from coeruleus.tables.release import PROBE, SESSION, SUBJECT
from coeruleus.tables.units import SITE, UNIT

TRACES = Table(
    "sources/traces",
    "injection × time",
    ("injection_id", "time_min"),
    (
        INJECTION,
        number("time_min", "time since injection", "min", decimals=5),
        number("signal", "detector signal", "signal unit"),
        number("baseline", "fitted baseline, where one was fitted", "signal unit"),
        number("fitted", "baseline and fitted peaks", "signal unit"),
        number(
            "aligned_min", "time moved by the run's retention model so that each peak is at its median place", "min"
        ),
    ),
)

VENDOR_PEAKS = Table(
    "sources/vendor_peaks",
    "peak of the instrument's own table in the file",
    ("injection_id", "retention_time_min"),
    (
        INJECTION,
        number("retention_time_min", "retention time by the vendor's software", "min"),
        number("start_min", "where its integration starts", "min"),
        number("end_min", "where it ends", "min"),
        number("area", "its area", "signal unit × s"),
        number("height", "its height", "signal unit"),
        text("mark", "its mark, such as V for a vertical drop"),
        text("name", "its name for the peak"),
    ),
)

CALIBRATION_POINTS = Table(
    "sources/calibration_points",
    "standard or qc injection × analyte in its level",
    ("run", "analyte", "injection_id"),
    (
        RUN,
        ANALYTE,
        INJECTION,
        number("nominal", "concentration, or amount on column", "see calibration.tsv"),
        number("response", "response, corrected for drift of sensitivity", "response"),
        number("response_se", "its standard error", "response"),
        number("fitted", "what the calibration line says here", "response"),
        boolean("used", "whether the fit used it"),
        REASON,
        text("kind", "standard or qc"),
    ),
)

DRIFT = Table(
    "sources/drift",
    "injection × analyte",
    ("run", "analyte", "order"),
    (
        RUN,
        ANALYTE,
        integer("order", "place in the run, from 1"),
        INJECTION,
        text("kind", "blank, standard, qc or dialysate"),
        number("retention_time_min", "where the peak was found", "min"),
        number("retention_model_min", "where the run's model puts it", "min"),
        number("sensitivity", "response ÷ calibration, standards only, relative to the run's mean"),
        number("sensitivity_model", "the correction applied"),
    ),
)

COURSES = Table(
    "sources/release_courses",
    "analyte or ratio × group × time",
    ("analyte", "group", "time_min"),
    (
        text("analyte", "analyte, as named in experiment.yaml, or ratio, as in turnover.tsv"),
        text("group", "group of the animals"),
        number("time_min", "middle of the samples, on the brain's clock", "min"),
        integer("n_subjects", "animals"),
        number("mean_percent", "mean per cent of baseline; n/a where samples below a limit have no number", "%"),
        number("ci_low", "lower end of its 95 % interval, over animals, such samples at their least", "%"),
        number("ci_high", "upper end of its 95 % interval, over animals, such samples at their most", "%"),
        text("region", "brain region of the probes; with several, group names it too"),
        integer("n_below_limit", "samples among them below a limit; those with a number count with it"),
        number("percent_of_grand_mean", "mean concentration ÷ mean baseline of the same animals: the other way", "%"),
        text("arm", "what groups are compared by: the group, in a cross-over with the treatment of the session"),
    ),
)

AREAS = Table(
    "sources/release_areas",
    "analyte × region × arm",
    ("analyte", "region", "arm"),
    (
        ANALYTE,
        text("region", "brain region of the probes"),
        text("arm", "what groups are compared by: the group, in a cross-over with the treatment of the session"),
        integer("n_subjects", "animals"),
        number("mean_percent_min", "mean area between per cent of baseline and 100 % over animals", "% min"),
        number("ci_low", "lower end of its 95 % interval, over animals", "% min"),
        number("ci_high", "upper end of its 95 % interval, over animals", "% min"),
        number("window_min", "how long the window is, from treatment", "min"),
        integer("n_between_bounds", "animals among them whose area is only known between bounds"),
        REASON,
    ),
)

FLUX_POINTS = Table(
    "sources/flux_points",
    "sample in a zero-net-flux regression",
    ("session_id", "probe_id", "analyte", "condition", "sample_id"),
    (
        SESSION,
        PROBE,
        ANALYTE,
        SUBJECT,
        text("condition", "drug that the sample was taken under"),
        text("sample_id", "dialysate sample"),
        number("perfused", "concentration in the perfusate", "see unit"),
        number("collected", "concentration in the dialysate", "see unit"),
        number("lost", "perfused − collected; below 0 it was gained from the tissue", "see unit"),
        number("fitted", "what the regression says of lost: recovery × (perfused − extracellular)", "see unit"),
        text("unit", "unit of the concentrations"),
    ),
)

WAVEFORMS = Table(
    "sources/waveforms",
    "unit × time",
    ("site_id", "unit_id", "time_ms"),
    (
        SITE,
        UNIT,
        number("time_ms", "time around the main peak", "ms", decimals=5),
        number("amplitude_uv", "mean spike, on the channel where it is largest", "µV"),
        number("highpass_hz", "high-pass filter of the recording", "Hz"),
    ),
)

WAVEFORM_MARKS = Table(
    "sources/waveform_marks",
    "unit × measure",
    ("site_id", "unit_id", "mark"),
    (
        SITE,
        UNIT,
        text("mark", "peak, opposite_peak, half_start, half_end or notch"),
        number("time_ms", "where", "ms", decimals=5),
        number("amplitude_uv", "at which amplitude", "µV"),
    ),
)

ISI = Table(
    "sources/isi",
    "unit × bin",
    ("site_id", "unit_id", "isi_low_s"),
    (
        SITE,
        UNIT,
        number("isi_low_s", "lower edge of the bin (logarithmic)", "s"),
        number("isi_high_s", "upper edge of the bin", "s"),
        integer("count", "spontaneous interspike intervals in it"),
    ),
)

RATES = Table(
    "sources/rates",
    "unit × segment × bin",
    ("site_id", "unit_id", "segment", "time_low_s"),
    (
        SITE,
        UNIT,
        integer("segment", "segment of the recording"),
        number("time_low_s", "start of the bin on the segment's clock", "s"),
        number("time_high_s", "end of the bin", "s"),
        number("rate_hz", "spikes ÷ time", "Hz"),
    ),
)

AUTOCORRELOGRAMS = Table(
    "sources/autocorrelograms",
    "unit × bin",
    ("site_id", "unit_id", "lag_low_s"),
    (
        SITE,
        UNIT,
        number("lag_low_s", "lower edge of the bin: time from one spontaneous spike to a later one", "s"),
        number("lag_high_s", "upper edge of the bin", "s"),
        integer("count", "pairs of spikes that far apart"),
        number("rate_hz", "spikes that long after a spike ÷ spontaneous time that lies there", "Hz"),
    ),
)

SEGMENT_CLOCK = Table(
    "sources/segment_clock",
    "segment of a recording",
    ("site_id", "segment"),
    (
        SITE,
        integer("segment", "segment of the recording"),
        text("subject_id", "animal"),
        text("session_id", "animal and day"),
        number("start_min", "start of the segment on the session's bench clock", "min"),
    ),
)

EXCERPTS = Table(
    "sources/excerpts",
    "site × excerpt × view × piece of time",
    ("site_id", "excerpt", "view", "time_s"),
    (
        SITE,
        text("excerpt", "spikes: a typical piece of the raw trace; masked: around the longest masked stretch"),
        text("view", "whole, or the unit whose spike is seen closely"),
        integer("segment", "segment of the recording"),
        text("channel", "channel that is shown: where the largest unit is largest"),
        number("time_s", "start of the piece on the segment's clock", "s", decimals=6),
        number("signal_low", "least of the signal as recorded", "see unit"),
        number("signal_high", "greatest", "see unit"),
        number("band_low", "least of the signal in the band in which spikes are looked for", "see unit"),
        number("band_high", "greatest", "see unit"),
        text("unit", "unit of the signal; n/a where the file does not say it"),
    ),
)

EXCERPT_MARKS = Table(
    "sources/excerpt_marks",
    "site × excerpt × mark",
    ("site_id", "excerpt", "mark", "unit_id", "start_s"),
    (
        SITE,
        text("excerpt", "as in excerpts"),
        integer("segment", "segment of the recording"),
        text("mark", "spike, or why a stretch was masked"),
        UNIT,
        number("start_s", "where it begins on the segment's clock", "s", decimals=6),
        number("end_s", "where it ends; of a spike where it is", "s", decimals=6),
    ),
)

RASTERS = Table(
    "sources/rasters",
    "unit × trial type × condition × spike",
    ("site_id", "unit_id", "trial_type", "condition", "trial", "time_s"),
    (
        SITE,
        UNIT,
        text("trial_type", "kind of event"),
        text("condition", "baseline, or the latest drug"),
        integer("trial", "event, from 1"),
        number("time_s", "time of a spike after the event's onset", "s", decimals=5),
    ),
)

PSTH = Table(
    "sources/psth",
    "unit × trial type × condition × bin",
    ("site_id", "unit_id", "trial_type", "condition", "time_low_s"),
    (
        SITE,
        UNIT,
        text("trial_type", "kind of event"),
        text("condition", "baseline, or the latest drug"),
        number("time_low_s", "start of the bin after the event's onset", "s"),
        number("time_high_s", "end of the bin", "s"),
        number("rate_hz", "mean rate over trials", "Hz"),
        integer("n_trials", "events"),
    ),
)

RESPONSE_CURVES = Table(
    "sources/response_curves",
    "unit × trial type × condition × time",
    ("site_id", "unit_id", "trial_type", "condition", "time_s"),
    (
        SITE,
        UNIT,
        text("trial_type", "kind of event"),
        text("condition", "baseline, or the latest drug"),
        number("time_s", "time after the event's onset", "s"),
        number("rate_hz", "kernel estimate of the rate", "Hz"),
        number("low_hz", "lower end of its 95 % band, from the differences between trials", "Hz"),
        number("high_hz", "upper end of its 95 % band", "Hz"),
        number("bandwidth_s", "standard deviation of the kernel", "s"),
    ),
)

TRUTH = Table(
    "truth/comparison",
    "quantity with a known truth",
    ("quantity", "item"),
    (
        text("quantity", "what is compared"),
        text("item", "injection, sample, animal or unit"),
        number("true", "what the simulation put in", "see unit"),
        number("found", "what came out", "see unit"),
        number("se", "standard error of what came out", "see unit"),
        text("true_label", "for labels and statuses: what is true"),
        text("found_label", "for labels and statuses: what came out"),
        text("unit", "unit of true and found"),
    ),
)

TRUTH_SUMMARY = Table(
    "truth/summary",
    "quantity with a known truth",
    ("quantity",),
    (
        text("quantity", "what is compared"),
        integer("n", "items with a truth"),
        integer("n_found", "items with an answer"),
        number("median_error_percent", "median of found ÷ true − 1, where the truth is not 0", "%"),
        number("median_abs_error_percent", "median of its absolute value", "%"),
        number("coverage", "share of items whose truth lies within found ± 1.96 standard errors"),
        number("agreement", "share of labels that equal the truth"),
    ),
)
