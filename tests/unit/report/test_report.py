"""The page: self-contained, escaped, complete, the same bytes, and readable without a mouse or eyes."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from coeruleus.figures.dialysate_set import draw_dialysate_figures
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.units_set import draw_unit_figures
from coeruleus.report import page as page_module
from coeruleus.report import pictures
from coeruleus.report.facts import Facts
from coeruleus.report.page import build_report
from coeruleus.tables import registry
from coeruleus.tables.status import MEANING

HOSTILE = '<img src=x onerror="alert(1)">'
FORMULA = "=cmd|' /C calc'!A1"
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """What a reader of the page meets: tags in balance, headings, tables, images, ids, links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="session")
def folders(made_tables, tmp_path_factory) -> list[Path]:
    top = tmp_path_factory.mktemp("report")
    captions = {"release": "What release shows."}
    draw_dialysate_figures(made_tables, top / "dialysate", FigureSettings(), captions)
    units = {name: frame for name, frame in made_tables.items() if not name.startswith("truth/")}
    draw_unit_figures(units, top / "units", FigureSettings(), captions)
    return [top / "dialysate", top / "units"]


@pytest.fixture(scope="session")
def tables(made_tables) -> dict[str, pd.DataFrame]:
    sheets = {
        "sheets/subjects": pd.DataFrame({"subject_id": ["rat01", "rat02"], "group": ["vehicle", HOSTILE]}),
        "curation/units": pd.DataFrame([{"site_id": "site02", "unit_id": "u1", "action": "label", "label": "LC-NE",
                                         "reason": FORMULA, "author": "A. K.", "date": None}]),
        "curation/samples": pd.DataFrame([{"session_id": "rat01", "probe_id": "rat01", "sample_id": "rat01_s3",
                                           "action": "exclude", "reason": "air bubble", "author": "A. K."}]),
    }  # fmt: skip
    return made_tables | sheets


@pytest.fixture(scope="session")
def facts() -> Facts:
    settings = {
        "units": {"rulesets": ["lc_anaesthetised_rat"]},
        "dialysis": {"flow_rate_ul_per_min": None, "dead_volume_ul": 0},
        "calibration": {"model": "linear", "weighting": "1/x", "internal_standard": "DHBA", "drift_correction": True},
        "baseline": {"samples": 3, "max_cv": 0.2},
    }
    return Facts("demo", f"Release {HOSTILE}", "rat", settings, {"coeruleus": "0.1.0", "scipy": "1.17"})


@pytest.fixture(scope="session")
def text(tables, folders, facts) -> str:
    return build_report(tables, folders, facts)


def test_the_same_input_gives_the_same_page(text, tables, folders, facts):
    assert build_report(tables, folders, facts) == text


def test_figures_that_do_not_fit_in_are_counted_in_words(tables, folders, facts, text, monkeypatch):
    """As many as fit in by the bytes that are embedded, which for small vectors are those of the SVG."""
    assert "did not fit in here" not in text
    svgs = sorted(folders[1].glob("joint+*.svg"))
    monkeypatch.setitem(pictures.MOST, "joint", sum(path.stat().st_size for path in svgs[:2]))
    monkeypatch.setitem(pictures.MOST, "chromatograms", 10)
    page = Page(build_report(tables, folders, facts))
    assert len([image for image in page.all("img") if image["class"] == "joint"]) == 2 == len(svgs) - 1
    assert "1 further figure of release beside rates did not fit in here: see the folder figures/units." in page.text
    assert "1 further page of chromatograms did not fit in here: see the folder figures/dialysate." in page.text


def test_tags_are_in_balance_and_ids_are_unique(text):
    page = Page(text)
    assert page.open == []
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [link["href"] for link in page.all("a")]
    assert all(target.startswith("#") and target[1:] in ids for target in targets)


