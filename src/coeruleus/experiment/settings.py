"""experiment.yaml: its keys, their defaults and what they mean."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from coeruleus.experiment.fields import BLANK, LARGEST, LARGEST_OF, impossible
from coeruleus.experiment.nearest import did_you_mean
from coeruleus.experiment.yaml_text import YamlProblem, parse_yaml
from coeruleus.tables.problems import Problem

ID = r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$"
LEFT_BLANK = f"is a blank that init left: replace {BLANK}, or remove the key where it is not known"
FILE = "experiment.yaml"
DEFAULT_RULESETS = ["lc_anaesthetised_rat"]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True, allow_inf_nan=False)


class AnalyteSettings(Section):
    """One analyte."""

    retention_time: float | None = Field(
        None, gt=0, le=600, description="Nominal, minutes. Where it really is, is found from the standards."
    )
    unit: str | None = Field(None, description="Unit of concentration, where it differs from concentration_unit.")

    integration: Literal["fit", "perpendicular_drop", "valley_to_valley", "tangent_skim", "fixed_bounds"] = Field(
        "fit",
        description="How its area is found: the fitted model of the run, or a classical way to reproduce old numbers.",
    )
    integration_baseline: Literal["straight", "automatic"] = Field(
        "straight",
        description="Of perpendicular_drop and fixed_bounds: a straight line between the ends, or a curve drawn "
        "through what is no peak.",
    )
    integration_from_min: float | None = Field(None, ge=0, description="Start of fixed_bounds, minutes.")
    integration_to_min: float | None = Field(None, ge=0, description="End of fixed_bounds, minutes.")
    negative_peak: bool = Field(False, description="The peak is a dip; needs a classical integration.")


class CalibrationSettings(Section):
    """How areas become concentrations."""

    model: Literal["linear", "linear_through_origin", "quadratic"] = Field("linear", description="Shape of the line.")
    weighting: Literal["none", "1/x", "1/x^2"] = Field("1/x", description="Weights of the standards.")
    internal_standard: str | None = Field(
        None, description="Name of an analyte: areas are divided by its area in the same injection."
    )
    drift_correction: bool = Field(True, description="Correct for electrode sensitivity between bracketing standards.")
    limits_from: Literal["auto", "blanks", "residual_sd", "intercept_sd"] = Field(
        "auto",
        description="The σ of LOD = 3.3 σ/slope and LOQ = 10 σ/slope: of blanks, of the standards about the line, of "
        "the line at zero; auto takes blanks where there are any, and no less than the line at zero.",
    )
    accuracy_limit: float = Field(
        0.15, gt=0, lt=1, description="Standards and quality controls farther from nominal are not accepted (fraction)."
    )
    accuracy_limit_lowest: float = Field(0.20, gt=0, lt=1, description="The same at the lowest standard.")
    internal_standard_in: Literal["added_volume", "sample", "vial"] = Field(
        "added_volume",
        description="How the internal standard gets into a sample's vial: with added_ul, a fixed amount each; in the "
        "sample itself, before anything is added; or at the same concentration in every vial.",
    )
    internal_standard_concentration: float | None = Field(
        None,
        gt=0,
        description="Of the internal standard in what is added (added_volume), in the unit of standards.tsv. Null: "
        "the standards' vials are taken to hold what a sample vial of the run's usual volumes does.",
    )


class SuitabilitySettings(Section):
    """What a run must reach (USP <621>). Null: shown and not judged."""

    dead_time_min: float | None = Field(None, gt=0, description="Of an unretained substance, for the retention factor.")
    min_retention_factor: float | None = Field(None, ge=0, description="k' = (retention − dead time) ÷ dead time.")
    min_resolution: float | None = Field(1.5, gt=0, description="To the nearer neighbour, by half-height widths.")
    min_tailing: float | None = Field(0.8, gt=0, description="Symmetry factor at 5 % of the height.")
    max_tailing: float | None = Field(1.8, gt=0, description="Symmetry factor at 5 % of the height.")
    min_plates: float | None = Field(None, gt=0, description="5.54 × (retention ÷ width at half height)².")
    min_signal_to_noise: float | None = Field(10, gt=0, description="2 × height ÷ range of noise, lowest standard.")
    max_retention_rsd_percent: float | None = Field(2, gt=0, description="Of the standards of the run.")
    max_area_rsd_percent: float | None = Field(
        5, gt=0, description="Of standards of one level, after the correction of sensitivity."
    )


class DialysisSettings(Section):
    """The probe and its tubing."""

    flow_rate_ul_per_min: float | None = Field(
        None, gt=0, description="Perfusion rate. Null: times are not shifted, and the report says so."
    )
    dead_volume_ul: float = Field(0, ge=0, description="Volume from probe membrane to collection point.")
    inlet_volume_ul: float = Field(
        0,
        ge=0,
        description="Volume from where the perfusate is switched to the probe membrane: what is in the perfusate "
        "reaches the brain that much later. Where the treatment at time 0 is a perfusate, time 0 is its arrival.",
    )


class BaselineSettings(Section):
    """What release is normalised to."""

    rule: Literal["last", "all", "window", "named"] = Field(
        "last", description="Which samples before time 0: the last N, all, those within window_min, or sample_ids."
    )
    samples: int = Field(3, ge=1, description="The last N samples that end at or before time 0.")
    window_min: tuple[float, float] | None = Field(
        None, description="With the rule window: from and to, minutes on the brain's clock."
    )
    sample_ids: list[str] = Field([], description="With the rule named: sample_id of the baseline samples.")
    gate: Literal["cv", "slope", "each"] = Field(
        "cv", description="What a stable baseline keeps: max_cv, max_slope, or max_deviation of each sample."
    )
    max_cv: float = Field(0.20, gt=0, description="A baseline that varies more is flagged as not stable.")
    max_slope: float = Field(0.20, gt=0, description="Largest drift, as a share of the mean per hour.")
    max_deviation: float = Field(
        0.20, gt=0, description="Largest distance of a sample from the mean, as a share of it."
    )
    unstable: Literal["leave_out", "keep"] = Field(
        "leave_out", description="Whether courses with an unstable baseline are in group means and statistics."
    )
    normalise: Literal["animal", "grand_mean"] = Field(
        "animal", description="Divide by each animal's own baseline, or by the mean baseline of all animals compared."
    )


class ReleaseSettings(Section):
    """Summaries and comparison of groups."""

    reference_group: str | None = Field(None, description="Group that the others are compared with.")
    window_min: tuple[float, float] | None = Field(
        None, description="Window of summaries, from and to, minutes; null: from time 0 to the last sample."
    )
    threshold_percent: float = Field(150, gt=0, description="Per cent of baseline for the time spent above.")
    largest_gap: float = Field(0.25, ge=0, le=1, description="Share of the window that may be bridged in areas.")
    outcome: Literal["log", "percent"] = Field(
        "log", description="What the mixed model is of: ln concentration, or per cent of baseline without its samples."
    )
    below_limit: Literal["censored", "measured", "half_limit", "leave_out"] = Field(
        "censored",
        description="How values below LOD or LOQ enter the mixed model; all but the first are biased. With all but "
        "leave_out, animals whose baseline lacks only samples above the limit enter it too.",
    )
    correlation: Literal["independent", "ar1"] = Field(
        "independent", description="Samples of one course given the animal: independent, or each close to the last."
    )
    degrees_of_freedom: Literal["satterthwaite", "kenward_roger"] = Field(
        "satterthwaite", description="Denominator degrees of freedom of the mixed model."
    )
    adjust: Literal["holm", "fdr", "none"] = Field("holm", description="p-values over the times of one comparison.")
    rm_anova: bool = Field(False, description="Also the analysis of variance with repeated measures.")
    permutation: bool = Field(True, description="Also permutation tests of the mean change over the window.")
    ratios: list[str] = Field(
        ["MHPG/NE", "DOPAC/DA", "HVA/DA", "5-HIAA/5-HT"],
        description="Turnover: ratios of analytes, where both are measured.",
    )


class RecoverySettings(Section):
    """How much of what is outside the membrane comes out of the probe."""

    retrodialysis_standard: str | None = Field(
        None, description="Analyte that is in the perfusate all along: what it loses is the recovery in vivo."
    )
    perfusate_concentration: float | None = Field(None, gt=0, description="Its concentration in the perfusate.")
    equilibration_min: float = Field(
        0, ge=0, description="Zero-net-flux: minutes after a change of the perfusate that are not used."
    )


class EventSettings(Section):
    """Events in recording files."""

    rename: dict[str, str] = Field(
        {},
        description="Names in the recording files → trial_type. An event of a file within 1 s of a typed one is that "
        "one: the file's onset is used, with the sheet's other columns (unless onset_source there is ttl or keyboard).",
    )


class UnitSettings(Section):
    """Classification of units."""

    rulesets: list[str] = Field(
        DEFAULT_RULESETS,
        min_length=1,
        description="The first one labels; the others are shown beside it. Shipped: lc_anaesthetised_rat, "
        "lc_awake_rodent, lc_identified_mouse, lc_permissive; a lab's own: rulesets/NAME.yaml in the "
        "experiment directory.",
    )


class Settings(Section):
    """experiment.yaml. Only `title` is required."""

    title: str = Field(min_length=1, description="What this experiment is.")
    species: str | None = Field(None, description="Species, where subjects.tsv does not say.")
    concentration_unit: str = Field("nM", description="Unit of standards.tsv and of concentrations out.")
    analytes: dict[str, AnalyteSettings] = Field({}, description="Needed only with chromatograms.")
    calibration: CalibrationSettings = Field(CalibrationSettings(), description="How areas become concentrations.")
    suitability: SuitabilitySettings = Field(SuitabilitySettings(), description="What a run must reach (USP <621>).")
    dialysis: DialysisSettings = Field(DialysisSettings(), description="The probe and its tubing.")
    baseline: BaselineSettings = Field(BaselineSettings(), description="What release is normalised to.")
    release: ReleaseSettings = Field(ReleaseSettings(), description="Summaries and comparison of groups.")
    recovery: RecoverySettings = Field(RecoverySettings(), description="Recovery of the probes.")
    events: EventSettings = Field(EventSettings(rename={}), description="Events in recording files.")
    units: UnitSettings = Field(UnitSettings(rulesets=DEFAULT_RULESETS), description="Classification of units.")

    def unit_of(self, analyte: str) -> str:
        """Unit of concentration of one analyte."""
        own = self.analytes.get(analyte)
        return (own.unit if own else None) or self.concentration_unit

    def retention_time_of(self, analyte: str) -> float | None:
        """Nominal retention time of one analyte, minutes."""
        own = self.analytes.get(analyte)
        if own is None:
            return None
        if own.retention_time is None and own.integration_from_min is not None and own.integration_to_min is not None:
            return 0.5 * (own.integration_from_min + own.integration_to_min)
        return own.retention_time


def parse_settings(text: str) -> tuple[Settings | None, list[Problem]]:
    """experiment.yaml as typed settings, and every problem in it. None where it cannot be used."""
    try:
        values, lines = parse_yaml(text)
    except YamlProblem as problem:
        return None, [Problem("experiment", FILE, "error", str(problem))]
    if values is None:
        values = {}
    if not isinstance(values, dict):
        return None, [Problem("experiment", FILE, "error", "does not hold keys: write 'title: ...' to begin with")]
    for key in Settings.model_fields.keys() - {"title"}:
        if key in values and values[key] is None:
            del values[key]  # a key without a value leaves the default
    analytes = values.get("analytes")
    if isinstance(analytes, dict):
        values["analytes"] = {str(name): {} if own is None else own for name, own in analytes.items()}
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        return None, [_in_words(dict(entry), lines) for entry in error.errors(include_url=False)]
    problems = _blanks(values, (), lines) + _impossible(settings.model_dump(), (), lines)
    return settings, problems + _consistency(settings, lines)


def _blanks(value: Any, path: tuple[str, ...], lines: dict[tuple[str, ...], int]) -> list[Problem]:
    """Blanks of init where any text would do: units, names."""
    if isinstance(value, dict):
        found = [one for key, inner in value.items() for one in _blanks(inner, (*path, str(key)), lines)]
        return found + [one for key in value if key == BLANK for one in _blanks(key, (*path, BLANK), lines)]
    if value != BLANK:
        return []
    return [Problem("experiment", _where(path, lines), "error", LEFT_BLANK)]


def _impossible(value: Any, path: tuple[str, ...], lines: dict[tuple[str, ...], int]) -> list[Problem]:
    """Numbers that no lab has."""
    if isinstance(value, dict):
        return [one for key, inner in value.items() for one in _impossible(inner, (*path, str(key)), lines)]
    if isinstance(value, tuple | list):
        return [one for inner in value for one in _impossible(inner, path, lines)]
    most = LARGEST_OF["min"] if path[-1].endswith("_min") else LARGEST
    if not isinstance(value, int | float) or not (wrong := impossible(value, most)):
        return []
    return [Problem("experiment", _where(path, lines), "error", f"found {value!s:.40}: {wrong}")]


def _consistency(settings: Settings, lines: dict[tuple[str, ...], int]) -> list[Problem]:
    problems = []
    for name in settings.analytes:
        if not re.match(ID, name):
            where = _where(("analytes", name), lines)
            message = f"the analyte's name '{name}' becomes part of file names: use letters, digits, '.', '_' and '-'"
            problems.append(Problem("experiment", where, "error", message))
        problems += _integration(name, settings.analytes[name], lines)
    standard = settings.calibration.internal_standard
    if standard is not None and standard not in settings.analytes:
        message = (
            f"the internal standard '{standard}' is not among the analytes: {did_you_mean(standard, settings.analytes)}"
        )
        where = _where(("calibration", "internal_standard"), lines)
        problems.append(Problem("experiment", where, "error", message))
    if settings.baseline.rule == "window" and settings.baseline.window_min is None:
        message = "the rule 'window' needs window_min: write 'window_min: [-60, 0]'"
        problems.append(Problem("experiment", _where(("baseline", "rule"), lines), "error", message))
    if settings.baseline.rule == "named" and not settings.baseline.sample_ids:
        message = "the rule 'named' needs sample_ids: list the sample_id of the baseline samples"
        problems.append(Problem("experiment", _where(("baseline", "rule"), lines), "error", message))
    for section, window in (("baseline", settings.baseline.window_min), ("release", settings.release.window_min)):
        if window is not None and not window[0] < window[1]:
            message = f"found [{window[0]:g}, {window[1]:g}]: the first must be the earlier one"
            problems.append(Problem("experiment", _where((section, "window_min"), lines), "error", message))
    for ratio in settings.release.ratios:
        if ratio.count("/") != 1 or not all(ratio.split("/")):
            message = f"found '{ratio}': write a ratio as two analytes, metabolite/transmitter, such as MHPG/NE"
            problems.append(Problem("experiment", _where(("release", "ratios"), lines), "error", message))
    recovery = settings.recovery
    if (recovery.retrodialysis_standard is None) != (recovery.perfusate_concentration is None):
        message = "retrodialysis_standard and perfusate_concentration belong together: give both or none"
        problems.append(Problem("experiment", _where(("recovery",), lines), "error", message))
    twice = sorted({name for name in settings.units.rulesets if settings.units.rulesets.count(name) > 1})
    for name in twice:
        where = _where(("units", "rulesets"), lines)
        problems.append(Problem("experiment", where, "error", f"names the ruleset '{name}' twice: keep one"))
    for name in ("dead_volume_ul", "inlet_volume_ul"):
        if getattr(settings.dialysis, name) and settings.dialysis.flow_rate_ul_per_min is None:
            message = f"{name} is given but flow_rate_ul_per_min is not: times cannot be shifted; give both"
            problems.append(Problem("experiment", _where(("dialysis", name), lines), "warning", message))
    return problems


def _integration(name: str, own: AnalyteSettings, lines: dict[tuple[str, ...], int]) -> list[Problem]:
    """Keys of an analyte's integration that do not go together."""
    said = []
    low, high, fixed = own.integration_from_min, own.integration_to_min, own.integration == "fixed_bounds"
    if fixed and (low is None or high is None or low >= high):
        said.append("fixed_bounds needs integration_from_min and a later integration_to_min")
    if not fixed and (low is not None or high is not None):
        said.append("integration_from_min and integration_to_min are of fixed_bounds: write integration: fixed_bounds")
    if own.negative_peak and own.integration == "fit":
        said.append("a negative_peak is not fitted: choose a classical integration, such as perpendicular_drop")
    if own.integration_baseline == "automatic" and own.integration not in ("perpendicular_drop", "fixed_bounds"):
        said.append(f"an automatic baseline goes with perpendicular_drop or fixed_bounds, not with {own.integration}")
    where = _where(("analytes", name), lines)
    return [Problem("experiment", where, "error", f"{name}: {text}") for text in said]


