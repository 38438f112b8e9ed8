"""An arm has one name and one colour wherever the page shows it."""

import re
from pathlib import Path

import pandas as pd
import pytest

from coeruleus.figures.index import write_index
from coeruleus.figures.release import draw_release
from coeruleus.figures.settings import NAMED_COLOURS, FigureSettings
from coeruleus.figures.style import house_style
from coeruleus.figures.turnover import draw_turnover
from coeruleus.report.dialysate_views import build_release, build_turnover
from coeruleus.report.facts import Facts
from coeruleus.report.page import build_report
from coeruleus.report.pictures import Pictures


def shown(tables: dict[str, pd.DataFrame], folder: Path, settings: FigureSettings) -> dict[str, tuple[str, str]]:
    """Session → name and colour of its line among the points, of the first analyte."""
    with house_style(settings):
        write_index(draw_release(tables, folder, settings, {}), folder)
    (points,) = build_release(tables, Pictures([folder]))[0].points
    return {one.name.split(",")[0]: (one.name, one.colour) for one in points.series}


@pytest.fixture
def groups(made_tables) -> dict[str, str]:
    frame = made_tables["release/release"].drop_duplicates("session_id")
    return dict(zip(frame["session_id"], frame["group"], strict=True))


def test_the_reference_keeps_its_colour_in_the_plot_to_point_at(made_tables, groups, tmp_path):
    """First in the figure's order, though last in the alphabet."""
    first, second = sorted(set(groups.values()), reverse=True)
    found = shown(made_tables, tmp_path, FigureSettings(group_order=[first]))
    colours = {groups[session]: colour for session, (_, colour) in found.items()}
    assert colours == {first: NAMED_COLOURS["blue"], second: NAMED_COLOURS["vermillion"]}


def test_words_and_colours_of_figures_yaml_are_those_of_the_points(made_tables, groups, tmp_path):
    name = sorted(set(groups.values()))[0]
    found = shown(made_tables, tmp_path, FigureSettings(colours={name: "purple"}, wording={name: "as the lab says"}))
    for session, (said, colour) in found.items():
        assert (colour == NAMED_COLOURS["purple"]) == (groups[session] == name)
        assert said.endswith("as the lab says" if groups[session] == name else groups[session])


def test_arms_of_crossovers_have_the_words_and_colours_of_their_parts(made_tables, groups, tmp_path):
    first, second = sorted(set(groups.values()))
    arms = {first: "WT, atx", second: "WT, saline"}
    names = ("release/release", "sources/release_courses", "sources/release_areas", "release/summary")
    tables = made_tables | {name: made_tables[name].assign(arm=made_tables[name]["group"].map(arms)) for name in names
                            if "group" in made_tables[name]}  # fmt: skip
    settings = FigureSettings(colours={"atx": "green"}, wording={"atx": "Atomoxetine", "WT": "wild type"})
    found = shown(tables, tmp_path, settings)
    for session, (said, colour) in found.items():
        drug = groups[session] == first
        assert said.endswith("wild type, Atomoxetine" if drug else "wild type, saline")
        assert (colour == NAMED_COLOURS["green"]) == drug
    assert "wild type, Atomoxetine (n = " in next(tmp_path.glob("release+*.svg")).read_text(encoding="utf-8")
    whole = FigureSettings(colours={"atx": "green", "WT, atx": "sky"}, wording={"atx": "a", "WT, atx": "treated"})
    assert {look for session, look in shown(tables, tmp_path / "whole", whole).items() if groups[session] == first} == {
        (f"{session}, treated", NAMED_COLOURS["sky"]) for session, group in groups.items() if group == first
    }


def test_each_ratio_of_turnover_has_a_heading_and_points_in_the_colours_of_its_figure(made_tables, groups, tmp_path):
    settings = FigureSettings(group_order=[max(groups.values())])
    first = made_tables["release/turnover"]
    other = first.assign(ratio="HVA/DA", percent_baseline=2 * first["percent_baseline"])
    tables = made_tables | {"release/turnover": pd.concat([first, other], ignore_index=True)}
    with house_style(settings):
        write_index(draw_turnover(tables, tmp_path, settings, {}), tmp_path)
    views = build_turnover(tables, Pictures([tmp_path]))
    assert [view.ratio for view in views] == ["MHPG/NE", "HVA/DA"]
    for view, factor in zip(views, (1, 2), strict=True):
        (points,) = view.points
        assert points.title == f"Turnover, {view.ratio}, in each probe"
        for one in points.series:
            session = one.name.split(",")[0]
            assert one.colour == NAMED_COLOURS["blue" if groups[session] == max(groups.values()) else "vermillion"]
            mine = first[first["session_id"] == session].sort_values("time_min")
            assert one.y == pytest.approx((factor * mine["percent_baseline"]).tolist(), nan_ok=True)
    page = build_report(tables, [tmp_path], Facts("demo", "Demo"))
    assert sorted(re.findall("<h3>([A-Z]+/[A-Z]+)</h3>", page)) == ["HVA/DA", "MHPG/NE"]
    assert page.count("Point at: Turnover, ") == 2
