"""Measures that a ruleset may name, and functions that make one number of several of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from coeruleus.experiment.nearest import did_you_mean
from coeruleus.tables.model import Column
from coeruleus.tables.units import DRUG_RESPONSES, RESPONSES, UNITS

TABLES = {"units": UNITS, "responses": RESPONSES, "drug_responses": DRUG_RESPONSES}
COLUMNS = {f"{name}.{column.name}": column for name, table in TABLES.items() for column in table.columns}
SHAPE = ("spike_width_ms", "half_width_ms", "notch", "asymmetry")  # of the spike: a high-pass filter changes them
LOGARITHMS = {"log10": np.log10, "ln": np.log}


class Part(BaseModel):
    """A part of a ruleset: every key is known, every number finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def column_of(measure: str) -> Column:
    """The column that `table.column` names. Raises ValueError where there is none, or it holds words."""
    if measure not in COLUMNS:
        known = [name for name, column in COLUMNS.items() if column.kind != "text"]
        raise ValueError(f"there is no measure '{measure}': {did_you_mean(measure, known)}")
    if COLUMNS[measure].kind == "text":
        raise ValueError(f"'{measure}' holds words: no rule can be held against it")
    return COLUMNS[measure]


class Term(Part):
    """One measure in a function."""

    measure: str = Field(description="As above; what is true counts 1, what is false 0.")
    weight: float = Field(strict=True, description="The number that it is multiplied by.")
    scale: Literal["linear", "log10", "ln"] = Field("linear", description="Whether its logarithm is taken before.")

    @model_validator(mode="after")
    def _can_be_weighed(self) -> Term:
        if column_of(self.measure).kind == "boolean" and self.scale != "linear":
            raise ValueError(f"'{self.measure}' is true or false and has no {self.scale}: leave scale out")
        if self.weight == 0:
            raise ValueError(f"'{self.measure}' has the weight 0 and changes nothing: leave the term out")
        return self

    @property
    def table(self) -> str:
        return self.measure.partition(".")[0]

    @property
    def column(self) -> str:
        return self.measure.partition(".")[2]

    @property
    def words(self) -> str:
        """`log10 firing rate (Hz)`."""
        unit = COLUMNS[self.measure].unit or ""
        name = self.column.removesuffix(f"_{unit.lower()}")
        words = name.replace("_", " ") + (f" ({unit})" if name != self.column else "")
        return words if self.scale == "linear" else f"{self.scale} {words}"


class Function(Part):
    """A weighted sum of measures or of their logarithms: a linear discriminant, a logistic score, a ratio."""

    intercept: float = Field(0.0, strict=True, description="The number that the sum begins with.")
    terms: tuple[Term, ...] = Field(min_length=1, description="A list, each with the keys that follow.")

    @model_validator(mode="after")
    def _measures_differ(self) -> Function:
        measures = [term.measure for term in self.terms]
        twice = next((measure for measure in measures if measures.count(measure) > 1), None)
        if twice:
            raise ValueError(f"has '{twice}' in two terms, whose errors are one and the same: keep one of them")
        return self

    @property
    def words(self) -> str:
        """`−1.2 − 0.8 log10 firing rate (Hz) + 2.1 half width (ms)`."""
        parts = [(self.intercept, "")] if self.intercept else []
        parts += [(term.weight, term.words) for term in self.terms]
        said = ""
        for weight, what in parts:
            size = in_words(abs(weight))
            sign = ("−" if weight < 0 else "") if not said else (" − " if weight < 0 else " + ")
            said += sign + (what if what and size == "1" else f"{size} {what}".rstrip())
        return said

    def of(self, measured: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
        """Value and ends of its interval, from value and ends of each term's measure; NaN where one is not known.

        Each end lies as far from the value as the root of the summed squares of what the terms' ends add to it, which
        is right where the measures' errors are independent (Gauss). Weights and intercept count as exact, and so does a
        measure whose end is not known, as it does by itself: its error is left out. Where no term has such an end the
        function has none; an end at or below 0 whose logarithm is taken is infinitely far.
        """
        weights = np.array([term.weight for term in self.terms])
        scaled = np.array(measured, dtype=float)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            for row, term in enumerate(self.terms):
                if term.scale != "linear":
                    scaled[row] = LOGARITHMS[term.scale](np.maximum(scaled[row], 0.0))
            added, *ends = weights * scaled.T
            added = np.where(np.isfinite(added), added, np.nan)
            low, high = np.where(weights < 0, ends[::-1], ends)
            below, above = (_root_of_squares(np.maximum(away, 0.0)) for away in (added - low, high - added))
        value = self.intercept + np.sum(added)
        return float(value), float(value - below), float(value + above)


def _root_of_squares(parts: NDArray[np.float64]) -> float:
    """Of the parts that are known; NaN where none is."""
    known = parts[~np.isnan(parts)]
    return float(np.sqrt(np.sum(known**2))) if len(known) else float("nan")


def in_words(number: float) -> str:
    return f"{number:.7g}".replace("-", "−")