def _where(path: tuple[str, ...], lines: dict[tuple[str, ...], int]) -> str:
    while path and path not in lines:
        path = path[:-1]
    return f"{FILE}, row {lines[path]}, key {'.'.join(path)}" if path else FILE


def _in_words(entry: dict[str, Any], lines: dict[tuple[str, ...], int]) -> Problem:
    path = tuple(str(part) for part in entry["loc"])
    where = _where(path, lines)
    found = repr(entry["input"])[:60]
    if entry["type"] == "extra_forbidden":
        message = f"unknown key '{path[-1]}': {did_you_mean(path[-1], _keys_of(path[:-1]))}"
    elif entry["input"] == BLANK:
        message = LEFT_BLANK
    elif entry["type"] == "missing":
        where, message = FILE, f"the key '{'.'.join(path)}' is required and not there"
    elif entry["type"] in ("model_type", "model_attributes_type"):
        known = ", ".join(_keys_of(path))
        message = f"found {found} where keys belong: write '{path[-1]}: {{...}}' with any of {known}"
    else:
        message = f"found {found}: {entry['msg'][0].lower()}{entry['msg'][1:]}"
    return Problem("experiment", where, "error", message)


def _keys_of(path: tuple[str, ...]) -> list[str]:
    model: type[BaseModel] = Settings
    for part in path:
        if model is Settings and part == "analytes":
            model = AnalyteSettings
        elif part in model.model_fields:
            inner = model.model_fields[part].annotation
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                model = inner
    return list(model.model_fields)
