"""Tables of the recording half: units, responses, drug responses, evidence, classification, spikes."""

from coeruleus.tables.dialysate import REASON, STATUS
from coeruleus.tables.model import Table, boolean, integer, number, text

SITE = text("site_id", "one electrode placement")
UNIT = text("unit_id", "unit; (site_id, unit_id) is one neuron")

UNITS = Table(
    "units/units",
    "unit",
    ("site_id", "unit_id"),
    (
        SITE,
        UNIT,
        text("subject_id", "animal"),
        integer("n_spikes", "spontaneous spikes: those that the firing measures rest on"),
        number("duration_s", "spontaneous time that they were counted in", "s"),
        number("firing_rate_hz", "spontaneous spikes ÷ spontaneous time", "Hz"),
        number("isi_cv", "standard deviation ÷ mean of the interspike intervals"),
        number("cv2", "mean of 2|ISI2 − ISI1| ÷ (ISI1 + ISI2) (Holt 1996)"),
        number("lv", "local variation (Shinomoto 2003)"),
        number("burst_fraction", "spikes in bursts: start at ISI ≤ 80 ms, end at ISI > 160 ms (Grace & Bunney 1984)"),
        number("isi_violation_fraction", "intervals shorter than the refractory period ÷ all"),
        number("snr", "peak of the mean spike ÷ robust noise of the trace"),
        number("spike_width_ms", "main peak to the following opposite peak", "ms"),
        number("half_width_ms", "full width at half of the main peak", "ms"),
        number("notch", "inflection on the rising limb, from 0 (none) to 1 (a separate peak)"),
        STATUS,
        REASON,
        integer("n_spikes_total", "all spikes of the unit in all segments"),
        number("firing_rate_ci_low_hz", "lower end of the 95 % interval of the rate", "Hz"),
        number("firing_rate_ci_high_hz", "upper end of the 95 % interval of the rate", "Hz"),
        text("spontaneous_from", "where spontaneous firing was taken from"),
        number("highpass_hz", "high-pass filter of the recording that the waveform comes from", "Hz"),
        text("waveform_reason", "why a waveform measure is missing"),
        number("firing_rate_fano", "factor by which the rate's interval allows for more than Poisson variability"),
        number("lvr", "local variation revised for refractoriness (Shinomoto 2009), R = 5 ms"),
        number("isi_violation_ci_high", "upper end of the exact 95 % interval of isi_violation_fraction"),
        number("masked_s", "spontaneous time hidden by artefacts, not counted in duration_s", "s"),
        number("isolation", "d′ to what is nearest, another unit or noise; needs the raw trace"),
        number(
            "missed_fraction",
            "spikes too small to be taken ÷ all (amplitude cut-off), from the asymmetry of heights; of units sorted "
            "elsewhere from their peaks in the raw trace, where 0.5 stands for a half or more",
        ),
        number("noise_fraction", "part of the spikes that may be noise: expected, plus one standard error"),
        number(
            "presence", "bins of all spontaneous time that should hold ten spikes and hold one at least ÷ such bins"
        ),
        number("contamination", "part of the spikes from other neurons, by refractory violations (Llobet 2022)"),
        number("contamination_ci_low", "lower end of the 95 % interval of contamination"),
        number("contamination_ci_high", "upper end of the 95 % interval of contamination"),
        text("quality_reason", "why a measure of quality is missing or doubtful"),
        number(
            "asymmetry", "(after − before) ÷ (after + before) of the opposite peaks beside the main peak (Barthó 2004)"
        ),
        number("gamma_shape", "regularity: shape of the gamma process fitted to intervals outside bursts (1: Poisson)"),
        number("gamma_burst_fraction", "spikes in runs too short for that process (false discovery rate 5 %) ÷ spikes"),
        integer("n_silences", "intervals longer than that gamma process makes in such a recording (p < 0.01)"),
        number("longest_interval_s", "longest interval", "s"),
        number("silent_fraction", "time in such silences ÷ spontaneous time"),
        text("held", "held through all segments, lost, found_late, absent (then back), or silent_after_drug"),
        text("held_reason", "where it was not held, by segment and second; why that cannot be said"),
        number("isi_violation_ci_low", "lower end of the exact 95 % interval of isi_violation_fraction"),
    ),
)

