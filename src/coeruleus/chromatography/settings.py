"""What a run is told: its analytes and how it is calibrated (see experiment.yaml)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Analyte:
    """Name, nominal retention time in minutes (None: not placed), unit of its concentrations."""

    name: str
    retention_time: float | None
    unit: str


@dataclass(frozen=True)
class Calibration:
    """model: linear, linear_through_origin or quadratic; weighting: none, 1/x or 1/x^2."""

    model: str = "linear"
    weighting: str = "1/x"
    internal_standard: str | None = None
    drift_correction: bool = True
