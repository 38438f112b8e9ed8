"""Rulesets: LC criteria as data, each with a measure, bounds, a weight and a citation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from coeruleus.classification.functions import SHAPE, TABLES, Function, Part, Term, column_of, in_words
from coeruleus.experiment.nearest import did_you_mean
from coeruleus.experiment.yaml_text import YamlProblem, parse_yaml

ONLY_OF = {"trial_types": "responses", "drugs": "drug_responses", "not_after": "drug_responses"}
ONLY_OF |= {"highest_highpass_hz": "units"}
Weight = Literal["required", "if_tested", "advisory"]


class Criterion(Part):
    """One criterion. A unit passes where its measure, or a function of several, lies within the bounds, or is true."""

    name: str = Field(pattern=r"^[a-z0-9_]+$", description="Small letters, digits and _.")
    measure: str | None = Field(
        None,
        description="A number or truth value of the tables `units`, `responses` or `drug_responses`, written "
        "`units.firing_rate_hz`. Or a `function`.",
    )
    function: Function | None = Field(None, description="One number of several measures; see below.")
    low: float | None = Field(None, description="Lower bound; what equals it passes.")
    high: float | None = Field(None, description="Upper bound; what equals it passes.")
    is_true: bool | None = Field(None, description="Of truth values, in place of bounds: what passes.")
    p_value: str | None = Field(None, description="Column of the same table that must be at most `p_max` for a pass.")
    p_max: float = Field(0.05, gt=0, le=1, description="Largest p-value for a pass.")
    unit: str | None = Field(None, description="Unit of the bounds, as it is shown.")
    weight: Weight = Field(
        "required",
        description="`required`: must pass for LC-NE, and a fail makes `other`. `if_tested`: the same where it was "
        "measured, but lacking it is no obstacle. `advisory`: shown only.",
    )
    highest_highpass_hz: float | None = Field(
        None, description="Of shapes of spikes: one recorded with a higher high-pass filter is not tested."
    )
    unknown_highpass: Literal["not_tested", "test"] = Field(
        "not_tested", description="What becomes of those whose filter is not stated."
    )
    trial_types: tuple[str, ...] = Field((), description="Of responses: to which events; one that passes is enough.")
    drugs: tuple[str, ...] = Field((), description="Of drug responses: to which drugs; one that passes is enough.")
    not_after: tuple[str, ...] = Field((), description="Drugs that block these: after one of them nothing is tested.")
    citation: str = Field(description="Where the criterion comes from.")
    note: str | None = Field(None, description="Anything else.")

    @field_validator("trial_types", "drugs", "not_after")
    @classmethod
    def _in_any_case(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name.casefold() for name in names)

    @model_validator(mode="after")
    def _has_a_rule(self) -> Criterion:
        if self.measure is not None and self.function is not None:
            raise ValueError(f"gives the measure '{self.measure}' and a function as well: keep one of them")
        if self.measure is None and self.function is None:
            raise ValueError("says nothing to judge: give a measure, or a function of several")
        if self.measure is not None:
            column_of(self.measure)
        tables = sorted({term.table for term in self.terms})
        if self.low is None and self.high is None and self.is_true is None:
            raise ValueError("has no rule: give low, high or is_true")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low ({self.low:g}) must lie below high ({self.high:g})")
        if "responses" in tables and not self.trial_types:
            raise ValueError("names no trial_types")
        if "drug_responses" in tables and not self.drugs:
            raise ValueError("names no drugs")
        for key, only in ONLY_OF.items():
            if getattr(self, key) and only not in tables:
                raise ValueError(f"{key} belongs to measures of {only}, and here are those of {' and '.join(tables)}")
        if self.measure is not None:
            self._fits(self.measure)
        else:
            self._fits_function()
        return self

    def _fits(self, measure: str) -> None:
        """Raises ValueError where the rule cannot be held against the measure, and would pass or fail every unit."""
        table, kind = measure.partition(".")[0], column_of(measure).kind
        if self.p_value is not None and self.p_value not in TABLES[table].names:
            raise ValueError(f"there is no column '{self.p_value}': {did_you_mean(self.p_value, TABLES[table].names)}")
        bounded = self.low is not None or self.high is not None
        if kind == "boolean" and (bounded or self.is_true is None):
            raise ValueError(f"'{measure}' is true or false: give is_true alone")
        if kind != "boolean" and self.is_true is not None:
            raise ValueError(f"'{measure}' is a number: give low or high, not is_true")
        if self.p_value is not None and (table == "units" or kind == "boolean" or not is_p(self.p_value)):
            raise ValueError(f"'{self.p_value}' is no p-value of '{measure}'")

    def _fits_function(self) -> None:
        if self.is_true is not None:
            raise ValueError("a function is a number: give low or high, not is_true")
        if self.p_value is not None:
            raise ValueError(f"'{self.p_value}' is no p-value of a function: make a criterion of its measure alone")
        if self.highest_highpass_hz is not None and not any(term.column in SHAPE for term in self.terms):
            raise ValueError(f"highest_highpass_hz belongs to shapes of spikes ({', '.join(SHAPE)}): leave it out")

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The measures that it rests on."""
        return self.function.terms if self.function else (Term(measure=str(self.measure), weight=1.0),)

    @property
    def rule(self) -> str:
        """The rule in words."""
        unit = f" {self.unit}" if self.unit else ""
        if self.function and self.low is not None and self.high is not None:
            return f"{in_words(self.low)} ≤ {self.function.words} ≤ {in_words(self.high)}{unit}"
        if self.function:
            bound = f"≥ {in_words(self.low)}" if self.low is not None else f"≤ {in_words(float(self.high or 0))}"
            return f"{self.function.words} {bound}{unit}"
        if self.is_true is not None:
            return "is true" if self.is_true else "is false"
        if self.low is not None and self.high is not None:
            words = f"{self.low:g} to {self.high:g}{unit}"
        else:
            words = f"at least {self.low:g}{unit}" if self.low is not None else f"at most {self.high:g}{unit}"
        return words + (f", p ≤ {self.p_max:g}" if self.p_value else "")