RESPONSES = Table(
    "units/responses",
    "unit × trial type × condition",
    ("site_id", "unit_id", "trial_type", "condition"),
    (
        SITE,
        UNIT,
        text("trial_type", "kind of event"),
        text("condition", "baseline, or the latest drug"),
        integer("n_trials", "events tested"),
        number("baseline_rate_hz", "rate before the events", "Hz"),
        number("excitation_p", "p-value of excitation, corrected for the windows scanned"),
        number("excitation_latency_s", "start of excitation after onset", "s"),
        number("excitation_duration_s", "how long it lasts", "s"),
        number("excitation_rate_hz", "rate during it", "Hz"),
        number("inhibition_p", "p-value of inhibition, corrected for the windows scanned"),
        number("inhibition_latency_s", "start of inhibition after onset", "s"),
        number("inhibition_duration_s", "how long it lasts", "s"),
        number("inhibition_rate_hz", "rate during it", "Hz"),
        boolean("biphasic", "excited, then inhibited"),
        STATUS,
        REASON,
        number("first_spike_latency_s", "median latency of the first spike within 100 ms", "s"),
        number("reliability_100ms", "events with a spike within 100 ms ÷ events"),
        number(
            "suppression_index",
            "(a − b) ÷ (a + b), a: rate 1.5–4.5 s after onset, b: spontaneous rate before any drug, as its source "
            "has it (doi 10.1111/ejn.16368)",
        ),
        number("events_needed", "events that a test of inhibition would need at this rate"),
        number("suppression_index_ci_low", "lower end of the 95 % interval of the suppression index"),
        number("suppression_index_ci_high", "upper end of the 95 % interval of the suppression index"),
        *(
            number(
                f"{part}_{measure}_ci_{end}_{unit}", f"{side} end of the 90 % interval of {part}_{measure}_{unit}", name
            )
            for part in ("excitation", "inhibition")
            for measure, unit, name in (("latency", "s", "s"), ("duration", "s", "s"), ("rate", "hz", "Hz"))
            for end, side in (("low", "lower"), ("high", "upper"))
        ),
        number(
            "habituation_percent",
            "change of the response, beside the rate before, from the first to the last event, of its mean",
            "%",
        ),
        number("habituation_p", "two-sided p-value of that change (rank correlation with the event's number)"),
        boolean("after_drug", "whether a drug acted, given at this site or earlier at another of the session"),
    ),
)

