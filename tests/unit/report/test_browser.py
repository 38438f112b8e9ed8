"""The page as a person meets it: opened, searched, sorted, zoomed, decided about, by mouse and by keyboard."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from browser import Visit
from PIL import Image

from coeruleus.experiment.read_sheet import read_sheet
from coeruleus.experiment.sheets import CURATION_PEAKS, CURATION_SAMPLES, CURATION_TRIALS, CURATION_UNITS
from coeruleus.figures.dialysate_set import draw_dialysate_figures
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.units_set import draw_unit_figures
from coeruleus.report.facts import Facts
from coeruleus.report.page import build_report
from coeruleus.tables.sources import VENDOR_PEAKS

HOSTILE = "<img src=x onerror=alert(1)>"
ENDING = "</script><script>document.title='broken'</script>"
THEIRS = (("inj001", 11.0), ("inj004", 30.0))  # areas of NE by the vendor; ours is 12
SHEETS = {
    "peaks": CURATION_PEAKS,
    "samples": CURATION_SAMPLES,
    "units": CURATION_UNITS,
    "trials": CURATION_TRIALS,
}


@pytest.fixture(scope="session")
def tables(made_tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    renamed = {}
    for name, frame in made_tables.items():
        frame = frame.copy()
        if "injection_id" in frame:
            frame["injection_id"] = frame["injection_id"].replace({"inj002": HOSTILE, "inj003": ENDING})
        renamed[name] = frame
    vendor = pd.DataFrame([{"injection_id": name, "retention_time_min": 4.1, "start_min": 3.8, "end_min": 4.4,
                            "area": area, "name": HOSTILE} for name, area in THEIRS])  # fmt: skip
    kept = [{"injection_id": "inj001", "analyte": "DA", "action": "exclude", "reason": 'a "quoted" reason',
             "author": "A. K.", "date": "2026-01-01", "room": "=B12", "sheet_row": 2.0}]  # fmt: skip
    events = [
        {"site_id": "site01", "segment": 1, "onset": onset, "trial_type": "paw_pinch"} for onset in (60.0, 120.25)
    ]
    events += [  # enough to make the table a long one
        {"site_id": "site02", "segment": 1, "onset": 10.0 * place, "trial_type": "paw_pinch", "side": HOSTILE}
        for place in range(1, 151)
    ]
    return renamed | {
        "sources/vendor_peaks": VENDOR_PEAKS.frame(vendor),
        "curation/peaks": pd.DataFrame(kept),
        "interim/events": pd.DataFrame(events),
        "sheets/subjects": pd.DataFrame({"subject_id": [f"rat{n:02d}" for n in range(1, 13)], "group": HOSTILE}),
    }


@pytest.fixture(scope="session")
def report(tables: dict[str, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("page")
    settings = FigureSettings()
    draw_dialysate_figures(tables, top / "dialysate", settings, {})
    draw_unit_figures({n: f for n, f in tables.items() if not n.startswith("truth/")}, top / "units", settings, {})
    text = build_report(tables, [top / "dialysate", top / "units"], Facts("demo", f"Release {HOSTILE}", "rat"))
    (top / "report.html").write_text(text, encoding="utf-8")
    return top / "report.html"


@pytest.fixture
def visit(chromium: Any, report: Path) -> Any:
    opened = Visit(chromium, report)
    yield opened
    assert opened.said == [] and opened.requests() == []  # nothing on the console, nothing asked for, whatever was done
    opened.context.close()


def choose(page: Any, injection: str) -> None:
    page.locator("select.injections").select_option(injection)
    page.locator(".traces h4", has_text=injection).wait_for()


def decide(page: Any, button: Any, action: str, reason: str = "air bubble", author: str = "A. K.", **more: str) -> None:
    button.click()
    form = page.locator("dialog form")
    form.locator("[name=action]").select_option(action)
    for name, value in more.items():
        place = form.locator(f"[name={name}]")
        place.select_option(value) if name == "label" else place.fill(value)
    form.locator("[name=reason]").fill(reason)
    form.locator("[name=author]").fill(author)
    form.locator("button[type=submit]").click()


def downloaded(page: Any, sheet: str, folder: Path) -> pd.DataFrame:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=f"Download {sheet}.tsv").click()
    assert waiting.value.suggested_filename == f"{sheet}.tsv"
    waiting.value.save_as(folder / f"{sheet}.tsv")
    frame, problems = read_sheet(folder / f"{sheet}.tsv", SHEETS[sheet])
    assert problems == []
    return frame


def test_it_opens_and_hostile_words_are_words(visit: Any) -> None:
    page = visit.page
    assert page.title() == f"Release {HOSTILE}"
    assert page.locator("img[onerror], img[src=x]").count() == 0
    assert page.locator("h1").inner_text() == f"Release {HOSTILE}"
    choose(page, HOSTILE)
    assert page.locator(".traces caption").inner_text().startswith(f"Peaks of {HOSTILE}.")
    choose(page, ENDING)
    assert page.title() == f"Release {HOSTILE}"


def test_nothing_stands_in_the_way_of_assistive_technology(visit: Any) -> None:
    assert visit.violations() == []
    page = visit.page
    for part in page.locator("details").all():
        part.evaluate("part => (part.open = true)")
    page.locator(".traces button.decide").first.click()
    assert visit.violations() == []


def test_a_phone_shows_it_without_scrolling_sideways(chromium: Any, report: Path) -> None:
    opened = Visit(chromium, report, width=390, height=844)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert opened.said == []
    opened.context.close()


def test_tables_are_searched_and_sorted(visit: Any) -> None:
    page = visit.page
    study = page.locator("#study")
    study.get_by_label("Search this table").fill("rat1")
    assert study.locator("tbody tr:visible").count() == 3
    assert study.locator("output").inner_text() == "3 of 12 rows"
    study.get_by_label("Search this table").fill("")
    heading = study.get_by_role("button", name="animal")
    heading.click()
    heading.click()
    assert study.locator("tbody th").first.inner_text() == "rat12"
    assert study.locator("thead th").first.get_attribute("aria-sort") == "descending"
    accuracy = page.locator("details", has_text="All standards and quality controls").first
    accuracy.locator("summary").click()
    accuracy.get_by_role("button", name="nominal").click()
    shown = [float(text) for text in accuracy.locator("tbody td:nth-child(5)").all_inner_texts()]
    assert shown == sorted(shown) and len(set(shown)) == 6  # as numbers: 0.1 before 0.25, 2.5 before 5


def test_a_link_arrives_though_pictures_are_not_drawn_yet(chromium: Any, report: Path) -> None:
    """Pictures keep their room before they are drawn, so that nothing moves while the page scrolls."""
    opened = Visit(chromium, report)
    opened.page.locator("nav a[href='#methods']").click()
    opened.page.wait_for_timeout(500)
    top = opened.page.locator("#methods").bounding_box()["y"]
    bottom = opened.page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 2")
    assert abs(top) < 5 or bottom
    sizes = opened.page.evaluate("[...document.images].map((one) => [one.width, one.height])")
    assert all(width > 0 and height > 0 for width, height in sizes)
    opened.context.close()


def test_a_long_table_is_built_when_it_is_opened(visit: Any) -> None:
    """Its rows are no elements before, hostile words stay words, and it sorts and searches as any other."""
    page = visit.page
    events = page.locator("details.packed", has_text="Events of the recordings (152)")
    assert events.locator("tr").count() == 0
    events.locator("summary").click()
    events.locator("tbody tr").first.wait_for()
    assert events.locator("tbody tr").count() == 152 and events.locator("button.decide").count() == 152
    assert events.get_by_text(HOSTILE).count() == 150 and events.locator("img").count() == 0
    onset = events.get_by_role("button", name="onset (s)")
    onset.click()
    shown = [float(text) for text in events.locator("tbody td:nth-child(3)").all_inner_texts()]
    assert shown == sorted(shown) and shown[0] == 10 and shown[-1] == 1500
    events.get_by_label("Search this table").fill("site01")
    assert events.locator("output").inner_text() == "2 of 152 rows"
    assert visit.violations() == []


def test_problems_stand_below_each_other_on_a_phone(chromium: Any, report: Path) -> None:
    """Each message has the width of the screen, and the table is still one for a screen reader."""
    opened = Visit(chromium, report, width=390, height=844)
    row = opened.page.locator("#summary table").first.locator("tbody tr").first
    whole, message = row.bounding_box(), row.locator("td").last.bounding_box()
    assert message["width"] > 0.95 * whole["width"] and whole["width"] <= 390
    assert message["y"] >= row.locator("th").bounding_box()["y"] + 10
    assert opened.page.get_by_role("row").count() > 2 and opened.violations() == []
    opened.context.close()


def test_figures_and_cards_print_unfolded_and_buttons_do_not(visit: Any) -> None:
    page = visit.page
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.seen:not([open])").count() == 0 and page.locator("details.unit[open]").count() == 4
    assert page.locator("details.packed[open]").count() == 0
    assert page.locator("button.decide:visible, .traces:visible, nav:visible").count() == 0
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")


def test_traces_are_browsed_worst_fit_first(visit: Any) -> None:
    page = visit.page
    listed = page.locator("select.injections option").all_inner_texts()
    assert listed[0].startswith("inj006 · dialysate · failed") and listed[1].startswith("inj005")
    assert page.locator(".traces h4").inner_text().startswith("inj005")  # the first that has a trace
    page.locator(".traces").get_by_role("button", name="Next").click()
    page.locator(".traces h4", has_text="inj004").wait_for()
    assert page.locator(".traces canvas").count() == 1
    page.locator(".traces").get_by_label("Search", exact=True).fill("standard")
    assert len(page.locator("select.injections option").all()) == 2
    page.locator(".traces").get_by_label("Search", exact=True).fill("")
    page.locator(".traces").get_by_label("Order").select_option("vendor")
    assert page.locator("select.injections option").first.inner_text().startswith("inj004")


def painted(page: Any) -> int:
    """Pixels of the trace's plot in the colour of the fit, once it is drawn."""
    for _ in range(40):
        picture = Image.open(io.BytesIO(page.locator(".traces canvas").screenshot())).convert("RGB")
        away = np.abs(np.asarray(picture).astype(int) - (0, 114, 178)).max(axis=2)
        if (count := int((away < 60).sum())) > 300:
            return count
        page.wait_for_timeout(250)
    raise AssertionError("no fit was drawn within 10 s")


