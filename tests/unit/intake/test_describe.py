"""The documentation of keys and columns says what the code reads."""

from pathlib import Path

from coeruleus.classification.functions import Function, Term
from coeruleus.classification.rulesets import Criterion, Ruleset
from coeruleus.figures.settings import FigureSettings
from coeruleus.intake.describe import describe


def test_config_readme_is_up_to_date() -> None:
    text = (Path(__file__).resolve().parents[3] / "config" / "README.md").read_text(encoding="utf-8")
    assert text == describe(), "run: .venv/bin/coeruleus describe > config/README.md"


def test_every_key_of_figures_yaml_is_described() -> None:
    section = describe().split("## figures.yaml")[1].split("\n## ")[0]
    for name, field in FigureSettings.model_fields.items():
        assert field.description and f"| `{name}` | {field.description}" in section


def test_every_key_of_a_ruleset_is_described() -> None:
    section = describe().split("## rulesets/NAME.yaml")[1].split("\n## ")[0]
    for model in (Ruleset, Criterion, Function, Term):
        for name, field in model.model_fields.items():
            assert field.description and f"| `{name}` | {field.description}" in section
