"""`snakemake --report` of the small experiment: every figure with its caption and label."""

from pathlib import Path

from running import snakemake


def test_every_figure_is_in_it_with_its_caption(small_run: Path, small_input: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    done = snakemake(small_run, "--config", f"experiments={small_input}", "--report", str(page))
    assert done.returncode == 0, done.stdout[-3000:]
    text = page.read_text(encoding="utf-8")
    figures = small_run / "results" / "small" / "figures"
    for picture in figures.rglob("*.png"):
        name = picture.relative_to(figures).with_suffix("").as_posix().split("/", 1)[1]
        assert name in text, name
    assert "Standards (circles), quality controls (squares)" in text  # the caption of the calibration
    assert "Each unit against each criterion of the ruleset" in text and "Mean spike with its width" in text
