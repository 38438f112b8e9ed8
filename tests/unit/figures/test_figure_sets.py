"""The figures of both halves: same bytes, vectors with text, a table beside each, and nothing that stops them."""

import hashlib
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from coeruleus.figures.captions import read_captions
from coeruleus.figures.dialysate_set import draw_dialysate_figures, draw_pages
from coeruleus.figures.index import INDEX, read_index
from coeruleus.figures.save import PLOTTED
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.units_set import draw_unit_figures
from coeruleus.tables import dialysate, sources, units
from coeruleus.tables.io import read_table

from ..conftest import dose_tables

CAPTIONS = read_captions(Path(__file__).resolve().parents[3] / "workflow" / "report")
HOSTILE = "<img src=x onerror=alert(1)>$\\frac{a}{b}$"


@pytest.fixture(scope="module")
def drawn(made_tables, tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures")
    first = draw_dialysate_figures(made_tables, folder / "dialysate", FigureSettings(), CAPTIONS)
    second = draw_unit_figures(made_tables, folder / "units", FigureSettings(), CAPTIONS)
    return folder, {"dialysate": first, "units": second}


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_every_kind_of_figure_is_drawn_and_has_a_caption(drawn, tmp_path):
    kinds = {record.kind for records in drawn[1].values() for record in records}
    kinds |= {record.kind for record in draw_unit_figures(dose_tables(), tmp_path, FigureSettings(), CAPTIONS)}
    assert kinds == set(CAPTIONS)
    for records in drawn[1].values():
        for record in records:
            assert record.caption.startswith(CAPTIONS[record.kind])
            assert "n = " in record.caption, record.name


def test_the_same_tables_give_the_same_bytes(drawn, made_tables, tmp_path):
    folder, _ = drawn
    draw_dialysate_figures(made_tables, tmp_path / "dialysate", FigureSettings(), CAPTIONS)
    draw_unit_figures(made_tables, tmp_path / "units", FigureSettings(), CAPTIONS)
    assert digests(tmp_path) == digests(folder)


def test_pages_drawn_run_by_run_are_those_drawn_at_once(made_tables, tmp_path):
    """Whatever the order in which the runs are given, and in which their pages were drawn."""
    tables = {name: made_tables[name] for name in ("dialysate/peaks", "sources/traces", "sources/drift")}
    peaks = tables["dialysate/peaks"]
    second = peaks["injection_id"].isin(sorted(set(peaks["injection_id"]))[::3])
    peaks = peaks.assign(run=np.where(second, "run10", "run9"))
    at_once = draw_pages(tables | {"dialysate/peaks": peaks}, tmp_path / "once", FigureSettings(), CAPTIONS)
    folders = [tmp_path / run for run in ("run10", "run9")]
    for folder in folders:
        draw_pages(tables | {"dialysate/peaks": peaks[peaks["run"] == folder.name]}, folder, FigureSettings(), CAPTIONS)
    taken = draw_dialysate_figures({}, tmp_path / "taken", FigureSettings(), CAPTIONS, folders)
    assert [record.about["run"] for record in taken] == sorted((r.about["run"] for r in taken), reverse=True)
    assert taken == at_once
    assert digests(tmp_path / "taken") == digests(tmp_path / "once")


def test_a_card_does_not_depend_on_the_cards_before_it(drawn, made_tables, tmp_path):
    alone = {
        name: frame[frame["site_id"] == "site03"] if "site_id" in frame else frame
        for name, frame in made_tables.items()
    }
    draw_unit_figures(alone, tmp_path, FigureSettings(), CAPTIONS)
    name = "cards/site03+u1"
    for suffix in (".svg", ".png", ".tsv"):
        assert (tmp_path / (name + suffix)).read_bytes() == (drawn[0] / "units" / (name + suffix)).read_bytes()


def test_the_users_own_matplotlib_settings_change_nothing(drawn, made_tables, tmp_path):
    import matplotlib

    with matplotlib.rc_context({"font.size": 20, "svg.fonttype": "path", "axes.grid": True, "lines.linewidth": 9}):
        draw_dialysate_figures(made_tables, tmp_path, FigureSettings(), CAPTIONS)
    assert digests(tmp_path) == digests(drawn[0] / "dialysate")


def test_vectors_hold_text_and_neither_dates_nor_addresses(drawn):
    folder, listed = drawn
    for half, records in listed.items():
        for record in records:
            text = (folder / half / record.file(".svg")).read_text(encoding="utf-8")
            ElementTree.fromstring(text)
            assert "<text" in text and "date" not in text.lower().replace("updated", ""), record.name
            fetched = [part for part in text.split('"') if part.startswith("http")]
            assert all(
                part.startswith(("http://www.w3.org/", "http://purl.org/", "http://creativecommons.org/"))
                for part in fetched
            ), fetched


def test_images_say_their_size_and_nothing_of_the_software(drawn):
    folder, listed = drawn
    record = next(one for one in listed["dialysate"] if one.kind == "release")
    image = Image.open(folder / "dialysate" / record.file(".png"))
    assert "Software" not in image.info
    assert round(image.width / image.info["dpi"][0] * 25.4) == 180


def test_each_figure_has_its_table_beside_it_with_the_values_shown(drawn, made_tables):
    folder, listed = drawn
    for half, records in listed.items():
        for record in records:
            for name in record.files:
                assert (folder / half / name).is_file()
            dictionary = json.loads((folder / half / record.file(".json")).read_text(encoding="utf-8"))
            header = (folder / half / record.file(".tsv")).read_text(encoding="utf-8").split("\n")[0]
            assert set(header.split("\t")) == set(dictionary)
    release = read_table(folder / "dialysate" / "release+NE.tsv", PLOTTED)
    mean = release[(release["series"] == "mean and 95 % interval") & (release["panel"] != "area")]
    course = made_tables["sources/release_courses"]
    course = course[course["analyte"] == "NE"]
    assert np.allclose(np.sort(mean["y"]), np.sort(course["mean_percent"]), rtol=1e-6)
    plane = read_table(folder / "units" / "unit_plane+lc_anaesthetised_rat.tsv", PLOTTED)
    measured = made_tables["units/units"]["firing_rate_hz"].dropna()
    shown = plane[plane["series"].isin(["LC-NE", "other", "undetermined"])]
    assert np.allclose(np.sort(shown["x"]), np.sort(measured), rtol=1e-6)


def test_known_words_and_numbers_stand_in_the_figures(drawn):
    folder, _ = drawn
    page = (folder / "dialysate" / "chromatograms+run1+01.svg").read_text(encoding="utf-8")
    assert "failed: the file is empty" in page and "(EPI)" in page
    line = (folder / "dialysate" / "calibration+run1+01.svg").read_text(encoding="utf-8")
    assert "LOD 0.04, LOQ 0.12 nM" in line and "std07" in line
    animals = (folder / "dialysate" / "release_animals+NE+01.svg").read_text(encoding="utf-8")
    assert "probe missed" in animals and "baseline not stable" in animals
    card = (folder / "units" / "cards" / "site01+u1.svg").read_text(encoding="utf-8")
    assert "excitation p &lt; 0.001" in card and "paw_pinch, baseline (n = 8)" in card and "clonidine" in card
    poor = (folder / "units" / "cards" / "site04+u1.svg").read_text(encoding="utf-8")
    assert "insufficient_spikes" in poor and "no spontaneous intervals" in poor


def test_the_index_comes_back_as_it_was_written(drawn):
    folder, listed = drawn
    for half, records in listed.items():
        assert read_index(folder / half) == records
        names = [record.name for record in records]
        assert len(set(names)) == len(names)


def test_empty_tables_give_no_figure_or_say_so(tmp_path):
    assert draw_dialysate_figures({}, tmp_path / "none", FigureSettings(), {}) == []
    assert (tmp_path / "none" / INDEX).is_file()
    empty = {table.name: table.frame() for table in (dialysate.PEAKS, sources.TRACES, sources.DRIFT, units.UNITS)}
    draw_dialysate_figures(empty, tmp_path / "empty", FigureSettings(), {})
    shown = draw_unit_figures(empty, tmp_path / "units", FigureSettings(), {})
    text = (tmp_path / "units" / shown[0].file(".svg")).read_text(encoding="utf-8")
    assert "no unit with both a firing rate and a half-width" in text


@pytest.mark.parametrize("half", ["dialysate", "units"])
def test_any_number_may_be_missing(made_tables, tmp_path, half):
    gone = {}
    for name, frame in made_tables.items():
        bare = frame.copy()
        for column in bare.select_dtypes("number"):
            bare[column] = np.nan
        keep = ("segment", "order") if half == "units" else ("order",)
        for column in keep:
            if column in frame:
                bare[column] = frame[column]
        gone[name] = bare
    draw = draw_dialysate_figures if half == "dialysate" else draw_unit_figures
    assert draw(gone, tmp_path, FigureSettings(), CAPTIONS)


@pytest.mark.parametrize("half", ["dialysate", "units"])
def test_any_text_may_be_missing(made_tables, tmp_path, half):
    keys = {
        "injection_id",
        "analyte",
        "run",
        "session_id",
        "probe_id",
        "site_id",
        "unit_id",
        "status",
        "verdict",
        "ruleset",
        "criterion",
        "label",
        "quantity",
        "trial_type",
        "condition",
        "mark",
        "excerpt",
        "view",
        "item",
    }
    gone = {}
    for name, frame in made_tables.items():
        bare = frame.copy()
        for column in bare.select_dtypes(["object", "str"]):
            if column not in keys:
                bare[column] = None
        gone[name] = bare
    draw = draw_dialysate_figures if half == "dialysate" else draw_unit_figures
    assert draw(gone, tmp_path, FigureSettings(), CAPTIONS)


def test_hostile_names_stay_text(made_tables, tmp_path):
    hostile = {}
    for name, frame in made_tables.items():
        renamed = frame.copy()
        for column in ("analyte", "subject_id", "reason", "trial_type", "drug", "group", "signal_unit", "criterion"):
            if column in renamed and len(renamed):
                renamed[column] = renamed[column].where(renamed[column].isna(), HOSTILE + renamed[column].astype(str))
        hostile[name] = renamed
    records = draw_dialysate_figures(hostile, tmp_path / "d", FigureSettings(), CAPTIONS)
    records += draw_unit_figures(hostile, tmp_path / "u", FigureSettings(), CAPTIONS)
    assert records
    for path in tmp_path.rglob("*.svg"):
        text = path.read_text(encoding="utf-8")
        ElementTree.fromstring(text)
        assert "<img" not in text


def test_many_responses_go_on_further_cards(made_tables, tmp_path):
    rows = made_tables["units/responses"]
    one = rows[rows["site_id"] == "site01"].iloc[[0]]
    many = pd.concat([one.assign(trial_type=f"event{number}") for number in range(7)])
    few = {"units/units": made_tables["units/units"].iloc[[0]], "units/responses": units.RESPONSES.frame(many)}
    records = [
        record for record in draw_unit_figures(few, tmp_path, FigureSettings(), {}) if record.kind == "unit_card"
    ]
    assert [record.name for record in records] == ["cards/site01+u1", "cards/site01+u1+2", "cards/site01+u1+3"]
    assert "event6" in (tmp_path / records[-1].file(".svg")).read_text(encoding="utf-8")


def test_figures_yaml_restyles_without_computing(made_tables, tmp_path, drawn):
    settings = FigureSettings(
        group_order=["vehicle"],
        wording={"NE": "noradrenaline", "vehicle": "saline"},
        colours={"vehicle": "#123456"},
        double_column_mm=150,
    )
    draw_dialysate_figures(made_tables, tmp_path, settings, CAPTIONS)
    text = (tmp_path / "release+NE.svg").read_text(encoding="utf-8")
    assert "saline" in text and "#123456" in text and text.index("saline") < text.index("reboxetine")
    assert (tmp_path / "release_animals+NE+01.tsv").read_bytes() == (
        drawn[0] / "dialysate" / "release_animals+NE+01.tsv"
    ).read_bytes()
