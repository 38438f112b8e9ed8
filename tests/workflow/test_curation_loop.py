"""The curation loop: decided by clicking in the report, taken up by the next run, shown with before and after."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from browser import Visit

from running import rules_run, snakemake, table


@pytest.fixture(scope="module")
def decided(chromium: Any, small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sheets that a person took from the report of the small run."""
    folder = tmp_path_factory.mktemp("decided")
    visit = Visit(chromium, small_run / "results/small/report.html")
    page = visit.page
    rows = page.locator(".traces .scroll tbody tr", has=page.locator("th", has_text="NE"))
    rows.first.locator("button.decide").click()
    page.locator("dialog [name=action]").select_option("set_bounds")
    page.locator("dialog [name=reason]").fill("a shoulder stands before it")
    page.locator("dialog [name=author]").fill("A. K.")
    page.locator("dialog button[type=submit]").click()
    page.locator("details.unit button.decide").first.click()
    page.locator("dialog [name=action]").select_option("label")
    page.locator("dialog [name=label]").select_option("undetermined")
    page.locator("dialog [name=reason]").fill("the electrode had left the nucleus")
    page.locator("dialog button[type=submit]").click()
    for sheet in ("peaks", "units"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=f"Download {sheet}.tsv").click()
        waiting.value.save_as(folder / f"{sheet}.tsv")
    assert visit.said == [] and visit.requests() == []
    return folder


def test_the_next_run_takes_them_up(decided: Path, small_run: Path, small_input: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(small_run, run, symlinks=True)
    curation = small_input / "curation"
    kept = {path: path.read_bytes() for path in curation.glob("*")} if curation.is_dir() else {}
    curation.mkdir(exist_ok=True)
    try:
        for path in decided.glob("*.tsv"):
            shutil.copy(path, curation / path.name)
        done = snakemake(run, "--cores", "2", "--config", f"experiments={small_input}")
    finally:
        for path in curation.glob("*"):
            path.unlink()
        for path, content in kept.items():
            path.write_bytes(content)
        if not kept:
            curation.rmdir()
    assert done.returncode == 0, done.stdout[-5000:]
    ran = rules_run(done.stdout)
    assert {"quantify_run", "classify_units", "write_report"} <= set(ran) and "sort_recording" not in ran
    results = run / "results/small"
    peaks = table(results, "dialysate/peaks")
    by_hand = peaks[peaks["area_method"] != "fit"].dropna(subset="area_method")
    assert by_hand["analyte"].tolist().count("NE") >= 1
    labels = table(results, "units/classification")
    assert labels["reason"].str.contains("the electrode had left the nucleus", na=False).any()
    page = (results / "report.html").read_text(encoding="utf-8")
    for words in ("a shoulder stands before it", "the electrode had left the nucleus", "A. K.", "set_bounds"):
        assert words in page


def test_a_row_that_matches_nothing_is_named(small_input: Path, tmp_path: Path) -> None:
    experiment = tmp_path / "small"
    shutil.copytree(small_input, experiment)
    (experiment / "curation").mkdir(exist_ok=True)
    (experiment / "curation/units.tsv").write_text(
        "site_id\tunit_id\taction\tlabel\treason\tauthor\nnowhere\tu1\texclude\tn/a\tbad\tA. K.\n"
    )
    done = snakemake(tmp_path, "--dry-run", "--cores", "1", "--config", f"experiments={experiment}")
    assert "curation/units" in done.stdout and "'nowhere' is not in ephys/recordings.tsv" in done.stdout
    assert done.stdout.rstrip().endswith("refused: small")
