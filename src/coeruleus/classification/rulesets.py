"""Rulesets: LC criteria as data, each with a measure, bounds, a weight and a citation."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from coeruleus.experiment.nearest import did_you_mean
from coeruleus.experiment.yaml_text import YamlProblem, parse_yaml
from coeruleus.tables.units import DRUG_RESPONSES, RESPONSES, UNITS

TABLES = {"units": UNITS, "responses": RESPONSES, "drug_responses": DRUG_RESPONSES}
ONLY_OF = {"trial_types": "responses", "drugs": "drug_responses", "not_after": "drug_responses"}
ONLY_OF |= {"highest_highpass_hz": "units"}
Weight = Literal["required", "if_tested", "advisory"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Criterion(_Part):
    """One criterion. A unit passes where the measure lies within the bounds, or is true where `is_true` stands.

    `required`: must pass for LC-NE, and a fail makes `other`. `if_tested`: the same where it was
    measured, but lacking it is no obstacle. `advisory`: shown only.
    """

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    measure: str
    low: float | None = None
    high: float | None = None
    is_true: bool | None = None
    p_value: str | None = None  # a column of the same table that must be at most p_max for a pass
    p_max: float = Field(0.05, gt=0, le=1)
    unit: str | None = None
    weight: Weight = "required"
    highest_highpass_hz: float | None = None  # a spike recorded with a higher one is not tested
    unknown_highpass: Literal["not_tested", "test"] = "not_tested"
    trial_types: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()  # drugs that block these: what is given after one of them is not tested
    citation: str
    note: str | None = None

    @field_validator("trial_types", "drugs", "not_after")
    @classmethod
    def _in_any_case(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name.casefold() for name in names)

    @model_validator(mode="after")
    def _has_a_rule(self) -> Criterion:
        table, _, column = self.measure.partition(".")
        if table not in TABLES or column not in TABLES[table].names:
            known = [f"{name}.{column}" for name, one in TABLES.items() for column in one.names]
            raise ValueError(f"there is no measure '{self.measure}': {did_you_mean(self.measure, known)}")
        if self.p_value is not None and self.p_value not in TABLES[table].names:
            raise ValueError(f"there is no column '{self.p_value}': {did_you_mean(self.p_value, TABLES[table].names)}")
        if self.low is None and self.high is None and self.is_true is None:
            raise ValueError("has no rule: give low, high or is_true")
        if table == "responses" and not self.trial_types:
            raise ValueError("names no trial_types")
        if table == "drug_responses" and not self.drugs:
            raise ValueError("names no drugs")
        self._fits(table, {one.name: one.kind for one in TABLES[table].columns})
        return self

    def _fits(self, table: str, kinds: dict[str, str]) -> None:
        """Raises ValueError where the rule cannot be held against the measure, and would pass or fail every unit."""
        kind = kinds[self.column]
        if kind == "text":
            raise ValueError(f"'{self.measure}' holds words: no rule can be held against it")
        bounded = self.low is not None or self.high is not None
        if kind == "boolean" and (bounded or self.is_true is None):
            raise ValueError(f"'{self.measure}' is true or false: give is_true alone")
        if kind != "boolean" and self.is_true is not None:
            raise ValueError(f"'{self.measure}' is a number: give low or high, not is_true")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low ({self.low:g}) must lie below high ({self.high:g})")
        if self.p_value is not None and (table == "units" or kind == "boolean" or not is_p(self.p_value)):
            raise ValueError(f"'{self.p_value}' is no p-value of '{self.measure}'")
        for key, only in ONLY_OF.items():
            if getattr(self, key) and only != table:
                raise ValueError(f"{key} belongs to measures of {only}, and this is one of {table}")

    @property
    def table(self) -> str:
        return self.measure.partition(".")[0]

    @property
    def column(self) -> str:
        return self.measure.partition(".")[2]

    @property
    def rule(self) -> str:
        """The rule in words."""
        unit = f" {self.unit}" if self.unit else ""
        if self.is_true is not None:
            return "is true" if self.is_true else "is false"
        if self.low is not None and self.high is not None:
            words = f"{self.low:g} to {self.high:g}{unit}"
        else:
            words = f"at least {self.low:g}{unit}" if self.low is not None else f"at most {self.high:g}{unit}"
        return words + (f", p ≤ {self.p_max:g}" if self.p_value else "")


def is_p(column: str) -> bool:
    return column == "p_value" or column.endswith("_p")


class Ruleset(_Part):
    """One set of criteria, and what it was made for."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    title: str
    species: tuple[str, ...] = ()  # empty: any
    species_must_be_stated: bool = False
    preparation: Literal["any", "awake", "anaesthetised"] = "any"
    note: str
    criteria: tuple[Criterion, ...] = Field(min_length=1)

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
        return None, [_in_words(tuple(map(str, one["loc"])), one["type"], one["msg"], lines) for one in error.errors()]
    if ruleset.name != name:
        return None, [f"is named '{ruleset.name}' inside, and its file '{name}': make them the same"]
    return ruleset, []


def _in_words(path: tuple[str, ...], kind: str, message: str, lines: dict[tuple[str, ...], int]) -> str:
    row = next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), None)
    where = (f"row {row}, " if row else "") + ".".join(path)
    if kind == "extra_forbidden":
        known = Criterion.model_fields if path[:1] == ("criteria",) else Ruleset.model_fields
        return f"{where}: unknown key: {did_you_mean(path[-1], known)}"
    return f"{where}: {message.removeprefix('Value error, ')}"
