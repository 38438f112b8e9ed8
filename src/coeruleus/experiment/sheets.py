"""Every sheet that people write: its columns, said once. Reading, checking and the documentation use this."""

from __future__ import annotations

from coeruleus.experiment.fields import Field, Kind, Sheet


def _id(name: str, description: str, required: bool = False) -> Field:
    return Field(name, description, "id", required=required, filled=required)


def _text(name: str, description: str, required: bool = False) -> Field:
    return Field(name, description, "text", required=required, filled=required)


def _number(
    name: str,
    description: str,
    unit: str | None = None,
    lowest: float | None = None,
    required: bool = False,
    kind: Kind = "number",
) -> Field:
    return Field(name, description, kind, unit, required, required, (), lowest)


def _choice(name: str, description: str, *choices: str, required: bool = False) -> Field:
    return Field(name, description, "choice", required=required, filled=required, choices=choices)


SUBJECTS = Sheet(
    "subjects",
    "one animal",
    ("subject_id",),
    (
        _id("subject_id", "the animal", required=True),
        _text("species", "species"),
        _text("sex", "sex"),
        _text("age", "age, with its unit"),
        _number("weight_g", "weight", "g", 0),
        _text("group", "treatment group"),
    ),
)

SESSIONS = Sheet(
    "sessions",
    "one animal and day",
    ("session_id",),
    (
        _id("session_id", "the animal-day", required=True),
        _id("subject_id", "the animal"),
        Field("started_at", "time 0 of the bench clock, as 2026-03-14T09:30:00", "time"),
        _text("condition", "condition of the session"),
        _number("order", "place in a cross-over", kind="integer"),
        _text("anaesthetic", "name of the anaesthetic, or awake"),
    ),
)

PROBES = Sheet(
    "dialysate/probes",
    "one dialysis probe",
    ("probe_id",),
    (
        _id("probe_id", "the probe", required=True),
        _id("subject_id", "the animal"),
        _text("region", "brain region"),
        _text("hemisphere", "hemisphere"),
        _number("ap_mm", "anterior of bregma", "mm"),
        _number("ml_mm", "lateral", "mm"),
        _number("dv_mm", "ventral", "mm"),
        _number("membrane_mm", "length of the membrane", "mm", 0),
        _choice(
            "placement",
            "what histology found; a miss is shown and left out of group statistics",
            "hit",
            "miss",
            "unverified",
        ),
        _number("recovery", "in vitro; per analyte as recovery_<analyte>", "fraction", 0),
        _number("recovery_se", "its standard error", "fraction", 0),
    ),
    open_columns=r"recovery_(?!se$).+",
)

INJECTIONS = Sheet(
    "dialysate/injections",
    "one HPLC injection",
    ("injection_id",),
    (
        _id("injection_id", "the injection", required=True),
        _id("run", "one HPLC sequence on one column: it shares peak shapes, retention drift and calibration", True),
        Field("file", "the chromatogram, relative to dialysate/; n/a for a lost one", "file", required=True),
        _choice("kind", "what was injected", "blank", "standard", "qc", "dialysate", required=True),
        _text("channel", "name or number, where a file holds several"),
        Field("injected_at", "as 2026-03-14T09:30:00; without it, row order is run order", "time"),
        _id("level", "level in standards.tsv, for standards and qc"),
        _id("subject_id", "the animal"),
        _id("session_id", "default: one session named like the subject"),
        _id("probe_id", "default: one probe named like the subject"),
        _id("sample_id", "injections of one sample share it; default: the injection's own id"),
        _number("start_min", "start of collection on the session's bench clock; 0 is the treatment", "min"),
        _number("end_min", "end of collection", "min"),
        _number("injected_ul", "volume on column; where it stands, calibration is in amount on column", "µl", 0),
        _number("collected_ul", "dialysate in the vial", "µl", 0),
        _number("added_ul", "acid and internal standard added to the vial", "µl", 0),
        _number("dilution", "further dilution: concentrations are multiplied by it", None, 0),
        _number("from_min", "cut one injection out of a continuous trace: from", "min"),
        _number("to_min", "to", "min"),
    ),
)

STANDARDS = Sheet(
    "dialysate/standards",
    "one analyte in one level",
    ("level", "analyte"),
    (
        _id("level", "name of the level", required=True),
        _text("analyte", "analyte, as in experiment.yaml", required=True),
        _number("concentration", "what the level contains; 0 is a value", "see unit", 0, required=True),
        _text("unit", "default: the analyte's own"),
    ),
)

DIALYSATE_EVENTS = Sheet(
    "dialysate/events",
    "one treatment on the bench clock",
    (),
    (
        _id("probe_id", "the probe, or"),
        _id("subject_id", "the animal"),
        _id("session_id", "default: the subject's one session"),
        _number("onset_min", "start", "min", required=True),
        _number("duration_min", "how long", "min", 0),
        _choice("trial_type", "what kind", "drug", "perfusate", "stimulus", required=True),
        _text("drug", "drug"),
        _number("dose", "dose", "see dose_unit", 0),
        _text("dose_unit", "unit of the dose"),
        _text("route", "route"),
        _text("analyte", "zero-net-flux: analyte in the perfusate"),
        _number("perfusate_concentration", "zero-net-flux: its concentration", "the analyte's unit", 0),
    ),
)

AREAS = Sheet(
    "dialysate/areas",
    "one injection and analyte, in place of chromatograms",
    ("injection_id", "analyte"),
    (
        _id("injection_id", "the injection", required=True),
        _text("analyte", "analyte", required=True),
        Field("area", "area; <0.05, ND and BLQ are read as what they say", required=True),
    ),
)