def test_nothing_is_fetched_and_no_place_of_this_machine_is_named(text, folders):
    page = Page(text)
    assert all(image["src"].startswith("data:image/") for image in page.all("img"))
    assert not page.all("link") and not page.all("iframe")
    assert all("src" not in script for script in page.all("script"))
    visible = re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)
    visible = re.sub(r"/\*! https://github.com/leeoniya/uPlot .*?\*/", "", visible)  # the library names its home
    assert "http" not in visible.replace('http-equiv="Content-Security-Policy"', "")
    assert "url(" not in visible and "@import" not in visible
    assert str(folders[0].parent) not in visible and "/tmp/" not in visible


def test_only_its_own_script_and_style_may_run(text):
    """The policy names one script and one style by their checksum; everything else is data."""
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text).group(1)
    assert "unsafe" not in policy and policy.startswith("default-src 'none'")
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        (code,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    kinds = [script.get("type") for script in Page(text).all("script")]
    assert kinds.count(None) == 1 and set(kinds) == {None, "text/plain", "application/json"}


def test_the_embedded_library_is_the_one_that_is_named(text):
    readme = (Path(page_module.__file__).parent / "vendor" / "README.md").read_text(encoding="utf-8")
    version = re.search(r"uPlot ([0-9.]+)", readme).group(1)
    assert f"uPlot (v{version})" in text and "Permission is hereby granted, free of charge" in text


def test_embedded_pictures_are_those_of_the_files(text, folders):
    shown = {base64.b64decode(image["src"].split("base64,")[1]) for image in Page(text).all("img")}
    on_disk = {path.read_bytes() for folder in folders for path in folder.rglob("*") if path.suffix in (".svg", ".png")}
    assert shown <= on_disk
    assert len(shown) == sum(len(list(folder.rglob("*.tsv"))) for folder in folders)


def test_hostile_and_formula_like_text_stays_text(text):
    assert HOSTILE not in text and "<img src=x" not in text
    page = Page(text)
    assert HOSTILE in page.text and FORMULA in page.text
    assert all("onerror" not in attributes for _, attributes in page.tags)


def test_what_went_wrong_stands_first(text):
    page = Page(text).text
    assert page.index("1 error (something was lost) and 1 warning") < page.index("the file is empty")
    assert page.index("the file is empty") < page.index("varies by 31 %") < page.index("What was done")
    assert page.index("What was done") < page.index("HPLC run run1") < page.index("Evidence cards")


def test_counts_and_numbers_are_those_of_the_tables(text):
    page = Page(text).text
    assert "6 injections in 1 HPLC run (4 dialysate, 2 standard), 4 analytes." in page
    assert "54 dialysate samples from 6 animals and 6 probes." in page
    assert "4 units at 5 recording sites." in page
    assert "Labels by lc_anaesthetised_rat: 2 LC-NE, 1 other, 1 undetermined." in page
    assert "reboxetine × time: 0.81 (95 % CI 0.57 to 1.05), t(9) = 6.75, p = 0.0002; 6 animals, 54 samples." in page
    assert "zz_site n/a failed no spike was found".replace("n/a ", "") in page.replace("n/a ", "")
    assert "probe missed the target" in page
    assert "times were not shifted" in page


def test_every_injection_and_every_unit_is_on_the_page(text, made_tables):
    page = Page(text)
    described = " ".join(image["alt"] for image in page.all("img"))
    for injection in set(made_tables["dialysate/peaks"]["injection_id"]):
        assert injection in described
    for site in made_tables["units/units"]["site_id"]:
        assert site in page.text
    verdicts = made_tables["units/evidence"]["verdict"]
    assert page.text.count("not_tested") >= int((verdicts == "not_tested").sum())


def test_decisions_of_people_are_shown_with_before_and_after(text):
    page = Page(text).text
    assert "site02 · u1 label LC-NE other (lc_anaesthetised_rat) other" in page
    assert "rat01 · rat01 · rat01_s3 exclude NE" in page and "air bubble A. K." in page


def test_headings_tables_and_pictures_can_be_read_aloud(text):
    page = Page(text)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(image.get("alt") for image in page.all("img"))
    assert len(page.all("table")) == len(page.all("caption"))
    assert all("scope" in head for head in page.all("th"))
    assert page.all("html")[0]["lang"] == "en" and page.all("main") and page.all("nav")
    assert "width=device-width" in text and "@media print" in text


def test_methods_and_glossary(text):
    page = Page(text).text
    assert "coeruleus 0.1.0, scipy 1.17" in page
    assert "a line fitted to the area relative to that of the internal standard DHBA" in page
    assert "The fit was weighted by 1/x." in page
    assert "People decided about 1 sample, 1 unit;" in page
    assert "Virtanen et al. 2020" in page and "Harris" not in page  # only what the record of versions names
    assert "Responses to paw_pinch were tested" in page
    for status, meaning in MEANING.items():
        assert f"{status} {meaning}" in page


def test_an_experiment_without_anything_still_has_a_page(tmp_path, facts):
    page = Page(build_report({}, [tmp_path / "none"], Facts("empty", "Nothing yet")))
    assert "There was nothing to do" in page.text and "Nothing was reported as wrong" in page.text
    header_only = {"dialysate/peaks": pd.DataFrame(columns=["injection_id", "analyte", "run", "kind", "status"])}
    assert "Nothing yet" in Page(build_report(header_only, [], Facts("empty", "Nothing yet"))).text


def test_one_half_alone(made_tables, folders, facts):
    units = {name: frame for name, frame in made_tables.items() if name.startswith("units/")}
    page = Page(build_report(units, folders[1:], facts)).text
    assert "HPLC run" not in page and "Evidence cards" in page


def test_each_result_table_is_where_a_reader_expects_it(tables, folders, facts):
    """In the section that it belongs to, and then not among the further tables."""
    unit = {"site_id": "site01", "unit_id": "u1"}
    run = sorted(tables["dialysate/peaks"]["run"].dropna())[0]
    course = {"session_id": "s", "probe_id": "p", "sample_id": "1", "subject_id": "rat01"}
    given = {
        "dialysate/suitability": [
            {"run": run, "analyte": "NE", "test": "tailing", "value": 3.25, "limit_high": 2.0, "verdict": "fail"},
            {"run": run, "analyte": "NE", "test": "plates", "value": 9000.0, "limit_low": 2000.0, "verdict": "pass"},
        ],
        "release/assumptions": [{"analyte": "NE", "region": "mPFC", "model": "m", "check": "normal residuals"}],
        "release/turnover": [course | {"ratio": HOSTILE, "value": 7.5}],
        "units/statistics": [{"units": "all", "measure": "spontaneous rate (made)", "group": "vehicle"}],
        "units/sensitivity": [unit | {"ruleset": "r", "criterion": "moved bound (made)", "bound": "low"}],
        "units/disagreements": [unit | {"ruleset": "r", "other_ruleset": "another (made)", "label": "LC-NE"}],
    }  # fmt: skip
    more = {name: registry.TABLES[name].frame(rows) for name, rows in given.items()}
    page = build_report(tables | more, folders, facts)
    sections = {
        name: re.sub(r"<[^>]*>", " ", text)
        for name, text in re.findall(r'<section id="([\w-]+)"(.*?)</section>', page, re.DOTALL)
    }
    assert "1 of 2 tested limits of system suitability passed; failed: NE tailing." in sections["run-1"]
    assert "3.25" in sections["run-1"]
    release = next(text for name, text in sections.items() if name.startswith("release-") and "Release of NE" in text)
    assert "normal residuals" in release and "zero_net_flux" in release and "0.28" in release
    assert "7.5" in sections["turnover"] and "&lt;img src=x" in sections["turnover"] and HOSTILE not in page
    for words in ("spontaneous rate (made)", "moved bound (made)", "another (made)"):
        assert words in sections["units"]
    assert "further" not in sections
