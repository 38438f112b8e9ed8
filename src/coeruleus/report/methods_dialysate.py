"""Methods in words: chromatography and release, as they were configured and as they came out."""

from __future__ import annotations

from typing import Any

import pandas as pd

from coeruleus.report.cells import plural
from coeruleus.report.facts import Facts
from coeruleus.report.overview import Tables, get

LINES = {"linear": "a line", "linear_through_origin": "a line through the origin", "quadratic": "a quadratic"}
MODES = {
    "perpendicular_drop": "perpendicular drops", "valley_to_valley": "valley-to-valley baselines",
    "tangent_skim": "tangent skimming", "fixed_bounds": "fixed bounds",
}  # fmt: skip
SIGMAS = {
    "blanks": "of the blanks", "residual_sd": "of the standards about the line",
    "intercept_sd": "of the line at zero",
}  # fmt: skip
RECOVERIES = {
    "in_vitro": "in vitro, dividing the basal concentration by the probe's recovery in a vial",
    "retrodialysis": "by retrodialysis, from the loss of a standard from the perfusate",
    "zero_net_flux": "by zero-net-flux, from the regression of loss from the perfusate on its concentration "
    "(Lönnroth et al. 1987) with Fieller's intervals (1954)",
}
# What the names of models say, and who described it.
CITED = {
    "REML": "Patterson & Thompson 1971 (REML)", "Satterthwaite": "Satterthwaite 1946 (degrees of freedom)",
    "Kenward": "Kenward & Roger 1997 (degrees of freedom)", "censored": "Tobin 1958, Hughes 1999 (censored values)",
    "AR(1)": "Pinheiro & Bates 2000 (correlated samples)", "Welch": "Welch 1947",
    "repeated measures": "Greenhouse & Geisser 1959, Huynh & Feldt 1976",
}  # fmt: skip
ADJUSTED = {"holm": "by Holm's method (1979)", "fdr": "by the false discovery rate (Benjamini & Hochberg 1995)"}


def values_of(tables: Tables, name: str, column: str) -> list[str]:
    """The values that occur in a column, in order; none where the table or the column is not there."""
    frame = get(tables, name)
    return sorted({str(value) for value in frame[column].dropna()}) if column in frame else []


