"""experiment.yaml: its keys, their defaults and what they mean."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from coeruleus.experiment.nearest import did_you_mean
from coeruleus.experiment.yaml_text import YamlProblem, parse_yaml
from coeruleus.tables.problems import Problem

ID = r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$"
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


class CalibrationSettings(Section):
    """How areas become concentrations."""

    model: Literal["linear", "linear_through_origin", "quadratic"] = Field("linear", description="Shape of the line.")
    weighting: Literal["none", "1/x", "1/x^2"] = Field("1/x", description="Weights of the standards.")
    internal_standard: str | None = Field(
        None, description="Name of an analyte: areas are divided by its area in the same injection."
    )
    drift_correction: bool = Field(True, description="Correct for electrode sensitivity between bracketing standards.")


class DialysisSettings(Section):
    """The probe and its tubing."""

    flow_rate_ul_per_min: float | None = Field(
        None, gt=0, description="Perfusion rate. Null: times are not shifted, and the report says so."
    )
    dead_volume_ul: float = Field(0, ge=0, description="Volume from probe membrane to collection point.")


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
        "censored", description="How values below LOD or LOQ enter the mixed model; all but the first are biased."
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

    rename: dict[str, str] = Field({}, description="Names in the recording files → trial_type.")


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
        return own.retention_time if own else None


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
    for section in ("analytes", "calibration", "dialysis", "baseline", "release", "recovery", "events", "units"):
        if section in values and values[section] is None:
            del values[section]  # a key without a value leaves the default
    analytes = values.get("analytes")
    if isinstance(analytes, dict):
        values["analytes"] = {str(name): {} if own is None else own for name, own in analytes.items()}
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        return None, [_in_words(dict(entry), lines) for entry in error.errors(include_url=False)]
    return settings, _consistency(settings, lines)


def _consistency(settings: Settings, lines: dict[tuple[str, ...], int]) -> list[Problem]:
    problems = []
    for name in settings.analytes:
        if not re.match(ID, name):
            where = _where(("analytes", name), lines)
            message = f"the analyte's name '{name}' becomes part of file names: use letters, digits, '.', '_' and '-'"
            problems.append(Problem("experiment", where, "error", message))
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
    if settings.dialysis.dead_volume_ul and settings.dialysis.flow_rate_ul_per_min is None:
        message = "dead_volume_ul is given but flow_rate_ul_per_min is not: times cannot be shifted; give both"
        where = _where(("dialysis", "dead_volume_ul"), lines)
        problems.append(Problem("experiment", where, "warning", message))
    return problems


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