DRUG_RESPONSES = Table(
    "units/drug_responses",
    "unit × drug event",
    ("site_id", "unit_id", "segment", "onset"),
    (
        SITE,
        UNIT,
        integer("segment", "segment of the recording"),
        number("onset", "start of the drug on the segment's clock", "s"),
        text("drug", "drug"),
        number("dose", "dose", "see dose_unit"),
        text("dose_unit", "unit of the dose"),
        text("route", "route"),
        number("baseline_rate_hz", "rate before the drug", "Hz"),
        number("response_rate_hz", "rate after the drug", "Hz"),
        number("percent_change", "change of the rate over up to 10 min (2 min with a local route)", "%"),
        number(
            "p_value",
            "two-sided p-value, allowing for slow changes of the rate; where up to 60 min were compared as well, the "
            "smaller of the two, doubled; n/a where the usual time cannot be tested",
        ),
        boolean("baseline_stable", "whether the rate before the drug was steady"),
        STATUS,
        REASON,
        number("baseline_s", "time before the drug that was used", "s"),
        number("response_s", "time after the drug that was used", "s"),
        number("percent_change_ci_low", "lower end of the 95 % interval of the change", "%"),
        number("percent_change_ci_high", "upper end of the 95 % interval of the change", "%"),
        number("effect_onset_s", "when the rate leaves the baseline, after the drug; of significant changes", "s"),
        number("largest_change_percent", "largest change of the smoothed rate in the direction of the effect", "%"),
        number("largest_change_s", "when it is reached, after the drug", "s"),
        number("recovery_s", "when half of the largest change is gone again, after the drug; n/a: not seen", "s"),
        number("percent_of_first_baseline", "rate after the drug ÷ rate before the session's first drug", "%"),
        text("previous_drug", "drug given before this one in the same session"),
        number(
            "reversal_percent",
            "share of the previous drug's significant change, as this one met it, that is undone; "
            "p_value says whether this drug did anything",
            "%",
        ),
        number("reversal_percent_ci_low", "lower end of the 95 % interval of this drug's part in it", "%"),
        number("reversal_percent_ci_high", "upper end of the 95 % interval of this drug's part in it", "%"),
        number("percent_change_long", "change of the rate over up to 60 min; n/a: fewer than 20 min on one side", "%"),
        number("percent_change_long_ci_low", "lower end of its 95 % interval", "%"),
        number("percent_change_long_ci_high", "upper end of its 95 % interval", "%"),
        number("compared_long_s", "time after the drug that percent_change_long is taken over", "s"),
        number("counted_dose", "dose as its series in units/doses counts it", "see dose_unit"),
        number("from_first_dose_percent", "change of the rate from before the series' first dose", "%"),
        number("from_first_dose_percent_ci_low", "lower end of its 95 % interval", "%"),
        number("from_first_dose_percent_ci_high", "upper end of its 95 % interval", "%"),
        number("from_first_dose_p", "two-sided p-value of that change, allowing for slow changes of the rate"),
        text("given_before", "drugs given before, at other sites of the session too"),
    ),
)

DOSES = Table(
    "units/doses",
    "unit × drug given in several doses of one session, no other drug between",
    ("site_id", "unit_id", "segment", "onset"),
    (
        SITE,
        UNIT,
        integer("segment", "segment of the first dose"),
        number("onset", "start of the first dose on the segment's clock", "s"),
        text("drug", "drug"),
        text("route", "route"),
        text("dose_unit", "unit of the doses"),
        text("counted", "cumulative: each dose and those before it; each: local doses by themselves"),
        integer("n_doses", "different doses compared"),
        number("lowest_dose", "the lowest of them", "see dose_unit"),
        number("highest_dose", "the highest of them", "see dose_unit"),
        number("baseline_rate_hz", "rate before the first dose", "Hz"),
        number("percent_per_doubling", "change of the rate for each doubling of the dose", "%"),
        number("percent_per_doubling_ci_low", "lower end of its 95 % interval", "%"),
        number("percent_per_doubling_ci_high", "upper end of its 95 % interval", "%"),
        number(
            "p_value",
            "two-sided, of a trend across the doses beside what all of them do, a straight line in time and drift",
        ),
        number("ed50", "dose at which the rate is half of that before the first dose", "see dose_unit"),
        number("ed50_ci_low", "lower end of its 95 % interval; n/a: below the lowest dose", "see dose_unit"),
        number("ed50_ci_high", "upper end of its 95 % interval; n/a: above the highest dose", "see dose_unit"),
        STATUS,
        REASON,
        text("ed50_reason", "why there is no ed50"),
    ),
)