def listed(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def chromatography(tables: Tables, facts: Facts) -> str:
    said = [*_peaks(tables), *_calibration(tables, facts)]
    if len(get(tables, "dialysate/suitability")):
        said.append("System suitability follows USP <621> (2022).")
    return " ".join(said)


def _peaks(tables: Tables) -> list[str]:
    methods = values_of(tables, "dialysate/peaks", "area_method")
    said = []
    if "fit" in methods or not methods:
        said.append(
            "Peaks were fitted over a local baseline with shapes and retention times shared by all injections of an "
            "HPLC run. A shape is the exponentially modified Gaussian, the two half Gaussians or the log-normal that "
            "fits the run's standards best, with a spline on its logarithm. The standard error of an area comes from "
            "the noise of its own trace and from what is not known of the shape."
        )
    classical = [words for mode, words in MODES.items() if mode in methods]
    if classical:
        said.append(f"Of some analytes peaks were integrated with {listed(classical)}, as configured.")
    if {"bounds", "typed"} & set(methods):
        said.append("Some peak areas were set or given by people; they are marked in the table of peaks.")
    return said


def _calibration(tables: Tables, facts: Facts) -> list[str]:
    model = LINES.get(str(facts.setting("calibration", "model") or "linear"), "a line")
    weighting = facts.setting("calibration", "weighting") or "1/x"
    standard = facts.setting("calibration", "internal_standard")
    response = f"area relative to that of the internal standard {standard}" if standard else "area"
    said = [f"Concentrations were read from {model} fitted to the {response} of the standards."]
    said.append("The fit was not weighted." if weighting == "none" else f"The fit was weighted by {weighting}.")
    lines = get(tables, "dialysate/calibration")
    rejected = lines["n_rejected"].sum() if "n_rejected" in lines else 0
    if rejected:
        said.append(f"{plural(int(rejected), 'standard value')} that the other standards contradict were left out.")
    if facts.setting("calibration", "drift_correction"):
        said += _drift(lines)
    limit, lowest = (facts.setting("calibration", f"accuracy_limit{end}") for end in ("", "_lowest"))
    if limit and lowest:
        said.append(
            f"Standards and quality controls were accepted within {100 * limit:g} % of nominal, {100 * lowest:g} % at "
            "the lowest level."
        )
    sigmas = [SIGMAS[name] for name in values_of(tables, "dialysate/calibration", "limits_from") if name in SIGMAS]
    of = f", with the σ {listed(sigmas)}" if sigmas else ""
    said.append(f"Limits of detection and quantification are 3.3 σ and 10 σ divided by the slope (ICH Q2(R2)){of}.")
    return said


def _drift(lines: pd.DataFrame) -> list[str]:
    """Only what the table of calibrations holds: without a level that came back nothing was corrected."""
    followed = lines["drift_percent"].notna()[lines["status"] == "ok"] if len(lines) else pd.Series(dtype=bool)
    if followed.empty:
        return []
    if not followed.any():
        return ["Sensitivity was not corrected for drift: no standard was injected again later in its run."]
    where = "" if followed.all() else " where a standard was injected again later in its run"
    return [f"Sensitivity between bracketing standards was corrected for drift{where}."]


def release(tables: Tables, facts: Facts) -> str:
    flow, dead = facts.setting("dialysis", "flow_rate_ul_per_min"), facts.setting("dialysis", "dead_volume_ul")
    inlet = facts.setting("dialysis", "inlet_volume_ul")
    said = []
    if flow is None:
        said.append("Times are those of the bench clock; no flow rate was given to correct them for dead volume.")
    else:
        before = f" and, of what is in the perfusate, {inlet:g} µl before the probe" if inlet else ""
        said.append(f"Times were corrected for a dead volume of {dead or 0:g} µl{before} at {flow:g} µl/min.")
    said += [_baseline(facts), _gate(facts), *_comparison(tables, facts)]
    methods = [words for name, words in RECOVERIES.items() if name in values_of(tables, "release/recovery", "method")]
    if methods:
        said.append(f"Recovery was estimated {listed(methods)}.")
    if values_of(tables, "release/recovery", "changed") and get(tables, "release/recovery")["changed"].eq(True).any():
        said.append(
            "Where a treatment changed recovery (p < 0.05), per cents of baseline hold both recovery and release; "
            "those samples, courses and effects are marked recovery_changed."
        )
    if (
        "calibration_se" in (baselines := get(tables, "release/baselines"))
        and baselines["calibration_se"].notna().any()
    ):
        said.append(
            "The error of a calibration was carried as one that all samples of its run share; intervals of group "
            "effects do not hold it, it stands beside them (calibration_se)."
        )
    return " ".join(said)


def _baseline(facts: Facts) -> str:
    def set_to(name: str) -> Any:
        return facts.setting("baseline", name)

    window = set_to("window_min") or (0, 0)
    samples = {
        "all": "all samples before treatment",
        "window": f"the samples from {window[0]:g} to {window[1]:g} min",
        "named": f"the samples {listed([str(name) for name in set_to('sample_ids') or []])}",
    }.get(str(set_to("rule")), f"the last {set_to('samples') or 3} samples before treatment")
    if set_to("normalise") == "grand_mean":
        whose = "the mean baseline of all animals, not each animal's own"
        return f"Release is given in per cent of {whose}; baselines are {samples}."
    return f"Release is given in per cent of the animal's own mean of {samples}."


def _gate(facts: Facts) -> str:
    gate = str(facts.setting("baseline", "gate") or "cv")
    name = {"cv": "max_cv", "slope": "max_slope", "each": "max_deviation"}[gate]
    value = facts.setting("baseline", name)
    limit = f"{100 * float(0.2 if value is None else value):g} %"
    what = {
        "cv": f"with a coefficient of variation above {limit}",
        "slope": f"that drifts by more than {limit} of its mean per hour",
        "each": f"with a sample further than {limit} from the mean",
    }[gate]
    kept = "kept" if facts.setting("baseline", "unstable") == "keep" else "left out of group means and statistics"
    return f"A baseline {what}, or with fewer samples, was flagged as not stable and was {kept}."


def _comparison(tables: Tables, facts: Facts) -> list[str]:
    said = []
    models = values_of(tables, "release/statistics", "model")
    if models:
        said.append(f"Statistics: {'; '.join(models)}.")
        if facts.setting("release", "reference_group"):
            said.append(f"Groups were compared with {facts.setting('release', 'reference_group')}.")
        adjusted = get(tables, "release/statistics")
        how = ADJUSTED.get(str(facts.setting("release", "adjust")))
        if how and "p_adjusted" in adjusted and adjusted["p_adjusted"].notna().any():
            said.append(f"p-values over the times of one comparison were adjusted {how}.")
        cited = [source for words, source in CITED.items() if any(words in model for model in models)]
        if "effect_size" in adjusted and adjusted["effect_size"].notna().any():
            cited.append("Hedges 1981 (effect sizes)")
        if cited:
            said.append(f"Sources: {'; '.join(cited)}.")
    return said