def test_the_fit_is_painted_whole_and_zoomed(visit: Any) -> None:
    page = visit.page
    choose(page, "inj001")
    whole = painted(page)
    page.locator(".targets").get_by_role("button", name="DHBA", exact=True).click()
    page.wait_for_timeout(300)
    assert painted(page) != whole


def test_the_vendors_areas_are_ranked(visit: Any) -> None:
    rows = visit.page.locator("table", has_text="largest differences first").first.locator("tbody tr")
    assert [row.locator("th").inner_text() for row in rows.all()] == ["inj004", "inj001"]
    assert rows.first.locator("td").nth(2).inner_text() == "−60"  # 12 beside 30


def test_a_zoom_becomes_bounds_and_the_sheet_keeps_its_rows(visit: Any, tmp_path: Path) -> None:
    page = visit.page
    choose(page, "inj001")
    page.locator(".targets").get_by_role("button", name="NE", exact=True).click()
    row = page.locator(".traces .scroll tbody tr", has_text="NE").first
    decide(page, row.locator("button.decide"), "set_bounds")
    assert "1 decision to take along" in page.locator("#bar").inner_text()
    frame = downloaded(page, "peaks", tmp_path).set_index("analyte")
    assert list(frame.index) == ["DA", "NE"]
    assert frame.loc["DA", "reason"] == 'a "quoted" reason' and frame.loc["DA", "room"] == "=B12"
    assert "\t'=B12" in (tmp_path / "peaks.tsv").read_text(encoding="utf-8")  # no spreadsheet runs it
    assert frame.loc["NE", "from_min"] < 4.1 < frame.loc["NE", "to_min"]
    assert frame.loc["NE", "to_min"] - frame.loc["NE", "from_min"] == pytest.approx(6 * 0.21, abs=0.01)
    assert frame.loc["NE", "author"] == "A. K." and frame.loc["NE", "reason"] == "air bubble"