def is_p(column: str) -> bool:
    return column == "p_value" or column.endswith("_p")


class Ruleset(Part):
    """One set of criteria, and what it was made for."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$", description="NAME, as the file is called.")
    title: str = Field(description="What it is, in a line.")
    species: tuple[str, ...] = Field((), description="Species that it was made for, in any words; none: any.")
    species_must_be_stated: bool = Field(False, description="Whether an animal of no stated species gets no label.")
    preparation: Literal["any", "awake", "anaesthetised"] = Field("any", description="What it was made for.")
    note: str = Field(description="Where it comes from and what may be expected of it.")
    criteria: tuple[Criterion, ...] = Field(min_length=1, description="A list, each with the keys that follow.")

    @model_validator(mode="after")
    def _names_are_unique(self) -> Ruleset:
        names = [criterion.name for criterion in self.criteria]
        if len(set(names)) != len(names):
            raise ValueError("has two criteria of the same name")
        if all(criterion.weight == "advisory" for criterion in self.criteria):
            raise ValueError("has advisory criteria alone, by which no unit gets a label")
        return self


def read_ruleset(content: bytes, name: str) -> tuple[Ruleset | None, list[str]]:
    """A ruleset from the bytes of its YAML file, and what is wrong with it, in words for the person who wrote it."""
    try:
        values, lines = parse_yaml(content.decode("utf-8-sig"))
    except (YamlProblem, UnicodeDecodeError) as error:
        return None, [str(error)]
    if not isinstance(values, dict):
        return None, ["does not hold keys: write 'name: ...' to begin with"]
    try:
        ruleset = Ruleset.model_validate(values)
    except ValidationError as error:
        # A list none of whose items is sound counts as too short as well.
        found = [one for one in error.errors() if one["type"] != "too_short" or not one["input"]]
        return None, [_in_words(one, values, lines) for one in found]
    if ruleset.name != name:
        return None, [f"is named '{ruleset.name}' inside, and its file '{name}': make them the same"]
    return ruleset, []


def _in_words(error: Mapping[str, Any], values: Mapping[str, Any], lines: Mapping[tuple[str, ...], int]) -> str:
    """Row, criterion and key, what was found there, and what belongs there."""
    path, kind = tuple(map(str, error["loc"])), error["type"]
    within = ([row for at, row in lines.items() if at[:n] == path[:n]] for n in range(len(path), 0, -1))
    row = next((min(rows) for rows in within if rows), None)
    where = (f"row {row}, " if row else "") + _criterion_at(error["loc"], values) + ".".join(path)
    found = "found nothing" if error["input"] is None else f"found {str(error['input'])[:60]!r}"
    if kind == "extra_forbidden":
        return f"{where}: unknown key: {did_you_mean(path[-1], _keys_at(path[:-1]))}"
    if kind in ("model_type", "model_attributes_type"):
        return f"{where}: {found} where keys belong: {', '.join(_keys_at(path))}"
    if kind == "too_short":
        return f"{where}: is empty: write one at least, after '- '"
    if kind == "tuple_type":
        return f"{where}: {found} where a list belongs: write each on a row of its own, after '- '"
    if kind == "missing":
        return f"{where}: is required and not there"
    if kind == "value_error":
        return f"{where}: {error['msg'].removeprefix('Value error, ')}"
    return f"{where}: {found}: {error['msg'][0].lower()}{error['msg'][1:]}"


def _criterion_at(path: Sequence[str | int], values: Mapping[str, Any]) -> str:
    """`criterion 'slow', ` where the path leads into one that has a name."""
    if len(path) < 2 or path[0] != "criteria" or not isinstance(path[1], int):
        return ""
    criterion = values["criteria"][path[1]]
    return f"criterion '{criterion['name']}', " if isinstance(criterion, dict) and criterion.get("name") else ""


def _keys_at(path: tuple[str, ...]) -> list[str]:
    inner = [part for part in path if not part.isdigit()]
    models: dict[str, type[Part]] = {"criteria": Criterion, "function": Function, "terms": Term}
    return list(models.get(inner[-1] if inner else "", Ruleset).model_fields)
