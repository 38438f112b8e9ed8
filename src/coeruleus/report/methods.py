"""The methods paragraph: what was done with which settings and versions, for a paper's methods section."""

from __future__ import annotations

import pandas as pd

from coeruleus.report.cells import plural
from coeruleus.report.facts import Facts
from coeruleus.report.overview import Tables, get

SOFTWARE = {
    "elephant": "Denker et al. 2018, Neuroinformatics 2018, P19",
    "matplotlib": "Hunter 2007, Comput. Sci. Eng. 9:90",
    "neo": "Garcia et al. 2014, Front. Neuroinform. 8:10",
    "numpy": "Harris et al. 2020, Nature 585:357",
    "pandas": "McKinney 2010, Proc. 9th Python in Science Conf. 56",
    "scipy": "Virtanen et al. 2020, Nat. Methods 17:261",
    "snakemake": "Mölder et al. 2021, F1000Research 10:33",
}


def build_methods(tables: Tables, facts: Facts) -> list[str]:
    """Paragraphs in words; only of the halves that the experiment has."""
    paragraphs = []
    if len(get(tables, "dialysate/peaks")):
        paragraphs.append(_chromatography(tables, facts))
    if len(get(tables, "release/release")):
        paragraphs.append(_release(tables, facts))
    if len(get(tables, "units/units")):
        paragraphs.append(_units(tables, facts))
    decided = _people(tables)
    if decided:
        paragraphs.append(decided)
    if facts.versions:
        listed = ", ".join(f"{name} {version}" for name, version in sorted(facts.versions.items()))
        paragraphs.append(f"Software: {listed}.")
        cited = [f"{name}: {source}" for name, source in SOFTWARE.items() if name in facts.versions]
        if cited:
            paragraphs.append(f"References for the software: {'; '.join(cited)}.")
    return paragraphs


def _people(tables: Tables) -> str:
    """How often people overruled the software."""
    counts = [
        plural(len(get(tables, f"curation/{sheet}")), noun)
        for sheet, noun in (("peaks", "peak"), ("samples", "sample"), ("units", "unit"), ("trials", "event"))
        if len(get(tables, f"curation/{sheet}"))
    ]
    if not counts:
        return ""
    return f"People decided about {', '.join(counts)}; each decision is listed with its reason, author and effect."


def _chromatography(tables: Tables, facts: Facts) -> str:
    said = []
    methods = set(get(tables, "dialysate/peaks").get("area_method", pd.Series(dtype=object)).dropna())
    if methods - {"fit"}:
        said.append("Some peak areas were set or given by people; they are marked in the table of peaks.")
    if "fit" in methods or not methods:
        said.append(
            "Peaks were fitted over a local baseline with shapes and retention times shared by all injections of an "
            "HPLC run; the standard error of an area comes from the noise of its own trace."
        )
    model = {"linear": "a line", "linear_through_origin": "a line through the origin", "quadratic": "a quadratic"}.get(
        str(facts.setting("calibration", "model") or "linear"), "a line"
    )
    weighting = facts.setting("calibration", "weighting") or "1/x"
    standard = facts.setting("calibration", "internal_standard")
    response = f"area relative to that of the internal standard {standard}" if standard else "area"
    said.append(f"Concentrations were read from {model} fitted to the {response} of the standards.")
    said.append("The fit was not weighted." if weighting == "none" else f"The fit was weighted by {weighting}.")
    if facts.setting("calibration", "drift_correction"):
        said.append("Sensitivity between bracketing standards was corrected for drift.")
    said.append("Limits of detection and quantification are 3.3 σ and 10 σ divided by the slope (ICH Q2(R2)).")
    return " ".join(said)


def _release(tables: Tables, facts: Facts) -> str:
    flow, dead = facts.setting("dialysis", "flow_rate_ul_per_min"), facts.setting("dialysis", "dead_volume_ul")
    inlet = facts.setting("dialysis", "inlet_volume_ul")
    said = []
    if flow is None:
        said.append("Times are those of the bench clock; no flow rate was given to correct them for dead volume.")
    else:
        before = f" and, of what is in the perfusate, {inlet:g} µl before the probe" if inlet else ""
        said.append(f"Times were corrected for a dead volume of {dead or 0:g} µl{before} at {flow:g} µl/min.")
    said.append(_baseline(facts))
    models = sorted(set(get(tables, "release/statistics").get("model", pd.Series(dtype=object)).dropna()))
    if models:
        said.append(f"Statistics: {'; '.join(models)}.")
    if facts.setting("release", "reference_group"):
        said.append(f"Groups were compared with {facts.setting('release', 'reference_group')}.")
    return " ".join(said)


def _baseline(facts: Facts) -> str:
    """Which samples release is normalised to, by what it is divided, and when a baseline is not stable."""
    samples, window = facts.setting("baseline", "samples") or 3, facts.setting("baseline", "window_min")
    rule = str(facts.setting("baseline", "rule") or "last")
    which = {
        "last": f"the last {samples} samples before treatment",
        "all": "all samples before treatment",
        "window": f"the samples from {window[0]:g} to {window[1]:g} min" if window else "the samples of a window",
        "named": "the samples named as baseline",
    }[rule]
    gate = str(facts.setting("baseline", "gate") or "cv")
    key, words = {
        "cv": ("max_cv", "a coefficient of variation above {:g} %"),
        "slope": ("max_slope", "a drift above {:g} % of its mean per hour"),
        "each": ("max_deviation", "a sample more than {:g} % off its mean"),
    }[gate]
    unstable = words.format(100 * float(facts.setting("baseline", key) or 0.2))
    grand = facts.setting("baseline", "normalise") == "grand_mean"
    divisor = "the mean baseline of all animals, not each animal's own; baselines are" if grand else "the mean of"
    kept = facts.setting("baseline", "unstable") == "keep"
    so = "flagged as not stable" + (" and kept" if kept else " and left out of group means and statistics")
    return f"Release is given in per cent of {divisor} {which}; a baseline with {unstable} or fewer samples was {so}."


def _units(tables: Tables, facts: Facts) -> str:
    said = [
        "Spontaneous firing was measured in segments without events, or before the first drug and outside events; "
        "bursts begin at an interval of at most 80 ms and end at one above 160 ms (Grace & Bunney 1984); spike width "
        "is from the main peak to the following opposite peak, half-width the full width at half of the main peak."
    ]
    evidence = get(tables, "units/evidence")
    rulesets = facts.setting("units", "rulesets") or sorted(set(evidence.get("ruleset", pd.Series(dtype=object))))
    if rulesets:
        said.append(f"Units were labelled by the criteria of {rulesets[0]}.")
        if len(rulesets) > 1:
            said.append(f"The labels by {', '.join(map(str, rulesets[1:]))} are shown beside it.")
    responses = get(tables, "units/responses")
    if len(responses):
        kinds = sorted({str(kind) for kind in responses["trial_type"].dropna()})
        said.append(
            f"Responses to {', '.join(kinds)} were tested for excitation and inhibition against the time before the "
            "events, corrected for the windows scanned."
        )
    if len(get(tables, "units/drug_responses")):
        said.append("Changes of rate after drugs were tested against the slow changes of the rate itself.")
    cited = sorted(set(evidence.get("citation", pd.Series(dtype=object)).dropna()))
    if cited:
        said.append(f"Sources of the criteria: {'; '.join(cited)}.")
    return " ".join(said)
