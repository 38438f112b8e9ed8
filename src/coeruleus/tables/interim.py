"""Tables that pass between jobs and are no results of their own."""

from coeruleus.tables.dialysate import REASON, STATUS
from coeruleus.tables.model import Table, integer, number, text
from coeruleus.tables.release import SESSION, SUBJECT
from coeruleus.tables.units import SITE, UNIT

SEGMENTS = Table(
    "interim/segments",
    "recording file",
    ("site_id", "segment"),
    (
        SITE,
        integer("segment", "segment of the recording"),
        SUBJECT,
        SESSION,
        text("kind", "raw or sorted"),
        number("duration_s", "length of the segment", "s"),
        text("condition", "condition, where recordings.tsv says one"),
        number("highpass_hz", "high-pass filter of the recording", "Hz"),
        STATUS,
        REASON,
        text("started_at", "when it began, as recordings.tsv says"),
    ),
)

ARTEFACTS = Table(
    "interim/artefacts",
    "stretch of a raw recording that was not sorted",
    ("site_id", "segment", "start_s"),
    (
        SITE,
        integer("segment", "segment of the recording"),
        number("start_s", "where it begins on the segment's clock", "s"),
        number("end_s", "where it ends", "s"),
        text("kind", "what it is"),
    ),
)

EVENTS = Table(
    "interim/events",
    "event of ephys/events.tsv or of a recording file",
    ("site_id", "segment", "onset", "trial_type"),
    (
        SITE,
        integer("segment", "segment of the recording"),
        number("onset", "start on the segment's clock", "s", decimals=6),
        number("duration", "how long", "s"),
        text("trial_type", "what it is"),
        text("side", "side"),
        text("intensity", "intensity, with its unit"),
        text("onset_source", "ttl, keyboard or typed"),
        text("drug", "drug"),
        number("dose", "dose", "see dose_unit"),
        text("dose_unit", "unit of the dose"),
        text("route", "route"),
        number("onset_in_sheet", "typed onset, where the file's own stands in its place", "s", decimals=6),
    ),
)

UNIT_QUALITY = Table(
    "interim/unit_quality",
    "unit",
    ("site_id", "unit_id"),
    (
        SITE,
        UNIT,
        number("snr", "peak of the mean spike ÷ robust noise of the trace"),
        text("reason", "what the sorter has to say about the unit"),
        number("isolation", "d′ to what is nearest, another unit or noise"),
        number("missed_fraction", "spikes too small to be taken ÷ all; of units sorted elsewhere 0.5: a half or more"),
        number("noise_fraction", "part of the spikes that may be noise"),
    ),
)
