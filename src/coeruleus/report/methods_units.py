"""Methods in words: sorting, firing measures, responses and labels."""

from __future__ import annotations

from coeruleus.report.facts import Facts
from coeruleus.report.methods_dialysate import listed, values_of
from coeruleus.report.overview import Tables, get
from coeruleus.responses.drug_scales import LOCAL, SLOW, SYSTEMIC
from coeruleus.responses.scan import ALPHA
from coeruleus.spikes.filter import HIGH_HZ, LOW_HZ

FIRING = (
    "Spontaneous firing was measured in segments without events, or before the first drug and outside events; "
    "bursts begin at an interval of at most 80 ms and end at one above 160 ms (Grace & Bunney 1984); CV2 follows Holt "
    "et al. (1996) and LV Shinomoto et al. (2003); spike width is from the main peak to the following opposite peak, "
    "half-width the full width at half of the main peak."
)


def units(tables: Tables, facts: Facts) -> str:
    said = [*_sorting(tables), FIRING]
    if values_of(tables, "units/units", "contamination"):
        said.append("Contamination was estimated from refractory violations (Llobet et al. 2022).")
    said += [*_responses(tables), *_labels(tables, facts)]
    return " ".join(said)


def _sorting(tables: Tables) -> list[str]:
    kinds = values_of(tables, "sheets/recordings", "kind")
    said = []
    if "raw" in kinds:
        said.append(
            f"Raw traces were band-passed from {LOW_HZ:g} to {HIGH_HZ:g} Hz (second-order Butterworth, forwards and "
            "backwards), noise was taken from the median of absolute values (Quiroga et al. 2004), clipped, flat and "
            "shaken stretches were masked, and units were found by grouping large spikes and matching their templates "
            "in whitened noise, overlaps included."
        )
    if "sorted" in kinds:
        said.append("Other units were sorted elsewhere." if "raw" in kinds else "Units were sorted elsewhere.")
    return said


def _responses(tables: Tables) -> list[str]:
    said = []
    kinds = values_of(tables, "units/responses", "trial_type")
    if kinds:
        said.append(
            f"Responses to {listed(kinds)} were tested for excitation and inhibition against the time before the "
            f"events at α = {ALPHA:g}, by the average likelihood ratio over all windows scanned (Chan & Walther 2013) "
            "compared with its distribution when events are moved at random (as in Montijn et al. 2021)."
        )
    drugs = get(tables, "units/drug_responses")
    if len(drugs):
        usual, local = SYSTEMIC[0].longest_s / 60, LOCAL[0].longest_s / 60
        said.append(
            f"Rates up to {usual:g} min before and after a drug ({local:g} min with a local route) were compared by "
            "generalised least squares that allow for a trend and for drift of the rate, of first order or smooth; "
            "the largest p-value over all drifts that the data do not rule out counts (Berger & Boos 1994). Where both "
            "sides "
            f"lasted {SLOW.least_s / 60:g} min, up to {SLOW.longest_s / 60:g} min were compared as well, for effects "
            "that come slowly, and the smaller p-value was doubled; rates and changes are those of the first "
            "comparison wherever the second is not named."
        )
    if len(get(tables, "units/doses")):
        said.append(
            "Trends across doses of one drug were tested in the same way beside a step that all doses share; systemic "
            "doses of a session add up. The dose that halves the rate was read from rates that never rise with the "
            "dose, over its logarithm."
        )
    return said


def _labels(tables: Tables, facts: Facts) -> list[str]:
    said = []
    rulesets = facts.setting("units", "rulesets") or values_of(tables, "units/evidence", "ruleset")
    if rulesets:
        said.append(f"Units were labelled by the criteria of {rulesets[0]}.")
        if len(rulesets) > 1:
            said.append(f"The labels by {listed(list(map(str, rulesets[1:])))} are shown beside it.")
    cited = values_of(tables, "units/evidence", "citation")
    if cited:
        said.append(f"Sources of the criteria: {'; '.join(cited)}.")
    return said