def test_a_whole_injection_is_excluded_and_a_row_replaced_or_taken_back(visit: Any, tmp_path: Path) -> None:
    page = visit.page
    choose(page, "inj001")
    page.locator(".traces button.decide").first.click()
    page.locator("dialog [name=every]").check()
    page.locator("dialog [name=reason]").fill("leak")
    page.locator("dialog [name=author]").fill("B. L.")
    page.locator("dialog button[type=submit]").click()
    page.get_by_role("button", name="Take back inj001 · NE").click()
    frame = downloaded(page, "peaks", tmp_path)
    assert sorted(frame["analyte"]) == ["DA", "DHBA", "EPI"]  # the old row of DA gave way
    assert set(frame["reason"]) == {"leak"}


def test_bounds_the_wrong_way_round_and_missing_reasons_are_refused(visit: Any) -> None:
    page = visit.page
    choose(page, "inj001")
    decide(page, page.locator(".traces button.decide").first, "set_bounds", from_min="5", to_min="4")
    assert "second must be later" in page.locator("dialog .problem").inner_text()
    page.locator("dialog [name=reason]").fill("  ")
    page.locator("dialog button[type=submit]").click()
    assert "reason" in page.locator("dialog .problem").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator("#bar").is_visible()


def test_labels_samples_and_events_are_decided_by_keyboard(visit: Any, tmp_path: Path) -> None:
    page = visit.page
    card = page.locator("#unit-2")
    decide(page, card.locator("button.decide"), "label", label="LC-NE", reason="TH+ soma, 40 µm from the track")
    page.locator("details", has_text="Samples (").first.locator("summary").first.click()
    sample = page.locator("button[data-decide*='rat01_s0']").first
    sample.focus()
    page.keyboard.press("Enter")
    page.locator("dialog [name=reason]").fill("probe moved")
    assert page.locator("dialog [name=author]").input_value() == "A. K."  # remembered
    page.keyboard.press("Enter")
    page.locator("details", has_text="Events of the recordings (").first.locator("summary").first.click()
    decide(page, page.locator("button[data-decide*='120.25']"), "exclude")
    unit = downloaded(page, "units", tmp_path).iloc[0]
    assert (unit["site_id"], unit["unit_id"], unit["action"], unit["label"]) == ("site02", "u1", "label", "LC-NE")
    one = downloaded(page, "samples", tmp_path).iloc[0]
    assert (one["session_id"], one["probe_id"], one["sample_id"]) == ("rat01", "rat01", "rat01_s0")
    trial = downloaded(page, "trials", tmp_path).iloc[0]
    assert (trial["site_id"], trial["segment"], trial["onset"]) == ("site01", 1.0, 120.25)


def test_points_lead_to_what_they_stand_for(visit: Any) -> None:
    page = visit.page
    page.get_by_text("Point at: Units by rate and half-width").click()
    plot = page.locator("#units details.points .chart")
    plot.locator("canvas").wait_for()
    plot.focus()
    page.keyboard.press("ArrowRight")
    said = page.locator("#units details.points output").inner_text()
    assert "site01 u1, LC-NE: rate (Hz)" in said
    page.keyboard.press("Enter")
    assert page.locator("#unit-1").evaluate("card => card.open && card.contains(document.activeElement)")


def test_without_scripts_it_is_still_a_page(chromium: Any, report: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("#summary").is_visible() and page.locator("figure img").count() > 5
    assert page.locator("button:visible").count() == 0
    context.close()
