"""What figures.yaml may say: how figures look, never what is measured."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from coeruleus.experiment.nearest import did_you_mean
from coeruleus.experiment.yaml_text import YamlProblem, parse_yaml

NAMED_COLOURS = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "grey": "#8C8C8C",
}


def _colour(value: str) -> str:
    if value in NAMED_COLOURS:
        return NAMED_COLOURS[value]
    if re.fullmatch(r"#[0-9A-Fa-f]{6}", value):
        return value
    raise ValueError(f"is not a colour: write #rrggbb in quotes, or one of {', '.join(NAMED_COLOURS)}")


Colour = Annotated[str, AfterValidator(_colour)]


class FigureSettings(BaseModel):
    """How figures look. Sizes are in mm, text in points."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    single_column_mm: float = Field(
        85.0, ge=60, le=120, description="Width of small figures, such as the plane of units, mm (60 to 120)."
    )
    double_column_mm: float = Field(180.0, ge=120, le=300, description="Width of all other figures, mm (120 to 300).")
    font_size_pt: float = Field(
        7.0, ge=5, le=12, description="Size of words, points (5 to 12); those of ticks and legends are 1 smaller."
    )
    png_dpi: int = Field(200, ge=72, le=600, description="Pixels per inch of PNGs (72 to 600).")
    card_dpi: int = Field(
        150, ge=72, le=600, description="The same of evidence cards, single animals and pages of chromatograms."
    )
    pdf_of_all: bool = Field(
        False,
        description="PDFs also of evidence cards, single animals and pages of chromatograms, a third of a second each.",
    )
    injections_per_page: int = Field(7, ge=1, le=20, description="On a page of chromatograms (1 to 20).")
    units_per_page: int = Field(
        60, ge=5, le=200, description="Rows on a page of evidence, of responses to drugs and of recovery (5 to 200)."
    )
    animals_per_page: int = Field(20, ge=1, le=60, description="Probes on a page of single animals (1 to 60).")
    colours: dict[str, Colour] = Field(
        {},
        description="Name of a group, a treatment, an arm (`group, treatment`), an analyte or a label of units: its "
        f"colour, as '#rrggbb' in quotes or one of {', '.join(NAMED_COLOURS)}.",
    )
    group_order: list[str] = Field(
        [],
        description="Groups, treatments or arms in the order of their panels; others follow by name. "
        "Empty: `release.reference_group` first.",
    )
    analyte_order: list[str] = Field(
        [], description="Analytes in the order of their figures. Empty: that of `analytes`."
    )
    zoom_analyte: str | None = Field(
        None,
        description="The analyte that panels beside chromatograms enlarge. Null: noradrenaline, else the smallest.",
    )
    wording: dict[str, str] = Field(
        {},
        description="Name in the sheets (group, treatment, region, analyte, drug), or of a label or a criterion: how "
        "figures write it. Axes keep their words.",
    )

    def completed(self, analytes: list[str], reference_group: str | None) -> FigureSettings:
        """With the experiment's own order of analytes, and the reference group first, where figures.yaml is silent."""
        first = [reference_group] if reference_group else []
        orders = {"analyte_order": self.analyte_order or list(analytes), "group_order": self.group_order or first}
        return self.model_copy(update=orders)

    def say(self, words: str) -> str:
        """A name as the lab wants to read it."""
        return self.wording.get(words, words)


def _message(error: Any, lines: dict[tuple[str, ...], int]) -> str:
    where = tuple(str(part) for part in error["loc"])
    row = next((lines[where[:n]] for n in range(len(where), 0, -1) if where[:n] in lines), None)
    head = f"figures.yaml row {row}" if row else "figures.yaml"
    if error["type"] == "extra_forbidden":
        return f"{head}: unknown key '{where[-1]}'; {did_you_mean(where[-1], FigureSettings.model_fields)}"
    said = error["msg"].removeprefix("Value error, ")
    return f"{head}: {'.'.join(where)}: found {error['input']!r}; {said[0].lower()}{said[1:]}"


def parse_figures_yaml(text: str) -> tuple[FigureSettings, list[str]]:
    """Settings from the text of figures.yaml, and what is wrong with it in words.

    With any error the defaults come back, so that a caller who only warns still draws.
    """
    try:
        loaded, lines = parse_yaml(text)
    except YamlProblem as problem:
        return FigureSettings(), [f"figures.yaml {problem}"]
    if loaded is None:
        return FigureSettings(), []
    if not isinstance(loaded, dict):
        return FigureSettings(), ["figures.yaml: expected lines of `key: value`, found none"]
    try:
        return FigureSettings.model_validate({str(key): value for key, value in loaded.items()}), []
    except ValidationError as error:
        return FigureSettings(), [_message(one, lines) for one in error.errors()]