CONCENTRATIONS = Sheet(
    "dialysate/concentrations",
    "one sample and analyte, in place of injections",
    ("subject_id", "session_id", "probe_id", "start_min", "end_min", "analyte"),
    (
        _id("subject_id", "the animal", required=True),
        _number("start_min", "start of collection on the bench clock; 0 is the treatment", "min", required=True),
        _number("end_min", "end of collection", "min", required=True),
        _text("analyte", "analyte", required=True),
        Field("concentration", "in the dialysate; <0.05, ND and BLQ are read as what they say", required=True),
        _id("session_id", "default: one session named like the subject"),
        _id("probe_id", "default: one probe named like the subject"),
        _text("unit", "default: the analyte's own"),
        _number("se", "standard error of the concentration", "see unit", 0),
        _number("lod", "limit of detection", "see unit", 0),
        _number("loq", "limit of quantification", "see unit", 0),
    ),
)

RECORDINGS = Sheet(
    "ephys/recordings",
    "one recording file",
    ("site_id", "segment"),
    (
        _id("site_id", "one electrode placement; its files are numbered segments", required=True),
        _id("subject_id", "the animal", required=True),
        Field("file", "the recording, relative to ephys/", "file", required=True),
        _choice("kind", "raw trace, or sorted elsewhere", "raw", "sorted", required=True),
        _number("segment", "1, 2, ...; default: row order", None, 1, kind="integer"),
        _id("session_id", "default: one session named like the subject"),
        _text("format", "where the file does not say itself; see `coeruleus formats`"),
        _text("channel", "name or number, where a file holds several"),
        Field("started_at", "as 2026-03-14T09:30:00", "time"),
        _number("duration_s", "how long the recording is; plain spike tables cannot say", "s", 0),
        _text("condition", "default: baseline, then the latest drug's name"),
        _number("highpass_hz", "high-pass filter; spike width means nothing without it", "Hz", 0),
        _number("lowpass_hz", "low-pass filter", "Hz", 0),
        _number("depth_um", "depth of the electrode", "µm"),
        _text("hemisphere", "hemisphere"),
        Field("waveforms", "table of mean waveforms: unit_id, time_ms, amplitude_uv", "file"),
        Field("raw_file", "raw trace of a recording sorted elsewhere; mean spikes are measured from it", "file"),
    ),
)

EPHYS_EVENTS = Sheet(
    "ephys/events",
    "one event on the recording's clock",
    ("site_id", "segment", "onset", "trial_type"),
    (
        _id("site_id", "the site", required=True),
        _number("segment", "the segment", None, 1, required=True, kind="integer"),
        _number("onset", "start, from the segment's own start", "s", required=True),
        _number("duration", "how long; may be 0", "s", 0, required=True),
        _id("trial_type", "paw_pinch, tail_pinch, foot_shock, drug, ...", required=True),
        _text("side", "side"),
        _text("intensity", "intensity, with its unit"),
        _choice("onset_source", "with typed onsets, latencies are reported to 0.1 s", "ttl", "keyboard", "typed"),
        _text("drug", "drug"),
        _number("dose", "dose", "see dose_unit", 0),
        _text("dose_unit", "unit of the dose"),
        _text("route", "route"),
    ),
)

IDENTITY = Sheet(
    "ephys/identity",
    "what one test found of one unit",
    ("site_id", "unit_id", "method"),
    (
        _id("site_id", "the site", required=True),
        _id("unit_id", "the unit", required=True),
        _choice("method", "how", "juxtacellular", "optotag", "antidromic", "lesion", required=True),
        _text("result", "what it found; shown beside the label, never blended into it", required=True),
    ),
)

_DECISION = (
    _text("reason", "why", required=True),
    _text("author", "who decided", required=True),
    _text("date", "when"),
)

CURATION_PEAKS = Sheet(
    "curation/peaks",
    "one decision about a peak",
    ("injection_id", "analyte"),
    (
        _id("injection_id", "the injection", required=True),
        _text("analyte", "the analyte", required=True),
        _choice("action", "what to do", "exclude", "set_bounds", "not_present", required=True),
        _number("from_min", "set_bounds: from", "min"),
        _number("to_min", "set_bounds: to", "min"),
        *_DECISION,
    ),
)

CURATION_SAMPLES = Sheet(
    "curation/samples",
    "one decision about a sample",
    ("session_id", "probe_id", "sample_id"),
    (
        _id("session_id", "the session", required=True),
        _id("probe_id", "the probe", required=True),
        _id("sample_id", "the sample", required=True),
        _choice("action", "what to do", "exclude", required=True),
        *_DECISION,
    ),
)

CURATION_UNITS = Sheet(
    "curation/units",
    "one decision about a unit",
    ("site_id", "unit_id", "action"),
    (
        _id("site_id", "the site", required=True),
        _id("unit_id", "the unit", required=True),
        _choice("action", "what to do", "exclude", "label", required=True),
        _choice("label", "for the action label", "LC-NE", "other", "undetermined"),
        *_DECISION,
    ),
)

CURATION_TRIALS = Sheet(
    "curation/trials",
    "one decision about an event",
    ("site_id", "segment", "onset"),
    (
        _id("site_id", "the site", required=True),
        _number("segment", "the segment", None, 1, required=True, kind="integer"),
        _number("onset", "the event's onset", "s", required=True),
        _choice("action", "what to do", "exclude", required=True),
        *_DECISION,
    ),
)

SHEETS = (
    SUBJECTS,
    SESSIONS,
    INJECTIONS,
    STANDARDS,
    PROBES,
    DIALYSATE_EVENTS,
    AREAS,
    CONCENTRATIONS,
    RECORDINGS,
    EPHYS_EVENTS,
    IDENTITY,
    CURATION_PEAKS,
    CURATION_SAMPLES,
    CURATION_UNITS,
    CURATION_TRIALS,
)
