"""What a run is told: its analytes, how they are integrated and how it is calibrated (see experiment.yaml)."""

from __future__ import annotations

from dataclasses import dataclass

FIT = "fit"


@dataclass(frozen=True)
class Integration:
    """mode: fit, perpendicular_drop, valley_to_valley, tangent_skim or fixed_bounds.

    `baseline` (straight or automatic) is for the second and the last; `from_min`, `to_min` are the fixed bounds.
    A `negative` peak is a dip: its area is negative, and calibration turns the sign.
    """

    mode: str = FIT
    baseline: str = "straight"
    from_min: float | None = None
    to_min: float | None = None
    negative: bool = False


@dataclass(frozen=True)
class Analyte:
    """Name, nominal retention time in minutes (None: not placed), unit of its concentrations."""

    name: str
    retention_time: float | None
    unit: str
    integration: Integration = Integration()


@dataclass(frozen=True)
class Calibration:
    """model: linear, linear_through_origin or quadratic; weighting: none, 1/x or 1/x^2.

    `limits_from` says what LOD and LOQ follow from: auto, blanks, residual_sd or intercept_sd. The accuracy limits
    are fractions of nominal, the second for the lowest standard used. `internal_standard_in` says how the internal
    standard came into the vial (see internal.py), and `internal_standard_concentration` what the solution that
    brings it holds, in the unit of its levels.
    """

    model: str = "linear"
    weighting: str = "1/x"
    internal_standard: str | None = None
    drift_correction: bool = True
    limits_from: str = "auto"
    accuracy_limit: float = 0.15
    accuracy_limit_lowest: float = 0.20
    internal_standard_in: str = "added_volume"
    internal_standard_concentration: float | None = None
