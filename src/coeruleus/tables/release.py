"""Tables of release: time courses, baselines, summaries, statistics."""

from coeruleus.tables.dialysate import ANALYTE, REASON, STATUS
from coeruleus.tables.model import Table, boolean, integer, number, text

SESSION = text("session_id", "animal and day")
PROBE = text("probe_id", "dialysis probe")
SUBJECT = text("subject_id", "animal")

RELEASE = Table(
    "release/release",
    "sample × analyte",
    ("session_id", "probe_id", "sample_id", "analyte"),
    (
        SESSION,
        PROBE,
        text("sample_id", "dialysate sample"),
        ANALYTE,
        SUBJECT,
        text("condition", "baseline before the first drug, then the latest drug's name"),
        number("start_min", "start of collection on the brain's clock: dead volume removed", "min"),
        number("end_min", "end of collection on the brain's clock", "min"),
        number("time_min", "middle of the interval on the brain's clock", "min"),
        number("concentration", "concentration in the dialysate, injections of one sample combined", "see unit"),
        text("unit", "unit of concentration"),
        number("baseline", "mean of this session's and probe's own baseline samples", "see unit"),
        number("percent_baseline", "concentration ÷ baseline × 100", "%"),
        number("percent_baseline_se", "standard error of percent_baseline, from concentration and baseline", "%"),
        boolean("in_baseline", "whether this sample is one of the baseline's"),
        STATUS,
        REASON,
        number("concentration_se", "standard error of the concentration", "see unit"),
        text("group", "group of the animal"),
        text("placement", "probe placement: hit, miss or unverified"),
        integer("n_injections", "injections combined"),
        number("baseline_se", "standard error of the baseline", "see unit"),
        number("lod", "limit of detection in this sample", "see unit"),
        number("loq", "limit of quantification in this sample", "see unit"),
        text("region", "brain region of the probe"),
        text("arm", "what groups are compared by: the group, in a cross-over with the treatment of the session"),
    ),
)

BASELINES = Table(
    "release/baselines",
    "session × probe × analyte",
    ("session_id", "probe_id", "analyte"),
    (
        SESSION,
        PROBE,
        ANALYTE,
        SUBJECT,
        integer("n_samples", "samples in the baseline"),
        number("mean", "mean of the baseline samples", "see unit"),
        number("cv", "standard deviation ÷ mean of the baseline samples"),
        boolean("stable", "enough samples, and cv within the limit"),
        text("reason", "why it is not stable"),
        text("unit", "unit of concentration"),
        number(
            "mean_se", "standard error of the mean: from scatter, at least what the samples' errors say", "see unit"
        ),
    ),
)

SUMMARY = Table(
    "release/summary",
    "session × probe × analyte",
    ("session_id", "probe_id", "analyte"),
    (
        SESSION,
        PROBE,
        ANALYTE,
        SUBJECT,
        text("group", "group of the animal"),
        integer("n_samples", "samples after treatment that entered"),
        number("basal_concentration", "mean of the baseline", "see unit"),
        number("peak_percent", "largest per cent of baseline after treatment", "%"),
        number("time_to_peak_min", "its time after treatment", "min"),
        number("auc_percent_min", "area between per cent of baseline and 100 % over the window", "% min"),
        number("window_min", "how long the window is, from treatment", "min"),
        text("unit", "unit of basal_concentration"),
        text("reason", "what stands against these numbers, and how gaps were treated"),
        number("basal_concentration_se", "its standard error", "see unit"),
        number("peak_percent_se", "standard error of that sample's per cent of baseline", "%"),
        number("auc_percent_min_se", "standard error of the area, from samples and baseline", "% min"),
        boolean("baseline_stable", "whether the baseline is stable"),
        text("placement", "probe placement: hit, miss or unverified"),
        text("region", "brain region of the probe"),
        text("arm", "what groups are compared by: the group, in a cross-over with the treatment of the session"),
    ),
)

STATISTICS = Table(
    "release/statistics",
    "effect",
    ("analyte", "model", "effect"),
    (
        ANALYTE,
        text("model", "the statistical model, in words"),
        text("effect", "what is estimated"),
        number("estimate", "the effect, on the scale that the model's name says"),
        number("se", "its standard error"),
        number("df", "degrees of freedom"),
        number("statistic", "test statistic"),
        number("p_value", "two-sided p-value"),
        number("ci_low", "lower end of the 95 % interval"),
        number("ci_high", "upper end of the 95 % interval"),
        integer("n_subjects", "animals"),
        integer("n_samples", "samples"),
        text("reason", "why a number is missing, or a warning of the model"),
        number("p_adjusted", "p-value adjusted over the times of one comparison (Holm)"),
        integer("df_numerator", "numerator degrees of freedom, where the statistic is an F"),
        number("percent", "the effect on ln concentration as a ratio: 100 × exp(estimate)", "%"),
        number("percent_ci_low", "lower end of its 95 % interval", "%"),
        number("percent_ci_high", "upper end of its 95 % interval", "%"),
        text("group", "arm that the effect is of"),
        text("reference", "arm that it is compared with; n/a: its own baseline"),
        number("time_min", "time of the effect, on the brain's clock", "min"),
        text("region", "brain region"),
    ),
)
