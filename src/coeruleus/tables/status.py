"""The one vocabulary of statuses, and how they combine: downstream a status only ever gets worse."""

OK = "ok"
ABOVE_RANGE = "above_range"
BELOW_LOQ = "below_loq"
BELOW_LOD = "below_lod"
TRANSITION = "transition"
NOT_FOUND = "not_found"
SATURATED = "saturated"
INSUFFICIENT_SPIKES = "insufficient_spikes"
MISSING = "missing"
EXCLUDED = "excluded"
FAILED = "failed"

# From best to worst.
ORDER = (
    OK,
    ABOVE_RANGE,
    BELOW_LOQ,
    BELOW_LOD,
    TRANSITION,
    NOT_FOUND,
    SATURATED,
    INSUFFICIENT_SPIKES,
    MISSING,
    EXCLUDED,
    FAILED,
)

MEANING = {
    OK: "measured, and fit for use",
    ABOVE_RANGE: "above the highest standard: extrapolated",
    BELOW_LOQ: "between the limits of detection and quantification: the number is kept, with its error",
    BELOW_LOD: "below the limit of detection: the number is kept, with its error",
    TRANSITION: "the sample straddles the treatment",
    NOT_FOUND: "no peak could be told from noise",
    SATURATED: "the detector or amplifier reached its end",
    INSUFFICIENT_SPIKES: "too few spikes to say",
    MISSING: "the file or the sample is not there",
    EXCLUDED: "taken out by a person, with a reason",
    FAILED: "could not be read or processed",
}


def worse(first: tuple[str, str | None], second: tuple[str, str | None]) -> tuple[str, str | None]:
    """The worse of two (status, reason) pairs; of equals, the first."""
    return second if ORDER.index(second[0]) > ORDER.index(first[0]) else first