EVIDENCE = Table(
    "units/evidence",
    "unit × ruleset × criterion",
    ("site_id", "unit_id", "ruleset", "criterion"),
    (
        SITE,
        UNIT,
        text("ruleset", "set of criteria"),
        text("criterion", "criterion"),
        number("value", "what was measured", "see unit"),
        text("unit", "unit of the value"),
        text("rule", "the rule, in words"),
        text("verdict", "pass, fail or not_tested"),
        REASON,
        boolean("required", "required for the label; weight says which of the others count"),
        number("ci_low", "lower end of the interval of the value", "see unit"),
        number("ci_high", "upper end of the interval of the value", "see unit"),
        text("citation", "where the criterion comes from"),
        text("weight", "required; if_tested: a fail makes other, lacking is no obstacle; advisory: shown only"),
        integer(
            "ci_percent",
            "level of the interval: 95, or 90 of latencies, durations and rates of responses and what is made of them",
            "%",
        ),
    ),
)

CLASSIFICATION = Table(
    "units/classification",
    "unit × ruleset",
    ("site_id", "unit_id", "ruleset"),
    (
        SITE,
        UNIT,
        text("ruleset", "set of criteria"),
        text("label", "LC-NE, other or undetermined"),
        text("reason", "why this label"),
        text("rules_label", "what the rules said, where a person decided otherwise"),
        text("identity", "what histology, optotagging or antidromic tests found; never blended into the label"),
        text("rules_reason", "why the rules said so, where a person decided otherwise"),
    ),
)

SENSITIVITY = Table(
    "units/sensitivity",
    "label that changes when one bound of its ruleset moves by 10 %",
    ("ruleset", "criterion", "bound", "moved_percent", "site_id", "unit_id"),
    (
        text("ruleset", "set of criteria"),
        text("criterion", "criterion whose bound is moved"),
        text("bound", "low or high"),
        number(
            "moved_percent",
            "by how much of itself, of a function's bound beyond its intercept, it is moved: 10 or −10; 0 stays",
            "%",
        ),
        SITE,
        UNIT,
        text("label", "label by the ruleset as it is"),
        text("moved_label", "label with the bound moved"),
        number("bound_value", "the bound as it is", "see evidence"),
        number("moved_value", "the bound as moved", "see evidence"),
    ),
)

DISAGREEMENTS = Table(
    "units/disagreements",
    "unit on which two rulesets disagree",
    ("site_id", "unit_id", "ruleset", "other_ruleset"),
    (
        SITE,
        UNIT,
        text("ruleset", "one set of criteria"),
        text("other_ruleset", "another"),
        text("label", "label by the one, people's decisions aside"),
        text("other_label", "label by the other"),
        text("reason", "why the one says so"),
        text("other_reason", "why the other says so"),
        text("identity", "what histology, optotagging or antidromic tests found"),
    ),
)

UNIT_STATISTICS = Table(
    "units/statistics",
    "measure × group",
    ("units", "measure", "trial_type", "group"),
    (
        text("units", "which units: all, or those that the first ruleset labels LC-NE"),
        text("measure", "what is compared, or counted"),
        text("trial_type", "kind of event or drug (with its dose, where several were given) of the measure; n/a: none"),
        text("group", "group of animals"),
        number("mean", "mean over animals of the mean over each animal's units", "see measure"),
        number("sd", "standard deviation between the animals' means", "see measure"),
        integer("n_subjects", "animals"),
        integer("n_units", "units; of cells per track and sites without a cell: sites"),
        text("reference", "group that it is compared with; n/a: this is the reference, or its group is not stated"),
        number("difference", "mean less the reference's", "see measure"),
        number("ci_low", "lower end of the 95 % interval of the difference (Welch, over animals)", "see measure"),
        number("ci_high", "upper end of the 95 % interval of the difference", "see measure"),
        number("p_value", "two-sided, animals permuted between the two groups"),
        number("smallest_p", "the smallest p-value that so many animals can give"),
        text("reason", "why a number is missing"),
    ),
)

SPIKES = Table(
    "units/spikes",
    "spike",
    ("site_id", "unit_id", "segment", "time_s"),
    (
        SITE,
        UNIT,
        integer("segment", "segment of the recording"),
        number("time_s", "time of the spike on the segment's clock", "s", decimals=6),
    ),
)
