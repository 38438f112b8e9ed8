"""figures.yaml: what it may say, and how mistakes are named."""

import pytest

from coeruleus.figures.settings import FigureSettings, parse_figures_yaml


def test_an_empty_file_gives_the_defaults():
    assert parse_figures_yaml("") == (FigureSettings(), [])


def test_what_is_said_is_taken():
    text = "group_order: [vehicle, drug]\ncolours: {vehicle: grey, drug: '#112233'}\nwording: {NE: noradrenaline}\n"
    settings, errors = parse_figures_yaml(text)
    assert errors == []
    assert settings.group_order == ["vehicle", "drug"]
    assert settings.colours == {"vehicle": "#8C8C8C", "drug": "#112233"}
    assert settings.say("NE") == "noradrenaline" and settings.say("DA") == "DA"


def test_the_experiment_fills_in_what_is_not_said():
    settings = FigureSettings(group_order=["b"]).completed(["NE", "DA"], "vehicle")
    assert settings.analyte_order == ["NE", "DA"] and settings.group_order == ["b"]
    assert FigureSettings().completed([], "vehicle").group_order == ["vehicle"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("group_oder: [a]", "did you mean 'group_order'"),
        ("a: 1\ngroup_oder: [a]", "row 2"),
        ("colours: {a: pinkish}", "colours.a: found 'pinkish'"),
        ("png_dpi: 9999", "png_dpi: found 9999"),
        ("png_dpi: [", "cannot be read as YAML"),
        ("- a\n- b", "expected lines of `key: value`"),
    ],
)
def test_mistakes_are_named_and_the_defaults_come_back(text, named):
    settings, errors = parse_figures_yaml(text)
    assert settings == FigureSettings()
    assert any(named in error for error in errors), errors
